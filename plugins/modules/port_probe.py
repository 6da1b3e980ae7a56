# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.port_probe`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_probe
short_description: Try TCP connections from a Windows host
version_added: 1.0.0
description:
  - Opens a TCP connection to each target from the host, closes it again, and says which could be made.
  - Which connections a management group needs, and which host can try them, M(scom.upgrade.probe_targets) computes.
extends_documentation_fragment:
  - scom.upgrade.host.facts
options:
  targets:
    description: The ports to try.
    type: list
    elements: dict
    required: true
    suboptions:
      to:
        description: Name of the machine at the other end, as the result is to call it.
        type: str
        required: true
      address:
        description: The name or address that is connected to. Without it, O(targets[].to).
        type: str
      port:
        description: The TCP port.
        type: int
        required: true
  timeout:
    description: Seconds to wait for each answer.
    type: int
    default: 3
"""

EXAMPLES = r"""
- name: See whether this management server reaches its database
  scom.upgrade.port_probe:
    targets:
      - to: SQL01
        address: sql01.contoso.test
        port: 1433
"""

RETURN = r"""
ports:
  description: One entry a target, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    from:
      description: The host that tried.
      returned: success
      type: str
      sample: MS02
    to:
      description: The machine at the other end.
      returned: success
      type: str
      sample: SQL01
    port:
      description: The TCP port.
      returned: success
      type: int
      sample: 1433
    open:
      description: Whether the connection could be made. Null where it could not be tried.
      returned: success
      type: bool
      sample: true
    error:
      description:
        - Why not. V(refused) where the machine answers and nothing listens, V(no answer) where something in between swallows the
          connection, V(unknown host), or the reason why it could not be tried.
      returned: success
      type: str
      sample: refused
"""
