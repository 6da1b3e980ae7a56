"""Run `ansible-test sanity` on the physical copy of the collection, from what PyPI has alone.

For each of its virtual environments ansible-test first fetches a bootstrap script for pip from a server of its own,
unless it finds one in its cache. The stand-in that is put there does the same with the standard library's pip.
Everything is kept below .build, and nothing is skipped except pslint, which needs a PowerShell that no registry has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ansible_test

from tests.tools import tree

HOME = tree.BUILD / "home"

STAND_IN = '''\
"""Bootstrap pip from the standard library, then let pip fetch the version that was asked for."""
import subprocess
import sys

wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
for module in (["ensurepip", "--default-pip"], ["pip", "install", "--quiet"] + wanted):
    code = subprocess.call([sys.executable, "-m"] + module)
    if code:
        sys.exit(code)
'''


def cache_names() -> set[str]:
    """The names under which this ansible-test looks for the bootstrap script, read from its own source."""
    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    versions = set(re.findall(r"""\bpip=['"]([0-9.]+)['"]""", source.read_text(encoding="utf-8")))
    return {f"get_pip_{version.replace('.', '_')}.py" for version in versions or {"24.2", "25.2"}}


def put_stand_in() -> None:
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in cache_names():
        if not (cache / name).exists():
            (cache / name).write_text(STAND_IN, encoding="utf-8")


def environment() -> dict[str, str]:
    """The caller's environment with a home of our own; pip's settings from the real home still hold."""
    environ = dict(os.environ)
    real = Path(environ.get("HOME") or "/")
    for name in (".config/pip", ".pip", ".cache/pip"):
        link = HOME / name
        if (real / name).is_dir() and not os.path.lexists(link):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(real / name)
    environ["HOME"] = str(HOME)
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    environ.pop("ANSIBLE_COLLECTIONS_PATH", None)
    return environ


def main(arguments: list[str]) -> int:
    folder = tree.lay_out()
    put_stand_in()
    if not shutil.which("shellcheck"):
        sys.stdout.write("sanity: no shellcheck on this machine, ansible-test skips that test (Debian: shellcheck)\n")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    command = ["ansible-test", "sanity", "--python", version, "--color", "no", *arguments]
    result = subprocess.run(command, cwd=folder, env=environment(), check=False)
    ignores = sorted(folder.glob("tests/sanity/ignore*.txt"))
    if ignores:
        sys.stdout.write(f"sanity: no ignore file is allowed here: {', '.join(path.name for path in ignores)}\n")
        return 1
    return result.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
