# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.database_backup`."""

from __future__ import annotations

import re

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction, diff

# The name of a database and a file are variables to BACKUP and RESTORE, so nothing is spliced into the statement.
# COPY_ONLY keeps the operators' own chain of differential backups as it was.
BACKUP = "BACKUP DATABASE @database TO DISK = @file WITH COPY_ONLY, INIT, CHECKSUM"
VERIFY = "RESTORE VERIFYONLY FROM DISK = @file WITH CHECKSUM"
LAST = """
SELECT MAX(b.backup_finish_date) AS finished, GETUTCDATE() AS now, GETDATE() AS local_now FROM msdb.dbo.backupset b
WHERE b.database_name = @database AND b.type = 'D'
"""


class ActionModule(HostAction):
    """Takes a full backup of a database and has the server read it back."""

    MODULE = "database_backup"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        database, instance = arguments["database"], arguments["instance"]
        system, last = self.remote.run(
            [
                {"id": "system", "op": "system.info", "args": {}},
                {
                    "id": "last",
                    "op": "sql.query",
                    "args": {"instance": instance, "text": LAST, "parameters": {"database": database}},
                },
            ]
        )
        stamp = re.sub(r"[^0-9T]", "", system.get()["time"])
        row = last.get()["results"][0]["rows"][0]
        file = arguments["path"].rstrip("\\") + "\\" + re.sub(r"[^A-Za-z0-9_-]", "_", database) + "_" + stamp + ".bak"
        result = {
            "changed": True,
            "file": file,
            "database": database,
            "verified": False,
            "finished": None,
            "diff": diff({"last full backup": row[0]}, {"last full backup": file}, f"{instance} {database}"),
        }
        if self.checking:
            return result
        done = self.remote.run(
            [
                {"id": "folder", "op": "file.mkdir", "args": {"path": arguments["path"]}},
                self.statement("backup", arguments, BACKUP, {"database": database, "file": file}),
                self.statement("verify", arguments, VERIFY, {"file": file}),
                {"id": "system", "op": "system.info", "args": {}},
            ],
            stop_on_error=True,
        )
        for step in done:
            if not step.ok:
                raise ActionFailed(
                    f"{self.host}: {step.id} of {database} on {instance} failed: {step.error['message']} "
                    "Nothing has been changed in the group; mend the cause and run again.",
                    error=step.error,
                )
        result.update(verified=True, finished=done[-1].value["time"])
        return result

    @staticmethod
    def statement(name, arguments, text, parameters):
        """One statement against the master database."""
        return {
            "id": name,
            "op": "sql.query",
            "args": {
                "instance": arguments["instance"],
                "text": text,
                "kind": "nonquery",
                "parameters": parameters,
                "timeout": arguments["timeout"],
            },
        }
