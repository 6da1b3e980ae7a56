# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.windows_service`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction, diff

STATES = {"started": "running", "stopped": "stopped"}


class ActionModule(HostAction):
    """Starts or stops a Windows service and sets how it starts."""

    MODULE = "windows_service"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        name = arguments["name"]
        listed = self.remote.run([{"id": "now", "op": "service.list", "args": {"names": [name]}}])[0].get()["services"]
        now = next((item for key, item in listed.items() if key.lower() == name.lower()), None)
        if now is None:
            raise ActionFailed(
                f"{self.host}: there is no service {name}. Correct its name, or take it out of the inventory."
            )
        before = {"state": now["state"], "start_mode": now["start_mode"]}
        after = {"state": STATES[arguments["state"]], "start_mode": arguments["start_mode"] or now["start_mode"]}
        predicted = bool(self.checking and arguments["predicted"])
        result = {
            "changed": before != after or predicted,
            "before": before,
            "after": after,
            "diff": diff(before, after, f"{self.host} {name}"),
        }
        if before != after and not self.checking:
            args = {"name": name, "timeout": arguments["timeout"], **after}
            self.remote.run([{"id": "set", "op": "service.set", "args": args}])[0].get()
        return result
