"""What a role leaves on its machine: registry, services, files, uninstall entries. Installers and the builder use it."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone

from .names import (
    BASE,
    CUMULATIVE_UPDATES,
    FOLDER_2007,
    FOLDER_2012,
    PRODUCTS,
    SETUP,
    SETUP_2012,
    SNAPIN,
    SNAPIN_KEY,
    UNINSTALL,
    WEB_PORT_2007,
    WEB_SITE_2007,
    is_2012,
    product_code,
)

COMPANY = "Microsoft Corporation"
APPLICATION_HOST = r"C:\Windows\System32\inetsrv\config\applicationHost.config"


def file_version(version, level):
    """The version of the product's files: the cumulative update shows here only."""
    return version if is_2012(version) else CUMULATIVE_UPDATES[level][0]


def has(machine, kind):
    """Generation of an installed part by its uninstall entry: "2007", "2012" or None."""
    for generation in ("2012", "2007"):
        if machine.registry.exists(rf"{UNINSTALL}\{product_code(kind, generation)}"):
            return generation
    return None


def write_uninstall(machine, kind, version):
    """The uninstall entry of a part; the other generation's goes."""
    generation = "2012" if is_2012(version) else "2007"
    machine.registry.delete(rf"{UNINSTALL}\{product_code(kind, '2007' if generation == '2012' else '2012')}")
    key = rf"{UNINSTALL}\{product_code(kind, generation)}"
    code = product_code(kind, generation)
    for name, data in (
        ("DisplayName", PRODUCTS[kind][generation == "2012"]),
        ("DisplayVersion", version),
        ("Publisher", COMPANY),
        ("UninstallString", f"MsiExec.exe /X{code}"),
        ("InstallDate", machine.world.clock.utc().strftime("%Y%m%d")),
    ):
        machine.registry.set(key, name, "String", data)
    machine.registry.set(key, "WindowsInstaller", "DWord", 1)


def remove_uninstall(machine, kind):
    for generation in ("2007", "2012"):
        machine.registry.delete(rf"{UNINSTALL}\{product_code(kind, generation)}")


def setup_values(machine, **values):
    """Values of the Setup key; None removes one."""
    for name, data in values.items():
        if data is None:
            machine.registry.remove(SETUP, name)
        else:
            machine.registry.set(SETUP, name, "DWord" if isinstance(data, int) else "String", data)


def program_file(machine, path, version, when=None):
    """A program file with its version, as installed at a time."""
    if not machine.files.exists(path):
        machine.files.write(path, b"MZ" + path.rsplit("\\", 1)[-1].encode())
    machine.files.set_version(path, version, version, product_name="System Center Operations Manager", company=COMPANY)
    machine.files.set_modified(path, when or machine.world.clock.utc())


def service(machine, name, display, path, *, start_mode="auto", account="LocalSystem", depends=(), running=True):
    """Create or reconfigure a service."""
    services = machine.services
    if services.get(name) is None:
        services.create(name, display, path=path, start_mode=start_mode, account=account, depends_on=list(depends))
    else:
        services.configure(name, path=path, display_name=display, account=account)
        services.set_start_mode(name, start_mode)
    state = services.get(name).running
    if running and not state:
        services.start(name)
    elif not running and state:
        services.stop(name, force=True)


def update_time(level):
    """When a cumulative update was installed on the servers of an estate."""
    return datetime.strptime(CUMULATIVE_UPDATES[level][2], "%Y-%m-%d").replace(tzinfo=timezone.utc) + timedelta(
        days=9, hours=3
    )


SERVER_FILES = (
    "MonitoringHost.exe",
    "HealthService.exe",
    "Microsoft.Mom.ConfigServiceHost.exe",
    "Microsoft.Mom.Sdk.ServiceHost.exe",
    "MOMAgentManagement.dll",
    "HealthService.dll",
)
AGENT_FILES = ("MonitoringHost.exe", "HealthService.exe", "HealthService.dll")


def write_files(machine, folder, names, version, level, when=None):
    """The program files of a part."""
    when = when or (machine.world.clock.utc() if is_2012(version) else update_time(level))
    for name in names:
        program_file(machine, rf"{folder}\{name}", file_version(version, level), when)


