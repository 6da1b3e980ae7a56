# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the machines that hold a role: can each keep it, and if not, who takes it over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..catalog import CONFIGURATIONS, ROLE_NAMES, SERVER_ROLES, Reason, os_text, supported, undecided
from ..catalog.configurations import os_rank
from .engine import (
    BLOCK,
    BREAKS,
    MANUAL,
    NONE,
    NOT_APPLICABLE,
    NOTE,
    OUTAGE,
    PASS,
    WARN,
    Context,
    Finding,
    rule,
)
from .unseen import LOOK, could_be, could_have
from .view import Machine, Row, View, counted, listed, view

_OS = ("hosts[].os.architecture", "hosts[].os.release", "hosts[].os.service_pack")
_COLUMNS = ("host", "role", "found", "needed", "taken over by")


def _failing(context: Context, name: str) -> list[tuple[Machine, Reason]]:
    """Every machine and role for which a rule of the supported configuration speaks against keeping it."""

    def all_of_them() -> list[tuple[Machine, Reason]]:
        return [
            (one, reason)
            for one in view(context).role_machines
            for role in one.roles
            for reason in one.reasons(role, context.settings)
        ]

    return [(one, reason) for one, reason in context.once("failing", all_of_them) if reason.rule == name]


def _judge(context: Context, name: str, good: str, missing: str) -> list[Finding]:
    """Findings of a supported-configuration rule: what nobody takes over blocks, what is taken over is noted.

    A console of its own is no server: the group is upgraded without it.
    """
    known = view(context)
    open_rows: list[Row] = []
    cured: list[Row] = []
    doubtful: list[Row] = []
    consoles: list[Row] = []
    for one, reason in _failing(context, name):
        successor = known.successor(one, reason.role)
        row: Row = (one.name, ROLE_NAMES[reason.role], reason.value, reason.need, successor or "nobody")
        if one.roles == ("console",):
            consoles.append(row)
        elif successor in known.group.half_known:
            doubtful.append(row)
        else:
            (cured if successor else open_rows).append(row)
    findings = []
    if open_rows:
        hosts = listed(sorted({str(row[0]) for row in open_rows}))
        text = f"{hosts}: {missing}, and no machine stands ready to take the role over."
        findings.append(Finding(BLOCK, text, tuple(open_rows), remedy=_add_what(open_rows)))
    if doubtful:
        hosts, takers = (listed(sorted({str(row[place]) for row in doubtful})) for place in (0, 4))
        text = f"{hosts}: {missing}; the plan hands the role to {takers}, of which not enough is known."
        findings.append(Finding(MANUAL, text, tuple(doubtful), remedy=LOOK))
    if cured:
        hosts = listed(sorted({str(row[0]) for row in cured}))
        text = f"{hosts}: {missing}; the plan hands the role to another machine."
        findings.append(Finding(NOTE, text, tuple(cured)))
    if consoles:
        hosts = listed(sorted({str(row[0]) for row in consoles}))
        text = f"{hosts}: {missing}; the 2012 console does not run there, and the upgrade goes on without it."
        findings.append(Finding(NOTE, text, tuple(consoles), remedy=NO_CONSOLE))
    return findings or [Finding(PASS, good)]


NO_CONSOLE = "Uninstall the console there, and install the 2012 console on a machine that meets its minimum."


def _add_what(rows: Sequence[Row]) -> str:
    """What to add to the inventory so that the finding goes away."""
    roles = {str(row[1]) for row in rows}
    servers = sorted(roles & {ROLE_NAMES[role] for role in SERVER_ROLES})
    databases = sorted(roles & {ROLE_NAMES[role] for role in CONFIGURATIONS if CONFIGURATIONS[role].sql})
    others = sorted(roles - set(servers) - set(databases))
    parts = []
    for names, machine in ((servers, ""), (databases, " with SQL Server 2008 SP1 or 2008 R2"), (others, "")):
        if names:
            parts.append(f"a spare machine with Windows Server 2008 R2 SP1 x64{machine} for {listed(names)}")
    added = "; ".join(parts)
    first = "Or bring the machine itself to the minimum, or take the role off it and out of the group, beforehand."
    return f"Add to the inventory, with scom_spare: true: {added}. {first}"


