# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one batch that asks a host for everything."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.module_utils import media
from ansible_collections.scom.upgrade.plugins.plugin_utils.host import places
from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import JOURNAL

OPEN_FILES = {
    "path": r"%SystemRoot%\System32\openfiles.exe",
    "arguments": ["/query", "/fo", "csv", "/nh"],
    "timeout": 30,
}

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
       (SELECT COUNT_BIG(*) FROM dbo.PublisherMessages) AS publisher_message_rows"""


def media_files(hashed=()):
    """Files of the media to look at, and whether the hash is wanted: the usual ones, and all that are to be hashed."""
    found = {media.same(name): (name, False) for name in places.MEDIA_FILES}
    for path in hashed:
        key = media.same(path)
        if key:
            found[key] = (found[key][0] if key in found else media.tidy(path), True)
    return list(found.values())


def operations(media_path=None, encryption_key_path=None, media_hashes=()):
    """The one batch that asks a host for everything; returns a list of wire operations."""
    found = [
        operation("system", "system.info"),
        operation("journal", "file.tail", **JOURNAL),
        operation(
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
        operation(
            "computer",
            "wmi.query",
            **{
                "class": "Win32_ComputerSystem",
                "properties": ["Name", "Domain", "PartOfDomain", "TotalPhysicalMemory", "NumberOfProcessors"],
            },
        ),
        operation(
            "processor", "wmi.query", **{"class": "Win32_Processor", "properties": ["Architecture", "AddressWidth"]}
        ),
        operation(
            "disks",
            "wmi.query",
            **{
                "class": "Win32_LogicalDisk",
                "properties": ["DeviceID", "Size", "FreeSpace", "FileSystem"],
                "where": [{"property": "DriveType", "value": 3}],
            },
        ),
        operation("features", "wmi.query", **{"class": "Win32_ServerFeature", "properties": ["Name"]}),
        operation(
            "cluster",
            "wmi.query",
            **{
                "namespace": r"root\MSCluster",
                "class": "MSCluster_Resource",
                "properties": ["Name", "Type", "OwnerGroup", "PrivateProperties"],
            },
        ),
        operation(
            "cluster_nodes",
            "wmi.query",
            **{"namespace": r"root\MSCluster", "class": "MSCluster_Node", "properties": ["Name"]},
        ),
        operation("services", "service.list"),
        operation(
            "processes",
            "wmi.query",
            **{"class": "Win32_Process", "properties": ["Name", "ExecutablePath", "ProcessId", "ParentProcessId"]},
        ),
        operation("open_files", "command.run", **OPEN_FILES),
        operation("sql", "sql.query", instance="*", text=INSTANCE_QUERY),
        operation("databases", "sql.query", instance="*", text=DATABASES_QUERY),
        operation("files", "sql.query", instance="*", database="*", text=FILES_QUERY),
        operation("opsdb", "sql.query", instance="*", database="*", text=GROUP_QUERY),
        operation("opsdb_id", "sql.query", instance="*", database="*", text=GROUP_ID_QUERY),
        operation("pending", "sql.query", instance="*", database="*", text=PENDING_QUERY),
        operation("texts", "sql.query", instance="*", database="*", text=TEXT_QUERY),
        operation("msxml6", "file.stat", path=r"%SystemRoot%\System32\msxml6.dll", version=True),
        operation("msi", "file.stat", path=r"%SystemRoot%\System32\msiexec.exe", version=True),
        operation(
            "iis_config",
            "file.read",
            path=r"%SystemRoot%\System32\inetsrv\config\applicationHost.config",
            length=262144,
        ),
    ]
    for name, key, depth in (
        ("setup", places.SETUP + r"\Setup", 0),
        ("agent_groups", places.SETUP + r"\Agent Management Groups", 3),
        ("server_groups", places.SETUP + r"\Server Management Groups", 3),
        ("reporting", places.SETUP + r"\Reporting", 0),
        ("machine", places.SETUP + r"\Machine Settings", 0),
        ("setup_2012", places.SETUP_2012, 1),
        ("adt_server", places.ADT_SERVER, 0),
        ("session", places.SESSION_MANAGER, 0),
        ("ndp", r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP", 2),
        ("powershell1", r"HKLM\SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine", 0),
        ("powershell3", r"HKLM\SOFTWARE\Microsoft\PowerShell\3\PowerShellEngine", 0),
        ("winrm", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN", 0),
        ("inetstp", r"HKLM\SOFTWARE\Microsoft\InetStp", 0),
        ("state_backup", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsBackup\SystemState", 0),
        ("uninstall", places.UNINSTALL, 1),
        ("uninstall_32", places.UNINSTALL_32, 1),
        ("certificates", places.CERTIFICATES, 1),
        ("queues", places.QUEUES, 1),
    ):
        found.append(operation(name, "registry.read", key=key, depth=depth))
    for index, folder in enumerate(places.PRODUCT_FOLDERS):
        found.append(operation(f"product{index}", "file.stat", path=folder + "\\" + places.PRODUCT_FILE, version=True))
    if media_path:
        for name, hashed in media_files(media_hashes):
            wanted = {"hash": "sha256"} if hashed else {}
            path = media_path.rstrip("\\") + "\\" + name
            found.append(operation("media:" + name, "file.stat", path=path, version=True, **wanted))
    if encryption_key_path:
        found.append(operation("key", "file.stat", path=encryption_key_path))
    return found


def operation(name, kind, **args):
    """One operation of the wire."""
    return {"id": name, "op": kind, "args": args}
