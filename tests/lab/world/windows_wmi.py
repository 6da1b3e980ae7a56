"""The WMI classes that Windows itself has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import WindowsError
from .processes import split_command_line
from .registry import long_name
from .wmi import Row, WmiClass, dmtf

if TYPE_CHECKING:
    from .machine import Machine

CIMV2 = r"root\cimv2"
DEFAULT = r"root\default"
CLUSTER = r"root\MSCluster"

_START_MODES = {"auto": "Auto", "manual": "Manual", "disabled": "Disabled"}
_STATES = {
    "running": "Running",
    "stopped": "Stopped",
    "paused": "Paused",
    "start_pending": "Start Pending",
    "stop_pending": "Stop Pending",
}
# What Win32_Service's methods answer for Win32 errors.
_SERVICE_CODES = {1051: 3, 1056: 10, 1058: 14, 1060: 9, 1062: 6, 1068: 13, 1115: 17, 5: 2}


def register(machine: Machine) -> None:
    """Add Windows' classes to a machine."""
    add = machine.wmi.register
    add(
        WmiClass(
            CIMV2,
            "Win32_OperatingSystem",
            _operating_system,
            (),
            {"Reboot": _reboot, "Win32Shutdown": _shutdown},
            {"Win32Shutdown": ("Flags", "Reserved")},
        )
    )
    add(WmiClass(CIMV2, "Win32_ComputerSystem", _computer_system, ("Name",)))
    add(WmiClass(CIMV2, "Win32_Processor", _processors, ("DeviceID",)))
    add(WmiClass(CIMV2, "Win32_LogicalDisk", _disks, ("DeviceID",)))
    add(
        WmiClass(
            CIMV2,
            "Win32_Service",
            _services,
            ("Name",),
            {
                "StartService": _service("start"),
                "StopService": _service("stop"),
                "ChangeStartMode": _change_start_mode,
                "Change": _change_service,
            },
            {
                "ChangeStartMode": ("StartMode",),
                "Change": (
                    "DisplayName",
                    "PathName",
                    "ServiceType",
                    "ErrorControl",
                    "StartMode",
                    "DesktopInteract",
                    "StartName",
                    "StartPassword",
                ),
            },
        )
    )
    add(
        WmiClass(
            CIMV2,
            "Win32_Process",
            _processes,
            ("Handle",),
            {"Create": _create_process, "Terminate": _terminate},
            {"Create": ("CommandLine", "CurrentDirectory", "ProcessStartupInformation"), "Terminate": ("Reason",)},
        )
    )
    add(
        WmiClass(
            CIMV2,
            "Win32_TimeZone",
            lambda m: [
                {"Bias": 0, "Caption": "(UTC) Coordinated Universal Time", "StandardName": "UTC", "DaylightName": "UTC"}
            ],
            ("StandardName",),
        )
    )
    add(WmiClass(CIMV2, "Win32_QuickFixEngineering", lambda m: [*m.extra.get("hotfixes", [])], ("HotFixID",)))
    add(WmiClass(CIMV2, "Win32_Share", _shares, ("Name",)))
    if machine.os.major_minor >= (6, 0):
        add(
            WmiClass(
                CIMV2,
                "Win32_ServerFeature",
                lambda m: [{"ID": id, "Name": name, "ParentID": 0} for id, name in sorted(m.features.items())],
                ("ID",),
            )
        )
    add(
        WmiClass(
            DEFAULT,
            "StdRegProv",
            lambda m: [],
            (),
            {name: _registry(name) for name in _REGISTRY},
            {name: order for name, (order, _unused) in _REGISTRY.items()},
        )
    )
    if machine.spec.cluster or machine.spec.cluster_node_of:
        add(WmiClass(CLUSTER, "MSCluster_Cluster", _cluster, ("Name",)))
        add(WmiClass(CLUSTER, "MSCluster_Node", _nodes, ("Name",)))
        add(WmiClass(CLUSTER, "MSCluster_ResourceGroup", _groups, ("Name",)))
        add(WmiClass(CLUSTER, "MSCluster_Resource", _resources, ("Name",)))


# -- the machine ---------------------------------------------------------------------------------------------


