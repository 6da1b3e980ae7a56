# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The management group as one typed object, made from a snapshot by :func:`build`.

Roles, databases, identity and the tiers of gateways are derived here and nowhere else; so is everything on which the
inventory and the management group disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional

from .agents import Agent, Agents
from .catalog import ROLES, is_2012, parse_version, update_level
from .names import Names, instance_name, natural, ordered, short, sql_address

__all__ = ["Agent", "Agents", "Database", "Disagreement", "Machine", "ManagementGroup", "build"]

AUDIT_DATABASE = "OperationsManagerAC"
REPORT_DATABASE = "ReportServer"
ROLE_ORDER = {role: place for place, role in enumerate(ROLES)}
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Machine:
    """One computer that the inventory or the management group knows as more than an agent.

    ``name`` is its inventory name, or, where the inventory does not have it, the first label of its FQDN in capitals.
    ``facts`` is its HOST of the snapshot, None where nothing could be read. ``row`` is its line of ``group.servers``.
    ``version`` is the build of its server, gateway or feature; ``update`` the cumulative update of 2007 R2 it carries,
    None where that cannot be known. ``primary`` and ``failover`` are names of machines, or FQDNs of unknown ones.
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


def build(snapshot: Facts) -> ManagementGroup:
    """The typed group of a checked snapshot (see ``facts.load``). Never fails on facts that are missing or contradict."""
    return _Builder(snapshot).build()


class _Builder:
    """Takes a snapshot apart; each method derives one part and leaves it on the object."""

    def __init__(self, snapshot: Facts) -> None:
        self.snapshot = snapshot
        self.hosts: Mapping[str, Facts] = snapshot["hosts"]
        self.group: Facts = snapshot.get("group") or {}
        self.inventory: Mapping[str, Facts] = snapshot.get("inventory") or {}
        self.unreachable: Mapping[str, str] = snapshot.get("unreachable") or {}
        self.agents = Agents(self.group.get("agents"))
        self.disagreements: list[Disagreement] = []
        self.names = Names()
        self.rows: dict[str, Facts] = {}
        self.outsiders: dict[str, str] = {}
        self.agent_hosts: dict[str, str] = {}
        self.roles: dict[str, set[str]] = {}
        self.databases: dict[str, Database] = {}
        self.virtual: dict[str, str] = {}
        self.former_roots: list[str] = []

    def build(self) -> ManagementGroup:
        self.group_name = str(self.group.get("name") or self._name_by_hosts() or "")
        everyone = self._identify()
        self._find_databases(everyone)
        for name in everyone:
            self.roles[name] = self._roles(name)
        self._name_nodes()
        rms = self._root()
        machines = self._machines(everyone, rms)
        self._compare(machines)
        return ManagementGroup(
            name=self.group_name,
            product=self.group.get("product"),
            version=self.group.get("version"),
            language=str(self.group.get("language") or "en"),
            machines=machines,
            databases=self.databases,
            agents=self.agents,
            rms=rms,
            former_roots=tuple(self.former_roots),
            rms_emulator=self.names.find(self.group.get("rms_emulator")),
            pending=_rows(self.group.get("pending"), "agent", "type"),
            subscriptions=_rows(self.group.get("subscriptions"), "name", "id"),
            connectors=_rows(self.group.get("connectors"), "name", "id"),
            consoles=tuple(sorted(self.group.get("consoles") or ())),
            management_packs=_rows(self.group.get("management_packs"), "name", "version"),
            resource_pools=_rows(self.group.get("resource_pools"), "name"),
            disagreements=tuple(sorted(self.disagreements, key=lambda one: (one.kind, natural(one.subject)))),
            journal=tuple(self.snapshot.get("journal") or ()),
            collected=self.snapshot.get("collected"),
            known=bool(self.group),
            names=self.names,
            snapshot=self.snapshot,
            agent_hosts=self.agent_hosts,
        )

    def _say(
        self, kind: str, subject: str, text: str, remedy: str, grave: bool = True, objects: Iterable[str] = ()
    ) -> None:
        self.disagreements.append(Disagreement(kind, subject, text, remedy, grave, tuple(objects)))

    # identity

    def _name_by_hosts(self) -> Optional[str]:
        """Without the group's own word: what most of its servers call it."""
        told: dict[str, int] = {}
        for facts in self.hosts.values():
            for entry in ((facts.get("opsmgr") or {}).get("server_groups")) or ():
                told[str(entry.get("name"))] = told.get(str(entry.get("name")), 0) + 1
        return max(sorted(told), key=lambda name: told[name]) if told else None

    def _identify(self) -> list[str]:
        """Give every machine its names; returns the machines that are more than agents, in natural order."""
        listed = ordered({*self.hosts, *self.unreachable, *self.inventory})
        for name in listed:
            facts = self.hosts.get(name) or {}
            cluster = facts.get("cluster") or {}
            virtual = str(cluster.get("virtual_name") or "")
            is_virtual = bool(virtual) and short(name) == short(virtual)
            if is_virtual:
                self.virtual[short(virtual)] = name
            fqdn = (self.inventory.get(name) or {}).get("fqdn") or (
                None if is_virtual and short(str(facts.get("fqdn") or "")) != short(virtual) else facts.get("fqdn")
            )
            own = None if is_virtual else facts.get("name")
            for alias in self.names.add(name, fqdn, own):
                other = self.names.find(alias)
                self._say(
                    "double_name",
                    name,
                    f"{name} and {other} both answer to the name {alias}.",
                    "Take one of them out of the inventory, or correct its address.",
                    objects=(name, str(other)),
                )
        everyone = [name for name in listed if self._is_machine(name)]
        servers = self.group.get("servers") or []
        for row in sorted(servers, key=lambda row: str(row["name"])):
            fqdn = str(row["name"]).lower()
            server = self.names.find(fqdn) or self._outsider(fqdn)
            everyone.append(server)
            self.rows.setdefault(server, row)
        for name in listed:
            facts, entry = self.hosts.get(name) or {}, self.inventory.get(name) or {}
            for known in (name, facts.get("fqdn"), entry.get("fqdn")):
                if known and str(known).lower() in self.agents:
                    self.agent_hosts.setdefault(str(known).lower(), name)
        self._match_agents_by_label(listed)
        return ordered(set(everyone))

    def _match_agents_by_label(self, listed: Iterable[str]) -> None:
        """Inventory hosts that gave no facts are matched to agents by their first label, where that is unique."""
        silent = [name for name in listed if name not in self.hosts and name not in set(self.agent_hosts.values())]
        if not silent:
            return
        labels: dict[str, Optional[str]] = {}
        for fqdn in self.agents.names:
            label = short(fqdn)
            labels[label] = None if label in labels else fqdn
        for name in silent:
            found = labels.get(short(name))
            if found and "." not in name:
                self.agent_hosts.setdefault(found, name)
                self.names.add(name, found)

    def _outsider(self, fqdn: str) -> str:
        """A name for a server that the inventory does not have."""
        name = short(fqdn).upper()
        if self.names.find(name) is not None:
            name = fqdn
        self.names.add(name, fqdn)
        self.outsiders[name] = fqdn
        return name

    def _is_machine(self, name: str) -> bool:
        """Whether an inventory host is more than an agent: a server, a database, a feature, a spare, a silent server."""
        entry = self.inventory.get(name) or {}
        facts = self.hosts.get(name)
        if entry.get("spare") or (entry.get("role") and entry.get("role") != "agent"):
            return True
        if facts is None:
            return False
        opsmgr = facts.get("opsmgr") or {}
        if facts.get("cluster") or facts.get("opsdb") or opsmgr.get("server_groups") or opsmgr.get("gateway_version"):
            return True
        if any(opsmgr.get(key) for key in ("reporting", "web_console", "console", "acs_collector", "server_version")):
            return True
        if facts.get("sql"):
            return True
        return not opsmgr.get("agent_groups") and str(facts.get("fqdn") or "").lower() not in self.agents

    # databases

    def _find_databases(self, everyone: Iterable[str]) -> None:
        told = {"operational": self._pointed("database"), "warehouse": self._pointed("warehouse")}
        stated = self.group.get("warehouse") or {}
        if stated.get("server"):
            told["warehouse"] = (stated["server"], stated.get("database") or told["warehouse"][1])
        holders = [name for name in everyone if (self.hosts.get(name) or {}).get("opsdb")]
        mine = [
            name
            for name in holders
            if not self.group_name or self.hosts[name]["opsdb"].get("group_name") in (None, "", self.group_name)
        ]
        server, database = told["operational"]
        if server:
            self._add_database("operational", server, database or "OperationsManager")
        elif mine:
            opsdb = self.hosts[mine[0]]["opsdb"]
            instance = instance_name(opsdb.get("instance"), mine[0])
            self._add_database("operational", f"{mine[0]}\\{instance}", opsdb.get("database") or "OperationsManager")
        server, database = told["warehouse"]
        if server:
            self._add_database("warehouse", server, database or "OperationsManagerDW")
        for name in everyone:
            facts = self.hosts.get(name) or {}
            for sql in facts.get("sql") or ():
                for one in sql.get("databases") or ():
                    if str(one.get("name")).lower() == AUDIT_DATABASE.lower() and "audit" not in self.databases:
                        self._add_database("audit", f"{name}\\{instance_name(sql.get('instance'), name)}", one["name"])
        for name in everyone:
            reporting = ((self.hosts.get(name) or {}).get("opsmgr") or {}).get("reporting")
            if reporting and "reporting" not in self.databases:
                self._find_reports(name, reporting)

    def _pointed(self, what: str) -> tuple[Optional[str], Optional[str]]:
        """Where the management servers look for a database: the root one first, then what most of them say."""
        told: dict[tuple[str, Optional[str]], int] = {}
        for name in ordered(self.hosts):
            opsmgr = self.hosts[name].get("opsmgr") or {}
            server = opsmgr.get(what + "_server")
            if not server or not opsmgr.get("server_groups"):
                continue
            root = any(entry.get("is_root") and not entry.get("has_parent") for entry in opsmgr["server_groups"])
            key = (str(server), opsmgr.get(what + "_name"))
            told[key] = told.get(key, 0) + (1000 if root else 1)
        return max(sorted(told, key=str), key=lambda key: told[key]) if told else (None, None)

    def _find_reports(self, name: str, reporting: Facts) -> None:
        """The report server's catalogue: on its own machine, else where its instance says."""
        machine, instance = sql_address(reporting.get("instance"))
        for sql in (self.hosts.get(self.names.find(machine) or name) or {}).get("sql") or ():
            for one in sql.get("databases") or ():
                if str(one.get("name")).lower().partition("$")[0] == REPORT_DATABASE.lower():
                    self._add_database("reporting", f"{machine or name}\\{instance}", str(one["name"]))
                    return

    def _add_database(self, what: str, address: str, name: str) -> None:
        machine, instance = sql_address(address)
        server = self.names.find(machine) if machine else None
        if server is None:
            server = self._outsider(machine.lower() if machine else what)
            self._say(
                "database_server_unknown",
                machine or address,
                f"The {what} database is on {machine or address}, which is not in the inventory.",
                "Add that machine to the inventory.",
            )
        sql = None
        facts = None
        for one in (self.hosts.get(server) or {}).get("sql") or ():
            if instance_name(one.get("instance"), server) == instance:
                sql = one
                for row in one.get("databases") or ():
                    if str(row.get("name")).lower() == name.lower():
                        facts = row
        self.databases[what] = Database(what, server, instance, name, facts, sql)

    # roles

    def _roles(self, name: str) -> set[str]:
        facts = self.hosts.get(name) or {}
        opsmgr = facts.get("opsmgr") or {}
        row = self.rows.get(name)
        roles: set[str] = set()
        groups = [one for one in opsmgr.get("server_groups") or () if one.get("name") in (self.group_name, None, "")]
        text = "{} {}".format(opsmgr.get("product") or "", opsmgr.get("install_directory") or "").lower()
        if opsmgr.get("gateway_version") or (groups and "gateway" in text):
            roles.add("gateway")
        elif groups:
            root = any(one.get("is_root") and not one.get("has_parent") for one in groups)
            roles.add("root_management_server" if root else "management_server")
        if row and not roles:
            roles.add(
                "gateway"
                if row.get("is_gateway")
                else "root_management_server"
                if row.get("is_root")
                else "management_server"
            )
        said = (self.inventory.get(name) or {}).get("role")
        if said in ROLES and not facts and not row:
            roles.add(said)
        for what, role in (
            ("operational", "operational_database"),
            ("warehouse", "data_warehouse"),
            ("audit", "acs_database"),
        ):
            database = self.databases.get(what)
            if database and database.server == name:
                roles.add(role)
        for feature in ("reporting", "web_console", "console", "acs_collector"):
            if opsmgr.get(feature):
                roles.add(feature)
        if opsmgr.get("ui_version"):
            roles.add("console")
        return roles

    def _name_nodes(self) -> None:
        """A cluster's virtual server carries the role; its nodes carry none of their own."""
        self.node_of: dict[str, str] = {}
        for name in ordered(self.roles):
            cluster = (self.hosts.get(name) or {}).get("cluster") or {}
            virtual = str(cluster.get("virtual_name") or "")
            if not virtual or short(name) == short(virtual):
                continue
            head = self.names.find(virtual)
            if head is None:
                domain = str((self.hosts.get(name) or {}).get("fqdn") or "").partition(".")[2]
                head = self._outsider(f"{virtual}.{domain}".strip(".").lower())
                self.outsiders.pop(head, None)
                self.roles[head] = {"root_management_server"}
            self.virtual.setdefault(short(virtual), head)
            self.node_of[name] = head
            self.roles[head] |= self.roles[name] & {"root_management_server", "management_server"}
            self.roles[name] -= {"root_management_server", "management_server"}

    def _root(self) -> Optional[str]:
        """The root management server: the group's word, else the only machine that calls itself root."""
        told = self.names.find(self.group.get("root_management_server"))
        if told:
            told = self.node_of.get(told, told)
        claims = [name for name in ordered(self.roles) if "root_management_server" in self.roles[name]]
        marked = [name for name, row in self.rows.items() if row.get("is_root")]
        claimants = ordered({*claims, *(self.node_of.get(name, name) for name in marked), *([told] if told else [])})
        if self.group.get("product") == "2012":
            for name in claims:
                version = ((self.hosts.get(name) or {}).get("opsmgr") or {}).get("server_version")
                if not is_2012(version) and not is_2012((self.rows.get(name) or {}).get("version")):
                    self.former_roots.append(name)
                self.roles[name] = (self.roles[name] - {"root_management_server"}) | {"management_server"}
            return None
        if len(claimants) > 1:
            self._say(
                "two_roots",
                ", ".join(claimants),
                "{} each say that they are the root management server.".format(" and ".join(claimants)),
                "Correct the registry of the machine that is not, or take the wrong machine out of the inventory.",
                objects=claimants,
            )
        root = told or (claimants[0] if len(claimants) == 1 else None)
        for name in claimants:
            if root is not None and name != root and name in self.roles:
                self.roles[name] = (self.roles[name] - {"root_management_server"}) | {"management_server"}
        if root is not None:
            self.roles.setdefault(root, set()).discard("management_server")
            self.roles[root].add("root_management_server")
        elif self.group:
            self._say(
                "no_root",
                self.group_name,
                "Nobody says which machine is the root management server.",
                "Run discovery against the root management server.",
            )
        return root

    # machines

    def _machines(self, everyone: Iterable[str], rms: Optional[str]) -> dict[str, Machine]:
        parents = {name: self._parents(name) for name in self.roles}
        tiers = self._tiers(parents)
        found = {}
        for name in ordered(self.roles):
            facts = self.hosts.get(name)
            row = self.rows.get(name)
            entry = self.inventory.get(name) or {}
            opsmgr = (facts or {}).get("opsmgr") or {}
            in_inventory = name in self.hosts or name in self.unreachable or name in self.inventory
            reachable = facts is not None and entry.get("reachable") is not False
            roles = tuple(sorted(self.roles[name], key=lambda role: ROLE_ORDER.get(role, 99)))
            primary, failover = parents[name]
            fqdn = str((row or {}).get("name") or entry.get("fqdn") or (facts or {}).get("fqdn") or "").lower()
            version = self._version(roles, opsmgr, row)
            update = (
                None if is_2012(version) else update_level((row or {}).get("patch_list"), opsmgr.get("file_version"))
            )
            if update is None and row is not None and not is_2012(version):
                update = update_level(row.get("patch_list"), row.get("file_version"))
            found[name] = Machine(
                name=name,
                fqdn=fqdn or self.outsiders.get(name),
                roles=roles,
                facts=facts,
                row=row,
                in_inventory=in_inventory,
                reachable=reachable,
                why_unreachable=self.unreachable.get(name),
                spare=bool(entry.get("spare")),
                replaces=entry.get("replaces"),
                delegate=entry.get("delegate"),
                version=version,
                update=update,
                primary=primary,
                failover=failover,
                tier=tiers.get(name),
                node_of=self.node_of.get(name),
                virtual=name in self.virtual.values(),
                agent=bool(opsmgr.get("agent_groups")) or fqdn in self.agents,
            )  # fmt: skip
        return found

    @staticmethod
    def _version(roles: Iterable[str], opsmgr: Facts, row: Optional[Facts]) -> Optional[str]:
        """The build of a machine: by its own registry, by the group, by its feature."""
        by_group = (row or {}).get("version")
        if "gateway" in roles:
            found = opsmgr.get("gateway_version") or by_group
        elif "management_server" in roles or "root_management_server" in roles:
            found = opsmgr.get("server_version") or by_group
        else:
            found = opsmgr.get("current_version") or opsmgr.get("ui_version")
        return None if found is None else str(found)

    def _parents(self, name: str) -> tuple[Optional[str], tuple[str, ...]]:
        row = self.rows.get(name) or {}
        primary = row.get("primary")
        return (
            (self.names.find(primary) or str(primary).lower()) if primary else None,
            tuple(self.names.find(one) or str(one).lower() for one in row.get("failover") or ()),
        )

    def _tiers(self, parents: Mapping[str, tuple[Optional[str], tuple[str, ...]]]) -> dict[str, int]:
        """How far a gateway is from the management servers: 1 reports to one of them, 2 to such a gateway."""
        gateways = {name for name in self.roles if "gateway" in self.roles[name]}
        tiers: dict[str, int] = {}
        looped: set[str] = set()
        for name in ordered(gateways):
            chain = [name]
            while True:
                parent = parents[chain[-1]][0]
                if parent is None or parent not in gateways:
                    break
                if parent in chain:
                    looped |= set(chain[chain.index(parent) :])
                    break
                chain.append(parent)
            tiers[name] = len(chain)
        if looped:
            self._say(
                "gateway_loop",
                ", ".join(ordered(looped)),
                "These gateways report to each other in a circle: {}.".format(", ".join(ordered(looped))),
                "Give one of them a management server as its parent.",
                objects=ordered(looped),
            )
        return tiers

    # what does not agree

    def _compare(self, machines: Mapping[str, Machine]) -> None:
        if not self.group:
            self._say(
                "group_unknown",
                self.group_name or "management group",
                "The management group itself could not be asked.",
                "Make the root management server reachable and run discovery again.",
            )
        for place, why in sorted((self.group.get("unknown") or {}).items()):
            self._say("group_fact_unknown", f"group.{place}", f"{place} of the group could not be read: {why}",
                      "Cure the cause and run discovery again.", grave=place.split(".")[0] in ("servers", "agents", "group"))  # fmt: skip
        self._compare_roles()
        for machine in machines.values():
            self._compare_machine(machine)
        for fqdn in self.agents.doubled:
            self._say("agent_twice", fqdn, f"The group lists the agent {fqdn} twice.", "Delete the stale one.", False)
        self._compare_parents(machines)

    def _compare_roles(self) -> None:
        for name, entry in sorted(self.inventory.items()):
            role = entry.get("role")
            if role and role not in (*ROLES, "agent"):
                self._say(
                    "role_unknown",
                    name,
                    f"The inventory says that {name} is a {role}, which is no role.",
                    "Correct scom_role; it is one of {}, agent.".format(", ".join(ROLES)),
                    grave=False,
                )

    def _compare_machine(self, machine: Machine) -> None:
        name = machine.name
        if machine.row is not None and not machine.in_inventory and not machine.virtual:
            self._say(
                "server_not_in_inventory",
                name,
                f"The group knows {machine.fqdn} as a server, and the inventory does not have it.",
                "Add it to the inventory.",
            )
        if self.group and machine.row is None and machine.facts is not None and machine.node_of is None:
            if machine.is_server or machine.is_gateway:
                self._say(
                    "host_not_in_group",
                    name,
                    f"{name} carries a server of this group, and the group does not know it.",
                    "Remove the leftover from the machine, or let it join the group again.",
                    grave=name not in self.former_roots,
                )
            else:
                self._compare_groups(machine)
        if machine.in_inventory and machine.facts is None and (machine.row is not None or machine.roles):
            self._say(
                "server_without_facts",
                name,
                "{} gave no facts: {}".format(name, machine.why_unreachable or "it was left out of the run."),
                "Make it reachable, or correct its address, and run discovery again.",
            )
        by_host, by_group = machine.opsmgr.get("server_version"), (machine.row or {}).get("version")
        if by_host and by_group and parse_version(by_host) != parse_version(by_group) and machine.is_server:
            self._say(
                "versions_differ",
                name,
                f"{name} itself says build {by_host}, the group says {by_group}.",
                "Wait until the group has heard of the change, then run discovery again.",
                grave=False,
            )
        for place in sorted((machine.facts or {}).get("unknown") or {}):
            why = (machine.facts or {})["unknown"][place]
            self._say(
                "fact_unknown",
                f"{name}.{place}",
                f"{place} of {name} could not be read: {why}",
                "Cure the cause and run discovery again; rules that need it answer 'manual'.",
                grave=False,
            )

    def _compare_groups(self, machine: Machine) -> None:
        others = [str(one.get("name")) for one in machine.opsmgr.get("server_groups") or ()]
        if others and self.group_name not in others:
            self._say(
                "other_group",
                machine.name,
                "{} is a server of another management group: {}.".format(machine.name, ", ".join(others)),
                "Take it out of this inventory.",
            )

    def _compare_parents(self, machines: Mapping[str, Machine]) -> None:
        lost: dict[str, list[str]] = {}
        known: dict[Optional[str], bool] = {}
        for place, primary in enumerate(self.agents.primary):
            if primary not in known:
                machine = machines.get(self.names.find(primary) or "")
                known[primary] = machine is not None and (machine.is_server or machine.is_gateway)
            if not known[primary]:
                lost.setdefault(primary or "nobody", []).append(self.agents.names[place])
        for parent in ordered(lost):
            names = lost[parent]
            self._say(
                "agent_parent_unknown",
                parent,
                f"{len(names)} agents, {names[0]} among them, report to {parent}, which is no server of the group.",
                "Give them another parent, or delete the agents that are gone.",
                objects=names,
            )
        for machine in machines.values():
            if machine.is_gateway and self.group:
                above = machines.get(machine.primary or "")
                if machine.primary is not None and (above is None or not (above.is_server or above.is_gateway)):
                    self._say(
                        "gateway_parent_unknown",
                        machine.name,
                        f"The gateway {machine.name} reports to {machine.primary}, which is no server of the group.",
                        "Give it another parent.",
                    )


def _rows(value: Any, *keys: str) -> tuple[Facts, ...]:
    """Rows of the group in an order of their own, so that shuffled facts give the same group."""
    return tuple(sorted(value or (), key=lambda row: tuple(str(row.get(key)) for key in keys)))
