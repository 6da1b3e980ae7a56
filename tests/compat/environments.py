"""Throw-away virtual environments, one for each ansible-core, kept under `.build/compat` between runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".build" / "compat"
CLIENTS = ("pywinrm", "pypsrp")


class Missing(Exception):
    """An environment can't be made here: no such interpreter, or nothing to install from."""


@dataclass(frozen=True)
class Version:
    """An ansible-core, and the interpreters it runs on, the one to use first."""

    core: str
    pythons: tuple[str, ...]

    def __str__(self) -> str:
        return f"core-{self.core}"


VERSIONS = (
    Version("2.15", ("3.9", "3.10", "3.11")),
    Version("2.16", ("3.11", "3.10", "3.12")),
    Version("2.17", ("3.11", "3.10", "3.12")),
    Version("2.18", ("3.11", "3.12", "3.13")),
    Version("2.19", ("3.12", "3.11", "3.13")),
    Version("2.20", ("3.12", "3.13")),
    Version("2.21", ("3.13", "3.12")),
)


def interpreter(version: str) -> Path | None:
    """A Python of this version: from PATH, or from a folder of versions below the home directory."""
    folders = sorted(Path.home().glob(f".pyenv/versions/{version}*"), reverse=True)
    found = [shutil.which(f"python{version}"), *(str(folder / "bin" / "python3") for folder in folders)]
    return next((Path(path) for path in found if path and _runs(path, version)), None)


def _runs(path: str, version: str) -> bool:
    """Whether it is one; a shim of that name may be there without anything behind it."""
    text = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        ran = subprocess.run([path, "-c", text], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return ran.stdout.strip() == version


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time makes an environment."""
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def environment(version: Version) -> Path:
    """The `bin` folder of the environment for a version, made when it is not there."""
    python = next((found for each in version.pythons if (found := interpreter(each))), None)
    if python is None:
        raise Missing(f"ansible-core {version.core} needs Python {' or '.join(version.pythons)}; none was found")
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / str(version)
    wanted = "\n".join((str(python), f"ansible-core=={version.core}.*", *CLIENTS))
    stamp = folder / "installed"
    with _alone(CACHE / f"{version}.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            _run([str(python), "-m", "venv", str(folder)])
            _run(
                [
                    str(folder / "bin" / "python"),
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--disable-pip-version-check",
                    *wanted.splitlines()[1:],
                ]
            )
            stamp.write_text(wanted)
    return folder / "bin"


def _run(command: list[str]) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=environ)
    if ran.returncode:
        raise Missing(f"{' '.join(command[1:4])} failed: {(ran.stderr or ran.stdout).strip()[-400:]}")
