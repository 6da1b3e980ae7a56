# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.host_facts`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_facts
short_description: Read everything the upgrade needs to know of a Windows host
version_added: 1.0.0
description:
  - Asks one host for its operating system, hardware, services, installed products, Operations Manager roles, SQL
    Server instances and databases, web server, certificates and media, in one round trip.
  - Judges nothing. The shape of the facts is described in C(docs/snapshot.md), and a fact that could not be read is
    null with a reason.
  - A host that cannot be asked does not fail the task. The result then says RV(reachable=false) and why, so that
    one run names every such host.
extends_documentation_fragment:
  - scom.upgrade.host.facts
options:
  media_path:
    description: Folder on the host where the 2012 media is expected.
    type: str
  media_hashes:
    description:
      - Files of the media, relative to O(media_path), whose SHA-256 is read. Case and the kind of slash do not matter.
      - A mapping of such paths to expected hashes gives its keys with the filter C(list).
    type: list
    elements: str
    default: []
  encryption_key_path:
    description: File on the host where the backup of the encryption key is expected.
    type: str
  ask:
    description: Whether to ask the host at all. With V(false) it counts as a host that cannot be reached.
    type: bool
    default: true
  connector_services:
    description: Names of Windows services of product connectors, which are reported beside the product's own.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Read the facts of every host
  scom.upgrade.host_facts:
    media_path: C:\Media\SCOM2012
    media_hashes: [setup.exe, 'Setup\AMD64\Setup.exe']
  register: host
"""

RETURN = r"""
reachable:
  description: Whether the host could be asked.
  returned: always
  type: bool
  sample: true
reason:
  description: Why the host could not be asked, with a remedy.
  returned: when the host could not be asked
  type: str
  sample: "RMS01: the user name or the password is rejected. Correct ansible_user and ansible_password."
facts:
  description: The facts, in the shape of HOST in C(docs/snapshot.md).
  returned: when the host could be asked
  type: dict
  sample: {name: RMS01, fqdn: rms01.contoso.test}
"""
