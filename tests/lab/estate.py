"""Read and check an estate: one Operations Manager 2007 R2 management group and the machines under it.

The format is tests/estates/README.md's. Ranges are expanded, defaults filled in, names resolved; whatever is wrong is
one `EstateError` that names the file, the place and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .world.spec import RELEASES, ClusterSpec, HostSpec, OpenFile, OsSpec

ROLES = (
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
    "rms_emulator",  # of a group that has been upgraded
)
PARENT_ROLES = ("root_management_server", "management_server", "gateway", "rms_emulator")
DATABASE_ROLES = {"operational": "operational_database", "warehouse": "data_warehouse", "audit": "acs_database"}
PENDING_TYPES = (
    "LicenseUpgrade",
    "ManualApproval",
    "PushInstall",
    "PushInstallFailed",
    "RepairAgent",
    "RepairFailed",
    "UpdateAgent",
    "UpdateFailed",
)
R2_RTM = "6.1.7221.0"
SQL_COLLATION = "SQL_Latin1_General_CP1_CI_AS"
MOST_AGENTS = 20000


class EstateError(Exception):
    """What is wrong with an estate: file, place and remedy in one line."""


@dataclass(frozen=True)
class SqlSpec:
    """`sql` of a server: the instance that runs there."""

    version: str
    edition: str = "Enterprise"
    instance: str = "MSSQLSERVER"
    full_text: bool = True
    allow_updates: int = 0
    collation: str = SQL_COLLATION


@dataclass
class Server(HostSpec):
    """A machine that carries a role, a node of a cluster, or a spare machine (no roles)."""

    roles: tuple[str, ...] = ()
    reports_to: str | None = None
    failover: tuple[str, ...] = ()
    sql: SqlSpec | None = None
    version: str = R2_RTM
    cumulative_update: int = 0

    @property
    def spare(self) -> bool:
        """Stands ready to take a role."""
        return not self.roles and not self.cluster_node_of

    def has(self, *roles: str) -> bool:
        """Whether it carries any of the roles."""
        return any(role in self.roles for role in roles)


@dataclass
class Agent(HostSpec):
    """One agent (ranges are expanded; `group` is the name as the estate writes it)."""

    install: str = "push"
    primary: str = ""
    failover: tuple[str, ...] = ()
    version: str = R2_RTM
    cumulative_update: int = 0
    console: bool = False
    acs: bool = False
    group: str = ""

    @property
    def manual(self) -> bool:
        return self.install == "manual"


@dataclass(frozen=True)
class Database:
    """One of the product's databases."""

    server: str
    name: str
    data_mb: int = 10240
    used_percent: float = 50
    log_mb: int = 5120
    collation: str = SQL_COLLATION
    broker: bool = False


@dataclass(frozen=True)
class Databases:
    operational: Database
    warehouse: Database | None = None
    audit: Database | None = None

    def by_kind(self) -> dict[str, Database]:
        """Those that exist: operational, warehouse, audit."""
        named = {"operational": self.operational, "warehouse": self.warehouse, "audit": self.audit}
        return {kind: database for kind, database in named.items() if database is not None}


@dataclass(frozen=True)
class Subscription:
    name: str
    enabled: bool = True


@dataclass(frozen=True)
class Connector:
    name: str
    host: str
    service: str
    running: bool = True


@dataclass(frozen=True)
class Pending:
    agent: str
    type: str
    hidden: bool = False


@dataclass(frozen=True)
class ManagementPack:
    name: str
    version: str = "1.0.0.0"
    sealed: bool = True
    consistent: bool = True


@dataclass(frozen=True)
class KeyBackup:
    """The backup of the RMS encryption key: its file, and the CU level the group had when it was taken."""

    file: str
    taken_after_cu: int = 0


@dataclass(frozen=True)
class Backups:
    """Ages in hours at the start; None = never taken."""

    operational: float | None = None
    warehouse: float | None = None
    audit: float | None = None
    rms_system_state: float | None = None
    encryption_key: KeyBackup | None = None


