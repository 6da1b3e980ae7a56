# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.sql_option`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sql_option
short_description: Set an option of a SQL Server instance
version_added: 1.0.0
description:
  - Sets an option such as C(allow updates) with sp_configure and puts it into force with RECONFIGURE.
  - An option counts as set when both its configured value and the value in use are the wanted one.
  - Runs as the connection's user on the SQL Server machine itself, who has to be a sysadmin or serveradmin there.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  instance:
    description: The instance, V(.) for the default one of the machine, C(HOST\INSTANCE), or the bare name of a local one.
    type: str
    default: .
  name:
    description: Full name of the option, as sys.configurations has it.
    type: str
    required: true
  value:
    description: The value it shall have.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Forbid updates of system catalogues
  scom.upgrade.sql_option:
    step: pre_upgrade.repair.allow_updates.SQL01.MSSQLSERVER
    name: allow updates
    value: 0
"""

RETURN = r"""
before:
  description: The configured value and the value in use, as found.
  returned: success
  type: dict
  sample: {configured: 1, in_use: 1}
after:
  description: The same now, or to be expected.
  returned: success
  type: dict
  sample: {configured: 0, in_use: 0}
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pre_upgrade.repair.allow_updates.SQL01.MSSQLSERVER
"""
