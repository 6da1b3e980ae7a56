# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that the inputs name: the 2012 media, and the backup of the encryption key."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.module_utils.media import UNKNOWN
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.questions import media_files


def media(answers):
    """The 2012 media at the configured place; None when no place is configured."""
    if not answers.media_path:
        return None
    names = [name for name, _hashed in media_files(answers.media_hashes)]
    files = {name: answers.value("media:" + name, UNKNOWN + name) or {} for name in names}
    setup = files["setup.exe"]
    return {
        "path": answers.media_path,
        # A file that could not be looked at is neither there nor absent.
        "present": None if UNKNOWN + "setup.exe" in answers.unknown else bool(setup.get("exists")),
        "version": setup.get("version"),
        "files": {
            name: {"size": stat["size"], "sha256": stat.get("hash")}
            for name, stat in files.items()
            if stat.get("exists")
        },
    }


def encryption_key(answers):
    """The key backup at the configured place; `exists` None where the host could not look (a network path)."""
    if not answers.key_path:
        return None
    if answers.key_path.startswith("\\\\"):
        answers.unknown["encryption_key"] = "a network path cannot be read over a WinRM logon"
        return {"path": answers.key_path, "exists": None, "modified": None}
    stat = answers.value("key", "encryption_key")
    return {
        "path": answers.key_path,
        "exists": None if stat is None else bool(stat.get("exists")),
        "modified": (stat or {}).get("modified"),
    }
