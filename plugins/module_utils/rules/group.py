# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the management group at work: pending actions, subscriptions, connectors, consoles, health."""

from __future__ import annotations

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
    Repair,
    rule,
)
from .unseen import LOOK, could_be
from .view import Row, counted, listed, view


@rule(
    "R12",
    "Pending Management is empty",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, NOTE, WARN, MANUAL),
    columns=("agent", "type", "server", "seen in"),
    remedy="""The plan rejects what the console shows. Rows that only the table has are deleted by their ids, after a backup
        of the database, as KB 2626752 tells; the repair of this rule does it.""",
    evidence="later guide",
    source="S19a, S19m, S21 (O8, C6)",
    tags=("agent", "database", "pending"),
    facts=("group.pending", "hosts[].opsdb.pending"),
    repair="repair.pending_rows",
    setup=("unknown", "Whether setup looks at pending actions is open (M4)."),
)
def pending(context: Context) -> list[Finding]:
    """No agent may be pending while a management server is upgraded; rows can remain that the console does not show.

    A step of the plan clears what is visible, so this never blocks a plan; the step itself waits until it is done.
    """
    known = view(context)
    shown, hidden = known.pending_shown, known.pending_hidden
    findings = []
    if known.pending_unread:
        findings.append(Finding(MANUAL, f"Pending actions were not read from {listed(known.pending_unread)}."))
    if hidden:
        rows = tuple((one.agent, one.type, one.server, "table only") for one in hidden)
        database = known.database("operational")
        target = {
            "host": database.effective_host if database else None,
            "instance": database.effective_instance if database else None,
            "database": database.name if database else None,
            "rows": [{"id": one.id, "agent": one.agent, "type": one.type} for one in hidden],
        }
        repair = Repair("repair.pending_rows", f"delete {counted(len(hidden), 'orphaned pending row')}", (target,))
        text = f"{counted(len(hidden), 'pending row')} only in the database, which the shell cannot reject."
        findings.append(Finding(WARN, text, rows, repair=repair))
    if shown:
        rows = tuple((one.agent, one.type, one.server, "console") for one in shown)
        them = "it" if len(shown) == 1 else "them"
        text = f"{counted(len(shown), 'pending action')}; a step of the plan rejects {them}."
        findings.append(Finding(NOTE, text, rows))
    return findings or [Finding(PASS, "Nothing is pending.")]


@rule(
    "R13",
    "Notification subscriptions",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, MANUAL, NOT_APPLICABLE),
    columns=("subscription", "id"),
    remedy="The plan saves the list, disables them before the group's upgrade, and enables exactly these afterwards.",
    evidence="later guide",
    source="S19a, S19j (O9)",
    tags=("notification",),
    facts=("group.subscriptions",),
    setup=("not checked", "Setup does not look at subscriptions; they would notify during the upgrade."),
)
def subscriptions(context: Context) -> list[Finding]:
    """Enabled subscriptions would notify of everything the upgrade switches off, so they are disabled for it."""
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    if known.subscriptions is None:
        return [Finding(MANUAL, "The notification subscriptions were not read.")]
    rows: tuple[Row, ...] = tuple((one.name, one.id) for one in known.subscriptions if one.enabled)
    if not rows:
        return [Finding(PASS, "No subscription is enabled.")]
    them = "it" if len(rows) == 1 else "them"
    return [
        Finding(NOTE, f"{counted(len(rows), 'enabled subscription')}; the plan switches {them} off and on again.", rows)
    ]


