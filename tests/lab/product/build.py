"""Build a world from an estate."""

from __future__ import annotations

import itertools
from datetime import timedelta

from tests.lab import sql
from tests.lab.sql import maintenance
from tests.lab.sql.server import open_session
from tests.lab.world import World
from tests.lab.world.processes import FOREVER, Result
from tests.lab.world.wmi import WmiClass

from . import databases, footprint, media, packs, programs, shell2007, shell2012
from .group import Connector, DatabasePlace, ManagementGroup, Node, Pack, Pending, Subscription, own_service
from .names import BACKUP, CUMULATIVE_UPDATES, RTM_2012, guid, is_2012

OPERATORS = "operator{}"


def build_world(estate, *, state_dir, scale=600.0, clock=None):
    """The World of an estate (as ``tests.lab.estate`` reads it): machines, SQL Server, the group. Nothing of it is recorded."""
    world = World(state_dir, scale=scale, clock=clock, dns_domain=estate.domain, estate=estate)
    Builder(world, estate).build()
    return world


class Builder:
    """Builds one world, in the order in which things depend on each other."""

    def __init__(self, world, estate):
        self.world = world
        self.estate = estate
        self.group = world.group = ManagementGroup(world, estate.management_group, language=estate.language)
        domain = world.netbios_domain
        self.group.accounts = {
            "das": rf"{domain}\scomdas",
            "reader": rf"{domain}\scomdr",
            "writer": rf"{domain}\scomdw",
        }
        # The later guide wants the account of the Data Access service to be administrator of its servers.
        world.accounts.find(self.group.accounts["das"]).rights.add("administrator")

    def build(self):
        for host in self.hosts():
            self.world.add_machine(host)
        with self.world.building(), self.group.quiet():
            for machine in self.world.machines.values():
                self.windows(machine)
            self.databases()
            self.servers()
            self.agents()
            self.contents()
            self.backups()
            self.clusters()
            for machine in self.world.machines.values():
                self.people(machine)
        with self.world.record.muted():
            self.group.refresh_health()

    def hosts(self):
        """Machines: every server, and manual agents that can be reached. Pushed agents are only nodes of the group."""
        return [*self.estate.servers, *(a for a in self.estate.agents if a.manual and a.winrm is not None)]

    def windows(self, machine):
        """What every machine of the lab has besides Windows: SQL client, media, installers, shells' hooks."""

        def connect(instance=".", user="", logon="network"):
            return open_session(machine, instance, user, logon)

        machine.sql = connect
        machine.sql_session = connect
        tell_system_state(machine)
        level = max(5, *(s.cumulative_update for s in self.estate.servers))
        media.lay_out(machine, min(level, max(CUMULATIVE_UPDATES)))
        machine.shells = {"2007": shell2007.shell(machine, self.group), "2012": shell2012.shell(machine, self.group)}
        programs.register(machine, self.group)

    # ---- databases --------------------------------------------------------------------------------------------

    def databases(self):
        estate = self.estate
        for server in estate.servers:
            if server.sql is None:
                continue
            machine = self.world.machines[server.name]
            found = sql.install(
                machine,
                instance=server.sql.instance,
                version=server.sql.version,
                edition=server.sql.edition,
                collation=server.sql.collation,
                full_text=server.sql.full_text,
                allow_updates=server.sql.allow_updates,
                reporting=server.has("reporting") or server.spare,
            )
            machine.sql = machine.sql_session
            machine.files.mkdir(BACKUP)
            found.server.attached.append(self.attached)
            found.server.in_use.append(self.in_use)
            domain = self.world.netbios_domain
            found.logins |= {rf"{domain}\scomdas".lower(), rf"{domain}\scomdr".lower(), rf"{domain}\scomdw".lower()}
        for kind, given in estate.databases.by_kind().items():
            server = estate.server(given.server)
            setattr(self.group, kind, DatabasePlace(server.name, server.sql.instance, given.name))
        root = estate.root
        self.group.version = RTM_2012 if is_2012(root.version) else root.version
        for kind, given in estate.databases.by_kind().items():
            place = getattr(self.group, kind)
            instance = self.world.machines[place.server].extra["sql"].instances[place.instance]
            database = instance.add_database(
                given.name,
                data_mb=given.data_mb,
                used_percent=given.used_percent,
                log_mb=given.log_mb,
                collation=given.collation,
                broker=given.broker,
                role=kind,
                recovery="SIMPLE",
                created="2009-08-03 08:15:00.000",
            )
            database.content["version"] = self.group.version
            if kind == "audit":
                database.content = {"schema": 7 if self.group.new else 6}
            database.users |= {a.lower() for a in self.group.accounts.values()}
            databases.attach(database, self.group)

    def attached(self, database):
        """A database came back from a backup: its tables, and what the group knows of it."""
        databases.attach(database, self.group)
        place = self.group.operational
        if (
            database.role == "operational"
            and database.name == place.name
            and database.instance.server.machine.name == place.server
        ):
            self.group.converting = database.content.get("conversion", "")
            self.group.touched()

    def in_use(self, database):
        """Whether services of the group hold connections to a database."""
        for kind in ("operational", "warehouse"):
            place = getattr(self.group, kind)
            if place and place.name == database.name and place.server == database.instance.server.machine.name:
                return any(own_service(n) for n in self.group.management_servers if n.machine is not None)
        return False

    # ---- servers ----------------------------------------------------------------------------------------------

    def fqdn(self, name):
        server = self.estate.server(name)
        return server.fqdn if server else name

    def node(self, host, kind, **more):
        """A Node of an estate's server or agent."""
        installed = self.world.clock.utc() - timedelta(days=700)
        return self.group.add(
            Node(
                host.name,
                host.fqdn,
                kind,
                host.version,
                0 if is_2012(host.version) else host.cumulative_update,
                domain=host.fqdn.partition(".")[2],
                machine=self.world.machines.get(host.name),
                installed=installed,
                modified=installed,
                architecture=host.os.architecture,
                avicode="avicode" in (host.software or {}),
                **more,
            )
        )

    def servers(self):
        group, estate = self.group, self.estate
        root = estate.root
        if group.new:
            group.emulator = root.fqdn
        else:
            group.root = root.fqdn
        for server in estate.servers:
            if server.has("root_management_server", "management_server", "rms_emulator"):
                self.node(server, "management_server")
            elif server.has("gateway"):
                self.node(
                    server,
                    "gateway",
                    primary=self.fqdn(server.reports_to),
                    failover=[self.fqdn(f) for f in server.failover],
                    install="manual",
                )
        for server in estate.servers:
            self.features(server, self.world.machines[server.name])
        for server in estate.servers:
            if server.cluster_node_of:
                machine = self.world.machines[server.name]
                machine.extra["cluster_node_of"] = server.cluster_node_of

    def features(self, server, machine):
        """The roles of one machine."""
        group = self.group
        node = group.nodes.get(server.fqdn)
        is_root = server.fqdn == group.root
        level = server.cumulative_update
        version = server.version
        if node is not None and node.kind == "management_server":
            footprint.management_server(machine, group, node, root=is_root)
        elif node is not None:
            if server.certificate or not server.domain_joined:
                footprint.channel_certificate(machine)
            footprint.gateway(machine, group, node)
        if server.has("console"):
            footprint.console(machine, group, version, level)
        if server.has("web_console"):
            footprint.web_console(machine, group, version, server=group.emulator)
        if server.has("reporting"):
            instance = server.sql.instance if server.sql else "MSSQLSERVER"
            place = server.name if instance.upper() == "MSSQLSERVER" else rf"{server.name}\{instance}"
            footprint.reporting(machine, group, version, server=group.root or group.emulator, instance=place)
        if server.has("acs_collector"):
            footprint.acs_collector(machine, group, version)

    def agents(self):
        for agent in self.estate.agents:
            node = self.node(
                agent,
                "agent",
                install=agent.install,
                primary=self.fqdn(agent.primary),
                failover=[self.fqdn(f) for f in agent.failover],
            )
            if node.machine is None:
                self.world.bystanders.add(node.fqdn.lower())
                if agent.acs:
                    self.group.forwarders.add(node.fqdn)
                continue
            if not agent.domain_joined or agent.certificate:
                footprint.channel_certificate(node.machine)
            footprint.agent(node.machine, self.group, node, acs=agent.acs)
            if agent.console:
                footprint.console(node.machine, self.group, agent.version, agent.cumulative_update)

    # ---- what the group holds ---------------------------------------------------------------------------------

    def contents(self):
        group, estate = self.group, self.estate
        group.packs = packs.builtin()
        if group.new:
            packs.upgraded(group)
        group.packs += [
            Pack(p.name, p.version, p.sealed, p.consistent, p.name.replace(".", " "), ("System.Library",))
            for p in estate.management_packs
        ]
        group.subscriptions = [Subscription(s.name, s.enabled) for s in estate.subscriptions]
        group.connectors = [Connector("Operations Manager Internal Connector", initialized=True, internal=True)]
        for connector in estate.connectors:
            group.connectors.append(Connector(connector.name, connector.host, connector.service))
            machine = self.world.machines.get(connector.host)
            if machine is not None:
                footprint.service(
                    machine,
                    connector.service,
                    connector.name,
                    rf"C:\Program Files\{connector.service}\{connector.service}.exe",
                    running=connector.running,
                )
        servers = itertools.cycle([n.fqdn for n in group.management_servers])
        for entry in estate.pending:
            node = group.node(entry.agent)
            group.pending.append(
                Pending(
                    entry.agent.lower(),
                    entry.type,
                    node.primary if node else next(servers),
                    entry.hidden,
                    self.world.clock.utc() - timedelta(days=2),
                )
            )
        domain = self.world.netbios_domain
        group.sessions = [domain + "\\" + OPERATORS.format(i) for i in range(1, estate.connected_consoles + 1)]

    def backups(self):
        """What was backed up before: history in msdb with files, the key's file, the system state."""
        given = self.estate.backups
        for kind in ("operational", "warehouse", "audit"):
            age, place = getattr(given, kind), getattr(self.group, kind)
            if age is not None and place is not None:
                instance = self.world.machines[place.server].extra["sql"].instances[place.instance]
                maintenance.write_history(instance, instance.databases[place.name], rf"{BACKUP}\{place.name}.bak", age)
        root = self.world.machines[self.estate.root.name]
        if given.rms_system_state is not None:
            root.backups.add(self.world.clock.utc() - timedelta(hours=given.rms_system_state))
        self.group.key_on = {self.estate.root.fqdn}
        if given.encryption_key is not None:
            self.key_file(root, given.encryption_key)

    def key_file(self, root, key):
        """The backup of the encryption key, dated by the cumulative update after which it was taken."""
        path = key.file
        if path.startswith("\\\\"):
            host, share = path.strip("\\").split("\\")[:2]
            machine = self.world.find(host)
            if machine is None:
                return
            local = "C:\\" + share.rstrip("$").capitalize()
            machine.files.mkdir(local)
            machine.shares[share] = local
            path = local + "\\" + path.strip("\\").split("\\", 2)[2]
        else:
            machine = root
        level = min(key.taken_after_cu, max(CUMULATIVE_UPDATES))
        self.group.key_backup = {"file": key.file, "taken_after_cu": key.taken_after_cu}
        machine.files.write(path, programs.key_data(self.group))
        machine.files.set_modified(path, footprint.update_time(level) + timedelta(hours=20))

    def people(self, machine):
        """Programs that somebody has left open on a machine; they run until the machine restarts."""
        for path in machine.spec.open_programs:
            machine.programs[path.lower()] = left_open
            user = self.world.netbios_domain + "\\" + OPERATORS.format(1)
            machine.processes.start(path, user=user, logon="interactive")

    # ---- clusters ---------------------------------------------------------------------------------------------

    def clusters(self):
        """A clustered RMS: its nodes carry the bits, and every node and the virtual server tell of the cluster by WMI."""
        group = self.group
        for server in self.estate.servers:
            if server.cluster is None:
                continue
            group.cluster = server.cluster.virtual_name
            nodes = list(server.cluster.nodes)
            for name in [server.name, *nodes]:
                machine = self.world.machines[name]
                cluster_classes(machine, server.cluster.virtual_name, nodes)
                if name == server.name:
                    continue
                root = group.root_node
                stand_in = Node(
                    name, machine.fqdn, "management_server", root.version, root.cumulative_update, machine=machine
                )
                footprint.management_server(machine, group, stand_in, root=True)
                for service in ("OMCFG", "OMSDK", "HealthService"):
                    machine.services.stop(service, force=True)
                    machine.services.set_start_mode(service, "manual")