def _operating_system(machine: Machine) -> list[Row]:
    system, now = machine.os, machine.world.clock.utc()
    row: Row = {
        "Caption": system.caption,
        "Version": system.version,
        "BuildNumber": system.build,
        "CSName": machine.name,
        "CSDVersion": f"Service Pack {system.service_pack}" if system.service_pack else None,
        "ServicePackMajorVersion": system.service_pack,
        "ServicePackMinorVersion": 0,
        "ProductType": 3,
        "OSLanguage": 1033,
        "Locale": "0409",
        "CodeSet": "1252",
        "CountryCode": "1",
        "CurrentTimeZone": 0,
        "LastBootUpTime": dmtf(machine.boot_time),
        "LocalDateTime": dmtf(now),
        "InstallDate": "20110313070640.000000+000",
        "SystemDrive": "C:",
        "SystemDirectory": machine.system_directory,
        "WindowsDirectory": machine.windows_directory,
        "TotalVisibleMemorySize": str(machine.spec.memory_mb * 1024),
        "FreePhysicalMemory": str(machine.spec.memory_mb * 512),
        "OperatingSystemSKU": 10,
        "Status": "OK",
        "Primary": True,
    }
    if not system.is_2003:
        row["OSArchitecture"] = "32-bit" if system.architecture == "x86" else "64-bit"
    if system.release == "2003 R2":
        row["OtherTypeDescription"] = "R2"
    elif system.is_2003:
        row["OtherTypeDescription"] = None
    return [row]


def _computer_system(machine: Machine) -> list[Row]:
    return [
        {
            "Name": machine.name,
            "DNSHostName": machine.fqdn.split(".")[0],
            "Domain": machine.domain or "WORKGROUP",
            "PartOfDomain": machine.domain_joined,
            "DomainRole": 3 if machine.domain_joined else 2,
            "Workgroup": None if machine.domain_joined else "WORKGROUP",
            "TotalPhysicalMemory": str(machine.spec.memory_mb * 1048576),
            "NumberOfProcessors": 1,
            "NumberOfLogicalProcessors": machine.spec.processors,
            "Manufacturer": "Lab",
            "Model": "Simulated machine",
            "SystemType": {"x86": "X86-based PC", "x64": "x64-based PC", "ia64": "Itanium-based PC"}[
                machine.os.architecture
            ],
            "UserName": None,
            "Status": "OK",
        }
    ]


def _processors(machine: Machine) -> list[Row]:
    architecture = {"x86": 0, "x64": 9, "ia64": 6}[machine.os.architecture]
    return [
        {
            "DeviceID": "CPU0",
            "Name": "Simulated CPU",
            "Architecture": architecture,
            "AddressWidth": 32 if architecture == 0 else 64,
            "DataWidth": 64,
            "NumberOfCores": machine.spec.processors,
            "NumberOfLogicalProcessors": machine.spec.processors,
            "MaxClockSpeed": 2400,
            "LoadPercentage": 5,
            "Status": "OK",
        }
    ]


def _disks(machine: Machine) -> list[Row]:
    return [
        {
            "DeviceID": f"{disk.letter}:",
            "Name": f"{disk.letter}:",
            "Caption": f"{disk.letter}:",
            "DriveType": 3,
            "MediaType": 12,
            "Description": "Local Fixed Disk",
            "FileSystem": disk.file_system,
            "VolumeName": disk.label,
            "Compressed": False,
            "Size": str(disk.size_mb * 1048576),
            "FreeSpace": str(max(0, disk.free_mb * 1048576 - disk.used)),
        }
        for disk in machine.files.disks.values()
    ]


def _shares(machine: Machine) -> list[Row]:
    return [{"Name": name, "Path": path, "Caption": name, "Type": 0} for name, path in machine.all_shares().items()]


