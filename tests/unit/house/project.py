"""What the tests of the house look at: the files of the project, as git sees them."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
COLLECTION = "ansible_collections.scom.upgrade"


@functools.cache
def files() -> tuple[Path, ...]:
    """Every tracked or new file that is not ignored, relative to the root; links are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout.decode()
    names = sorted({Path(name) for name in listing.split("\0") if name})
    return tuple(name for name in names if (ROOT / name).is_file() and not (ROOT / name).is_symlink())


def below(folder: str, suffix: str = "") -> list[Path]:
    return [name for name in files() if name.is_relative_to(folder) and name.name.endswith(suffix)]


def read(name: Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tree(name: Path) -> ast.Module:
    return ast.parse(read(name), filename=str(name))


def load(name: Path) -> Any:
    return yaml.safe_load(read(name))


def module_name(name: Path) -> str:
    """The dotted name under which a Python file is imported: the plugins by the collection's name, the rest from the root."""
    parts = list(name.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([COLLECTION, *parts] if parts[0] == "plugins" else parts)


def imports(name: Path) -> Iterator[tuple[int, str]]:
    """Each import of a file as (line, dotted name), wherever it stands; relative ones are made absolute."""
    package = module_name(name).split(".")
    if name.name != "__init__.py":
        package.pop()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def within(dotted: str, *packages: str) -> bool:
    return any(dotted == package or dotted.startswith(f"{package}.") for package in packages)


def roles() -> list[str]:
    return sorted({name.parts[1] for name in below("roles") if len(name.parts) > 2})


def plugins(kind: str) -> dict[str, Path]:
    """The plugins of a kind by name, without the package files and private helpers."""
    return {name.stem: name for name in below(f"plugins/{kind}", ".py") if not name.stem.startswith("_")}
