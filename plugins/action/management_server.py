# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.management_server`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, values


class ActionModule(InstallerAction):
    """Upgrades a management server, and with it every feature on the same machine, in one setup run."""

    MODULE = "management_server"
    JOB = "management-server"

    def version(self, answers):
        """The server's build in the product's registry key."""
        return values(answers, "setup").get("ServerVersion")

    def refuse(self, version, arguments, answers):
        """A host without a management server is not upgraded."""
        return None if version else "there is no management server here. Correct the host's role."
