# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.host_facts`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils import host_facts
from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import WireError


class ActionModule(HostAction):
    """Reads all facts of one host. A host that cannot be asked is an answer too: `reachable` false, and why."""

    MODULE = "host_facts"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        if not arguments["ask"]:
            return {"reachable": False, "reason": f"{self.host}: the inventory says that it cannot be reached", "facts": None}
        try:
            facts = host_facts.collect(
                self.remote,
                arguments["media_path"],
                arguments["encryption_key_path"],
                arguments["connector_services"],
                arguments["media_hashes"],
            )
        except WireError as error:
            return {"reachable": False, "reason": str(error), "facts": None, "warnings": [str(error)]}
        return {"reachable": True, "reason": None, "facts": facts}
