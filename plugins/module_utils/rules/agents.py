# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about agents: what they run on, who they report to, what sits beside them."""

from __future__ import annotations

from collections import Counter

from ..catalog import agent_supported, capacity, is_2012, os_text
from .engine import (
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
from .text import every
from .view import Row, agent_rows, by_parent, counted, listed, view

LOOK_AT_SYSTEMS = (
    "Nothing blocks. Compare the list with what your records say of the machines, or add them to the Ansible inventory and"
    " discover again: a 2012 agent needs Windows Server 2003 SP2 or later, and one on an older system stays at 2007 R2."
)
LOOK_AT_COMPONENTS = (
    "Nothing blocks. Make sure, by software distribution for example, that the machines have MSXML 6.0 and Windows"
    " Installer 3.1 or later; without them an agent's upgrade fails and has to be repeated."
)
LOOK_FOR_CONSOLES = (
    "Look there before the agent's upgrade, which a console stops. Remove the console first, and install the 2012 console"
    " afterwards."
)
LOOK_AT_GROUPS = (
    "Nothing blocks. Look at these machines in the control panel of the agent, or make them reachable and discover again."
)
LOOK_FOR_KEYS = (
    "Nothing blocks. Where an agent's upgrade fails later, look below HKCR\\Installer\\Products for the key whose"
    " ProductName is that of the 2007 R2 agent, export and delete it, and upgrade again."
)


def _verb(number: int, many: str, one: str = "") -> str:
    return (one or f"{many}s") if number == 1 else many


@rule(
    "R20",
    "Agents with AVIcode",
    severity="note",
    impact=NONE,
    outcomes=(PASS, NOTE),
    columns=("agent", "product", "version", "installed"),
    remedy="""Nothing is needed for the upgrade: the agent comes without its own application monitoring. A manual agent is
        upgraded with NOAPM=1, which the plan does.""",
    evidence="documented",
    source="S13, S14 (3.2.14)",
    tags=("agent", "software", "avicode"),
    facts=("hosts[].software",),
    setup=("not checked", "The agent's setup leaves its monitoring service out where it finds AVIcode."),
)
def avicode(context: Context) -> list[Finding]:
    """AVIcode 5.7 may stay on agents; the monitoring service of the 2012 agent is then not installed."""
    rows: list[Row] = []
    for one in view(context).agents:
        if one.machine is not None:
            for name, version in one.machine.software("avicode"):
                rows.append((one.name, name, version, "manually" if one.manual else "pushed"))
    if rows:
        return [Finding(NOTE, f"{counted(len(rows), 'agent')} with AVIcode.", tuple(rows))]
    return [Finding(PASS, "No agent whose software is known carries AVIcode.")]


@rule(
    "R30",
    "Consoles that share a machine with an agent",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, MANUAL),
    columns=("agent", "installed", "console", "finding"),
    remedy="The plan removes the console before the agent's upgrade and installs the 2012 console afterwards.",
    evidence="later guide",
    source="S19c (O17)",
    tags=("agent", "console"),
    facts=("hosts[].opsmgr.console", "hosts[].opsmgr.web_console"),
    setup=("checks", "A console on the machine stops the agent's upgrade."),
)
def console_on_agent(context: Context) -> list[Finding]:
    """An Operations or web console beside an agent blocks that agent's upgrade."""
    rows: list[Row] = []
    unread: list[Row] = []
    for one in view(context).agents:
        machine = one.machine
        if machine is None or is_2012(one.version):
            continue
        how = "manually" if one.manual else "pushed"
        if machine.facts is None or machine.get("opsmgr") is None:
            if one.manual:
                unread.append((one.name, how, "unknown", "no facts"))
        elif machine.get("opsmgr.console") or machine.get("opsmgr.web_console"):
            kind = "console" if machine.get("opsmgr.console") else "web console"
            rows.append((one.name, how, kind, "removed by the plan"))
    findings = []
    if rows:
        text = f"{counted(len(rows), 'agent')} beside a console: {listed([str(row[0]) for row in rows])}."
        findings.append(Finding(NOTE, text, tuple(rows)))
    if unread:
        text = f"Nobody knows whether a console sits beside the agent on {listed([str(row[0]) for row in unread])}."
        findings.append(Finding(MANUAL, text, tuple(unread), remedy=LOOK_FOR_CONSOLES))
    return findings or [Finding(PASS, "No agent whose machine is known shares it with a console.")]


