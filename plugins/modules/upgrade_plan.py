#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.upgrade_plan`: every step that remains of the upgrade of a management group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_plan
short_description: Plan the upgrade of a management group
version_added: 1.0.0
description:
  - Decides the path, judges whether the group is ready, and lists every step that remains, in phases, each with its reason, its order, its
    undo and its duration. C(docs/plan.md) describes the fields.
  - A step is in the plan while the facts do not show that it is done. The plan of a group that is finished is empty.
  - With O(approved) it also says how what remains differs from the plan that was approved.
extends_documentation_fragment:
  - scom.upgrade.decision
options:
  approved:
    description:
      - File of the plan that was approved.
      - Where the facts of that plan lie beside it, in C(approved-plan.snapshot.json) or C(upgrade-plan.snapshot.json), what differs is told
        from them.
    type: path
seealso:
  - module: scom.upgrade.upgrade_gate
  - module: scom.upgrade.upgrade_report
"""

EXAMPLES = r"""
- name: Make the plan from a saved snapshot
  scom.upgrade.upgrade_plan:
    path: reports/snapshot.json
    inputs:
      media_path: C:\Media\SCOM2012
      account: EXAMPLE\scomadmin
  delegate_to: localhost
  register: upgrade

- name: Show the steps of the first phase that has any
  ansible.builtin.debug:
    msg: "{{ upgrade.plan | scom.upgrade.plan_steps(state='ready') | map(attribute='title') | list }}"
"""

RETURN = r"""
plan:
  description: The plan, as C(docs/plan.md) describes it.
  returned: success
  type: dict
  sample: {schema: 1, management_group: CONTOSO, path: distributed_simple, run_from: RMS01, retire: [], phases: []}
path:
  description: The decision about the path, as M(scom.upgrade.upgrade_path) returns it in RV(scom.upgrade.upgrade_path#module:decision).
  returned: success
  type: dict
  sample: {path: distributed_simple, run_from: RMS01, retire: []}
findings:
  description: What the readiness rules found, one entry a rule.
  returned: success
  type: list
  elements: dict
  sample: [{id: R34, outcome: warn, title: The database upgrade was rehearsed on a copy}]
readiness:
  description: The findings counted, and which of them block.
  returned: success
  type: dict
  sample: {blocked: false, blocked_by: [], counts: {pass: 50, warn: 2}}
disagreements:
  description: What inventory, hosts and management group do not agree on, or what was read in part only, each with its remedy.
  returned: success
  type: list
  elements: dict
  sample: []
hash:
  description: SHA-256 over facts, inputs and steps, which an approval names.
  returned: success
  type: str
  sample: cee7c130d0a4f1b2
steps:
  description: How many steps remain.
  returned: success
  type: int
  sample: 45
stale:
  description:
    - How what remains differs from the approved plan, one text each. Empty where it does not, or none was given.
    - First the path, the server and the machines that leave, then the facts behind it, then inputs and steps.
  returned: success
  type: list
  elements: str
  sample: []
left_to_people:
  description:
    - Ids of the steps of a complex path that this version plans and does not carry out, and that stop a run of all phases.
    - These are the preparation, and the group upgrade on a server that is not the root management server.
  returned: success
  type: list
  elements: str
  sample: []
left_to_people_text:
  description: The same for people. Empty where there is none.
  returned: success
  type: str
  sample: ""
summary:
  description: Path, number of steps, findings, as a few lines.
  returned: success
  type: str
  sample: "Distributed upgrade (simple): the group upgrade runs on RMS01."
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.contract import left_to_people, stop_text
from ansible_collections.scom.upgrade.plugins.module_utils.decide import (
    PROBLEMS,
    conclude,
    facts_of,
    read_plan,
    read_snapshot,
)
from ansible_collections.scom.upgrade.plugins.module_utils.differences import explain


def against(approved, found):
    """How a conclusion differs from the plan that was approved, with the facts behind it where they lie beside that plan."""
    plan = read_plan(approved)
    return explain(plan, found.plan, facts_of(plan, os.path.dirname(approved)), found.group.snapshot)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "snapshot": {"type": "dict"},
            "inputs": {"type": "dict", "default": {}},
            "approved": {"type": "path"},
        },
        mutually_exclusive=[("path", "snapshot")],
        required_one_of=[("path", "snapshot")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        found = conclude(read_snapshot(given["snapshot"] or given["path"]), given["inputs"])
        differences = against(given["approved"], found) if given["approved"] else []
    except PROBLEMS as problem:
        module.fail_json(msg=str(problem))
    result = found.to_dict()
    module.exit_json(
        changed=False,
        plan=result["plan"],
        path=result["path"],
        findings=result["findings"],
        readiness=result["readiness"],
        disagreements=result["disagreements"],
        hash=result["plan"]["hash"],
        steps=len(found.plan.steps),
        stale=differences,
        left_to_people=[step.id for step in left_to_people(found.plan)],
        left_to_people_text=stop_text(left_to_people(found.plan)),
        summary=found.summary,
    )


if __name__ == "__main__":
    main()
