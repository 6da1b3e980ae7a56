# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.management_group`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: management_group
short_description: Upgrade the management group
version_added: 1.0.0
description:
  - Runs the 2012 setup on the server that upgrades the group, as a job that outlives the connection, and checks the
    new build.
  - This is the step that converts the databases. There is no way back but restoring them.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.installer
"""

EXAMPLES = r"""
- name: Upgrade the management group
  scom.upgrade.management_group:
    step: management_group.upgrade
    media_path: C:\Media\SCOM2012
    arguments:
      - "/silent"
      - "/upgrade"
      - "/AcceptEndUserLicenseAgreement"
      - "/UseLocalSystemDASAccount"
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
  sample: management_group.upgrade
"""