@rule(
    "R31",
    "Size of a batch of pushed agents",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, NOT_APPLICABLE),
    columns=("input", "value", "most"),
    remedy="Approve at most 200 agents at a time.",
    evidence="later guide",
    source="S19c",
    tags=("agent", "inputs"),
    facts=("inputs.push_batch", "group.agents"),
    options=("push_batch",),
    setup=("not checked", "The console takes what is selected."),
)
def batch_size(context: Context) -> list[Finding]:
    """More than 200 approvals at once overload the management servers that push."""
    known = view(context)
    most = int(context.settings["push_batch"])
    size = context.inputs.get("push_batch")
    if not [one for one in known.agents if not one.manual and not is_2012(one.version)]:
        return [Finding(NOT_APPLICABLE, "No pushed agent is left to upgrade.")]
    if isinstance(size, (int, float)) and not isinstance(size, bool) and size > most:
        return [Finding(WARN, f"Batches of {size} agents; {most} is the limit.", (("push_batch", size, most),))]
    return [Finding(PASS, f"Batches of at most {most} agents.")]


@rule(
    "R55",
    "Operating systems of the agents",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, WARN, MANUAL),
    columns=("agent", "system", "finding"),
    remedy="""Take the machine to Windows Server 2003 SP2 or later, uninstall its agent, or leave it on an old group; an
        unsupported agent stays at 2007 R2.""",
    evidence="recalled",
    source="product-reference 1.2 (M10)",
    tags=("agent", "os"),
    facts=("hosts[].os",),
    setup=("unknown", "What the agent's installer looks at is recalled only."),
)
def agent_systems(context: Context) -> list[Finding]:
    """A 2012 agent has its own, lower minimum: Windows Server 2003 SP2. The group does not tell what agents run on."""
    bad: list[Row] = []
    unlisted: list[Row] = []
    unknown = []
    for one in view(context).agents:
        if is_2012(one.version):
            continue
        system = one.machine.get("os") if one.machine is not None else None
        if not system:
            unknown.append(one)
            continue
        verdict = agent_supported(system)
        if verdict is False:
            bad.append((one.name, os_text(system), "below the minimum"))
        elif verdict is None:
            unlisted.append((one.name, os_text(system), "not listed"))
    findings = []
    if bad:
        text = f"{counted(len(bad), 'agent')} on an unsupported system."
        findings.append(Finding(WARN, text, agent_rows(bad)))
    if unlisted:
        text = f"{counted(len(unlisted), 'agent')} on a system the release does not list."
        findings.append(Finding(NOTE, text, agent_rows(unlisted)))
    if unknown:
        text = f"What {counted(len(unknown), 'agent')} {_verb(len(unknown), 'run')} on is not known: no facts were collected there."
        findings.append(Finding(MANUAL, text, by_parent(unknown, "unknown"), remedy=LOOK_AT_SYSTEMS))
    return findings or [Finding(PASS, "Every agent runs on a supported system.")]


@rule(
    "R56",
    "MSXML 6.0 on the agents",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL),
    columns=("agent", "system", "finding"),
    remedy="Install MSXML 6.0 and Windows Installer 3.1 or later before the agent's upgrade.",
    evidence="recalled",
    source="product-reference 1.2",
    tags=("agent", "software"),
    facts=("hosts[].msxml6", "hosts[].windows_installer"),
    setup=("unknown", "What the agent's installer looks at is recalled only."),
)
def agent_components(context: Context) -> list[Finding]:
    """The 2012 agent needs MSXML 6.0 and Windows Installer 3.1; machines without facts are looked at by hand."""
    bad: list[Row] = []
    unknown = []
    for one in view(context).agents:
        if is_2012(one.version):
            continue
        if one.machine is None or one.machine.get("msxml6") is None:
            unknown.append(one)
            continue
        system = os_text(one.machine.get("os") or {})
        if not one.machine.get("msxml6"):
            bad.append((one.name, system, "no MSXML 6.0"))
        if one.machine.component("installer_3.1")[0] is False:
            bad.append((one.name, system, "no Windows Installer 3.1"))
    findings = []
    if bad:
        findings.append(Finding(WARN, f"Components missing on {counted(len(bad), 'agent')}.", agent_rows(bad)))
    if unknown:
        they = f"{counted(len(unknown), 'agent')} {_verb(len(unknown), 'have', 'has')}"
        text = f"Whether {they} the components a 2012 agent needs is not known."
        findings.append(Finding(MANUAL, text, by_parent(unknown, "unknown"), remedy=LOOK_AT_COMPONENTS))
    return findings or [Finding(PASS, "Every agent has the components it needs.")]


