"""Builds, folders, names and codes of the two products."""

from __future__ import annotations

import uuid

R2 = "6.1.7221.0"
RTM_2012 = "7.0.8560.0"
CUMULATIVE_UPDATES = {
    0: ("6.1.7221.0", None, "2009-05-23"),
    1: ("6.1.7221.13", 974144, "2010-01-25"),
    2: ("6.1.7221.15", 979257, "2010-04-28"),
    3: ("6.1.7221.49", 2251525, "2010-10-01"),
    4: ("6.1.7221.61", 2449679, "2011-02-01"),
    5: ("6.1.7221.81", 2495674, "2011-08-01"),
    6: ("6.1.7221.99", 2626076, "2012-04-02"),
    7: ("6.1.7221.110", 2783850, "2012-05-02"),
}

FOLDER_2007 = r"C:\Program Files\System Center Operations Manager 2007"
FOLDER_2012 = r"C:\Program Files\System Center 2012\Operations Manager"
MEDIA_2012 = r"C:\Media\SCOM2012"
MEDIA_2007 = r"C:\Media\SCOM2007R2"
MEDIA_CU = r"C:\Media\SCOM2007R2-CU"
BACKUP = r"C:\Backup"

SETUP = r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Setup"
BASE = r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0"
SETUP_2012 = r"HKLM\SOFTWARE\Microsoft\System Center Operations Manager\12\Setup"
UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
SNAPIN_KEY = (
    r"HKLM\SOFTWARE\Microsoft\PowerShell\1\PowerShellSnapIns\Microsoft.EnterpriseManagement.OperationsManager.Client"
)
SNAPIN = "Microsoft.EnterpriseManagement.OperationsManager.Client"

WEB_SITE_2007 = "Operations Manager 2007 Web Console"
WEB_PORT_2007 = 51908

PRODUCTS = {
    # kind -> (name under 2007 R2, name under 2012)
    "server": ("System Center Operations Manager 2007 R2 Server", "System Center Operations Manager 2012 Server"),
    "agent": ("System Center Operations Manager 2007 R2 Agent", "System Center Operations Manager 2012 Agent"),
    "gateway": ("System Center Operations Manager 2007 R2 Gateway", "System Center Operations Manager 2012 Gateway"),
    "console": ("System Center Operations Manager 2007 R2 Console", "System Center Operations Manager 2012 Console"),
    "web_console": (
        "System Center Operations Manager 2007 R2 Web Console",
        "System Center Operations Manager 2012 Web Console",
    ),
    "reporting": (
        "System Center Operations Manager 2007 R2 Reporting Server",
        "System Center Operations Manager 2012 Reporting Server",
    ),
    "acs_collector": (
        "System Center Operations Manager 2007 R2 Audit Collection Services",
        "System Center Operations Manager 2012 Audit Collection Services",
    ),
}

POOLS = ("All Management Servers Resource Pool", "Notifications Resource Pool", "AD Assignment Resource Pool")

PENDING_NUMBERS = {
    "ManualApproval": 0,
    "PushInstall": 1,
    "UpdateAgent": 2,
    "RepairAgent": 9,
    "RepairFailed": 10,
    "LicenseUpgrade": 16,
    "PushInstallFailed": 17,
    "UpdateFailed": 18,
}

_SPACE = uuid.UUID("6f2d3a5e-0b1c-4d7e-9a88-5c0e2b7d1f44")


def guid(*parts):
    """A GUID that is the same for the same name in every run."""
    return str(uuid.uuid5(_SPACE, "/".join(str(p).lower() for p in parts)))


def product_code(kind, generation):
    """``{GUID}`` of a product's uninstall entry; generation is 2007 or 2012."""
    return "{" + guid("product", kind, generation).upper() + "}"


def update_text(level):
    """The entry of PatchList for a cumulative update; empty without one."""
    if not level:
        return ""
    return f"System Center Operations Manager 2007 R2 Cumulative Update {level} (KB{CUMULATIVE_UPDATES[level][1]})"


def is_2012(version):
    """Whether a build is of the new product."""
    return str(version).partition(".")[0] == "7"
