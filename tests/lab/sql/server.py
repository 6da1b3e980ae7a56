"""SQL Server on one machine: its instances, their databases, and who may come in."""

from __future__ import annotations

import itertools
import re
import sqlite3
from dataclasses import dataclass, field

from tests.lab.world.accounts import SYSTEM
from tests.lab.world.errors import WindowsError

from . import functions
from .errors import SqlError, login_failed, no_connection
from .results import encode
from .session import Session
from .system import add_system_tables
from .tables import Table

LEVELS = {
    "9.00": {"1399": "RTM", "2047": "SP1", "3042": "SP2", "4035": "SP3", "5000": "SP4"},
    "10.0": {"1600": "RTM", "2531": "SP1", "4000": "SP2", "5500": "SP3"},
    "10.50": {"1600": "RTM", "2500": "SP1", "4000": "SP2"},
    "11.0": {"2100": "RTM", "3000": "SP1"},
}
PRODUCTS = {"9.00": "2005", "10.0": "2008", "10.50": "2008 R2", "11.0": "2012"}


class Names(dict):
    """A dictionary of names without regard to case."""

    def __getitem__(self, name):
        return super().__getitem__(self._key(name))

    def __contains__(self, name):
        return isinstance(name, str) and super().__contains__(self._key(name))

    def get(self, name, default=None):
        return super().get(self._key(name), default)

    def pop(self, name, *default):
        return super().pop(self._key(name), *default)

    def _key(self, name):
        if super().__contains__(name) or not isinstance(name, str):
            return name
        return next((k for k in self if k.lower() == name.lower()), name)


@dataclass
class DatabaseFile:
    """One file of a database; sizes in MB."""

    name: str
    kind: str  # ROWS or LOG
    path: str
    size_mb: float
    used_mb: float = 0.0
    growth_mb: int = 0
    id: int = 1


@dataclass(eq=False)
class Database:
    """One database. ``role`` says what it is for the product: operational, warehouse, audit, reporting, or empty."""

    name: str
    id: int
    collation: str
    recovery: str = "SIMPLE"
    broker: bool = False
    broker_guid: str = ""
    full_text: bool = True
    state: str = "ONLINE"
    read_only: bool = False
    user_access: str = "MULTI_USER"
    role: str = ""
    created: object = None
    system: bool = False
    files: list = field(default_factory=list)
    users: set = field(default_factory=set)
    content: dict = field(default_factory=dict)
    instance: object = field(default=None, repr=False)
    objects: dict = field(default_factory=dict, repr=False)

    @property
    def online(self):
        return self.state == "ONLINE"

    @property
    def data_mb(self):
        return sum(f.size_mb for f in self.files if f.kind == "ROWS")

    @property
    def used_mb(self):
        return sum(f.used_mb for f in self.files if f.kind == "ROWS")

    @property
    def log_mb(self):
        return sum(f.size_mb for f in self.files if f.kind == "LOG")

    @property
    def used_percent(self):
        return round(100 * self.used_mb / self.data_mb) if self.data_mb else 0

    def database_in_use(self):
        """Whether anybody is connected to it (the product says so through ``in_use``)."""
        return any(asked(self) for asked in self.instance.server.in_use)

    def add(self, *objects):
        """Create objects (tables are stored in the embedded engine)."""
        for item in objects:
            self.objects[(item.schema.lower(), item.name.lower())] = item
            if isinstance(item, Table):
                self.instance.make_store(item, self)

    def remove(self, item):
        """Drop an object."""
        self.objects.pop((item.schema.lower(), item.name.lower()), None)
        if isinstance(item, Table):
            self.instance.drop_store(item)

    def clear(self):
        """Drop every object that is not the system's."""
        for item in list(self.objects.values()):
            if item.schema not in ("sys", "INFORMATION_SCHEMA") and not getattr(item, "of_system", False):
                self.remove(item)

    def find(self, schema, name):
        """An object by schema (None: dbo, then sys) and name."""
        if schema:
            return self.objects.get((schema.lower(), name.lower()))
        return self.objects.get(("dbo", name.lower())) or self.objects.get(("sys", name.lower()))


