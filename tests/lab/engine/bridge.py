"""The machine model as the PowerShell engine's bridge asks for it: one JSON line in, one out.

`Session` answers the calls of one engine process (one connection). The protocol is that of the engine; what is not asked by
remote.ps1 is answered with "Not supported". Refusals of the model become the .NET exceptions that Windows would throw.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import socketserver
import tempfile
import threading
import time
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from ..world.errors import WindowsError
from ..world.processes import Process

ALIASES = "bridge processes"  # machine.extra: id that a script knows -> the process, once it was started
WMI = "System.Management."
EXCEPTIONS = {
    "not_found": "System.IO.FileNotFoundException",
    "access_denied": "System.UnauthorizedAccessException",
    "invalid_argument": "System.ArgumentException",
    "timeout": "System.TimeoutException",
    "io": "System.IO.IOException",
}
WBEM = {
    0x80041010: "InvalidClass",
    0x8004100E: "InvalidNamespace",
    0x80041002: "NotFound",
    0x80041017: "InvalidQuery",
    0x80041003: "AccessDenied",
    0x8004102F: "MethodNotImplemented",
}
COM_TEXT = "Retrieving the COM class factory for component with CLSID {0} failed due to the following error: 80040154."
HRESULT_OF = {1326: 0x8007052E, 1332: 0x80070534, 5: 0x80070005, 2: 0x80070002, 183: 0x800700B7}


class Fault(Exception):
    """What the machine refuses: becomes the answer's `error`."""

    def __init__(
        self,
        message: str,
        exception: str | None = None,
        data: dict[str, Any] | None = None,
        *,
        id: str | None = None,
        category: str | None = None,
        terminating: bool = True,
    ):
        super().__init__(message)
        self.answer = {
            "message": message,
            "id": id,
            "category": category,
            "exception": exception,
            "terminating": terminating,
            "data": data or {},
        }


def win32_fault(error: WindowsError) -> Fault:
    """A Win32 error as .NET throws it."""
    return Fault(error.message, "System.ComponentModel.Win32Exception", {"code": error.code or 31})


def com_fault(error: WindowsError) -> Fault:
    """A Win32 error as COM gives it."""
    hresult = HRESULT_OF.get(error.code or 0, error.code or 0x80004005)
    return Fault(error.message, "System.Runtime.InteropServices.COMException", {"hresult": hresult - (1 << 32)})


