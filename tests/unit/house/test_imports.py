"""Imports point downward only: decide knows nobody, talk never judges, the lab and the collection do not know each other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.unit.house.project import COLLECTION, below, imports, module_name, within

PLUGINS = f"{COLLECTION}.plugins"
DECIDE = f"{PLUGINS}.module_utils"
TALK = f"{PLUGINS}.plugin_utils"
JUDGING = [f"{DECIDE}.{name}" for name in ("rules", "path", "planner", "plan", "compare", "render")]
FACES = [f"{PLUGINS}.{name}" for name in ("modules", "action", "filter", "inventory", "callback", "lookup", "test")]
STANDARD = sys.stdlib_module_names


def own(name: Path, dotted: str) -> bool:
    """A file itself, and for an action the module of its name, whose documentation is its argument specification."""
    return within(dotted, module_name(name)) or (
        name.parts[1] == "action" and within(dotted, f"{PLUGINS}.modules.{name.stem}")
    )


def refused(name: Path) -> list[str]:
    """The imports of a plugin file that its layer may not have."""
    room = name.parts[1]
    found = []
    for line, dotted in imports(name):
        top = dotted.split(".")[0]
        if room == "module_utils":
            allowed = top in STANDARD or within(dotted, DECIDE)
        elif room == "plugin_utils":
            allowed = not within(dotted, *FACES, *JUDGING)
        else:
            allowed = not within(dotted, *FACES) or own(name, dotted)
        if not allowed or top == "tests":
            found.append(f"{name}:{line} imports {dotted}")
    return found


@pytest.mark.parametrize(
    "room", ["module_utils", "plugin_utils", "modules", "action", "filter", "inventory", "callback"]
)
def test_a_plugin_imports_only_from_below(room: str) -> None:
    assert [line for name in below(f"plugins/{room}", ".py") for line in refused(name)] == []


def test_the_lab_shares_no_code_with_the_collection() -> None:
    wrong = [
        f"{name}:{line} imports {dotted}"
        for name in below("tests/lab", ".py")
        for line, dotted in imports(name)
        if within(dotted, "ansible_collections", "plugins", "ansible")
    ]
    assert wrong == []


def test_the_machine_model_knows_none_of_its_neighbours() -> None:
    neighbours = [f"tests.lab.{name}" for name in ("wsman", "engine", "product", "sql", "server", "control")]
    wrong = [
        f"{name}:{line} imports {dotted}"
        for name in below("tests/lab/world", ".py")
        for line, dotted in imports(name)
        if within(dotted, *neighbours)
    ]
    assert wrong == []


def test_the_protocol_server_knows_the_machine_only_through_the_engine() -> None:
    wrong = [
        f"{name}:{line} imports {dotted}"
        for name in below("tests/lab/wsman", ".py")
        for line, dotted in imports(name)
        if within(dotted, "tests.lab.product", "tests.lab.sql")
    ]
    assert wrong == []
