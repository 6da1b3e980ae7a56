# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.web_console`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, product_version


class ActionModule(InstallerAction):
    """Upgrades the web console of a machine that is no management server."""

    MODULE = "web_console"
    JOB = "web-console"

    def version(self, answers):
        """Its build by the uninstall entry."""
        return product_version(answers, "web console")

    def refuse(self, version, arguments, answers):
        """A host without the feature is not upgraded."""
        return None if version else "the feature is not installed here. Correct the host's role."
