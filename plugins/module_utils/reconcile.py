# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What inventory, hosts and management group do not agree on, each with its remedy; nothing is ever put right by guessing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

from .agents import Agents
from .catalog import ROLES, parse_version
from .entities import Disagreement, Facts, Machine, said_roles
from .names import Names, ordered


def reconcile(
    machines: Mapping[str, Machine],
    group: Facts,
    group_name: str,
    inventory: Mapping[str, Facts],
    agents: Agents,
    names: Names,
    former_roots: Iterable[str],
) -> list[Disagreement]:
    """Everything that does not agree. ``group`` is GROUP of the snapshot, empty where the group could not be asked."""
    found = [*_group(group, group_name), *_roles(inventory)]
    former = set(former_roots)
    for machine in machines.values():
        found += _machine(machine, group, group_name, former)
    for fqdn in agents.doubled:
        text = f"The group lists the agent {fqdn} twice."
        found.append(Disagreement("agent_twice", fqdn, text, "Delete the stale one.", False))
    found += _agent_parents(machines, agents, names)
    return [*found, *(_gateway_parents(machines) if group else ())]


def _group(group: Facts, group_name: str) -> Iterator[Disagreement]:
    if not group:
        yield Disagreement(
            "group_unknown",
            group_name or "management group",
            "The management group itself could not be asked.",
            "Make the root management server reachable and run discovery again.",
        )
    for place, why in sorted((group.get("unknown") or {}).items()):
        yield Disagreement(
            "group_fact_unknown",
            f"group.{place}",
            f"{place} of the group could not be read: {why}",
            "Cure the cause and run discovery again.",
            place.split(".")[0] in ("servers", "agents", "group"),
        )


def _roles(inventory: Mapping[str, Facts]) -> Iterator[Disagreement]:
    for name, entry in sorted(inventory.items()):
        for role in said_roles(entry):
            if role not in (*ROLES, "agent"):
                yield Disagreement(
                    "role_unknown",
                    name,
                    f"The inventory says that {name} is a {role}, which is no role.",
                    "Correct scom_role; it is one or several of {}, agent.".format(", ".join(ROLES)),
                    False,
                )


def _machine(machine: Machine, group: Facts, group_name: str, former: set[str]) -> Iterator[Disagreement]:
    name = machine.name
    if machine.row is not None and not machine.in_inventory and not machine.virtual:
        yield Disagreement(
            "server_not_in_inventory",
            name,
            f"The group knows {machine.fqdn} as a server, and the inventory does not have it.",
            "Add it to the inventory.",
        )
    if group and machine.row is None and machine.facts is not None and machine.node_of is None:
        yield from _stranger(machine, group_name, former)
    if machine.in_inventory and (machine.silent or machine.unread):
        yield _silent(machine)
    by_host, by_group = machine.opsmgr.get("server_version"), (machine.row or {}).get("version")
    if by_host and by_group and parse_version(by_host) != parse_version(by_group) and machine.is_server:
        yield Disagreement(
            "versions_differ",
            name,
            f"{name} itself says build {by_host}, the group says {by_group}.",
            "Wait until the group has heard of the change, then run discovery again.",
            False,
        )
    for place, why in sorted(((machine.facts or {}).get("unknown") or {}).items()):
        yield Disagreement(
            "fact_unknown",
            f"{name}.{place}",
            f"{place} of {name} could not be read: {why}",
            "Cure the cause and run discovery again; rules that need it answer 'manual'.",
            False,
        )


def _silent(machine: Machine) -> Disagreement:
    """A machine that gave no facts, or whose facts do not tell what of the product is on it."""
    why = machine.silent or machine.unread
    remedy = "Make it reachable, or correct its address, and run discovery again."
    if machine.row is not None or machine.roles:
        return Disagreement("server_without_facts", machine.name, f"{machine.name} gave no facts: {why}", remedy)
    text = f"{machine.name} gave no facts, and nobody says what it holds: {why}"
    return Disagreement("host_without_role", machine.name, text, f"{remedy} Or say in scom_role what it is.")


def _stranger(machine: Machine, group_name: str, former: set[str]) -> Iterator[Disagreement]:
    """A machine that calls itself a server while the group does not know it."""
    if machine.is_server or machine.is_gateway:
        yield Disagreement(
            "host_not_in_group",
            machine.name,
            f"{machine.name} carries a server of this group, and the group does not know it.",
            "Remove the leftover from the machine, or let it join the group again.",
            machine.name not in former,
        )
        return
    others = [str(one.get("name")) for one in machine.opsmgr.get("server_groups") or ()]
    if others and group_name not in others:
        yield Disagreement(
            "other_group",
            machine.name,
            "{} is a server of another management group: {}.".format(machine.name, ", ".join(others)),
            "Take it out of this inventory.",
        )


def _agent_parents(machines: Mapping[str, Machine], agents: Agents, names: Names) -> Iterator[Disagreement]:
    lost: dict[str, list[str]] = {}
    known: dict[Optional[str], bool] = {}
    for place, primary in enumerate(agents.primary):
        if primary not in known:
            machine = machines.get(names.find(primary) or "")
            known[primary] = machine is not None and (machine.is_server or machine.is_gateway)
        if not known[primary]:
            lost.setdefault(primary or "nobody", []).append(agents.names[place])
    for parent in ordered(lost):
        found = lost[parent]
        yield Disagreement(
            "agent_parent_unknown",
            parent,
            f"{len(found)} agents, {found[0]} among them, report to {parent}, which is no server of the group.",
            "Give them another parent, or delete the agents that are gone.",
            True,
            tuple(found),
        )


def _gateway_parents(machines: Mapping[str, Machine]) -> Iterator[Disagreement]:
    for machine in machines.values():
        above = machines.get(machine.primary or "")
        if not machine.is_gateway or machine.primary is None:
            continue
        if above is None or not (above.is_server or above.is_gateway):
            yield Disagreement(
                "gateway_parent_unknown",
                machine.name,
                f"The gateway {machine.name} reports to {machine.primary}, which is no server of the group.",
                "Give it another parent.",
            )
