# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the actions that speak to SQL Server have in common. Private to this collection.

Whatever comes from outside is bound as a parameter. Where a statement wants a name that cannot be one, the server quotes
it itself, with QUOTENAME.
"""

from __future__ import annotations

import re

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction

# The name of a database and a file are variables to BACKUP and RESTORE, so nothing is spliced into the statement.
# COPY_ONLY keeps the operators' own chain of differential backups as it was.
BACKUP = "BACKUP DATABASE @database TO DISK = @file WITH COPY_ONLY, INIT, CHECKSUM"
VERIFY = "RESTORE VERIFYONLY FROM DISK = @file WITH CHECKSUM"


class SqlAction(HostAction):
    """Base of actions that work on one SQL Server instance of the host, as the connection's user."""

    def query(self, instance, text, parameters=None, database="master"):
        """The first result set of a text, each row by column name. Raises OperationFailed."""
        operation = statement("query", instance, text, parameters, database, kind="reader")
        found = self.remote.run([operation])[0].get()["results"][0]
        return [dict(zip(found["columns"], row)) for row in found["rows"]]

    def back_up(self, arguments, file):
        """Take a full backup of the database into the file and have the server read it back; when it was done, UTC."""
        instance, database, timeout = arguments["instance"], arguments["database"], arguments["timeout"]
        done = self.remote.run(
            [
                {"id": "folder", "op": "file.mkdir", "args": {"path": file.rpartition("\\")[0]}},
                statement("backup", instance, BACKUP, {"database": database, "file": file}, timeout=timeout),
                statement("verify", instance, VERIFY, {"file": file}, timeout=timeout),
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
        return done[-1].value["time"]


def statement(name, instance, text, parameters=None, database="master", kind="nonquery", timeout=60):
    """One statement as an operation of the wire."""
    return {
        "id": name,
        "op": "sql.query",
        "args": {
            "instance": instance,
            "database": database,
            "text": text,
            "kind": kind,
            "parameters": dict(parameters or {}),
            "timeout": timeout,
        },
    }


def backup_file(folder, database, time):
    """Path of a new backup file of a database in a folder, named after the host's own time."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", database) + "_" + re.sub(r"[^0-9T]", "", time)
    return folder.rstrip("\\") + "\\" + name + ".bak"