@rule(
    "R14",
    "Connectors",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, WARN, MANUAL, NOT_APPLICABLE),
    columns=("connector", "host", "service", "state"),
    remedy="""Name the connector's service and host in the input connectors, from its maker's documentation; the plan stops
        it before the group's upgrade and starts it afterwards. Check that the maker supports 2012 first.""",
    evidence="later guide",
    source="S19a, S19j, S14 (O10)",
    tags=("connector",),
    facts=("group.connectors", "inputs.connectors", "hosts[].services"),
    setup=("not checked", "Setup knows nothing of third-party services."),
)
def connectors(context: Context) -> list[Finding]:
    """Services of third-party connectors stand still during the group's upgrade.

    The group tells that a connector exists, not which service it is; that comes from the inputs.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    findings = []
    running: list[Row] = []
    unread: list[Row] = []
    for one in known.connectors_given:
        state = known.service_state(one.host, one.service)
        row: Row = (one.name, one.host, one.service, state or "unknown")
        if state is None:
            unread.append(row)
        elif state.lower() == "running":
            running.append(row)
    if known.connectors is None:
        findings.append(Finding(MANUAL, "The connectors of the group were not read."))
    if unread:
        text = f"Service not found, or its host gave no facts: {listed([str(row[2]) for row in unread])}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    if known.connectors_nameless:
        rows = tuple((name, "", "", "no service named") for name in known.connectors_nameless)
        text = f"No service is named for {listed(known.connectors_nameless)}, so no step stops it."
        findings.append(Finding(WARN, text, rows))
    if running:
        them = "it" if len(running) == 1 else "them"
        text = f"{counted(len(running), 'running connector')}; the plan stops {them} and starts {them} again."
        leaving = [str(row[0]) for row in running if known.name_leaves(str(row[1]))]
        if leaving:
            text += f" A person first sets up on a machine that stays: {listed(leaving)}."
        findings.append(Finding(NOTE, text, tuple(running)))
    return findings or [Finding(PASS, "No connector is running.")]


@rule(
    "R72",
    "Connected consoles",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, MANUAL, NOT_APPLICABLE),
    columns=("user", "sessions"),
    remedy="Ask the users to close their consoles before the group's upgrade; the plan disconnects who is left.",
    evidence="recalled",
    source="3.2.6",
    tags=("console",),
    facts=("group.consoles",),
    setup=("not checked", "Many connections slow the conversion; nothing says that setup counts them."),
)
def consoles(context: Context) -> list[Finding]:
    """Open sessions slow the conversion of the database."""
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    if known.consoles is None:
        return [Finding(MANUAL, "The connected consoles were not read.")]
    if not known.consoles:
        return [Finding(PASS, "No console is connected.")]
    rows: tuple[Row, ...] = tuple((user, known.consoles.count(user)) for user in sorted(set(known.consoles)))
    return [
        Finding(
            NOTE,
            f"{counted(len(known.consoles), 'connected console')}; a step of the plan has every session closed.",
            rows,
        )
    ]


@rule(
    "R71",
    "Management servers and gateways are healthy",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL),
    columns=("server", "kind", "health", "available"),
    remedy="Find the cause in the server's Operations Manager event log and cure it before the upgrade.",
    evidence="later guide",
    source="S19a (3.2.2), S19j",
    tags=("server", "gateway", "health"),
    facts=("group.servers[].health", "group.servers[].available"),
    setup=("not checked", "Setup does not look at the health of the group."),
)
def server_health(context: Context) -> list[Finding]:
    """A server that is unhealthy or off the air now will not be better after the upgrade."""
    known = view(context)
    rows: list[Row] = []
    unread: list[Row] = []
    for one in known.members:
        row: Row = (one.name, one.kind_text, one.health or "unknown", _yes(one.available))
        if one.health is None or one.available is None:
            unread.append(row)
        elif not one.available or one.health in ("Error", "Warning"):
            rows.append(row)
    findings = []
    if rows:
        text = f"Unhealthy or off the air: {listed([str(row[0]) for row in rows])}."
        findings.append(Finding(WARN, text, tuple(rows)))
    if unread:
        text = f"Health not read: {listed([str(row[0]) for row in unread])}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    if not known.members:
        findings.append(Finding(MANUAL, "The servers of the group were not read."))
    return findings or [Finding(PASS, "Every management server and gateway is healthy.")]


def _yes(value: object) -> str:
    return "unknown" if value is None else "yes" if value else "no"


@rule(
    "R73",
    "Upgrade Helper management pack",
    severity="note",
    impact=NONE,
    outcomes=(PASS, NOTE, NOT_APPLICABLE),
    columns=("management pack", "state"),
    remedy="Import it from the media into the 2007 R2 group to follow the phases in the console; remove it afterwards.",
    evidence="documented",
    source="S7, S10 (C4)",
    tags=("management_pack",),
    facts=("group.management_packs",),
    setup=("not checked", "It is an aid, not a requirement."),
)
def upgrade_helper(context: Context) -> list[Finding]:
    """Microsoft's management pack shows how far each phase is. It serves distributed groups; this plan does without."""
    known = view(context)
    if known.is_2012 or known.path_kind.startswith("single"):
        return [Finding(NOT_APPLICABLE, "It serves distributed 2007 R2 groups.")]
    found = [name for name in known.management_packs if "upgrade" in name.lower()]
    if found:
        return [Finding(PASS, f"Imported: {listed(found)}.")]
    return [
        Finding(
            NOTE,
            "The upgrade management pack is not imported; the upgrade does without it.",
            (("OperationsManager.Upgrade", "not imported"),),
        )
    ]