# ---- agent ----------------------------------------------------------------------------------------------------


def agent(machine, group, node, *, acs=False):
    """An agent, of the node's version."""
    new = node.new
    folder = FOLDER_2012 + r"\Agent" if new else FOLDER_2007
    product = PRODUCTS["agent"][new]
    setup_values(
        machine,
        Product=product,
        CurrentVersion=node.version,
        AgentVersion=node.version,
        InstallDirectory=folder + "\\",
        InstalledOn=stamp(machine),
    )
    write_files(machine, folder, AGENT_FILES, node.version, node.cumulative_update)
    write_uninstall(machine, "agent", node.version)
    service(machine, "HealthService", "System Center Management", rf'"{folder}\HealthService.exe"')
    if machine.services.get("AdtAgent") is None:
        service(
            machine,
            "AdtAgent",
            "Operations Manager Audit Forwarding Service",
            r"C:\Windows\System32\AdtAgent.exe",
            start_mode="auto" if acs else "disabled",
            account=r"NT AUTHORITY\NETWORK SERVICE",
            running=acs,
        )
    if new:
        service(
            machine,
            "System Center Management APM",
            "System Center Management APM",
            rf'"{folder}\APMDOTNETAgent\InterceptSvc.exe"',
            start_mode="disabled" if node.avicode else "manual",
            running=False,
        )
    write_parents(machine, group, node)
    connector_manager(machine, group)
    machine.eventlog.create("Operations Manager", ["HealthService", "OpsMgr Connector", "Health Service Modules"])
    group.hook(machine)


def stamp(machine):
    return machine.world.clock.utc().strftime("%m/%d/%Y %H:%M:%S")


def write_parents(machine, group, node):
    """Who the health service reports to."""
    if node.kind == "agent":
        base = rf"{BASE}\Agent Management Groups\{group.name}"
    else:
        base = rf"{BASE}\Server Management Groups\{group.name}"
    machine.registry.create(base)
    if node.primary is None:
        machine.registry.delete(rf"{base}\Parent Health Services")
        return
    key = rf"{base}\Parent Health Services\0"
    for name, kind, data in (
        ("NetworkName", "String", node.primary),
        ("AuthenticationName", "String", node.primary),
        ("Port", "DWord", 5723),
    ):
        machine.registry.set(key, name, kind, data)


def connector_manager(machine, group):
    base = r"HKLM\SYSTEM\CurrentControlSet\Services\HealthService\Parameters"
    machine.registry.set(rf"{base}\ConnectorManager", "EnableADIntegration", "DWord", 0)
    if machine.registry.get(rf"{base}\Management Groups\{group.name}", "maximumQueueSizeKb") is None:
        machine.registry.set(rf"{base}\Management Groups\{group.name}", "maximumQueueSizeKb", "DWord", 15360)


def remove_agent(machine, group):
    """What an agent's uninstallation takes away."""
    machine.services.delete("HealthService")
    machine.services.delete("AdtAgent")
    machine.services.delete("System Center Management APM")
    machine.registry.delete(rf"{BASE}\Agent Management Groups\{group.name}")
    setup_values(machine, AgentVersion=None)
    remove_uninstall(machine, "agent")


# ---- management server ----------------------------------------------------------------------------------------


