# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.rms_emulator`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.shell_action import ShellAction, by_name


class ActionModule(ShellAction):
    """Makes sure that a management server holds the RMS emulator."""

    MODULE = "rms_emulator"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        if self.checking and arguments["predicted"]:
            # The group is 2007 R2 still, which has no emulator to ask for; its upgrade puts the role on this server.
            return {"changed": False, "holder": arguments["holder"].lower()}
        found = (
            self.shell(arguments, [{"name": "now", "cmdlet": "Get-SCOMRMSEmulator", "select": ["Name"]}])["now"] or []
        )
        holder = found[0]["Name"].lower() if found else None
        wanted = arguments["holder"].lower()
        result = {
            "changed": holder != wanted,
            "holder": wanted,
            "diff": diff({"holder": holder}, {"holder": wanted}, "RMS emulator"),
        }
        if result["changed"] and not self.checking:
            self.shell(
                arguments,
                [
                    {"name": "servers", "cmdlet": "Get-SCOMManagementServer"},
                    {
                        "name": "set",
                        "cmdlet": "Set-SCOMRMSEmulator",
                        "parameters": {"Server": dict(by_name("servers", [wanted]), one=True)},
                    },
                ],
            )
        return result
