# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask one Windows host for all its facts in one batch, and put the answers into the shape of docs/snapshot.md (HOST).

Talks, and judges nothing. A fact that could not be read is null, and the reason stands in `unknown`. Private to this
collection. Registry places are those of Operations Manager 2007 R2 and 2012 (scripting reference 2.6, product
reference 3.2); places that vary are listed in order of preference.
"""

from __future__ import annotations

import base64
import csv
import re
from datetime import datetime, timezone

from ansible_collections.scom.upgrade.plugins.module_utils import media
from ansible_collections.scom.upgrade.plugins.plugin_utils import certificates
from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import JOURNAL, read_journal

SETUP = r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0"
SETUP_2012 = r"HKLM\SOFTWARE\Microsoft\System Center Operations Manager\12\Setup"
UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
UNINSTALL_32 = r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
ADT_SERVER = r"HKLM\SYSTEM\CurrentControlSet\Services\AdtServer"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
QUEUES = r"HKLM\SYSTEM\CurrentControlSet\Services\HealthService\Parameters\Management Groups"
QUEUE_VALUE = "maximumqueuesizekb"
CERTIFICATES = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\MY\Certificates"

# The file whose version tells the cumulative update (product reference 1.5), in the places where it may lie.
PRODUCT_FILE = "MonitoringHost.exe"
PRODUCT_FOLDERS = (
    r"%ProgramFiles%\System Center Operations Manager 2007",
    r"%ProgramFiles%\System Center 2012\Operations Manager\Server",
    r"%ProgramFiles%\System Center 2012\Operations Manager\Gateway",
    r"%ProgramFiles%\System Center 2012\Operations Manager\Agent",
    r"%ProgramFiles%\System Center Operations Manager\Agent",
    r"%ProgramFiles%\System Center Operations Manager\Gateway",
)
# Leaves of the folders above: what lies beside them is the product's too.
PRODUCT_PARTS = ("server", "gateway", "agent", "console", "webconsole", "reporting")
# Programs of the product that run as its services or for them, so that its setup stops them itself.
OWN_PROGRAMS = (
    "healthservice.exe",
    "monitoringhost.exe",
    "microsoft.mom.sdk.servicehost.exe",
    "microsoft.mom.configservicehost.exe",
    "cshost.exe",
    "adtserver.exe",
    "adtagent.exe",
    "interceptsvc.exe",
    "momperfsnapshothelper.exe",
)
OPEN_FILES = {"path": r"%SystemRoot%\System32\openfiles.exe", "arguments": ["/query", "/fo", "csv", "/nh"], "timeout": 30}
MEDIA_FILES = (
    "setup.exe",
    r"agent\i386\MOMAgent.msi",
    r"agent\AMD64\MOMAgent.msi",
    r"gateway\AMD64\MOMGateway.msi",
)
SERVICES = re.compile(
    r"(HealthService|OMSDK|OMCFG|cshost|AdtServer|AdtAgent|MSSQL.*|SQLSERVERAGENT|SQLAgent.*|ReportServer.*|W3SVC|ClusSvc"
    r"|RemoteRegistry|wuauserv)$",
    re.IGNORECASE,
)
SOFTWARE = re.compile(
    r"Operations Manager|AVIcode|Intercept Studio|SQL Server \d+|MSXML|Report Viewer|\.NET Framework|SharePoint"
    r"|Microsoft Monitoring Agent|Orchestrator|Service Manager|Data Protection Manager|Virtual Machine Manager",
    re.IGNORECASE,
)
RELEASES = {"5.2": "2003", "6.0": "2008", "6.1": "2008 R2", "6.2": "2012", "6.3": "2012 R2", "10.0": "2016"}
ARCHITECTURES = {0: "x86", 6: "ia64", 9: "x64"}

INSTANCE_QUERY = """
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)) AS version,
       CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition,
       CAST(SERVERPROPERTY('Collation') AS nvarchar(128)) AS collation,
       CAST(FULLTEXTSERVICEPROPERTY('IsFullTextInstalled') AS int) AS full_text,
       CAST(SERVERPROPERTY('IsClustered') AS int) AS clustered,
       (SELECT CAST(value_in_use AS int) FROM sys.configurations WHERE name = 'allow updates') AS allow_updates
"""
DATABASES_QUERY = """
SELECT d.name, d.state_desc, d.collation_name, CAST(d.is_broker_enabled AS int) AS broker, d.recovery_model_desc,
       (SELECT DATEADD(second, DATEDIFF(second, GETDATE(), GETUTCDATE()), MAX(b.backup_finish_date))
          FROM msdb.dbo.backupset b WHERE b.database_name = d.name AND b.type = 'D') AS last_full_backup
