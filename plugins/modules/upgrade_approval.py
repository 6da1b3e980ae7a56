#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.upgrade_approval`: approve the plan of fresh facts, or sign a step off that a person did."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_approval
short_description: Approve a plan by its hash, or sign off a step
version_added: 1.0.0
description:
  - Makes the plan from fresh facts and gives the journal entry by which somebody approves it, or signs off a step that a person did.
  - An approval names a hash. When the plan of the group as it is now has another one, this fails and names what differs from the plan
    that was shown.
  - A sign-off of a step that the facts could show and do not is refused, and so is that of a step that the roles carry out.
  - Writes the approved plan to a file on the controller, and nothing to any host. M(scom.upgrade.state_file) keeps the file and
    M(scom.upgrade.journal) the entry.
extends_documentation_fragment:
  - scom.upgrade.decision
attributes:
  check_mode:
    description: Decides the same and writes no file.
    support: full
options:
  approve:
    description: Hash of the plan that is approved, or its first twelve digits or more. One of O(approve) and O(sign_off) is needed.
    type: str
  sign_off:
    description: Id of the step that is signed off.
    type: str
  by:
    description: Name of who approves or signs.
    type: str
    required: true
  note:
    description: What else is to be kept in the journal.
    type: str
  time:
    description: When, as ISO 8601 in UTC. Without it, the time of the facts.
    type: str
  planned:
    description: File of the plan that was shown, as M(scom.upgrade.upgrade_report) writes it. It may be missing.
    type: path
  planned_snapshot:
    description: File of the snapshot that it was made from. It may be missing.
    type: path
  dest:
    description: File that the approved plan is written to. Its facts go into C(approved-plan.snapshot.json) beside it.
    type: path
seealso:
  - module: scom.upgrade.upgrade_plan
  - module: scom.upgrade.upgrade_gate
  - module: scom.upgrade.journal
"""

EXAMPLES = r"""
- name: Approve the plan that was read
  scom.upgrade.upgrade_approval:
    path: reports/snapshot.json
    inputs: "{{ vars | scom.upgrade.plan_inputs }}"
    approve: b4a9a97eebc6
    by: J. Doe
    dest: reports/approved-plan.json
  delegate_to: localhost
  register: approval

- name: Write it down
  scom.upgrade.journal:
    entries: ["{{ approval.entry }}"]
"""

RETURN = r"""
entry:
  description: The entry for M(scom.upgrade.journal).
  returned: success
  type: dict
  sample: {event: approved, by: J. Doe, data: {hash: b4a9a97eebc6, path: distributed_simple}}
hash:
  description: Hash of the plan as it is now.
  returned: success
  type: str
  sample: b4a9a97eebc6bbda0159020dd41b5127e17ebeb8c56c297bbca0bf36601db35c
dest:
  description: The file of the approved plan. Empty for a sign-off.
  returned: success
  type: str
  sample: reports/approved-plan.json
message:
  description: What was decided, for people.
  returned: success
  type: str
  sample: The plan b4a9a97eebc6 is approved by J. Doe.
"""

import hashlib
import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.approval import ApprovalError, approve
from ansible_collections.scom.upgrade.plugins.module_utils.contract import confirm, sign_off
from ansible_collections.scom.upgrade.plugins.module_utils.decide import (
    KEPT_FACTS,
    PROBLEMS,
    conclude,
    read_plan,
    read_snapshot,
)
from ansible_collections.scom.upgrade.plugins.module_utils.facts import canonical
from ansible_collections.scom.upgrade.plugins.module_utils.files import bring


def earlier(path, read):
    """What an earlier run left in a file; None where there is none, or none that can be read."""
    try:
        return read(path) if path and os.path.exists(path) else None
    except PROBLEMS:
        return None


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "snapshot": {"type": "dict"},
            "inputs": {"type": "dict", "default": {}},
            "approve": {"type": "str"},
            "sign_off": {"type": "str"},
            "by": {"type": "str", "required": True},
            "note": {"type": "str"},
            "time": {"type": "str"},
            "planned": {"type": "path"},
            "planned_snapshot": {"type": "path"},
            "dest": {"type": "path"},
        },
        mutually_exclusive=[("path", "snapshot"), ("approve", "sign_off")],
        required_one_of=[("path", "snapshot"), ("approve", "sign_off")],
        supports_check_mode=True,
    )
    given = module.params
    changed, dest = False, ""
    try:
        found = conclude(read_snapshot(given["snapshot"] or given["path"]), given["inputs"])
        time = given["time"] or found.group.collected
        planned = earlier(given["planned"], read_plan)
        if not given["by"].strip():
            raise ApprovalError("scom_upgrade_approver: give the name of who approves or signs off.")
        if given["sign_off"] is not None:
            plans = [one for one in (planned, earlier(given["dest"], read_plan)) if one is not None]
            entry, message = sign_off(found, given["sign_off"], given["by"], time, given["note"], plans)
        else:
            confirm(found, given["approve"], planned, earlier(given["planned_snapshot"], read_snapshot))
            entry = approve(found.plan, given["by"], time, given["note"])
            text = (canonical(found.plan.to_dict()) + "\n").encode("ascii")
            entry["data"]["sha256"] = hashlib.sha256(text).hexdigest()
            message = f"The plan {found.plan.hash[:12]} is approved by {given['by'].strip()}. {found.decision.summary}"
            if found.report["blocked"]:
                message += f" It does not start while these findings block: {', '.join(found.report['blocked_by'])}."
            dest = given["dest"] or ""
            changed = keep(module, dest, text, found.group.snapshot) if dest else False
    except (*PROBLEMS, ApprovalError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=changed, entry=entry, hash=found.plan.hash, dest=dest, message=message)


def keep(module, dest, plan, snapshot):
    """Write the approved plan, and its facts beside it, so that what differs later can be told from them."""
    facts = (canonical(snapshot) + "\n").encode("ascii")
    written = [bring(module, dest, plan), bring(module, os.path.join(os.path.dirname(dest), KEPT_FACTS[0]), facts)]
    return any(written)


if __name__ == "__main__":
    main()
