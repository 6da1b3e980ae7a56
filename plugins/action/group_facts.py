# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.group_facts`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils import group_facts
from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction


class ActionModule(HostAction):
    """Reads a management group through the shell of the host the task runs on."""

    MODULE = "group_facts"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        group, journal, collected = group_facts.collect(self.remote, arguments["server"], arguments["product"])
        group["language"] = arguments["language"]
        group["collected_from"] = self.host
        return {"group": group, "journal": journal, "collected": collected}
