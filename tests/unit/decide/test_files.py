# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that modules write: changed is what it says, and check mode writes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.files import bring


class Module:
    """What of an Ansible module the writing of files needs."""

    def __init__(self, tmpdir: Path, check_mode: bool = False) -> None:
        self.tmpdir = str(tmpdir)
        self.check_mode = check_mode
        self.atomic_move = os.replace


def test_a_file_changes_only_where_its_content_differs(tmp_path: Path) -> None:
    module, path = Module(tmp_path), tmp_path / "reports" / "plan.json"
    assert bring(module, str(path), b"one\n") and path.read_bytes() == b"one\n"
    written = path.stat()
    assert not bring(module, str(path), b"one\n")
    assert path.stat().st_ino == written.st_ino
    assert bring(module, str(path), b"two\n") and path.read_bytes() == b"two\n"


def test_check_mode_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    module, path = Module(tmp_path, check_mode=True), tmp_path / "reports" / "plan.json"
    assert bring(module, str(path), b"one\n") and not path.parent.exists()
    path.parent.mkdir()
    path.write_bytes(b"one\n")
    assert bring(module, str(path), b"two\n") and path.read_bytes() == b"one\n"
    assert not bring(module, str(path), b"one\n")


def test_a_file_that_cannot_be_written_whole_stays(tmp_path: Path) -> None:
    module, path = Module(tmp_path), tmp_path / "plan.json"
    path.write_bytes(b"one\n")
    module.tmpdir = str(tmp_path / "nowhere")
    with pytest.raises(OSError):
        bring(module, str(path), b"two\n")
    assert path.read_bytes() == b"one\n"
