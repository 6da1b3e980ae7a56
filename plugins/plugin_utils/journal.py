# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The journal of an upgrade on a host: where it is kept, and how it is read. Private to this collection."""

from __future__ import annotations

import json

FOLDER = r"%ProgramData%\scom.upgrade"
JOURNAL_PATH = FOLDER + r"\journal.jsonl"
JOURNAL = {"path": JOURNAL_PATH, "offset": 0, "bytes": 4194304}  # arguments of the operation that reads it


def kept_path(name):
    """Where a file of the controller is kept beside the journal."""
    return f"{FOLDER}\\{name}.gz"


def read_journal(result):
    """The entries; empty where none was kept yet. A broken last line (a crash while writing) is left out."""
    if result is None or not result.ok or not result.value.get("exists"):
        return []
    entries = []
    for line in result.value["text"].splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries
