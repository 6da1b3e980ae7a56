# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.web_console`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: web_console
short_description: Upgrade the web console
version_added: 1.0.0
description:
  - Runs the 2012 setup on a machine that carries the web console and is no management server.
  - The site of the 2007 R2 web console is deleted by setup, so another site has to be named in the O(arguments).
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.installer
"""

EXAMPLES = r"""
- name: Upgrade the web console
  scom.upgrade.web_console:
    step: features.web_console.WEB01
    media_path: C:\Media\SCOM2012
    arguments:
      - "/silent"
      - "/upgrade"
      - "/AcceptEndUserLicenseAgreement"
      - "/WebSiteName:Default Web Site"
      - "/WebConsoleAuthorizationMode:Mixed"
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
  sample: features.web_console.WEB01
"""
