"""The controller may be Python 3.9 (stock AWX): everything in plugins/ has to run there."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from tests.unit.house.project import ROOT, below, read, tree

PLUGINS = below("plugins", ".py")


def python39() -> Optional[str]:
    """An interpreter of the oldest version, where there is one."""
    places = [shutil.which("python3.9") or "", *map(str, Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9"))]
    for place in places:
        if place and subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
            return place
    return None


def test_every_file_has_the_syntax_of_39() -> None:
    for name in PLUGINS:
        ast.parse(read(name), filename=str(name), feature_version=(3, 9))


def test_annotations_are_never_evaluated() -> None:
    wrong = []
    for name in PLUGINS:
        body = [
            node
            for node in tree(name).body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        first = body[0] if body else None
        if body and not (isinstance(first, ast.ImportFrom) and first.module == "__future__"):
            wrong.append(str(name))
    assert wrong == [], "these do not begin with `from __future__ import annotations`"


def test_nothing_newer_than_39_is_used() -> None:
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("vermin")),
            "--target=3.9-",
            "--no-tips",
            "--violations",
            "--quiet",
            "plugins",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_decides_can_be_imported_by_39() -> None:
    interpreter = python39()
    if interpreter is None:
        # Not on every machine; the two tests above hold the same promise by reading.
        pytest.skip("no Python 3.9 on this machine")
    modules = [".".join(name.with_suffix("").parts) for name in below("plugins/module_utils", ".py")]
    modules = [f"ansible_collections.scom.upgrade.{name.removesuffix('.__init__')}" for name in modules]
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "playbooks" / "collections"), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [interpreter, "-c", code, *modules], env=environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
