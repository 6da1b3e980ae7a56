# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Command lines of setup, as data: templates whose names in braces are filled in by whoever runs them.

Secrets are names too; they are filled in on the host, from the encrypted payload, and never stand in a plan or a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from .settings import Settings


@dataclass(frozen=True)
class Command:
    """One unattended command line."""

    name: str
    text: str
    template: str
    evidence: str
    source: str


COMMANDS: dict[str, Command] = {
    row.name: row
    for row in (
        Command(
            "management_server",
            "a secondary management server",
            "setup.exe /silent /upgrade {eula} {das}",
            "later guide",
            "S19b",
        ),
        Command(
            "group_from_rms",
            "the management group, on the root management server",
            "setup.exe /silent /upgrade {eula} {das}"
            " /DataReaderUser:{reader_user} /DataReaderPassword:{reader_password}",
            "later guide",
            "S19e",
        ),
        Command(
            "group_from_secondary",
            "the management group, on a secondary management server",
            "setup.exe /silent /upgrade {eula} /UpgradeManagementGroup {das} /DataReaderUser:{reader_user}"
            " /DataReaderPassword:{reader_password}",
            "recalled",
            "product-reference 2.2 (M4)",
        ),
        Command(
            "warehouse_add",
            "what is added to the group upgrade where there was no data warehouse",
            "/DWSqlServerInstance:{warehouse_instance} /DWDatabaseName:{warehouse_database}"
            " /DataWriterUser:{writer_user} /DataWriterPassword:{writer_password}",
            "recalled",
            "product-reference 2.1, 2.2",
        ),
        Command(
            "gateway",
            "a gateway",
            'msiexec.exe /i "{media}\\gateway\\AMD64\\MOMGateway.msi" /qn /l*v "{log}" AcceptEndUserLicenseAgreement=1'
            " REBOOT=ReallySuppress",
            "later guide",
            "S19d",
        ),
        Command(
            "gateway_install",
            "a new gateway of 2007 R2",
            'msiexec.exe /i "{media}\\gateway\\AMD64\\MOMGateway.msi" /qn /l*v "{log}" ADDLOCAL=MOMGateway'
            ' MANAGEMENT_GROUP="{management_group}" IS_ROOT_HEALTH_SERVER=0 ROOT_MANAGEMENT_SERVER_AD={parent}'
            " ROOT_MANAGEMENT_SERVER_DNS={parent} ACTIONS_USE_COMPUTER_ACCOUNT=1 ROOT_MANAGEMENT_SERVER_PORT=5723",
            "documented",
            "product-reference 4",
        ),
        Command(
            "gateway_approve",
            "approval of a new gateway, on a management server",
            "Microsoft.EnterpriseManagement.GatewayApprovalTool.exe /ManagementServerName={parent}"
            " /GatewayName={gateway} /Action={action}",
            "documented",
            "product-reference 4",
        ),
        Command(
            "agent",
            "a manually installed agent",
            'msiexec.exe /i "{media}\\agent\\{folder}\\MOMAgent.msi" /qn /l*v "{log}" AcceptEndUserLicenseAgreement=1'
            " REBOOT=ReallySuppress{noapm}",
            "later guide",
            "S19c",
        ),
        Command("console", "a stand-alone console", "setup.exe /silent /upgrade {eula}", "later guide", "S19h"),
        Command(
            "web_console",
            "a stand-alone web console",
            'setup.exe /silent /upgrade {eula} /WebSiteName:"{site}" {ssl}'
            " /WebConsoleAuthorizationMode:{authorization}",
            "later guide",
            "S19i",
        ),
        Command(
            "reporting",
            "the reporting server",
            "setup.exe /silent /upgrade {eula} /ManagementServer:{management_server}",
            "later guide",
            "S19g",
        ),
        Command("acs", "the ACS collector", 'AdtSetup.exe /i /s /p:"{answers}"', "recalled", "product-reference 7"),
        Command(
            "recover",
            "a lost management server, under its old name",
            "setup.exe /silent {eula} /recover"
            " /EnableErrorReporting:Never /SendCEIPReports:0 /UseMicrosoftUpdate:0 /DatabaseName:{database}"
            " /SqlServerInstance:{instance} /DWDatabaseName:{warehouse_database}"
            " /DWSqlServerInstance:{warehouse_instance} {das} /DataReaderUser:{reader_user}"
            " /DataReaderPassword:{reader_password} /DataWriterUser:{writer_user}"
            " /DataWriterPassword:{writer_password} /ActionAccountUser:{action_user}"
            " /ActionAccountPassword:{action_password}",
            "documented",
            "product-reference 2.2",
        ),
        Command(
            "encryption_key_backup",
            "a copy of the encryption key",
            'SecureStorageBackup.exe Backup "{file}"',
            "field",
            "S24",
        ),
        Command(
            "encryption_key_restore",
            "the encryption key on the server that takes over",
            'SecureStorageBackup.exe Restore "{file}"',
            "field",
            "S24",
        ),
        Command("das_local_system", "Data Access as LocalSystem", "/UseLocalSystemDASAccount", "recalled", "S19k"),
        Command(
            "das_account",
            "Data Access under an account",
            "/DASAccountUser:{das_user} /DASAccountPassword:{das_password}",
            "later guide",
            "S19b",
        ),
    )
}

