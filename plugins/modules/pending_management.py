# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.pending_management`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pending_management
short_description: Reject pending actions, or approve the updates of pushed agents
version_added: 1.0.0
description:
  - With O(state=rejected), pending management is emptied, as it has to be before a management server is upgraded.
  - With O(state=approved), the updates of the named agents are approved as they appear, and the task waits until
    every one shows the new build.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.shell
options:
  state:
    description: What happens to the actions.
    type: str
    choices: [rejected, approved]
    required: true
  agents:
    description:
      - FQDNs of the agents.
      - Without any, O(state=rejected) takes everything that is not the update of a pushed agent.
    type: list
    elements: str
    default: []
  target_version:
    description: The build that approved agents must show.
    type: str
    default: 7.0.8560.0
  timeout:
    description: Seconds to wait for approved agents. It can take an hour until the group shows a new build.
    type: int
    default: 7200
  poll_seconds:
    description: Seconds between two looks.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Empty pending management
  scom.upgrade.pending_management:
    step: pre_upgrade.pending
    state: rejected
    server: rms01.contoso.test
    product: "2007"

- name: Upgrade a batch of pushed agents
  scom.upgrade.pending_management:
    step: pushed_agents.batch.001
    state: approved
    agents: [app001.contoso.test, app002.contoso.test]
    server: rms01.contoso.test
    product: "2007"
"""

RETURN = r"""
agents:
  description: The agents whose actions were rejected or approved, or would be.
  returned: success
  type: list
  elements: str
  sample: [app001.contoso.test]
failed_agents:
  description: The agents whose update failed.
  returned: when updates failed
  type: list
  elements: str
  sample: [app007.contoso.test]
waiting_agents:
  description: The agents that were not done in time.
  returned: when the time ran out
  type: list
  elements: str
  sample: [app009.contoso.test]
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pushed_agents.batch.001
"""
