# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.windows_service`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: windows_service
short_description: Start or stop a Windows service
version_added: 1.0.0
description:
  - Sets the state and the start mode of a service, such as a product connector's or the audit forwarder's.
  - Needs none of Ansible's PowerShell on the host, unlike C(ansible.windows.win_service).
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  name:
    description: Name of the service, not its display name.
    type: str
    required: true
  state:
    description: How it shall be.
    type: str
    choices: [started, stopped]
    required: true
  start_mode:
    description: How it shall start. Without this the start mode is left alone.
    type: str
    choices: [auto, manual, disabled]
  timeout:
    description: Seconds to wait for the service.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Stop a product connector
  scom.upgrade.windows_service:
    step: quiesce.connector.MS03.HelpdeskConnector
    name: HelpdeskConnector
    state: stopped
"""

RETURN = r"""
before:
  description: State and start mode found.
  returned: success
  type: dict
  sample: {state: running, start_mode: auto}
after:
  description: State and start mode now, or to be expected.
  returned: success
  type: dict
  sample: {state: stopped, start_mode: auto}
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: quiesce.connector.MS03.HelpdeskConnector
"""
