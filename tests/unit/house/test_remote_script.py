"""The one PowerShell file: nothing else of its kind, plain text, and a reason for everything its lint is told to let pass."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.house.project import ROOT, files, read

SCRIPT = Path("plugins/plugin_utils/remote.ps1")
ALLOWANCE = re.compile(r"#\s*lint:\s*allow\b[ \t]*(?P<rule>\S*)[ \t]*(?P<reason>.*)")


def test_there_is_one_powershell_file() -> None:
    assert [name for name in files() if name.suffix in (".ps1", ".psm1", ".psd1")] == [SCRIPT]


def test_it_is_ascii() -> None:
    """A 2.0 host may read it in any code page."""
    data = (ROOT / SCRIPT).read_bytes()
    assert data.isascii()
    assert b"\r" not in data


def test_every_allowance_has_a_reason() -> None:
    wrong = [
        f"{SCRIPT}: {match.group(0)}"
        for match in ALLOWANCE.finditer(read(SCRIPT))
        if not match.group("rule") or len(match.group("reason").split()) < 3
    ]
    assert wrong == []
