#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.readiness`: every finding about a management group at once, each with its remedy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: readiness
short_description: Judge whether a management group is ready to be upgraded
version_added: 1.0.0
description:
  - Runs the readiness rules on a snapshot. All of them run, also when one fails, and every finding comes with what it
    concerns, its remedy, how far it can be trusted, and its source.
  - A fact that is unknown gives the outcome V(manual), never a guess.
  - What the procedure itself clears in one of its steps does not block. The rules have a page each in C(docs/rules).
  - Reads a snapshot on the controller. Asks no host and changes nothing.
options:
  snapshot:
    description: The snapshot as data, as M(scom.upgrade.snapshot) writes it.
    type: dict
  path:
    description: A file that holds the snapshot. Better than O(snapshot) for large groups.
    type: path
  inputs:
    description:
      - The inputs of the plan, as P(scom.upgrade.plan_inputs#filter) collects them.
      - Figures that are not certain can be set under C(settings), what somebody answers for under C(confirmed).
    type: dict
    default: {}
  select:
    description:
      - Which rules run. A list of V(all), ids such as V(R09), tags such as V(@database), each of the two with a leading
        C(!) to leave it out, and mappings of an id to its options, as in the examples.
      - A selection that only leaves out begins with everything. An unknown name is an error that lists the known ones.
      - A selection that leaves nothing is an error as well.
      - It is obeyed to the letter, because a judgement lets nothing through. RV(left_out) names what did not run.
      - The default is what O(inputs) say under C(rules), and all rules otherwise. As in every plan, rules that block and cannot be
        waived then run all the same, and RV(kept) names those that were to be left out.
    type: raw
  waivers:
    description:
      - Findings that somebody takes upon themselves, instead of those in O(inputs).
      - A waiver is shown in every report and never hides its finding. The day after it expires, the finding counts again.
      - What breaks the upgrade cannot be waived. Such a waiver is an error, and the rule's page says which impact it has.
    type: list
    elements: dict
    suboptions:
      rule:
        description: The id of the rule.
        type: str
        required: true
      objects:
        description: The affected objects it is for, as they stand in the finding's table. The whole finding without.
        type: list
        elements: str
      owner:
        description: Who answers for it.
        type: str
        required: true
      reason:
        description: Why it is acceptable.
        type: str
        required: true
      expires:
        description: Its last day, such as V(2012-06-30).
        type: str
        required: true
  repairs:
    description:
      - Rules whose documented repair is to become a step of the plan, in the dialect of O(select), instead of those in
        O(inputs). A finding that its repair cures completely does not block.
    type: raw
  fail_when_blocked:
    description: Fail when a rule blocks, after all of them have run.
    type: bool
    default: false
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
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

EXAMPLES = r"""
- name: Judge the group
  scom.upgrade.readiness:
    path: reports/snapshot.json
    inputs: "{{ hostvars[inventory_hostname] | scom.upgrade.plan_inputs }}"
  delegate_to: localhost
  register: __scom_upgrade_readiness

- name: Show what has to be cleared
  ansible.builtin.debug:
    msg: "{{ __scom_upgrade_readiness.text.splitlines() }}"

- name: Look at the databases alone, with a setting of this house
  scom.upgrade.readiness:
    path: reports/snapshot.json
    select:
      - "@database"
      - "!R34"
      - R09:
          database_free_percent: 55
  delegate_to: localhost

- name: Stop here while something blocks, with one finding waived and one repaired by the plan
  scom.upgrade.readiness:
    path: reports/snapshot.json
    repairs: [R21]
    waivers:
      - rule: R57
        objects: [dmz01.contoso.test]
        owner: Ada Lovelace
        reason: The branch office has one line only
        expires: 2012-06-30
    fail_when_blocked: true
  delegate_to: localhost
"""

RETURN = r"""
blocked:
  description: Whether the upgrade must not begin, because a rule blocks or one that could have blocked failed to run.
  returned: always
  type: bool
  sample: true
blocked_by:
  description: The ids of the rules that block and are neither waived nor repaired.
  returned: always
  type: list
  elements: str
  sample: [R07, R09]
failed:
  description: The ids of the rules that failed to run.
  returned: always
  type: list
  elements: str
  sample: []
counts:
  description: How many rules came to each outcome.
  returned: always
  type: dict
  sample: {error: 0, block: 2, manual: 6, warn: 3, note: 9, pass: 52, not_applicable: 11}
findings:
  description: One entry a rule, by number.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The rule.
      type: str
      sample: R09
    title:
      description: What it asks for.
      type: str
      sample: More than half of the operational database is free
    outcome:
      description: V(pass), V(note), V(warn), V(block), V(manual), V(not_applicable) or V(error).
      type: str
      sample: block
    impact:
      description: Whether what it finds breaks the upgrade or causes an outage.
      type: str
      sample: breaks_upgrade
    message:
      description: What was found.
      type: str
      sample: OperationsManager has 28 % free; the conversion needs more than 50 %.
    affected:
      description: The affected objects as a table of columns and rows. Many agents are grouped.
      type: dict
      sample: {columns: [host, database], rows: [[WTSQL, OperationsManager]]}
    remedy:
      description: What to do.
      type: str
      sample: Raise the size of the data file.
    evidence:
      description: How far the rule can be trusted.
      type: str
      sample: field
    source:
      description: Where it comes from.
      type: str
      sample: S14, S19a (O11)
    tags:
      description: The tags it is selected by.
      type: list
      elements: str
      sample: [database, sql, disk]
    seconds:
      description: How long it took.
      type: float
      sample: 0.0002
    waived:
      description: Who waived it, why and until when.
      type: dict
      sample: null
    repair:
      description: The repair there is, and whether it was asked for.
      type: dict
      sample: {kind: repair.database_grow, title: grow the files, opted_in: false, complete: true}
kept:
  description: Rules that C(rules) of the inputs leaves out and that ran all the same, because they block and cannot be waived.
  returned: always
  type: list
  elements: str
  sample: []
left_out:
  description: The rules that were not selected and did not run.
  returned: always
  type: list
  elements: str
  sample: [R34]
waivers:
  description: The waivers that hold.
  returned: always
  type: list
  elements: dict
  sample: []
expired_waivers:
  description: The waivers that have ended.
  returned: always
  type: list
  elements: dict
  sample: []
settings:
  description: The figures that differ from their defaults.
  returned: always
  type: dict
  sample: {R09.database_free_percent: 55}
repair_steps:
  description: The steps of the repairs that were asked for, as a plan takes them over, without an estimate.
  returned: always
  type: list
  elements: dict
  sample: []
text:
  description: A few lines for people.
  returned: always
  type: str
  sample: "BLOCKED: 2 blocking, 6 to check by hand, 3 warning, 9 noted, 52 passed, 11 not applicable."
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils import facts
from ansible_collections.scom.upgrade.plugins.module_utils.readiness import assess, repairs_of, summary


def main():
    """Run the module."""
    waiver = {name: {"type": "str", "required": True} for name in ("rule", "owner", "reason", "expires")}
    waiver["objects"] = {"type": "list", "elements": "str"}
    module = AnsibleModule(
        argument_spec={
            "snapshot": {"type": "dict"},
            "path": {"type": "path"},
            "inputs": {"type": "dict", "default": {}},
            "select": {"type": "raw"},
            "waivers": {"type": "list", "elements": "dict", "options": waiver},
            "repairs": {"type": "raw"},
            "fail_when_blocked": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("snapshot", "path")],
        required_one_of=[("snapshot", "path")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        snapshot = given["snapshot"]
        if snapshot is None:
            with open(given["path"], encoding="utf-8") as file:
                snapshot = facts.parse(file.read(), given["path"])
        waivers = given["waivers"]
        if waivers is not None:
            waivers = [{name: value for name, value in one.items() if value is not None} for one in waivers]
        found = assess(snapshot, given["inputs"], wanted=given["select"], waivers=waivers, repairs=given["repairs"])
        report = found.to_dict()
        steps = repairs_of(report, given["inputs"], given["repairs"])
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"Readiness cannot be judged: {error}")
    result = dict(report, changed=False, repair_steps=steps, text=summary(report))
    if given["fail_when_blocked"] and report["blocked"]:
        names = ", ".join(report["blocked_by"] + report["failed"])
        module.fail_json(msg=f"The upgrade is blocked by {names}. Each finding has its remedy.", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
