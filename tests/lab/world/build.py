"""What Windows itself brings to a machine: drives, folders, registry, services, WMI classes, programs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from . import cmd, programs, schtasks, windows_wmi

if TYPE_CHECKING:
    from .machine import Machine

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
NDP = r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP"

# name, display name, start mode, account, running, depends on
_SERVICES: tuple[tuple[str, str, str, str, bool, list[str]], ...] = (
    ("RpcSs", "Remote Procedure Call (RPC)", "auto", "NT AUTHORITY\\NetworkService", True, []),
    ("EventLog", "Windows Event Log", "auto", "NT AUTHORITY\\LocalService", True, []),
    ("PlugPlay", "Plug and Play", "auto", "LocalSystem", True, []),
    ("LanmanServer", "Server", "auto", "LocalSystem", True, []),
    ("LanmanWorkstation", "Workstation", "auto", "LocalSystem", True, []),
    ("RemoteRegistry", "Remote Registry", "auto", "NT AUTHORITY\\LocalService", True, ["RpcSs"]),
    ("Schedule", "Task Scheduler", "auto", "LocalSystem", True, ["RpcSs"]),
    ("Winmgmt", "Windows Management Instrumentation", "auto", "LocalSystem", True, ["RpcSs"]),
    ("W32Time", "Windows Time", "auto", "NT AUTHORITY\\LocalService", True, []),
    ("msiserver", "Windows Installer", "manual", "LocalSystem", False, ["RpcSs"]),
    ("wuauserv", "Windows Update", "auto", "LocalSystem", True, ["RpcSs"]),
    ("Spooler", "Print Spooler", "auto", "LocalSystem", True, ["RpcSs"]),
)

_DOTNET = {  # what an estate writes -> (key, Version, service pack, Install)
    "2.0": (r"v2.0.50727", "2.0.50727.5420", 2),
    "3.0": (r"v3.0", "3.0.30729.5420", 2),
    "3.5": (r"v3.5", "3.5.30729.5420", 0),
    "3.5 SP1": (r"v3.5", "3.5.30729.5420", 1),
    "3.5.1": (r"v3.5", "3.5.30729.5420", 1),
    "4.0": (r"v4\Full", "4.0.30319", 0),
    "4.5": (r"v4\Full", "4.5.50709", 0),
}


def windows(machine: Machine) -> None:
    """Build a machine from its spec."""
    machine.files.add_drive(
        "C", 81920 if machine.spec.free_mb < 70000 else machine.spec.free_mb + 20480, machine.spec.free_mb
    )
    machine.files.add_drive("D", 512000, 409600, "Data")
    _folders(machine)
    _registry(machine)
    _services(machine)
    _software(machine)
    windows_wmi.register(machine)
    programs.register(machine)
    schtasks.register(machine)
    cmd.register(machine)
    if machine.spec.cluster or machine.spec.cluster_node_of:
        machine.services.create(
            "ClusSvc",
            "Cluster Service",
            path=machine.windows_directory + r"\Cluster\clussvc.exe",
            start_mode="auto",
            state="running",
            depends_on=["RpcSs"],
        )
    machine.network.listeners.update(
        {
            135: lambda: True,
            445: lambda: _running(machine, "LanmanServer"),
            5985: lambda: machine.spec.winrm is not None and _running(machine, "WinRM"),
        }
    )
    up_since = machine.boot_time
    machine.eventlog.write(
        "System", "EventLog", "information", 6009, f"Microsoft (R) Windows (R) {machine.os.version}.", time=up_since
    )
    machine.eventlog.write(
        "System", "EventLog", "information", 6005, "The Event log service was started.", time=up_since
    )


def add_software(
    machine: Machine,
    name: str,
    version: str,
    *,
    publisher: str = "Microsoft Corporation",
    key: str | None = None,
    more: dict[str, Any] | None = None,
) -> str:
    """Register a product with its uninstall key; answers the key's path."""
    key = key or "{" + hashlib.md5(f"{name} {version}".encode()).hexdigest().upper() + "}"
    path = f"{UNINSTALL}\\{key}"
    for value, data in {
        "DisplayName": name,
        "DisplayVersion": version,
        "Publisher": publisher,
        "InstallDate": machine.world.clock.utc().strftime("%Y%m%d"),
        **(more or {}),
    }.items():
        machine.registry.set(path, value, "DWord" if isinstance(data, int) else "String", data)
    return path


