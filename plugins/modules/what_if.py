#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.what_if`: a snapshot with spare machines that nobody has built yet."""

from __future__ import annotations

DOCUMENTATION = r"""
module: what_if
short_description: Put assumed spare machines into a snapshot
version_added: 1.0.0
description:
  - Takes a snapshot and the spare machines of an inventory, and writes a snapshot in which those stand ready that the inventory describes
    with C(scom_what_if). A plan made from it answers what would be if there were these machines.
  - Says how the path changes by them, and which spare machines nothing is known of.
  - Such a plan names the machines it assumes. It cannot be approved or carried out, because every phase plans from real facts, and there an
    assumed machine counts as unreachable.
  - Reads and writes files on the controller. Asks no host. Leaves a file alone that has its content already.
options:
  path:
    description: File of the snapshot.
    type: path
    required: true
  dest:
    description: File that the snapshot with the assumed machines is written to. Without any, it holds the facts of O(path).
    type: path
    required: true
  machines:
    description:
      - The spare machines by inventory name, as P(scom.upgrade.what_if_machines#filter) collects them.
      - C(what_if) of a machine is V(true), or a mapping of facts in the shape of HOST in C(docs/snapshot.md) that differ from those of a
        usual new server. That is Windows Server 2008 R2 SP1 x64 in the domain of the group, with 8192 MB of memory, Windows PowerShell 2.0
        and WinRM 2.0. C(sql) is a list of SQL Server instances, each 2008 R2 SP1 where it says nothing else.
      - A description that cannot be is an error that names the machine and the fact.
    type: dict
    default: {}
  inputs:
    description: The inputs of the plan, as P(scom.upgrade.plan_inputs#filter) collects them. The path depends on some of them.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Writes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: The controller.
    support: full
    platforms: posix
seealso:
  - module: scom.upgrade.upgrade_plan
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

EXAMPLES = r"""
- name: See what a further machine would change
  scom.upgrade.what_if:
    path: reports/snapshot.json
    dest: reports/what-if.json
    machines:
      newms01: {spare: true, what_if: true}
      newsql01: {spare: true, what_if: {memory_mb: 16384, sql: [{edition: Enterprise Edition (64-bit)}]}}
  delegate_to: localhost
  register: question

- name: Show it
  ansible.builtin.debug:
    msg: "{{ question.text }}"
"""

RETURN = r"""
path:
  description: The file that was written.
  returned: success
  type: str
  sample: reports/what-if.json
assumed:
  description: Names of the machines that are assumed.
  returned: success
  type: list
  elements: str
  sample: [newms01, newsql01]
unknown:
  description: Names of the spare machines that the snapshot knows nothing of, and that no description makes known.
  returned: success
  type: list
  elements: str
  sample: []
text:
  description: The path without and with the assumed machines, and what is not known, one text each. Empty where there is nothing to say.
  returned: success
  type: list
  elements: str
  sample:
    - "Without the assumed machines: Single-server upgrade (complex): nothing can run the group upgrade; these leave the group: SCOM."
    - "With newms01, newsql01: Single-server upgrade (complex): the group upgrade runs on newms01; these leave the group: SCOM."
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.decide import PROBLEMS, read_snapshot
from ansible_collections.scom.upgrade.plugins.module_utils.facts import canonical
from ansible_collections.scom.upgrade.plugins.module_utils.files import bring
from ansible_collections.scom.upgrade.plugins.module_utils.what_if import ask


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
            "machines": {"type": "dict", "default": {}},
            "inputs": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        answer = ask(read_snapshot(given["path"]), given["machines"], given["inputs"])
    except PROBLEMS as problem:
        module.fail_json(msg=str(problem))
    content = (canonical(answer.snapshot) + "\n").encode("ascii")
    module.exit_json(
        changed=bring(module, given["dest"], content),
        path=given["dest"],
        assumed=list(answer.assumed),
        unknown=list(answer.unknown),
        text=list(answer.text),
    )


if __name__ == "__main__":
    main()
