# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.agent`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import InstallerAction, values


class ActionModule(InstallerAction):
    """Upgrades the agent of the machine with its Windows Installer package."""

    MODULE = "agent"
    JOB = "agent"
    CODES = "msiexec.exe"

    @property
    def LOG(self):
        """The installer's log, beside the jobs. The path is spelled out, because no shell expands it for the installer."""
        return self.program_data + r"\scom.upgrade\MOMAgent.log"

    def program(self, arguments):
        """Windows Installer itself."""
        return r"%SystemRoot%\System32\msiexec.exe"

    def source(self, arguments):
        """The package of the machine's architecture."""
        folder = {"x86": "i386", "x64": "AMD64", "ia64": "ia64"}[arguments["architecture"]]
        return arguments["media_path"].rstrip("\\") + "\\agent\\" + folder + "\\MOMAgent.msi"

    def command(self, arguments):
        """`/i package`, the log, then the arguments as given."""
        return ["/i", self.source(arguments), "/l*v", self.LOG, *super().command(arguments)]

    def version(self, answers):
        """The agent's build in the product's registry key."""
        return values(answers, "setup").get("AgentVersion")

    def refuse(self, version, arguments, answers):
        """An agent that is not there is not upgraded; a console beside it blocks the upgrade (O17)."""
        if version is None:
            return "there is no Operations Manager agent here. Take the host out of the agents of the inventory."
        removed_before = self.checking and arguments["predicted"]
        if values(answers, "setup").get("UIVersion") and not removed_before:
            return (
                "a console is installed beside the agent, which blocks the agent's upgrade. "
                "Remove the console first; it comes back with the optional features."
            )
        return None
