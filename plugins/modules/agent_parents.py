# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.agent_parents`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_parents
short_description: Give agents other management servers
version_added: 1.0.0
description:
  - Sets the primary and the failover management servers of agents.
  - Keep the old server among the failovers until the agent has been seen on the new one, or the agent can be
    orphaned.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
  - scom.upgrade.host.shell
options:
  moves:
    description: The agents and the parents they shall have.
    type: list
    elements: dict
    required: true
    suboptions:
      agent:
        description: FQDN of the agent.
        type: str
        required: true
      primary:
        description: FQDN of its primary management server.
        type: str
        required: true
      failover:
        description: FQDNs of its failover management servers.
        type: list
        elements: str
        default: []
"""

EXAMPLES = r"""
- name: Move an agent from the root management server to an upgraded secondary
  scom.upgrade.agent_parents:
    step: pushed_agents.move
    server: rms01.contoso.test
    product: "2007"
    moves:
      - agent: rmsapp01.contoso.test
        primary: ms02.contoso.test
        failover: [rms01.contoso.test]
"""

RETURN = r"""
agents:
  description: The agents that got other parents, or would.
  returned: success
  type: list
  elements: str
  sample: [rmsapp01.contoso.test]
before:
  description: The parents they had.
  returned: success
  type: list
  elements: dict
  sample: [{agent: rmsapp01.contoso.test, primary: rms01.contoso.test, failover: [ms02.contoso.test]}]
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pushed_agents.move
"""