def management_server(machine, group, node, *, root=False, das=None):
    """A management server of the node's version."""
    new = node.new
    folder = FOLDER_2012 + r"\Server" if new else FOLDER_2007
    operational = group.operational
    setup_values(
        machine,
        Product=PRODUCTS["server"][new],
        CurrentVersion=node.version,
        ServerVersion=node.version,
        InstallDirectory=folder + "\\",
        InstalledOn=stamp(machine),
        DatabaseServerName=operational.source,
        DatabaseName=operational.name,
        DatabaseVersion=group.version,
        ManagementServerPort=5723,
    )
    write_files(machine, folder, SERVER_FILES, node.version, node.cumulative_update)
    program_file(
        machine, rf"{folder}\AgentManagement\amd64\OMVersion.dll", file_version(node.version, node.cumulative_update)
    )
    write_uninstall(machine, "server", node.version)
    server_groups(machine, group, root and not new)
    if not root and not new:
        write_parents(machine, group, type("Parent", (), {"kind": "management_server", "primary": group.root})())
    elif new or root:
        machine.registry.delete(rf"{BASE}\Server Management Groups\{group.name}\Parent Health Services")
    account = das or group.accounts.get("das", "LocalSystem")
    service(machine, "HealthService", "System Center Management", rf'"{folder}\HealthService.exe"')
    if new:
        machine.services.delete("OMCFG")
        service(
            machine,
            "OMSDK",
            "System Center Data Access Service",
            rf'"{folder}\Microsoft.Mom.Sdk.ServiceHost.exe"',
            account=account,
        )
        service(machine, "cshost", "System Center Management Configuration", rf'"{folder}\cshost.exe"', account=account)
        setup_values(
            machine,
            DataWarehouseDBServerName=group.warehouse.source if group.warehouse else None,
            DataWarehouseDBName=group.warehouse.name if group.warehouse else None,
        )
        machine.registry.set(SETUP_2012, "InstallDirectory", "String", folder + "\\")
        machine.registry.set(SETUP_2012, "CurrentVersion", "String", node.version)
        powershell_module(machine)
        program_file(machine, rf"{folder}\SecureStorageBackup.exe", node.version)
        machine.files.write(rf"{folder}\ConfigService.config", config_service(group).encode())
        machine.registry.set(
            r"HKLM\SOFTWARE\Microsoft\System Center\2010\Common\MOMBins", "Value1", "Binary", b"\x01lab"
        )
    else:
        mode = "auto" if root else "disabled"
        service(
            machine,
            "OMSDK",
            "System Center Data Access",
            rf'"{folder}\Microsoft.Mom.Sdk.ServiceHost.exe"',
            start_mode=mode,
            account=account,
            running=root,
        )
        service(
            machine,
            "OMCFG",
            "System Center Management Configuration",
            rf'"{folder}\Microsoft.Mom.ConfigServiceHost.exe"',
            start_mode=mode,
            account=account,
            running=root,
        )
        program_file(machine, rf"{folder}\SecureStorageBackup.exe", file_version(node.version, node.cumulative_update))
        if root:
            machine.registry.set(rf"{BASE}\MOMBins", "Value1", "Binary", b"\x01lab")
        snapin(machine, node)
    machine.registry.set(
        rf"{BASE}\Machine Settings",
        "DefaultSDKServiceMachine",
        "String",
        node.fqdn if new else (group.root or node.fqdn),
    )
    connector_manager(machine, group)
    machine.eventlog.create(
        "Operations Manager",
        [
            "HealthService",
            "OpsMgr Connector",
            "OpsMgr SDK Service",
            "OpsMgr Config Service",
            "OpsMgr Management Configuration",
            "Health Service Modules",
        ],
    )
    machine.network.listeners[5723] = lambda: running_service(machine, "HealthService")
    machine.network.listeners[5724] = lambda: running_service(machine, "OMSDK")
    group.hook(machine)


def running_service(machine, name):
    found = machine.services.get(name)
    return found is not None and found.running


def server_groups(machine, group, root):
    key = rf"{BASE}\Server Management Groups\{group.name}"
    machine.registry.set(key, "IsServer", "DWord", 1)
    machine.registry.set(key, "Port", "DWord", 5723)
    machine.registry.set(key, "IsRootHealthService", "DWord", int(root))


def config_service(group):
    """ConfigService.config of 2012: both categories name the database."""
    where = (
        f'<Setting Name="ServerName" Value="{group.operational.source}"/>'
        f'<Setting Name="DatabaseName" Value="{group.operational.name}"/>'
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\r\n<Config><Component Name="ConfigurationService">'
        f'<Category Name="Cmdb">{where}</Category><Category Name="ConfigStore">{where}</Category></Component></Config>\r\n'
    )