def _unread(context: Context, *wanted: str) -> list[Finding]:
    rows: list[Row] = []
    for one in view(context).role_machines:
        for role in one.roles:
            missing = [name for name in one.undecided(role) if name in wanted]
            if missing:
                rows.append((one.name, ROLE_NAMES[role], "unknown: " + listed(missing), "", ""))
    if not rows:
        return []
    hosts = listed(sorted({str(row[0]) for row in rows}))
    lacks = listed(sorted({str(row[2]).partition(": ")[2] for row in rows}))
    return [Finding(MANUAL, f"Not known of {hosts}: {lacks}.", tuple(rows))]


@rule(
    "R03",
    "No role server runs a 32-bit system",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL),
    columns=_COLUMNS,
    remedy="Nothing converts a 32-bit machine: a new 64-bit machine takes the role over.",
    evidence="documented",
    source="S1 (E7)",
    tags=("server", "gateway", "database", "os", "path"),
    facts=("hosts[].os.architecture",),
    setup=("checks", "The features of 2012 exist for x64 only; setup does not run on another system."),
)
def architecture(context: Context) -> list[Finding]:
    """2012 servers exist for x64 only. A 32-bit role server turns the path into a complex one.

    It blocks as long as no machine stands ready to take the role over. The root management server itself needs no
    replacement where a supported secondary management server can run the upgrade of the management group instead.
    """
    findings = _judge(context, "R03", "Every role server is x64.", "not a 64-bit system")
    findings += _unread(context, "os.architecture")
    return could_have(context, "a system that is not 64-bit", len(_COLUMNS), findings)


@rule(
    "R04",
    "The root management server is not clustered",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL),
    columns=_COLUMNS,
    remedy="""The upgrade of the management group runs from a secondary management server; take the cluster's health,
        configuration and data access resources offline first, and never start the health service on a node while
        another server acts as root.""",
    evidence="documented",
    source="S1, S3 (E8)",
    tags=("server", "path", "cluster"),
    facts=("hosts[].cluster",),
    setup=("checks", "A clustered root management server cannot be upgraded in place (S1)."),
)
def cluster(context: Context) -> list[Finding]:
    """2012 has no clustered management server, so a clustered root management server leaves the group.

    A supported secondary management server runs the upgrade of the management group and becomes the RMS emulator.
    Without one, this blocks.
    """
    known = view(context)
    root = known.root_machine
    findings = _judge(context, "R04", "The root management server is not clustered.", "clustered")
    if root is None and not known.is_2012:
        findings.append(Finding(MANUAL, "Nobody says which server is the root management server, clustered or not."))
    elif root is not None and (root.silent or "cluster" in root.unknown):
        rows: tuple[Row, ...] = ((root.name, ROLE_NAMES["root_management_server"], "unknown", "not clustered", ""),)
        findings.append(Finding(MANUAL, f"Whether {root.name} is clustered was not read.", rows))
    return findings


@rule(
    "R05",
    "Every role server runs a supported Windows Server",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL),
    columns=_COLUMNS,
    remedy="Bring the machine to Windows Server 2008 R2 SP1, or have a new machine take the role over.",
    evidence="field",
    source="S14 (E3, C2, C11)",
    tags=("server", "gateway", "database", "os", "path"),
    facts=_OS,
    options=("database_os_2008_sp2",),
    setup=("checks", "Setup does not run on a system below its minimum; the exact table is recalled only (C2)."),
)
def operating_system(context: Context) -> list[Finding]:
    """Management servers, gateways and database servers need Windows Server 2008 R2 SP1.

    Windows Server 2008 SP2 under databases is mentioned by a weaker source; the setting ``database_os_2008_sp2``
    accepts it. It blocks as long as no machine takes the role over. A console of its own may run on 2008 SP2, Windows Vista
    SP2 or Windows 7, 32-bit ones included; where it cannot, the group is upgraded without it.
    """
    findings = _judge(
        context, "R05", "Every role server runs a supported system.", "below the operating system it needs"
    )
    findings += _unread(context, "os.release", "os.service_pack")
    return could_have(context, "a system below the minimum", len(_COLUMNS), findings)


