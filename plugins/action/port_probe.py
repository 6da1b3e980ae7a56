# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.port_probe`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction


class ActionModule(HostAction):
    """Tries TCP connections from the host, all of them in one round trip."""

    MODULE = "port_probe"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        targets = arguments["targets"]
        results = self.remote.run(
            [
                {
                    "id": str(number),
                    "op": "tcp.test",
                    "args": {
                        "host": target.get("address") or target["to"],
                        "port": target["port"],
                        "timeout": arguments["timeout"],
                    },
                }
                for number, target in enumerate(targets)
            ]
        )
        return {"ports": [self.entry(target, result) for target, result in zip(targets, results)]}

    def entry(self, target, result):
        """One port as the snapshot has it; a port that could not be tried is unknown, not closed."""
        found = {"from": self.host, "to": target["to"], "port": target["port"]}
        if not result.ok:
            return dict(found, open=None, error=result.error.get("message"))
        return dict(found, open=result.value["reachable"], error=result.value["error"])
