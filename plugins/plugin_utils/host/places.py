# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where Windows and the product keep what is read: registry keys, folders, files.

Places are those of Operations Manager 2007 R2 and 2012 (scripting reference 2.6, product reference 3.2); places that vary are
listed in order of preference.
"""

from __future__ import annotations

SETUP = r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0"
SETUP_2012 = r"HKLM\SOFTWARE\Microsoft\System Center Operations Manager\12\Setup"
UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
UNINSTALL_32 = r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
ADT_SERVER = r"HKLM\SYSTEM\CurrentControlSet\Services\AdtServer"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
QUEUES = r"HKLM\SYSTEM\CurrentControlSet\Services\HealthService\Parameters\Management Groups"
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
MEDIA_FILES = (
    "setup.exe",
    r"agent\i386\MOMAgent.msi",
    r"agent\AMD64\MOMAgent.msi",
    r"gateway\AMD64\MOMGateway.msi",
)
