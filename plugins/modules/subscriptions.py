# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.subscriptions`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: subscriptions
short_description: Switch notification subscriptions off or on
version_added: 1.0.0
description:
  - Disables notification subscriptions before the group is upgraded, and enables them afterwards.
  - Only the named ones are touched, so those that were off stay off.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.shell
options:
  state:
    description: How the subscriptions shall be.
    type: str
    choices: [disabled, enabled]
    required: true
  subscriptions:
    description: The subscriptions. They are found by their id, else by their name.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Id of the subscription.
        type: str
      name:
        description: Display name of the subscription.
        type: str
"""

EXAMPLES = r"""
- name: Switch subscriptions off
  scom.upgrade.subscriptions:
    step: quiesce.subscriptions
    state: disabled
    server: rms01.contoso.test
    product: "2007"
    subscriptions:
      - name: Operators by mail
"""

RETURN = r"""
subscriptions:
  description: Names of the subscriptions that were switched, or would be.
  returned: success
  type: list
  elements: str
  sample: [Operators by mail]
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: quiesce.subscriptions
"""