@rule(
    "R06",
    "SQL Server is 2008 SP1 or later",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, WARN, BLOCK, MANUAL),
    columns=_COLUMNS,
    remedy="Upgrade SQL Server, or have a machine with SQL Server 2008 SP1 or 2008 R2 take the databases over.",
    evidence="field",
    source="S14, S16 (E4, C2)",
    tags=("database", "sql", "path"),
    facts=("hosts[].sql[].version",),
    setup=("checks", "Setup complains about the SQL Server version, or about its WMI provider (S19e)."),
)
def sql_version(context: Context) -> list[Finding]:
    """The databases need SQL Server 2008 SP1 or 2008 R2; SQL Server 2005, a common back end of 2007 R2, is never enough.

    One source asks for 2008 R2, so 2008 is warned of. The audit database is exempt: its upgrade checks no version.
    """
    known = view(context)
    findings = _judge(context, "R06", "", "SQL Server is too old")
    findings = [one for one in findings if one.outcome != PASS]
    rows: list[Row] = []
    unread: list[Row] = []
    for one in known.databases:
        if one.what not in ("operational", "warehouse", "reporting"):
            continue
        version, host = one.effective_version, one.effective_host
        if version is None:
            unread.append((host, one.title, "unknown", "SQL Server 2008 SP1 or later", ""))
        elif one.effective_doubtful and not known.is_2012:
            rows.append((host, one.title, version, "SQL Server 2008 R2", ""))
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        text = f"{hosts}: SQL Server 2008, which one source accepts and another does not."
        remedy = "Plan for SQL Server 2008 R2: the next hop needs it as well."
        findings.append(Finding(WARN, text, tuple(rows), remedy=remedy))
    if unread:
        text = "Version of SQL Server not read: " + listed(sorted({str(row[0]) for row in unread})) + "."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    findings = could_be(context, "a reporting server on an older SQL Server", len(_COLUMNS), findings)
    return findings or [Finding(PASS, "Every database is on a supported SQL Server.")]


@rule(
    "R19",
    "No management server carries AVIcode 5.7",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL),
    columns=("host", "product", "version"),
    remedy="Uninstall the AVIcode 5.7 service from the management server before the upgrade; agents may keep theirs.",
    evidence="documented",
    source="S13 (E10)",
    tags=("server", "software", "avicode"),
    facts=("hosts[].software",),
    setup=("unknown", "Microsoft's notes ask for its removal; whether setup looks for it is not said."),
)
def avicode_on_servers(context: Context) -> list[Finding]:
    """The AVIcode 5.7 service and a 2012 management server cannot share a machine."""
    known = view(context)
    rows: list[Row] = []
    leaving: list[Row] = []
    unread: list[Row] = []
    for one in known.role_machines:
        if not set(one.roles) & {"root_management_server", "management_server"}:
            continue
        software = one.get("software")
        if software is None:
            unread.append((one.name, "unknown", ""))
        for product in one.software("avicode"):
            row: Row = (one.name, product[0], product[1])
            (leaving if known.leaves(one) else rows).append(row)
    findings = []
    if rows:
        text = "AVIcode on a management server: " + listed(sorted({str(row[0]) for row in rows})) + "."
        findings.append(Finding(BLOCK, text, tuple(rows)))
    if leaving:
        text = "AVIcode on a server that leaves the group: " + listed(sorted({str(row[0]) for row in leaving})) + "."
        findings.append(Finding(NOTE, text, tuple(leaving), remedy=""))
    if unread:
        text = "Installed software not read: " + listed([str(row[0]) for row in unread]) + "."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    return findings or [Finding(PASS, "No management server carries AVIcode.")]


