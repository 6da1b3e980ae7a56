# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps on agents: those installed by hand one by one, pushed ones in batches, and those that change their parents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ..names import natural
from ..plan import MANUAL, Step
from ..rules.text import counted
from ..spares import GATEWAY, MANAGEMENT_SERVER
from .context import Context, fact, until

Move = dict[str, Any]
AFTER_SINGLE = fact(
    "Without a secondary management server, agents come after the group.", "position.agents", "after_group", "", "later guide",
    "S19e",
)  # fmt: skip


def manual_agents(context: Context, late: bool = False) -> list[Step]:
    """For each agent installed by hand: its console removed where it has one (O17), then the agent upgraded."""
    group = context.group
    names = group.agents.names
    found: list[Step] = []
    places = [
        place
        for place, manual in enumerate(group.agents.manual)
        if manual and not context.upgraded[place] and (names[place] in context.late) == late
    ]
    hosts = {place: group.agent_host(names[place]) for place in places}
    for place in sorted(places, key=lambda one: (natural(hosts[one] or names[one]), names[one])):
        host = hosts[place]
        facts = (group.host_facts(host) if host else None) or {}
        if not context.behind((facts.get("opsmgr") or {}).get("agent_version") or group.agents.versions[place]):
            continue
        phase = "post_upgrade" if late else "manual_agents"
        removal = _console_removal(context, host, facts, phase)
        found += removal
        found.append(_upgrade(context, place, host, facts, phase, [step.id for step in removal]))
    return found


def _upgrade(
    context: Context, place: int, host: Optional[str], facts: Mapping[str, Any], phase: str, requires: Iterable[str]
) -> Step:
    group = context.group
    name = group.agents.names[place]
    label = host or name
    version = group.agents.versions[place]
    mode, parameters = context.mode_of(host)
    system = facts.get("os") or {}
    avicode = [one for one in facts.get("software") or () if "avicode" in str(one.get("name")).lower()]
    forwarder = _forwards(facts)
    why = [fact(f"{name} was installed by hand and has build {version}.", f"group.agents[{name}].version", version, "R22",
                source="S5, S9")]  # fmt: skip
    before = context.decision.position["manual_agents"] == "before_group"
    if not before:
        why.append(AFTER_SINGLE)
    elif phase != "manual_agents":
        why.append(
            fact(f"{label} was left for after the group upgrade.", "inputs.late_agents", label, "R22", "inferred")
        )
    if avicode:
        why.append(fact(f"{label} runs AVIcode, so the agent comes without APM.", f"hosts.{label}.software",
                        avicode[0].get("version"), "R20", source="S13"))  # fmt: skip
    if mode == MANUAL:
        told = group.snapshot["unreachable"].get(host or "") or "The inventory does not have it."
        why.append(fact(f"{label} cannot be reached, so a person upgrades it: {told}", f"unreachable.{label}", told,
                        evidence="documented", source="S9"))  # fmt: skip
    return context.step(
        f"{phase}.upgrade.{label}",
        "agent.upgrade",
        f"Upgrade the agent on {label}" + (" by hand" if mode == MANUAL else ""),
        [host] if host else [],
        why=why,
        done_when=[
            until(
                f"The agent on {label} shows build {context.target}.", f"group.agents[{name}].version", context.target
            )
        ],
        requires=requires,
        parameters={
            "agent": name,
            "architecture": system.get("architecture"),
            "no_apm": bool(avicode),
            "acs_forwarder": forwarder,
            **parameters,
        },
        mode=mode,
        order=None if phase == "manual_agents" and before else (),
    )


def _forwards(facts: Mapping[str, Any]) -> bool:
    """Whether audit forwarding is on; the agent's upgrade switches it off."""
    forwarder = (facts.get("opsmgr") or {}).get("acs_forwarder") or {}
    return forwarder.get("state") == "running" or forwarder.get("start_mode") == "auto"


def _console_removal(context: Context, host: Optional[str], facts: Mapping[str, Any], phase: str) -> list[Step]:
    opsmgr = facts.get("opsmgr") or {}
    console = opsmgr.get("console") or ({"version": opsmgr["ui_version"]} if opsmgr.get("ui_version") else None)
    web = opsmgr.get("web_console")
    if not host or not (console or web):
        return []
    mode, parameters = context.mode_of(host)
    what = " and ".join(name for name, one in (("console", console), ("web console", web)) if one)
    return [
        context.step(
            f"{phase}.console.{host}",
            "console.remove",
            f"Remove the {what} from {host}",
            [host],
            why=[fact(f"{host} has a {what} beside its agent.", f"hosts.{host}.opsmgr.console",
                      (console or web or {}).get("version"), "R30", "later guide", "S19c")],
            done_when=[until(f"{host} has no console any more.", f"hosts.{host}.opsmgr.console", None)],
            parameters={"web_console": bool(web), **parameters},
            mode=mode,
        )
    ]  # fmt: skip


def pushed_agents(context: Context) -> list[Step]:
    """Consoles off pushed agents' machines, agents of the RMS moved, then approvals in batches, one after another.

    A batch is made of all pushed agents by name, upgraded or not, so that it is the same batch in every plan.
    """
    group = context.group
    names = group.agents.names
    pushed = [place for place, manual in enumerate(group.agents.manual) if not manual]
    left = [place for place in pushed if not context.upgraded[place]]
    found: list[Step] = []
    for place in left:
        host = group.agent_host(names[place])
        if host:
            found += _console_removal(context, host, group.host_facts(host) or {}, "pushed_agents")
    move = _move_off_root(context, left)
    found += move
    size = context.inputs["push_batch"]
    before = [step.id for step in found]
    first = context.decision.position["pushed_agents"] == "before_group"
    hosts = context.talker() if first else context.later_talker()
    for start in range(0, len(pushed), size):
        agents = [names[place] for place in pushed[start : start + size] if not context.upgraded[place]]
        if not agents:
            continue
        number = start // size + 1
        name = f"pushed_agents.batch.{number:03}"
        forwarders = [
            host for host in map(group.agent_host, agents) if host and _forwards(group.host_facts(host) or {})
        ]
        found.append(
            context.step(
                name,
                "agents.approve",
                f"Upgrade {counted(len(agents), 'pushed agent')} (batch {number})",
                hosts,
                why=[fact(f"{counted(len(agents), 'pushed agent')} below {context.target}, {agents[0]} among them.",
                          "group.agents.version", len(agents), "R31", "later guide", "S19c"),
                     *(() if first else (AFTER_SINGLE,))],
                done_when=[until(f"All agents of the batch show build {context.target}.", "group.agents.version",
                                 context.target)],
                requires=before,
                parameters={"agents": agents, **({"acs_forwarders": forwarders} if forwarders else {})},
                size=len(agents),
                order=None if first else (),
            )
        )  # fmt: skip
        before = [name]
    return found


def _move_off_root(context: Context, left: Iterable[int]) -> list[Step]:
    """Pushed agents of a root that stays: they only become pending under an upgraded server."""
    group = context.group
    root = group.rms
    if not context.old_group or root is None or root in context.retire:
        return []
    if context.decision.position["pushed_agents"] != "before_group":
        return []
    mine = [place for place in left if group.names.find(group.agents.primary[place]) == root]
    targets = [name for name in context.servers_to_be if name != root]
    if not mine or not targets:
        return []
    to = context.fqdn(targets[0])
    others = [context.fqdn(name) for name in targets[1:]]
    prepared = _prepared(context)
    moves = []
    for place in mine:
        name = group.agents.names[place]
        known = prepared[name]["failover"] if name in prepared else group.agents.failover[place]
        failover = [one for one in known if one != to and group.names.find(one) != root]
        moves.append({"agent": name, "primary": to, "failover": failover or others[:1]})
    return [_move_step(context, "pushed_agents.move", moves, root, to, context.talker(), why=[
        fact(f"{counted(len(moves), 'pushed agent')} with {root} as primary, which is upgraded last.", "group.agents.primary", len(moves),
             "", "inferred", "O5"),
    ], prepared=prepared)]  # fmt: skip