def remove_software(machine: Machine, name: str) -> bool:
    """Remove the uninstall keys of products by that display name (any case); whether there was one."""
    found = False
    uninstall = machine.registry.read(UNINSTALL)
    for key in uninstall.subkeys if uninstall else []:
        if str(machine.registry.get(f"{UNINSTALL}\\{key}", "DisplayName", "")).lower() == name.lower():
            found = machine.registry.delete(f"{UNINSTALL}\\{key}") or found
    return found


def add_dotnet(machine: Machine, version: str) -> None:
    """Register a .NET Framework by the name an estate gives it (`3.5.1`, `4.0`); unknown ones as they are."""
    key, full, pack = _DOTNET.get(version, (f"v{version}", version, 0))
    for path in sorted({key, key.replace("Full", "Client")}):
        machine.registry.set(f"{NDP}\\{path}", "Install", "DWord", 1)
        machine.registry.set(f"{NDP}\\{path}", "Version", "String", full)
        machine.registry.set(f"{NDP}\\{path}", "SP", "DWord", pack)


def add_windows_installer(machine: Machine) -> None:
    """Lay the Windows Installer that came with the release and its service pack."""
    version = "3.1.4000.3959" if machine.os.is_2003 else "4.5.6002.18005" if machine.os.release == "2008" else "5.0.7601.17514"
    path = machine.system_directory + r"\msiexec.exe"
    if not machine.files.exists(path):
        machine.files.put(path, version=version, product_name="Windows Installer - Unicode", company="Microsoft Corporation")


def add_msxml6(machine: Machine) -> None:
    """Install MSXML 6.0."""
    path = machine.system_directory + r"\msxml6.dll"
    if not machine.files.exists(path):
        machine.files.put(
            path,
            version="6.30.7601.17857" if not machine.os.is_2003 else "6.20.1103.0",
            product_name="Microsoft(R) MSXML 6.0",
            company="Microsoft Corporation",
        )
        if machine.os.is_2003:
            add_software(machine, "MSXML 6 Service Pack 2 (KB954459)", "6.20.1103.0")


def _running(machine: Machine, name: str) -> bool:
    service = machine.services.get(name)
    return service is not None and service.running


def _folders(machine: Machine) -> None:
    system, profiles = machine.system_directory, [r"C:\Users\Administrator", r"C:\Users\Public"]
    folders = [
        machine.windows_directory,
        system,
        machine.windows_directory + r"\Temp",
        system + r"\config\systemprofile",
        r"C:\Program Files\Common Files",
        machine.program_data,
    ]
    if machine.os.is_2003:
        profiles = [r"C:\Documents and Settings\Administrator"]
    if machine.os.architecture != "x86":
        folders.append(r"C:\Program Files (x86)")
    folders.append(machine.environment("Administrator")["TEMP"])
    folders.append(machine.local_app_data("Administrator"))
    for folder in [*folders, *profiles]:
        machine.files.mkdir(folder)
    version = f"{machine.os.version}.0"
    for name in ("kernel32.dll", "msi.dll"):
        machine.files.put(
            f"{system}\\{name}",
            version={"msi.dll": _installer(machine)}.get(name, version),
            product_name="Microsoft\u00ae Windows\u00ae Operating System",
            company="Microsoft Corporation",
        )
    if machine.spec.powershell:
        machine.files.put(
            system + r"\WindowsPowerShell\v1.0\powershell.exe",
            version=version,
            description="Windows PowerShell",
            company="Microsoft Corporation",
        )


def _installer(machine: Machine) -> str:
    """Windows Installer's version."""
    if machine.os.is_2003:
        return "3.1.4000.3959" if machine.os.service_pack >= 2 else "3.1.4000.1830"
    return {"6.0": "4.5.6002.18005", "6.1": "5.0.7601.17514"}.get(machine.os.version[:3], "5.0.9200.16384")


