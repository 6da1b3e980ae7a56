# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.state_file`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: state_file
short_description: Keep a file of the controller beside the journal, and get it back
version_added: 1.0.0
description:
  - Keeps a file of the controller, compressed, in the folder of the upgrade's journal on a server of the management group. There it
    outlives a controller whose files are lost between two jobs, as they are in AWX.
  - Gets it back when the controller does not have it. Where the controller has it, the server is not asked.
extends_documentation_fragment:
  - scom.upgrade.host
options:
  path:
    description: The file on the controller.
    type: path
    required: true
  name:
    description: Its name on the server. Without it, the name of O(path).
    type: str
  state:
    description:
      - V(kept) puts it onto the server.
      - V(fetched) makes sure that the controller has it, in check mode too, because nothing is changed on the server.
    type: str
    choices: [kept, fetched]
    required: true
  sha256:
    description: What the file has to have. With V(fetched), a file of the controller that has another is replaced.
    type: str
"""

EXAMPLES = r"""
- name: Keep the plan that was approved
  scom.upgrade.state_file:
    path: reports/approved-plan.json
    state: kept
  register: kept

- name: Have it at hand in another job
  scom.upgrade.state_file:
    path: reports/approved-plan.json
    state: fetched
    sha256: "{{ kept.sha256 }}"
"""

RETURN = r"""
path:
  description: The file on the controller.
  returned: success
  type: str
  sample: /srv/upgrade/reports/approved-plan.json
found:
  description: Whether the controller has the file now.
  returned: success
  type: bool
  sample: true
sha256:
  description: SHA-256 of its content. Empty where there is none.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
reason:
  description: Why it was not found. Empty where it was.
  returned: success
  type: str
  sample: ""
"""
