"""Lay the checkout out as a physical collection tree, .build/tree/ansible_collections/scom/upgrade.

ansible-test refuses a symlink and ansible-lint wants the collection's own names to resolve, so both work on this
copy of what git tracks or would track. Files that did not change keep their times, so that caches stay good.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
COLLECTIONS = BUILD / "tree"
TREE = COLLECTIONS / "ansible_collections" / "scom" / "upgrade"

# The link by which a clone finds its own names. Here the real folder does that, and galaxy.yml leaves it out as well.
LINK = ("playbooks", "collections")

# What the gates themselves leave behind in the copy; not ours to delete between two runs.
KEPT = {".ansible", ".git", ".mypy_cache", ".ruff_cache"}


def wanted() -> set[Path]:
    """Every file that is tracked, or is new and not ignored, and still exists."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout.decode()
    names = {Path(name) for name in listing.split("\0") if name and os.path.lexists(ROOT / name)}
    return {name for name in names if name.parts[:2] != LINK}


def same(source: Path, target: Path) -> bool:
    if source.is_symlink() or target.is_symlink():
        return source.is_symlink() and target.is_symlink() and os.readlink(source) == os.readlink(target)
    return (
        target.is_file()
        and source.stat().st_mode == target.stat().st_mode
        and filecmp.cmp(source, target, shallow=False)
    )


def lay_out() -> Path:
    """Bring the copy up to date and return its folder; two gates may ask for it at once."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "tree.lock", "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _lay_out()
    return TREE


def _lay_out() -> None:
    files = wanted()
    TREE.mkdir(parents=True, exist_ok=True)
    if not (TREE / ".git").exists():
        # Both tools ask git what belongs to a project; without this they would ask the checkout, which ignores .build.
        subprocess.run(["git", "init", "--quiet", str(TREE)], check=True)
    for folder, names, leaves in os.walk(TREE, topdown=True):
        here = Path(folder)
        names[:] = [name for name in names if here != TREE or name not in KEPT]
        for leaf in [*leaves, *(name for name in names if (here / name).is_symlink())]:
            if (here / leaf).relative_to(TREE) not in files:
                (here / leaf).unlink()
    for name in sorted(files):
        source, target = ROOT / name, TREE / name
        if same(source, target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            target.unlink()
        try:
            shutil.copy2(source, target, follow_symlinks=False)
        except FileNotFoundError:
            continue  # it was there when git listed it: an editor's temporary file
    for folder, _names, _leaves in os.walk(TREE, topdown=False):
        here = Path(folder)
        if here != TREE and not KEPT & set(here.relative_to(TREE).parts) and not os.listdir(here):
            here.rmdir()


if __name__ == "__main__":
    sys.stdout.write(f"{lay_out()}\n")