def left_open(call):
    """A program that waits for its user."""
    yield FOREVER
    return Result(0)


STATE_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsBackup\SystemState"


def tell_system_state(machine):
    """A system-state backup stands in Windows' own history (``machine.backups``, event log), and its time in the registry."""
    add = machine.backups.add

    def added(time=None, **more):
        moment = add(time, **more)
        machine.registry.set(STATE_KEY, "LastSuccessfulBackupTime", "String", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        return moment

    machine.backups.add = added


def cluster_classes(machine, virtual, nodes):
    """root\\MSCluster: the three generic services, the network name, the disk, and the nodes."""
    group = f"{virtual} RMS Group"

    def resources(_machine):
        rows = [
            {
                "Name": f"RMS {s}",
                "Type": "Generic Service",
                "OwnerGroup": group,
                "OwnerNode": nodes[0],
                "State": 2,
                "PrivateProperties": {"ServiceName": s},
            }
            for s in ("HealthService", "OMCFG", "OMSDK")
        ]
        rows.append(
            {
                "Name": virtual,
                "Type": "Network Name",
                "OwnerGroup": group,
                "OwnerNode": nodes[0],
                "State": 2,
                "PrivateProperties": {"Name": virtual},
            }
        )
        rows.append(
            {
                "Name": "RMS Disk",
                "Type": "Physical Disk",
                "OwnerGroup": group,
                "OwnerNode": nodes[0],
                "State": 2,
                "PrivateProperties": {},
            }
        )
        return rows

    machine.wmi.register(WmiClass(r"root\MSCluster", "MSCluster_Resource", resources, ("Name",)))
    machine.wmi.register(
        WmiClass(r"root\MSCluster", "MSCluster_Node", lambda m: [{"Name": n, "State": 0} for n in nodes], ("Name",))
    )
    machine.wmi.register(
        WmiClass(r"root\MSCluster", "MSCluster_Cluster", lambda m: [{"Name": virtual + "-CL"}], ("Name",))
    )
    machine.registry.set(r"HKLM\Cluster", "ClusterName", "String", virtual + "-CL")
    machine.registry.set(r"HKLM\Cluster", "ClusterInstanceID", "String", guid("cluster", virtual))
