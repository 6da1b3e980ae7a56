# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.encryption_key`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: encryption_key
short_description: Back the root management server's encryption key up
version_added: 1.0.0
description:
  - Makes sure that there is a backup of the encryption key that is newer than the last update of the product.
  - No silent option is documented for the tool, so its two questions for a password are answered on its standard
    input.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  path:
    description: File on the host for the key.
    type: str
    required: true
  password:
    description: Password that protects the key. Without it a missing key is an error that says what to do.
    type: str
  account:
    description: The account that runs the tool.
    type: str
    required: true
  account_password:
    description: Password of O(account).
    type: str
  timeout:
    description: Seconds to wait for the tool.
    type: int
    default: 600
  poll_seconds:
    description: Seconds between two looks.
    type: float
    default: 5
"""

EXAMPLES = r"""
- name: Back the encryption key up
  scom.upgrade.encryption_key:
    step: pre_upgrade.encryption_key
    path: D:\Keys\rms.bin
    password: "{{ scom_upgrade_encryption_key_password }}"
    account: CONTOSO\scomadmin
    account_password: "{{ scom_upgrade_account_password }}"
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: D:\Keys\rms.bin
modified:
  description: When the file was written.
  returned: success
  type: str
  sample: "2012-05-12T18:05:00Z"
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pre_upgrade.encryption_key
"""