def powershell_module(machine):
    machine.registry.set(rf"{SETUP_2012}\Powershell\V2", "InstallDirectory", "String", FOLDER_2012 + "\\Powershell\\")
    machine.files.write(FOLDER_2012 + r"\Powershell\OperationsManager\OperationsManager.psm1", b"# module\r\n")


def snapin(machine, node=None):
    """The 2007 shell's snap-in."""
    for name, data in (
        ("ApplicationBase", FOLDER_2007 + "\\"),
        ("PowerShellVersion", "1.0"),
        ("Version", "6.0.4900.0"),
        ("Vendor", COMPANY),
        ("Description", "Microsoft Operations Manager Shell Snapin"),
        (
            "AssemblyName",
            f"{SNAPIN.replace('.Client', '.ClientShell')}, Version=6.0.4900.0, Culture=neutral, "
            "PublicKeyToken=31bf3856ad364e35",
        ),
        ("ModuleName", FOLDER_2007 + rf"\{SNAPIN.replace('.Client', '.ClientShell')}.dll"),
    ):
        machine.registry.set(SNAPIN_KEY, name, "String", data)


def remove_management_server(machine, group):
    """What a server's uninstallation takes away."""
    for name in ("OMSDK", "OMCFG", "cshost", "HealthService"):
        machine.services.delete(name)
    machine.registry.delete(rf"{BASE}\Server Management Groups\{group.name}")
    setup_values(
        machine,
        ServerVersion=None,
        DatabaseServerName=None,
        DatabaseName=None,
        DatabaseVersion=None,
        DataWarehouseDBServerName=None,
        DataWarehouseDBName=None,
        ManagementServerPort=None,
        Product=None,
        InstallDirectory=None,
        CurrentVersion=None,
    )
    remove_uninstall(machine, "server")
    machine.network.listeners.pop(5723, None)
    machine.network.listeners.pop(5724, None)


# ---- gateway --------------------------------------------------------------------------------------------------


def gateway(machine, group, node):
    """A gateway of the node's version."""
    new = node.new
    folder = FOLDER_2012 + r"\Gateway" if new else FOLDER_2007
    setup_values(
        machine,
        Product=PRODUCTS["gateway"][new],
        CurrentVersion=node.version,
        MOMGatewayVersion=node.version,
        InstallDirectory=folder + "\\",
        InstalledOn=stamp(machine),
        ManagementServerPort=5723,
    )
    write_files(
        machine,
        folder,
        ("MonitoringHost.exe", "HealthService.exe", "MOMAgentManagement.dll"),
        node.version,
        node.cumulative_update,
    )
    write_uninstall(machine, "gateway", node.version)
    server_groups(machine, group, False)
    machine.registry.set(rf"{BASE}\Server Management Groups\{group.name}", "IsGateway", "DWord", 1)
    service(machine, "HealthService", "System Center Management", rf'"{folder}\HealthService.exe"')
    if new:
        machine.registry.set(SETUP_2012, "InstallDirectory", "String", folder + "\\")
    write_parents(machine, group, node)
    connector_manager(machine, group)
    machine.eventlog.create("Operations Manager", ["HealthService", "OpsMgr Connector"])
    machine.network.listeners[5723] = lambda: running_service(machine, "HealthService")
    group.hook(machine)


def remove_gateway(machine, group):
    machine.services.delete("HealthService")
    machine.registry.delete(rf"{BASE}\Server Management Groups\{group.name}")
    setup_values(
        machine,
        MOMGatewayVersion=None,
        Product=None,
        InstallDirectory=None,
        CurrentVersion=None,
        ManagementServerPort=None,
    )
    remove_uninstall(machine, "gateway")
    machine.network.listeners.pop(5723, None)


# ---- console, web console, reporting, ACS ---------------------------------------------------------------------