@rule(
    "R74",
    "Event logs of the management servers are reviewed",
    severity="manual",
    impact=OUTAGE,
    outcomes=(PASS, MANUAL, NOT_APPLICABLE),
    columns=("server",),
    remedy="""Look for recurring warnings and critical events in the Operations Manager log of every management server,
        cure them, keep a copy to compare with, and confirm it in the input confirmed: {R74: {by, when}}.""",
    evidence="later guide",
    source="S19a (3.2.2)",
    tags=("server", "health"),
    facts=("inputs.confirmed",),
    setup=("not checked", "Setup does not read event logs."),
)
def event_logs(context: Context) -> list[Finding]:
    """No fact tells whether somebody looked; the one who did confirms it by name."""
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    confirmed = known.confirmed("R74")
    if confirmed:
        return [Finding(PASS, f"Reviewed: {confirmed}.")]
    rows: tuple[Row, ...] = tuple((one.name,) for one in known.members if one.kind != "gateway")
    return [Finding(MANUAL, "Nobody has confirmed a review of the event logs.", rows)]


@rule(
    "R75",
    "No management pack is newer than the one on the media",
    severity="manual",
    impact=NONE,
    outcomes=(PASS, MANUAL, NOT_APPLICABLE),
    columns=("management pack", "version"),
    remedy="""Compare the versions below with those on the media; remove what is newer, or use newer media. Confirm it in
        the input confirmed: {R75: {by, when}}.""",
    evidence="field",
    source="5.2 (a later release)",
    tags=("management_pack", "media"),
    facts=("group.management_packs", "inputs.confirmed"),
    setup=("fails later", "Setup was seen to fail with the server uninstalled and the databases half upgraded."),
)
def newer_packs(context: Context) -> list[Finding]:
    """A built-in management pack that is newer than the media's made setup of a later release fail half-way.

    The media's versions cannot be read from outside, so a person compares. Listed are the packs setup replaces.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    confirmed = known.confirmed("R75")
    if confirmed:
        return [Finding(PASS, f"Compared: {confirmed}.")]
    rows: tuple[Row, ...] = tuple(
        (name, version)
        for name, version in sorted(known.management_packs.items())
        if name.startswith(("Microsoft.SystemCenter.", "System.", "Microsoft.Windows.Library"))
    )
    return [Finding(MANUAL, "Nobody has compared the built-in management packs with the media.", rows)]


@rule(
    "R76",
    "Other System Center products",
    severity="note",
    impact=NONE,
    outcomes=(PASS, NOTE),
    columns=("host", "product", "version"),
    remedy="""Where several products go to the same release, keep the order Orchestrator, Service Manager, Data Protection
        Manager, Operations Manager, Configuration Manager, Virtual Machine Manager, App Controller.""",
    evidence="documented",
    source="S42 (E13; written for SP1)",
    tags=("software",),
    facts=("hosts[].software",),
    setup=("not checked", "Setup does not look at other products."),
)
def other_products(context: Context) -> list[Finding]:
    """Other System Center products on the group's machines have a place in a common order of upgrades."""
    rows: list[Row] = []
    for one in view(context).machines:
        for word in ("Orchestrator", "Service Manager", "Data Protection Manager", "Configuration Manager"):
            rows.extend((one.name, name, version) for name, version in one.software(word.lower()))
        for word in ("Virtual Machine Manager", "App Controller"):
            rows.extend((one.name, name, version) for name, version in one.software(word.lower()))
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        return [Finding(NOTE, f"Other System Center products on {hosts}.", tuple(rows))]
    return [Finding(PASS, "No other System Center product is on the group's machines.")]


ADD_DATABASE = (
    "Add the machine to the inventory and discover again. Where it stays out of it, as the name of a cluster does, a person"
    " backs its databases up and signs that off."
)


