# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about order: the plan keeps it by itself, so these tell when the group is already out of it."""

from __future__ import annotations

from typing import NamedTuple

from ..catalog import is_2012
from ..catalog.capacity import DEFAULT_QUEUE_KB
from .engine import (
    BLOCK,
    BREAKS,
    MANUAL,
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
from .view import Member, Row, View, agent_rows, by_parent, counted, listed, view


def _old(members: list[Member]) -> list[Member]:
    return [one for one in members if one.version and not is_2012(one.version)]


def _new(members: list[Member]) -> list[Member]:
    return [one for one in members if is_2012(one.version)]


def _rows(members: list[Member], finding: str) -> tuple[Row, ...]:
    return tuple((one.name, one.kind_text, one.version or "unknown", finding) for one in members)


_COLUMNS = ("object", "kind", "version", "finding")
_HALF_DONE = """Find out how setup on the root management server ended (OpsMgrSetupWizard.log), and finish or undo it: restore the
    operational database and install 2007 R2 on the server again. Upgrade nothing else before the group is one or the other."""


def _root_alone(known: View) -> bool:
    """Whether the root management server is at 2012 in a group that is not: its setup has not ended well."""
    return known.root is not None and is_2012(known.root.version) and not known.is_2012


def _left_behind(known: View, left: list[Member], finding: str) -> Finding:
    """What to say of servers that the group has overtaken: the plan's next steps cure it, unless the group is halfway."""
    names = listed([one.name for one in left])
    if known.is_2012:
        text = (
            f"The group is at 2012, and not yet so: {names}. The next steps of the plan upgrade what was left behind."
        )
        return Finding(WARN, text, _rows(left, finding))
    root = known.root.name if known.root else "The root management server"
    others = [one.name for one in left if one.name != root]
    rest = f", nor {'is' if len(others) == 1 else 'are'} {listed(others)}" if others else ""
    text = f"{root} is at 2012 and the group is not{rest}: its upgrade has not come to an end."
    return Finding(BLOCK, text, _rows(left, finding), remedy=_HALF_DONE)


@rule(
    "R22",
    "Manual agents are upgraded before the servers",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, NOT_APPLICABLE),
    columns=("agent or group of agents", "parent", "finding"),
    remedy="Upgrade the remaining manual agents now, before any further server.",
    evidence="documented",
    source="S5, S9 (O3)",
    tags=("order", "agent"),
    facts=("group.agents[].manual", "group.agents[].version", "group.servers[].version"),
    setup=("not checked", "Setup of a server does not look at agents."),
)
def manual_first(context: Context) -> list[Finding]:
    """In a distributed group manually installed agents come first; with a single server they follow it."""
    known = view(context)
    left = [one for one in known.agents if one.manual and one.version and not is_2012(one.version)]
    if known.agents_after_group or not left:
        return [Finding(NOT_APPLICABLE, "No manual agent has to come before a server.")]
    ahead = _new(known.secondaries + known.gateways)
    if not ahead:
        text = f"{counted(len(left), 'manual agent')} come first in the plan; no server is ahead of them."
        return [Finding(PASS, text)]
    text = f"{counted(len(left), 'manual agent')} left behind, while already at 2012: {listed([one.name for one in ahead])}."
    return [Finding(WARN, text, by_parent(left, "still at 2007 R2"))]