@dataclass
class Estate:
    """The whole. `expect` is what a correct product concludes: the lab doesn't look at it."""

    path: Path
    management_group: str
    domain: str
    servers: list[Server]
    databases: Databases
    language: str = "en"
    cumulative_update: int = 0
    agents: list[Agent] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    connectors: list[Connector] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    connected_consoles: int = 0
    management_packs: list[ManagementPack] = field(default_factory=list)
    backups: Backups = field(default_factory=Backups)
    expect: dict[str, Any] = field(default_factory=dict)

    @property
    def hosts(self) -> list[HostSpec]:
        """Servers, then agents, in the estate's order."""
        return [*self.servers, *self.agents]

    def server(self, name: str) -> Server | None:
        """The server of a name (or FQDN), without case."""
        return next((s for s in self.servers if name.lower() in (s.name.lower(), s.fqdn.lower())), None)

    def with_role(self, *roles: str) -> list[Server]:
        return [server for server in self.servers if server.has(*roles)]

    @property
    def root(self) -> Server:
        """The root management server (the RMS emulator's holder in an upgraded group)."""
        return self.with_role("root_management_server", "rms_emulator")[0]


def read_estate(path: str | Path) -> Estate:
    """The estate of a YAML file; EstateError when it is none."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EstateError(
            f"{path}: cannot be read: {reason}. Name a YAML file such as those of tests/estates."
        ) from None
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise EstateError(f"{path}: {place}: not valid YAML: {problem}. Correct it there.") from None
    return parse_estate(data, path)


def parse_estate(data: Any, path: Path = Path("estate")) -> Estate:
    """The estate of what a YAML file held."""
    return _Check(path, _estate(_Node(data, "", path))).done()


# -- reading -------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _unused in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


_NONE: Any = object()


class _Node:
    """A place in the file: reads typed values and says where something is wrong."""

    def __init__(self, value: Any, place: str, path: Path):
        self.value = value
        self.place = place
        self.path = path

    def fail(self, what: str, remedy: str) -> EstateError:
        return EstateError(f"{self.path}: {self.place or 'top level'}: {what}. {remedy}.")

    def child(self, key: str | int, label: str = "") -> _Node:
        if isinstance(key, int):
            return _Node(self.value[key], f"{self.place}[{key}]{label}", self.path)
        return _Node(self.value.get(key), f"{self.place}.{key}" if self.place else key, self.path)

    def mapping(self, known: Iterable[str]) -> _Node:
        known = [*known]
        if not isinstance(self.value, dict):
            raise self.fail(f"must be a mapping, not {_kind(self.value)}", f"Write keys and values: {', '.join(known)}")
        for key in self.value:
            if key not in known:
                raise self.fail(f"unknown key {key!r}", f"Known here: {', '.join(known)}")
        return self

    def items(self, key: str) -> list[_Node]:
        """The entries of a list (missing or null: none)."""
        node = self.child(key)
        if node.value is None:
            return []
        if not isinstance(node.value, list):
            raise node.fail(f"must be a list, not {_kind(node.value)}", "Write entries that begin with '- '")
        found = []
        for number, entry in enumerate(node.value):
            name = entry.get("name") if isinstance(entry, dict) else None
            found.append(node.child(number, f" ({name})" if isinstance(name, str) else ""))
        return found

    def text(self, key: str, default: Any = _NONE, *, numbers: bool = False) -> Any:
        node = self.child(key)
        if key not in self.value or (node.value is None and default is None):
            return self._default(key, default)
        if numbers and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return str(node.value)
        if not isinstance(node.value, str) or not node.value.strip():
            remedy = f'Write it in quotes: "{node.value}"' if isinstance(node.value, (int, float)) else "Write a text"
            raise node.fail(f"must be a text, not {_kind(node.value)}", remedy)
        return node.value

    def number(self, key: str, default: Any = _NONE, *, least: float = 0, whole: bool = True) -> Any:
        node = self.child(key)
        if key not in self.value or (node.value is None and default is None):
            return self._default(key, default)
        good = isinstance(node.value, int) or (not whole and isinstance(node.value, float))
        if not good or isinstance(node.value, bool) or node.value < least:
            kind = "whole number" if whole else "number"
            raise node.fail(f"must be a {kind} of at least {least}, not {node.value!r}", f"Write a {kind}")
        return node.value

    def flag(self, key: str, default: bool) -> bool:
        node = self.child(key)
        if key not in self.value:
            return default
        if not isinstance(node.value, bool):
            raise node.fail(f"must be true or false, not {node.value!r}", "Write true or false")
        return node.value

    def choice(self, key: str, choices: Sequence[str], default: Any = _NONE) -> str:
        found = self.text(key, default)
        if found not in choices:
            raise self.child(key).fail(f"unknown value {found!r}", f"Known are {', '.join(choices)}")
        return found

    def names(self, key: str) -> tuple[str, ...]:
        found = []
        for node in self.items(key):
            if not isinstance(node.value, str):
                raise node.fail(f"must be a text, not {_kind(node.value)}", "Write a name")
            found.append(node.value)
        return tuple(found)

    def _default(self, key: str, default: Any) -> Any:
        if default is _NONE:
            raise self.fail(f"the key {key!r} is missing", f"Add {key!r}")
        return default


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {
        dict: "a mapping",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)


_TOP = (
    "management_group",
    "domain",
    "language",
    "cumulative_update",
    "servers",
    "databases",
    "agents",
    "subscriptions",
    "connectors",
    "pending",
    "connected_consoles",
    "management_packs",
    "backups",
    "expect",
)
_HOST = (
    "name",
    "fqdn",
    "os",
    "memory_mb",
    "free_mb",
    "processors",
    "powershell",
    "winrm",
    "domain_joined",
    "certificate",
    "software",
    "version",
    "cumulative_update",
    "failover",
)
_SERVER = (*_HOST, "roles", "reports_to", "cluster", "cluster_node_of", "sql", "open_programs", "open_files")
_AGENT = (*_HOST, "install", "primary", "console", "acs")


def _estate(top: _Node) -> Estate:
    top.mapping(_TOP)
    domain = top.text("domain")
    cumulative_update = top.number("cumulative_update", 0)
    servers = [_server(node.mapping(_SERVER), domain, cumulative_update) for node in top.items("servers")]
    agents = [a for node in top.items("agents") for a in _agents(node.mapping(_AGENT), domain, cumulative_update)]
    if len(agents) > MOST_AGENTS:
        raise top.child("agents").fail(f"{len(agents)} agents are more than the lab serves", f"At most {MOST_AGENTS}")
    expect = top.child("expect")
    if expect.value is not None and not isinstance(expect.value, dict):
        raise expect.fail(f"must be a mapping, not {_kind(expect.value)}", "See the README of the estates")
    return Estate(
        path=top.path,
        management_group=top.text("management_group"),
        domain=domain,
        language=top.text("language", "en"),
        cumulative_update=cumulative_update,
        servers=servers,
        databases=_databases(top),
        agents=agents,
        subscriptions=[
            Subscription(n.mapping(["name", "enabled"]).text("name"), n.flag("enabled", True))
            for n in top.items("subscriptions")
        ],
        connectors=[
            Connector(
                n.mapping(["name", "host", "service", "running"]).text("name"),
                n.text("host"),
                n.text("service"),
                n.flag("running", True),
            )
            for n in top.items("connectors")
        ],
        pending=[
            Pending(
                n.mapping(["agent", "type", "hidden"]).text("agent"),
                n.choice("type", PENDING_TYPES),
                n.flag("hidden", False),
            )
            for n in top.items("pending")
        ],
        connected_consoles=top.number("connected_consoles", 0),
        management_packs=[
            ManagementPack(
                n.mapping(["name", "version", "sealed", "consistent"]).text("name"),
                n.text("version", "1.0.0.0"),
                n.flag("sealed", True),
                n.flag("consistent", True),
            )
            for n in top.items("management_packs")
        ],
        backups=_backups(top),
        expect=expect.value or {},
    )


def _host(node: _Node, name: str, domain: str) -> dict[str, Any]:
    """What servers and agents have in common."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,14}", name):
        raise node.child("name").fail(
            f"{name!r} is not a NetBIOS name", "Use letters, digits and hyphens, at most 15 characters"
        )
    software = node.child("software")
    if software.value is not None and not isinstance(software.value, dict):
        raise software.fail(f"must be a mapping, not {_kind(software.value)}", 'Write for instance {avicode: "5.7"}')
    return {
        "name": name,
        "fqdn": node.text("fqdn", f"{name}.{domain}").lower(),
        "domain": domain,
        "os": _os(node),
        "memory_mb": node.number("memory_mb", 8192, least=1),
        "free_mb": node.number("free_mb", 40960),
        "processors": node.number("processors", 2, least=1),
        "powershell": _version(node, "powershell"),
        "winrm": _version(node, "winrm"),
        "domain_joined": node.flag("domain_joined", True),
        "certificate": node.flag("certificate", False),
        "software": dict(software.value or {}),
    }


