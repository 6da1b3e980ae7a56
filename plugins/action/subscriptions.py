# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.subscriptions`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.shell_action import ShellAction


class ActionModule(ShellAction):
    """Switches notification subscriptions off, or on again."""

    MODULE = "subscriptions"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        on = arguments["state"] == "enabled"
        found = (
            self.shell(
                arguments,
                [
                    {
                        "name": "all",
                        "cmdlet": self.cmdlets(arguments)["subscriptions"],
                        "select": ["Id", "DisplayName", "Enabled"],
                    }
                ],
            )["all"]
            or []
        )
        named = [self.find(found, item) for item in arguments["subscriptions"]]
        todo = [row for row in named if bool(row["Enabled"]) != on]
        predicted = bool(self.checking and arguments["predicted"] and named)
        names = sorted(row["DisplayName"] for row in (named if predicted else todo))
        result = {
            "changed": bool(todo) or predicted,
            "subscriptions": names,
            "diff": diff(
                dict.fromkeys(names, "disabled" if on else "enabled"),
                dict.fromkeys(names, arguments["state"]),
                "notification subscriptions",
            ),
        }
        if todo and not self.checking:
            self.switch(arguments, [str(row["Id"]) for row in todo], on)
        return result

    @staticmethod
    def find(found, item):
        """The subscription with this id, else with this name; the id stays when an operator renames it."""
        for key, wanted in (("Id", item.get("id")), ("DisplayName", item.get("name"))):
            rows = [row for row in found if wanted and str(row[key]).lower() == str(wanted).lower()]
            if len(rows) == 1:
                return rows[0]
        raise ActionFailed(
            f"There is no subscription {item.get('name') or item.get('id')!r}. Was it deleted since the plan was made?"
        )

    def switch(self, arguments, ids, on):
        """2007 R2 has no cmdlet that a source confirms, so the object is set and updated; 2012 has two cmdlets."""
        steps = [{"name": "all", "cmdlet": self.cmdlets(arguments)["subscriptions"]}]
        where = [{"property": "Id", "in": ids}]
        if arguments["product"] == "2007":
            steps.append(
                {"name": "set", "each": {"from": "all", "where": where}, "set": {"Enabled": on}, "call": "Update"}
            )
        else:
            steps.append(
                {
                    "name": "set",
                    "cmdlet": ("Enable" if on else "Disable") + "-SCOMNotificationSubscription",
                    "parameters": {"Subscription": {"from": "all", "where": where}},
                }
            )
        self.shell(arguments, steps)