def _prepared(context: Context) -> Mapping[str, Move]:
    """The parents that agents have once the machines of ``prepare`` have left, where those differ from today's."""
    return {move["agent"]: move for step in moves_off(context) for move in step.parameters["moves"]}


def _move_step(
    context: Context,
    name: str,
    moves: list[Move],
    source: str,
    to: str,
    hosts: Iterable[str],
    why: list[Any],
    title: Optional[str] = None,
    done: Optional[str] = None,
    prepared: Optional[Mapping[str, Move]] = None,
) -> Step:
    group = context.group
    before = []
    for move in moves:
        agent = group.agents.find(move["agent"])
        if agent is not None:
            today = {"agent": agent.name, "primary": agent.primary, "failover": list(agent.failover)}
            before.append((prepared or {}).get(agent.name, today))
    return context.step(
        name,
        "agents.move",
        title or f"Move {counted(len(moves), 'agent')} from {source} to {to}",
        hosts,
        why=why,
        done_when=[until(done or f"The agents report to {to}.", "group.agents.primary", to)],
        parameters={
            "agents": [move["agent"] for move in moves],
            "from": context.fqdn(source),
            "to": to,
            "failover": sorted({one for move in moves for one in move["failover"]}),
            "moves": moves,
            "before": before,
        },
        size=len(moves),
    )


def moves_off(context: Context) -> list[Step]:
    """Agents of each server and gateway that leaves, moved to who takes over; also where it is only their failover."""
    return context.once("moves_off", lambda: _moves_off(context))


def _moves_off(context: Context) -> list[Step]:
    group = context.group
    if not context.old_group:
        return []
    found: list[Step] = []
    for name in context.retire:
        machine = group.machines[name]
        if machine.node_of:
            continue
        kind = GATEWAY if machine.is_gateway else MANAGEMENT_SERVER
        pair = context.decision.replacement(name, kind)
        by = pair.by if pair else None
        if by is None:
            continue
        to = context.fqdn(by)
        spare = [context.fqdn(one) for one in context.servers_to_be if one != by]
        moves: list[Move] = []
        homes = 0
        for place in range(len(group.agents)):
            primary = group.agents.primary[place]
            failover = group.agents.failover[place]
            at_home = group.names.find(primary) == name
            if not at_home and not any(group.names.find(one) == name for one in failover):
                continue
            new = to if at_home else str(primary)
            kept = [one for one in failover if group.names.find(one) not in context.retire and one != new]
            if not kept and kind == MANAGEMENT_SERVER:
                kept = [one for one in ([to] if new != to else []) + spare if one != new][:1]
            if not at_home and group.names.find(primary) in context.retire:
                continue
            moves.append({"agent": group.agents.names[place], "primary": new, "failover": kept})
            homes += at_home
        if moves:
            found.append(_move_step(context, f"prepare.agents.{name}", moves, name, to, context.talker(), why=[
                fact(_on_leaving(name, homes, len(moves) - homes), "group.agents.primary", len(moves), "R26", "inferred",
                     "S1, S26"),
            ], title=_move_title(name, to, homes, len(moves) - homes),
                done=f"No agent reports to {name} or falls back on it."))  # fmt: skip
    return found


def _on_leaving(name: str, homes: int, others: int) -> str:
    """What agents have to do with a machine that leaves."""
    parts = [f"{counted(homes, 'agent')} with {name} as primary"] if homes else []
    parts += [f"{counted(others, 'agent')} with {name} as failover only"] if others else []
    return f"{name} leaves the group, and it has {' and '.join(parts)}."