def _version(node: _Node, key: str) -> str | None:
    """A version, 2.0 where nothing is said, None where null is."""
    if key in node.value and node.value[key] is None:
        return None
    return node.text(key, "2.0", numbers=True)


def _os(node: _Node) -> OsSpec:
    if node.value.get("os") is None:
        return OsSpec()
    inner = node.child("os").mapping(["release", "service_pack", "architecture"])
    return OsSpec(
        inner.choice("release", RELEASES),
        inner.number("service_pack", 0),
        inner.choice("architecture", ("x86", "x64", "ia64"), "x64"),
    )


def _server(node: _Node, domain: str, cumulative_update: int) -> Server:
    roles = node.names("roles")
    for role in roles:
        if role not in ROLES:
            raise node.child("roles").fail(f"unknown role {role!r}", f"Known are {', '.join(ROLES)}")
    cluster = None
    if node.value.get("cluster") is not None:
        inner = node.child("cluster").mapping(["virtual_name", "nodes"])
        cluster = ClusterSpec(inner.text("virtual_name"), inner.names("nodes"))
    sql = None
    if node.value.get("sql") is not None:
        inner = node.child("sql").mapping(["version", "edition", "instance", "full_text", "allow_updates", "collation"])
        sql = SqlSpec(
            inner.text("version"),
            inner.text("edition", "Enterprise"),
            inner.text("instance", "MSSQLSERVER"),
            inner.flag("full_text", True),
            inner.number("allow_updates", 0),
            inner.text("collation", SQL_COLLATION),
        )
    return Server(
        **_host(node, node.text("name"), domain),
        roles=roles,
        cluster=cluster,
        cluster_node_of=node.text("cluster_node_of", None),
        reports_to=node.text("reports_to", None),
        failover=node.names("failover"),
        sql=sql,
        version=node.text("version", R2_RTM),
        cumulative_update=node.number("cumulative_update", cumulative_update),
        open_programs=node.names("open_programs"),
        open_files=tuple(
            OpenFile(n.mapping(["path", "by"]).text("path"), n.text("by")) for n in node.items("open_files")
        ),
    )


