# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.snapshot`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Put the facts of hosts and group together into one file
version_added: 1.0.0
description:
  - Checks the facts against the schema of C(docs/snapshot.md) and writes them to one file on the controller. Everything that
    decides reads only this file.
  - Hosts that this run leaves out are taken from the file that is there already, if it is of the same group. Otherwise they
    count as unreachable.
attributes:
  check_mode:
    description: Checks the facts and writes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  async:
    description: Cannot be run with async.
    support: none
  platform:
    description: The controller.
    support: full
    platforms: posix
options:
  dest:
    description: The file.
    type: path
    required: true
  hosts:
    description: Facts of hosts by inventory name, as M(scom.upgrade.host_facts) gives them.
    type: dict
    required: true
  unreachable:
    description: Reasons of hosts that gave no facts, by inventory name.
    type: dict
    default: {}
  inventory:
    description: What the inventory says of each host, by inventory name. P(scom.upgrade.host_answers#filter) collects it.
    type: dict
    default: {}
  group:
    description: Facts of the group, as M(scom.upgrade.group_facts) gives them.
    type: dict
    required: true
  probes:
    description:
      - What was tried, as C(docs/snapshot.md) has it under C(probes). Its time is that of these facts.
      - Without it, what was tried before is kept, if the file that is there is of the same group.
    type: dict
  collected:
    description:
      - The time of the facts, ISO 8601 UTC, as M(scom.upgrade.group_facts) gives it. Ages of backups are reckoned from it.
      - Without it the controller's clock is taken.
    type: str
  journal:
    description: Entries of the journal.
    type: list
    elements: dict
    default: []
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

EXAMPLES = r"""
- name: Write the snapshot
  scom.upgrade.snapshot:
    dest: reports/snapshot.json
    hosts: "{{ (hostvars | scom.upgrade.host_answers(groups['scom'])).hosts }}"
    group: "{{ group.group }}"
    journal: "{{ group.journal }}"
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /srv/upgrade/reports/snapshot.json
summary:
  description: What was found, in one line.
  returned: success
  type: str
  sample: 21 hosts and 56 agents of CONTOSO, 0 hosts not reached
unreachable_hosts:
  description: Hosts without facts, and why.
  returned: success
  type: dict
  sample: {}
borrowed:
  description: Hosts whose facts were taken from the earlier file.
  returned: success
  type: list
  elements: str
  sample: []
approved:
  description: The journal's entry of the approval that holds. Empty where nothing was approved.
  returned: success
  type: dict
  sample: {}
before:
  description: The journal's entry that tells which snapshot of before the upgrade was kept. Empty where none was.
  returned: success
  type: dict
  sample: {}
begun:
  description: Whether any server, gateway or agent of the group is beyond 2007 R2 already.
  returned: success
  type: bool
  sample: false
counts:
  description: The group in numbers, such as agents by version, health and parent.
  returned: success
  type: dict
  sample: {servers: 4, agents: 56, subscriptions_on: 2}
"""
