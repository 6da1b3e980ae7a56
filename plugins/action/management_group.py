# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.management_group`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, values


class ActionModule(InstallerAction):
    """Upgrades the management group itself from this server: the step that converts the databases."""

    MODULE = "management_group"
    JOB = "management-group"

    def version(self, answers):
        """The root management server's build: it is the last server, so with it the group is done."""
        return values(answers, "setup").get("ServerVersion")

    def refuse(self, version, arguments, answers):
        """A host without a management server cannot run it."""
        return None if version else "there is no management server here, so the group cannot be upgraded from it."
