# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine must be to hold a role after the upgrade, and the reasons why one cannot.

Only what decides between keeping a machine and replacing it stands behind :func:`supported`: architecture, operating
system, clustering, version of SQL Server. What can be cured in place (memory, disk, components, collation) is the
rules' business and never changes the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .settings import Settings
from .versions import parse_version

#: Every role a machine can hold in a management group, in the order reports show them.
ROLES: tuple[str, ...] = (
    "root_management_server",
    "management_server",
    "gateway",
    "operational_database",
    "data_warehouse",
    "reporting",
    "web_console",
    "console",
    "acs_collector",
    "acs_database",
)
DATABASE_ROLES: tuple[str, ...] = ("operational_database", "data_warehouse")
SERVER_ROLES: tuple[str, ...] = ("root_management_server", "management_server", "gateway")

ROLE_NAMES: dict[str, str] = {
    "root_management_server": "root management server",
    "management_server": "management server",
    "gateway": "gateway",
    "operational_database": "operational database",
    "data_warehouse": "data warehouse",
    "reporting": "reporting server",
    "web_console": "web console",
    "console": "Operations console",
    "acs_collector": "audit collector",
    "acs_database": "audit database",
    "agent": "agent",
}

#: Windows Server releases in their order; the second part of an operating system's rank is its service pack.
RELEASES: tuple[str, ...] = ("2000", "2003", "2003 R2", "2008", "2008 R2", "2012", "2012 R2", "2016")


@dataclass(frozen=True)
class Configuration:
    """The minimum of one role: a row of the supported-configuration table."""

    role: str
    release: str
    service_pack: int
    newest: str
    architectures: tuple[str, ...]
    memory_mb: Optional[int]
    disk_mb: Optional[int]
    requires: tuple[str, ...]
    sql: bool
    evidence: str
    source: str
    details_evidence: str = "recalled"


def _row(
    role: str,
    memory_mb: Optional[int],
    disk_mb: Optional[int],
    requires: Sequence[str],
    sql: bool = False,
    service_pack: int = 1,
    release: str = "2008 R2",
    evidence: str = "field",
    source: str = "S14 (E3)",
) -> Configuration:
    return Configuration(
        role, release, service_pack, "2008 R2", ("x64",), memory_mb, disk_mb, tuple(requires), sql, evidence, source
    )


CONFIGURATIONS: dict[str, Configuration] = {
    row.role: row
    for row in (
        _row("root_management_server", 2048, 1024, ("powershell_2", "winrm", "dotnet_3.5")),
        _row("management_server", 2048, 1024, ("powershell_2", "winrm", "dotnet_3.5")),
        _row("gateway", 2048, 1024, ("powershell_2", "msxml_6")),
        _row("operational_database", 4096, 1024, ("ntfs", "installer_3.1", "dotnet_4"), sql=True),
        _row("data_warehouse", 4096, 1024, ("ntfs", "installer_3.1", "dotnet_4"), sql=True),
        _row(
            "reporting",
            2048,
            1024,
            ("remote_registry", "dotnet_4"),
            sql=True,
            evidence="recalled",
            source="product-reference 1.2",
        ),
        _row(
            "web_console",
            None,
            None,
            ("iis", "dotnet_3.5", "dotnet_4", "no_sharepoint"),
            evidence="recalled",
            source="product-reference 1.2",
        ),
        _row(
            "console",
            2048,
            512,
            ("ntfs", "powershell_2", "dotnet_3.5", "dotnet_4", "installer_3.1", "report_viewer"),
            release="2008",
            service_pack=2,
            evidence="recalled",
            source="product-reference 1.2",
        ),
        _row("acs_collector", 2048, None, ("ntfs",), evidence="recalled", source="product-reference 1.2"),
        _row("acs_database", None, None, (), evidence="field", source="S14 (E3)"),
    )
}


@dataclass(frozen=True)
class AgentSystem:
    """One Windows release a 2012 agent runs on."""

    release: str
    service_pack: int
    architectures: tuple[str, ...]
    evidence: str = "recalled"
    source: str = "product-reference 1.2"