def _agents(node: _Node, domain: str, cumulative_update: int) -> list[Agent]:
    pattern = node.text("name")
    names = expand_range(pattern, node)
    if len(names) > 1 and "fqdn" in node.value:
        raise node.child("fqdn").fail("one FQDN for a whole range", "Leave it out; it is made of name and domain")
    return [
        Agent(
            **_host(node, name, domain),
            install=node.choice("install", ("push", "manual"), "push"),
            primary=node.text("primary"),
            failover=node.names("failover"),
            version=node.text("version", R2_RTM),
            cumulative_update=node.number("cumulative_update", cumulative_update),
            console=node.flag("console", False),
            acs=node.flag("acs", False),
            group=pattern,
        )
        for name in names
    ]


def expand_range(pattern: str, node: _Node | None = None) -> list[str]:
    """The names of `APP[001:040]` (zero-padded as wide as the first number is written), or the name itself."""
    if "[" not in pattern and "]" not in pattern:
        return [pattern]
    match = re.fullmatch(r"([^\[\]]*)\[(\d+):(\d+)\]([^\[\]]*)", pattern)
    good = match is not None and int(match.group(2)) <= int(match.group(3))
    if match is None or not good or int(match.group(3)) - int(match.group(2)) >= MOST_AGENTS:
        place = node.child("name") if node else _Node(pattern, "name", Path("estate"))
        raise place.fail(f"bad range in {pattern!r}", "Write first and last number, such as APP[001:040]")
    before, first, last, after = match.groups()
    return [f"{before}{number:0{len(first)}d}{after}" for number in range(int(first), int(last) + 1)]


