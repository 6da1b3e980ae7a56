# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.database_backup`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_backup
short_description: Back a database up and have the server verify it
version_added: 1.0.0
description:
  - Takes a full, copy-only backup with checksums of one database to a file on its server, and reads it back with
    RESTORE VERIFYONLY.
  - Always takes a new one. Whether one is due is the plan's decision.
  - Runs as the connection's user on the SQL Server machine itself, who has to be a sysadmin or backup operator there.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  instance:
    description: The instance, V(.) for the default one of the machine, or C(HOST\INSTANCE).
    type: str
    default: .
  database:
    description: Name of the database.
    type: str
    required: true
  path:
    description: Folder on the SQL Server machine for the file.
    type: str
    required: true
  timeout:
    description: Seconds that each of the two statements may take.
    type: int
    default: 14400
"""

EXAMPLES = r"""
- name: Back the operational database up
  scom.upgrade.database_backup:
    step: quiesce.backup.operational
    instance: .
    database: OperationsManager
    path: C:\Backup
"""

RETURN = r"""
file:
  description: The file that was written, or would be.
  returned: success
  type: str
  sample: C:\Backup\OperationsManager_20120512T180000.bak
database:
  description: The database.
  returned: success
  type: str
  sample: OperationsManager
verified:
  description: Whether the server could read the backup back.
  returned: success
  type: bool
  sample: true
finished:
  description: When it was done, UTC.
  returned: success
  type: str
  sample: "2012-05-12T18:20:00Z"
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: quiesce.backup.operational
"""