def console(machine, group, version, level=0):
    """An Operations console."""
    new = is_2012(version)
    folder = FOLDER_2012 + r"\Console" if new else FOLDER_2007
    setup_values(machine, UIVersion=version)
    for name, data in (
        ("Product", PRODUCTS["console"][new]),
        ("InstallDirectory", folder + "\\"),
        ("CurrentVersion", version),
    ):
        if machine.registry.get(SETUP, name) is None or (not_server(machine) and new):
            setup_values(machine, **{name: data})
    program_file(
        machine,
        rf"{folder}\Microsoft.MOM.UI.Console.exe"
        if not new
        else rf"{folder}\Microsoft.EnterpriseManagement.Monitoring.Console.exe",
        file_version(version, level),
    )
    if not new:
        program_file(
            machine, rf"{folder}\SecureStorageBackup.exe", file_version(version, level)
        ) if machine.registry.get(SETUP, "ServerVersion") else None
        snapin(machine)
    else:
        machine.registry.set(
            SETUP_2012,
            "InstallDirectory",
            "String",
            machine.registry.get(SETUP_2012, "InstallDirectory") or folder + "\\",
        )
        powershell_module(machine)
    if not machine.registry.get(rf"{BASE}\Machine Settings", "DefaultSDKServiceMachine"):
        machine.registry.set(
            rf"{BASE}\Machine Settings", "DefaultSDKServiceMachine", "String", group.root or group.emulator or ""
        )
    write_uninstall(machine, "console", version)


def not_server(machine):
    """Whether nothing but user interfaces of the product is on a machine."""
    return not any(machine.registry.get(SETUP, n) for n in ("ServerVersion", "AgentVersion", "MOMGatewayVersion"))


def remove_console(machine):
    setup_values(machine, UIVersion=None)
    if not_server(machine):
        setup_values(machine, Product=None, InstallDirectory=None, CurrentVersion=None)
    remove_uninstall(machine, "console")
    if not machine.registry.get(SETUP, "ServerVersion"):
        machine.registry.delete(SNAPIN_KEY)


def sites(machine):
    """{name: (physical path, port)} of the web server's sites."""
    if not machine.files.exists(APPLICATION_HOST):
        return {}
    text = machine.files.read_text(APPLICATION_HOST)
    found = {}
    for match in re.finditer(r'<site name="([^"]*)".*?</site>', text, re.S):
        body = match.group(0)
        path = re.search(r'physicalPath="([^"]*)"', body)
        port = re.search(r'bindingInformation="\*:(\d+):"', body)
        found[match.group(1)] = (path.group(1) if path else "", int(port.group(1)) if port else 80)
    return found


def write_sites(machine, wanted):
    """Write applicationHost.config for these sites."""
    body = ""
    for i, (name, (path, port)) in enumerate(wanted.items(), 1):
        body += (
            f'      <site name="{name}" id="{i}">\r\n        <application path="/">\r\n          <virtualDirectory path="/" '
            f'physicalPath="{path}" />\r\n        </application>\r\n        <bindings>\r\n          <binding protocol="http" '
            f'bindingInformation="*:{port}:" />\r\n        </bindings>\r\n      </site>\r\n'
        )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<configuration>\r\n  <system.applicationHost>\r\n    <sites>\r\n{body}'
        "    </sites>\r\n  </system.applicationHost>\r\n</configuration>\r\n"
    )
    machine.files.write(APPLICATION_HOST, text.encode())


IIS_ROLE_SERVICES = {
    2: "Web Server (IIS)",
    140: "Web Server",
    141: "Common HTTP Features",
    142: "Static Content",
    143: "Default Document",
    144: "Directory Browsing",
    145: "HTTP Errors",
    147: "Application Development",
    148: "ASP.NET",
    154: "Health and Diagnostics",
    155: "HTTP Logging",
    157: "Request Monitor",
    162: "Security",
    164: "Windows Authentication",
    169: "Request Filtering",
    171: "Performance",
    172: "Static Content Compression",
    174: "Management Tools",
    175: "IIS Management Console",
    177: "IIS Management Scripts and Tools",
    178: "Management Service",
    179: "IIS 6 Management Compatibility",
    180: "IIS 6 Metabase Compatibility",
}


