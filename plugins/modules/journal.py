# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.journal`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: Append to the journal of an upgrade
version_added: 1.0.0
description:
  - Keeps what cannot be observed afterwards, such as which subscriptions were on, in a file on the server that runs
    the upgrade.
  - An entry with the same step, event and data is written once only. Of approvals the newest one holds, so one that differs from the
    newest is always written.
extends_documentation_fragment:
  - scom.upgrade.host
options:
  entries:
    description: The entries to have in the journal.
    type: list
    elements: dict
    required: true
    suboptions:
      step:
        description: Id of the plan's step. An approval, and the start of the upgrade, are of no step.
        type: str
      event:
        description: What happened.
        type: str
        choices: [saved, done, failed, signed_off, approved, started]
        required: true
      host:
        description: Inventory name of the host it is about.
        type: str
      data:
        description: What is to be kept.
        type: dict
        default: {}
      by:
        description: Who did it.
        type: str
"""

EXAMPLES = r"""
- name: Keep the list of subscriptions that are on
  scom.upgrade.journal:
    entries:
      - step: quiesce.subscriptions
        event: saved
        data:
          subscriptions:
            - name: Operators by mail
"""

RETURN = r"""
entries:
  description: All entries of the journal.
  returned: success
  type: list
  elements: dict
  sample: []
"""
