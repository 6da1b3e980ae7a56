# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pictures before and after: the group of the snapshot, and the same group when every step of the plan is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from .. import model
from ..catalog import is_2012, os_text
from ..catalog.configurations import sql_release
from ..facts import SnapshotError, load
from ..names import sql_address
from .digest_types import Digest, ReportError, Step
from .topology import Machine, Topology, count_groups

_DATABASE_ROLES = {
    "operational": "operational_database",
    "warehouse": "data_warehouse",
    "audit": "acs_database",
    "reporting": "reporting",
}


def topologies(digest: Digest) -> tuple[Optional[Topology], Optional[Topology]]:
    """The group before and after the upgrade; None without a snapshot."""
    if digest.snapshot is None:
        return None, None
    try:
        group = model.build(load(digest.snapshot))
    except SnapshotError as problem:
        raise ReportError(f"report.snapshot: {problem}") from problem
    before = _before(group, digest)
    return before, _After(group, digest, before).topology()


def _before(group: model.ManagementGroup, digest: Digest) -> Topology:
    agents = _count(group, _parents(group), False)
    machines = [_machine(group, one, digest) for one in group.machines.values()]
    return Topology(
        tuple(replace(one, agents=agents.get(one.name, ())) for one in machines), "The group before the upgrade"
    )


def _machine(group: model.ManagementGroup, one: model.Machine, digest: Digest) -> Machine:
    marks = [
        mark
        for mark, on in (
            ("rms", one.name == group.rms),
            ("emulator", one.name == group.rms_emulator),
            ("node", one.node_of is not None),
            ("leaving", one.name in digest.retire),
            ("spare", one.spare and not one.roles),
        )
        if on
    ]
    return Machine(
        name=one.name,
        roles=one.roles,
        system=os_text(one.os) if one.os else "",
        version=version_text(one.version, one.update),
        parent=one.primary or "",
        failover=one.failover,
        marks=tuple(marks),
        note=_sql_text(one),
    )


def version_text(version: Optional[str], update: Optional[int]) -> str:
    """``2012``, ``2007 R2 CU5``, or the build where it is neither."""
    if not version:
        return ""
    if is_2012(version):
        return "2012"
    if not version.startswith("6.1."):
        return version
    return f"2007 R2 CU{update}" if update else "2007 R2"


def _sql_text(one: model.Machine) -> str:
    names = []
    for instance in one.sql:
        row = sql_release(instance.get("version"))
        names.append(row.name if row else f"SQL Server {instance.get('version') or ''}".strip())
    return ", ".join(dict.fromkeys(names))


def _parents(group: model.ManagementGroup) -> list[str]:
    """The parent of each agent, by its place in the columns."""
    found = [""] * len(group.agents)
    for parent, places in group.agents_by_parent.items():
        for place in places:
            found[place] = parent
    return found


def _count(group: model.ManagementGroup, parents: Sequence[str], upgraded: bool) -> dict[str, Any]:
    agents = group.agents
    labels: dict[tuple[Optional[str], Optional[int]], str] = {}

    def label(place: int) -> str:
        key = (agents.versions[place], agents.updates[place])
        if key not in labels:
            labels[key] = version_text(*key)
        return labels[key]

    return count_groups(
        (parents[place], "manual" if agents.manual[place] else "pushed", "2012" if upgraded else label(place))
        for place in range(len(agents))
    )