@rule(
    "R23",
    "Secondary management servers are upgraded before gateways, pushed agents and the group",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, NOT_APPLICABLE),
    columns=_COLUMNS,
    remedy="""Let the plan upgrade these servers before any further gateway, pushed agent or other feature. Until then look at
        what is ahead of them: nothing says for how long 2012 and 2007 R2 get on that way (M12).""",
    evidence="documented",
    source="S9, S5 (O4)",
    tags=("order", "server"),
    facts=("group.servers[].version", "group.agents[].version", "group.product"),
    setup=("unknown", "Whether the group's upgrade looks at the secondary servers is open (M4)."),
)
def secondaries_first(context: Context) -> list[Finding]:
    """Secondary servers, then gateways, then pushed agents, then the group. The plan keeps to it.

    Where others got ahead already, upgrading what was left behind is the cure, and a step of the plan. Only a root
    management server that is at 2012 in a group that is not leaves no way on.
    """
    known = view(context)
    left = _old(known.secondaries_staying)
    if not left:
        return [Finding(NOT_APPLICABLE, "No secondary management server is left to upgrade.")]
    names = listed([one.name for one in left])
    if known.is_2012 or _root_alone(known):
        return [_left_behind(known, left, "not upgraded before the group")]
    ahead = _new(known.gateways)
    pushed = [one for one in known.agents if not one.manual and is_2012(one.version)]
    if ahead or pushed:
        rows = _rows(ahead, "ahead of its management servers")
        if pushed:
            rows += ((f"{len(pushed)} agents", "pushed agents", "2012", "ahead of their management servers"),)
        what = listed([*(one.name for one in ahead), *([counted(len(pushed), "pushed agent")] if pushed else [])])
        text = f"Already at 2012: {what}; and not yet so: {names}. The plan upgrades these before it goes on with the others."
        return [Finding(WARN, text, rows)]
    return [Finding(PASS, f"Nothing is ahead of {names}.")]


@rule(
    "R24",
    "Gateways are upgraded before the group",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, NOT_APPLICABLE),
    columns=_COLUMNS,
    remedy="""Let the plan upgrade these gateways; see that each is healthy again in the group. The book's authors put gateways
        even before their management servers (C3); the plan follows Microsoft.""",
    evidence="documented",
    source="S1 (O5)",
    tags=("order", "gateway"),
    facts=("group.servers[].version",),
    setup=("unknown", "Whether the group's upgrade looks at gateways is open (M4)."),
)
def gateways_first(context: Context) -> list[Finding]:
    """A gateway that was left behind cannot work with an upgraded group; the plan's next steps upgrade it."""
    known = view(context)
    left = _old(known.gateways_staying)
    if not left:
        return [Finding(NOT_APPLICABLE, "No gateway is left to upgrade.")]
    if known.is_2012 or _root_alone(known):
        return [_left_behind(known, left, "not upgraded before the group")]
    return [Finding(PASS, f"Planned before the group: {listed([one.name for one in left])}.")]


@rule(
    "R25",
    "The root management server is upgraded last",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=_COLUMNS,
    remedy="""Let the plan upgrade the servers that were left behind, one at a time, and verify the group's health.""",
    evidence="documented",
    source="S5, S9 (O4)",
    tags=("order", "server"),
    facts=("group.servers[].version", "group.servers[].is_root", "group.product"),
    setup=("unknown", "No source tells whether setup refuses on the root management server."),
)
def root_last(context: Context) -> list[Finding]:
    """Upgrading the root management server converts the database; a secondary server left behind is cut off then."""
    known = view(context)
    left = _old(known.secondaries_staying)
    if known.is_2012:
        if left:
            return [_left_behind(known, left, "left behind")]
        return [Finding(NOT_APPLICABLE, "The management group is at 2012, and every management server with it.")]
    if known.root is None:
        return [Finding(MANUAL, "No server is known as the root management server.")]
    if _root_alone(known):
        return [_left_behind(known, left or [known.root], "left behind" if left else "ahead of its group")]
    return [Finding(PASS, "The root management server is at 2007 R2 and comes last in the plan.")]


