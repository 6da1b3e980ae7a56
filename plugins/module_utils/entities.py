# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a management group consists of: machines, databases, and what does not agree. Made by ``model.build``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional

from .agents import Agents
from .catalog import is_2012
from .names import Names, natural

Facts = Mapping[str, Any]


def said_roles(entry: Optional[Facts]) -> tuple[str, ...]:
    """The roles that the inventory gives a host (``scom_role``); several of them are parted by commas."""
    words = str((entry or {}).get("role") or "").split(",")
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))


@dataclass(frozen=True)
class Machine:
    """One computer that the inventory or the management group knows as more than an agent.

    ``name`` is its inventory name, or, where the inventory does not have it, the first label of its FQDN in capitals.
    ``facts`` is its HOST of the snapshot, for a cluster's virtual server that told nothing that of a node, None where nothing
    could be read. ``row`` is its line of ``group.servers``.
    ``version`` is the build of its server, gateway or feature; ``update`` the cumulative update of 2007 R2 it carries,
    None where that cannot be known. ``primary`` and ``failover`` are names of machines, or FQDNs of unknown ones.
    ``silent`` says why nothing was read of it. ``unread`` says why nobody knows what of the product is on it, which neither
    its facts tell nor the inventory (``scom_role``): such a machine may hold more than its ``roles``. Both are None for a
    machine that is known, and a cluster is known by its nodes.
    """

    name: str
    fqdn: Optional[str]
    roles: tuple[str, ...]
    facts: Optional[Facts]
    row: Optional[Facts]
    in_inventory: bool
    reachable: bool
    why_unreachable: Optional[str]
    spare: bool
    replaces: Optional[str]
    delegate: Optional[str]
    version: Optional[str]
    update: Optional[int]
    primary: Optional[str]
    failover: tuple[str, ...]
    tier: Optional[int]
    node_of: Optional[str]
    virtual: bool
    agent: bool
    silent: Optional[str] = None
    unread: Optional[str] = None

    @property
    def opsmgr(self) -> Facts:
        """What of the product is on it; empty when nothing is, or nothing is known."""
        return (self.facts or {}).get("opsmgr") or {}

    @property
    def os(self) -> Facts:
        """Its operating system; empty when unknown."""
        return (self.facts or {}).get("os") or {}

    @property
    def sql(self) -> tuple[Facts, ...]:
        """Its SQL Server instances."""
        return tuple((self.facts or {}).get("sql") or ())

    @property
    def is_2012(self) -> bool:
        """Whether its server, gateway or feature is 2012 already."""
        return is_2012(self.version)

    @property
    def is_server(self) -> bool:
        """Whether it is a management server, the root one included."""
        return "management_server" in self.roles or "root_management_server" in self.roles

    @property
    def is_gateway(self) -> bool:
        """Whether it is a gateway."""
        return "gateway" in self.roles

    @property
    def health(self) -> Optional[str]:
        """Its health as the group shows it."""
        return (self.row or {}).get("health")

    @property
    def available(self) -> Optional[bool]:
        """False where the group shows it grey."""
        return (self.row or {}).get("available")

    def service(self, name: str) -> Facts:
        """State of a Windows service on it; empty when it has none of that name."""
        for known, state in ((self.facts or {}).get("services") or {}).items():
            if known.lower() == name.lower():
                return dict(state or {})
        return {}


@dataclass(frozen=True)
class Database:
    """One database of the group: ``what`` is operational, warehouse, audit or reporting; ``server`` a machine's name."""

    what: str
    server: str
    instance: str
    name: str
    facts: Optional[Facts] = field(default=None, compare=False)
    sql: Optional[Facts] = field(default=None, compare=False)

    @property
    def address(self) -> str:
        """The instance as its own machine calls it: ``.`` or ``.\\NAME``."""
        return "." if self.instance == "MSSQLSERVER" else ".\\" + self.instance