class Instance:
    """One instance of SQL Server, on one embedded connection."""

    def __init__(self, server, name, version, edition, collation, *, full_text=True, allow_updates=0, clustered=False):
        self.server = server
        self.name = name
        self.version = version
        self.edition = edition
        self.collation = collation
        self.full_text = full_text
        self.clustered = clustered
        self.configuration = {
            "allow updates": [int(allow_updates), int(allow_updates)],
            "clr enabled": [1, 1],
            "show advanced options": [0, 0],
            "max server memory (MB)": [2147483647, 2147483647],
            "backup compression default": [0, 0],
            "xp_cmdshell": [0, 0],
            "remote access": [1, 1],
            "recovery interval (min)": [0, 0],
        }
        self.logins = {"sa", r"builtin\administrators", r"nt authority\system"}
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.current = []
        self.databases = Names()
        self.backups = []
        self.restores = []
        self._stores = itertools.count(1)
        functions.register(self.connection, lambda: self.current[-1])
        self.function_names = set(functions.PLAIN) | set(functions.CONTEXT)
        self.connection.create_function("tsql_own", -1, self._own_function)
        for i, known in enumerate(("master", "tempdb", "model", "msdb"), 1):
            self.add_database(
                known, id_=i, data_mb=16 if known != "tempdb" else 512, used_percent=30, log_mb=8, system=True
            )

    # ---- facts ------------------------------------------------------------------------------------------------

    @property
    def is_default(self):
        return self.name.upper() == "MSSQLSERVER"

    @property
    def full_name(self):
        """``HOST`` or ``HOST\\INSTANCE``."""
        host = self.server.machine.name.upper()
        return host if self.is_default else f"{host}\\{self.name}"

    @property
    def line(self):
        """``10.50``: the line of versions it belongs to."""
        major, minor = self.version.split(".")[:2]
        return f"{major}.{'00' if major == '9' else '50' if minor == '50' else '0'}"

    @property
    def product(self):
        """``2008 R2``."""
        return PRODUCTS.get(self.line, "2008")

    @property
    def level(self):
        """``SP1``, by the build."""
        build = int(self.version.split(".")[2])
        known = LEVELS.get(self.line, {})
        fitting = [name for least, name in sorted(known.items(), key=lambda i: int(i[0])) if int(least) <= build]
        return fitting[-1] if fitting else "RTM"

    @property
    def banner(self):
        """What @@VERSION says."""
        os = self.server.machine.os
        bits = "X64" if os.architecture == "x64" else "Intel X86"
        level = "" if self.level == "RTM" else f" ({self.level})"
        return (
            f"Microsoft SQL Server {self.product}{level} - {self.version} ({bits}) \n\tCopyright (c) Microsoft Corporation"
            f"\n\t{self.edition} Edition{' (64-bit)' if bits == 'X64' else ''} on Windows NT {'.'.join(os.version.split('.')[:2])} "
            f"<{bits}> (Build {os.build}: Service Pack {os.service_pack})\n"
        )

    @property
    def service_name(self):
        return "MSSQLSERVER" if self.is_default else f"MSSQL${self.name}"

    @property
    def agent_service(self):
        return "SQLSERVERAGENT" if self.is_default else f"SQLAgent${self.name}"

    @property
    def reporting_service(self):
        return "ReportServer" if self.is_default else f"ReportServer${self.name}"

    @property
    def id(self):
        """``MSSQL10_50.MSSQLSERVER``: the instance's key name."""
        return {"9.00": "MSSQL.1", "10.0": f"MSSQL10.{self.name}", "10.50": f"MSSQL10_50.{self.name}"}.get(
            self.line, f"MSSQL11.{self.name}"
        )

    @property
    def folder(self):
        """Where its data files are."""
        return rf"C:\Program Files\Microsoft SQL Server\{self.id}\MSSQL"

    @property
    def running(self):
        service = self.server.machine.services.get(self.service_name)
        return service is not None and service.running

    def check_running(self):
        """Refuse when the service is stopped."""
        if not self.running or not self.server.machine.running_windows:
            raise no_connection(2 if self.server.machine.running_windows else 53)

    def role_member(self, role, login):
        """1, 0, or None for a role that does not exist."""
        if role.lower() not in (
            "sysadmin",
            "serveradmin",
            "setupadmin",
            "securityadmin",
            "dbcreator",
            "diskadmin",
            "processadmin",
            "bulkadmin",
            "public",
        ):
            return None
        return int(role.lower() == "public" or self.is_sysadmin(login))

    def is_sysadmin(self, login):
        """Whether a login is in the sysadmin role: local administrators, SYSTEM, and accounts with the right."""
        if login.lower() in ("sa", "nt authority\\system") or login.lower() in self.server.extra_sysadmins:
            return True
        accounts = self.server.machine.world.accounts
        account = accounts.find(login, self.server.machine)
        if account is None:
            return False
        return account.may("sysadmin") or (account.domain is None and account.may("administrator"))

    # ---- databases and their storage --------------------------------------------------------------------------

    def add_database(
        self,
        name,
        *,
        id_=None,
        data_mb=100.0,
        used_percent=50,
        log_mb=50.0,
        collation=None,
        broker=False,
        recovery="SIMPLE",
        role="",
        files=None,
        system=False,
        created=None,
    ):
        """Create a database (without an event)."""
        if id_ is None:
            id_ = max([d.id for d in self.databases.values()] + [4]) + 1
        world = self.server.machine.world
        database = Database(
            name,
            id_,
            collation or self.collation,
            recovery,
            broker,
            role=role,
            system=system,
            instance=self,
            created=created or encode(world.clock.utc()),
            full_text=bool(self.full_text),
        )
        if files is None:
            logical = ("MOM_DATA", "MOM_LOG") if role in ("operational", "warehouse") else (name, f"{name}_log")
            files = [
                DatabaseFile(
                    logical[0],
                    "ROWS",
                    rf"{self.folder}\DATA\{name}.mdf",
                    float(data_mb),
                    data_mb * used_percent / 100,
                    0,
                    1,
                ),
                DatabaseFile(logical[1], "LOG", rf"{self.folder}\DATA\{name}.ldf", float(log_mb), log_mb * 0.1, 0, 2),
            ]
        database.files = files
        self.databases[name] = database
        add_system_tables(database)
        return database

    def make_store(self, table, database, name=None):
        """Make a table's room in the embedded engine."""
        table.stored = f"{next(self._stores)}.{name or table.name}".replace("`", "'")
        body = ", ".join(c.declaration for c in table.columns) or "`_` INTEGER"
        self.connection.execute(f"CREATE TABLE `{table.stored}` ({body})")
        table.database = database
        if table.rows:
            marks = ", ".join("?" * len(table.columns))
            self.connection.executemany(
                f"INSERT INTO `{table.stored}` VALUES ({marks})", [[encode(v) for v in row] for row in table.rows]
            )
            table.rows = []

    def drop_store(self, table):
        if table.stored:
            self.connection.execute(f"DROP TABLE IF EXISTS `{table.stored}`")
            table.stored = None

    def owner_of(self, table):
        """The database of a table; None for a temporary one."""
        database = getattr(table, "database", None)
        return None if table.name.startswith(("#", "@")) else database

    def refresh(self, table, session):
        """Bring a live table to the model's present state."""
        if not table.live or any(t is table for t, _unused in session.pending):
            return
        revision = table.revision()
        if revision is not None and table.created == (revision,):
            return
        marks = ", ".join("?" * len(table.columns))
        with self.server.machine.world.lock:
            self.connection.execute(f"DELETE FROM `{table.stored}`")
            self.connection.executemany(
                f"INSERT INTO `{table.stored}` VALUES ({marks})", [[encode(v) for v in row] for row in table.source()]
            )
        table.created = (revision,)

    def _own_function(self, object_id, *arguments):
        session = self.current[-1]
        for database in self.databases.values():
            for item in database.objects.values():
                if item.object_id == object_id:
                    return encode(item.call(session, *arguments))
        return None

    def connect(self, login, client=None):
        """A session for a login that was let in."""
        return Session(self, login, client)