@rule(
    "R26",
    "Nothing reports to a root management server that leaves",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, WARN, MANUAL, NOT_APPLICABLE),
    columns=("agent, gateway or connector", "parent or host", "finding"),
    remedy="""The plan moves agents and gateways to a server that stays and waits until they report there; the old server
        stays their failover until then, because it is the one that tells them. A person sets connectors up anew.""",
    evidence="inferred",
    source="S1, S26, S27 (O15, O20)",
    tags=("order", "agent", "gateway", "connector"),
    facts=("group.agents[].primary", "group.agents[].failover", "group.servers[].primary", "group.servers[].failover",
           "inputs.connectors", "hosts[].services", "path.retire"),
    setup=("not checked", "Setup removes the server from the group; it does not look at who reports to it."),
)  # fmt: skip
def nobody_on_leaving(context: Context) -> list[Finding]:
    """Where the group's upgrade runs on a secondary server, the old root and other replaced servers disappear."""
    known = view(context)
    leaving = {one.fqdn for one in known.members_leaving}
    silent = _perhaps_leaving(known)
    if not leaving:
        return silent or [Finding(NOT_APPLICABLE, "No server leaves the group.")]
    hanging = _hanging(known, leaving)
    if not hanging:
        return silent or [Finding(PASS, "Nothing reports to a server that leaves the group, or falls back on it.")]
    rows = tuple(row for one in hanging for row in one.rows)
    text = _told(hanging)
    if known.is_2012:
        text = f"The group is at 2012, and no step of the plan moves what is left: {text}"
        return [Finding(WARN, text, rows, remedy=_REPOINT)]
    if not known.run_from:
        return [Finding(MANUAL, text + " No server is known that could take them.", rows)]
    if known.run_from in known.group.half_known:
        return [
            Finding(
                MANUAL, f"{text} Not enough is known of {known.run_from}, which would take them.", rows, remedy=LOOK
            )
        ]
    return [Finding(NOTE, text, rows), *silent]


def _perhaps_leaving(known: View) -> list[Finding]:
    """What hangs on servers that gave no facts: nobody knows whether these can stay."""
    doubt = "nobody knows if it can stay"
    members = [one for one in known.members if one.machine is not None and one.machine.silent and not one.is_2012]
    silent = {one.fqdn for one in members}
    rows = by_parent(
        [one for one in (*known.agents, *known.gateways) if silent.intersection((one.primary, *one.failover))], doubt
    )
    on_them = [one for one in known.connectors_given if known.machine(one.host) in [two.machine for two in members]]
    rows += tuple((one.name, one.host, f"connector, {doubt}") for one in on_them)
    if not rows:
        return []
    text = (
        f"Whether {listed(sorted(silent))} can stay is not known; if not, what hangs on it moves to another server."
    )
    return [Finding(MANUAL, text, rows, remedy=LOOK)]


_REPOINT = """Point each at a management server that stays, with Set-SCOMParentManagementServer, primary and failover in a call
    each; an agent that hears of nothing any more is told on its own machine. Set a connector up anew."""
#: How something hangs on a server: of one, of several.
_REPORTS, _FALLS_BACK, _RUNS = ("reports to", "report to"), ("falls back on", "fall back on"), ("runs on", "run on")


class _Hanging(NamedTuple):
    """Things of one kind that hang on servers that leave, in one way."""

    number: int
    thing: str
    how: tuple[str, str]
    rows: tuple[Row, ...]


def _told(hanging: list[_Hanging]) -> str:
    """``3 agents and 1 gateway report to a server that leaves; 1 connector runs on one.``"""
    parts: list[str] = []
    for how in dict.fromkeys(one.how for one in hanging):
        some = [one for one in hanging if one.how == how]
        verb = how[0] if sum(one.number for one in some) == 1 else how[1]
        things = listed([counted(one.number, one.thing) for one in some])
        parts.append(f"{things} {verb} {'one' if parts else 'a server that leaves'}")
    return "; ".join(parts) + "."


def _hanging(known: View, leaving: set[str]) -> list[_Hanging]:
    """What reports to servers that leave, falls back on them or runs on them."""
    found: list[_Hanging] = []
    for members, thing in ((known.agents, "agent"), (known.gateways_staying, "gateway")):
        homes = [one for one in members if one.primary in leaving]
        others = [one for one in members if one.primary not in leaving and leaving.intersection(one.failover)]
        planned = "left" if known.is_2012 else "moved by the plan"
        for some, how, what in ((homes, _REPORTS, planned), (others, _FALLS_BACK, f"failover, {planned}")):
            rows = by_parent(some, what) if thing == "agent" else tuple(
                (one.name, one.primary or "none", f"gateway, {what}") for one in some
            )  # fmt: skip
            found.append(_Hanging(len(some), thing, how, rows))
    connectors = [one for one in known.connectors_given if known.name_leaves(one.host) and known.may_run(one)]
    rows = tuple((one.name, one.host, "connector, set up elsewhere by a person") for one in connectors)
    found.append(_Hanging(len(connectors), "connector", _RUNS, rows))
    return [one for one in found if one.number]


