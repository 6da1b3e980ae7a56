# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation that the actions on a Windows host share."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `scom.upgrade.host` (attributes), `scom.upgrade.host.step` and `scom.upgrade.host.controller`."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and says what it would change, without changing anything.
    support: full
  diff_mode:
    description: Shows what changes, or would change.
    support: full
  async:
    description: Cannot be run with async. Long work runs as a job on the host that outlives connection and controller.
    support: none
  platform:
    description: Windows hosts with Windows PowerShell 2.0 and WinRM 2.0 or later; nothing else has to be on them.
    support: full
    platforms: windows
notes:
  - Runs over the ordinary C(winrm) or C(psrp) connection and needs none of Ansible's own PowerShell on the host.
  - Tried on a simulated lab only. The README says what a first field trial has to confirm.
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

    FACTS = r"""
attributes:
  check_mode:
    description: Reads only, and runs the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  async:
    description: Cannot be run with async.
    support: none
  platform:
    description: Windows hosts with Windows PowerShell 2.0 and WinRM 2.0 or later; nothing else has to be on them.
    support: full
    platforms: windows
notes:
  - Runs over the ordinary C(winrm) or C(psrp) connection and needs none of Ansible's own PowerShell on the host.
  - Tried on a simulated lab only. The README says what a first field trial has to confirm.
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

    STEP = r"""
options:
  step:
    description:
      - The id of the plan's step that this task carries out. It comes back in the result, for reports and the journal.
    type: str
  predicted:
    description:
      - In check mode, an earlier step of the same run would have made this one necessary, which the host cannot show yet.
        The change is then reported although the host does not need it at this moment.
      - Has no meaning outside check mode.
    type: bool
    default: false
"""

    INSTALLER = r"""
options:
  media_path:
    description: Folder on the host that holds the System Center 2012 - Operations Manager media.
    type: str
    required: true
  target_version:
    description: The build that the host must show afterwards.
    type: str
    default: 7.0.8560.0
  arguments:
    description:
      - The installer's arguments, one an item. The roles have them as data, because the command lines of the 2007 R2 upgrade
        are known from later guides and from memory only.
    type: list
    elements: str
    required: true
  secret_arguments:
    description: Further arguments that hold passwords. They are never logged, and stored on the host only encrypted.
    type: list
    elements: str
    default: []
  account:
    description:
      - The account that runs the installer as a scheduled task. It needs to be a local administrator, an Operations Manager
        administrator, and sysadmin on the SQL Server instances of the group.
    type: str
    required: true
  account_password:
    description: Password of O(account).
    type: str
  timeout:
    description: Seconds until the action gives up waiting. The job on the host goes on, and a later run attaches to it.
    type: int
    default: 14400
  poll_seconds:
    description: Seconds between two looks at the running job.
    type: float
    default: 15
  reboot:
    description: Restart the host when the installer asks for it. Otherwise the result only says so.
    type: bool
    default: false
  reboot_timeout:
    description: Seconds to wait for the host after a restart.
    type: int
    default: 1800
"""

    SHELL = r"""
options:
  server:
    description:
      - FQDN of the server whose Data Access service is asked. In 2007 R2 that is the root management server, in 2012 any
        management server.
    type: str
    required: true
  product:
    description: Which of the two shells is used, V(2007) (the snap-in) or V(2012) (the module).
    type: str
    choices: ['2007', '2012']
    required: true
"""
