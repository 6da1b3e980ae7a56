# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.state_file`."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction
from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import kept_path


class ActionModule(HostAction):
    """Keeps a file of the controller beside the journal on a server, and gets it back."""

    MODULE = "state_file"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        path = os.path.abspath(os.path.expanduser(arguments["path"]))
        remote = kept_path(arguments["name"] or os.path.basename(path))
        content = _read(path)
        wanted = (arguments["sha256"] or "").lower()
        if arguments["state"] == "fetched":
            return self._fetch(path, remote, content, wanted)
        if content is None:
            raise ActionFailed(f"{path} is not there, so that it cannot be kept on {self.host}.")
        if wanted and _digest(content) != wanted:
            raise ActionFailed(f"{path} has the SHA-256 {_digest(content)}, not {wanted}.")
        with tempfile.TemporaryDirectory() as folder:
            packed = os.path.join(folder, "packed")
            with open(packed, "wb") as file:
                file.write(gzip.compress(content, 9, mtime=0))
            changed = self.remote.upload_file(packed, remote, check=self.checking)
        return {"changed": changed, **_told(path, content)}

    def _fetch(self, path, remote, content, wanted):
        if content is not None and wanted in ("", _digest(content)):
            return _told(path, content)
        if not self.remote.call("file.stat", path=remote)["exists"]:
            return _told(path, None, f"it is neither in {path} nor in {remote} on {self.host}")
        with tempfile.TemporaryDirectory() as folder:
            packed = os.path.join(folder, "packed")
            self.remote.fetch_file(remote, packed)
            try:
                content = gzip.decompress(_read(packed))
            except (OSError, EOFError, zlib.error) as error:
                return _told(path, None, f"{remote} on {self.host} is damaged: {error}")
        if wanted and _digest(content) != wanted:
            return _told(path, None, f"{remote} on {self.host} is another one, with the SHA-256 {_digest(content)}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)
        return _told(path, content)


def _read(path):
    """The content of a file of the controller; None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _told(path, content, reason=""):
    found = content is not None and not reason
    return {"path": path, "found": found, "sha256": _digest(content) if found else "", "reason": reason}
