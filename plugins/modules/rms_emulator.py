# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.rms_emulator`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rms_emulator
short_description: Make sure a management server holds the RMS emulator
version_added: 1.0.0
description:
  - Puts the RMS emulator role on a management server of an upgraded group, so that old management packs keep working.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.shell
options:
  holder:
    description: FQDN of the management server that shall hold it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Keep the RMS emulator on the former root management server
  scom.upgrade.rms_emulator:
    step: post_upgrade.rms_emulator
    server: rms01.contoso.test
    product: "2012"
    holder: rms01.contoso.test
"""

RETURN = r"""
holder:
  description: The server that holds it.
  returned: success
  type: str
  sample: rms01.contoso.test
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: post_upgrade.rms_emulator
"""
