"""The management group: what the product itself knows, and what its servers do.

Every change goes through a method here, and the method writes the event. ``revision`` grows with each change, so that the
tables that show the group know when to look again.

Health: a server, gateway or agent is on the air when its HealthService runs on a running machine and somebody it may
report to is on the air. Record and status then tell its ``HealthState``, and ``grey`` otherwise; in the shells a grey one
keeps its last state and is not available, as in the product.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Optional

from tests.lab.world.errors import win32

from .names import POOLS, R2, guid, is_2012, update_text


@dataclass(eq=False)
class Node:
    """A health service: management server, gateway or agent."""

    name: str
    fqdn: str
    kind: str  # management_server, gateway, agent
    version: str = R2
    cumulative_update: int = 0
    install: str = "push"  # push or manual; servers: setup
    primary: Optional[str] = None  # FQDN
    failover: list = field(default_factory=list)
    machine: object = field(default=None, repr=False)
    domain: str = ""
    health: str = "Success"
    available: bool = True
    action_account: str = "LocalSystem"
    installed: object = None
    modified: object = None
    proxying: bool = False
    busy: bool = False  # its own installer is at work: too short to be missed
    architecture: str = "x64"
    avicode: bool = False
    blocked: str = ""  # why a push to it fails

    @cached_property
    def id(self):
        return guid("health service", self.fqdn)

    @property
    def new(self):
        """Whether it runs the 2012 build."""
        return is_2012(self.version)

    @property
    def patch_list(self):
        return "" if self.new else update_text(self.cumulative_update)

    @property
    def is_server(self):
        return self.kind != "agent"

    @property
    def color(self):
        return self.health if self.available else "grey"


@dataclass(eq=False)
class Subscription:
    """A notification subscription."""

    name: str
    enabled: bool = True

    @property
    def id(self):
        return guid("subscription", self.name)


@dataclass(eq=False)
class Connector:
    """A connector of another product; the host runs its Windows service."""

    name: str
    host: str = ""
    service: str = ""
    initialized: bool = True
    internal: bool = False

    @property
    def id(self):
        return guid("connector", self.name)


@dataclass(eq=False)
class Pack:
    """A management pack."""

    name: str
    version: str
    sealed: bool = True
    consistent: bool = True
    display_name: str = ""
    needs: tuple = ()
    builtin: bool = False

    @property
    def id(self):
        return guid("management pack", self.name)


@dataclass(eq=False)
class Pending:
    """An agent in pending management. ``hidden``: only the database's table has it."""

    agent: str
    type: str
    server: Optional[str] = None
    hidden: bool = False
    modified: object = None

    @property
    def id(self):
        return guid("pending", self.agent, self.type)


@dataclass(eq=False)
class Alert:
    """An alert; ``severity`` Information, Warning, Error; resolution state 0 new, 255 closed."""

    name: str
    severity: str = "Warning"
    resolution_state: int = 0
    raised: object = None

    @property
    def id(self):
        return guid("alert", self.name, self.raised)


@dataclass(eq=False)
class DatabasePlace:
    """Where a database of the product is."""

    server: str
    instance: str
    name: str

    @property
    def source(self):
        """``SQL01`` or ``SQL02\\OMDW``, as the registry and the shell show it."""
        return self.server if self.instance.upper() == "MSSQLSERVER" else f"{self.server}\\{self.instance}"


