# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.database_backup`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.sql import SqlAction, backup_file, statement

LAST = """
SELECT MAX(b.backup_finish_date) AS finished, GETUTCDATE() AS now, GETDATE() AS local_now FROM msdb.dbo.backupset b
WHERE b.database_name = @database AND b.type = 'D'
"""


class ActionModule(SqlAction):
    """Takes a full backup of a database and has the server read it back."""

    MODULE = "database_backup"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        database, instance = arguments["database"], arguments["instance"]
        system, last = self.remote.run(
            [
                {"id": "system", "op": "system.info", "args": {}},
                statement("last", instance, LAST, {"database": database}, kind="reader"),
            ]
        )
        row = last.get()["results"][0]["rows"][0]
        file = backup_file(arguments["path"], database, system.get()["time"])
        result = {
            "changed": True,
            "file": file,
            "database": database,
            "verified": False,
            "finished": None,
            "diff": diff({"last full backup": row[0]}, {"last full backup": file}, f"{instance} {database}"),
        }
        if not self.checking:
            result.update(finished=self.back_up(arguments, file), verified=True)
        return result
