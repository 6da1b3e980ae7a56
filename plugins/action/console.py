# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.console`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import (
    InstallerAction,
    number,
    product_version,
    values,
)


class ActionModule(InstallerAction):
    """Upgrades, installs or removes the Operations console of a machine."""

    MODULE = "console"
    JOB = "console"

    def perform(self, arguments, task_vars):
        """Removal is Windows Installer's work, anything else setup's."""
        self.removing = arguments["state"] == "absent"
        self.CODES = "msiexec.exe" if self.removing else "setup.exe"
        self.JOB = "console-removal" if self.removing else "console"
        return super().perform(arguments, task_vars)

    def program(self, arguments):
        """Setup of the 2012 media, or Windows Installer for a removal."""
        return r"%SystemRoot%\System32\msiexec.exe" if self.removing else super().program(arguments)

    def source(self, arguments):
        """The media's setup. A removal needs nothing but Windows itself."""
        return r"%SystemRoot%\System32" if self.removing else super().source(arguments)

    def command(self, arguments):
        """The arguments as given; for a removal the console's own product code goes before them."""
        return (["/x", self.product_code] if self.removing else []) + super().command(arguments)

    def version(self, answers):
        """The console's build in the product's registry key."""
        self.product_code = _product_code(answers)
        return values(answers, "setup").get("UIVersion") or product_version(answers, "console")

    def satisfied(self, version, arguments):
        """Absent: no console is there. Present: it has the build asked for."""
        return version is None if self.removing else number(version) >= number(arguments["target_version"])

    def expected(self, arguments):
        """No console after a removal."""
        return None if self.removing else arguments["target_version"]

    def refuse(self, version, arguments, answers):
        """A removal needs to know what to remove."""
        if self.removing and not self.product_code:
            return "a console is registered, but no uninstall entry of it is found. Remove it by hand, then run again."
        return None


def _product_code(answers):
    """Key of the 2007 R2 user interfaces' uninstall entry; None when it is not there."""
    result = answers.get("uninstall")
    if result is None or not result.ok or not result.value.get("exists"):
        return None
    for key, node in (result.value.get("subkeys") or {}).items():
        entry = {name: item["data"] for name, item in (node.get("values") or {}).items()}
        name = (entry.get("DisplayName") or "").lower()
        is_console = (
            "operations manager" in name and ("console" in name or "user interface" in name) and "web" not in name
        )
        if key.startswith("{") and is_console:
            return key
    return None