@rule(
    "R43",
    "Inventory and management group name the same servers",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, MANUAL),
    columns=("name", "kind", "finding"),
    remedy="""Add the server to the inventory, or remove it from the group; for one the group does not know, take it out of
        the inventory or mark it scom_spare: true.""",
    evidence="documented",
    source="S1 (O5)",
    tags=("inventory", "server", "gateway"),
    facts=("group.servers", "hosts", "unreachable"),
    setup=("fails later", "A server that was left behind shows errors; it cannot talk to an upgraded group (S34)."),
)
def inventory(context: Context) -> list[Finding]:
    """A management server or gateway that the inventory lacks would be left behind by the plan, and then be cut off."""
    known = view(context)
    if not known.group_read:
        return [Finding(MANUAL, "The management group was not asked, so nothing can be compared.")]
    findings = []
    apart = known.missing_databases
    if apart:
        rows = tuple((name, what, "not in the inventory") for name, what in apart)
        text = f"Database servers not in the inventory: {listed([name for name, _what in apart])}."
        findings.append(Finding(MANUAL, text, rows, remedy=ADD_DATABASE))
    missing = known.missing_servers
    if missing:
        rows = tuple((one.fqdn, one.kind_text, "not in the inventory") for one in missing)
        findings.append(Finding(BLOCK, f"Not in the inventory: {listed([one.fqdn for one in missing])}.", rows))
    strangers = known.strangers
    if strangers:
        rows = tuple((name, "", "not known to the group") for name in strangers)
        findings.append(Finding(WARN, f"Not known to the group: {listed(strangers)}.", rows))
    doubtful = {name: why for name, why in known.group.unread.items() if known.group.machines[name].row is None}
    if doubtful:
        text = f"Nobody knows what is on {listed(doubtful)}, a server that the group does not know perhaps."
        findings.append(Finding(MANUAL, text, tuple((name, "", why) for name, why in doubtful.items()), remedy=LOOK))
    return findings or [Finding(PASS, "Inventory and group agree about the servers.")]


@rule(
    "R42",
    "Every role server gave its facts",
    severity="manual",
    impact=NONE,
    outcomes=(PASS, MANUAL),
    columns=("host", "why not"),
    remedy="""Make the host reachable (Windows PowerShell 2.0 and WinRM 2.0 exist for Server 2003 SP2 and later) and discover
        again, or say in scom_role what it is (several roles parted by commas, agent for one that is an agent only); what stays
        unreachable is upgraded by a person and signed off.""",
    evidence="inferred",
    source="S1 (E2)",
    tags=("inventory", "server", "gateway", "database"),
    facts=("unreachable", "hosts"),
    setup=("not checked", "Setup sees only the machine it runs on."),
)
def reachable(context: Context) -> list[Finding]:
    """Nothing is guessed about a machine that gave no facts: what it means for the path must be looked at by hand."""
    known = view(context)
    half = known.group.half_known
    rows: tuple[Row, ...] = tuple(half.items())
    if not known.group_read:
        text = "The management group could not be asked."
        return [Finding(MANUAL, text, (*rows, ("management group", known.group_problem)))]
    silent = [name for name in half if known.group.machines[name].silent]
    findings = []
    if silent:
        findings.append(Finding(MANUAL, f"No facts from {listed(silent)}.", tuple((name, half[name]) for name in silent)))
    findings = could_be(context, "any feature of the group", 2, findings)
    if findings:
        return findings
    return [Finding(PASS, "Every role server gave its facts.")]


@rule(
    "R81",
    "Monitoring stands still during a single-server upgrade",
    severity="note",
    impact=OUTAGE,
    outcomes=(NOTE, NOT_APPLICABLE),
    columns=("server",),
    remedy="""Agree on a window. Where the outage is not acceptable, add a second management server (a spare machine and
        the input avoid_downtime) and upgrade in phases.""",
    evidence="documented",
    source="S6",
    tags=("path",),
    facts=("path.kind",),
    setup=("not checked", "Setup does not ask."),
)
def downtime(context: Context) -> list[Finding]:
    """With every feature on one server nothing monitors from the start of setup to its end."""
    known = view(context)
    if known.is_2012 or not known.path_kind.startswith("single"):
        return [Finding(NOT_APPLICABLE, "The group is not upgraded on a single server.")]
    rows: tuple[Row, ...] = tuple((one.name,) for one in known.members if one.kind == "root_management_server")
    return [Finding(NOTE, "Monitoring stands still from the start of setup to its end.", rows)]