class SqlServer:
    """Everything of SQL Server on one machine. ``instances`` by name; the machine's ``extra["sql"]``."""

    def __init__(self, machine):
        self.machine = machine
        self.instances = Names()
        self.extra_sysadmins = set()
        self.attached = []  # called with a database that came from a backup
        self.in_use = []  # called with a database: does somebody hold a connection?

    @property
    def default(self):
        """The default instance, or the only one."""
        if "MSSQLSERVER" in self.instances:
            return self.instances["MSSQLSERVER"]
        return None

    def all_databases(self):
        """Every user database with its instance."""
        return [(i, d) for i in self.instances.values() for d in i.databases.values() if not d.system]


def split_instance(text):
    """(host or empty, instance name) of ``.``, ``(local)\\X``, ``tcp:HOST\\INST,1433``."""
    text = re.sub(r"(?i)^(tcp|np|lpc):", "", (text or ".").strip())
    text, _unused, port = text.partition(",")
    host, _unused, name = text.partition("\\")
    host = host.strip()
    if host.lower() in (".", "(local)", "localhost", "127.0.0.1", ""):
        host = ""
    return host, (name.strip() or "MSSQLSERVER"), port.strip()


def open_session(machine, instance, user, logon="network"):
    """A Session on an instance as one of ``machine``'s users; ``instance`` may name another machine.

    A network logon cannot go on to another machine: it arrives there as nobody.
    """
    world = machine.world
    host, name, port = split_instance(instance)
    target = world.find(host) if host else machine
    if target is None or (target is not machine and not machine.network.can_reach(host, 1433)):
        raise no_connection()
    server = target.extra.get("sql")
    found = None
    if server is not None:
        found = server.instances.get(name)
        if found is None and port and name == "MSSQLSERVER" and len(server.instances) == 1:
            found = next(iter(server.instances.values()))
    if found is None:
        raise no_connection(-1 if name != "MSSQLSERVER" else 2)
    found.check_running()
    login = world.accounts.full_name(user, machine)
    if target is not machine:
        if logon == "network":
            raise login_failed(r"NT AUTHORITY\ANONYMOUS LOGON")
        if login == SYSTEM or login.upper().startswith("NT AUTHORITY\\"):
            login = f"{world.netbios_domain}\\{machine.name.upper()}$"
        elif world.accounts.find(user, machine) is not None and world.accounts.find(user, machine).domain is None:
            login = f"{target.name.upper()}\\{world.accounts.find(user, machine).user}"
    if not (found.is_sysadmin(login) or login.lower() in found.logins):
        raise login_failed(login)
    return found.connect(login, machine)


