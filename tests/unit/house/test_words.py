"""What must not stand in a tracked file: paths of one machine, hosts of registries, marks of unfinished work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.house.project import ROOT, files

# Spelled in halves, so that this file does not find itself.
FOLDERS = "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot"])
HOSTS = [
    "py" + r"pi\.org",
    "python" + r"hosted\.org",
    "registry" + r"\.npm",
    "deb" + r"\.debian",
    "api" + r"\.nuget",
]
FOREIGN = re.compile(rf"(^|[^A-Za-z0-9_.-])/({FOLDERS})/|{'|'.join(HOSTS)}", re.MULTILINE)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
MARKS = "|".join(["no" + "qa", r"type:\s*ig" + "nore", r"pylint:\s*dis" + "able", "no" + "sec"])
SILENCED = re.compile(rf"#\s*({MARKS})\b[^#\n]*?(?P<reason>( - |#).*\w)?$")


def texts(*suffixes: str) -> list[tuple[Path, str]]:
    found = []
    for name in files():
        if suffixes and name.suffix not in suffixes:
            continue
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            found.append((name, data.decode("utf-8")))
    return found


def places(pattern: re.Pattern[str], *suffixes: str) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0).strip()}"
        for name, text in texts(*suffixes)
        for match in pattern.finditer(text)
    ]


def test_no_path_of_a_machine_and_no_registry_stands_in_a_file() -> None:
    assert places(FOREIGN) == []


def test_nothing_is_left_to_do() -> None:
    assert places(UNFINISHED, ".py", ".yml", ".yaml", ".ps1", ".sh", ".md", ".j2") == []


def test_who_silences_a_gate_says_why() -> None:
    """On the same line after another `#` or a dash, or in a comment on the line before."""
    wrong = []
    for name, text in texts(".py", ".yml", ".yaml"):
        lines = text.splitlines()
        for number, line in enumerate(lines):
            match = SILENCED.search(line)
            if match and not match.group("reason") and not (number and lines[number - 1].lstrip().startswith("#")):
                wrong.append(f"{name}:{number + 1}: {line.strip()}")
    assert wrong == []


@pytest.mark.parametrize("suffix", [".py", ".yml", ".yaml", ".ps1", ".md", ".sh", ".j2"])
def test_lines_end_plainly(suffix: str) -> None:
    wrong = [
        str(name)
        for name, text in texts(suffix)
        if text and ("\r" in text or ("\t" in text and suffix in (".py", ".yml", ".yaml")) or not text.endswith("\n"))
    ]
    assert wrong == []
