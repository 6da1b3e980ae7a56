"""What both engines are asked: every operation, its errors included. A case is a batch on one host.

The cases run in this order, each on the world that the one before it left. `{name}` of earlier cases is nothing special:
whatever a case needs it makes itself.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Case:
    """One batch. options: of `Remote.run`. drop: keys of values that cannot be the same in both worlds."""

    name: str
    operations: list[dict[str, Any]]
    host: str = "RMS01"
    options: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()


def op(operation: str, /, **args: Any) -> dict[str, Any]:
    """One operation."""
    return {"op": operation, "args": args}


def b64(data: bytes | str) -> str:
    """Base64 of bytes, or of a text as UTF-8."""
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


KEY = r"HKLM\SOFTWARE\scom.upgrade.test"
SETUP = r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Setup"
DIR = r"C:\Parity"
NASTY = "Gr\u00fc\u00dfe, \u65e5\u672c \U0001f600 \"quoted\" 'single' $(Get-Date) `back` %TEMP% \\ / \x07 tab\tend"
PACKET = bytes(range(256)) * 3
SCOMADMIN = {"account": r"PARITY\scomadmin", "password": "Lab-Upgr4de"}
HOSTNAME = r"%SystemRoot%\System32\hostname.exe"

WIRE = [
    Case("empty batch", []),
    Case(
        "unknown operations",
        [op("nope"), op("File.Stat", path="C:\\x"), op("registry.read"), {"op": "system.info", "id": "mine"}],
        drop=("time",),
    ),
    Case(
        "stop on error",
        [op("file.read", path=r"C:\missing"), op("system.info"), op("nope")],
        options={"stop_on_error": True},
    ),
    Case("go on after an error", [op("file.read", path=r"C:\missing"), op("file.stat", path="C:\\Windows")]),
]

MACHINE = [
    Case("system.info", [op("system.info")]),
    Case("system.info of 2003", [op("system.info")], host="OLD01"),
    Case("system.info of a workgroup", [op("system.info")], host="GW01"),
    Case(
        "wmi.query",
        [
            op(
                "wmi.query",
                **{"class": "Win32_OperatingSystem"},
                properties=["Caption", "Version", "LastBootUpTime", "InstallDate", "NotThere"],
            ),
            op(
                "wmi.query",
                **{"class": "Win32_LogicalDisk"},
                properties=["DeviceID", "FreeSpace", "Size"],
                where=[{"property": "DriveType", "value": 3}],
            ),
            op(
                "wmi.query",
                **{"class": "Win32_Service"},
                properties=["Name", "State"],
                where=[{"property": "Name", "value": "healthservice"}, {"property": "State", "value": "Running"}],
            ),
            op(
                "wmi.query",
                **{"class": "Win32_Service"},
                properties=["Name"],
                where=[{"property": "Name", "value": "x' OR Name <> '\\"}],
            ),
            op("wmi.query", **{"class": "Win32_ComputerSystem"}, properties=["Domain", "PartOfDomain", "Name"]),
            op("wmi.query", **{"class": "Win32_Nothing"}, properties=["Name"]),
            op("wmi.query", **{"class": "MSCluster_Resource"}, properties=["Name"], namespace=r"root\MSCluster"),
            op("wmi.query", **{"class": "Win32_Service; DROP"}, properties=["Name"]),
            op(
                "wmi.query",
                **{"class": "Win32_Service"},
                properties=["Name"],
                where=[{"property": "Name='x' OR 1", "value": 1}],
            ),
            op("wmi.query", **{"class": "Win32_Service"}),
            op("wmi.query", properties=["Name"]),
        ],
    ),
    Case(
        "processes",
        [
            op(
                "wmi.query",
                **{"class": "Win32_Process"},
                properties=["Name", "ExecutablePath", "ProcessId", "ParentProcessId"],
                where=[{"property": "Name", "value": "microsoft.mom.ui.console.exe"}],
            ),
            op(
                "wmi.query",
                **{"class": "Win32_Process"},
                properties=["Name", "ExecutablePath", "ProcessId"],
                where=[{"property": "Name", "value": "HealthService.exe"}],
            ),
        ],
        host="MS02",
    ),
    Case(
        "eventlog.read",
        [
            op("eventlog.read", log="Operations Manager", newest=5),
            op("eventlog.read", log="application", newest=3, levels=["error", "warning"]),
            op(
                "eventlog.read",
                log="Operations Manager",
                newest=3,
                sources=["healthservice"],
                since="2012-05-01T00:00:00Z",
            ),
            op("eventlog.read", log="Operations Manager", ids=[1210, 20022], newest=2),
            op("eventlog.read", log="No such log"),
            op("eventlog.read", log="System", levels=["loud"]),
            op("eventlog.read", log="System", since="yesterday"),
            op("eventlog.read"),
        ],
    ),
    Case(
        "tcp.test",
        [
            op("tcp.test", host="SQL01", port=1433),
            op("tcp.test", host="sql01.parity.test", port=1434, timeout=1),
            op("tcp.test", host="nowhere.parity.test", port=80),
            op("tcp.test", host="MS02", port=0),
            op("tcp.test", port=80),
        ],
    ),
]

REGISTRY = [
    Case(
        "registry.read",
        [
            op("registry.read", key=SETUP),
            op("registry.read", key=r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft Operations Manager", depth=3),
            op("registry.read", key=r"HKLM\SOFTWARE\nothing"),
            op("registry.read", key="C:\\Windows"),
            op("registry.read", key=SETUP, depth=-1),
            op("registry.read", key=r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall", depth=1),
        ],
    ),
    Case(
        "registry.write",
        [
            op("registry.write", key=KEY, name="text", kind="String", data=NASTY.replace("\x07", "")),
            op("registry.write", key=KEY, name="text", kind="String", data=NASTY.replace("\x07", "")),
            op("registry.write", key=KEY, name="text", kind="ExpandString", data="%TEMP%\\x"),
            op("registry.write", key=KEY, name="big", kind="DWord", data=4294967295),
            op("registry.write", key=KEY, name="big", kind="DWord", data=4294967295),
            op("registry.write", key=KEY, name="huge", kind="QWord", data=18446744073709551615),
            op("registry.write", key=KEY, name="huge", kind="QWord", data=5),
            op("registry.write", key=KEY, name="many", kind="MultiString", data=["one", "two"]),
            op("registry.write", key=KEY, name="single", kind="MultiString", data=["one"]),
            op("registry.write", key=KEY, name="none", kind="MultiString", data=[]),
            op("registry.write", key=KEY, name="bytes", kind="Binary", data=b64(b"\0\1\2\xff")),
            op("registry.write", key=KEY, name="bytes", kind="Binary", data=b64(b"\0\1\2\xff")),
            op("registry.write", key=KEY, name="", kind="String", data="default"),
            op("registry.write", key=KEY, name="checked", kind="DWord", data=1, check=True),
            op("registry.read", key=KEY),
            op("registry.write", key=KEY, name="x", kind="DWord", data=-1),
            op("registry.write", key=KEY, name="x", kind="DWord", data="1"),
            op("registry.write", key=KEY, name="x", kind="Link", data="1"),
            op("registry.write", key=KEY, name="x", kind="String", data=1),
            op("registry.write", key=KEY, name="x", kind="Binary", data="?"),
            op("registry.write", key=KEY, name="x", kind="MultiString", data="a"),
            op("registry.write", key=KEY, name="x", kind="String"),
        ],
    ),
    Case(
        "registry.delete",
        [
            op("registry.delete", key=KEY, name="TEXT", check=True),
            op("registry.delete", key=KEY, name="TEXT"),
            op("registry.delete", key=KEY, name="text"),
            op("registry.delete", key=KEY + r"\below", name="x"),
            op("registry.read", key=KEY),
            op("registry.delete", key=KEY, check=True),
            op("registry.delete", key=KEY),
            op("registry.delete", key=KEY),
            op("registry.read", key=KEY),
            op("registry.delete", key="HKLM"),
            op("registry.delete", key="Z:\\"),
        ],
    ),
]

SERVICES = [
    Case(
        "service.list",
        [
            op("service.list", names=["healthservice", "OMSDK", "not there", "W32Time"]),
            op("service.list", names=[]),
            op("service.list"),
        ],
    ),
    Case(
        "service.set",
        [
            op("service.set", name="HealthService", state="stopped", check=True),
            op("service.set", name="healthservice", state="stopped"),
            op("service.set", name="HealthService", state="stopped"),
            op("service.set", name="HealthService", start_mode="disabled"),
            op("service.set", name="HealthService", state="running"),
            op("service.set", name="HealthService", state="running", start_mode="auto"),
            op("service.set", name="HealthService", state="restarted"),
            op("service.set", name="HealthService", start_mode="auto"),
            op("service.list", names=["HealthService"]),
            op("service.set", name="no' such", state="running"),
            op("service.set", name="HealthService", state="paused"),
            op("service.set", name="HealthService", start_mode="boot"),
            op("service.set", state="running"),
        ],
        host="MS02",
    ),
    Case(
        "service.set with dependents",
        [
            op("service.set", name="MSSQLSERVER", state="restarted"),
            op("service.list", names=["MSSQLSERVER", "SQLSERVERAGENT"]),
            op("service.set", name="MSSQLSERVER", state="stopped"),
            op("service.list", names=["MSSQLSERVER", "SQLSERVERAGENT"]),
            op("service.set", name="SQLSERVERAGENT", state="running"),
            op("service.list", names=["MSSQLSERVER", "SQLSERVERAGENT"]),
        ],
        host="SQL01",
    ),
]

FILES = [
    Case(
        "file.write",
        [
            op("file.write", path=DIR + r"\a.txt", data=b64("hello")),
            op("file.write", path=DIR + r"\a.txt", data=b64("hello"), create_directory=True, check=True),
            op("file.write", path=DIR + r"\a.txt", data=b64("hello"), create_directory=True),
        ],
    ),
    Case(
        "file.write again",
        [
            op("file.write", path=DIR + r"\a.txt", data=b64("hello")),
            op("file.write", path=DIR + r"\A.TXT", data=b64("hell")),
            op("file.write", path=DIR + r"\a.txt", data=b64("o, world"), offset=4, final=False),
            op("file.read", path=DIR + r"\a.txt"),
            op("file.write", path=DIR + r"\a.txt", data=b64("o, wor"), offset=4, final=False),
            op("file.write", path=DIR + r"\a.txt", data=b64("END"), offset=14),
            op("file.read", path=DIR + r"\a.txt"),
            op("file.write", path=DIR + r"\a.txt", data=""),
            op("file.read", path=DIR + r"\a.txt"),
            op("file.write", path=DIR, data=b64("x")),
            op("file.write", path=DIR + r"\deep\er\b.bin", data=b64(PACKET), create_directory=True),
            op("file.write", path=DIR + r"\c", data="*"),
            op("file.write", path=DIR + r"\c"),
            op("file.write", path="relative.txt", data=""),
            op("file.write", path=DIR + r"\no|pe", data=""),
        ],
    ),
    Case(
        "file.stat",
        [
            op("file.stat", path=DIR + r"\deep\er\B.BIN", hash="md5"),
            op("file.stat", path=DIR + r"\deep\er\b.bin", hash="sha1"),
            op("file.stat", path=DIR + r"/deep/er/b.bin", hash="sha256", version=True),
            op("file.stat", path=DIR + "\\"),
            op("file.stat", path="C:\\"),
            op("file.stat", path=DIR + r"\none\none"),
            op("file.stat", path=DIR + r"\a.txt", hash="crc"),
            op("file.stat", path="%NOPE%\\x"),
            op(
                "file.stat",
                path=r"%ProgramFiles%\System Center Operations Manager 2007\HealthService.exe",
                version=True,
            ),
            op("file.stat", path=r"%programdata%"),
            op("file.stat"),
            op(
                "file.stat",
                path=r"%ProgramFiles%\System Center Operations Manager 2007\MonitoringHost.exe",
                version=True,
                hash="sha1",
            ),
        ],
        drop=("modified",),
    ),
    Case(
        "file.list",
        [
            op("file.list", path=DIR),
            op("file.list", path=DIR, recurse=True),
            op("file.list", path=DIR, pattern="*.b?n", recurse=True),
            op("file.list", path=DIR, pattern="[a]*"),
            op("file.list", path=DIR + r"\none"),
            op("file.list", path=DIR + r"\a.txt"),
            op("file.list", path="C:\\", pattern="P*"),
            op("file.list", path="x"),
        ],
        drop=("modified",),
    ),
    Case(
        "file.read",
        [
            op("file.read", path=DIR + r"\deep\er\b.bin", offset=250, length=10),
            op("file.read", path=DIR + r"\deep\er\b.bin", offset=9999),
            op("file.read", path=DIR),
            op("file.read", path=DIR + r"\none"),
            op("file.read", path=DIR + r"\a.txt", offset=-1),
            op("file.read", path=DIR + r"\a.txt", length="x"),
        ],
    ),
    Case(
        "file.tail: what there is",
        [
            op(
                "file.write",
                path=DIR + r"\utf16.log",
                data=b64(b"\xff\xfe" + "Zeile eins\r\nGr\u00fc\u00dfe \U0001f600\r\n".encode("utf-16-le") + b"\x41"),
            ),
            op("file.write", path=DIR + r"\big.log", data=b64(b"\xfe\xff" + "big \u00e9".encode("utf-16-be"))),
            op("file.write", path=DIR + r"\bom.log", data=b64(b"\xef\xbb\xbf" + "mark \u00e9\r\n".encode())),
            op("file.write", path=DIR + r"\cut.log", data=b64("ab\u65e5\u672c".encode()[:-1])),
            op("file.write", path=DIR + r"\empty.log", data=""),
            *(
                op("file.tail", path=DIR + rf"\{name}.log", **args)
                for name in ("utf16", "big", "bom", "empty", "none")
                for args in ({}, {"offset": 0}, {"offset": 3}, {"bytes": 5}, {"offset": 2, "bytes": 4}, {"offset": 999})
            ),
            op("file.tail", path=DIR + r"\cut.log"),
            op("file.tail", path=DIR + r"\cut.log", offset=5),
            op("file.tail", path=DIR),
            op("file.tail", path="..\\x"),
        ],
    ),
    Case(
        "file.mkdir",
        [
            op("file.mkdir", path=DIR + r"\new\one", check=True),
            op("file.mkdir", path=DIR + r"\new\one"),
            op("file.mkdir", path=DIR + r"\NEW"),
            op("file.mkdir", path=DIR + r"\a.txt"),
        ],
    ),
    Case(
        "file.delete",
        [
            op("file.delete", path=DIR + r"\a.txt", check=True),
            op("file.delete", path=DIR + r"\a.txt"),
            op("file.delete", path=DIR + r"\a.txt"),
            op("file.delete", path=DIR),
            op("file.delete", path=DIR + r"\new\one"),
            op("file.delete", path="C:\\", recurse=True),
            op("file.delete", path=DIR, recurse=True),
            op("file.stat", path=DIR),
        ],
    ),
]

OPENFILES = r"%SystemRoot%\System32\openfiles.exe"
PROGRAMS = [
    Case(
        "openfiles",
        [op("command.run", path=OPENFILES, arguments=["/query", "/fo", "csv", "/nh"]), op("command.run", path=OPENFILES)],
        host="MS02",
    ),
    Case("openfiles with nothing open", [op("command.run", path=OPENFILES, arguments=["/query", "/fo", "csv", "/nh"])]),
    Case(
        "command.run",
        [
            op("command.run", path="hostname.exe"),
            op("command.run", path=HOSTNAME, directory="%SystemRoot%"),
            op("command.run", path="hostname"),
            op("command.run", path="no-such.exe"),
            op("command.run", path=r"C:\none\x.exe"),
            op("command.run", path=HOSTNAME, directory=r"C:\none"),
            op("command.run", path="hostname.exe; calc"),
            op("command.run"),
            op("command.run", path="hostname.exe", check=True),
            op("command.run", path="whoami.exe"),
            op("command.run", path="net.exe", arguments=["start", "no such service"]),
            op("command.run", path="timeout.exe", arguments=["/t", "99999"], timeout=2),
            op("command.run", path="cmd.exe", arguments=["/c", "echo", 'a b"c']),
        ],
    ),
]

JOBS = [
    Case(
        "job.start",
        [
            op("job.start", id="one", path=HOSTNAME, arguments=["plain", {"secret": "s3cret"}], **SCOMADMIN),
            op("job.poll", id="one"),
            op("job.start", id="one", path=HOSTNAME),
            op("job.stop", id="one"),
            op("job.remove", id="one", check=True),
            op("job.remove", id="one"),
            op("job.poll", id="one"),
            op("job.remove", id="one"),
            op("job.stop", id="one"),
            op("file.list", path=r"%ProgramData%\scom.upgrade", recurse=True),
        ],
        drop=("modified",),
    ),
    Case(
        "job.start refused",
        [
            op("job.start", id="../x", path=HOSTNAME),
            op("job.start", id="two"),
            op("job.start", id="two", path=HOSTNAME, check=True),
            op("job.start", id="two", path=HOSTNAME, account=r"PARITY\scomadmin", password="wrong"),
            op("job.start", id="two", path=HOSTNAME, account=r"PARITY\nobody", password="x"),
            op("job.start", id="two", path=r"C:\none\setup.exe"),
            op("job.start", id="two", path=HOSTNAME, directory=r"C:\none"),
            op("job.start", id="two", path=HOSTNAME, arguments=[{"secret": 1}]),
            op("job.start", id="two", path=HOSTNAME, arguments=[{"x": "y"}]),
            op("job.poll", id="two"),
            op("job.poll"),
        ],
    ),
    Case(
        "job.start as SYSTEM",
        [
            op("job.start", id="three", path="whoami.exe", input="text"),
            op("job.poll", id="three"),
            op("job.poll", id="three", offset=3),
            op("job.poll", id="three", log=r"%LOCALAPPDATA%\SCOM\Logs\*.log"),
            op("job.remove", id="three"),
        ],
    ),
    Case(
        "job that asks for the groups of its account",
        [
            op(
                "job.start",
                id="groups",
                path=r"%SystemRoot%\System32\whoami.exe",
                arguments=["/groups", "/fo", "csv", "/nh"],
                **SCOMADMIN,
            ),
            op("job.poll", id="groups"),
            op("job.remove", id="groups"),
            op("job.start", id="batch", path=HOSTNAME, account=r"PARITY\scomdr", password="Lab-Serv1ce"),
            op("job.poll", id="batch"),
        ],
    ),
    Case(
        "job on 2003",
        [
            op("job.start", id="four", path="hostname.exe"),
            op("job.poll", id="four"),
            op("job.remove", id="four"),
            op("job.poll", id="four"),
            op("job.start", id="five", path="hostname.exe", **SCOMADMIN),
            op("job.poll", id="five"),
            op("job.remove", id="five"),
            op("job.start", id="six", path="hostname.exe", account=r"PARITY\scomadmin", password="wrong"),
            op("job.poll", id="six"),
        ],
        host="OLD01",
    ),
]

SQL = [
    Case(
        "sql.query",
        [
            op("sql.query", text="SELECT 1 AS one, 'x' AS two, NULL AS three"),
            *(
                op(
                    "sql.query",
                    text="EXEC master..xp_logininfo @acctname = @account, @option = 'all'",
                    parameters={"account": account},
                )
                for account in (r"PARITY\scomadmin", r"PARITY\scomdas", r"PARITY\nobody")
            ),
            op(
                "sql.query",
                text="SELECT name, database_id FROM sys.databases WHERE name = @name",
                parameters={"name": "OperationsManager"},
            ),
            op(
                "sql.query",
                text="SELECT @a AS a, @b AS b, @c AS c, @d AS d",
                parameters={"a": NASTY, "b": 12345678901, "c": None, "@d": True},
            ),
            op("sql.query", text="SELECT name FROM sys.databases ORDER BY name; SELECT 2 AS two"),
            op(
                "sql.query",
                text="SELECT CAST(0x0102FF AS varbinary(8)) AS b, CAST('2012-05-01T10:20:30.123' AS datetime) AS t,"
                " CAST(1.5 AS float) AS f",
            ),
            op("sql.query", text="PRINT 'told'; SELECT 1 AS x"),
            op("sql.query", text="SELECT DB_NAME() AS here", database="OperationsManager"),
            op("sql.query", text="SELECT DB_NAME() AS here", database="*"),
            op("sql.query", text="SELECT DB_NAME() AS here", instance="*"),
            op("sql.query", text="SELECT 1 AS x", instance="MSSQLSERVER"),
            op(
                "sql.query",
                text="SELECT ManagementGroupName FROM dbo.__MOMManagementGroupInfo__",
                instance="*",
                database="*",
            ),
            op(
                "sql.query",
                text="CREATE TABLE dbo.parity (a int)",
                kind="nonquery",
                database="OperationsManager",
                check=True,
            ),
            op("sql.query", text="CREATE TABLE dbo.parity (a int)", kind="nonquery", database="OperationsManager"),
            op(
                "sql.query",
                text="INSERT INTO dbo.parity VALUES (@a)",
                kind="nonquery",
                database="OperationsManager",
                parameters={"a": 5},
            ),
            op("sql.query", text="SELECT a FROM dbo.parity", database="OperationsManager"),
            op("sql.query", text="DROP TABLE dbo.parity", kind="nonquery", database="OperationsManager"),
            op("sql.query", text="SELECT * FROM nowhere"),
            op("sql.query", text="SELEC 1"),
            op("sql.query", text="SELECT 1", database="none"),
            op("sql.query", text="SELECT 1", instance="NOSUCH"),
            op("sql.query", text="SELECT 1", instance=r".\NOSUCH"),
            op("sql.query", text="RAISERROR('own text', 16, 7)"),
            op("sql.query"),
            op("sql.query", text="SELECT 1", kind="scalar"),
            op("sql.query", text="SELECT 1", parameters={"a; DROP": 1}),
        ],
        host="SQL01",
        drop=("server",),
    ),
    Case(
        "sql.query of another machine",
        [
            op("sql.query", text="SELECT 1 AS x", instance="SQL01"),
            op("sql.query", text="SELECT 1 AS x", instance="*"),
            op("sql.query", text="SELECT 1 AS x"),
        ],
        host="MS02",
    ),
]


def group(product: str, steps: list[dict[str, Any]], server: str = "rms01.parity.test", **more: Any) -> dict[str, Any]:
    """A run of the Operations Manager shell."""
    return op("opsmgr.run", server=server, product=product, steps=steps, **more)


SERVER = ["Name", "Version", "PatchList", "IsRootManagementServer", "IsGateway", "HealthState", "ActionAccountIdentity"]
AGENT = [
    "Name",
    "Version",
    "ManuallyInstalled.Value",
    "HealthState",
    "PrimaryManagementServerName",
    "GetFailoverManagementServers().Name",
    "GetPrimaryManagementServer().Name",
    "Domain",
    "InstallTime",
    "NotThere",
    "Name.NotThere",
]

OPSMGR_2007 = [
    Case(
        "opsmgr.run reads",
        [
            group(
                "2007",
                [
                    {
                        "name": "group",
                        "management_group": True,
                        "select": ["Name", "Version", "GetConnectedUserNames()"],
                    },
                    {"name": "servers", "cmdlet": "Get-ManagementServer", "select": SERVER},
                    {
                        "name": "gateways",
                        "each": {"from": "servers", "where": [{"property": "IsGateway", "equals": True}]},
                        "select": ["Name", "GetPrimaryManagementServer().Name", "GetFailoverManagementServers().Name"],
                    },
                    {"name": "roles", "cmdlet": "Get-UserRole", "select": ["Name", "IsSystem"]},
                    {
                        "name": "administrators",
                        "each": {
                            "from": "roles",
                            "where": [{"property": "Name", "equals": "OperationsManagerAdministrators"}],
                        },
                        "select": ["Users"],
                    },
                    {"name": "agents", "cmdlet": "Get-Agent", "select": AGENT, "columns": True},
                    {
                        "name": "of",
                        "cmdlet": "Get-Agent",
                        "parameters": {
                            "ManagementServer": {
                                "from": "servers",
                                "where": [{"property": "Name", "in": ["MS02.parity.test"]}],
                                "one": True,
                            }
                        },
                        "select": ["Name"],
                    },
                    {
                        "name": "class",
                        "cmdlet": "Get-MonitoringClass",
                        "parameters": {"Name": "Microsoft.SystemCenter.HealthService"},
                    },
                    {
                        "name": "health",
                        "cmdlet": "Get-MonitoringObject",
                        "parameters": {"MonitoringClass": {"from": "class"}},
                        "select": ["DisplayName", "IsAvailable"],
                        "columns": True,
                    },
                    {
                        "name": "pending",
                        "cmdlet": "Get-AgentPendingAction",
                        "select": ["AgentName", "AgentPendingActionType", "ManagementServerName"],
                    },
                    {
                        "name": "subscriptions",
                        "cmdlet": "Get-NotificationSubscription",
                        "select": ["Id", "DisplayName", "Enabled"],
                    },
                    {"name": "connectors", "cmdlet": "Get-Connector", "select": ["Id", "Name", "Initialized"]},
                    {
                        "name": "packs",
                        "cmdlet": "Get-ManagementPack",
                        "select": ["Name", "Version", "Sealed"],
                        "columns": True,
                    },
                    {
                        "name": "alerts",
                        "cmdlet": "Get-Alert",
                        "select": ["Severity", "ResolutionState"],
                        "columns": True,
                    },
                    {
                        "name": "setting",
                        "cmdlet": "Get-DefaultSetting",
                        "select": ["Value"],
                        "parameters": {"Name": "ManagementGroup\\DataWarehouse\\DataWarehouseServerName"},
                    },
                ],
            ),
            group("auto", [{"name": "root", "cmdlet": "Get-RootManagementServer", "select": ["Name"]}]),
            group("auto", []),
        ],
    ),
    Case(
        "opsmgr.run changes",
        [
            group(
                "2007",
                [
                    {"name": "all", "cmdlet": "Get-NotificationSubscription"},
                    {
                        "name": "off",
                        "each": {"from": "all", "where": [{"property": "DisplayName", "in": ["operators BY mail"]}]},
                        "set": {"Enabled": False},
                        "call": "Update",
                    },
                ],
                check=True,
            ),
            group(
                "2007",
                [
                    {"name": "all", "cmdlet": "Get-NotificationSubscription"},
                    {
                        "name": "off",
                        "each": {
                            "from": "all",
                            "where": [{"property": "DisplayName", "in": ["'; Remove-Item C:\\ -Recurse #"]}],
                        },
                        "set": {"Enabled": False},
                        "call": "Update",
                    },
                ],
            ),
            group(
                "2007",
                [{"name": "all", "cmdlet": "Get-NotificationSubscription", "select": ["DisplayName", "Enabled"]}],
            ),
            group(
                "2007",
                [
                    {"name": "pending", "cmdlet": "Get-AgentPendingAction"},
                    {
                        "name": "none",
                        "cmdlet": "Reject-AgentPendingAction",
                        "parameters": {
                            "AgentPendingAction": {
                                "from": "pending",
                                "where": [{"property": "AgentName", "equals": "nobody"}],
                            }
                        },
                    },
                ],
            ),
            group(
                "2007",
                [
                    {"name": "pending", "cmdlet": "Get-AgentPendingAction"},
                    {
                        "name": "reject",
                        "cmdlet": "Reject-AgentPendingAction",
                        "parameters": {"AgentPendingAction": {"from": "pending"}},
                    },
                    {"name": "left", "cmdlet": "Get-AgentPendingAction", "select": ["AgentName"]},
                ],
            ),
            group(
                "2007",
                [
                    {"name": "servers", "cmdlet": "Get-ManagementServer"},
                    {"name": "agents", "cmdlet": "Get-Agent"},
                    {
                        "name": "set",
                        "cmdlet": "Set-ManagementServer",
                        "parameters": {
                            "PrimaryManagementServer": {
                                "from": "servers",
                                "where": [{"property": "Name", "equals": "rms01.parity.test"}],
                                "one": True,
                            },
                            "AgentManagedComputer": {
                                "from": "agents",
                                "where": [{"property": "Name", "in": ["app01.parity.test", "APP02.parity.test"]}],
                            },
                            "FailoverServer": {
                                "from": "servers",
                                "where": [{"property": "Name", "equals": "ms02.parity.test"}],
                            },
                        },
                    },
                    {
                        "name": "after",
                        "cmdlet": "Get-Agent",
                        "columns": True,
                        "select": ["Name", "PrimaryManagementServerName", "GetFailoverManagementServers().Name"],
                    },
                ],
            ),
        ],
    ),
    Case(
        "opsmgr.run refused",
        [
            group("2007", [{"name": "x", "cmdlet": "Remove-Item"}]),
            group("2007", [{"name": "x", "cmdlet": "get-agent"}]),
            group("2007", [{"name": "x", "each": {"from": "y"}}]),
            group("2007", [{"name": "s", "cmdlet": "Get-ManagementServer", "select": ["Delete()"]}]),
            group(
                "2007",
                [
                    {"name": "s", "cmdlet": "Get-ManagementServer"},
                    {"name": "t", "each": {"from": "s"}, "call": "Delete"},
                ],
            ),
            group(
                "2007",
                [
                    {"name": "s", "cmdlet": "Get-ManagementServer"},
                    {
                        "name": "a",
                        "cmdlet": "Get-Agent",
                        "parameters": {"ManagementServer": {"from": "s", "one": True}},
                    },
                ],
            ),
            group("2007", [], server="'; calc"),
            group("2007", [], server="ms02.parity.test"),
            group("2007", [], server="nobody.parity.test"),
            group("2012", []),
            group("2007 R2", []),
            op("opsmgr.run"),
        ],
    ),
    Case("opsmgr.run without a shell", [group("2007", []), group("auto", [])], host="SQL01"),
    Case("opsmgr.run from another machine", [group("2007", [])], host="MS02"),
]

OPSMGR_2012 = [
    Case(
        "opsmgr.run reads 2012",
        [
            group(
                "2012",
                [
                    {
                        "name": "group",
                        "management_group": True,
                        "select": ["Name", "Version", "GetConnectedUserNames()"],
                    },
                    {"name": "servers", "cmdlet": "Get-SCOMManagementServer", "select": SERVER},
                    {"name": "roles", "cmdlet": "Get-SCOMUserRole", "select": ["Name", "Users"]},
                    {"name": "agents", "cmdlet": "Get-SCOMAgent", "select": AGENT, "columns": True},
                    {
                        "name": "class",
                        "cmdlet": "Get-SCOMClass",
                        "parameters": {"Name": "Microsoft.SystemCenter.HealthService"},
                    },
                    {
                        "name": "health",
                        "cmdlet": "Get-SCOMClassInstance",
                        "parameters": {"Class": {"from": "class"}},
                        "select": ["DisplayName", "IsAvailable"],
                        "columns": True,
                    },
                    {
                        "name": "pending",
                        "cmdlet": "Get-SCOMPendingManagement",
                        "select": ["AgentName", "AgentPendingActionType"],
                    },
                    {
                        "name": "subscriptions",
                        "cmdlet": "Get-SCOMNotificationSubscription",
                        "select": ["Id", "DisplayName", "Enabled"],
                    },
                    {"name": "emulator", "cmdlet": "Get-SCOMRMSEmulator", "select": ["Name"]},
                    {"name": "pools", "cmdlet": "Get-SCOMResourcePool", "select": ["DisplayName", "Members.Name"]},
                ],
            ),
            group(
                "auto",
                [
                    {
                        "name": "packs",
                        "cmdlet": "Get-SCOMManagementPack",
                        "select": ["Name", "Version", "Sealed"],
                        "columns": True,
                    }
                ],
            ),
        ],
    ),
    Case(
        "opsmgr.run changes 2012",
        [
            group(
                "2012",
                [
                    {"name": "all", "cmdlet": "Get-SCOMNotificationSubscription"},
                    {
                        "name": "off",
                        "cmdlet": "Disable-SCOMNotificationSubscription",
                        "parameters": {
                            "Subscription": {
                                "from": "all",
                                "where": [{"property": "DisplayName", "equals": "Operators by mail"}],
                            }
                        },
                    },
                    {"name": "now", "cmdlet": "Get-SCOMNotificationSubscription", "select": ["DisplayName", "Enabled"]},
                ],
            ),
            group(
                "2012",
                [
                    {"name": "servers", "cmdlet": "Get-SCOMManagementServer"},
                    {
                        "name": "set",
                        "cmdlet": "Set-SCOMRMSEmulator",
                        "parameters": {
                            "Server": {
                                "from": "servers",
                                "where": [{"property": "Name", "equals": "ms02.parity.test"}],
                                "one": True,
                            }
                        },
                    },
                    {"name": "now", "cmdlet": "Get-SCOMRMSEmulator", "select": ["Name"]},
                ],
            ),
            group("2007", []),
        ],
    ),
]

REBOOT = [
    Case(
        "reboot",
        [op("reboot", check=True), op("reboot", delay="soon"), op("reboot", delay=3, reason="a 'quoted' reason")],
        host="MS02",
    ),
]

CASES_2007 = [*WIRE, *MACHINE, *REGISTRY, *SERVICES, *FILES, *PROGRAMS, *JOBS, *SQL, *OPSMGR_2007, *REBOOT]
CASES_2012 = OPSMGR_2012
