# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The 2012 media on a host: which of its files the host needs, and whether they are what the inputs expect.

A rule and the gate both ask this, so that what one of them lets pass the other does not stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

FITS = "fits"
ABSENT = "absent"
DIFFERS = "hash differs"
UNREAD = "hash not read"
#: Folders of the media that only machines of one role work with.
FOLDERS = {"gateway": "gateway\\", "agent": "agent\\"}
#: How `unknown` of a host names a file that could not be looked at.
UNKNOWN = "media."


def tidy(path: Any) -> str:
    """A relative path as Windows writes it: ``Setup/AMD64/Setup.exe`` is ``Setup\\AMD64\\Setup.exe``."""
    parts = str(path).strip().replace("/", "\\").split("\\")
    return "\\".join(part for part in parts if part not in ("", "."))


def same(path: Any) -> str:
    """What two spellings of one relative path have in common; Windows tells neither case nor slashes apart."""
    return tidy(path).lower()


def needed_by(path: Any, roles: Iterable[str]) -> bool:
    """Whether a host with these roles works with a file: folders of one role are for it, all else for the others."""
    held = {role for role in roles if role}
    owner = next((role for role, folder in FOLDERS.items() if same(path).startswith(folder)), None)
    return owner in held if owner else bool(held - set(FOLDERS))


@dataclass(frozen=True)
class File:
    """One file with an expected hash: what was expected, what was seen, and what follows."""

    path: str
    state: str
    expected: str
    seen: Optional[str] = None

    def text(self, host: str) -> str:
        """What was seen on a host, as a sentence."""
        if self.state == ABSENT:
            return f"{self.path}, whose hash is expected, is not in the media on {host}."
        if self.state == UNREAD:
            return f"The hash of {self.path} on {host} was not read."
        return f"{self.path} on {host} has the hash {self.seen}, expected is {self.expected}."


def judged(facts: Optional[Mapping[str, Any]], hashes: Mapping[Any, Any], roles: Iterable[str]) -> list[File]:
    """Every file with an expected hash that a host has, or needs and has not. Without facts nothing was read.

    A file that is there is judged wherever it is; one that is absent matters only where it is needed.
    """
    media = (facts or {}).get("media") or {}
    files = {same(path): stat or {} for path, stat in (media.get("files") or {}).items()}
    unread = {same(name[len(UNKNOWN) :]) for name in (facts or {}).get("unknown") or {} if name.startswith(UNKNOWN)}
    held = list(roles)
    found = []
    for path, value in sorted(hashes.items(), key=lambda item: same(item[0])):
        expected = str(value).strip().lower()
        stat = files.get(same(path))
        if stat is None and not needed_by(path, held):
            continue
        seen = str((stat or {}).get("sha256") or "").lower() or None
        if stat is None:
            state = UNREAD if not media or same(path) in unread else ABSENT
        else:
            state = UNREAD if seen is None else FITS if seen == expected else DIFFERS
        found.append(File(tidy(path), state, expected, seen))
    return found