#: Placeholders that hold secrets: whoever renders a command for people leaves these as they are.
SECRETS: tuple[str, ...] = ("reader_password", "writer_password", "das_password", "action_password")


@dataclass(frozen=True)
class Feature:
    """One Windows role service the web console needs: its ServerManager name, and its name in WMI on 2008 R2."""

    name: str
    display: str
    evidence: str = "field"
    source: str = "product-reference 1.2; display names recalled"


IIS_FEATURES: tuple[Feature, ...] = tuple(
    Feature(name, display)
    for name, display in (
        ("NET-Framework-Core", ".NET Framework 3.5.1"),
        ("Web-Server", "Web Server (IIS)"),
        ("Web-WebServer", "Web Server"),
        ("Web-Common-Http", "Common HTTP Features"),
        ("Web-Static-Content", "Static Content"),
        ("Web-Default-Doc", "Default Document"),
        ("Web-Dir-Browsing", "Directory Browsing"),
        ("Web-Http-Errors", "HTTP Errors"),
        ("Web-App-Dev", "Application Development"),
        ("Web-Asp-Net", "ASP.NET"),
        ("Web-Health", "Health and Diagnostics"),
        ("Web-Http-Logging", "HTTP Logging"),
        ("Web-Request-Monitor", "Request Monitor"),
        ("Web-Security", "Security"),
        ("Web-Windows-Auth", "Windows Authentication"),
        ("Web-Filtering", "Request Filtering"),
        ("Web-Performance", "Performance"),
        ("Web-Stat-Compression", "Static Content Compression"),
        ("Web-Mgmt-Tools", "Management Tools"),
        ("Web-Mgmt-Console", "IIS Management Console"),
        ("Web-Scripting-Tools", "IIS Management Scripts and Tools"),
        ("Web-Mgmt-Service", "Management Service"),
        ("Web-Mgmt-Compat", "IIS 6 Management Compatibility"),
        ("Web-Metabase", "IIS 6 Metabase Compatibility"),
    )
)


@dataclass(frozen=True)
class MediaFile:
    """One file of the installation media a step runs."""

    path: str
    used_by: str
    evidence: str = "later guide"
    source: str = "product-reference 2, 3, 4"


MEDIA: tuple[MediaFile, ...] = (
    MediaFile("setup.exe", "management servers, consoles, web console, reporting"),
    MediaFile("gateway\\AMD64\\MOMGateway.msi", "gateways"),
    MediaFile("agent\\AMD64\\MOMAgent.msi", "manually installed agents, x64"),
    MediaFile("agent\\i386\\MOMAgent.msi", "manually installed agents, x86"),
)


@dataclass(frozen=True)
class ExitCode:
    """One result of setup.exe or of Windows Installer."""

    code: int
    name: str
    success: bool
    program: str
    evidence: str
    source: str


EXIT_CODES: tuple[ExitCode, ...] = tuple(
    ExitCode(code, name, success, "setup.exe", "field", "product-reference 2.4")
    for code, name, success in (
        (0, "Successful", True),
        (1, "Failed", False),
        (13, "DifferentVersionInstalled", False),
        (14, "FailedPrerequisiteChecks", False),
        (15, "InvalidCommandLine", False),
        (16, "InvalidInstallImage", False),
        (17, "InvalidToInstallOnThisMachine", False),
        (18, "AnotherSetupRunningOnThisMachine", False),
        (3010, "SuccessfulNeedReboot", True),
    )
) + tuple(
    ExitCode(code, name, success, "msiexec.exe", "kb", "product-reference 3.4")
    for code, name, success in (
        (0, "success", True),
        (1602, "cancelled", False),
        (1603, "fatal error", False),
        (1605, "unknown product", False),
        (1612, "installation source not available", False),
        (1618, "another installation is running", False),
        (1638, "another version is installed", False),
        (1641, "success, restart begun", True),
        (3010, "success, restart needed", True),
    )
)


def exit_result(code: int, program: str = "setup.exe") -> Optional[ExitCode]:
    """What an exit code means. Setup was seen to return the negative of its own table, also as an unsigned number."""
    plain = code - (1 << 32) if code >= (1 << 31) else code
    for row in EXIT_CODES:
        if row.program == program and row.code == (abs(plain) if program == "setup.exe" else plain):
            return row
    return None


def command_line(name: str, values: Mapping[str, str], settings: Optional[Settings] = None) -> str:
    """A command line with its placeholders filled; one without a value is an error that names it.

    ``{eula}`` comes from the setting ``eula_switch``; the whole template can be replaced through the setting
    ``commands``.
    """
    chosen = settings or Settings()
    template = str(chosen["commands"].get(name, COMMANDS[name].template))
    filled = dict({"eula": chosen["eula_switch"]}, **values)
    missing = sorted(set(re.findall(r"\{(\w+)\}", template)) - set(filled))
    if missing:
        raise KeyError("command {}: no value for {}".format(name, ", ".join(missing)))
    return " ".join(re.sub(r"\{(\w+)\}", lambda match: str(filled[match.group(1)]), template).split(" ")).strip()
