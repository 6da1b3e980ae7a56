# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.sql_option`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.sql import SqlAction, statement

OPTION = """
SELECT CAST(value AS int) AS configured, CAST(value_in_use AS int) AS in_use FROM sys.configurations WHERE name = @name
"""
SET = """
EXEC sp_configure @configname = @name, @configvalue = @value
RECONFIGURE
"""


class ActionModule(SqlAction):
    """Sets an option of an instance and puts it into force."""

    MODULE = "sql_option"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        name, value, instance = arguments["name"], arguments["value"], arguments["instance"]
        before, after = self.option(instance, name), {"configured": value, "in_use": value}
        result = {
            "changed": before != after,
            "before": before,
            "after": after,
            "diff": diff(before, after, f"{self.host} {instance} {name}"),
        }
        if result["changed"] and not self.checking:
            self.remote.run([statement("set", instance, SET, {"name": name, "value": value})])[0].get()
            found = self.option(instance, name)
            if found != after:
                raise ActionFailed(
                    f"{self.host}: {name} on {instance} is {found['in_use']} after it was set to {value}. An option that "
                    "takes effect at the start of the service needs a restart of SQL Server."
                )
        return result

    def option(self, instance, name):
        """The value that is configured and the value in use."""
        rows = self.query(instance, OPTION, {"name": name})
        if not rows:
            raise ActionFailed(
                f"{self.host}: {instance} has no option {name}. Correct its name; sys.configurations has them."
            )
        return rows[0]