def web_server(machine):
    """IIS, as far as the product cares."""
    version = {"5.2": "6.0", "6.0": "7.0", "6.1": "7.5", "6.2": "8.0"}[".".join(machine.os.version.split(".")[:2])]
    machine.registry.set(r"HKLM\SOFTWARE\Microsoft\InetStp", "VersionString", "String", f"Version {version}")
    machine.registry.set(r"HKLM\SOFTWARE\Microsoft\InetStp", "MajorVersion", "DWord", int(version[0]))
    if machine.os.major_minor >= (6, 1):
        for number, name in IIS_ROLE_SERVICES.items():
            machine.set_feature(number, name)
    if machine.services.get("W3SVC") is None:
        service(machine, "W3SVC", "World Wide Web Publishing Service", r"C:\Windows\System32\svchost.exe -k iissvcs")
    if not sites(machine):
        write_sites(machine, {"Default Web Site": (r"%SystemDrive%\inetpub\wwwroot", 80)})


def web_console(machine, group, version, *, site="Default Web Site", server=None, mode="Mixed"):
    """A web console. The 2007 one has a site of its own; 2012 takes an existing site and the old one goes."""
    web_server(machine)
    known = sites(machine)
    if not is_2012(version):
        known[WEB_SITE_2007] = (FOLDER_2007 + r"\Web Console", WEB_PORT_2007)
        write_sites(machine, known)
        machine.files.write(FOLDER_2007 + r"\Web Console\web.config", b"<configuration/>\r\n")
    else:
        known.pop(WEB_SITE_2007, None)
        write_sites(machine, known)
        folder = FOLDER_2012 + r"\WebConsole"
        key = rf"{SETUP_2012}\WebConsole"
        for name, data in (
            ("DEFAULT_SERVER", server or group.emulator or group.root or ""),
            ("WEBSITE_ID", "1"),
            ("WEBSITE_NAME", site),
            ("WEB_CONSOLE_URL", f"http://{machine.fqdn}/OperationsManager"),
            ("InstallDirectory", folder + "\\"),
            ("BINDING_CONFIGURATION", "DefaultHttpBinding"),
            ("AUTHORIZATION_MODE", mode),
            ("CurrentVersion", version),
        ):
            machine.registry.set(key, name, "String", data)
        machine.registry.set(key, "HTTP_GET_ENABLED", "DWord", 1)
        machine.files.write(
            folder + r"\WebHost\Web.config",
            f'<configuration><connection><managementserver name="{server or ""}"/></connection></configuration>'.encode(),
        )
        if machine.registry.get(SETUP_2012, "InstallDirectory") is None:
            machine.registry.set(SETUP_2012, "InstallDirectory", "String", folder + "\\")
    if machine.registry.get(SETUP, "CurrentVersion") is None or (not_server(machine) and is_2012(version)):
        setup_values(
            machine,
            CurrentVersion=version,
            InstallDirectory=(FOLDER_2012 + r"\WebConsole" if is_2012(version) else FOLDER_2007) + "\\",
            Product=PRODUCTS["web_console"][is_2012(version)],
        )
    write_uninstall(machine, "web_console", version)


def rs_config(machine):
    """Path of rsreportserver.config, or None."""
    server = machine.extra.get("sql")
    if server is None:
        return None
    for instance in server.instances.values():
        if machine.services.get(instance.reporting_service) is not None:
            rs_id = instance.id.replace("MSSQL", "MSRS", 1) if instance.line != "9.00" else "MSSQL.2"
            return (
                rf"C:\Program Files\Microsoft SQL Server\{rs_id}\Reporting Services\ReportServer\rsreportserver.config"
            )
    return None


