# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Builds and cumulative updates, and how the level of a server or an agent is read from what it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

Version = tuple[int, ...]

#: The build every 2007 R2 server and agent reports whatever update it carries.
R2_BASE: Version = (6, 1, 7221)
#: 2012 RTM, the target of this upgrade.
TARGET = "7.0.8560.0"


@dataclass(frozen=True)
class Build:
    """One build of the product: the file version that proves it."""

    product: str
    level: str
    version: str
    update: Optional[int]
    kb: Optional[str]
    evidence: str
    source: str


BUILDS: tuple[Build, ...] = (
    Build("2007 SP1", "SP1", "6.0.6278.0", None, None, "field", "scripting-reference 8.2"),
    Build("2007 R2", "RTM", "6.1.7221.0", 0, None, "field", "product-reference 1.5"),
    Build("2007 R2", "CU1", "6.1.7221.13", 1, "974144", "recalled", "product-reference 1.5"),
    Build("2007 R2", "CU2", "6.1.7221.15", 2, "979257", "recalled", "product-reference 1.5"),
    Build("2007 R2", "CU3", "6.1.7221.49", 3, "2251525", "recalled", "product-reference 1.5"),
    Build("2007 R2", "CU4", "6.1.7221.61", 4, "2449679", "field", "S41"),
    Build("2007 R2", "CU5", "6.1.7221.81", 5, "2495674", "field", "S17"),
    Build("2007 R2", "CU6", "6.1.7221.99", 6, "2626076", "recalled", "product-reference 1.5"),
    Build("2007 R2", "CU7", "6.1.7221.110", 7, "2783850", "inferred", "product-reference 1.5"),
    Build("2012", "RTM", "7.0.8560.0", None, None, "field", "BDRUMM"),
    Build("2012", "UR1", "7.0.8560.1021", None, None, "field", "BDRUMM"),
    Build("2012", "UR2", "7.0.8560.1027", None, None, "field", "BDRUMM"),
    Build("2012", "UR3", "7.0.8560.1036", None, None, "field", "BDRUMM"),
    Build("2012", "UR8", "7.0.8560.1048", None, None, "field", "BDRUMM"),
    Build("2012 SP1", "RTM", "7.0.9538.0", None, None, "field", "BDRUMM"),
    Build("2012 R2", "RTM", "7.1.10226.0", None, None, "field", "BDRUMM"),
    Build("2012 R2", "agent", "7.1.10184.0", None, None, "field", "BDRUMM"),
)

_UPDATE_TEXT = re.compile(r"cumulative\s+update\s*(\d{1,2})|\bCU\s?(\d{1,2})\b", re.IGNORECASE)
_KB_TEXT = re.compile(r"KB\s?(\d{6,7})", re.IGNORECASE)
_KB_UPDATES = {build.kb: build.update for build in BUILDS if build.kb}


def parse_version(text: object) -> Optional[Version]:
    """The numbers of a dotted version, or None for what is not one: ``"9.00.5000.00"`` is ``(9, 0, 5000, 0)``."""
    match = re.match(r"\s*(\d+(?:\.\d+)*)", text) if isinstance(text, str) else None
    return tuple(int(part) for part in match.group(1).split(".")) if match else None


def is_2007_r2(version: object) -> bool:
    """Whether a version is any build of 2007 R2."""
    parsed = parse_version(version)
    return parsed is not None and parsed[:2] == (6, 1)


def is_2012(version: object) -> bool:
    """Whether a version belongs to the 2012 family (RTM, SP1, R2)."""
    parsed = parse_version(version)
    return parsed is not None and parsed[0] == 7


def update_of_file(file_version: object) -> Optional[int]:
    """The cumulative update a 2007 R2 file version proves, or None where it proves nothing."""
    parsed = parse_version(file_version)
    if parsed is None or parsed[:3] != R2_BASE:
        return None
    level = 0
    for build in BUILDS:
        bound = parse_version(build.version)
        if build.update is not None and bound is not None and parsed >= bound:
            level = build.update
    return level


def update_of_patches(patch_list: object) -> Optional[int]:
    """The highest cumulative update a patch list names: 0 for an empty list, None for a list nobody could read."""
    if not isinstance(patch_list, str):
        return None
    found: list[int] = [0]
    for match in _UPDATE_TEXT.finditer(patch_list):
        found.append(int(match.group(1) or match.group(2)))
    for match in _KB_TEXT.finditer(patch_list):
        found.append(_KB_UPDATES.get(match.group(1)) or 0)
    return max(found)


def update_level(patch_list: object, file_version: object = None) -> Optional[int]:
    """The cumulative update of a 2007 R2 server or agent, None when neither source could be read.

    A file version outranks the patch list: the list can be empty or hours old while the files have moved, and it can
    name an update whose files never arrived.
    """
    by_file = update_of_file(file_version)
    return update_of_patches(patch_list) if by_file is None else by_file


def build_name(version: object) -> str:
    """A readable name of a build: ``2007 R2 CU5``; the number itself where the table does not have it."""
    parsed = parse_version(version)
    best = None
    for build in BUILDS:
        bound = parse_version(build.version)
        if parsed is not None and bound is not None and parsed[:3] == bound[:3] and parsed >= bound:
            best = build
    return f"{best.product} {best.level}" if best else str(version)
