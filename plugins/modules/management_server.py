# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.management_server`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: management_server
short_description: Upgrade a secondary management server
version_added: 1.0.0
description:
  - Runs the 2012 setup on a secondary management server, as a job that outlives the connection, and checks the new
    build.
  - Setup upgrades every feature that it finds on the machine in the same run.
  - Upgrade one management server at a time.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.installer
"""

EXAMPLES = r"""
- name: Upgrade a secondary management server
  scom.upgrade.management_server:
    step: secondary_servers.upgrade.MS02
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
  sample: secondary_servers.upgrade.MS02
"""