FROM sys.databases d
"""
FILES_QUERY = """
SELECT type_desc, CAST(SUM(size) / 128.0 AS float) AS size_mb,
       CAST(SUM(FILEPROPERTY(name, 'SpaceUsed')) / 128.0 AS float) AS used_mb
FROM sys.database_files GROUP BY type_desc
"""
GROUP_QUERY = "SELECT ManagementGroupName, ManagementGroupId, DBVersion FROM dbo.__MOMManagementGroupInfo__"
GROUP_ID_QUERY = "SELECT ManagementGroupId FROM dbo.MT_ManagementGroup"
PENDING_QUERY = """
SELECT AgentPendingActionId, AgentName, PendingActionType, ManagementServerName FROM dbo.AgentPendingAction
"""
TEXT_QUERY = """
SELECT (SELECT COUNT_BIG(*) FROM dbo.LocalizedText) AS localized_text_rows,
       (SELECT COUNT_BIG(*) FROM dbo.PublisherMessages) AS publisher_message_rows
"""
INVALID_OBJECT = 208  # SQL Server: the table is not in this database, so it is not the operational database
PENDING_TYPES = {
    0: "ManualApproval",
    1: "PushInstall",
    2: "UpdateAgent",
    10: "RepairFailed",
    17: "PushInstallFailed",
    18: "UpdateFailed",
}  # numbers seen in databases (scripting reference 2.4); others are told as "unknown (n)"


def media_files(hashed=()):
    """Files of the media to look at, and whether the hash is wanted: the usual ones, and all that are to be hashed."""
    found = {media.same(name): (name, False) for name in MEDIA_FILES}
    for path in hashed:
        key = media.same(path)
        if key:
            found[key] = (found[key][0] if key in found else media.tidy(path), True)
    return list(found.values())


def operations(media_path=None, encryption_key_path=None, media_hashes=()):
    """The one batch that asks a host for everything; returns a list of wire operations."""
    found = [
        _op("system", "system.info"),
        _op("journal", "file.tail", **JOURNAL),
        _op(
            "os",
            "wmi.query",
            **{
                "class": "Win32_OperatingSystem",
                "properties": [
                    "Caption",
                    "Version",
                    "ServicePackMajorVersion",
                    "OtherTypeDescription",
                    "LastBootUpTime",
                    "SystemDrive",
                    "TotalVisibleMemorySize",
                ],
            },
        ),
        _op(
            "computer",
            "wmi.query",
            **{
                "class": "Win32_ComputerSystem",
                "properties": ["Name", "Domain", "PartOfDomain", "TotalPhysicalMemory", "NumberOfProcessors"],
            },
        ),
        _op("processor", "wmi.query", **{"class": "Win32_Processor", "properties": ["Architecture", "AddressWidth"]}),
        _op(
            "disks",
            "wmi.query",
            **{
                "class": "Win32_LogicalDisk",
                "properties": ["DeviceID", "Size", "FreeSpace", "FileSystem"],
                "where": [{"property": "DriveType", "value": 3}],
            },
        ),
        _op("features", "wmi.query", **{"class": "Win32_ServerFeature", "properties": ["Name"]}),
        _op(
            "cluster",
            "wmi.query",
            **{
                "namespace": r"root\MSCluster",
                "class": "MSCluster_Resource",
                "properties": ["Name", "Type", "OwnerGroup", "PrivateProperties"],
            },
        ),
        _op(
            "cluster_nodes",
            "wmi.query",
            **{"namespace": r"root\MSCluster", "class": "MSCluster_Node", "properties": ["Name"]},
        ),
        _op("services", "service.list"),
        _op(
            "processes",
            "wmi.query",
            **{"class": "Win32_Process", "properties": ["Name", "ExecutablePath", "ProcessId", "ParentProcessId"]},
        ),
        _op("open_files", "command.run", **OPEN_FILES),
        _op("sql", "sql.query", instance="*", text=INSTANCE_QUERY),
        _op("databases", "sql.query", instance="*", text=DATABASES_QUERY),
        _op("files", "sql.query", instance="*", database="*", text=FILES_QUERY),
        _op("opsdb", "sql.query", instance="*", database="*", text=GROUP_QUERY),
        _op("opsdb_id", "sql.query", instance="*", database="*", text=GROUP_ID_QUERY),
        _op("pending", "sql.query", instance="*", database="*", text=PENDING_QUERY),
        _op("texts", "sql.query", instance="*", database="*", text=TEXT_QUERY),
        _op("msxml6", "file.stat", path=r"%SystemRoot%\System32\msxml6.dll", version=True),
        _op("msi", "file.stat", path=r"%SystemRoot%\System32\msiexec.exe", version=True),
        _op(
            "iis_config",
            "file.read",
            path=r"%SystemRoot%\System32\inetsrv\config\applicationHost.config",
            length=262144,
        ),
    ]
    for name, key, depth in (
        ("setup", SETUP + r"\Setup", 0),
        ("agent_groups", SETUP + r"\Agent Management Groups", 3),
        ("server_groups", SETUP + r"\Server Management Groups", 3),
        ("reporting", SETUP + r"\Reporting", 0),
        ("machine", SETUP + r"\Machine Settings", 0),
        ("setup_2012", SETUP_2012, 1),
        ("adt_server", ADT_SERVER, 0),
        ("session", SESSION_MANAGER, 0),
        ("ndp", r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP", 2),
        ("powershell1", r"HKLM\SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine", 0),
        ("powershell3", r"HKLM\SOFTWARE\Microsoft\PowerShell\3\PowerShellEngine", 0),
        ("winrm", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN", 0),
        ("inetstp", r"HKLM\SOFTWARE\Microsoft\InetStp", 0),
        ("state_backup", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsBackup\SystemState", 0),
        ("uninstall", UNINSTALL, 1),
        ("uninstall_32", UNINSTALL_32, 1),
        ("certificates", CERTIFICATES, 1),
        ("queues", QUEUES, 1),
    ):
        found.append(_op(name, "registry.read", key=key, depth=depth))
    for index, folder in enumerate(PRODUCT_FOLDERS):
        found.append(_op(f"product{index}", "file.stat", path=folder + "\\" + PRODUCT_FILE, version=True))
    if media_path:
        for name, hashed in media_files(media_hashes):
            wanted = {"hash": "sha256"} if hashed else {}
            path = media_path.rstrip("\\") + "\\" + name
            found.append(_op("media:" + name, "file.stat", path=path, version=True, **wanted))
    if encryption_key_path:
        found.append(_op("key", "file.stat", path=encryption_key_path))
    return found


def _op(name, kind, **args):
    return {"id": name, "op": kind, "args": args}


def normalise(results, media_path=None, encryption_key_path=None, connector_services=(), media_hashes=(), now=None):
    """Turn the answers into HOST of docs/snapshot.md.

    `results` are the wire's results by id; `now` is the controller's time (aware datetime, UTC), for the clock skew.
    """
    return _Answers(results, media_path, encryption_key_path, connector_services, media_hashes, now).host()


class _Answers:
    """The answers of one host, by operation; each method gives one part of HOST."""

    def __init__(self, results, media_path, key_path, connector_services, media_hashes, now):
        self.results = {result.id: result for result in results}
        self.media_hashes = media_hashes
        self.media_path, self.key_path = media_path, key_path
        self.connector_services = {name.lower() for name in connector_services}
        self.now = now or datetime.now(timezone.utc)
        self.unknown = {}

    # -- reading ---------------------------------------------------------------------------------------------

    def value(self, name, fact=None):
        """The value of an operation, or None; then `fact` is unknown, unless the thing simply is not there."""
        result = self.results.get(name)
        if result is None:
            return None
        if result.ok:
            return result.value
        if fact and result.error.get("kind") != "not_found":
            self.unknown[fact] = result.error.get("message", "")
        return None

    def rows(self, name, fact=None):
        """The rows of a WMI query as a list; empty when there is no answer."""
        return (self.value(name, fact) or {}).get("rows") or []

    def first(self, name, fact=None):
        """The first row of a WMI query, or an empty dictionary."""
        rows = self.rows(name, fact)
        return rows[0] if rows else {}

    def registry(self, name):
        """`{value name: data}` of a registry key; empty when the key is absent."""
        found = self.value(name, "registry." + name)
        if not found or not found.get("exists"):
            return {}
        return {key: item["data"] for key, item in (found.get("values") or {}).items()}

    def subkeys(self, name):
        """`{subkey: node}` of a registry key read with depth; empty when the key is absent."""
        found = self.value(name, "registry." + name)
        return (found or {}).get("subkeys") or {}

    def exists(self, name):
        """Whether a registry key or a file is there."""
        return bool((self.value(name) or {}).get("exists"))

    # -- parts -----------------------------------------------------------------------------------------------

    def host(self):
        """HOST, all of it."""
        system = self.value("system", "name") or {}
        computer = self.first("computer", "domain")
        domain_joined = computer.get("PartOfDomain")
        name = (system.get("name") or computer.get("Name") or "").upper()
        domain = (computer.get("Domain") or system.get("domain") or "").lower() or None
        facts = {
            "name": name,
            "fqdn": (system.get("fqdn") or (f"{name}.{domain}" if domain else name)).lower(),
            "domain": domain,
            "domain_joined": domain_joined if domain_joined is not None else system.get("domain_joined"),
            "collected": system.get("time"),
            "clock_skew_seconds": self.skew(system.get("time")),
            "os": self.operating_system(),
            "memory_mb": self.memory(computer),
            "processors": computer.get("NumberOfProcessors"),
            "boot_time": self.first("os").get("LastBootUpTime") or system.get("boot_time"),
            "pending_reboot": self.pending_reboot(),
            "disks": self.disks(),
            "powershell": system.get("powershell"),
            "clr": system.get("clr"),
            "winrm": self.winrm(),
            "dotnet": self.dotnet(),
            "msxml6": self.exists("msxml6"),
            "windows_installer": (self.value("msi") or {}).get("version"),
            "services": self.services(),
            "opsmgr": self.opsmgr(),
            "held_open": self.held_open(),
            "queue_kb": self.queue_kb(),
            "sql": self.sql(),
            "opsdb": self.opsdb(),
            "software": self.software(),
            "cluster": self.cluster(),
            "iis": self.iis(),
            "certificates": self.certificates(),
            "channel_certificate_serial": _serial(self.registry("machine").get("ChannelCertificateSerialNumber")),
            "media": self.media(),
            "encryption_key": self.encryption_key(),
            "system_state_backup": self.registry("state_backup").get("LastSuccessfulBackupTime"),
        }
        facts["journal"] = read_journal(self.results.get("journal"))
        facts["unknown"] = self.unknown
        return facts

    def skew(self, text):
        """Seconds the host's clock is ahead of the controller's; None when the host did not tell the time."""
        told = parse_time(text)
        return None if told is None else round((told - self.now).total_seconds())

    def operating_system(self):
        """OS facts; the release follows from the version, 2003 R2 and 2008 R2 told apart as Windows tells them."""
        row = self.first("os", "os")
        if not row.get("Version"):
            return None
        version = row["Version"]
        release = RELEASES.get(".".join(version.split(".")[:2]), version)
        if release == "2003" and "R2" in ((row.get("OtherTypeDescription") or "") + (row.get("Caption") or "")):
            release = "2003 R2"
        processor = self.first("processor", "os.architecture")
        architecture = ARCHITECTURES.get(processor.get("Architecture"))
        if architecture == "x64" and processor.get("AddressWidth") == 32:
            architecture = "x86"  # a 32-bit system on a 64-bit processor
        return {
            "caption": (row.get("Caption") or "").strip(),
            "version": version,
            "release": release,
            "service_pack": row.get("ServicePackMajorVersion"),
            "architecture": architecture,
        }

    def memory(self, computer):
        """RAM in MB: what is installed, else what the system sees."""
        if computer.get("TotalPhysicalMemory"):
            return round(int(computer["TotalPhysicalMemory"]) / 1048576)
        visible = self.first("os").get("TotalVisibleMemorySize")
        return round(int(visible) / 1024) if visible else None

    def pending_reboot(self):
        """True when files wait for a restart to be renamed (scripting reference 2.6)."""
        if self.value("session", "pending_reboot") is None:
            return None
        return bool(self.registry("session").get("PendingFileRenameOperations"))

    def disks(self):
        """Fixed disks, sizes in MB."""
        system_drive = self.first("os").get("SystemDrive", "C:")
        return [
            {
                "drive": row["DeviceID"],
                "size_mb": _megabytes(row.get("Size")),
                "free_mb": _megabytes(row.get("FreeSpace")),
                "file_system": row.get("FileSystem"),
                "system": row["DeviceID"].upper() == (system_drive or "C:").upper(),
            }
            for row in self.rows("disks", "disks")
        ]

    def winrm(self):
        """Version of the WinRM stack; the registry value is not documented for every release, so it may stay unknown."""
        values = self.registry("winrm")
        version = values.get("StackVersion") or values.get("ServiceStackVersion")
        if version is None:
            self.unknown["winrm"] = "the host does not tell the version of its WinRM stack in the registry"
        return version

    def dotnet(self):
        """Versions of the .NET Framework by the installed-products keys."""
        found = []
        for key, node in self.subkeys("ndp").items():
            if key.startswith("v") and key[1:2].isdigit():
                version = _data(node, "Version") or ""
                if key.startswith("v4"):
                    full = (node.get("subkeys") or {}).get("Full") or {}
                    version = _data(full, "Version") or version
                    found += ["4.0"] if version or key == "v4" else []
                elif key.startswith("v3.5"):
                    found.append("3.5.1" if _data(node, "SP") else "3.5")
                elif key.startswith("v3.0"):
                    found.append("3.0")
                elif key.startswith("v2.0"):
                    found.append("2.0")
        return sorted(set(found))

    def services(self):
        """State of the services that the product cares for."""
        listed = (self.value("services", "services") or {}).get("services") or {}
        return {
            name: {key: item.get(key) for key in ("state", "start_mode", "account")}
            for name, item in listed.items()
            if SERVICES.match(name) or name.lower() in self.connector_services
        }

    def opsmgr(self):
        """What of Operations Manager is on the machine; None when nothing is."""
        setup, setup_2012 = self.registry("setup"), self.value("setup_2012") or {}
        installed_2012 = bool(setup_2012.get("exists"))
        collector = self.exists("adt_server")
        forwarder = self.services().get("AdtAgent")
        if not (setup or installed_2012 or collector):
            return None
        product = self.product_file(setup.get("InstallDirectory"))
        parts = {key.lower(): node for key, node in (setup_2012.get("subkeys") or {}).items()}
        reporting = self.registry("reporting")
        return {
            "product": setup.get("Product"),
            "current_version": setup.get("CurrentVersion"),
            "server_version": setup.get("ServerVersion"),
            "agent_version": setup.get("AgentVersion"),
            "ui_version": setup.get("UIVersion"),
            "gateway_version": setup.get("MOMGatewayVersion"),
            "file_version": product.get("version"),
            "installed_2012": installed_2012,
            "install_directory": setup.get("InstallDirectory"),
            "installed_at": product.get("modified"),
            "agent_groups": [self.agent_group(name, node) for name, node in self.subkeys("agent_groups").items()],
            "server_groups": [
                {
                    "name": name,
                    "is_root": bool(_data(node, "IsRootHealthService")),
                    "has_parent": "Parent Health Services" in (node.get("subkeys") or {}),
                }
                for name, node in self.subkeys("server_groups").items()
            ],
            "database_server": setup.get("DatabaseServerName"),
            "database_name": setup.get("DatabaseName"),
            "warehouse_server": setup.get("DataWarehouseDBServerName"),
            "warehouse_name": setup.get("DataWarehouseDBName"),
            "reporting": {
                "sdk_machine": reporting.get("DefaultSDKServiceMachine"),
                "instance": reporting.get("SRSInstance"),
                "version": _data(parts.get("reporting", {}), "CurrentVersion") or self.software_version("Reporting"),
            }
            if reporting or "reporting" in parts
            else None,
            "web_console": self.web_console(parts.get("webconsole")),
            "console": {"version": setup["UIVersion"]} if setup.get("UIVersion") else None,
            "acs_collector": {"version": self.software_version("Audit Collection") or setup.get("AcsVersion")}
            if collector
            else None,
            "acs_forwarder": {"start_mode": forwarder["start_mode"], "state": forwarder["state"]}
            if forwarder
            else None,
        }

    def product_file(self, install_directory):
        """The product's file that tells the update level: the one in the install folder, else the newest found."""
        found = []
        for index, folder in enumerate(PRODUCT_FOLDERS):
            stat = self.value(f"product{index}") or {}
            if stat.get("exists") and stat.get("version"):
                leaf = folder.rpartition("\\")[2].lower()
                here = (install_directory or "").rstrip("\\").lower().endswith(leaf)
                found.append((here, number(stat["version"]), stat))
        extra = self.value("product_extra") or {}
        if extra.get("exists"):
            found.append((True, number(extra.get("version")), extra))
        return max(found, key=lambda item: item[:2])[2] if found else {}

    def needs_second_look(self):
        """Path of the product file when the install folder is none of the usual ones; else None."""
        setup = self.registry("setup")
        folder = setup.get("InstallDirectory")
        runs_workflows = any(setup.get(name) for name in ("ServerVersion", "AgentVersion", "MOMGatewayVersion"))
        if not folder or not runs_workflows or self.product_file(folder):
            return None
        return folder.rstrip("\\") + "\\" + PRODUCT_FILE

    @staticmethod
    def agent_group(name, node):
        """One management group that the machine's agent reports to."""
        parents = ((node.get("subkeys") or {}).get("Parent Health Services") or {}).get("subkeys") or {}
        first = parents.get("0") or {}
        return {
            "name": name,
            "parent": (_data(first, "NetworkName") or "").lower() or None,
            "port": _data(first, "Port"),
        }

    def product_folders(self):
        """The folders that the product lies in, in lower case and with a backslash at the end."""
        named = [self.registry("setup").get("InstallDirectory")]
        part_2012 = self.value("setup_2012") or {}
        named += [_data(node, "InstallDirectory") for node in (part_2012, *(part_2012.get("subkeys") or {}).values())]
        programs = ((self.value("system") or {}).get("environment") or {}).get("ProgramFiles")
        for index, folder in enumerate(PRODUCT_FOLDERS):
            if programs and self.exists(f"product{index}"):
                named.append(folder.replace("%ProgramFiles%", programs))
        found = set()
        for folder in named:
            parts = (folder or "").rstrip("\\").lower().split("\\")
            if parts[-1] in PRODUCT_PARTS and len(parts) > 1 and parts[-2].endswith("operations manager"):
                parts.pop()
            # A drive as a whole is no folder of the product, wherever it was put.
            if len(parts) > 1:
                found.add("\\".join(parts) + "\\")
        return tuple(sorted(found))

    def held_open(self):
        """What holds the product's folders open, as far as it can be seen from outside; None when nothing was read.

        Seen are programs that were started from these folders, and files of them that are open over a share.
        """
        if self.opsmgr() is None:
            return None
        folders = self.product_folders()
        if not folders:
            self.unknown["held_open"] = "where the product lies was not read"
            return None
        found = {"programs": self.open_programs(folders), "shares": self.open_shares(folders)}
        return None if found == {"programs": None, "shares": None} else found

    def open_programs(self, folders):
        """Programs started from the product's folders that are neither its services nor what these started."""
        rows = self.rows("processes", "held_open.programs")
        if not rows:
            self.unknown.setdefault("held_open.programs", "Windows named no process")
            return None
        listed = (self.value("services") or {}).get("services") or {}
        services = {_program(item.get("path")) for item in listed.values()}
        own = {
            row.get("ProcessId")
            for row in rows
            if (row.get("ExecutablePath") or "").lower() in services or (row.get("Name") or "").lower() in OWN_PROGRAMS
        }
        found = [
            {"name": row.get("Name"), "path": row["ExecutablePath"], "id": row.get("ProcessId")}
            for row in rows
            if (row.get("ExecutablePath") or "").lower().startswith(folders)
            and row.get("ProcessId") not in own
            and row.get("ParentProcessId") not in own
        ]
        return sorted(found, key=lambda item: (str(item["name"]).lower(), item["id"] or 0))

    def open_shares(self, folders):
        """Files of the product's folders that are open over a share, by what openfiles.exe lists.

        Its words are those of the host's language, so that columns count by their place: id, by whom, kind, path. That
        places and a quiet list mean this on every release is recalled.
        """
        result = self.results.get("open_files")
        answer = result.value if result is not None and result.ok else None
        if answer is None or answer.get("timed_out") or answer.get("rc") != 0:
            told = (answer or {}).get("stderr") or (answer or {}).get("stdout") or ""
            if result is not None and not result.ok:
                told = result.error.get("message") or ""
            said = " ".join(told.split())[:200]
            self.unknown["held_open.shares"] = "openfiles.exe gave no list" + (f": {said}" if said else "")
            return None
        rows = [row for row in csv.reader(answer.get("stdout", "").splitlines()) if len(row) >= 4 and row[0].isdigit()]
        found = [{"path": row[-1], "by": row[1]} for row in rows if (row[-1].lower() + "\\").startswith(folders)]
        return sorted(found, key=lambda item: (item["path"].lower(), item["by"]))

    def queue_kb(self):
        """How much the health service keeps back for each of its groups; None where nothing of the kind is there."""
        found = self.value("queues", "queue_kb")
        if not found or not found.get("exists"):
            return None
        queues = {}
        for group, node in (found.get("subkeys") or {}).items():
            values = {name.lower(): item["data"] for name, item in (node.get("values") or {}).items()}
            queues[group] = values.get(QUEUE_VALUE)
        return queues

    def web_console(self, part_2012):
        """The web console's site and version, from the 2012 key, else from the web server's own configuration."""
        if part_2012 is not None:
            return {
                "site": _data(part_2012, "WEBSITE_NAME") or _data(part_2012, "WEBSITE_ID"),
                "version": _data(part_2012, "CurrentVersion") or self.registry("setup").get("CurrentVersion"),
            }
        for site in self.sites():
            if "web console" in (site["path"] or "").lower() or "operations manager" in site["name"].lower():
                return {
                    "site": site["name"],
                    "version": self.software_version("Web Console") or self.registry("setup").get("CurrentVersion"),
                }
        return None

    def sites(self):
        """Sites of the web server by its configuration file; empty when there is none."""
        found = self.value("iis_config")
        if not found or not found.get("data"):
            return []
        text = base64.b64decode(found["data"]).decode("utf-8-sig", "replace")
        sites = []
        for match in re.finditer(r'<site\s+name="([^"]*)"(.*?)</site>', text, re.DOTALL):
            path = re.search(r'physicalPath="([^"]*)"', match.group(2))
            sites.append({"name": match.group(1), "path": path.group(1) if path else None})
        return sites

    def iis(self):
        """The web server; None when there is none."""
        version = self.registry("inetstp").get("VersionString")
        if not version:
            return None
        features = [row["Name"] for row in self.rows("features")] if self.value("features") else None
        return {"version": version, "sites": self.sites(), "features": features}

    def software(self):
        """Installed products that matter, by their uninstall entries."""
        found = []
        for key in ("uninstall", "uninstall_32"):
            for node in self.subkeys(key).values():
                name = _data(node, "DisplayName")
                if name and SOFTWARE.search(name):
                    found.append({"name": name, "version": _data(node, "DisplayVersion")})
        return sorted(found, key=lambda item: (item["name"], item["version"] or ""))

    def software_version(self, part):
        """Version of the newest Operations Manager product whose name holds `part`; None when there is none."""
        versions = [
            item["version"]
            for item in self.software()
            if "operations manager" in item["name"].lower() and part.lower() in item["name"].lower() and item["version"]
        ]
        return max(versions, key=number) if versions else None

    def sql(self):
        """The SQL Server instances of the machine with their databases."""
        found = []
        for answer in (self.value("sql", "sql") or {}).get("results") or []:
            if answer.get("error") or not answer.get("rows"):
                self.unknown["sql." + answer["instance"]] = (answer.get("error") or {}).get("message", "no answer")
                continue
            row = dict(zip(answer["columns"], answer["rows"][0]))
            found.append(
                {
                    "instance": answer["instance"],
                    "version": row["version"],
                    "edition": row["edition"],
                    "collation": row["collation"],
                    "full_text": _boolean(row["full_text"]),
                    "allow_updates": row["allow_updates"],
                    "clustered": _boolean(row["clustered"]),
                    "databases": self.databases(answer["instance"]),
                }
            )
        return found

    def databases(self, instance):
        """User databases of one instance, with sizes in MB."""
        sizes = {}
        for answer in (self.value("files") or {}).get("results") or []:
            if answer["instance"] == instance and not answer.get("error"):
                sizes[answer["database"]] = {row[0]: row[1:] for row in answer["rows"]}
        found = []
        for answer in (self.value("databases") or {}).get("results") or []:
            if answer["instance"] != instance or answer.get("error"):
                continue
            for values in answer["rows"]:
                row = dict(zip(answer["columns"], values))
                if row["name"] in ("master", "model", "msdb", "tempdb"):
                    continue
                size = sizes.get(row["name"], {})
                data, log = size.get("ROWS", (None, None)), size.get("LOG", (None, None))
                found.append(
                    {
                        "name": row["name"],
                        "state": row["state_desc"],
                        "collation": row["collation_name"],
                        "broker": _boolean(row["broker"]),
                        "recovery": row["recovery_model_desc"],
                        "data_mb": data[0],
                        "data_used_mb": data[1],
                        "log_mb": log[0],
                        "last_full_backup": _utc(row["last_full_backup"]),
                        "last_backup_file": None,
                        "last_backup_verified": None,
                    }
                )
        return found

    def in_database(self, name, instance, database):
        """Rows of a query in one database as dictionaries; None when it could not be asked there."""
        for answer in (self.value(name) or {}).get("results") or []:
            if (answer["instance"], answer["database"]) == (instance, database):
                error = answer.get("error")
                if error:
                    if error.get("number") != INVALID_OBJECT:
                        self.unknown["opsdb." + name] = error.get("message", "")
                    return None
                return [dict(zip(answer["columns"], row)) for row in answer["rows"]]
        return None

    def opsdb(self):
        """The operational database, where it is on this machine: the database that has a management group's record."""
        for answer in (self.value("opsdb", "opsdb") or {}).get("results") or []:
            if answer.get("error") or not answer.get("rows"):
                continue
            instance, database = answer["instance"], answer["database"]
            info = dict(zip(answer["columns"], answer["rows"][0]))
            types = self.in_database("opsdb_id", instance, database) or [{}]
            pending = self.in_database("pending", instance, database)
            texts = (self.in_database("texts", instance, database) or [{}])[0]
            return {
                "instance": instance,
                "database": database,
                "group_name": info.get("ManagementGroupName"),
                "group_id": info.get("ManagementGroupId"),
                "version": info.get("DBVersion"),
                "group_ids": {
                    "MT_ManagementGroup": types[0].get("ManagementGroupId"),
                    "__MOMManagementGroupInfo__": info.get("ManagementGroupId"),
                },
                "pending": None
                if pending is None
                else [
                    {
                        "id": row["AgentPendingActionId"],
                        "agent": (row["AgentName"] or "").lower(),
                        "type": PENDING_TYPES.get(row["PendingActionType"], f"unknown ({row['PendingActionType']})"),
                        "server": (row["ManagementServerName"] or "").lower() or None,
                    }
                    for row in pending
                ],
                "localized_text_rows": texts.get("localized_text_rows"),
                "publisher_message_rows": texts.get("publisher_message_rows"),
            }
        return None

    def cluster(self):
        """An Operations Manager cluster: its generic services run as cluster resources (scripting reference 2.8)."""
        services, group, name = [], None, None
        rows = self.rows("cluster")
        for row in rows:
            private = row.get("PrivateProperties") or {}
            if (private.get("ServiceName") or "").lower() in ("healthservice", "omcfg", "omsdk"):
                services.append(private["ServiceName"])
                group = row.get("OwnerGroup")
        if not services:
            return None
        for row in rows:
            if row.get("Type") == "Network Name" and row.get("OwnerGroup") == group:
                name = (row.get("PrivateProperties") or {}).get("Name") or row.get("Name")
        return {
            "virtual_name": name,
            "nodes": [row["Name"] for row in self.rows("cluster_nodes")],
            "services": sorted(services),
        }

    def certificates(self):
        """The machine's own certificates: thumbprint, subject and end of validity, from the store in the registry."""
        found = []
        for thumbprint, node in self.subkeys("certificates").items():
            blob = _data(node, "Blob")
            try:
                certificate = certificates.read(base64.b64decode(blob))
                found.append(
                    {
                        "thumbprint": thumbprint,
                        "subject": certificate["subject"],
                        "not_after": certificate["not_after"],
                        "serial": certificate["serial"],
                    }
                )
            except (certificates.Unreadable, TypeError, ValueError) as error:
                self.unknown["certificates." + thumbprint] = str(error)
        return found

    def media(self):
        """The 2012 media at the configured place; None when no place is configured."""
        if not self.media_path:
            return None
        names = [name for name, _hashed in media_files(self.media_hashes)]
        files = {name: self.value("media:" + name, media.UNKNOWN + name) or {} for name in names}
        setup = files["setup.exe"]
        return {
            "path": self.media_path,
            # A file that could not be looked at is neither there nor absent.
            "present": None if media.UNKNOWN + "setup.exe" in self.unknown else bool(setup.get("exists")),
            "version": setup.get("version"),
            "files": {
                name: {"size": stat["size"], "sha256": stat.get("hash")}
                for name, stat in files.items()
                if stat.get("exists")
            },
        }

    def encryption_key(self):
        """The key backup at the configured place; `exists` None where the host could not look (a network path)."""
        if not self.key_path:
            return None
        if self.key_path.startswith("\\\\"):
            self.unknown["encryption_key"] = "a network path cannot be read over a WinRM logon"
            return {"path": self.key_path, "exists": None, "modified": None}
        stat = self.value("key", "encryption_key")
        return {
            "path": self.key_path,
            "exists": None if stat is None else bool(stat.get("exists")),
            "modified": (stat or {}).get("modified"),
        }