class ManagementGroup:
    """One management group."""

    def __init__(self, world, name, *, language="en"):
        self.world = world
        self.name = name
        self.language = language
        self.id = guid("group", name)
        self.version = R2
        self.nodes = {}
        self._by_key = {}  # id and NetBIOS name in lower case -> node
        self.root = None  # FQDN of the RMS
        self.emulator = None  # FQDN of the holder of the RMS emulator (2012)
        self.cluster = None  # virtual name of a clustered RMS
        self.operational = None
        self.warehouse = None
        self.audit = None
        self.subscriptions = []
        self.connectors = []
        self.packs = []
        self.pending = []
        self.alerts = []
        self.sessions = []
        self.converting = ""  # what a broken conversion left behind
        self.revision = 0
        self.approved_gateways = set()
        self.key_on = set()  # FQDNs that hold the encryption key besides the root
        self.accounts = {}
        self.key_backup = None  # {file, taken_after_cu} of the newest backup of the encryption key
        self.forwarders = set()  # FQDNs of agents without a machine that forward to ACS
        self.setup_running = set()  # machines on which the 2012 setup is at work
        self._quiet = 0
        self._watched = set()

    # ---- looking ----------------------------------------------------------------------------------------------

    @property
    def product(self):
        """2007 or 2012."""
        return "2012" if is_2012(self.version) else "2007"

    @property
    def new(self):
        return is_2012(self.version)

    def node(self, name):
        """The node of an FQDN, a NetBIOS name or an id, or None."""
        wanted = str(name or "").lower()
        return self.nodes.get(wanted) or self._by_key.get(wanted)

    def of_kind(self, *kinds):
        return [n for n in self.nodes.values() if n.kind in kinds]

    @property
    def management_servers(self):
        return self.of_kind("management_server")

    @property
    def gateways(self):
        return self.of_kind("gateway")

    @property
    def agents(self):
        return self.of_kind("agent")

    @property
    def root_node(self):
        return self.node(self.root) if self.root else None

    @property
    def secondaries(self):
        return [n for n in self.management_servers if n.fqdn != self.root]

    def children(self, node):
        """Those whose primary parent is ``node``."""
        return [n for n in self.nodes.values() if n.primary == node.fqdn]

    def node_of(self, machine):
        """The server or gateway node of a machine; its agent's where there is none."""
        found = [n for n in self.nodes.values() if n.machine is machine]
        return next((n for n in found if n.is_server), found[0] if found else None)

    def machines_of_root(self):
        """Machines that run the root's services (a cluster's virtual server is a machine of its own here)."""
        root = self.root_node
        return [root.machine] if root is not None and root.machine is not None else []

    def sdk_available(self):
        """Whether the 2007 Data Access service answers."""
        return any(m.running_windows and running(m, "OMSDK") for m in self.machines_of_root())

    def touched(self):
        """Something changed."""
        self.revision += 1

    def record(self, kind, host=None, **fields):
        """Write an event, for the group as a whole unless a host is named."""
        self.revision += 1
        self.world.record.write(host, kind, **fields)

    # ---- nodes ------------------------------------------------------------------------------------------------

    def add(self, node):
        """A node joins."""
        self.nodes[node.fqdn] = self._by_key[node.id] = self._by_key[node.name.lower()] = node
        fields = {
            "of": node.fqdn,
            "change": "joined",
            "node": node.kind,
            "version": node.version,
            "cumulative_update": node.cumulative_update,
            "health": node.color,
            "install": node.install,
        }
        if node.kind == "agent":
            from .status import agent

            fields["state"] = agent(self.world, node)
        self.record("member", node.name, **fields)
        return node

    def remove(self, node):
        """A node leaves."""
        if self.nodes.pop(node.fqdn, None) is not None:
            self._by_key.pop(node.id, None)
            self._by_key.pop(node.name.lower(), None)
            self.record("member", node.name, of=node.fqdn, change="left", node=node.kind)

    def set_version(self, node, version, level=None):
        """A node runs another build."""
        before = (node.version, node.cumulative_update)
        node.version = version
        if level is not None:
            node.cumulative_update = level
        elif is_2012(version):
            node.cumulative_update = 0
        node.modified = self.world.clock.utc()
        if before != (node.version, node.cumulative_update):
            self.record(
                "version",
                node.name,
                of=node.fqdn,
                from_=before[0],
                to=node.version,
                cumulative_update=node.cumulative_update,
            )

    def set_group_version(self, version):
        """The group itself runs another build."""
        before, self.version = self.version, version
        self.record("group_version", None, from_=before, to=version)

    def set_place(self, kind, place):
        """A database of the product is somewhere else."""
        setattr(self, kind, place)
        self.record(
            "place", None, database=kind, to={"server": place.server, "instance": place.instance, "name": place.name}
        )

    def role(self, machine_name, role, change):
        self.record("role", machine_name, role=role, change=change)

    def set_parents(self, node, primary, failover):
        """Other parents for an agent or gateway; the machine's own registry follows."""
        failover = [f for f in failover if f != primary]
        if node.primary == primary and node.failover == failover:
            return False
        before = node.primary
        node.primary, node.failover = primary, failover
        self.record("parent", None, of=node.fqdn, from_=before, to=primary, failover=failover)
        from .footprint import write_parents

        if node.machine is not None:
            write_parents(node.machine, self, node)
        parent = self.nodes.get(primary)
        if node.kind == "agent" and node.install == "push" and not node.new and parent is not None and parent.new:
            self.add_pending(node.fqdn, "UpdateAgent", parent.fqdn)
        self.refresh_health()
        return True

    # ---- pending management -----------------------------------------------------------------------------------

    def add_pending(self, agent, kind, server=None, hidden=False):
        """An agent appears in pending management (once)."""
        if any(p.agent == agent and p.type == kind for p in self.pending):
            return
        self.pending.append(Pending(agent, kind, server, hidden, self.world.clock.utc()))
        self.record("pending", None, agent=agent, type=kind, change="added", server=server, hidden=hidden)

    def drop_pending(self, entry, change):
        """An entry goes: approved, rejected or cleared."""
        if entry in self.pending:
            self.pending.remove(entry)
            self.record("pending", None, agent=entry.agent, type=entry.type, change=change)

    def blocking_pending(self):
        """Entries that stop the upgrade of a server."""
        return [p for p in self.pending if p.type != "UpdateAgent"]

    def offer_updates(self, server):
        """After a server's upgrade: its pushed agents wait for theirs."""
        waiting = {p.agent for p in self.pending if p.type == "UpdateAgent"}
        for node in self.agents:
            if node.install == "push" and not node.new and node.primary == server.fqdn and node.fqdn not in waiting:
                self.pending.append(Pending(node.fqdn, "UpdateAgent", server.fqdn, False, self.world.clock.utc()))
                self.record(
                    "pending",
                    None,
                    agent=node.fqdn,
                    type="UpdateAgent",
                    change="added",
                    server=server.fqdn,
                    hidden=False,
                )

    # ---- switches ---------------------------------------------------------------------------------------------

    def set_subscription(self, subscription, enabled):
        if subscription.enabled != enabled:
            before, subscription.enabled = subscription.enabled, enabled
            self.record("subscription", None, name=subscription.name, from_=word(before), to=word(enabled))

    def close_sessions(self):
        """Every open console session ends."""
        for name in list(self.sessions):
            self.sessions.remove(name)
            self.record("console", None, name=name, from_="connected", to=None)

    def import_pack(self, pack):
        before = next((p for p in self.packs if p.name.lower() == pack.name.lower()), None)
        if before is not None:
            if before.version == pack.version:
                return
            self.packs.remove(before)
        self.packs.append(pack)
        self.record(
            "management_pack",
            None,
            name=pack.name,
            from_=before.version if before else None,
            to=pack.version,
            sealed=pack.sealed,
            builtin=pack.builtin,
        )

    def remove_pack(self, pack):
        self.packs.remove(pack)
        self.record("management_pack", None, name=pack.name, from_=pack.version, to=None)

    @property
    def pools(self):
        """[(name, members)]: the three automatic pools of 2012."""
        if not self.new:
            return []
        members = [n for n in self.management_servers if n.new]
        return [(name, members) for name in POOLS]

    # ---- health -----------------------------------------------------------------------------------------------

    def watch(self, machine):
        """Follow a machine's HealthService and its going down and coming up."""
        if machine is None or machine.name in self._watched:
            return
        self._watched.add(machine.name)
        machine.on_shutdown.append(lambda m: self.refresh_health())
        machine.on_boot.append(lambda m: self.refresh_health())

    def hook(self, machine):
        """Follow a service that was just installed on a machine."""
        self.watch(machine)
        service = machine.services.get("HealthService")
        if service is not None:
            service.on_started = service.on_stop = lambda s: self.refresh_health()
        sdk = machine.services.get("OMSDK")
        if sdk is not None:
            sdk.on_start = self.check_database
            sdk.on_stop = lambda s: self.close_sessions() if not self.sdk_available() else None

    def check_database(self, service):
        """The Data Access service opens the database that its registry names, and does not start on a half-converted one."""
        if self.converting:
            raise win32(1053, f"{service.name}: the operational database is half converted")
        root = self.root_node or self.node(self.emulator)
        if root is None or root.machine is None or root.machine.services.get("OMSDK") is not service:
            return
        from .places import named_by

        place = named_by(self, root.machine)
        if place is None:
            raise win32(1053, f"{service.name}: the operational database cannot be opened")
        if (place.server, place.instance, place.name) != (
            self.operational.server,
            self.operational.instance,
            self.operational.name,
        ):
            self.set_place("operational", place)

    @contextmanager
    def quiet(self):
        """Several changes, one look at health afterwards."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1
            self.refresh_health()

    def refresh_health(self):
        """See who is on the air, and record who went off or came back."""
        if self._quiet:
            return
        with self.world.lock:
            reached = {}
            for node in self.management_servers:
                reached[node.fqdn] = self._server_lives(node)
            for _unused in range(4):  # gateways may stand in a row
                for node in self.gateways:
                    reached[node.fqdn] = own_service(node) and any(
                        reached.get(p) and self.speaks(node, p) for p in [node.primary, *node.failover]
                    )
            for node in self.agents:
                reached[node.fqdn] = own_service(node) and any(
                    reached.get(p) and self.speaks(node, p) for p in [node.primary, *node.failover]
                )
            for node in self.nodes.values():
                now = reached[node.fqdn] or (node.busy and node.kind == "agent")
                if now != node.available:
                    before, node.available = node.color, now
                    self.record("health", None, of=node.fqdn, from_=before, to=node.color)

    def _server_lives(self, node):
        if self.new and not node.new:
            return False  # cannot speak to an upgraded group
        return own_service(node)

    def speaks(self, child, parent_fqdn):
        """Whether a child and a parent understand each other (old and new do, in both directions)."""
        return parent_fqdn in self.nodes


def running(machine, service):
    """Whether a service runs."""
    found = machine.services.get(service)
    return found is not None and found.running


def own_service(node):
    """Whether a node's HealthService runs on a machine that is up (one that isn't modelled is up)."""
    if node.machine is None:
        return True
    return node.machine.running_windows and running(node.machine, "HealthService")


def word(enabled):
    return "enabled" if enabled else "disabled"
