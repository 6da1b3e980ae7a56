# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.console_sessions`."""

from __future__ import annotations

import time

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.shell_action import ShellAction


class ActionModule(ShellAction):
    """Ends open console sessions before the databases are converted."""

    MODULE = "console_sessions"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        sessions = self.sessions(arguments)
        result = {"changed": bool(sessions), "sessions": sessions, "diff": diff(sessions, [], "open console sessions")}
        if not sessions or self.checking:
            return result
        if arguments["method"] == "restart":
            operation = {
                "id": "sdk",
                "op": "service.set",
                "args": {"name": "OMSDK", "state": "restarted", "timeout": 300},
            }
            self.remote.run([operation])[0].get()
        deadline = time.monotonic() + arguments["timeout"]
        while self.sessions(arguments):
            if time.monotonic() > deadline:
                raise ActionFailed(
                    f"Consoles are still open: {', '.join(self.sessions(arguments))}. Ask these people to close them, "
                    "or set quiesce_console_method to restart."
                )
            time.sleep(arguments["poll_seconds"])
        return result

    def sessions(self, arguments):
        """Users with an open session, without the one that asks."""
        outputs = self.shell(
            arguments, [{"name": "group", "management_group": True, "select": ["GetConnectedUserNames()"]}]
        )
        found = (outputs["group"] or [{}])[0].get("GetConnectedUserNames()") or []
        mine = (self._connection.get_option("remote_user") or "").lower().rpartition("\\")[2]
        return sorted(
            name for name in ([found] if isinstance(found, str) else found) if name.lower().rpartition("\\")[2] != mine
        )