@dataclass(frozen=True)
class Disagreement:
    """Something on which inventory, hosts and group do not agree, or that was read only in part.

    ``grave`` says that a plan made from it could be wrong.
    """

    kind: str
    subject: str
    text: str
    remedy: str
    grave: bool = True
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class ManagementGroup:
    """Everything known of one management group. Machines are kept by name, in natural order."""

    name: str
    product: Optional[str]
    version: Optional[str]
    language: str
    machines: dict[str, Machine]
    databases: dict[str, Database]
    agents: Agents
    rms: Optional[str]
    former_roots: tuple[str, ...]
    rms_emulator: Optional[str]
    pending: tuple[Facts, ...]
    subscriptions: tuple[Facts, ...]
    connectors: tuple[Facts, ...]
    consoles: tuple[str, ...]
    management_packs: tuple[Facts, ...]
    resource_pools: tuple[Facts, ...]
    disagreements: tuple[Disagreement, ...]
    journal: tuple[Facts, ...]
    collected: Optional[str]
    known: bool
    names: Names = field(compare=False, repr=False)
    snapshot: Facts = field(compare=False, repr=False)
    agent_hosts: dict[str, str] = field(compare=False, repr=False)

    @property
    def is_2012(self) -> bool:
        """Whether the group itself is upgraded."""
        return self.product == "2012"

    @property
    def update(self) -> Optional[int]:
        """Cumulative update of the root management server, which newly joined servers have to have as well."""
        machine = self.machines.get(self.rms or "")
        return machine.update if machine else None

    def machine(self, name: Optional[str]) -> Optional[Machine]:
        """The machine any name means: of the inventory, FQDN, NetBIOS, of its cluster."""
        found = self.names.find(name)
        return self.machines.get(found) if found else None

    def with_role(self, *roles: str) -> list[Machine]:
        """Machines that hold one of the roles."""
        return [machine for machine in self.machines.values() if any(role in machine.roles for role in roles)]

    @cached_property
    def servers(self) -> list[Machine]:
        """The management servers, the root one included; nodes of its cluster are not servers of their own."""
        return [machine for machine in self.machines.values() if machine.is_server and machine.node_of is None]

    @cached_property
    def secondaries(self) -> list[Machine]:
        """The management servers other than the root one."""
        return [machine for machine in self.servers if machine.name != self.rms]

    @cached_property
    def gateways(self) -> list[Machine]:
        """The gateways, those nearest to the management servers first."""
        found = self.with_role("gateway")
        return sorted(found, key=lambda machine: (machine.tier or 0, natural(machine.name)))

    @cached_property
    def spares(self) -> list[Machine]:
        """Machines that stand ready to take a role, those that have taken one included."""
        return [machine for machine in self.machines.values() if machine.spare]

    @cached_property
    def unread(self) -> dict[str, str]:
        """The machines of which nobody knows what of the product is on them; each may hold any feature of the group."""
        return {machine.name: machine.unread for machine in self.machines.values() if machine.unread is not None}

    @cached_property
    def half_known(self) -> dict[str, str]:
        """The machines of which nothing was read, or not what of the product is on them, each with the reason."""
        told = {machine.name: machine.silent or machine.unread for machine in self.machines.values()}
        return {name: why for name, why in told.items() if why is not None}

    @cached_property
    def nodes(self) -> list[Machine]:
        """The nodes of a clustered root management server."""
        return [machine for machine in self.machines.values() if machine.node_of is not None]

    @cached_property
    def agents_by_parent(self) -> dict[str, list[int]]:
        """Places of the agents by the name of their primary parent: a machine's name, or the FQDN of an unknown one."""
        found: dict[str, list[int]] = {}
        parents: dict[Optional[str], str] = {}
        for place, primary in enumerate(self.agents.primary):
            if primary not in parents:
                parents[primary] = self.names.find(primary) or primary or ""
            found.setdefault(parents[primary], []).append(place)
        return found

    def agent_host(self, fqdn: str) -> Optional[str]:
        """Inventory name of the machine an agent runs on; None where the inventory does not have it."""
        return self.agent_hosts.get(fqdn)

    def host_facts(self, name: str) -> Optional[Facts]:
        """HOST of any inventory host, agents included."""
        found: Optional[Facts] = self.snapshot["hosts"].get(name)
        return found

    def entries(self, event: Optional[str] = None, step: Optional[str] = None) -> list[Facts]:
        """Journal entries by event and step id, oldest first."""
        return [
            entry
            for entry in self.journal
            if (event is None or entry.get("event") == event) and (step is None or entry.get("step") == step)
        ]