AGENT_SYSTEMS: tuple[AgentSystem, ...] = (
    AgentSystem("2003", 2, ("x86", "x64")),
    AgentSystem("2003 R2", 2, ("x86", "x64")),
    AgentSystem("2008", 2, ("x86", "x64")),
    AgentSystem("2008 R2", 0, ("x64",)),
)


@dataclass(frozen=True)
class SqlVersion:
    """One release of SQL Server and what 2012 RTM thinks of it."""

    name: str
    first: tuple[int, ...]
    #: lowest build with the service pack that is asked for; None = no build will do
    minimum: Optional[tuple[int, ...]]
    minimum_name: Optional[str]
    listed: bool
    evidence: str
    source: str


SQL_VERSIONS: tuple[SqlVersion, ...] = (
    SqlVersion("SQL Server 2000", (8, 0), None, None, False, "inferred", "product-reference 1.2"),
    SqlVersion("SQL Server 2005", (9, 0), None, None, False, "inferred", "product-reference 1.2"),
    SqlVersion("SQL Server 2008", (10, 0), (10, 0, 2531), "SP1", True, "field", "S14 (E4)"),
    SqlVersion("SQL Server 2008 R2", (10, 50), (10, 50), "RTM", True, "field", "S14 (E4), S16"),
    SqlVersion("SQL Server 2012", (11, 0), (11, 0), "RTM", False, "recalled", "product-reference 1.2"),
    SqlVersion("SQL Server 2014", (12, 0), (12, 0), "RTM", False, "recalled", "product-reference 1.2"),
)


@dataclass(frozen=True)
class Reason:
    """One fact that keeps a machine from holding a role after the upgrade."""

    rule: str
    role: str
    fact: str
    value: str
    need: str
    text: str
    evidence: str
    source: str


def sql_release(version: object) -> Optional[SqlVersion]:
    """The row of a SQL Server version, None for text that is no version."""
    parsed = parse_version(version)
    found = None
    for row in SQL_VERSIONS:
        if parsed is not None and parsed >= row.first:
            found = row
    return found


def sql_supported(version: object) -> Optional[bool]:
    """Whether 2012 RTM can keep its databases there (rule R06); None when the version is unknown."""
    parsed, row = parse_version(version), sql_release(version)
    if parsed is None or row is None:
        return None
    return row.minimum is not None and parsed >= row.minimum


def os_rank(release: object, service_pack: object = 0) -> Optional[tuple[int, int]]:
    """A release and service pack as something that can be compared; None for an unknown release."""
    if release not in RELEASES:
        return None
    return RELEASES.index(str(release)), service_pack if isinstance(service_pack, int) else 0


def os_text(system: Any) -> str:
    """``Windows Server 2008 R2 SP1 x64`` from the facts of an operating system."""
    release, pack, architecture = (_fact(system, key) for key in ("release", "service_pack", "architecture"))
    words = [f"Windows Server {release}" if release in RELEASES else str(_fact(system, "caption") or "unknown")]
    words += [f"SP{pack}"] if pack else []
    words += [str(architecture)] if architecture else []
    return " ".join(words)


def _fact(holder: Any, name: str) -> Any:
    """A fact by name, from the snapshot's own mapping or from the model's object."""
    if isinstance(holder, Mapping):
        return holder.get(name)
    return getattr(holder, name, None)


def _instances(host: Any, instance: Optional[str]) -> list[Any]:
    known = list(_fact(host, "sql") or ())
    if instance is None:
        return known
    return [one for one in known if str(_fact(one, "instance")).lower() == instance.lower()]


