#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.upgrade_gate`: which steps of a phase may start now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_gate
short_description: See which steps of a phase may start
version_added: 1.0.0
description:
  - Makes the plan from fresh facts and says which steps of one phase, or which of the steps that are named, may start now, on which host
    each is carried out, and in which batches.
  - Fails when the phase has steps that need a step of another phase first, and names it. So the order holds for part runs, with tags,
    with C(--limit), and for a phase alone.
  - Fails when a finding blocks, when what remains differs from the plan that was approved, and when a step that cannot be taken back
    lacks its evidence (verified fresh backups, the encryption key, the media).
  - Fails where a step of a complex path comes first that this version plans and does not carry out, and names it.
  - A phase that has nothing left to do is no failure. A step for a person is listed, never started, and counts as done when the facts
    show it.
extends_documentation_fragment:
  - scom.upgrade.decision
options:
  phase:
    description: The phase. One of O(phase) and O(steps) is needed.
    type: str
    choices:
      - prepare
      - pre_upgrade
      - manual_agents
      - secondary_servers
      - gateways
      - pushed_agents
      - quiesce
      - management_group
      - features
      - post_upgrade
  steps:
    description: Ids of single steps.
    type: list
    elements: str
    default: []
  position:
    description: Selects agents by where the path puts them. Phases of agents whose position is another one have nothing to do.
    type: str
    choices: [any, before_group, after_group]
    default: any
  predicted:
    description: Ids of the steps that this check run has predicted so far. The facts are taken as if these were done.
    type: list
    elements: str
    default: []
  hosts:
    description: Inventory hosts of the run, where C(--limit) leaves some out. A step on any other host does not start, and neither does
      what needs it.
    type: list
    elements: str
  approved:
    description:
      - File of the plan that was approved. What remains must not differ from it.
      - Where the facts of that plan lie beside it, in C(approved-plan.snapshot.json) or C(upgrade-plan.snapshot.json), what differs is told
        from them.
      - A plan that is done in part does not differ.
    type: path
  approved_hash:
    description: Hash of the plan that the journal says was approved. The file of O(approved) has to hold that plan.
    type: str
  require_approval:
    description: Fail where nothing was approved and any step remains.
    type: bool
    default: false
seealso:
  - module: scom.upgrade.upgrade_approval
  - module: scom.upgrade.upgrade_plan
"""

EXAMPLES = r"""
- name: See what may start of the gateways
  scom.upgrade.upgrade_gate:
    path: reports/snapshot.json
    inputs: "{{ vars | scom.upgrade.plan_inputs }}"
    phase: gateways
    hosts: "{{ ansible_play_hosts_all }}"
  delegate_to: localhost
  run_once: true
  register: gate

- name: Show it
  ansible.builtin.debug:
    msg: "{{ gate.summary }}"
"""

RETURN = r"""
started:
  description: Ids of the steps that may start, in the order of the plan.
  returned: success
  type: list
  elements: str
  sample: [gateways.upgrade.GW01]
steps:
  description: The steps by the inventory host that carries them out, each as in the plan.
  returned: success
  type: dict
  sample: {GW01: [{id: gateways.upgrade.GW01, kind: gateway.upgrade}]}
hosts:
  description: Hosts that have something to do, in the order of the plan.
  returned: success
  type: list
  elements: str
  sample: [GW01]
batches:
  description: Hosts in groups. Those of one group may work at the same time, one group comes after the other.
  returned: success
  type: list
  elements: list
  sample: [[GW01]]
waves:
  description: The ids of RV(started) in such groups.
  returned: success
  type: list
  elements: list
  sample: [[gateways.upgrade.GW01]]
remaining:
  description: Every step that remains of the whole plan, with its kind and mode, and whether it adds a data warehouse.
  returned: success
  type: list
  elements: dict
  sample: [{id: gateways.upgrade.GW01, kind: gateway.upgrade, mode: automatic, warehouse: false}]
controller:
  description: Steps that no host carries out.
  returned: success
  type: list
  elements: dict
  sample: []
manual:
  description: Steps that a person has to do.
  returned: success
  type: list
  elements: dict
  sample: []
manual_text:
  description: The same for people, one line each. Empty where there is none.
  returned: success
  type: str
  sample: ""
held:
  description: Steps of the phase that wait for those of a person, or for hosts that the run leaves out.
  returned: success
  type: list
  elements: dict
  sample: []
hash:
  description: Hash of the plan as it is now.
  returned: success
  type: str
  sample: cee7c130d0a4f1b2
summary:
  description: What may start, in one line.
  returned: success
  type: str
  sample: "gateways: 1 steps may start on 1 hosts."
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.decide import PROBLEMS, facts_of, read_plan, read_snapshot
from ansible_collections.scom.upgrade.plugins.module_utils.gate import POSITIONS, NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.plan import PHASES


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "snapshot": {"type": "dict"},
            "inputs": {"type": "dict", "default": {}},
            "phase": {"type": "str", "choices": list(PHASES)},
            "steps": {"type": "list", "elements": "str", "default": []},
            "position": {"type": "str", "choices": list(POSITIONS), "default": "any"},
            "predicted": {"type": "list", "elements": "str", "default": []},
            "hosts": {"type": "list", "elements": "str"},
            "approved": {"type": "path"},
            "approved_hash": {"type": "str"},
            "require_approval": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("path", "snapshot")],
        required_one_of=[("path", "snapshot"), ("phase", "steps")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        approved = read_plan(given["approved"]) if given["approved"] else None
        if approved is not None and given["approved_hash"] and not approved.hash.startswith(given["approved_hash"]):
            raise NotYet(
                f"{given['approved']} holds the plan {approved.hash[:12]}, and {given['approved_hash'][:12]} was approved."
                " Approve the plan again with playbooks/approve.yml."
            )
        found = gate(
            read_snapshot(given["snapshot"] or given["path"]),
            given["inputs"],
            phase=given["phase"],
            steps=given["steps"],
            position=given["position"],
            predicted=given["predicted"],
            hosts=given["hosts"],
            approved=approved,
            approved_snapshot=facts_of(approved, os.path.dirname(given["approved"])) if approved else None,
            require_approval=given["require_approval"],
            carried_out=True,
        )
    except (*PROBLEMS, NotYet) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=False, **found.to_dict())


if __name__ == "__main__":
    main()
