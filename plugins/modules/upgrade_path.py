#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.upgrade_path`: which of Microsoft's four upgrade paths applies, and why."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_path
short_description: Decide the upgrade path of a management group
version_added: 1.0.0
description:
  - Decides which of Microsoft's four upgrade paths applies, where the upgrade of the management group runs, and which servers leave the
    group.
  - Names the facts that chose the path, and for each other path the facts that speak against it.
extends_documentation_fragment:
  - scom.upgrade.decision
seealso:
  - module: scom.upgrade.upgrade_plan
"""

EXAMPLES = r"""
- name: Decide the path
  scom.upgrade.upgrade_path:
    path: reports/snapshot.json
  delegate_to: localhost
  register: decision

- name: Say why
  ansible.builtin.debug:
    msg: "{{ decision.decision.why | map(attribute='text') | list }}"
"""

RETURN = r"""
path:
  description:
    - One of V(single_server_simple), V(single_server_complex), V(distributed_simple), V(distributed_complex), or V(none) where nothing is
      to be upgraded.
  returned: success
  type: str
  sample: distributed_simple
run_from:
  description: Inventory name of the server that runs the upgrade of the management group. Null where none can.
  returned: success
  type: str
  sample: RMS01
retire:
  description: Inventory names of the servers and gateways that leave the group.
  returned: success
  type: list
  elements: str
  sample: []
decision:
  description: The whole decision. It has the reasons (C(why), C(run_from_why), C(rejected) by path), who takes over from what fails
    (C(replacements)), what stands in the way (C(blockers)), where agents come (C(position)) and which facts are unknown (C(undecided)).
  returned: success
  type: dict
  sample: {path: distributed_simple, run_from: RMS01, retire: [], blockers: []}
summary:
  description: The decision in one sentence.
  returned: success
  type: str
  sample: "Distributed upgrade (simple): the group upgrade runs on RMS01."
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils import inputs, model, path
from ansible_collections.scom.upgrade.plugins.module_utils.decide import PROBLEMS, read_snapshot


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "snapshot": {"type": "dict"},
            "inputs": {"type": "dict", "default": {}},
        },
        mutually_exclusive=[("path", "snapshot")],
        required_one_of=[("path", "snapshot")],
        supports_check_mode=True,
    )
    try:
        group = model.build(read_snapshot(module.params["snapshot"] or module.params["path"]))
        decision = path.decide(group, inputs.normalise(module.params["inputs"])).to_dict()
    except PROBLEMS as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(
        changed=False,
        path=decision["path"],
        run_from=decision["run_from"],
        retire=decision["retire"],
        decision=decision,
        summary=decision["summary"],
    )


if __name__ == "__main__":
    main()