@rule(
    "R57",
    "Agents keep a path while their parent is upgraded",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, NOT_APPLICABLE),
    columns=("agent or group of agents", "parent", "finding"),
    remedy="Assign a failover parent before the parent's upgrade; agents under a gateway get none by themselves.",
    evidence="later guide",
    source="S19a, S19m (O18)",
    tags=("agent", "gateway", "failover"),
    facts=("group.agents[].failover", "group.servers[].failover"),
    setup=("not checked", "Setup of a server does not look at the agents behind it."),
)
def failover(context: Context) -> list[Finding]:
    """While a gateway or a management server is upgraded, agents without a failover parent are not monitored."""
    known = view(context)
    gateways = {one.fqdn for one in known.gateways}
    alone = [one for one in known.agents if not one.failover and not is_2012(one.version)]
    rows: list[Row] = list(by_parent(alone, "no failover parent"))
    for one in known.gateways:
        if not one.failover:
            rows.append((one.name, one.primary or "unknown", "gateway without a failover parent"))
    if not known.agents and not known.gateways:
        return [Finding(NOT_APPLICABLE, "The group has no agents.")]
    if known.single_server:
        return [Finding(NOT_APPLICABLE, "With one server there is no other parent to fail over to.")]
    if not rows:
        return [Finding(PASS, "Every agent and gateway has a failover parent.")]
    behind = sum(1 for one in alone if one.primary in gateways)
    share = "all of them" if behind == len(alone) else f"{behind:,} of them" if behind else "none of them"
    text = f"{counted(len(alone), 'agent')} without a failover parent"
    text += f", {share} behind a gateway." if len(alone) > 1 else ", behind a gateway." if behind else "."
    return [Finding(WARN, text, tuple(rows))]


@rule(
    "R58",
    "Agents are on the air",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("agent or group of agents", "parent", "finding"),
    remedy="Bring the agents back or delete them from the group before the upgrade: a dead agent cannot be upgraded.",
    evidence="later guide",
    source="S19j; scripting-reference 2.3",
    tags=("agent", "health"),
    facts=("group.agents[].available", "group.agents[].health"),
    setup=("not checked", "Setup does not look at agents."),
)
def availability(context: Context) -> list[Finding]:
    """A grey agent keeps the colour it had; only its availability tells. It counts as not upgraded for ever."""
    agents = view(context).agents
    if not agents:
        return [Finding(NOT_APPLICABLE, "The group has no agents.")]
    dead = [one for one in agents if one.available is False]
    unread = [one for one in agents if one.available is None]
    findings = []
    if dead:
        text = f"{counted(len(dead), 'agent')} off the air."
        findings.append(Finding(WARN, text, by_parent(dead, "off the air")))
    if unread:
        text = f"Availability not read: {counted(len(unread), 'agent')}."
        findings.append(Finding(MANUAL, text, by_parent(unread, "unknown")))
    return findings or [Finding(PASS, f"{every(len(agents), 'agent', 'agents', ('is', 'are'))} on the air.")]


@rule(
    "R59",
    "Every parent exists",
    severity="manual",
    impact=OUTAGE,
    outcomes=(PASS, MANUAL, NOT_APPLICABLE),
    columns=("agent or group of agents", "parent", "finding"),
    remedy="Point the agents or gateways at a server that exists, or delete what is left of a decommissioned one.",
    evidence="inferred",
    source="S21, S26",
    tags=("agent", "gateway"),
    facts=("group.agents[].primary", "group.servers[].primary"),
    setup=("not checked", "Setup does not look at agents."),
)
def parents(context: Context) -> list[Finding]:
    """Agents whose parent the group does not have, and gateways that report to each other, cannot be placed in order."""
    known = view(context)
    if not known.agents and not known.gateways:
        return [Finding(NOT_APPLICABLE, "The group has no agents.")]
    names = {one.fqdn for one in known.members}
    findings = []
    for loop in known.gateway_loops:
        alone = len(loop) == 1
        row = (listed(loop), loop[0], "reports to itself" if alone else "gateways report to each other in a circle")
        text = f"{loop[0]} reports to itself." if alone else f"In a circle, each to another: {listed(loop)}."
        remedy = f"Give {'it' if alone else 'one of them'} a management server as its parent."
        findings.append(Finding(MANUAL, text, (row,), remedy))
    agents = [one for one in known.agents if one.primary not in names]
    gateways = [one for one in known.gateways if one.primary not in names]
    if agents or gateways:
        rows: list[Row] = list(by_parent(agents, "parent not in the group"))
        rows += [(one.name, one.primary or "none", "parent not in the group") for one in gateways]
        told = [(agents, "agent"), (gateways, "gateway")]
        who = listed(counted(len(found), word) for found, word in told if found)
        findings.append(Finding(MANUAL, f"The parent is no server of the group: {who}.", tuple(rows)))
    return findings or [Finding(PASS, "Every parent is a server of the group.")]