def _databases(top: _Node) -> Databases:
    node = top.child("databases")
    if node.value is None:
        raise top.fail("the key 'databases' is missing", "Add the operational database at least")
    node.mapping(DATABASE_ROLES)
    found: dict[str, Database] = {}
    for kind in DATABASE_ROLES:
        if node.value.get(kind) is None:
            continue
        inner = node.child(kind).mapping(["server", "name", "data_mb", "used_percent", "log_mb", "collation", "broker"])
        found[kind] = Database(
            inner.text("server"),
            inner.text("name"),
            inner.number("data_mb", 10240),
            inner.number("used_percent", 50, whole=False),
            inner.number("log_mb", 5120),
            inner.text("collation", SQL_COLLATION),
            inner.flag("broker", kind == "operational"),
        )
    if "operational" not in found:
        raise node.fail("there is no operational database", "A management group always has one: add 'operational'")
    return Databases(**found)


def _backups(top: _Node) -> Backups:
    node = top.child("backups")
    if node.value is None:
        return Backups()
    node.mapping(["operational", "warehouse", "audit", "rms_system_state", "encryption_key"])
    key = None
    if node.value.get("encryption_key") is not None:
        inner = node.child("encryption_key").mapping(["file", "taken_after_cu"])
        key = KeyBackup(inner.text("file"), inner.number("taken_after_cu", 0))
    ages = {
        name: node.number(name, None, whole=False) for name in ("operational", "warehouse", "audit", "rms_system_state")
    }
    return Backups(encryption_key=key, **ages)


# -- checking ------------------------------------------------------------------------------------------------


