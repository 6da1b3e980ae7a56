# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.gateway`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, values


class ActionModule(InstallerAction):
    """Upgrades a gateway server with its Windows Installer package."""

    MODULE = "gateway"
    JOB = "gateway"
    CODES = "msiexec.exe"

    @property
    def LOG(self):
        """The installer's log, beside the jobs. The path is spelled out, because no shell expands it for the installer."""
        return self.program_data + r"\scom.upgrade\MOMGateway.log"

    def program(self, arguments):
        """Windows Installer itself."""
        return r"%SystemRoot%\System32\msiexec.exe"

    def source(self, arguments):
        """The package; there is one for 64-bit machines only."""
        return arguments["media_path"].rstrip("\\") + r"\gateway\AMD64\MOMGateway.msi"

    def command(self, arguments):
        """`/i package`, the log, then the arguments as given."""
        return ["/i", self.source(arguments), "/l*v", self.LOG, *super().command(arguments)]

    def version(self, answers):
        """The gateway's build in the product's registry key."""
        return values(answers, "setup").get("MOMGatewayVersion")

    def refuse(self, version, arguments, answers):
        """A host without a gateway is not upgraded."""
        return None if version else "there is no Operations Manager gateway here. Correct the host's role."