def _registry(machine: Machine) -> None:
    registry, system = machine.registry, machine.os
    name = system.caption.replace("(R)", "").replace("\u00ae", "").strip()
    for value, data in {
        "ProductName": name.removeprefix("Microsoft "),
        "CurrentVersion": system.version.rsplit(".", 1)[0],
        "CurrentBuild": system.build,
        "CurrentBuildNumber": system.build,
        "CSDVersion": f"Service Pack {system.service_pack}" if system.service_pack else "",
        "EditionID": "ServerEnterprise",
        "SystemRoot": machine.windows_directory,
        "RegisteredOwner": "Lab",
    }.items():
        if data:
            registry.set(CURRENT_VERSION, value, "String", data)
    registry.set(CURRENT_VERSION, "InstallDate", "DWord", 1300000000)
    current = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
    registry.set(current, "ProgramFilesDir", "String", r"C:\Program Files")
    if system.architecture != "x86":
        registry.set(current, "ProgramFilesDir (x86)", "String", r"C:\Program Files (x86)")
    registry.create(UNINSTALL)
    registry.create(r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager")
    registry.set(
        r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName", "ComputerName", "String", machine.name
    )
    tcp = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    registry.set(tcp, "Hostname", "String", machine.name.lower())
    registry.set(tcp, "Domain", "String", machine.fqdn.partition(".")[2])
    registry.set(r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage", "ACP", "String", "1252")
    registry.set(r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage", "OEMCP", "String", "437")
    if machine.spec.powershell:
        for engine, version in [
            ("1", "2.0"),
            *([("3", machine.spec.powershell)] if _major(machine.spec.powershell) >= 3 else []),
        ]:
            key = rf"HKLM\SOFTWARE\Microsoft\PowerShell\{engine}"
            shown = "1.0" if _major(machine.spec.powershell) == 1 else version
            registry.set(key, "Install", "DWord", 1)
            registry.set(key + r"\PowerShellEngine", "PowerShellVersion", "String", shown)
            registry.set(
                key + r"\PowerShellEngine", "RuntimeVersion", "String", "v4.0.30319" if engine == "3" else "v2.0.50727"
            )
            registry.set(
                key + r"\PowerShellEngine",
                "ApplicationBase",
                "String",
                machine.system_directory + r"\WindowsPowerShell\v1.0",
            )


def _services(machine: Machine) -> None:
    for name, title, mode, account, running, depends in _SERVICES:
        if machine.os.is_2003 and name == "EventLog":
            title = "Event Log"
        machine.services.create(
            name,
            title,
            path=machine.system_directory + r"\svchost.exe -k netsvcs",
            start_mode=mode,
            account=account,
            depends_on=depends,
            state="running" if running else "stopped",
        )
    if machine.spec.winrm is not None:
        machine.services.create(
            "WinRM",
            "Windows Remote Management (WS-Management)",
            start_mode="auto",
            path=machine.system_directory + r"\svchost.exe -k NetworkService",
            account="NT AUTHORITY\\NetworkService",
            depends_on=["RpcSs"],
            state="running",
        )
        machine.registry.set(
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN", "StackVersion", "String", machine.spec.winrm
        )


def _software(machine: Machine) -> None:
    given = machine.spec.software
    default = [] if machine.os.is_2003 else ["2.0", "3.0", "3.5.1"]
    dotnet = [
        str(version) for version in given.get("dotnet", ["2.0", *default, "3.5.1"] if "dotnet" not in given else [])
    ]
    add_windows_installer(machine)
    for version in dict.fromkeys([*dotnet, *(["2.0", "3.0"] if any(v.startswith("3.5") for v in dotnet) else [])]):
        add_dotnet(machine, version)
    if given.get("msxml", 6) and int(given.get("msxml", 6)) >= 6:
        add_msxml6(machine)
    if "avicode" in given:
        add_software(machine, "AVIcode Intercept Studio", str(given["avicode"]), publisher="AVIcode, Inc.")
    for name, version in given.items():
        if name not in ("avicode", "msxml", "dotnet"):
            add_software(machine, name, str(version), publisher="Lab")


def _major(version: str) -> int:
    return int(version.split(".")[0])