class _Check:
    """What can only be said of the whole: names are unique, and whatever is named exists."""

    def __init__(self, path: Path, estate: Estate):
        self.path = path
        self.estate = estate

    def fail(self, place: str, what: str, remedy: str) -> EstateError:
        return EstateError(f"{self.path}: {place}: {what}. {remedy}.")

    def done(self) -> Estate:
        self._unique()
        self._root()
        for number, server in enumerate(self.estate.servers):
            self._server(f"servers[{number}] ({server.name})", server)
        self._databases()
        self._agents()
        for number, connector in enumerate(self.estate.connectors):
            if connector.host.lower() not in {host.name.lower() for host in self.estate.hosts}:
                raise self._nobody(f"connectors[{number}].host", connector.host)
        return self.estate

    def _unique(self) -> None:
        seen: dict[str, str] = {}
        for host in self.estate.hosts:
            for name in sorted({host.name.lower(), host.fqdn.lower()}):
                if name in seen:
                    place = "agents" if isinstance(host, Agent) else "servers"
                    raise self.fail(
                        place, f"the name {host.name!r} is used twice ({name})", "Give every machine a name of its own"
                    )
            seen.update({host.name.lower(): host.name, host.fqdn.lower(): host.name})

    def _root(self) -> None:
        roots = self.estate.with_role("root_management_server", "rms_emulator")
        if not roots:
            raise self.fail("servers", "no root management server", "Give one server the role 'root_management_server'")
        if len(roots) > 1:
            names = ", ".join(server.name for server in roots)
            raise self.fail(
                "servers", f"more than one root management server: {names}", "Leave the role with one of them"
            )

    def _nobody(self, place: str, name: str) -> EstateError:
        known = ", ".join(server.name for server in self.estate.servers)
        return self.fail(place, f"unknown server {name!r}", f"Known are {known}")

    def _parent(self, place: str, name: str) -> Server:
        server = self.estate.server(name)
        if server is None:
            raise self._nobody(place, name)
        if not server.has(*PARENT_ROLES):
            raise self.fail(
                place, f"{name} is not a management server or gateway", "Name one that is, or give it the role"
            )
        return server

    def _server(self, place: str, server: Server) -> None:
        if server.has("gateway"):
            if not server.reports_to:
                raise self.fail(place, "a gateway without a parent", "Add 'reports_to' with the name of its server")
            if self._parent(f"{place}.reports_to", server.reports_to) is server:
                raise self.fail(f"{place}.reports_to", "a gateway cannot report to itself", "Name another server")
            for name in server.failover:
                self._parent(f"{place}.failover", name)
        elif server.reports_to:
            raise self.fail(f"{place}.reports_to", "only a gateway reports to a server", "Leave it out")
        if server.cluster:
            for name in server.cluster.nodes:
                node = self.estate.server(name)
                if node is None:
                    raise self._nobody(f"{place}.cluster.nodes", name)
                if (node.cluster_node_of or "").lower() != server.name.lower():
                    raise self.fail(
                        f"{place}.cluster.nodes",
                        f"{name} does not say so",
                        f"Add 'cluster_node_of: {server.name}' to it",
                    )
            if not server.cluster.nodes:
                raise self.fail(f"{place}.cluster", "a cluster without nodes", "Name them in 'nodes'")
        if server.cluster_node_of:
            virtual = self.estate.server(server.cluster_node_of)
            if virtual is None:
                raise self._nobody(f"{place}.cluster_node_of", server.cluster_node_of)
            if virtual.cluster is None:
                raise self.fail(
                    f"{place}.cluster_node_of", f"{virtual.name} is not a cluster", "Add 'cluster' to that server"
                )
        needs_sql = [role for role in server.roles if role in DATABASE_ROLES.values()]
        if needs_sql and server.sql is None:
            raise self.fail(place, f"the role {needs_sql[0]} needs SQL Server", "Add 'sql' to this server")

    def _databases(self) -> None:
        databases = self.estate.databases.by_kind()
        for kind, role in DATABASE_ROLES.items():
            database = databases.get(kind)
            if database is None:
                for server in self.estate.with_role(role):
                    raise self.fail(
                        f"databases.{kind}",
                        f"missing, but {server.name} has the role {role}",
                        "Add it or drop the role",
                    )
                continue
            owner = self.estate.server(database.server)
            if owner is None:
                raise self._nobody(f"databases.{kind}.server", database.server)
            if not owner.has(role):
                raise self.fail(
                    f"databases.{kind}.server",
                    f"{owner.name} lacks the role {role}",
                    "Add the role or name another server",
                )

    def _agents(self) -> None:
        for agent in self.estate.agents:
            place = f"agents ({agent.group})"
            self._parent(f"{place}.primary", agent.primary)
            for name in agent.failover:
                self._parent(f"{place}.failover", name)
