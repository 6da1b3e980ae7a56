# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.acs_collector`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acs_collector
short_description: Upgrade an audit collector
version_added: 1.0.0
description:
  - Runs the collector's own setup, which upgrades its database in the same run.
  - Microsoft describes a wizard only. The unattended form is known from memory, so program and arguments are
    settings.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.installer
options:
  setup_program:
    description: The program, below the media's folder.
    type: str
    default: acs\AdtSetup.exe
"""

EXAMPLES = r"""
- name: Upgrade an audit collector
  scom.upgrade.acs_collector:
    step: features.acs.MS03
    media_path: C:\Media\SCOM2012
    arguments:
      - "/i"
      - "/s"
      - "/p:C:\\Media\\SCOM2012\\acs\\AcsUpgrade.xml"
    account: CONTOSO\scomadmin
    account_password: "{{ scom_upgrade_account_password }}"
"""

RETURN = r"""
version_before:
  description: The build found.
  returned: always
  type: str
  sample: 6.1.7221.0
version:
  description: The build now, or in check mode the build to be expected.
  returned: always
  type: str
  sample: 7.0.8560.0
rc:
  description: The installer's exit code.
  returned: when the installer ran
  type: int
  sample: 0
seconds:
  description: How long the installer ran.
  returned: when the installer ran
  type: float
  sample: 412.0
reboot_required:
  description: Whether the installer asks for a restart that was not done.
  returned: always
  type: bool
  sample: false
log:
  description: The end of the installer's log.
  returned: when the installer failed
  type: str
  sample: "[10:15:01]: Error: :Sql Server does not have Full Text Search installed."
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: features.acs.MS03
"""
