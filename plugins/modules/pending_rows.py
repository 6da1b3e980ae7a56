# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.pending_rows`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pending_rows
short_description: Delete rows of pending management that no console shows
version_added: 1.0.0
description:
  - Deletes rows of the table AgentPendingAction in the operational database by their ids, with the product's own procedure
    p_AgentPendingActionDeleteByIdList.
  - Such rows are left behind by management servers that are gone, and the shell cannot reject them. What it shows is the work
    of M(scom.upgrade.pending_management).
  - Takes a full backup first and has the server verify it, unless told otherwise. Without any of the rows in the table nothing is
    backed up and nothing is changed.
  - Runs as the connection's user on the SQL Server machine itself, who has to be a sysadmin there.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  instance:
    description: The instance, V(.) for the default one of the machine, C(HOST\INSTANCE), or the bare name of a local one.
    type: str
    default: .
  database:
    description: Name of the operational database.
    type: str
    required: true
  rows:
    description: The rows to delete. One that is not in the table any more counts as deleted.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: The row's AgentPendingActionId.
        type: str
        required: true
      agent:
        description: FQDN of the agent that the row has to be of. If it is of another one, nothing is deleted.
        type: str
      type:
        description: The kind of action, for the reader.
        type: str
  backup_first:
    description: Back the database up and verify the backup before anything is deleted.
    type: bool
    default: true
  path:
    description: Folder on the SQL Server machine for the backup. Required with O(backup_first=true).
    type: str
  timeout:
    description: Seconds that the backup, and reading it back, may take.
    type: int
    default: 14400
"""

EXAMPLES = r"""
- name: Delete what a management server that is gone has left behind
  scom.upgrade.pending_rows:
    step: pre_upgrade.repair.pending_rows.SQL01.OperationsManager
    database: OperationsManager
    rows:
      - id: 6d1d1f2c-5f0e-4c6e-9a0f-0f4f6d0a8f11
        agent: gone01.contoso.test
    path: C:\Backup
"""

RETURN = r"""
rows:
  description: The rows that were deleted, or would be.
  returned: success
  type: list
  elements: dict
  sample: [{id: 6d1d1f2c-5f0e-4c6e-9a0f-0f4f6d0a8f11, agent: gone01.contoso.test}]
database:
  description: The database.
  returned: success
  type: str
  sample: OperationsManager
file:
  description: The backup that was taken first, or would be; null where there was none to take.
  returned: success
  type: str
  sample: C:\Backup\OperationsManager_20120512T180000.bak
verified:
  description: Whether the server could read the backup back.
  returned: success
  type: bool
  sample: true
finished:
  description: When the backup was done, UTC; null without one.
  returned: success
  type: str
  sample: "2012-05-12T18:20:00Z"
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pre_upgrade.repair.pending_rows.SQL01.OperationsManager
"""
