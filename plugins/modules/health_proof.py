#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.health_proof`: the end state of an upgrade, proved from a snapshot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_proof
short_description: Prove that an upgraded management group is whole
version_added: 1.0.0
description:
  - Checks a snapshot for what has to hold after the upgrade. Every server and agent is at the new build and healthy, nothing is
    pending, and what was on before is on again.
  - Fails when a check does not hold, after all of them have been made, and names each failure.
  - Reads a file on the controller and changes nothing.
attributes:
  check_mode:
    description: Reads only, and runs the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: The controller.
    support: full
    platforms: posix
options:
  path:
    description: The snapshot, as M(scom.upgrade.snapshot) writes it.
    type: path
    required: true
  target_version:
    description: The build that everything has to show.
    type: str
    default: 7.0.8560.0
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

EXAMPLES = r"""
- name: Prove that the upgrade is complete
  scom.upgrade.health_proof:
    path: reports/snapshot.json
  delegate_to: localhost
"""

RETURN = r"""
holds:
  description: Whether every check holds.
  returned: always
  type: bool
  sample: true
checks:
  description: Each check with what it looked at and its failures.
  returned: always
  type: list
  elements: dict
  sample: [{name: nothing_is_pending, title: nothing is left in pending management, holds: true, looked_at: 1, failures: []}]
lines:
  description: One line a check, for people.
  returned: always
  type: list
  elements: str
  sample: [ok      nothing is left in pending management (1)]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils import facts
from ansible_collections.scom.upgrade.plugins.module_utils.proof import prove


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "target_version": {"type": "str", "default": "7.0.8560.0"},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        with open(path, encoding="utf-8") as file:
            snapshot = facts.parse(file.read(), path)
    except (OSError, facts.SnapshotError) as error:
        module.fail_json(msg=f"The snapshot {path} cannot be read: {error}. Run playbooks/discover.yml first.")
    proofs = prove(snapshot, module.params["target_version"])
    result = {
        "changed": False,
        "holds": all(proof.holds for proof in proofs),
        "checks": [proof.to_dict() for proof in proofs],
        "lines": [proof.line() for proof in proofs],
    }
    if not result["holds"]:
        failed = [proof.line() for proof in proofs if not proof.holds]
        module.fail_json(msg="The group is not as it should be after the upgrade. " + " | ".join(failed), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
