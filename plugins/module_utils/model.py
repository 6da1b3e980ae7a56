# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The management group as one typed object, made from a snapshot by :func:`build`.

Roles, databases, identity and the tiers of gateways are derived here and nowhere else; so is everything on which the
inventory and the management group disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from .agents import Agent, Agents
from .catalog import ROLES, SERVER_ROLES, is_2012, update_level
from .entities import Database, Disagreement, Facts, Machine, ManagementGroup, said_roles
from .names import Names, instance_name, natural, ordered, short, sql_address
from .reconcile import reconcile

__all__ = ["Agent", "Agents", "Database", "Disagreement", "Machine", "ManagementGroup", "build"]

AUDIT_DATABASE = "OperationsManagerAC"
REPORT_DATABASE = "ReportServer"
#: What a silent host holds by its role in the inventory, where nobody names the database: role and usual name.
SAID_DATABASES = {
    "operational": ("operational_database", "OperationsManager"),
    "warehouse": ("data_warehouse", "OperationsManagerDW"),
    "audit": ("acs_database", AUDIT_DATABASE),
    "reporting": ("reporting", REPORT_DATABASE),
}
#: Where a host keeps the reason when what of the product is on it was not read, or not all of it.
PRODUCT = ("opsmgr", "registry.setup", "registry.server_groups", "registry.reporting", "iis")
ROLE_ORDER = {role: place for place, role in enumerate(ROLES)}


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
        self.agent_labels: dict[str, Optional[str]] = {}
        self.roles: dict[str, set[str]] = {}
        self.databases: dict[str, Database] = {}
        self.virtual: dict[str, str] = {}
        self.former_roots: list[str] = []

    def build(self) -> ManagementGroup:
        self.group_name = str(self.group.get("name") or self._name_by_hosts() or "")
        everyone = self._identify()
        self._find_databases(everyone)
        everyone = ordered({*everyone, *(one.server for one in self.databases.values())})
        for name in everyone:
            self.roles[name] = self._roles(name)
        self._name_nodes()
        rms = self._root()
        machines = self._machines(everyone, rms)
        self.disagreements += reconcile(
            machines, self.group, self.group_name, self.inventory, self.agents, self.names, self.former_roots
        )
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
        everyone += [name for name in listed if name not in self.hosts and self._may_be_more_than_agent(name)]
        return ordered(set(everyone))

    def _may_be_more_than_agent(self, name: str) -> bool:
        """Whether a silent inventory host could hold a role: one that the group knows as an agent counts as an agent."""
        if "agent" in self._said(name) or name in self.agent_hosts.values():
            return False
        return short(name) not in self.agent_labels

    def _match_agents_by_label(self, listed: Iterable[str]) -> None:
        """Inventory hosts that gave no facts are matched to agents by their first label, where that is unique."""
        known = set(self.agent_hosts.values())
        silent = [name for name in listed if name not in self.hosts and name not in known]
        if not silent:
            return
        labels = self.agent_labels
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
        said = self._said(name)
        facts = self.hosts.get(name)
        if (self.inventory.get(name) or {}).get("spare") or (said and said != ("agent",)):
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

    def _said(self, name: str) -> tuple[str, ...]:
        """The roles that the inventory gives a host."""
        return said_roles(self.inventory.get(name))

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
        for what, (role, usual) in SAID_DATABASES.items():
            silent = (name for name in everyone if not product_read(self.hosts.get(name)))
            holder = next((name for name in silent if role in self._said(name)), None)
            if holder is not None and what not in self.databases:
                self._add_database(what, holder, usual)

    def _sql(self, name: str) -> Sequence[Facts]:
        """The SQL Server instances that a host told of."""
        return (self.hosts.get(name) or {}).get("sql") or ()

    def _pointed(self, what: str) -> tuple[Optional[str], Optional[str]]:
        """Where the management servers look for a database: the root one first, then what most of them say."""
        told: dict[tuple[str, Optional[str]], int] = {}
        for name in ordered(self.hosts):
            opsmgr = self.hosts[name].get("opsmgr") or {}
            server = opsmgr.get(what + "_server")
            if not server or not opsmgr.get("server_groups"):
                continue
            root = any(entry.get("is_root") and not entry.get("has_parent") for entry in opsmgr["server_groups"])
            machine, instance = sql_address(server)
            key = (str(server) if machine else f"{name}\\{instance}", opsmgr.get(what + "_name"))
            told[key] = told.get(key, 0) + (1000 if root else 1)
        return max(sorted(told, key=str), key=lambda key: told[key]) if told else (None, None)

    def _find_reports(self, name: str, reporting: Facts) -> None:
        """The report server's catalogue: on its own machine, else where its instance says."""
        machine, instance = sql_address(reporting.get("instance"))
        place = f"{machine or name}\\{instance}"
        instances = self._sql(self.names.find(machine) or name)
        for sql in instances:
            for one in sql.get("databases") or ():
                if str(one.get("name")).lower().partition("$")[0] == REPORT_DATABASE.lower():
                    self._add_database("reporting", place, str(one["name"]))
                    return
        if not instances:
            usual = REPORT_DATABASE if instance == "MSSQLSERVER" else f"{REPORT_DATABASE}${instance}"
            self._add_database("reporting", place, usual)

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
        if not product_read(facts):
            roles.update(role for role in self._said(name) if role in ROLES and not (row and role in SERVER_ROLES))
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
            own = self.hosts.get(name)
            facts = own if facts_read(own) else next(filter(facts_read, self._told(name)), own)
            row = self.rows.get(name)
            entry = self.inventory.get(name) or {}
            opsmgr = (facts or {}).get("opsmgr") or {}
            in_inventory = name in self.hosts or name in self.unreachable or name in self.inventory
            reachable = own is not None and entry.get("reachable") is not False
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
                silent=None if any(map(facts_read, self._told(name))) else self._reason(name),
                unread=None if self._said(name) or any(map(product_read, self._told(name))) else self._reason(name),
            )  # fmt: skip
        return found

    def _told(self, name: str) -> list[Optional[Facts]]:
        """The facts of a machine, and of the nodes of a cluster, which tell of it too."""
        nodes = (node for node, head in self.node_of.items() if head == name)
        return [self.hosts.get(one) for one in (name, *nodes)]

    def _reason(self, name: str) -> str:
        """Why a machine did not tell what it should have."""
        facts = self.hosts.get(name)
        if facts is None:
            listed = name in self.unreachable or name in self.inventory
            return self.unreachable.get(name) or ("it was left out of the run" if listed else "not in the inventory")
        unknown = facts.get("unknown") or {}
        return next((str(why) for place, why in unknown.items() if _is_product(place)), "its facts are empty")

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


def facts_read(facts: Optional[Facts]) -> bool:
    """Whether a host told anything of itself beyond its name."""
    return any(_tells((facts or {}).get(key)) for key in ("os", "opsmgr", "memory_mb", "disks", "services", "sql"))


def _tells(value: Any) -> bool:
    return any(one is not None for one in value.values()) if isinstance(value, Mapping) else bool(value)


def product_read(facts: Optional[Facts]) -> bool:
    """Whether facts of a host tell what of the product is on it; a host that tells of nothing else is not believed."""
    if not facts or any(_is_product(place) for place in facts.get("unknown") or ()):
        return False
    return facts.get("opsmgr") is not None or _tells(facts.get("os"))


def _is_product(place: str) -> bool:
    return any(place == one or place.startswith(one + ".") for one in PRODUCT)


def _rows(value: Any, *keys: str) -> tuple[Facts, ...]:
    """Rows of the group in an order of their own, so that shuffled facts give the same group."""
    return tuple(sorted(value or (), key=lambda row: tuple(str(row.get(key)) for key in keys)))