@rule(
    "R27",
    "The encryption key is restored where the group's upgrade runs",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, NOT_APPLICABLE),
    columns=("server", "step"),
    remedy="""The plan restores the saved key on the chosen server before the group's upgrade; the tool asks for the
        password it was saved with.""",
    evidence="inferred",
    source="O14 (C16, M4)",
    tags=("order", "backup", "server"),
    facts=("path.run_from", "journal"),
    setup=("unknown", "Whether setup needs the key on a secondary server is open (M4)."),
)
def key_restored(context: Context) -> list[Finding]:
    """Without the key the new server could not read the secrets in the database. Only in a path from a secondary."""
    known = view(context)
    if known.is_2012 or not known.from_secondary:
        return [Finding(NOT_APPLICABLE, "The group's upgrade runs on the root management server.")]
    if known.journal_done("encryption_key_restore"):
        return [Finding(PASS, f"The key was restored on {known.run_from}.")]
    rows: tuple[Row, ...] = ((str(known.run_from), "quiesce.encryption_key_restore"),)
    return [Finding(NOTE, f"A step of the plan restores the key on {known.run_from}.", rows)]


@rule(
    "R28",
    "Reporting is upgraded last of the servers",
    severity="block",
    impact=OUTAGE,
    outcomes=(PASS, WARN, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=_COLUMNS,
    remedy="""Bring Reporting back to 2007 R2: restore the report server's database and install Reporting of 2007 R2 again; the
        plan upgrades it after everything else. No source describes that way back.""",
    evidence="later guide",
    source="S19g (O7)",
    tags=("order", "reporting"),
    facts=("hosts[].opsmgr.reporting", "group.servers[].version", "group.product"),
    setup=("checks", "The prerequisite page of Reporting asks for an upgraded management server (a field report)."),
)
def reporting_last(context: Context) -> list[Finding]:
    """A reporting server that is upgraded before the others fails its prerequisites, or serves a group it cannot read.

    In a group that is at 2012 the plan goes on with what was left behind, and so cures it. In one that is not no step does:
    the plan has none for a Reporting that is at 2012. Reporting on a management server is upgraded along with that.
    """
    known = view(context)
    servers = [one for one in known.role_machines if "reporting" in one.roles]
    unseen = could_be(context, "a reporting server", len(_COLUMNS))
    if not servers:
        return unseen or [Finding(NOT_APPLICABLE, "The group has no reporting server.")]
    own = [one for one in servers if not {"root_management_server", "management_server"}.intersection(one.roles)]
    ahead = [one.name for one in own if is_2012(one.get("opsmgr.reporting.version"))]
    left = _old(known.secondaries_staying + known.gateways_staying)
    if ahead and not known.is_2012:
        left = left or _old(known.members)
        text = f"{listed(ahead)} is at 2012 in a group that is not, before {listed([one.name for one in left])}."
        return [Finding(BLOCK, text, _rows(left, "not upgraded before Reporting"))]
    if ahead and left:
        text = f"{listed(ahead)} is at 2012 before {listed([one.name for one in left])}, which the plan upgrades next."
        remedy = (
            "Finish servers, gateways, consoles and agents; then verify Reporting with a generic performance report."
        )
        return [Finding(WARN, text, _rows(left, "not upgraded before Reporting"), remedy=remedy)]
    return unseen or [Finding(PASS, "Reporting is not ahead of the servers.")]


@rule(
    "R29",
    "Configuration of Reporting after an upgrade from a secondary server",
    severity="note",
    impact=BREAKS,
    outcomes=(PASS, NOTE, MANUAL, NOT_APPLICABLE),
    columns=("reporting server", "points at", "step"),
    remedy="""The plan changes rsreportserver.config (ServerName under Security and Authentication) and the registry value
        DefaultSDKServiceMachine to the new server, and restarts the report server, before Reporting is upgraded.""",
    evidence="field",
    source="S14 (O16)",
    tags=("order", "reporting"),
    facts=("hosts[].opsmgr.reporting", "path.run_from"),
    setup=("checks", "Setup of Reporting shows a critical finding: it cannot connect (S14)."),
)
def reporting_config(context: Context) -> list[Finding]:
    """Only after an upgrade from a secondary server does Reporting still name a server that no longer exists."""
    known = view(context)
    servers = [one for one in known.role_machines if "reporting" in one.roles]
    unseen = could_be(context, "a reporting server", 3) if known.from_secondary else []
    if known.root_machine is not None and known.root_machine.silent and not known.is_2012:
        text = f"Whether the group's upgrade can run on {known.root_machine.name} is not known; if not, Reporting is pointed anew."
        return [*unseen, Finding(MANUAL, text, ((known.root_machine.name, "unknown", ""),), remedy=LOOK)]
    if not known.from_secondary or not servers:
        return unseen or [Finding(NOT_APPLICABLE, "Reporting keeps its management server, or there is none.")]
    leaving = {one.fqdn for one in known.members_leaving} | {one.short for one in known.members_leaving}
    rows: list[Row] = []
    for one in servers:
        machine = str(one.get("opsmgr.reporting.sdk_machine") or "")
        if (machine.lower() in leaving or not machine) and not one.get("opsmgr.installed_2012"):
            rows.append((one.name, machine or "unknown", "features.reporting_config"))
    if rows:
        text = "Reporting names a server that leaves; a step of the plan changes it."
        return [Finding(NOTE, text, tuple(rows)), *unseen]
    return unseen or [Finding(PASS, "Reporting names a server that stays.")]


@rule(
    "R32",
    "The new web console does not take the old site",
    severity="block",
    impact=OUTAGE,
    outcomes=(PASS, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "old site", "chosen site"),
    remedy="Choose another site in the input web_console_site: the upgrade deletes the old one. Default Web Site is usual.",
    evidence="field",
    source="S14 (3.3.8)",
    tags=("web_console", "inputs"),
    facts=("hosts[].opsmgr.web_console.site", "inputs.web_console_site"),
    options=("old_site_names",),
    setup=("checks", "The old site cannot be chosen (S14)."),
)
def web_site(context: Context) -> list[Finding]:
    """The site that setup of 2007 R2 created is deleted, so it cannot be the target."""
    known = view(context)
    chosen = str(context.inputs.get("web_console_site") or "Default Web Site")
    old_names = {str(name).lower() for name in context.settings["old_site_names"]}
    rows: list[Row] = []
    unread: list[Row] = []
    asked = False
    for one in known.role_machines:
        if "web_console" not in one.roles or one.get("opsmgr.installed_2012"):
            continue
        asked = True
        site = one.get("opsmgr.web_console.site")
        if site is None and chosen.lower() not in old_names:
            unread.append((one.name, "unknown", chosen))
        elif site is None or str(site).lower() == chosen.lower():
            rows.append((one.name, str(site or chosen), chosen))
    findings = []
    if rows:
        findings.append(Finding(BLOCK, f"{chosen} is the site the upgrade deletes.", tuple(rows)))
    if unread:
        text = f"The old site of {listed([str(row[0]) for row in unread])} is not known."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    findings = could_be(context, "a web console", 3, findings)
    if not asked and not findings:
        return [Finding(NOT_APPLICABLE, "No web console of 2007 R2 is left to upgrade.")]
    return findings or [Finding(PASS, f"The new web console goes to {chosen}.")]


@rule(
    "R35",
    "The RMS emulator is not on a server that leaves",
    severity="block",
    impact=OUTAGE,
    outcomes=(PASS, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("holder", "finding"),
    remedy="""Move the role with Set-SCOMRMSEmulator to a server that stays before the holder is retired; its holder is the
        last server ever to be uninstalled.""",
    evidence="inferred",
    source="S14, S20 (section 4)",
    tags=("server", "after", "emulator"),
    facts=("group.rms_emulator", "path.retire"),
    setup=("not checked", "Setup places the role once and never moves it."),
)
def emulator(context: Context) -> list[Finding]:
    """Management packs that target the root management server class stop working with the holder."""
    known = view(context)
    if not known.is_2012:
        return [Finding(NOT_APPLICABLE, "There is no emulator before the group's upgrade.")]
    holder = known.emulator
    if not holder:
        return [Finding(MANUAL, "The holder of the RMS emulator is not known.")]
    if known.name_leaves(holder):
        return [Finding(BLOCK, f"{holder} holds the RMS emulator and leaves.", ((holder, "to be retired"),))]
    if holder not in {one.fqdn for one in known.members} | {one.name for one in known.members}:
        return [Finding(BLOCK, f"{holder}, the holder, is no server of the group.", ((holder, "not in the group"),))]
    return [Finding(PASS, f"{holder} holds the RMS emulator and stays.")]


@rule(
    "R37",
    "AVIcode management packs are imported after the upgrade",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("management pack", "state"),
    remedy="""Import the two DotNet.SystemCenter packs (Enterprise.Monitoring.mpb, Client.Monitoring.mp) from SupportTools of
        the media; setup does not.""",
    evidence="kb",
    source="S13 (KB 2606375, C8)",
    tags=("management_pack", "after", "avicode"),
    facts=("group.management_packs", "hosts[].software"),
    setup=("not checked", "Setup does not import them."),
)
def avicode_packs(context: Context) -> list[Finding]:
    """Where AVIcode is in use its packs have to be imported by hand; templates cannot be edited otherwise."""
    known = view(context)
    used = any("avicode" in name.lower() for name in known.management_packs) or any(
        one.software("avicode") for one in known.machines + known.agent_machines
    )
    if not known.is_2012:
        return [Finding(NOT_APPLICABLE, "A task after the group's upgrade.")]
    silent = sorted({*known.group.half_known, *known.group.snapshot["unreachable"]})
    if not used and silent:
        text = f"AVIcode is not known to be in use; not known of {listed(silent)}."
        return [Finding(MANUAL, text, tuple((name, "no facts") for name in silent))]
    if not used:
        return [Finding(NOT_APPLICABLE, "AVIcode is not known to be in use.")]
    wanted = ("DotNet.SystemCenter.Enterprise.Monitoring", "DotNet.SystemCenter.Client.Monitoring")
    have = [name.lower() for name in known.management_packs]
    missing = [name for name in wanted if not any(one.endswith(name.lower()) for one in have)]
    if missing:
        return [Finding(WARN, f"Not imported: {listed(missing)}.", tuple((name, "missing") for name in missing))]
    return [Finding(PASS, "The AVIcode management packs are imported.")]


@rule(
    "R39",
    "Subscriptions are on again after the group's upgrade",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("subscription", "state"),
    remedy="The plan enables those the journal names and no others; without a journal, by the list that was kept.",
    evidence="later guide",
    source="S19j (O9)",
    tags=("notification", "after"),
    facts=("journal", "group.subscriptions"),
    setup=("not checked", "Setup does not look at subscriptions."),
)
def subscriptions_back(context: Context) -> list[Finding]:
    """Forgotten subscriptions mean that nobody is told of anything. Only those that were on are enabled again."""
    known = view(context)
    if not known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is not at 2012 yet.")]
    saved = known.subscriptions_saved
    if known.subscriptions is None:
        return [Finding(MANUAL, "The notification subscriptions were not read.")]
    off = [one for one in known.subscriptions if not one.enabled]
    if saved is None:
        if off:
            rows = tuple((one.name, "off") for one in off)
            return [Finding(MANUAL, "No journal tells which subscriptions were on before the upgrade.", rows)]
        return [Finding(PASS, "Every subscription is enabled.")]
    mine = [one for one in off if one.id in saved or one.name in saved]
    if mine:
        rows = tuple((one.name, "still off") for one in mine)
        return [Finding(WARN, f"{counted(len(mine), 'subscription')} still off.", rows)]
    return [Finding(PASS, "Every subscription that was on is on again.")]


@rule(
    "R40",
    "The Unified Installer is not used",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL),
    columns=("where", "what"),
    remedy="Use Setup.exe of Operations Manager: the Unified Installer makes clean test installations and upgrades nothing.",
    evidence="documented",
    source="S8 (E12)",
    tags=("inputs", "media"),
    facts=("inputs.media_path", "hosts[].media.files"),
    setup=("not checked", "It is another program."),
)
def unified_installer(context: Context) -> list[Finding]:
    """The Unified Installer of System Center 2012 cannot upgrade."""
    known = view(context)
    rows: list[Row] = []
    path = str(context.inputs.get("media_path") or "")
    if "unified" in path.lower():
        rows.append(("media_path", path))
    for one in known.machines:
        files = (one.get("media.files") or {}) if "unified" not in path.lower() else {}
        rows.extend((f"media on {one.name}", name) for name in files if "unified" in name.lower())
    findings = [Finding(BLOCK, "The media is that of the Unified Installer.", tuple(rows))] if rows else []
    if known.path_kind != "none":
        findings = could_have(context, "the media of the Unified Installer", 2, findings)
    return findings or [Finding(PASS, "Setup.exe is used.")]


@rule(
    "R78",
    "Agents queue through the outage",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, MANUAL, NOT_APPLICABLE),
    columns=("agent", "queue (KB)", "advised (KB)"),
    remedy="""Where data of the outage matters, raise maximumQueueSizeKb of the group on the agents, and reset it afterwards;
        no text for 2012 itself asks for it.""",
    evidence="later guide",
    source="S19a, S19j (3.2.12)",
    tags=("agent",),
    facts=("group.agents", "hosts[].queue_kb"),
    options=("agent_queue_kb",),
    setup=("not checked", "Setup does not look at agents."),
)
def agent_queue(context: Context) -> list[Finding]:
    """While servers are down agents keep data in a queue, of 15 MB unless told; what no longer fits is lost.

    How long a queue lasts depends on what the agent collects, so that this is said and nothing is demanded. Only hosts
    of the inventory tell their size, and one that was asked and did not is looked at by a person.
    """
    known = view(context)
    if known.is_2012 or not known.agents:
        return [Finding(NOT_APPLICABLE, "No outage of the group lies ahead.")]
    wanted = int(context.settings["agent_queue_kb"])
    small: list[Row] = []
    unread: list[Row] = []
    elsewhere = 0
    for one in known.agents:
        queues = one.machine.get("queue_kb") if one.machine else None
        sizes = [size for name, size in (queues or {}).items() if name.lower() == known.group_name.lower()]
        if not sizes and (one.machine is None or not one.machine.asked):
            elsewhere += 1
        elif not sizes:
            unread.append((one.name, "not read", wanted))
        elif (DEFAULT_QUEUE_KB if sizes[0] is None else sizes[0]) < wanted:
            small.append((one.name, f"{DEFAULT_QUEUE_KB}, not set" if sizes[0] is None else sizes[0], wanted))
    findings = []
    if small:
        text = (
            f"{counted(len(small), 'agent')} with a queue of less than {wanted:,} KB; data that does not fit is lost."
        )
        findings.append(Finding(NOTE, text, agent_rows(small)))
    if unread:
        text = f"The queue of {counted(len(unread), 'agent')} of the inventory was not read."
        findings.append(Finding(MANUAL, text, agent_rows(unread)))
    if elsewhere:
        agents = counted(elsewhere, "agent")
        text = f"The queue of {agents} was not looked at: the inventory has no such host."
        findings.append(Finding(NOTE, text, ((agents, "not in the inventory", wanted),)))
    return findings or [Finding(PASS, f"Every agent queues {wanted:,} KB or more.")]