def _reboot(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        machine.restart()
    except WindowsError as error:
        return {"ReturnValue": error.code}
    return {"ReturnValue": 0}


def _shutdown(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    if int(arguments.get("Flags") or 0) & 2:
        return _reboot(machine, row, arguments)
    return {"ReturnValue": 87}


# -- services and processes ----------------------------------------------------------------------------------


def _services(machine: Machine) -> list[Row]:
    return [
        {
            "Name": s.name,
            "DisplayName": s.display_name,
            "Caption": s.display_name,
            "Description": s.description,
            "State": _STATES[s.state],
            "Started": s.state == "running",
            "StartMode": _START_MODES[s.start_mode],
            "StartName": s.account,
            "PathName": s.path,
            "ProcessId": s.pid,
            "ServiceType": s.kind,
            "AcceptStop": s.state == "running",
            "AcceptPause": False,
            "ExitCode": 0,
            "Status": "OK",
            "SystemName": machine.name,
        }
        for s in machine.services.list()
    ]


def _service(action: str) -> Any:
    def method(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
        name = (row or {}).get("Name", "")
        try:
            changed = getattr(machine.services, action)(name)
        except WindowsError as error:
            return {"ReturnValue": _SERVICE_CODES.get(error.code or 0, 8)}
        return {"ReturnValue": 0 if changed else {"start": 10, "stop": 5}[action]}

    return method


def _change_start_mode(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    mode = {"automatic": "auto", "auto": "auto", "manual": "manual", "disabled": "disabled"}.get(
        str(arguments.get("StartMode")).lower()
    )
    if mode is None:
        return {"ReturnValue": 21}
    machine.services.set_start_mode((row or {}).get("Name", ""), mode)
    return {"ReturnValue": 0}


def _change_service(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    name = (row or {}).get("Name", "")
    if arguments.get("StartMode"):
        result = _change_start_mode(machine, row, arguments)
        if result["ReturnValue"]:
            return result
    account = arguments.get("StartName")
    if account and not machine.world.accounts.builtin(account):
        try:
            machine.world.accounts.check(account, arguments.get("StartPassword") or "", machine)
        except WindowsError:
            return {"ReturnValue": 22}
    machine.services.configure(
        name, account=account, path=arguments.get("PathName"), display_name=arguments.get("DisplayName")
    )
    return {"ReturnValue": 0}


def _processes(machine: Machine) -> list[Row]:
    boot = dmtf(machine.boot_time)
    rows: list[Row] = [
        _process_row(4, "System", None, "", boot, 0),
        _process_row(0, "System Idle Process", None, "", boot, 0),
    ]
    for service in machine.services.list():
        if service.running:
            path = (split_command_line(service.path) or [""])[0]
            rows.append(_process_row(service.pid, path.rsplit("\\", 1)[-1], path, service.path, boot, 4))
    for process in machine.processes.list():
        started = dmtf(machine.world.clock.utc(process.started))
        rows.append(
            _process_row(
                process.id,
                process.name,
                process.path,
                f'"{process.path}" {process.command_line}',
                started,
                process.parent,
            )
        )
    return rows


def _process_row(id: int, name: str, path: str | None, command_line: str, started: str, parent: int) -> Row:
    return {
        "ProcessId": id,
        "Handle": str(id),
        "Name": name,
        "Caption": name,
        "ExecutablePath": path,
        "CommandLine": command_line or None,
        "CreationDate": started,
        "ParentProcessId": parent,
        "SessionId": 0,
        "WorkingSetSize": "8388608",
    }


def _create_process(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    text = str(arguments.get("CommandLine") or "")
    parts = split_command_line(text)
    if not parts:
        return {"ProcessId": None, "ReturnValue": 21}
    rest = text.strip()[len(parts[0]) + (2 if text.strip().startswith('"') else 0) :].strip()
    try:
        process = machine.processes.start(parts[0], rest, directory=arguments.get("CurrentDirectory") or None)
    except WindowsError as error:
        return {"ProcessId": None, "ReturnValue": {2: 9, 3: 9, 5: 2}.get(error.code or 0, 8)}
    return {"ProcessId": process.id, "ReturnValue": 0}


def _terminate(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
    killed = machine.processes.kill(int((row or {}).get("ProcessId", 0)), int(arguments.get("Reason") or 0))
    return {"ReturnValue": 0 if killed else 2}


# -- registry ------------------------------------------------------------------------------------------------

_HIVES = {0x80000000: "HKCR", 0x80000001: "HKCU", 0x80000002: "HKLM", 0x80000003: "HKU", 0x80000005: "HKCC"}
_TYPES = {"String": 1, "ExpandString": 2, "Binary": 3, "DWord": 4, "MultiString": 7, "QWord": 11}
_KEY = ("hDefKey", "sSubKeyName")
_VALUE = (*_KEY, "sValueName")
# method -> (its parameters, (what it does, kind, name of the value's parameter))
_REGISTRY: dict[str, tuple[tuple[str, ...], tuple[str, str, str]]] = {
    "EnumKey": (_KEY, ("keys", "", "")),
    "EnumValues": (_KEY, ("values", "", "")),
    "CreateKey": (_KEY, ("create", "", "")),
    "DeleteKey": (_KEY, ("delete", "", "")),
    "DeleteValue": (_VALUE, ("remove", "", "")),
    **{
        f"{verb}{name}": ((*_VALUE, parameter) if verb == "Set" else _VALUE, (verb.lower(), kind, parameter))
        for verb in ("Get", "Set")
        for name, kind, parameter in (
            ("StringValue", "String", "sValue"),
            ("ExpandedStringValue", "ExpandString", "sValue"),
            ("DWORDValue", "DWord", "uValue"),
            ("QWORDValue", "QWord", "uValue"),
            ("MultiStringValue", "MultiString", "sValue"),
            ("BinaryValue", "Binary", "uValue"),
        )
    },
}


def _registry(name: str) -> Any:
    _unused, (action, kind, parameter) = _REGISTRY[name]

    def method(machine: Machine, row: Row | None, arguments: dict[str, Any]) -> dict[str, Any]:
        hive = arguments.get("hDefKey")
        root = _HIVES.get(0x80000002 if hive is None else int(hive) & 0xFFFFFFFF)
        if root is None:
            return {"ReturnValue": 6}
        path = "\\".join(part for part in (root, str(arguments.get("sSubKeyName") or "").strip("\\")) if part)
        value = str(arguments.get("sValueName") or "")
        registry = machine.registry
        key = registry.read(path)
        if action == "create":
            registry.create(path)
            return {"ReturnValue": 0}
        if action == "set":
            data = arguments.get(parameter)
            registry.set(path, value, kind, bytes(data) if kind == "Binary" and data is not None else data)
            return {"ReturnValue": 0}
        if key is None:
            return {"ReturnValue": 2}
        if action == "keys":
            return {"sNames": key.subkeys or None, "ReturnValue": 0}
        if action == "values":
            return {
                "sNames": [*key.values] or None,
                "Types": [_TYPES[k] for k, _unused in key.values.values()] or None,
                "ReturnValue": 0,
            }
        if action == "delete":
            if key.subkeys:
                return {"ReturnValue": 5}
            registry.delete(path)
            return {"ReturnValue": 0}
        if action == "remove":
            return {"ReturnValue": 0 if registry.remove(path, value) else 2}
        found = next((pair for known, pair in key.values.items() if known.lower() == value.lower()), None)
        if found is None:
            return {parameter: None, "ReturnValue": 1}
        if found[0] != kind and {found[0], kind} != {"String", "ExpandString"}:
            return {parameter: None, "ReturnValue": 0x80041005}
        return {parameter: [*found[1]] if kind == "Binary" else found[1], "ReturnValue": 0}

    return method


def registry_path(hive: int, subkey: str) -> str:
    """`HKEY_LOCAL_MACHINE\\...` of StdRegProv's two parameters."""
    return long_name("\\".join(part for part in (_HIVES[hive & 0xFFFFFFFF], subkey.strip("\\")) if part))


# -- failover cluster ----------------------------------------------------------------------------------------


def _virtual(machine: Machine) -> Machine:
    name = machine.spec.cluster_node_of or machine.name
    return machine.world.machines.get(name, machine)


def _cluster(machine: Machine) -> list[Row]:
    virtual = _virtual(machine)
    return [{"Name": f"{virtual.name}-CL", "Caption": f"{virtual.name}-CL"}]


def _node_names(machine: Machine) -> list[str]:
    cluster = _virtual(machine).spec.cluster
    return [*cluster.nodes] if cluster else []


def _nodes(machine: Machine) -> list[Row]:
    def up(name: str) -> bool:
        found = machine.world.machines.get(name)
        return found is None or found.up

    return [{"Name": name, "Caption": name, "State": 0 if up(name) else 1} for name in _node_names(machine)]


def active_node(machine: Machine) -> str | None:
    """The node that holds the cluster's group: the first that is up."""
    return next((row["Name"] for row in _nodes(machine) if row["State"] == 0), None)


def _groups(machine: Machine) -> list[Row]:
    return [
        {
            "Name": _virtual(machine).name,
            "Caption": _virtual(machine).name,
            "State": 0,
            "OwnerNode": active_node(machine),
        }
    ]


def _resources(machine: Machine) -> list[Row]:
    virtual = _virtual(machine)
    common = {"State": 2, "OwnerGroup": virtual.name, "OwnerNode": active_node(machine)}
    rows: list[Row] = [
        {
            "Name": f"{virtual.name} Network Name",
            "Type": "Network Name",
            "PrivateProperties": {"Name": virtual.name},
            **common,
        },
        {"Name": f"{virtual.name} Disk", "Type": "Physical Disk", "PrivateProperties": {}, **common},
    ]
    for name in virtual.extra.get("cluster_services", ["HealthService", "OMSDK", "OMCFG"]):
        rows.append(
            {
                "Name": f"{virtual.name} {name}",
                "Type": "Generic Service",
                "PrivateProperties": {"ServiceName": name},
                **common,
            }
        )
    return rows
