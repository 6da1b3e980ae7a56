# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.encryption_key`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import parse_time
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.places import PRODUCT_FILE, SETUP
from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.job import JobRunner


class ActionModule(HostAction):
    """Backs up the encryption key of the root management server, where no backup newer than the last update is there."""

    MODULE = "encryption_key"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        setup, key = self.remote.run(
            [
                {"id": "setup", "op": "registry.read", "args": {"key": SETUP + r"\Setup", "depth": 0}},
                {"id": "key", "op": "file.stat", "args": {"path": arguments["path"]}},
            ]
        )
        values = setup.get().get("values") or {}
        folder = (values.get("InstallDirectory") or {}).get("data")
        if not folder:
            raise ActionFailed(
                f"{self.host}: no Operations Manager server is installed here, so it has no encryption key."
            )
        folder = folder.rstrip("\\")
        before = key.get()
        updated = self.remote.run([{"id": "file", "op": "file.stat", "args": {"path": folder + "\\" + PRODUCT_FILE}}])[
            0
        ].get()
        valid = before["exists"] and parse_time(before["modified"]) >= parse_time(
            updated.get("modified") or before["modified"]
        )
        result = {
            "changed": not valid,
            "path": arguments["path"],
            "modified": before.get("modified") if before["exists"] else None,
            "diff": diff({"key backup": before.get("modified")}, {"key backup": "new"}, arguments["path"]),
        }
        if valid or self.checking:
            return result
        if not arguments["password"]:
            raise ActionFailed(
                f"{self.host}: there is no backup of the encryption key at {arguments['path']} that is newer than the "
                "last update. "
                "Set scom_upgrade_encryption_key_password to have one made, or make one by hand with SecureStorageBackup.exe."
            )
        text = arguments["password"] + "\r\n"
        outcome = JobRunner(self.remote, poll_seconds=arguments["poll_seconds"], timeout=arguments["timeout"]).run(
            "encryption-key",
            folder + r"\SecureStorageBackup.exe",
            ["Backup", arguments["path"]],
            account=arguments["account"],
            password=arguments["account_password"],
            directory=folder,
            stdin=text + text,
        )
        after = self.remote.run([{"id": "key", "op": "file.stat", "args": {"path": arguments["path"]}}])[0].get()
        if outcome.rc != 0 or not after["exists"]:
            raise ActionFailed(
                f"{self.host}: SecureStorageBackup.exe ended with {outcome.rc} and left no key at {arguments['path']}. "
                f"It said: {(outcome.stdout or '').strip()[-300:]}",
                rc=outcome.rc,
            )
        result["modified"] = after["modified"]
        return result
