# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.group_facts`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: group_facts
short_description: Read a management group through its own shell
version_added: 1.0.0
description:
  - Asks the Data Access service for the group's servers, agents with their parents, pending actions, notification
    subscriptions, connectors, open consoles, administrators, management packs and alerts, in one round trip.
  - Reads the upgrade's journal on the same host as well.
  - The shape of the facts is described in C(docs/snapshot.md).
extends_documentation_fragment:
  - scom.upgrade.host.facts
  - scom.upgrade.host.shell
options:
  language:
    description: Language of the installed group, which decides the collation that is supported.
    type: str
    default: en
"""

EXAMPLES = r"""
- name: Read the group from its root management server
  scom.upgrade.group_facts:
    server: rms01.contoso.test
    product: "2007"
  register: group
"""

RETURN = r"""
group:
  description: The facts, in the shape of GROUP in C(docs/snapshot.md).
  returned: success
  type: dict
  sample: {name: CONTOSO, product: 2007 R2}
collected:
  description: The server's own time, UTC, by which ages are reckoned.
  returned: success
  type: str
  sample: "2012-05-12T18:00:00Z"
journal:
  description: The entries of the upgrade's journal.
  returned: success
  type: list
  elements: dict
  sample: []
"""