def parse_time(text):
    """An ISO 8601 time with Z as an aware datetime; None for no text."""
    if not text:
        return None
    return datetime.strptime(text.rstrip("Z").split(".")[0], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)


def _data(node, name):
    return ((node.get("values") or {}).get(name) or {}).get("data")


def number(version):
    """A version as a tuple of numbers, for comparison; an absent one is lower than any."""
    return tuple(int(part) for part in re.findall(r"\d+", version or ""))


def _program(command_line):
    """The program of a service's command line, in lower case."""
    found = re.match(r'"([^"]+)"|(.+?\.exe)\b|(\S+)', command_line or "", re.IGNORECASE)
    return next((part for part in found.groups() if part), "").lower() if found else ""


def _megabytes(size):
    return None if size is None else int(size) // 1048576


def _utc(text):
    """A time that SQL Server told in UTC, as ISO 8601 without fractions."""
    return None if not text else text.rstrip("Z").split(".")[0] + "Z"


def _serial(data):
    """A serial number as certificates show it; the registry has its bytes the other way round."""
    return base64.b64decode(data)[::-1].hex().upper() if data else None


def _boolean(value):
    return None if value is None else bool(value)


def collect(remote, media_path=None, encryption_key_path=None, connector_services=(), media_hashes=()):
    """Ask a host for its facts: one round trip, and a second only where the product lies in an unusual folder.

    `media_hashes` are relative paths of the media's files whose SHA-256 is wanted. Returns HOST. Errors of the wire pass
    through.
    """
    results = remote.run(operations(media_path, encryption_key_path, media_hashes))
    answers = _Answers(results, media_path, encryption_key_path, connector_services, media_hashes, None)
    path = answers.needs_second_look()
    if path:
        results = results + remote.run([_op("product_extra", "file.stat", path=path, version=True)])
    return normalise(results, media_path, encryption_key_path, connector_services, media_hashes)