def install(
    machine,
    *,
    instance="MSSQLSERVER",
    version="10.50.2500.0",
    edition="Enterprise",
    collation="SQL_Latin1_General_CP1_CI_AS",
    full_text=True,
    allow_updates=0,
    reporting=False,
    clustered=False,
):
    """Install an instance: registry, services, uninstall entry, files. Answers the Instance."""
    server = machine.extra.get("sql")
    if server is None:
        server = machine.extra["sql"] = SqlServer(machine)
        machine.sql = lambda name=".", user="", logon="network": open_session(machine, name, user, logon)
        machine.network.listeners[1433] = lambda: any(i.running for i in server.instances.values())
    found = Instance(
        server,
        instance,
        version,
        edition,
        collation,
        full_text=full_text,
        allow_updates=allow_updates,
        clustered=clustered,
    )
    server.instances[instance] = found
    base = r"HKLM\SOFTWARE\Microsoft\Microsoft SQL Server"
    registry = machine.registry
    registry.set(rf"{base}\Instance Names\SQL", instance, "String", found.id)
    names = registry.read(rf"{base}\Instance Names\SQL").values
    registry.set(base, "InstalledInstances", "MultiString", sorted(names))
    setup = rf"{base}\{found.id}\Setup"
    for name, data in (
        ("Edition", f"{edition} Edition"),
        ("Version", version),
        ("PatchLevel", version),
        ("SQLPath", found.folder),
        ("Collation", collation),
        ("SqlProgramDir", r"C:\Program Files\Microsoft SQL Server"),
    ):
        registry.set(setup, name, "String", data)
    registry.set(setup, "SP", "DWord", int(found.level[2:]) if found.level.startswith("SP") else 0)
    registry.set(rf"{base}\{found.id}\MSSQLServer\CurrentVersion", "CurrentVersion", "String", version)
    folder = found.folder
    services = machine.services
    account = "NT AUTHORITY\\NETWORK SERVICE"
    services.create(
        found.service_name,
        f"SQL Server ({instance})",
        path=rf'"{folder}\Binn\sqlservr.exe" -s{instance}',
        start_mode="auto",
        account=account,
        state="running",
    )
    services.create(
        found.agent_service,
        f"SQL Server Agent ({instance})",
        path=rf'"{folder}\Binn\SQLAGENT.EXE" -i {instance}',
        start_mode="auto",
        account=account,
        depends_on=[found.service_name],
        state="running",
    )
    if full_text:
        label = "MSSQLFDLauncher" if found.is_default else f"MSSQLFDLauncher${instance}"
        services.create(
            label,
            f"SQL Full-text Filter Daemon Launcher ({instance})",
            path=rf'"{folder}\Binn\fdlauncher.exe"',
            account=account,
            depends_on=[found.service_name],
            state="running",
        )
    machine.files.write(rf"{folder}\Binn\sqlservr.exe", b"MZ sqlservr")
    machine.files.set_version(
        rf"{folder}\Binn\sqlservr.exe",
        version,
        version,
        product_name="Microsoft SQL Server",
        company="Microsoft Corporation",
    )
    machine.files.mkdir(rf"{folder}\Backup")
    bits = " (64-bit)" if machine.os.architecture == "x64" else ""
    uninstall = rf"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\Microsoft SQL Server {found.product}"
    registry.set(uninstall, "DisplayName", "String", f"Microsoft SQL Server {found.product}{bits}")
    registry.set(uninstall, "DisplayVersion", "String", version)
    registry.set(uninstall, "Publisher", "String", "Microsoft Corporation")
    if reporting:
        install_reporting(found)
    return found


