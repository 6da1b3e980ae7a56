"""Installation media, as folders on every host."""

from __future__ import annotations

from .names import CUMULATIVE_UPDATES, MEDIA_2007, MEDIA_2012, MEDIA_CU, RTM_2012

SCRIPTS = (
    "build_mom_db_admin.sql",
    "build_mom_db.sql",
    "build_momv3_localization.sql",
    "Build_mom_db_postMPimport.sql",
    "Build_om_db_ConfigSvcRole.sql",
)
FILES_2012 = (
    "setup.exe",
    r"Setup\AMD64\Setup.exe",
    r"agent\i386\MOMAgent.msi",
    r"agent\AMD64\MOMAgent.msi",
    r"gateway\AMD64\MOMGateway.msi",
    r"Reporting\AMD64\Reporting.msi",
    r"SupportTools\AMD64\Microsoft.EnterpriseManagement.GatewayApprovalTool.exe",
    r"SupportTools\AMD64\SecureStorageBackup.exe",
    r"SupportTools\AMD64\MOMCertImport.exe",
    r"acs\AdtSetup.exe",
)
FILES_2007 = (
    "SetupOM.exe",
    r"server\amd64\MOM.msi",
    r"server\i386\MOM.msi",
    r"agent\i386\MOMAgent.msi",
    r"agent\AMD64\MOMAgent.msi",
    r"gateway\amd64\MOMGateway.msi",
    r"gateway\i386\MOMGateway.msi",
    r"Reporting\amd64\Reporting2007.msi",
    r"SupportTools\amd64\SecureStorageBackup.exe",
    r"SupportTools\amd64\ManagementServerConfigTool.exe",
    r"SupportTools\amd64\Microsoft.EnterpriseManagement.GatewayApprovalTool.exe",
)
UPGRADE_HELPER = r"ManagementPacks\OperationsManager.Upgrade.mp"
ACS_ANSWERS = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n<InstallationOptions>\r\n  <AcsCollector>\r\n'
    "    <UseExistingDatabase>true</UseExistingDatabase>\r\n    <DataSourceName>OpsMgrAC</DataSourceName>\r\n"
    "    <WindowsAuthentication>true</WindowsAuthentication>\r\n  </AcsCollector>\r\n</InstallationOptions>\r\n"
)


def pack_text(name, version):
    """The text of a management pack's file here."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\r\n<ManagementPack><Manifest><Identity><ID>{name}</ID>'
        f"<Version>{version}</Version></Identity></Manifest></ManagementPack>\r\n"
    )


def lay_out(machine, newest):
    """Put the media on a machine; ``newest`` is the cumulative update of the update's media."""
    _program_files(machine, MEDIA_2012, FILES_2012, RTM_2012)
    _program_files(machine, MEDIA_2007, FILES_2007, "6.1.7221.0")
    files = machine.files
    for name in SCRIPTS:
        files.write(rf"{MEDIA_2012}\server\amd64\{name}", f"-- {name}\r\n".encode())
    files.write(rf"{MEDIA_2012}\{UPGRADE_HELPER}", pack_text("OperationsManager.Upgrade", RTM_2012).encode())
    for name in (
        "AVIcode.DotNet.SystemCenter.Client.Monitoring.mp",
        "AVIcode.DotNet.SystemCenter.Enterprise.Monitoring.mpb",
    ):
        files.write(rf"{MEDIA_2012}\SupportTools\{name}", pack_text(name.rsplit(".", 1)[0], RTM_2012).encode())
    files.write(rf"{MEDIA_2012}\acs\AcsUpgrade.xml", ACS_ANSWERS.encode())
    files.write(rf"{MEDIA_2012}\acs\AcsInstall.xml", ACS_ANSWERS.encode())
    version, article, _unused = CUMULATIVE_UPDATES[newest]
    _program_files(
        machine,
        MEDIA_CU,
        [rf"KB{article}-x64-Server.msp", rf"KB{article}-x64-Gateway.msp", rf"KB{article}-x64-Agent.msp"],
        version,
    )


def _program_files(machine, folder, names, version):
    for name in names:
        path = rf"{folder}\{name}"
        machine.files.write(path, b"MZ" + name.encode())
        machine.files.set_version(
            path, version, version, product_name="System Center Operations Manager", company="Microsoft Corporation"
        )