@rule(
    "R60",
    "Manual agents can be reached",
    severity="manual",
    impact=NONE,
    outcomes=(PASS, MANUAL, NOT_APPLICABLE),
    columns=("agent", "parent", "why"),
    remedy="""Add the machine to the inventory and make WinRM answer; or upgrade its agent by hand when the plan says so,
        and sign it off.""",
    evidence="documented",
    source="S5, S9 (O3)",
    tags=("agent", "inventory"),
    facts=("unreachable", "group.agents[].manual"),
    setup=("not checked", "A manual agent is upgraded where it is."),
)
def manual_agents(context: Context) -> list[Finding]:
    """Manually installed agents are upgraded on their own machines; what cannot be reached a person does."""
    known = view(context)
    mine = [one for one in known.agents if one.manual and not is_2012(one.version)]
    if not mine:
        return [Finding(NOT_APPLICABLE, "No manually installed agent is left to upgrade.")]
    rows: list[Row] = []
    for one in mine:
        if one.machine is None:
            rows.append((one.name, one.primary or "", "not in the inventory"))
        elif one.machine.facts is None:
            rows.append((one.name, one.primary or "", one.machine.why or "no facts"))
    if rows:
        who = "a person upgrades it" if len(rows) == 1 else "a person upgrades them"
        text = f"{len(rows):,} of {counted(len(mine), 'manual agent')} out of reach; {who}."
        return [Finding(MANUAL, text, agent_rows(rows))]
    return [Finding(PASS, f"{every(len(mine), 'manual agent', 'manual agents', ('can', 'can'))} be reached.")]


@rule(
    "R61",
    "Agents that report to several groups",
    severity="note",
    impact=NONE,
    outcomes=(PASS, NOTE, WARN, MANUAL),
    columns=("agent", "groups", "finding"),
    remedy="The upgrade of an agent serves all its groups; tell the owners of the others. More than four is unsupported.",
    evidence="recalled",
    source="product-reference 1.3, 3.4",
    tags=("agent",),
    facts=("hosts[].opsmgr.agent_groups",),
    options=("limits",),
    setup=("not checked", "The agent's installer keeps all its groups."),
)
def multihomed(context: Context) -> list[Finding]:
    """An agent has one version, however many groups it reports to."""
    most = capacity.limit("groups_per_agent", context.settings)
    rows: list[Row] = []
    over: list[Row] = []
    silent: list[Row] = []
    for one in view(context).agents:
        if one.machine is not None and one.machine.get("opsmgr") is None:
            silent.append((one.name, "unknown", "its machine did not tell"))
        groups = (one.machine.get("opsmgr.agent_groups") if one.machine is not None else None) or ()
        names = [str(group.get("name")) for group in groups]
        if len(names) > most:
            over.append((one.name, listed(names), f"more than {most} groups"))
        elif len(names) > 1:
            rows.append((one.name, listed(names), "several groups"))
    findings = []
    if over:
        findings.append(Finding(WARN, f"{counted(len(over), 'agent')} in more than {most} groups.", agent_rows(over)))
    if rows:
        findings.append(Finding(NOTE, f"{counted(len(rows), 'agent')} in several groups.", agent_rows(rows)))
    if silent:
        text = f"{counted(len(silent), 'agent')} of the inventory did not tell which groups they report to."
        findings.append(Finding(MANUAL, text, agent_rows(silent), remedy=LOOK_AT_GROUPS))
    return findings or [Finding(PASS, "No agent whose machine is known reports to several groups.")]


