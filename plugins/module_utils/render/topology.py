# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A management group as a picture needs it: machines with roles and marks, agents counted under their parents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SERVER_ROLES = ("root_management_server", "management_server")


@dataclass(frozen=True)
class AgentGroup:
    """Agents that are alike: same parent, same installation, same version."""

    count: int
    install: str
    version: str


@dataclass(frozen=True)
class Machine:
    """One machine in the picture. ``marks`` are any of rms, emulator, run_from, new, spare, left, leaving, node."""

    name: str
    roles: tuple[str, ...] = ()
    system: str = ""
    version: str = ""
    parent: str = ""
    failover: tuple[str, ...] = ()
    agents: tuple[AgentGroup, ...] = ()
    marks: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_server(self) -> bool:
        return any(role in SERVER_ROLES for role in self.roles)

    @property
    def is_gateway(self) -> bool:
        return "gateway" in self.roles

    @property
    def agent_count(self) -> int:
        return sum(group.count for group in self.agents)


@dataclass(frozen=True)
class Topology:
    """All machines, before or after the upgrade."""

    machines: tuple[Machine, ...]
    title: str = ""

    def band(self, name: str) -> list[Machine]:
        """The machines of one band of the picture: servers, data, others, spare or left; gateways hang below servers."""
        return [machine for machine in self.machines if band_of(machine) == name]

    def gateways(self) -> dict[str, list[Machine]]:
        """Gateways by the name of what they report to; those that hang below no server are listed under an empty name."""
        below: dict[str, list[Machine]] = {}
        for machine in self.band("gateways"):
            below.setdefault(machine.parent, []).append(machine)
        reached: set[str] = set()
        names = [machine.name for machine in self.band("servers")]
        for name in names:
            if name not in reached:
                reached.add(name)
                names += [child.name for child in below.get(name, ())]
        lost = [machine for machine in self.band("gateways") if machine.name not in reached]
        kept = {name: found for name, found in below.items() if name in reached}
        return {**kept, "": lost} if lost else kept


def band_of(machine: Machine) -> str:
    """Where a machine stands in the picture."""
    if "left" in machine.marks:
        return "left"
    if machine.is_server:
        return "servers"
    if machine.is_gateway:
        return "gateways"
    if "spare" in machine.marks or not machine.roles:
        return "spare"
    data = ("operational_database", "data_warehouse", "reporting", "acs_database")
    return "data" if any(role in data for role in machine.roles) else "others"


def count_groups(agents: Iterable[tuple[str, str, str]]) -> dict[str, tuple[AgentGroup, ...]]:
    """Agents as ``(parent, install, version)``, counted by parent; the largest group first."""
    counts: dict[tuple[str, str, str], int] = {}
    for key in agents:
        counts[key] = counts.get(key, 0) + 1
    found: dict[str, list[AgentGroup]] = {}
    for (parent, install, version), number in counts.items():
        found.setdefault(parent, []).append(AgentGroup(number, install, version))
    return {parent: tuple(_sorted(groups)) for parent, groups in found.items()}


def _sorted(groups: Sequence[AgentGroup]) -> list[AgentGroup]:
    return sorted(groups, key=lambda group: (-group.count, group.install, group.version))