class _After:
    """Applies what the steps do, in their order, to the picture before."""

    def __init__(self, group: model.ManagementGroup, digest: Digest, before: Topology) -> None:
        self.group = group
        self.digest = digest
        self.machines = {machine.name: machine for machine in before.machines}
        self.parents = _parents(group)

    def topology(self) -> Topology:
        for step in self.digest.steps:
            self._apply(step)
        agents = _count(self.group, self.parents, True)
        drawn = [self._upgraded(replace(one, agents=agents.get(one.name, ()))) for one in self.machines.values()]
        return Topology(tuple(drawn), "The group after the upgrade")

    def _apply(self, step: Step) -> None:
        given = step.parameters
        if step.kind == "server.join":
            self._join(step.hosts, "management_server", "")
        elif step.kind == "gateway.install":
            self._join(step.hosts, "gateway", self._name(given.get("management_server")))
        elif step.kind == "gateway.parents":
            self._move_gateway(given)
        elif step.kind == "agents.move":
            self._move_agents(given)
        elif step.kind == "group.upgrade":
            self._add_warehouse(given)
        elif step.kind == "database.move":
            self._move_role(step, _DATABASE_ROLES.get(str(given.get("what") or "operational"), "operational_database"))
        elif step.kind == "reporting.move":
            self._move_role(step, "reporting")

    def _name(self, value: object) -> str:
        found = self.group.machine(str(value)) if value else None
        return found.name if found else ""

    def _join(self, hosts: Sequence[str], role: str, parent: str) -> None:
        for host in hosts[:1]:
            old = self.machines.get(host, Machine(host))
            roles = tuple(dict.fromkeys((*old.roles, role)))
            marks = tuple(mark for mark in old.marks if mark != "spare")
            self.machines[host] = replace(old, roles=roles, marks=(*marks, "new"), parent=parent or old.parent)

    def _move_gateway(self, given: Mapping[str, Any]) -> None:
        machine = self.machines.get(self._name(given.get("gateway")))
        parent = self._name(given.get("to"))
        if machine is not None and parent:
            self.machines[machine.name] = replace(machine, parent=parent)

    def _move_agents(self, given: Mapping[str, Any]) -> None:
        moves = given.get("moves")
        if not isinstance(moves, (list, tuple)):
            moves = [{"agent": agent, "primary": given.get("to")} for agent in given.get("agents") or ()]
        targets: dict[str, str] = {}
        for move in moves:
            name = str(move.get("primary"))
            target = targets.setdefault(name, self._name(name))
            place = self.group.agents.place(str(move.get("agent")))
            if place is not None and target:
                self.parents[place] = target

    def _add_warehouse(self, given: Mapping[str, Any]) -> None:
        """Setup adds a data warehouse where the group has none."""
        warehouse = given.get("warehouse")
        server = str(warehouse.get("server") or "") if isinstance(warehouse, Mapping) else ""
        machine = self.machines.get(self._name(sql_address(server)[0]))
        if machine is not None and "data_warehouse" not in machine.roles:
            self.machines[machine.name] = replace(machine, roles=(*machine.roles, "data_warehouse"))

    def _move_role(self, step: Step, role: str) -> None:
        source = self._name(step.parameters.get("from"))
        target = self._name(step.parameters.get("to")) or next(
            (host for host in reversed(step.hosts) if host != source), ""
        )
        for name, machine in self.machines.items():
            if role in machine.roles and name != target:
                self.machines[name] = replace(machine, roles=tuple(one for one in machine.roles if one != role))
        if target in self.machines:
            self._join((target,), role, "")

    def _upgraded(self, machine: Machine) -> Machine:
        """How a machine looks in the end."""
        digest = self.digest
        node_of = self.group.machines[machine.name].node_of if machine.name in self.group.machines else None
        if machine.name in digest.retire or node_of in digest.retire:
            return replace(machine, marks=("left",), version="", agents=(), note="")
        roles = machine.roles
        marks = [mark for mark in machine.marks if mark in ("new", "node", "spare", "emulator")]
        if "root_management_server" in roles:
            roles = tuple(dict.fromkeys("management_server" if r == "root_management_server" else r for r in roles))
        if machine.name == digest.run_from:
            marks += ["run_from"] + (["emulator"] if "emulator" not in marks and digest.steps else [])
        if not roles and machine.name in self.group.machines and self.group.machines[machine.name].roles:
            marks.append("idle")
        product = bool(roles) and (bool(machine.version) or "new" in marks) and machine_carries_product(roles)
        return replace(machine, roles=roles, marks=tuple(marks), version="2012" if product else machine.version)


def machine_carries_product(roles: Sequence[str]) -> bool:
    """Whether one of the roles is a program of the product; a machine that only holds databases carries none."""
    return any(role not in ("operational_database", "data_warehouse", "acs_database") for role in roles)
