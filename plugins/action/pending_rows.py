# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.pending_rows`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.sql import SqlAction, backup_file, statement

ROWS = "SELECT CAST(AgentPendingActionId AS nvarchar(36)) AS id, AgentName AS agent FROM dbo.AgentPendingAction"
# The documented procedure takes a list; one id at a time holds whatever separates the items of that list.
DELETE = "EXEC dbo.p_AgentPendingActionDeleteByIdList @AgentPendingActionIdList = @id"


class ActionModule(SqlAction):
    """Deletes rows of pending management that no console shows, after a backup."""

    MODULE = "pending_rows"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        rows = self.present(arguments)
        result = {
            "changed": bool(rows),
            "rows": rows,
            "database": arguments["database"],
            "file": None,
            "verified": False,
            "finished": None,
            "diff": diff([f"{row['agent']}: {row['id']}" for row in rows], [], "AgentPendingAction"),
        }
        if not rows:
            return result
        if arguments["backup_first"]:
            if not arguments["path"]:
                raise ActionFailed("path: name the folder on the SQL Server machine for the backup that comes first.")
            system = self.remote.run([{"id": "system", "op": "system.info", "args": {}}])[0].get()
            result["file"] = backup_file(arguments["path"], arguments["database"], system["time"])
        if not self.checking:
            if result["file"]:
                result.update(finished=self.back_up(arguments, result["file"]), verified=True)
            self.delete(arguments, rows)
        return result

    def present(self, arguments):
        """Those of the named rows that the table has, each with its agent. A row of another agent is refused."""
        named = {key(row["id"]): row.get("agent") for row in arguments["rows"]}
        found = []
        for row in self.query(arguments["instance"], ROWS, database=arguments["database"]):
            name = key(row["id"])
            if name not in named:
                continue
            agent = (row["agent"] or "").lower()
            if named[name] and named[name].lower() != agent:
                raise ActionFailed(
                    f"{self.host}: row {name} is of {agent}, not of {named[name]}; nothing was deleted. Make the plan again."
                )
            found.append({"id": name, "agent": agent})
        return sorted(found, key=lambda row: (row["agent"], row["id"]))

    def delete(self, arguments, rows):
        """Delete the rows, one after the other, and make sure that they are gone."""
        instance, database = arguments["instance"], arguments["database"]
        done = self.remote.run(
            [statement(row["id"], instance, DELETE, {"id": row["id"]}, database) for row in rows], stop_on_error=True
        )
        for step in done:
            if not step.ok:
                raise ActionFailed(
                    f"{self.host}: row {step.id} of {database} was not deleted: {step.error['message']} "
                    "Mend the cause and run again; rows that are gone already are not looked for again.",
                    error=step.error,
                )
        left = self.present(arguments)
        if left:
            raise ActionFailed(
                f"{self.host}: {len(left)} of {len(rows)} rows are still in {database}, {left[0]['agent']} among them. "
                "Something puts them back; look at the agent on its management server."
            )


def key(text):
    """An id as it compares: lower case, without braces."""
    return str(text).strip("{} ").lower()