def supported(host: Any, role: str, catalog: Optional[Settings] = None, instance: Optional[str] = None) -> list[Reason]:
    """Why a machine cannot hold a role after the upgrade; an empty list when nothing known speaks against it.

    *host* is a HOST of the snapshot or an object with the same attributes. *catalog* carries the settings, for the rows
    that are not certain. *instance* names the SQL Server instance of a database role; without it one good instance is
    enough. A fact that is unknown is no reason: :func:`undecided` names those.
    """
    settings = catalog or Settings()
    row = CONFIGURATIONS[role]
    system = _fact(host, "os") or {}
    reasons: list[Reason] = []
    name = ROLE_NAMES[role]

    architecture = _fact(system, "architecture")
    client = role == "console" and is_client(system)
    if architecture is not None and architecture not in (*row.architectures, *(("x86",) if client else ())):
        text = "{} runs on {}; the {} of 2012 exists for x64 only".format(_fact(host, "name"), architecture, name)
        reasons.append(Reason("R03", role, "os.architecture", str(architecture), "x64", text, "documented", "S1"))

    rank = os_rank(_fact(system, "release"), _fact(system, "service_pack"))
    least = settings.minimum_os(row)
    if rank is not None and rank < least and not _pack_open(system, rank, least):
        need = f"Windows Server {RELEASES[least[0]]}" + (f" SP{least[1]}" if least[1] else "")
        text = "{} runs {}; the {} of 2012 needs {}".format(_fact(host, "name"), os_text(system), name, need)
        reasons.append(Reason("R05", role, "os", os_text(system), need, text, row.evidence, row.source))

    cluster = _fact(host, "cluster")
    if cluster and role in SERVER_ROLES:
        virtual = str(_fact(cluster, "virtual_name"))
        text = "{} is clustered ({}); 2012 has no clustered management server".format(_fact(host, "name"), virtual)
        reasons.append(Reason("R04", role, "cluster", virtual, "not clustered", text, "documented", "S1, S3"))

    if row.sql:
        found = _instances(host, instance)
        verdicts = [sql_supported(_fact(one, "version")) for one in found]
        if found and not any(verdict is not False for verdict in verdicts):
            version = str(_fact(found[0], "version"))
            release = sql_release(version)
            shown = "{} ({})".format(release.name if release else "SQL Server", version)
            text = "{} has {}; the {} needs SQL Server 2008 SP1 or 2008 R2".format(_fact(host, "name"), shown, name)
            need = "SQL Server 2008 SP1 or later"
            reasons.append(Reason("R06", role, "sql.version", version, need, text, "field", "S14, S16"))
    return reasons


def _pack_open(system: Any, rank: tuple[int, int], least: tuple[int, int]) -> bool:
    """Whether it hangs on a service pack that nobody read."""
    return rank[0] == least[0] and least[1] > 0 and _fact(system, "service_pack") is None


def is_client(system: Any) -> bool:
    """Whether a system is one for desktops, which shares its numbers with a server's: Vista with 2008, 7 with 2008 R2."""
    caption = str(_fact(system, "caption") or "").lower()
    return bool(caption) and "server" not in caption


def undecided(host: Any, role: str, instance: Optional[str] = None) -> list[str]:
    """The facts :func:`supported` would have needed and does not have, by their place in the snapshot."""
    system = _fact(host, "os") or {}
    missing = []
    if _fact(system, "architecture") is None:
        missing.append("os.architecture")
    rank, least = os_rank(_fact(system, "release")), Settings().minimum_os(CONFIGURATIONS[role])
    if rank is None:
        missing.append("os.release")
    elif _pack_open(system, rank, least):
        missing.append("os.service_pack")
    if role in DATABASE_ROLES:
        found = _instances(host, instance)
        if not found or any(sql_supported(_fact(one, "version")) is None for one in found):
            missing.append("sql.version")
    return missing


def agent_supported(system: Any) -> Optional[bool]:
    """Whether a 2012 agent runs on an operating system; None when it is unknown or newer than the table."""
    rank = os_rank(_fact(system, "release"), _fact(system, "service_pack"))
    if rank is None or rank[0] > RELEASES.index("2008 R2"):
        return None
    architecture = _fact(system, "architecture")
    for row in AGENT_SYSTEMS:
        if row.release == _fact(system, "release"):
            return rank[1] >= row.service_pack and (architecture is None or architecture in row.architectures)
    return False
