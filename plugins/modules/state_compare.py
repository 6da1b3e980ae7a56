#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.state_compare`: the group after an upgrade compared with the group before it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: state_compare
short_description: Compare a management group before and after its upgrade
version_added: 1.0.0
description:
  - Compares two snapshots, area by area. The areas are versions, servers, agents, health, pending management, management packs,
    subscriptions, connectors, alerts, and the parents of gateways and agents.
  - An upgrade changes versions on purpose. Each area says what has to hold afterwards, and how much may differ all the same.
  - Fails when more differs than is tolerated, after all areas have been compared, and names the objects.
  - Reads two files on the controller and changes nothing.
attributes:
  check_mode:
    description: Reads only, and runs the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  platform:
    description: The controller.
    support: full
    platforms: posix
options:
  before:
    description: The snapshot of before the upgrade.
    type: path
    required: true
  path:
    description: The snapshot of afterwards, as M(scom.upgrade.snapshot) writes it.
    type: path
    required: true
  tolerances:
    description:
      - What may differ, by area, as a number of objects or as C({count, percent}), of which the greater counts.
      - The areas are C(versions), C(servers), C(agents), C(health), C(pending), C(management_packs), C(subscriptions), C(connectors),
        C(alerts), C(gateway_parents), C(agent_parents) and C(queue).
    type: dict
    default: {}
  target_version:
    description: The build that everything has to show.
    type: str
    default: 7.0.8560.0
author:
  - The scom.upgrade maintainers (@scom-upgrade)
seealso:
  - module: scom.upgrade.health_proof
  - plugin: scom.upgrade.snapshot_compare
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See that nothing was lost on the way
  scom.upgrade.state_compare:
    before: reports/snapshot-before.json
    path: reports/snapshot.json
    tolerances:
      alerts: {count: 50}
      agents: 2
  delegate_to: localhost
"""

RETURN = r"""
holds:
  description: Whether every area holds.
  returned: always
  type: bool
  sample: true
areas:
  description: Each area with how many objects differ, how many of them count against it, and how many may.
  returned: always
  type: list
  elements: dict
  sample: [{name: agents, title: no agent is lost, holds: true, allowed: 0.56, changed: 0, failed: 0, failures: []}]
lines:
  description: One line an area, for people.
  returned: always
  type: list
  elements: str
  sample: [ok      no agent is lost]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.compare import ToleranceError, compare
from ansible_collections.scom.upgrade.plugins.module_utils.decide import PROBLEMS, read_snapshot


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "before": {"type": "path", "required": True},
            "path": {"type": "path", "required": True},
            "tolerances": {"type": "dict", "default": {}},
            "target_version": {"type": "str", "default": "7.0.8560.0"},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        areas = compare(
            read_snapshot(given["before"]), read_snapshot(given["path"]), given["tolerances"], given["target_version"]
        )
    except (*PROBLEMS, ToleranceError) as problem:
        module.fail_json(msg=str(problem), holds=False, areas=[], lines=[])
    result = {
        "changed": False,
        "holds": all(one.holds for one in areas),
        "areas": [one.to_dict() for one in areas],
        "lines": [one.line() for one in areas],
    }
    if not result["holds"]:
        failed = [one.line() for one in areas if not one.holds]
        module.fail_json(
            msg="The group differs from what it was before the upgrade by more than scom_upgrade_tolerances allows. "
            + " | ".join(failed),
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