def _move_title(name: str, to: str, homes: int, others: int) -> str:
    """Agents whose primary leaves move; where it is their failover only they get another one."""
    if not homes:
        return f"Take {name} off the failover servers of {counted(others, 'agent')}"
    rest = f", and take it off the failover servers of {others} more" if others else ""
    return f"Move {counted(homes, 'agent')} from {name} to {to}{rest}"


def agents_return(context: Context) -> list[Step]:
    """What ``pushed_agents.move`` took from the root is given back after the upgrade."""
    group = context.group
    if not context.inputs["return_agents"]:
        return []
    former: dict[str, Move] = {}
    for entry, parents in context.saved("parents"):
        if str(entry.get("step") or "").startswith("pushed_agents.move"):
            for one in parents:
                former.setdefault(str(one.get("agent")).lower(), dict(one))
    coming = _move_off_root(
        context, [p for p, m in enumerate(group.agents.manual) if not m and not context.upgraded[p]]
    )
    for step in coming:
        for one in step.parameters["before"]:
            former.setdefault(one["agent"], dict(one))
    moving = {agent for step in coming for agent in step.parameters["agents"]}
    moves: list[Move] = []
    for name in sorted(former):
        agent = group.agents.find(name)
        primary = str(former[name].get("primary") or "").lower()
        home = group.machine(primary)
        if agent is None or home is None or home.name in context.retire:
            continue
        if agent.primary == primary and name not in moving:
            continue
        moves.append({"agent": name, "primary": primary, "failover": list(former[name].get("failover") or ())})
    if not moves:
        return []
    return [
        context.step(
            "post_upgrade.agents_return",
            "agents.move",
            f"Give {counted(len(moves), 'agent')} back the parents they had",
            context.later_talker(),
            why=[fact(f"The upgrade moved {counted(len(moves), 'agent')} off the root management server.",
                      "journal.saved.parents", len(moves), "", "inferred", "O5")],
            done_when=[until("The agents have the parents that the journal kept.", "group.agents.primary", None)],
            parameters={
                "agents": [move["agent"] for move in moves],
                "to": moves[0]["primary"],
                "failover": sorted({one for move in moves for one in move["failover"]}),
                "moves": moves,
            },
            size=len(moves),
            order=(),
        )
    ]  # fmt: skip


def acs_forwarders(context: Context) -> list[Step]:
    """Audit forwarding back on where it was on; the agent's upgrade switches it off."""
    group = context.group
    wanted: dict[str, str] = {}
    for entry, value in context.saved("acs_forwarder"):
        if value and entry.get("host"):
            wanted[str(entry["host"])] = "journal.saved.acs_forwarder"
    for _entry, hosts in context.saved("acs_forwarders"):
        for host in hosts:
            wanted[str(host)] = "journal.saved.acs_forwarders"
    for host in list(wanted):
        facts = group.host_facts(host)
        if facts is None or (((facts.get("opsmgr") or {}).get("acs_forwarder") or {}).get("state") == "running"):
            del wanted[host]
    for place, name in enumerate(group.agents.names):
        host = group.agent_host(name)
        if host and not context.upgraded[place]:
            facts = group.host_facts(host) or {}
            if _forwards(facts) and not context.upgraded[place] and context.behind(
                (facts.get("opsmgr") or {}).get("agent_version") or group.agents.versions[place]
            ):  # fmt: skip
                wanted[host] = f"hosts.{host}.opsmgr.acs_forwarder"
    found = []
    for host in sorted(wanted, key=natural):
        mode, parameters = context.mode_of(host)
        found.append(
            context.step(
                f"post_upgrade.acs_forwarder.{host}",
                "acs_forwarder.enable",
                f"Switch audit forwarding on {host} on again",
                [host],
                why=[fact(f"{host} forwards audit events, and the agent's upgrade switches that off.", wanted[host], True,
                          "", "later guide", "S19c, S19j")],
                done_when=[until(f"The forwarder on {host} runs.", f"hosts.{host}.opsmgr.acs_forwarder.state", "running")],
                parameters={"service": "AdtAgent", **parameters},
                mode=mode,
            )
        )  # fmt: skip
    return found
