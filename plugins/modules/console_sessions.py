# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.console_sessions`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: console_sessions
short_description: End open console sessions
version_added: 1.0.0
description:
  - Makes sure that no console is connected while the databases are converted.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.shell
options:
  method:
    description:
      - With V(restart) the Data Access service is restarted, which drops every session.
      - With V(wait) the task waits until people have closed their consoles.
    type: str
    choices: [restart, wait]
    default: restart
  timeout:
    description: Seconds to wait for the sessions to end.
    type: int
    default: 900
  poll_seconds:
    description: Seconds between two looks.
    type: float
    default: 15
"""

EXAMPLES = r"""
- name: End console sessions
  scom.upgrade.console_sessions:
    step: quiesce.consoles
    server: rms01.contoso.test
    product: "2007"
"""

RETURN = r"""
sessions:
  description: The users whose sessions were found.
  returned: success
  type: list
  elements: str
  sample: ['CONTOSO\\operator1']
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: quiesce.consoles
"""
