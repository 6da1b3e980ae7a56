"""The project's own papers: versions agree, the tarball leaves out what is made, nothing is silently excused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.house.project import ROOT, below, files, load, read

GALAXY = load(Path("galaxy.yml"))


def requirements(name: str) -> list[str]:
    return [line for line in read(Path(name)).splitlines() if line and not line.startswith("#")]


def test_the_changelog_has_this_version() -> None:
    releases = load(Path("changelogs/changelog.yaml"))["releases"]
    assert GALAXY["version"] in releases
    assert f"v{GALAXY['version']}" in read(Path("CHANGELOG.md")).replace("\\", "")


def test_the_tarball_leaves_out_what_is_made_here() -> None:
    made = {line.strip("/") for line in read(Path(".gitignore")).splitlines() if line.endswith("/")}
    globs = {"__pycache__"}  # Galaxy leaves compiled files out by itself
    left_out = set(GALAXY["build_ignore"]) | globs
    wrong = sorted(
        name for name in made if not any(name == other or name.startswith(f"{other}/") for other in left_out)
    )
    assert wrong == []


def test_users_requirements_are_floors() -> None:
    """An upper bound in a collection's requirements fights with every other collection in the same environment."""
    lines = requirements("requirements.txt")
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.\[\],-]+>=[0-9.]+", line)] == []
    assert not any(line.lower().startswith("ansible") for line in lines)


def test_the_tests_requirements_are_pinned() -> None:
    open_ended = [line for line in requirements("requirements-test.txt") if "==" not in line and "<" not in line]
    assert open_ended == []


def test_no_gate_has_an_ignore_file() -> None:
    assert below("tests/sanity") == []
    assert [name for name in files() if name.name in (".ansible-lint-ignore", "ignore.txt")] == []
    lint = load(Path(".ansible-lint"))
    assert lint["profile"] == "production"
    assert not lint.get("skip_list")
    assert not lint.get("warn_list")


def test_it_depends_on_no_collection() -> None:
    assert GALAXY["dependencies"] == {}
    assert load(Path("collections/requirements.yml"))["collections"] == []


def test_a_clone_finds_its_own_names() -> None:
    link = ROOT / "playbooks/collections/ansible_collections/scom/upgrade"
    assert link.is_symlink()
    assert link.resolve() == ROOT


@pytest.mark.parametrize("name", [".ci/run", "tests/tools/system.sh"])
def test_scripts_can_be_run(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111


def test_ci_runs_exactly_the_command_that_people_run() -> None:
    commands = [
        line for line in read(Path(".ci/run")).splitlines() if "make" in line and not line.lstrip().startswith("#")
    ]
    assert commands[-1] == "exec make test"
