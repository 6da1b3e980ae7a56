"""Every plugin is documented where Ansible looks for it, and every action has the module that documents it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.house.project import below, plugins, read, tree

ATTRIBUTES = {"check_mode", "diff_mode", "platform"}
SUPPORT = {"full", "partial", "none", "N/A"}


def texts(name: Path) -> dict[str, str]:
    """The string constants that are assigned at the top of a file."""
    found = {}
    for node in tree(name).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


def fragments() -> dict[str, dict[str, Any]]:
    """The documentation fragments: `host` and, for further attributes of the class, `host.other`."""
    found = {}
    for name in below("plugins/doc_fragments", ".py"):
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and node.name == "ModuleDocFragment":
                for item in node.body:
                    if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant):
                        for target in item.targets:
                            part = getattr(target, "id", "").lower()
                            key = name.stem if part == "documentation" else f"{name.stem}.{part}"
                            found[key] = yaml.safe_load(item.value.value) or {}
    return found


def documentation(name: Path) -> dict[str, Any]:
    """A module's DOCUMENTATION with its fragments merged in."""
    text = texts(name).get("DOCUMENTATION", "{}")
    merged: dict[str, Any] = yaml.safe_load(text) or {}
    extends = merged.get("extends_documentation_fragment", [])
    known = fragments()
    for fragment in [extends] if isinstance(extends, str) else extends:
        if not fragment.startswith("scom.upgrade."):
            continue  # ansible-core's own; ansible-test merges those
        more = known[fragment.removeprefix("scom.upgrade.")]
        for part in ("attributes", "options"):
            merged[part] = {**more.get(part, {}), **merged.get(part, {})}
    return merged


@pytest.mark.parametrize("module", sorted(plugins("modules")))
def test_a_module_is_documented(module: str) -> None:
    name = plugins("modules")[module]
    found = texts(name)
    assert {"DOCUMENTATION", "EXAMPLES", "RETURN"} <= set(found), f"{name} lacks one of the three"
    document = documentation(name)
    assert document["module"] == module
    attributes = document.get("attributes", {})
    assert set(attributes) >= ATTRIBUTES, f"{name}: attributes lack {sorted(ATTRIBUTES - set(attributes))}"
    for attribute in ("check_mode", "diff_mode"):
        assert attributes[attribute].get("support") in SUPPORT, f"{name}: {attribute} without support"
    assert yaml.safe_load(found["EXAMPLES"]), f"{name}: no example"
    assert f"scom.upgrade.{module}:" in found["EXAMPLES"], f"{name}: the examples do not use it"
    assert yaml.safe_load(found["RETURN"]) is not None, f"{name}: RETURN is empty"


def test_every_action_has_its_module() -> None:
    assert sorted(set(plugins("action")) - set(plugins("modules"))) == []


@pytest.mark.parametrize("kind", ["filter", "inventory", "callback"])
def test_other_plugins_are_documented(kind: str) -> None:
    """In the file itself, or (filters that share a file) in a side-car of the filter's name."""
    sidecars = {name.stem for name in below(f"plugins/{kind}", ".yml")}
    wrong = []
    for stem, name in plugins(kind).items():
        names = {stem}
        if kind == "filter":
            names = exported(name) or names
        if "DOCUMENTATION" not in texts(name) and not names <= sidecars:
            wrong.append(f"{name}: {sorted(names - sidecars)}")
    assert wrong == []


def exported(name: Path) -> set[str]:
    """The filters a file exports, where `filters()` returns a dictionary that is written out."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef) and node.name == "filters":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Dict):
                    found |= {key.value for key in inner.value.keys if isinstance(key, ast.Constant)}
    return found


def test_module_files_carry_the_licence_line() -> None:
    wrong = [
        str(name) for name in below("plugins/modules", ".py") if "GNU General Public License v3.0+" not in read(name)
    ]
    assert wrong == []