def plain(value: Any) -> Any:
    """The protocol's tables, objects, bytes and dates as Python's."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$table" in value:
        return {key: plain(item) for key, item in value["$table"].items()}
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$date" in value:
        return value["$date"]
    if "$properties" in value:
        found = {key: plain(item) for key, item in value["$properties"].items()}
        return dict(found, **({"$ref": value["$ref"]} if "$ref" in value else {}))
    return {key: plain(item) for key, item in value.items()}


def date(moment: datetime) -> dict[str, str]:
    """A time as the engine reads it: UTC, which is the zone of the lab's machines."""
    return {"$date": moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"}


class Session:
    """The calls of one engine process, which runs as `user` on a machine. patient: it waits for hours (a job's runner)."""

    def __init__(self, machine: Any, user: str, logon: str = "network", patient: bool = False):
        self.machine, self.logon, self.patient = machine, logon, patient
        self.user = machine.world.accounts.full_name(user, machine)
        self.pending: dict[int, dict[str, Any]] = {}
        self.sql: dict[int, Any] = {}
        self.shells: dict[str, Any] = {}
        self.objects: dict[str, str] = {}
        self.self_now: dict[str, Any] | None = None
        self.calls = 0

    # -- one request -----------------------------------------------------------------------------------------

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        self.calls += 1
        self.self_now = None
        name, parameters = request["call"], plain(request.get("parameters") or {})
        try:
            function = getattr(self, "call_" + name, None)
            if function is not None:
                output = function(parameters)
            else:
                output = self.cmdlet(
                    name, parameters, plain(request["input"]) if "input" in request else None, request.get("location")
                )
            answer: dict[str, Any] = {"output": output, "error": None}
        except Fault as fault:
            answer = {"output": [], "error": fault.answer}
        except WindowsError as error:
            answer = {"output": [], "error": Fault(error.message, EXCEPTIONS.get(error.kind), {}).answer}
        return dict(answer, **({"self": self.self_now} if self.self_now else {}))

    # -- who we are ------------------------------------------------------------------------------------------

    def call_hello(self, _unused: dict[str, Any]) -> list[Any]:
        """What the machine is: its name, environment, drives, programs, and the product's shells."""
        machine = self.machine
        domain, _unused, name = self.user.rpartition("\\")
        found: dict[str, Any] = {
            "machine": {
                "name": machine.name,
                "domain": domain or machine.name,
                "user": name,
                "os": f"{machine.os.version}.{machine.os.service_pack * 65536}",
                "processors": machine.spec.processors,
                "powershell": str(machine.spec.powershell or "2.0"),
            },
            "environment": machine.environment(self.user),
            "drives": {letter: str(folder) for letter, folder in machine.files.drives().items()},
            "programs": sorted(machine.programs),
            "cmdlets": [],
            "snapins": [],
            "enums": {},
            "exceptions": [],
        }
        self._product(found)
        return [found]

    def _product(self, found: dict[str, Any]) -> None:
        """Add what the product's shells bring: the 2007 snap-in, the 2012 module's cmdlets."""
        for generation, shell in self.machine.shells.items():
            if not shell.installed:
                continue
            from ..product import objects

            found["enums"] = objects.ENUMS
            found["cmdlets"] += shell.declarations()
            if generation == "2007":
                name = "Microsoft.EnterpriseManagement.OperationsManager.Client"
                found["snapins"].append(
                    {
                        "name": name,
                        "version": "6.0.4900.0",
                        "providers": ["OperationsManagerMonitoring"],
                        "description": "Microsoft Operations Manager Shell Snapin",
                    }
                )

    # -- WMI -------------------------------------------------------------------------------------------------

    def call_wmi(self, p: dict[str, Any]) -> list[Any]:
        """Queries, instances, classes, methods."""
        op, wmi, namespace = p["op"], self.machine.wmi, p.get("namespace") or r"root\cimv2"
        try:
            if op == "connect":
                return []
            if op == "query":
                wmi_class, _unused = wmi.select(namespace, p["query"])
                every = wmi.select(namespace, re.sub(r"(?is)^\s*select\s.+?\sfrom\s", "SELECT * FROM ", p["query"]))[1]
                return [self._instance(wmi_class, row) for row in every]
            if op == "instances":
                wmi_class = wmi.find_class(namespace, p["path"].split(":")[-1])
                return [self._instance(wmi_class, row) for row in wmi.query(wmi_class.namespace, wmi_class.name)]
            if op in ("get", "class"):
                wmi_class, row = wmi.get(self._path(namespace, p["path"]))
                if op == "class" or row is None:
                    return [self._class(wmi_class)]
                return [self._instance(wmi_class, row)]
            if op == "invoke":
                out = wmi.invoke(
                    self._path(namespace, p["path"]), p["method"], p.get("named") or p.get("arguments") or []
                )
                path = rf"\\{self.machine.name}\{namespace}:__PARAMETERS"
                return [
                    {
                        "$type": [f"{WMI}ManagementBaseObject#{namespace}\\__PARAMETERS", WMI + "ManagementBaseObject"],
                        "$id": path,
                        "$properties": dict(out, __CLASS="__PARAMETERS", __PATH=path),
                    }
                ]
        except WindowsError as error:
            raise Fault(
                error.message,
                WMI + "ManagementException",
                {"errorcode": WBEM.get((error.code or 0) & 0xFFFFFFFF, "Failed")},
                id="GetWMIManagementException",
                category="InvalidType",
            ) from error
        raise Fault("Not supported ", WMI + "ManagementException", {"errorcode": "NotSupported"})

    @staticmethod
    def _path(namespace: str, path: str) -> str:
        return path if ":" in path.split('"')[0] else f"{namespace}:{path}"

    def _class(self, wmi_class: Any) -> dict[str, Any]:
        path = self.machine.wmi.path(wmi_class)
        space, name = wmi_class.namespace, wmi_class.name
        return {
            "$type": [f"{WMI}ManagementClass#{space}\\{name}", WMI + "ManagementClass"],
            "$id": path,
            "$methods": list(wmi_class.methods),
            "$properties": {"__CLASS": name, "__PATH": path, "__SERVER": self.machine.name, "__NAMESPACE": space},
        }

    def _instance(self, wmi_class: Any, row: dict[str, Any]) -> dict[str, Any]:
        path = self.machine.wmi.path(wmi_class, row)
        space, name = wmi_class.namespace, wmi_class.name
        return {
            "$type": [f"{WMI}ManagementObject#{space}\\{name}", WMI + "ManagementObject"],
            "$id": path,
            "$methods": list(wmi_class.methods),
            "$properties": {
                "__CLASS": name,
                "__PATH": path,
                "__SERVER": self.machine.name,
                "__NAMESPACE": space,
                **row,
            },
        }

    # -- registry --------------------------------------------------------------------------------------------

    def call_registry(self, p: dict[str, Any]) -> list[Any]:
        """Keys and values."""
        registry, op, key = self.machine.registry, p["op"], p.get("key", "")
        if op == "connect":
            return []
        if op == "create":
            registry.create(key)
        elif op == "read":
            found = registry.read(key)
            if found is None:
                return []
            return [
                {
                    "name": found.name,
                    "subkeys": found.subkeys,
                    "values": [
                        {"name": name, "kind": kind, "value": _registry_out(kind, data)}
                        for name, (kind, data) in found.values.items()
                    ],
                }
            ]
        elif op == "set":
            registry.set(key, p["name"] or "", p["kind"], _registry_in(p["kind"], p["value"]))
        elif op == "remove":
            registry.remove(key, p["name"] or "")
        elif op == "delete":
            registry.delete(key)
        return []

    # -- services --------------------------------------------------------------------------------------------

    def call_service(self, p: dict[str, Any]) -> list[Any]:
        """The service control manager."""
        services, op = self.machine.services, p["op"]
        if op == "list":
            return [self._service(service) for service in services.list()]
        found = services.get(p["name"])
        if op == "get":
            return [self._service(found)] if found else []
        try:
            if op == "start":
                if not services.start(p["name"]):
                    raise WindowsError("io", "An instance of the service is already running", 1056)
            elif op == "stop":
                if not services.stop(p["name"]):
                    raise WindowsError("io", "The service has not been started", 1062)
            elif op == "set":
                mode = {"automatic": "auto", "manual": "manual", "disabled": "disabled"}.get(
                    (p.get("startmode") or "").lower()
                )
                if mode:
                    services.set_start_mode(p["name"], mode)
            else:
                raise Fault("Not supported", "System.NotSupportedException")
        except WindowsError as error:
            raise win32_fault(error) from error
        return []

    def _service(self, service: Any) -> dict[str, Any]:
        states = {
            "running": "Running",
            "stopped": "Stopped",
            "paused": "Paused",
            "start_pending": "StartPending",
            "stop_pending": "StopPending",
        }
        return {
            "name": service.name,
            "displayname": service.display_name,
            "status": states[service.state],
            "type": "Win32OwnProcess",
            "dependents": [other.name for other in self.machine.services.dependents(service.name)],
            "dependson": list(service.depends_on),
            "canstop": service.state == "running",
        }

    # -- event logs ------------------------------------------------------------------------------------------

    def call_eventlog(self, p: dict[str, Any]) -> list[Any]:
        """Logs and their entries."""
        logs, op = self.machine.eventlog, p["op"]
        if op == "logs":
            return list(logs.logs())
        if op == "source":
            found = logs.source(p["source"])
            return [found] if found else []
        if op == "entries":
            return [
                {
                    "index": entry.index,
                    "type": entry.level.capitalize(),
                    "instanceid": entry.id,
                    "eventid": entry.id,
                    "source": entry.source,
                    "message": entry.message,
                    "time": date(entry.time),
                }
                for entry in logs.entries(p["log"])
            ]
        raise Fault("Not supported", "System.NotSupportedException")

    # -- files, the machine ----------------------------------------------------------------------------------

    def call_fileversion(self, p: dict[str, Any]) -> list[Any]:
        """What a program file says of itself."""
        version = self.machine.files.version(p["path"])
        if version is None:
            return [{"FileVersion": None}]
        return [
            {
                "FileVersion": version.file,
                "ProductVersion": version.product,
                "ProductName": version.product_name,
                "CompanyName": version.company,
                "FileDescription": version.description,
            }
        ]

    def call_machine(self, p: dict[str, Any]) -> list[Any]:
        """Restart."""
        if p["op"] == "restart":
            self.machine.restart(self.user)
        return []

    # -- programs --------------------------------------------------------------------------------------------

    def call_program(self, p: dict[str, Any]) -> list[Any]:
        """A program run to its end."""
        try:
            process = self.machine.processes.run(
                p["path"],
                [str(item) for item in p["arguments"]],
                user=self.user,
                stdin=p.get("input") or "",
                logon=self.logon,
            )
        except WindowsError as error:
            raise win32_fault(error) from error
        return [{"stdout": process.stdout, "stderr": process.stderr, "exitcode": process.exit_code}]

    def call_process(self, p: dict[str, Any]) -> list[Any]:
        """Processes. One is started when it is waited for the first time: only then its standard input is known."""
        op, known = p["op"], self.machine.extra.setdefault(ALIASES, {})
        if op == "start":
            try:
                _unused, full = self.machine.processes.find(p["path"], p.get("directory") or None)
            except WindowsError as error:
                raise win32_fault(error) from error
            id = self.machine.processes.next_id()
            self.pending[id] = p
            return [
                {
                    "id": id,
                    "name": full.rsplit("\\", 1)[-1].rsplit(".", 1)[0],
                    "path": full,
                    "starttime": date(self.machine.world.clock.utc()),
                }
            ]
        if op == "wait":
            process = self._process(p["id"], p.get("input") or "")
            done = self._wait(process, p.get("timeout", -1))
            return [
                {
                    "exited": done,
                    "exitcode": process.exit_code,
                    "stdout": process.stdout if done else "",
                    "stderr": process.stderr if done else "",
                }
            ]
        if op == "kill":
            self.machine.processes.kill(self._process(p["id"], "").id)
            return []
        wanted, name = p.get("id"), (p.get("name") or "").lower()
        listed = [(id, process) for id, process in known.items() if not process.done]
        aliased = {process.id for _unused, process in listed}
        listed += [(process.id, process) for process in self.machine.processes.list() if process.id not in aliased]
        rows = [
            {
                "id": id,
                "name": process.name.rsplit(".", 1)[0],
                "path": process.path,
                "starttime": date(self.machine.world.clock.utc(process.started)),
            }
            for id, process in listed
        ]
        for id in self.pending:
            if id not in known:
                path = self.pending[id]["path"]
                rows.append({"id": id, "name": path.rsplit("\\", 1)[-1].rsplit(".", 1)[0], "path": path})
        return [row for row in rows if wanted in (None, row["id"]) and name in ("", row["name"].lower())]

    def _process(self, id: int, text: str) -> Process:
        """The process that a script knows by this id, started now if it was not yet."""
        known = self.machine.extra.setdefault(ALIASES, {})
        if id not in known:
            if id not in self.pending:
                process = self.machine.processes.get(id)
                if process is None:
                    raise Fault(f"Process with an Id of {id} is not running.", "System.ArgumentException")
                return process
            p = self.pending[id]
            try:
                known[id] = self.machine.processes.start(
                    p["path"],
                    p.get("arguments") or "",
                    user=self.user,
                    stdin=text,
                    directory=p.get("directory") or None,
                    logon=self.logon,
                )
            except WindowsError as error:
                raise win32_fault(error) from error
        return known[id]

    def _wait(self, process: Process, milliseconds: int) -> bool:
        """Wait in simulated time. A job's runner would wait for ever for what hangs: then real time goes by."""
        if process.done or milliseconds == 0:
            return process.done
        if self.patient and process.hung:
            return self.machine.world.clock.wait_for(lambda: process.done, real_timeout=max(0.05, milliseconds / 1000))
        if milliseconds < 0:
            return self.machine.world.clock.wait_for(lambda: process.done)
        return self.machine.processes.wait(process, milliseconds / 1000)

    # -- SQL Server ------------------------------------------------------------------------------------------

    def call_sqlopen(self, p: dict[str, Any]) -> list[Any]:
        """A connection; its database is opened too."""
        words = {
            key.strip().lower(): value.strip().strip('"')
            for key, _unused, value in (part.partition("=") for part in re.findall(r'(?:[^;"]|"[^"]*")+', p["connection"]))
        }
        instance = words.get("data source") or words.get("server") or "."
        try:
            session = self.machine.sql_session(instance, self.user, self.logon)
            session.open(words.get("initial catalog") or words.get("database") or "master")
        except Exception as error:
            raise sql_fault(error) from error
        number = 51 + len(self.sql)
        self.sql[number] = session
        return [{"session": number, "version": getattr(getattr(session, "instance", None), "version", "10.50.2500.0")}]

    def call_sql(self, p: dict[str, Any]) -> list[Any]:
        """A text with its parameters."""
        parameters = {
            name: item.get("value") if isinstance(item, dict) else item
            for name, item in (p.get("parameters") or {}).items()
        }
        try:
            found = self.sql[p["session"]].execute(p["text"], parameters)
        except Exception as error:
            raise sql_fault(error) from error
        sets = [] if p.get("kind") == "nonquery" else found.sets
        return [
            {
                "resultsets": [
                    {
                        "columns": [{"name": column.name, "type": column.type} for column in one.columns],
                        "rows": [[_sql_out(value) for value in row] for row in one.rows],
                    }
                    for one in sets
                ],
                "recordsaffected": found.affected,
                "messages": [
                    item if isinstance(item, str) else dict(item) if isinstance(item, dict) else str(item)
                    for item in found.messages
                ],
            }
        ]

    def call_sqlclose(self, p: dict[str, Any]) -> list[Any]:
        """The end of a connection."""
        session = self.sql.pop(p["session"], None)
        if session is not None:
            session.close()
        return []

    # -- COM: Task Scheduler ---------------------------------------------------------------------------------

    def call_com(self, p: dict[str, Any]) -> list[Any]:
        """Schedule.Service, which Windows Server 2003 does not have."""
        if p["progid"].lower() != "schedule.service" or self.machine.os.is_2003:
            raise Fault(
                COM_TEXT,
                "System.Runtime.InteropServices.COMException",
                {"hresult": -2147221164},
                id="NoCOMClassIdentified",
                category="ResourceUnavailable",
            )
        return [com_object("com:service", ["Connect", "GetFolder"])]

    def call_method(self, p: dict[str, Any]) -> list[Any]:
        """A method of an object that was handed out."""
        id, name, arguments = str(p["id"]), p["name"], p.get("arguments") or []
        if id.startswith("com:"):
            try:
                return self._com_method(id, name, arguments)
            except WindowsError as error:
                raise com_fault(error) from error
        return self._object_method(id, name, arguments, p.get("self") or {})

    def _com_method(self, id: str, name: str, arguments: list[Any]) -> list[Any]:
        _unused, kind, path = (id + "::").split(":", 2)
        path, tasks = path.rstrip(":"), self.machine.tasks
        if name == "Connect":
            return []
        if name == "GetFolder":
            if not tasks.has_folder(arguments[0]):
                raise WindowsError("not_found", "The system cannot find the file specified", 2)
            return [self._folder(arguments[0])]
        if kind == "folder" and name == "CreateFolder":
            tasks.create_folder(join_task(path, arguments[0]))
            return [self._folder(join_task(path, arguments[0]))]
        if kind == "folder" and name == "RegisterTask":
            self._register(join_task(path, arguments[0]), arguments)
            return [self._task(join_task(path, arguments[0]))]
        if kind == "folder" and name == "GetTask":
            return [self._task(join_task(path, arguments[0]))]
        if kind == "folder" and name == "DeleteTask":
            if not tasks.delete(join_task(path, arguments[0])):
                raise WindowsError("not_found", "The system cannot find the file specified", 2)
            return []
        if kind == "task" and name == "Run":
            tasks.run(path)
            return []
        if kind == "task" and name == "Stop":
            tasks.end(path)
            return []
        raise Fault(f"Not supported: {name}", "System.NotSupportedException")

    @staticmethod
    def _folder(path: str) -> dict[str, Any]:
        return com_object(
            "com:folder:" + path, ["CreateFolder", "RegisterTask", "GetTask", "DeleteTask"], {"Path": path}
        )

    def _task(self, path: str) -> dict[str, Any]:
        task = self.machine.tasks.require(path)
        state = {"running": 4, "disabled": 1}.get(task.state, 3)
        return com_object(
            "com:task:" + path,
            ["Run", "Stop"],
            {"Name": task.name, "Path": path, "State": state, "LastTaskResult": task.last_result},
        )

    def _register(self, path: str, arguments: list[Any]) -> None:
        """RegisterTask(name, xml, flags, user, password, logon type, descriptor)."""
        _name, xml, _flags, account, password = arguments[:5]
        space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
        root = ElementTree.fromstring(xml.split("?>", 1)[-1])

        def text(where: str) -> str:
            return root.findtext(where, "", space)

        limit = re.fullmatch(r"PT(\d+)S", text(".//t:ExecutionTimeLimit"))
        seconds = float(limit.group(1)) if limit else 259200.0
        self.machine.tasks.create(
            path,
            text(".//t:Command"),
            text(".//t:Arguments"),
            account=account,
            password=password,
            time_limit=seconds or None,
            description=text(".//t:Description"),
            replace=True,
        )

    # -- Operations Manager ----------------------------------------------------------------------------------

    def _session(self, generation: str) -> Any:
        """The product's session of this process."""
        if generation not in self.shells:
            self.shells[generation] = self.machine.shells[generation].open(self.user, self.logon)
        return self.shells[generation]

    def cmdlet(self, name: str, parameters: dict[str, Any], piped: Any, location: str | None) -> list[Any]:
        """A cmdlet of one of the shells."""
        known = [
            generation
            for generation, shell in self.machine.shells.items()
            if shell.installed and name.lower() in shell.cmdlets
        ]
        if not known:
            raise Fault(
                f"The term '{name}' is not recognized as the name of a cmdlet.",
                "System.Management.Automation.CommandNotFoundException",
            )
        generation = known[0]
        from ..product import objects

        try:
            found = self._session(generation).invoke(name, parameters, piped, location)
        except WindowsError as error:
            raise opsmgr_fault(error) from error
        self._remember(found, generation)
        return [objects.to_bridge(item) for item in found]

    def _remember(self, found: Any, generation: str) -> None:
        for item in found if isinstance(found, list) else [found]:
            if hasattr(item, "id"):
                self.objects[str(item.id)] = generation
                for value in item.properties.values():
                    if hasattr(value, "id") and value.id:
                        self.objects[str(value.id)] = generation

    def _object_method(self, id: str, name: str, arguments: list[Any], properties: dict[str, Any]) -> list[Any]:
        from ..product import objects

        generation = self.objects.get(id) or next(iter(self.shells), "2007")
        try:
            found = self._session(generation).call_method(id, name, arguments, properties)
        except WindowsError as error:
            raise opsmgr_fault(error) from error
        if found is None:
            return []
        self._remember(found, generation)
        return [objects.to_bridge(item) for item in (found if isinstance(found, list) else [found])]

    def call_provider(self, p: dict[str, Any]) -> list[Any]:
        """The 2007 shell's provider."""
        if p["op"] == "exists":
            return [self._session("2007").provider_exists(p["path"])]
        return []


def com_object(id: str, methods: list[str], properties: dict[str, Any] | None = None) -> dict[str, Any]:
    """A COM object of the model."""
    return {"$type": ["System.__ComObject"], "$id": id, "$methods": methods, "$properties": properties or {}}


def join_task(folder: str, name: str) -> str:
    """A task's path."""
    return folder.rstrip("\\") + "\\" + name.lstrip("\\")


def opsmgr_fault(error: WindowsError) -> Fault:
    """A refusal of a shell, as the exception that the product throws."""
    exception = error.detail.get("exception") or EXCEPTIONS.get(error.kind, "System.InvalidOperationException")
    return Fault(error.message, exception, {}, id=exception.rsplit(".", 1)[-1], category="InvalidOperation")


def sql_fault(error: Exception) -> Fault:
    """SQL Server's refusal as a SqlException."""
    if getattr(error, "kind", None) != "sql":
        if isinstance(error, WindowsError):
            return Fault(error.message, EXCEPTIONS.get(error.kind), {})
        raise error
    detail = getattr(error, "detail", None) or {}
    return Fault(
        str(getattr(error, "message", error)),
        "System.Data.SqlClient.SqlException",
        {
            "number": detail.get("number") or 0,
            "state": detail.get("state") or 0,
            "class": detail.get("class") or 0,
            "server": detail.get("server") or "",
            "procedure": detail.get("procedure") or "",
            "linenumber": detail.get("line") or 0,
        },
    )


def _registry_out(kind: str, data: Any) -> Any:
    if isinstance(data, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(bytes(data)).decode("ascii")}
    if kind == "DWord" and data >= 1 << 31:
        return data - (1 << 32)
    if kind == "QWord" and data >= 1 << 63:
        return data - (1 << 64)
    return data


def _registry_in(kind: str, data: Any) -> Any:
    if kind == "Binary" and isinstance(data, list):
        return bytes(data)
    return data


def _sql_out(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, datetime):
        return {"$date": value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]}
    return value


