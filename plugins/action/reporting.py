# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.reporting`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, product_version


class ActionModule(InstallerAction):
    """Upgrades the Reporting server, the last of the servers."""

    MODULE = "reporting"
    JOB = "reporting"

    def version(self, answers):
        """Its build by the uninstall entry."""
        return product_version(answers, "reporting")

    def refuse(self, version, arguments, answers):
        """A host without the feature is not upgraded."""
        return None if version else "the feature is not installed here. Correct the host's role."