def reporting(machine, group, version, *, server, instance):
    """A Reporting server; ``server`` is the management server it asks."""
    new = is_2012(version)
    key = rf"{BASE}\Reporting"
    machine.registry.set(key, "DefaultSDKServiceMachine", "String", server)
    machine.registry.set(key, "SRSInstance", "String", instance)
    machine.registry.set(key, "DWDBInstance", "String", group.warehouse.source if group.warehouse else "")
    machine.registry.set(key, "DWDBName", "String", group.warehouse.name if group.warehouse else "")
    path = rs_config(machine)
    if path:
        text = (
            f'<Configuration>\r\n  <Extensions>\r\n    <Security><Extension Name="Forms"><Configuration><ServerName>{server}'
            '</ServerName></Configuration></Extension></Security>\r\n    <Authentication><Extension Name="Forms"><Configuration>'
            f"<ServerName>{server}</ServerName></Configuration></Extension></Authentication>\r\n  </Extensions>\r\n</Configuration>\r\n"
        )
        machine.files.write(path, text.encode())
    if new:
        folder = FOLDER_2012 + r"\Reporting"
        machine.registry.set(rf"{SETUP_2012}\Reporting", "InstallDirectory", "String", folder + "\\")
        machine.registry.set(rf"{SETUP_2012}\Reporting", "CurrentVersion", "String", version)
        program_file(machine, rf"{folder}\Microsoft.EnterpriseManagement.Reporting.Code.dll", version)
        if machine.registry.get(SETUP_2012, "InstallDirectory") is None:
            machine.registry.set(SETUP_2012, "InstallDirectory", "String", folder + "\\")
    else:
        folder = FOLDER_2007 + r"\Reporting"
        program_file(machine, rf"{folder}\Microsoft.EnterpriseManagement.Reporting.Code.dll", version)
    if machine.registry.get(SETUP, "CurrentVersion") is None or (
        not_server(machine) and not machine.registry.get(SETUP, "UIVersion")
    ):
        setup_values(
            machine, CurrentVersion=version, Product=PRODUCTS["reporting"][new], InstallDirectory=folder + "\\"
        )
    write_uninstall(machine, "reporting", version)


def acs_collector(machine, group, version):
    """The ACS collector: the service's key is its mark."""
    folder = r"C:\Windows\System32\Security\AdtServer"
    service(
        machine,
        "AdtServer",
        "Operations Manager Audit Collection Service",
        rf"{folder}\AdtServer.exe",
        account=r"NT AUTHORITY\NETWORK SERVICE",
    )
    for name in ("AdtServer.exe", "OmacAdmn.dll"):
        program_file(machine, rf"{folder}\{name}", version)
    if group.audit:
        key = r"HKLM\SYSTEM\CurrentControlSet\Services\AdtServer\Parameters"
        machine.registry.set(key, "ODBCConnectionString", "String", "OpsMgrAC")
        odbc = r"HKLM\SOFTWARE\ODBC\ODBC.INI\OpsMgrAC"
        machine.registry.set(odbc, "Server", "String", group.audit.source)
        machine.registry.set(odbc, "Database", "String", group.audit.name)
    machine.network.listeners[51909] = lambda: running_service(machine, "AdtServer")
    write_uninstall(machine, "acs_collector", version)


# ---- certificates ---------------------------------------------------------------------------------------------


def channel_certificate(machine):
    """A certificate for a machine outside the domain: store entry with a real certificate, and the channel's serial."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, machine.fqdn)])
    now = machine.world.clock.utc()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0x1000 + sum(machine.fqdn.encode()))
        .not_valid_before(now - timedelta(days=300))
        .not_valid_after(now + timedelta(days=430))
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()
    blob = (
        (3).to_bytes(4, "little") + (1).to_bytes(4, "little") + (20).to_bytes(4, "little") + bytes.fromhex(thumbprint)
    )
    blob += (32).to_bytes(4, "little") + (1).to_bytes(4, "little") + len(der).to_bytes(4, "little") + der
    machine.registry.set(
        rf"HKLM\SOFTWARE\Microsoft\SystemCertificates\MY\Certificates\{thumbprint}", "Blob", "Binary", blob
    )
    number = certificate.serial_number
    serial = number.to_bytes((number.bit_length() + 7) // 8, "little")
    machine.registry.set(rf"{BASE}\Machine Settings", "ChannelCertificateSerialNumber", "Binary", serial)
    machine.registry.set(rf"{BASE}\Machine Settings", "ChannelCertificateHash", "String", thumbprint)
    return base64.b64encode(der).decode()


def has_avicode(machine):
    """Whether AVIcode's service is installed."""
    entries = machine.registry.read(UNINSTALL)
    return any(
        "avicode" in str(machine.registry.get(rf"{UNINSTALL}\{key}", "DisplayName", "")).lower()
        for key in (entries.subkeys if entries else [])
    )