class _Handler(socketserver.StreamRequestHandler):
    server: Bridge

    def handle(self) -> None:
        for line in self.rfile:
            request = json.loads(line)
            try:
                answer = self.server.session.answer(request)
            except Exception as error:  # a fault of the lab: the script sees it, and the outcome names it
                self.server.broken = f"{request.get('call')}: {type(error).__name__}: {error}"
                answer = {
                    "output": [],
                    "error": {
                        "message": self.server.broken,
                        "exception": "System.InvalidOperationException",
                        "terminating": True,
                    },
                }
            if os.environ.get("LAB_BRIDGE_LOG"):
                print(line.decode()[:600], "->", json.dumps(answer)[:600], flush=True)
            self.wfile.write((json.dumps(answer) + "\n").encode("utf-8"))


class Bridge(socketserver.ThreadingUnixStreamServer):
    """A bridge for one engine process; a context manager. `path` is what PWSH_BRIDGE has to name."""

    daemon_threads = True

    def __init__(self, session: Session):
        self.session = session
        self.broken: str | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="b")
        self.path = os.path.join(self._folder.name, "s")
        super().__init__(self.path, _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __exit__(self, *args: Any) -> None:
        self.shutdown()
        self.server_close()
        self._folder.cleanup()


def wait_until_open(path: str, seconds: float = 5.0) -> None:
    """Wait until a socket accepts; for tests."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
                return
            except OSError:
                time.sleep(0.01)