def install_reporting(instance):
    """Reporting Services of an instance: service, registry, configuration file, databases."""
    machine = instance.server.machine
    rs_id = instance.id.replace("MSSQL", "MSRS", 1) if instance.line != "9.00" else "MSSQL.2"
    base = r"HKLM\SOFTWARE\Microsoft\Microsoft SQL Server"
    machine.registry.set(rf"{base}\Instance Names\RS", instance.name, "String", rs_id)
    folder = rf"C:\Program Files\Microsoft SQL Server\{rs_id}\Reporting Services"
    machine.registry.set(rf"{base}\{rs_id}\Setup", "Version", "String", instance.version)
    machine.registry.set(rf"{base}\{rs_id}\Setup", "Edition", "String", f"{instance.edition} Edition")
    machine.registry.set(rf"{base}\{rs_id}\Setup", "SQLPath", "String", folder)
    if machine.services.get(instance.reporting_service) is None:
        machine.services.create(
            instance.reporting_service,
            f"SQL Server Reporting Services ({instance.name})",
            path=rf'"{folder}\ReportServer\bin\ReportingServicesService.exe"',
            start_mode="auto",
            account=r"NT AUTHORITY\NETWORK SERVICE",
            state="running",
        )
    machine.network.listeners[80] = lambda: machine.services.get(instance.reporting_service).running
    suffix = "" if instance.is_default else f"${instance.name}"
    for name, size in ((f"ReportServer{suffix}", 512), (f"ReportServer{suffix}TempDB", 64)):
        if name not in instance.databases:
            database = instance.add_database(
                name,
                data_mb=size,
                used_percent=40,
                log_mb=size // 4,
                collation="Latin1_General_CI_AS_KS_WS",
                recovery="FULL" if "Temp" not in name else "SIMPLE",
                role="reporting" if "Temp" not in name else "",
            )
            if database.role == "reporting":
                report_server_tables(database)
    return folder


def report_server_tables(database):
    """What a ReportServer database holds, as far as anybody asks."""
    database.add(
        Table(
            "ConfigurationInfo",
            "ConfigInfoID:uniqueidentifier Name Value",
            rows=[
                ("00000000-0000-0000-0000-000000000001", "SystemReportTimeout", "1800"),
                ("00000000-0000-0000-0000-000000000002", "EnableMyReports", "False"),
            ],
        ),
        Table(
            "Catalog",
            "ItemID:uniqueidentifier Path Name Type:int CreationDate:datetime",
            rows=[
                (
                    "00000000-0000-0000-0001-000000000001",
                    "/Microsoft.SystemCenter.DataWarehouse.Report.Library",
                    "Microsoft.SystemCenter.DataWarehouse.Report.Library",
                    1,
                    "2011-04-01 09:00:00.000",
                ),
                (
                    "00000000-0000-0000-0001-000000000002",
                    "/Data Warehouse Main",
                    "Data Warehouse Main",
                    5,
                    "2011-04-01 09:00:00.000",
                ),
            ],
        ),
        Table(
            "DataSource",
            "DSID:uniqueidentifier ItemID:uniqueidentifier Name Extension",
            rows=[
                (
                    "00000000-0000-0000-0002-000000000001",
                    "00000000-0000-0000-0001-000000000002",
                    "Data Warehouse Main",
                    "SQL",
                )
            ],
        ),
    )


def find_server(machine):
    """The SqlServer of a machine, or None."""
    return machine.extra.get("sql")


__all__ = [
    "Database",
    "DatabaseFile",
    "Instance",
    "SqlError",
    "SqlServer",
    "WindowsError",
    "find_server",
    "install",
    "install_reporting",
    "open_session",
    "split_instance",
]
