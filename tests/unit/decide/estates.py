# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Builds the snapshot that discovery would write, from the description of an estate.

The format of an estate is ``tests/estates/README.md``, the snapshot is ``docs/snapshot.md``. Nothing of the
collection is imported here: what a test feeds to the product must not come from the product.

    snapshot = snapshot_from_estate("distributed-simple")
    inputs = inputs_from_estate("distributed-simple")
"""

from __future__ import annotations

import copy
import datetime
import re
import uuid
from pathlib import Path
from typing import Any, Union

import yaml

ESTATES = Path(__file__).resolve().parents[2] / "estates"
COLLECTED = datetime.datetime(2012, 5, 12, 18, 0, 0)
BUILD_2007 = "6.1.7221.0"
BUILD_2012 = "7.0.8560.0"
MEDIA_PATH = "C:\\Media\\SCOM2012"
MEDIA_FILES = {
    "setup.exe": 1032704,
    "agent\\i386\\MOMAgent.msi": 9601024,
    "agent\\AMD64\\MOMAgent.msi": 11726848,
    "gateway\\AMD64\\MOMGateway.msi": 17825792,
    "server\\amd64\\build_mom_db.sql": 3145728,
    "SupportTools\\AMD64\\SecureStorageBackup.exe": 165888,
    "ManagementPacks\\OperationsManager.Upgrade.mp": 94208,
    "acs\\AdtSetup.exe": 385024,
}
#: cumulative update -> (build of MonitoringHost.exe, knowledge-base article)
UPDATES = {
    1: ("6.1.7221.13", "974144"),
    2: ("6.1.7221.15", "979257"),
    3: ("6.1.7221.49", "2251525"),
    4: ("6.1.7221.61", "2449679"),
    5: ("6.1.7221.81", "2495674"),
    6: ("6.1.7221.99", "2626076"),
    7: ("6.1.7221.110", "2783850"),
}
WINDOWS = {
    "2000": ("5.0.2195", "Microsoft Windows 2000 Server"),
    "2003": ("5.2.3790", "Microsoft(R) Windows(R) Server 2003, Enterprise Edition"),
    "2003 R2": ("5.2.3790", "Microsoft(R) Windows(R) Server 2003 R2, Enterprise Edition"),
    "2008": ("6.0.6002", "Microsoft Windows Server 2008 Enterprise"),
    "2008 R2": ("6.1.7601", "Microsoft Windows Server 2008 R2 Enterprise"),
    "2012": ("6.2.9200", "Microsoft Windows Server 2012 Standard"),
}
BUILT_IN_PACKS = [
    ("Microsoft.SystemCenter.Library", "6.1.7221.0"),
    ("Microsoft.SystemCenter.2007", "6.1.7695.0"),
    ("Microsoft.SystemCenter.DataWarehouse.Library", "6.1.7221.0"),
    ("Microsoft.SystemCenter.Notifications.Library", "6.1.7221.0"),
    ("Microsoft.Windows.Library", "6.1.7221.0"),
    ("System.Library", "6.1.7221.0"),
]
DATABASE_ROLES = ("operational_database", "data_warehouse", "reporting", "acs_database")
SERVER_ROLES = ("root_management_server", "management_server", "gateway")
AGENT_COLUMNS = [
    "name", "version", "patch_list", "manual", "health", "available", "primary", "failover", "domain", "install_time",
]  # fmt: skip
Estate = dict[str, Any]


def load_estate(estate: Union[str, Path, Estate]) -> Estate:
    """The estate as a dictionary; takes one, the path of a file, or the name of a public estate without its ending."""
    if isinstance(estate, dict):
        return copy.deepcopy(estate)
    path = Path(estate)
    if not path.exists():
        path = ESTATES / (str(estate) + ".yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def public_estates() -> list[str]:
    """Names of the public estates, for parametrised tests."""
    return sorted(path.stem for path in ESTATES.glob("*.yml"))


def expand(name: str) -> list[str]:
    """``APP[001:040]`` becomes forty names; a name without a range is itself."""
    found = re.search(r"\[(\d+):(\d+)\]", name)
    if not found:
        return [name]
    first, last = found.group(1), found.group(2)
    return [
        name[: found.start()] + str(number).zfill(len(first)) + name[found.end() :]
        for number in range(int(first), int(last) + 1)
    ]


def stamp(hours_ago: float = 0.0) -> str:
    """The time so many hours before the collection, ISO 8601 UTC."""
    return (COLLECTED - datetime.timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(parts)))


def is_2012(version: str) -> bool:
    return version.startswith("7.")


def patch_list(version: str, update: int) -> str:
    if is_2012(version) or not update:
        return ""
    return f"System Center Operations Manager 2007 R2 Cumulative Update {update} (KB{UPDATES[update][1]})"


def file_version(version: str, update: int) -> str:
    return version if is_2012(version) or not update else UPDATES[update][0]


class _Builder:
    def __init__(self, estate: Estate, agent_hosts: str) -> None:
        self.estate = estate
        self.agent_hosts = agent_hosts
        self.domain = estate["domain"]
        self.group_name = estate["management_group"]
        self.netbios_domain = self.domain.split(".")[0].upper()
        self.update = int(estate.get("cumulative_update") or 0)
        self.servers: list[dict[str, Any]] = estate.get("servers") or []
        self.databases: dict[str, Any] = estate.get("databases") or {}
        self.by_name = {server["name"]: server for server in self.servers}
        self.rms = next((s for s in self.servers if "root_management_server" in s["roles"]), None)
        self.group_2012 = (self.rms is not None and is_2012(self.version_of(self.rms))) or self.rms is None

    # small answers

    def fqdn(self, name: str) -> str:
        entry = self.by_name.get(name)
        given = entry.get("fqdn") if entry else None
        return str(given or (name if "." in name else f"{name}.{self.domain}")).lower()

    def version_of(self, server: dict[str, Any]) -> str:
        return str(server.get("version") or BUILD_2007)

    def update_of(self, entry: dict[str, Any]) -> int:
        return int(entry.get("cumulative_update", self.update) or 0)

    def instance_of(self, server: str) -> str:
        """How the product names the SQL Server of a machine: HOST or HOST\\INSTANCE."""
        instance = ((self.by_name.get(server) or {}).get("sql") or {}).get("instance") or "MSSQLSERVER"
        return server if instance == "MSSQLSERVER" else f"{server}\\{instance}"

    # one machine

    def machine(self, entry: dict[str, Any], name: str) -> dict[str, Any]:
        os = entry.get("os") or {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}
        release, service_pack = str(os["release"]), int(os.get("service_pack") or 0)
        version, caption = WINDOWS.get(release, ("6.1.7601", "Microsoft Windows Server " + release))
        if release == "2008 R2" and not service_pack:
            version = "6.1.7600"
        if release == "2008" and service_pack == 1:
            version = "6.0.6001"
        software = entry.get("software") or {}
        dotnet = [str(item) for item in software.get("dotnet", ["2.0", "3.0", "3.5.1", "4.0"])]
        joined = bool(entry.get("domain_joined", True))
        certificate = bool(entry.get("certificate"))
        free = int(entry.get("free_mb") or 40960)
        sql = self.sql_of(name, entry)
        disks = [{"drive": "C:", "size_mb": 81920, "free_mb": free, "file_system": "NTFS", "system": True}]
        if sql:
            disks.append({"drive": "D:", "size_mb": 1048576, "free_mb": 524288, "file_system": "NTFS", "system": False})
        thumbprint = identifier(name, "certificate").replace("-", "").upper()
        return {
            "name": name.split(".")[0].upper(),
            "fqdn": self.fqdn(name),
            "domain": self.domain if joined else "WORKGROUP",
            "domain_joined": joined,
            "collected": stamp(),
            "clock_skew_seconds": 0,
            "os": {
                "caption": caption,
                "version": version,
                "release": release,
                "service_pack": service_pack,
                "architecture": str(os["architecture"]),
            },
            "memory_mb": int(entry.get("memory_mb") or 8192),
            "processors": 4,
            "boot_time": stamp(24 * 30),
            "pending_reboot": False,
            "disks": disks,
            "powershell": entry.get("powershell", "2.0"),
            "clr": "2.0.50727.5472",
            "winrm": entry.get("winrm", "2.0"),
            "dotnet": dotnet,
            "msxml6": software.get("msxml", 6) == 6,
            "windows_installer": "5.0.7601.17514" if release == "2008 R2" else "4.5.6001.22159",
            "services": {},
            "opsmgr": None,
            "sql": sql,
            "opsdb": None,
            "software": self.software_of(entry, sql),
            "cluster": None,
            "iis": None,
            "held_open": None,
            "queue_kb": None,
            "certificates": (
                [{"thumbprint": thumbprint, "subject": "CN=" + self.fqdn(name), "not_after": stamp(-24 * 365)}]
                if certificate
                else []
            ),
            "channel_certificate_serial": thumbprint[:20] if certificate else None,
            "media": {
                "path": MEDIA_PATH,
                "present": True,
                "version": BUILD_2012,
                "files": {path: {"size": size, "sha256": None} for path, size in MEDIA_FILES.items()},
            },
            "encryption_key": None,
            "system_state_backup": None,
            "unknown": {},
        }

    def software_of(self, entry: dict[str, Any], sql: list[dict[str, Any]]) -> list[dict[str, str]]:
        software = entry.get("software") or {}
        rows = []
        if software.get("avicode"):
            rows.append({"name": "AVIcode Intercept Service", "version": str(software["avicode"])})
        if sql:
            rows.append({"name": "Microsoft SQL Server", "version": sql[0]["version"]})
        if software.get("msxml", 6) == 6:
            rows.append({"name": "MSXML 6.0 Parser", "version": "6.10.1129.0"})
        if "console" in (entry.get("roles") or []) or entry.get("console"):
            rows.append({"name": "Microsoft Report Viewer Redistributable 2008 SP1", "version": "9.0.30729.4148"})
        if software.get("sharepoint"):
            rows.append({"name": "Microsoft SharePoint Server", "version": str(software["sharepoint"])})
        return rows

    def sql_of(self, name: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
        sql = entry.get("sql")
        if not sql:
            return []
        databases = []
        for what in ("operational", "warehouse", "audit"):
            spec = self.databases.get(what)
            if spec and spec["server"] == name:
                age = (self.estate.get("backups") or {}).get(what)
                databases.append(
                    {
                        "name": spec["name"],
                        "state": "ONLINE",
                        "collation": spec.get("collation") or sql["collation"],
                        "broker": bool(spec.get("broker")),
                        "recovery": "SIMPLE",
                        "data_mb": int(spec["data_mb"]),
                        "data_used_mb": round(spec["data_mb"] * spec["used_percent"] / 100),
                        "log_mb": int(spec["log_mb"]),
                        "last_full_backup": None if age is None else stamp(age),
                        "last_backup_file": None if age is None else f"C:\\Backup\\{spec['name']}.bak",
                        "last_backup_verified": None,
                    }
                )
        if "reporting" in entry.get("roles", []):
            for catalog in ("ReportServer", "ReportServerTempDB"):
                databases.append(
                    {
                        "name": catalog, "state": "ONLINE", "collation": "Latin1_General_CI_AS_KS_WS", "broker": False,
                        "recovery": "SIMPLE", "data_mb": 512, "data_used_mb": 200, "log_mb": 128,
                        "last_full_backup": None, "last_backup_file": None, "last_backup_verified": None,
                    }
                )  # fmt: skip
        return [
            {
                "instance": sql.get("instance") or "MSSQLSERVER",
                "version": sql["version"],
                "edition": sql["edition"] + " Edition (64-bit)"
                if (entry.get("os") or {}).get("architecture", "x64") == "x64"
                else sql["edition"] + " Edition",
                "collation": sql["collation"],
                "full_text": bool(sql.get("full_text")),
                "allow_updates": int(sql.get("allow_updates") or 0),
                "clustered": False,
                "databases": databases,
            }
        ]

    def opsmgr(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What the registry of the product says on a server or console machine."""
        roles = entry["roles"]
        version = self.version_of(entry)
        new = is_2012(version)
        server = "root_management_server" in roles or "management_server" in roles
        gateway = "gateway" in roles
        kind = "Gateway" if gateway else "Server" if server else "Console" if "console" in roles else "Reporting"
        product = "System Center Operations Manager " + ("2012 " if new else "2007 R2 ") + kind
        folder = (
            "C:\\Program Files\\System Center 2012\\Operations Manager\\" + kind
            if new
            else "C:\\Program Files\\System Center Operations Manager 2007" + (" Gateway" if gateway else "")
        )
        groups = []
        if server or gateway:
            root = "root_management_server" in roles and not new
            groups = [{"name": self.group_name, "is_root": root, "has_parent": (not root and not new) or gateway}]
        operational, warehouse = self.databases.get("operational"), self.databases.get("warehouse")
        has_database = server and operational
        return {
            "product": product,
            "current_version": version,
            "server_version": version if server else None,
            "agent_version": None,
            "ui_version": version if "console" in roles else None,
            "gateway_version": version if gateway else None,
            "file_version": file_version(version, self.update_of(entry)),
            "installed_2012": new,
            "install_directory": folder,
            "installed_at": stamp(24 * 20),
            "agent_groups": [],
            "server_groups": groups,
            "database_server": self.instance_of(operational["server"]) if has_database else None,
            "database_name": operational["name"] if has_database else None,
            "warehouse_server": self.instance_of(warehouse["server"]) if server and warehouse else None,
            "warehouse_name": warehouse["name"] if server and warehouse else None,
            "reporting": (
                {
                    "sdk_machine": self.fqdn(self.rms["name"]) if self.rms else None,
                    "instance": self.instance_of(entry["name"]),
                    "version": version,
                }
                if "reporting" in roles
                else None
            ),
            "web_console": (
                {"site": "Operations Manager 2007 Web Console", "version": version} if "web_console" in roles else None
            ),
            "console": {"version": version} if "console" in roles else None,
            "acs_collector": {"version": version} if "acs_collector" in roles else None,
            "acs_forwarder": None,
        }

    def services(self, entry: dict[str, Any]) -> dict[str, dict[str, str]]:
        roles = entry["roles"]
        new = is_2012(self.version_of(entry))
        found: dict[str, dict[str, str]] = {}

        def add(name: str, state: str = "running", mode: str = "auto", account: str = "LocalSystem") -> None:
            found[name] = {"state": state, "start_mode": mode, "account": account}

        if any(role in SERVER_ROLES for role in roles):
            add("HealthService")
        if "root_management_server" in roles or "management_server" in roles:
            active = new or "root_management_server" in roles
            account = self.netbios_domain + "\\scomdas"
            for name in ("OMSDK", "cshost" if new else "OMCFG"):
                add(name, "running" if active else "stopped", "auto" if active else "disabled", account)
        if "acs_collector" in roles:
            add("AdtServer")
        if entry.get("sql"):
            instance = entry["sql"].get("instance") or "MSSQLSERVER"
            default = instance == "MSSQLSERVER"
            add("MSSQLSERVER" if default else "MSSQL$" + instance, account=self.netbios_domain + "\\sqlservice")
            add("SQLSERVERAGENT" if default else "SQLAgent$" + instance, account=self.netbios_domain + "\\sqlservice")
            if "reporting" in roles:
                add("ReportServer" if default else "ReportServer$" + instance)
                add("RemoteRegistry")
        if "web_console" in roles:
            add("W3SVC")
        if entry.get("cluster") or entry.get("cluster_node_of"):
            add("ClusSvc")
        for connector in self.estate.get("connectors") or []:
            if connector["host"] == entry["name"]:
                add(connector["service"], "running" if connector.get("running", True) else "stopped")
        return found

    def server_host(self, entry: dict[str, Any]) -> dict[str, Any]:
        name = entry["name"]
        entry = dict(entry, roles=list(entry.get("roles") or []))
        virtual = entry.get("cluster_node_of")
        if virtual:
            whole = self.by_name[virtual]
            entry = dict(entry, roles=list(whole["roles"]), cluster=whole["cluster"], version=whole.get("version"))
        host = self.machine(entry, name)
        roles = entry["roles"]
        if any(role in (*SERVER_ROLES, "reporting", "web_console", "console", "acs_collector") for role in roles):
            host["opsmgr"] = self.opsmgr(entry)
            host["held_open"] = {"programs": [], "shares": []}
        host["services"] = self.services(entry)
        if "HealthService" in host["services"]:
            host["queue_kb"] = {self.group_name: 15360}
        cluster = entry.get("cluster")
        if cluster:
            host["cluster"] = {
                "virtual_name": cluster["virtual_name"],
                "nodes": list(cluster["nodes"]),
                "services": ["HealthService", "OMCFG", "OMSDK"],
            }
        if "web_console" in roles:
            host["iis"] = {
                "version": "7.5",
                "sites": [
                    {"name": "Default Web Site", "path": "C:\\inetpub\\wwwroot"},
                    {"name": "Operations Manager 2007 Web Console", "path": "C:\\Program Files\\WebConsole"},
                ],
                "features": [
                    "Web-Server", "Web-WebServer", "Web-Common-Http", "Web-Static-Content", "Web-Default-Doc",
                    "Web-Dir-Browsing", "Web-Http-Errors", "Web-App-Dev", "Web-Asp-Net", "Web-Health",
                    "Web-Http-Logging", "Web-Request-Monitor", "Web-Security", "Web-Windows-Auth", "Web-Filtering",
                    "Web-Performance", "Web-Stat-Compression", "Web-Mgmt-Tools", "Web-Mgmt-Console",
                    "Web-Scripting-Tools", "Web-Mgmt-Service", "Web-Mgmt-Compat", "Web-Metabase",
                ],
            }  # fmt: skip
        operational = self.databases.get("operational")
        if operational and operational["server"] == name:
            host["opsdb"] = self.opsdb(operational)
        if "root_management_server" in roles:
            self.rms_only(host, entry)
        return host

    def opsdb(self, operational: dict[str, Any]) -> dict[str, Any]:
        group_id = identifier(self.group_name, "group")
        return {
            "instance": self.instance_of(operational["server"]),
            "database": operational["name"],
            "group_name": self.group_name,
            "group_id": group_id,
            "group_ids": {"MT_ManagementGroup": group_id, "__MOMManagementGroupInfo__": group_id},
            "version": BUILD_2012 if self.group_2012 else BUILD_2007,
            "pending": [
                {
                    "id": identifier(row["agent"], row["type"]),
                    "agent": row["agent"].lower(),
                    "type": row["type"],
                    "server": row.get("server"),
                }
                for row in self.estate.get("pending") or []
            ],
            "localized_text_rows": 120000,
            "publisher_message_rows": 8000,
        }

    def rms_only(self, host: dict[str, Any], entry: dict[str, Any]) -> None:
        backups = self.estate.get("backups") or {}
        if "rms_system_state" in backups:
            host["system_state_backup"] = stamp(backups["rms_system_state"])
        key = backups.get("encryption_key")
        path = key["file"] if key else "C:\\Backup\\rms.bin"
        after = bool(key) and int(key.get("taken_after_cu") or 0) >= self.update_of(entry)
        network = path.startswith("\\\\")
        host["encryption_key"] = {
            "path": path,
            "exists": None if network else bool(key),
            "modified": None if network or not key else stamp(24 * 10 if after else 24 * 60),
        }

    # agents

    def agent_entries(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, entry) for entry in self.estate.get("agents") or [] for name in expand(entry["name"])]

    def agent_host(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        host = self.machine(dict(entry, roles=[]), name)
        version = str(entry.get("version") or BUILD_2007)
        new = is_2012(version)
        product = "System Center Operations Manager " + ("2012 Agent" if new else "2007 R2 Agent")
        console = bool(entry.get("console"))
        folder = "System Center Operations Manager" if new else "System Center Operations Manager 2007"
        host["opsmgr"] = {
            "product": product,
            "current_version": version,
            "server_version": None,
            "agent_version": version,
            "ui_version": BUILD_2007 if console else None,
            "gateway_version": None,
            "file_version": file_version(version, self.update_of(entry)),
            "installed_2012": new,
            "install_directory": "C:\\Program Files\\" + folder,
            "installed_at": stamp(24 * 20),
            "agent_groups": [{"name": self.group_name, "parent": self.fqdn(entry["primary"]), "port": 5723}],
            "server_groups": [],
            "database_server": None,
            "database_name": None,
            "warehouse_server": None,
            "warehouse_name": None,
            "reporting": None,
            "web_console": None,
            "console": {"version": BUILD_2007} if console else None,
            "acs_collector": None,
            "acs_forwarder": {"start_mode": "auto", "state": "running"} if entry.get("acs") else None,
        }
        host["services"] = {"HealthService": {"state": "running", "start_mode": "auto", "account": "LocalSystem"}}
        host["queue_kb"] = {self.group_name: 15360}
        if entry.get("acs"):
            host["services"]["AdtAgent"] = {"state": "running", "start_mode": "auto", "account": "NetworkService"}
        return host

    # the group

    def group(self) -> dict[str, Any]:
        rms = self.rms["name"] if self.rms else None
        managing = [s for s in self.servers if any(role in SERVER_ROLES for role in s.get("roles") or [])]
        server_rows = []
        for entry in managing:
            version, gateway = self.version_of(entry), "gateway" in entry["roles"]
            server_rows.append(
                {
                    "name": self.fqdn(entry["name"]),
                    "version": version,
                    "patch_list": patch_list(version, self.update_of(entry)),
                    "file_version": None,
                    "is_root": entry["name"] == rms and not self.group_2012,
                    "is_gateway": gateway,
                    "health": "Success",
                    "available": True,
                    "primary": self.fqdn(entry["reports_to"]) if entry.get("reports_to") else None,
                    "failover": [self.fqdn(name) for name in entry.get("failover") or []],
                    "action_account": self.netbios_domain + "\\scomaction",
                }
            )
        rows = []
        for name, entry in self.agent_entries():
            version = str(entry.get("version") or BUILD_2007)
            rows.append(
                [
                    self.fqdn(name),
                    version,
                    patch_list(version, self.update_of(entry)),
                    entry.get("install", "push") == "manual",
                    "Success",
                    True,
                    self.fqdn(entry["primary"]),
                    [self.fqdn(parent) for parent in entry.get("failover") or []],
                    self.netbios_domain if entry.get("domain_joined", True) else "WORKGROUP",
                    stamp(24 * 400),
                ]
            )
        warehouse = self.databases.get("warehouse")
        packs = [(name, version, True) for name, version in BUILT_IN_PACKS]
        packs += [(p["name"], str(p["version"]), bool(p["sealed"])) for p in self.estate.get("management_packs") or []]
        members = [self.fqdn(e["name"]) for e in managing if "gateway" not in e["roles"]]
        return {
            "name": self.group_name,
            "version": BUILD_2012 if self.group_2012 else BUILD_2007,
            "product": "2012" if self.group_2012 else "2007 R2",
            "language": self.estate.get("language") or "en",
            "collected_from": rms or (managing[0]["name"] if managing else None),
            "root_management_server": self.fqdn(rms) if rms and not self.group_2012 else None,
            "rms_emulator": self.fqdn(rms or managing[0]["name"]) if self.group_2012 and managing else None,
            "servers": server_rows,
            "agents": {"columns": list(AGENT_COLUMNS), "rows": rows},
            "pending": [
                {"agent": row["agent"].lower(), "type": row["type"], "server": row.get("server")}
                for row in self.estate.get("pending") or []
                if not row.get("hidden")
            ],
            "subscriptions": [
                {"id": identifier(self.group_name, "subscription", row["name"]), "name": row["name"],
                 "enabled": bool(row["enabled"])}
                for row in self.estate.get("subscriptions") or []
            ],
            "connectors": [
                {"id": identifier(self.group_name, "connector", row["name"]), "name": row["name"], "initialized": True}
                for row in self.estate.get("connectors") or []
            ],
            "consoles": [
                f"{self.netbios_domain}\\operator{number}"
                for number in range(1, int(self.estate.get("connected_consoles") or 0) + 1)
            ],
            "administrators": ["BUILTIN\\Administrators"],
            "management_packs": [{"name": n, "version": v, "sealed": s} for n, v, s in packs],
            "resource_pools": (
                [
                    {"name": pool, "members": members}
                    for pool in ("All Management Servers Resource Pool", "Notifications Resource Pool",
                                 "AD Assignment Resource Pool")
                ]
                if self.group_2012
                else []
            ),
            "alerts": {"open": 12, "critical": 3},
            "warehouse": (
                {"server": self.instance_of(warehouse["server"]), "database": warehouse["name"]} if warehouse else None
            ),
            "unknown": {},
        }  # fmt: skip

    def snapshot(self) -> dict[str, Any]:
        hosts: dict[str, Any] = {}
        unreachable: dict[str, str] = {}
        inventory: dict[str, Any] = {}
        for entry in self.servers:
            name = entry["name"]
            spare = not entry.get("roles") and not entry.get("cluster_node_of")
            inventory[name] = {"fqdn": self.fqdn(name), "spare": spare, "reachable": True}
            if entry.get("winrm", "2.0") is None:
                inventory[name]["reachable"] = False
                unreachable[name] = "The host has no Windows Remote Management."
            else:
                hosts[name] = self.server_host(entry)
        for name, entry in self.agent_entries():
            manual = entry.get("install", "push") == "manual"
            wanted = self.agent_hosts == "all" or (
                self.agent_hosts == "manual" and (manual or entry.get("console") or entry.get("acs"))
            )
            if not wanted:
                continue
            reachable = entry.get("winrm", "2.0") is not None
            inventory[name] = {"fqdn": self.fqdn(name), "spare": False, "reachable": reachable}
            if reachable:
                hosts[name] = self.agent_host(name, entry)
            else:
                unreachable[name] = "The host has no Windows Remote Management."
        return {
            "schema": 1,
            "collected": stamp(),
            "collection_version": "1.0.0",
            "hosts": hosts,
            "unreachable": unreachable,
            "inventory": inventory,
            "group": self.group(),
            "journal": [],
        }


def snapshot_from_estate(
    estate: Union[str, Path, Estate], *, agent_hosts: str = "manual", **overrides: Any
) -> dict[str, Any]:
    """The snapshot of an estate that nobody has touched yet.

    ``estate`` is a dictionary, a path, or the name of a public estate. ``agent_hosts`` says which agents are inventory
    hosts with facts of their own: ``manual`` (those a plan has to touch: installed by hand, sharing a machine with a
    console, forwarding audit events), ``all`` or ``none``. Overrides replace keys of the snapshot: ``journal=[...]``,
    or below it with two underscores: ``group__language="de"``, ``hosts__RMS01__memory_mb=1024``.
    """
    snapshot = _Builder(load_estate(estate), agent_hosts).snapshot()
    for path, value in overrides.items():
        *parents, last = path.split("__")
        target = snapshot
        for key in parents:
            target = target[key]
        target[last] = value
    return snapshot


def inputs_from_estate(estate: Union[str, Path, Estate], **overrides: Any) -> dict[str, Any]:
    """The inputs (variables ``scom_upgrade_*`` without the prefix) that fit an estate; overrides win."""
    loaded = load_estate(estate)
    builder = _Builder(loaded, "none")
    domain = builder.netbios_domain
    key = (loaded.get("backups") or {}).get("encryption_key")
    inputs: dict[str, Any] = {
        "media_path": MEDIA_PATH,
        "encryption_key_path": key["file"] if key else "C:\\Backup\\rms.bin",
        "backup_path": "C:\\Backup",
        "account": domain + "\\scomadmin",
        "data_access_account": domain + "\\scomdas",
        "data_reader_account": domain + "\\scomdr",
        "data_writer_account": domain + "\\scomdw",
        "connectors": [
            {"name": row["name"], "host": row["host"], "service": row["service"]}
            for row in loaded.get("connectors") or []
        ],
    }
    operational = (loaded.get("databases") or {}).get("operational")
    if not (loaded.get("databases") or {}).get("warehouse") and operational:
        inputs["warehouse"] = {
            "server": builder.instance_of(operational["server"]),
            "database": "OperationsManagerDW",
        }
    inputs.update(overrides)
    return inputs