@rule(
    "R41",
    "A server is fit to run the upgrade of the management group",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("server", "why not"),
    remedy="""Add a machine with Windows Server 2008 R2 SP1 x64 to the inventory (scom_spare: true): the plan joins it to
        the group as a 2007 R2 management server and runs the upgrade from there.""",
    evidence="documented",
    source="S1, S3, S6",
    tags=("server", "path"),
    facts=("group.servers[].is_root", "path.run_from"),
    setup=("checks", "Setup refuses a root management server it does not support; it does not look for another one."),
)
def somewhere_to_run(context: Context) -> list[Finding]:
    """The step that changes the database needs one management server that is 64-bit, supported and not clustered.

    The reasons against each server stand in R03, R04 and R05, which block by themselves. This rule blocks where none of
    them tells: no root management server at all, or more than one.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    claims = known.root_claims
    if claims:
        rows: tuple[Row, ...] = tuple((name, "claims to be the root management server") for name in claims)
        remedy = "Find out which server is the root management server; cure the other's registry or the inventory."
        return [Finding(BLOCK, "More than one server claims to be the root management server.", rows, remedy=remedy)]
    if not known.members:
        return [Finding(MANUAL, "The management group could not be asked for its servers.")]
    if known.root is None:
        return [Finding(BLOCK, "No server is the root management server.")]
    others = [one for one in context.path.blockers if not one.rule]
    if others:
        rows = tuple((name, one.text) for one in others for name in one.objects or ("",))
        return [Finding(BLOCK, " ".join(one.text for one in others), rows, remedy=others[0].remedy)]
    if known.run_from:
        return _fit(known, known.run_from)
    against = _against_each(known)
    if against:
        text = "No server is fit to run the upgrade of the management group; what speaks against each is blocked above."
        return [Finding(NOTE, text, tuple(against))]
    return [Finding(MANUAL, "It is not known which server can run the upgrade of the management group.")]


def _fit(known: View, name: str) -> list[Finding]:
    """That the chosen server is fit, or what is not known of it."""
    one = known.machine(name)
    lacks = one.undecided("management_server") if one is not None and not one.silent else ["all of it"]
    if not lacks:
        return [Finding(PASS, f"The upgrade of the management group runs on {name}.")]
    text = f"The upgrade of the management group is planned on {name}, of which not all is known: {listed(lacks)}."
    return [Finding(MANUAL, text, ((name, "unknown: " + listed(lacks)),), remedy=LOOK)]


def _against_each(known: View) -> list[Row]:
    rows: list[Row] = []
    for one in known.role_machines:
        for role in ("root_management_server", "management_server"):
            if role in one.roles:
                rows.extend((one.name, reason.text) for reason in one.reasons(role, known.settings))
    return rows


@rule(
    "R45",
    "Memory of the role servers",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "role", "memory MB", "minimum MB"),
    remedy="Add memory before the upgrade.",
    evidence="recalled",
    source="product-reference 1.2",
    tags=("server", "gateway", "database", "hardware"),
    facts=("hosts[].memory_mb",),
    setup=("checks", "Hardware below the minimum is cleared on the prerequisite page (S1); the figures are recalled."),
)
def memory(context: Context) -> list[Finding]:
    """The RTM matrix asks for 2 GB, and 4 GB under databases. The figures are recalled, so this warns only."""
    rows: list[Row] = []
    unread: list[Row] = []
    for one, roles in view(context).holders:
        if one.get("memory_mb") is None:
            unread.append((one.name, "", "unknown", ""))
            continue
        for role in roles:
            least = CONFIGURATIONS[role].memory_mb
            if least and one.get("memory_mb") < least:
                rows.append((one.name, ROLE_NAMES[role], one.get("memory_mb"), least))
    findings = []
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        findings.append(Finding(WARN, f"Little memory: {hosts}.", tuple(rows)))
    if unread:
        findings.append(Finding(MANUAL, f"Memory not read: {listed([str(row[0]) for row in unread])}.", tuple(unread)))
    findings = could_have(context, "too little memory", 4, findings)
    return findings or [Finding(PASS, "Every role server has the memory its roles ask for.")]


@rule(
    "R46",
    "Free space for setup and its logs",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "drive", "free MB", "needed MB"),
    remedy="Free the space on the system drive: setup unpacks there and writes its logs under the account's profile.",
    evidence="recalled",
    source="product-reference 1.2, 2.4",
    tags=("server", "gateway", "database", "hardware", "disk"),
    facts=("hosts[].disks",),
    options=("setup_free_mb", "setup_logs_mb"),
    setup=("checks", "Hardware below the minimum is cleared on the prerequisite page (S1); the figure is recalled."),
)
def free_space(context: Context) -> list[Finding]:
    """Setup needs 1 GB on the system drive; logs and temporary files come on top."""
    least = int(context.settings["setup_free_mb"]) + int(context.settings["setup_logs_mb"])
    rows: list[Row] = []
    unread: list[str] = []
    for one, _roles in view(context).holders:
        free, drive = one.system_drive
        if free is None:
            unread.append(one.name)
        elif free < least:
            rows.append((one.name, drive, free, least))
    findings = []
    if rows:
        text = f"Little space on the system drive: {listed([str(row[0]) for row in rows])}."
        findings.append(Finding(WARN, text, tuple(rows)))
    if unread:
        text = f"Disks not read: {listed(unread)}."
        findings.append(Finding(MANUAL, text, tuple((name, "", "unknown", least) for name in unread)))
    findings = could_have(context, "too little room for setup", 4, findings)
    return findings or [Finding(PASS, "Every role server has room for setup and its logs.")]


@rule(
    "R47",
    "Components each role needs",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "role", "component", "found"),
    remedy="Install the component before setup runs; its prerequisite page names it too.",
    evidence="recalled",
    source="product-reference 1.2",
    tags=("server", "gateway", "database", "console", "software"),
    facts=(
        "hosts[].powershell",
        "hosts[].dotnet",
        "hosts[].msxml6",
        "hosts[].windows_installer",
        "hosts[].services",
        "hosts[].disks",
    ),
    setup=("checks", "Software below the minimum is cleared on the prerequisite page (S1); the items are recalled."),
)
def components(context: Context) -> list[Finding]:
    """.NET Framework, Windows PowerShell, MSXML, Windows Installer, Report Viewer, Remote Registry, NTFS, by role."""
    rows: list[Row] = []
    unread: list[Row] = []
    for one, roles in view(context).holders:
        for role in roles:
            for need in CONFIGURATIONS[role].requires:
                present, found = one.component(need)
                if present is None:
                    unread.append((one.name, ROLE_NAMES[role], COMPONENTS[need], "unknown"))
                elif not present:
                    rows.append((one.name, ROLE_NAMES[role], COMPONENTS[need], found))
    findings = []
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        findings.append(Finding(WARN, f"Components missing on {hosts}.", tuple(rows)))
    if unread:
        hosts = listed(sorted({str(row[0]) for row in unread}))
        findings.append(Finding(MANUAL, f"Components not read on {hosts}.", tuple(unread)))
    findings = could_have(context, "a component missing", 4, findings)
    return findings or [Finding(PASS, "Every role server has the components its roles need.")]


COMPONENTS = {
    "powershell_2": "Windows PowerShell 2.0",
    "winrm": "Windows Remote Management",
    "dotnet_3.5": ".NET Framework 3.5 SP1",
    "dotnet_4": ".NET Framework 4",
    "msxml_6": "MSXML 6.0",
    "installer_3.1": "Windows Installer 3.1",
    "ntfs": "NTFS on the system drive",
    "remote_registry": "Remote Registry service",
    "iis": "Internet Information Services",
    "no_sharepoint": "no SharePoint on the machine",
    "report_viewer": "Report Viewer 2008 SP1",
}


@rule(
    "R50",
    "Nothing is newer than the release knows",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "what", "found", "newest listed"),
    remedy="""Keep to Windows Server 2008 R2 SP1 and SQL Server 2008 R2 for this hop; the newer version becomes legal with
        SP1 of 2012 or later.""",
    evidence="recalled",
    source="product-reference 1.2",
    tags=("server", "database", "os", "sql"),
    facts=("hosts[].os.release", "hosts[].sql[].version"),
    setup=("unknown", "The RTM matrix is recalled."),
)
def newer_than_listed(context: Context) -> list[Finding]:
    """The RTM release predates Windows Server 2012 and SQL Server 2012; neither is in its tables."""
    rows: list[Row] = []
    unread: list[Row] = []
    listed_rank = os_rank("2008 R2", 99)
    for one, _roles in view(context).holders:
        rank = os_rank(one.get("os.release"))
        if rank is None:
            unread.append((one.name, "Windows", "unknown", "Windows Server 2008 R2 SP1"))
        if rank and listed_rank and rank > listed_rank:
            rows.append((one.name, "Windows", os_text(one.get("os")), "Windows Server 2008 R2 SP1"))
    for database in view(context).databases:
        if database.effective_version is None:
            unread.append((database.effective_host, database.title, "unknown", "SQL Server 2008 R2"))
        elif database.effective_newer:
            rows.append((database.effective_host, database.title, database.effective_version, "SQL Server 2008 R2"))
    findings = []
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        findings.append(Finding(WARN, f"Newer than 2012 RTM lists: {hosts}.", tuple(rows)))
    if unread:
        hosts = listed(sorted({str(row[0]) for row in unread}))
        findings.append(Finding(MANUAL, f"Version of Windows or SQL Server not read on {hosts}.", tuple(unread)))
    findings = could_have(context, "a system or SQL Server that is newer", 4, findings)
    return findings or [Finding(PASS, "Every system and SQL Server is one the release lists.")]


@rule(
    "R80",
    "More than one management server after the upgrade",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, WARN, MANUAL, NOT_APPLICABLE),
    columns=("server",),
    remedy="""Plan a second management server soon after the upgrade: a resource pool works while more than half of its
        members are up.""",
    evidence="field",
    source="S30, S14 (3.6 item 14)",
    tags=("server", "pool"),
    facts=("group.servers", "path.retire"),
    setup=("not checked", "Setup asks for one management server."),
)
def pool_quorum(context: Context) -> list[Finding]:
    """With one management server there is no pool while it is down; a complex path can end there."""
    known = view(context)
    left = known.management_servers_after
    if not known.members:
        return [Finding(NOT_APPLICABLE, "The servers of the group are not known.")]
    doubtful = [name for name in left if name in known.group.half_known]
    if len(left) > 1 >= len(left) - len(doubtful):
        text = f"{counted(len(left), 'management server')} remain if all can stay; not enough is known of {listed(doubtful)}."
        return [Finding(MANUAL, text, tuple((name,) for name in doubtful), remedy=LOOK)]
    if len(left) > 1:
        return [Finding(PASS, f"{counted(len(left), 'management server')} remain.")]
    rows: tuple[Row, ...] = tuple((name,) for name in left)
    before = len([one for one in known.members if one.kind != "gateway"])
    text = "One management server remains after the upgrade; the resource pools have no redundancy."
    return [Finding(NOTE if before == 1 else WARN, text, rows)]


@rule(
    "R82",
    "Spare machines can be used",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, NOTE, WARN, MANUAL, NOT_APPLICABLE),
    columns=("spare machine", "as", "why not"),
    remedy="Bring the spare machine to the minimum of the role it is meant for, or take it out of the inventory.",
    evidence="documented",
    source="S1, S6; minimum S14",
    tags=("server", "path", "spare"),
    facts=("inventory.scom_spare", "hosts[].os", "hosts[].sql"),
    setup=("checks", "Setup would find out on the machine itself."),
)
def spares(context: Context) -> list[Finding]:
    """A spare machine helps only if it meets the minimum itself. Each that does not is named with its reasons."""
    known = view(context)
    if not known.spares:
        return [Finding(NOT_APPLICABLE, "The inventory has no spare machine.")]
    rows: list[Row] = []
    unread: list[str] = []
    for one in known.spares:
        if one.facts is None:
            unread.append(one.name)
            continue
        role = "management_server"
        against: list[Optional[str]] = [reason.text for reason in supported(one.facts, role, known.settings)]
        if one.get("sql"):
            for reason in supported(one.facts, "operational_database", known.settings):
                if reason.rule == "R06":
                    against.append(reason.text)
        if undecided(one.facts, role):
            unread.append(one.name)
        rows.extend((one.name, ROLE_NAMES[role], why) for why in against)
    findings = []
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        findings.append(Finding(WARN, f"Spare machines that do not meet the minimum: {hosts}.", tuple(rows)))
    if unread:
        findings.append(Finding(MANUAL, f"Nothing is known of the spare machines {listed(unread)}."))
    idle = [one.name for one in known.spares if not known.role_taken_by(one)]
    if idle and not findings:
        text = f"No step of the plan uses {listed(idle)}."
        findings.append(Finding(NOTE, text, tuple((name, "", "not needed") for name in idle), remedy=""))
    return findings or [Finding(PASS, f"{counted(len(known.spares), 'spare machine')} of use to the plan.")]
