# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.console`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: console
short_description: Upgrade, install or remove an Operations console
version_added: 1.0.0
description:
  - Brings the Operations console of a machine to the 2012 build, installs it, or removes the 2007 R2 one.
  - A console that shares a machine with an agent has to be removed before the agent is upgraded, and is installed
    again afterwards.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.installer
options:
  state:
    description:
      - With V(present) the console has the build of O(target_version) afterwards.
      - With V(absent) there is none. The O(arguments) are then those of Windows Installer.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Upgrade, install or remove an Operations console
  scom.upgrade.console:
    step: features.console.OPS01
    media_path: C:\Media\SCOM2012
    arguments:
      - "/silent"
      - "/upgrade"
      - "/AcceptEndUserLicenseAgreement"
    state: present
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
  sample: features.console.OPS01
"""