@rule(
    "R62",
    "No leftover product key of the 2007 R2 agent",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("agent", "product", "finding"),
    remedy="""Export and delete the key below HKCR\\Installer\\Products whose ProductName is that of the 2007 R2 agent, then
        upgrade again.""",
    evidence="field",
    source="S33 (3.3.1)",
    tags=("agent", "software"),
    facts=("hosts[].software",),
    setup=("fails later", "The installer offers an upgrade only, or a push fails."),
)
def leftover_keys(context: Context) -> list[Finding]:
    """A registration of the old agent beside the new one, or two of the old one, make an agent's upgrade fail."""
    rows: list[Row] = []
    unread = []
    asked = 0
    for one in view(context).agents:
        if one.machine is None:
            continue
        asked += 1
        if one.machine.get("software") is None:
            unread.append(one)
            continue
        old = one.machine.software("operations manager 2007 r2 agent")
        if old and is_2012(one.version):
            rows.append((one.name, old[0][0], "left behind by the upgrade"))
        elif len(old) > 1:
            rows.append((one.name, old[0][0], f"registered {len(old)} times"))
    if rows:
        return [Finding(WARN, f"Leftover registration on {counted(len(rows), 'agent')}.", agent_rows(rows))]
    if unread:
        text = f"Installed software not read: {counted(len(unread), 'agent')}."
        return [Finding(MANUAL, text, by_parent(unread, "unknown"), remedy=LOOK_FOR_KEYS)]
    if not asked:
        return [Finding(NOT_APPLICABLE, "No agent's machine is known; agents that fail are looked at one by one.")]
    return [Finding(PASS, "No leftover registration on the machines that are known.")]


@rule(
    "R63",
    "Capacity limits of 2012",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, NOT_APPLICABLE),
    columns=("what", "where", "number", "limit"),
    remedy="Spread the agents over more management servers or gateways, or split the group.",
    evidence="recalled",
    source="product-reference 1.3",
    tags=("agent", "server", "gateway", "capacity"),
    facts=("group.agents", "group.consoles"),
    options=("limits",),
    setup=("not checked", "Setup does not count."),
)
def limits(context: Context) -> list[Finding]:
    """How many agents a server, a gateway and a group carry; the figures are recalled and can be set."""
    known = view(context)
    if not known.agents:
        return [Finding(NOT_APPLICABLE, "The group has no agents.")]
    kinds = {one.fqdn: one for one in known.members}
    rows: list[Row] = []
    for parent, number in sorted(Counter(one.primary or "" for one in known.agents).items()):
        server = kinds.get(parent)
        gateway = server is not None and server.kind == "gateway"
        name = "agents_per_gateway" if gateway else "agents_per_management_server"
        most = capacity.limit(name, context.settings)
        if number > most:
            rows.append((capacity.LIMITS[name].text, parent, number, most))
    open_consoles = len(known.consoles or [])
    few = capacity.limit("agents_per_group_50_consoles", context.settings)
    for name, number in (
        ("agents_per_group", len(known.agents)),
        ("consoles", open_consoles),
        ("consoles_per_group_15000", open_consoles if len(known.agents) > few else 0),
    ):
        most = capacity.limit(name, context.settings)
        if number > most:
            rows.append((capacity.LIMITS[name].text, known.group_name, number, most))
    if rows:
        return [Finding(WARN, f"{counted(len(rows), 'limit')} exceeded.", tuple(rows))]
    return [Finding(PASS, f"{counted(len(known.agents), 'agent')} are within the limits.")]


@rule(
    "R79",
    "Agents that forward audit events",
    severity="note",
    impact=OUTAGE,
    outcomes=(PASS, NOTE, MANUAL),
    columns=("agent", "forwarder", "finding"),
    remedy="The plan switches the forwarder on again after the agent's upgrade; for pushed agents use the console's task.",
    evidence="later guide",
    source="S19c, S19j (3.2.13)",
    tags=("agent", "acs"),
    facts=("hosts[].opsmgr.acs_forwarder",),
    setup=("not checked", "The agent's upgrade disables the forwarder without a word."),
)
def audit_forwarders(context: Context) -> list[Finding]:
    """The agent's upgrade disables audit forwarding, so it has to be known beforehand where it was on."""
    known = view(context)
    rows: list[Row] = []
    unknown = []
    for one in known.agents:
        if is_2012(one.version):
            continue
        if one.machine is None or one.machine.facts is None:
            unknown.append(one)
            continue
        state = one.machine.get("opsmgr.acs_forwarder")
        if state and str(state.get("state")).lower() == "running":
            rows.append((one.name, "running", "switched on again by the plan"))
    findings = []
    if rows:
        text = f"{counted(len(rows), 'agent')} forwarding audit events."
        findings.append(Finding(NOTE, text, agent_rows(rows)))
    if unknown and known.may_audit:
        text = f"Whether {counted(len(unknown), 'agent')} {_verb(len(unknown), 'forward')} audit events is not known."
        findings.append(Finding(MANUAL, text, by_parent(unknown, "unknown")))
    return findings or [Finding(PASS, "No agent is known to forward audit events.")]
