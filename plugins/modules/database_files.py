# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.database_files`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_files
short_description: Grow the data and log files of a database
version_added: 1.0.0
description:
  - Brings the data files and the log of one database to at least the given sizes, with ALTER DATABASE ... MODIFY FILE.
  - The largest file of each kind that may grow so far takes what is missing. Nothing is ever shrunk.
  - The names of database and file are quoted by the server itself, never on the controller.
  - Runs as the connection's user on the SQL Server machine itself, who has to be a sysadmin there or own the database.
extends_documentation_fragment:
  - scom.upgrade.host
  - scom.upgrade.host.step
options:
  instance:
    description: The instance, V(.) for the default one of the machine, C(HOST\INSTANCE), or the bare name of a local one.
    type: str
    default: .
  database:
    description: Name of the database.
    type: str
    required: true
  data_mb:
    description: Megabytes that all data files together shall have at least. Without it they are left alone.
    type: int
  log_mb:
    description: Megabytes that the log shall have at least. Without it the log is left alone.
    type: int
  timeout:
    description: Seconds that the growth of one file may take. A log is filled with zeros, which takes its time.
    type: int
    default: 7200
"""

EXAMPLES = r"""
- name: Make room for the conversion of the operational database
  scom.upgrade.database_files:
    step: pre_upgrade.repair.database_grow.SQL01.OperationsManager
    database: OperationsManager
    data_mb: 40960
    log_mb: 20480
"""

RETURN = r"""
files:
  description: The files of the database with their sizes in megabytes now, or to be expected.
  returned: success
  type: list
  elements: dict
  sample: [{name: MOM_DATA, kind: ROWS, path: 'D:\Data\OperationsManager.mdf', online: true, size_mb: 40960, most_mb: null}]
data_mb:
  description: Megabytes of all data files now, or to be expected.
  returned: success
  type: int
  sample: 40960
log_mb:
  description: Megabytes of the log now, or to be expected.
  returned: success
  type: int
  sample: 20480
step:
  description: The step of the plan that this was, as given.
  returned: when O(step) is given
  type: str
  sample: pre_upgrade.repair.database_grow.SQL01.OperationsManager
"""
