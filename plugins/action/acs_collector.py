# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.acs_collector`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, product_version


class ActionModule(InstallerAction):
    """Upgrades the Audit Collection Services collector and, in the same run, its database."""

    MODULE = "acs_collector"
    JOB = "acs-collector"
    CODES = "msiexec.exe"
    LOG = None

    def program(self, arguments):
        """The collector's own setup on the media; its place is a setting, because it is known from memory only."""
        return arguments["media_path"].rstrip("\\") + "\\" + arguments["setup_program"]

    def version(self, answers):
        """Its build by the uninstall entry."""
        return product_version(answers, "audit collection")

    def refuse(self, version, arguments, answers):
        """A host without a collector is not upgraded."""
        return None if version else "there is no audit collector here. Correct the host's role."
