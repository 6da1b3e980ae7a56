"""A role's inputs stand in four places; these tests keep them the same everywhere.

`meta/argument_specs.yml` refuses wrong input, `defaults/main.yml` gives what was not said, `README.md` tells people, and
the example inventory (and AWX's surveys) ask for it. How they are named is said in docs/conventions.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Optional

import pytest
import yaml

from ansible_collections.scom.upgrade.plugins.filter.plan_inputs import RUN_VARIABLES
from ansible_collections.scom.upgrade.plugins.module_utils.inputs import INPUTS, PREFIX
from tests.unit.house.project import below, load, read, roles

VERBS = ("precheck", "apply", "verify")
SHARED = re.compile(r"(?<![\w.])scom_upgrade_[a-z0-9_]+")
ROW = re.compile(r"^\|\s*`(?P<name>[a-z0-9_]+)`\s*\|(?P<rest>.*)\|\s*$", re.MULTILINE)
EXAMPLE = re.compile(r"^(?:# ?)?(scom_upgrade_[a-z0-9_]+):", re.MULTILINE)
SET_BY_PLAYBOOK = re.compile(r"^ +(scom_upgrade_[a-z0-9_]+):", re.MULTILINE)
EXPRESSION = re.compile(r"\{\{[\s\S]*?\}\}|^ *(?:- )?(?:when|that|until|failed_when|changed_when): .*$", re.MULTILINE)
GUARDED = re.compile(r"(?<![\w.])(?P<name>scom_upgrade_[a-z0-9_]+)\s*\|\s*default\((?P<literal>[^()]*)\)")
TAKEN_IN = re.compile(r"^\{\{ (?P<shared>scom_upgrade_[a-z0-9_]+) \| default\((?P<literal>.*)\) \}\}$", re.DOTALL)


# A default that is no literal: what it comes to depends on another input.
EXPRESSED = object()


def specs(role: str) -> dict[str, Any]:
    return load(Path("roles", role, "meta", "argument_specs.yml"))["argument_specs"]


def options(role: str) -> dict[str, dict[str, Any]]:
    """The options of all entry points of a role together."""
    merged: dict[str, dict[str, Any]] = {}
    for entry in specs(role).values():
        merged.update(entry.get("options") or {})
    return merged


def defaults(role: str) -> dict[str, Any]:
    name = Path("roles", role, "defaults", "main.yml")
    return (load(name) or {}) if name in below(f"roles/{role}") else {}


def literal(value: Any) -> tuple[Optional[str], Any]:
    """A default as (the shared input it is taken from, the value that stands in for it)."""
    match = TAKEN_IN.match(value.strip()) if isinstance(value, str) else None
    if not match:
        return None, value
    text = match.group("literal").strip().removesuffix(", true")
    if not re.match(r"""['"\d\[{-]|true$|false$|none$""", text, re.IGNORECASE):
        return match.group("shared"), EXPRESSED  # made from another input
    try:
        # Jinja's literals are Python's, but for true, false and none; YAML reads both kinds.
        return match.group("shared"), yaml.safe_load(text.replace("\\\\", "\\"))
    except yaml.YAMLError:
        return match.group("shared"), text


def expressions(folder: str) -> str:
    """What Jinja reads of a folder's files: all between double braces, and the conditions of tasks."""
    texts = [read(name) for name in below(folder) if name.suffix in (".yml", ".j2")]
    return "\n".join(found for text in texts for found in EXPRESSION.findall(text))


def used(folder: str) -> set[str]:
    """The shared inputs that a folder's files read; internals begin with underscores and are none."""
    return set(SHARED.findall(expressions(folder)))


def guarded(folder: str) -> dict[str, set[str]]:
    """The shared inputs that are read with a default on the spot, and those defaults (`omit` leaves it to the module)."""
    found: dict[str, set[str]] = {}
    for match in GUARDED.finditer(expressions(folder)):
        found.setdefault(match.group("name"), set()).add(match.group("literal").removesuffix(", true"))
    return found


@pytest.mark.parametrize("role", roles())
def test_entry_points_are_specified(role: str) -> None:
    tasks = {name.stem for name in below(f"roles/{role}/tasks", ".yml") if len(name.parts) == 4}
    entries = set(specs(role))
    assert entries <= tasks, f"{role}: specified, but there are no tasks: {sorted(entries - tasks)}"
    assert tasks & {*VERBS, "main"} <= entries, f"{role}: not specified: {sorted(tasks & {*VERBS, 'main'} - entries)}"
    for entry, spec in specs(role).items():
        assert spec.get("short_description"), f"{role}, {entry}: no short_description"
        for name, option in (spec.get("options") or {}).items():
            assert option.get("description"), f"{role}, {entry}: {name} has no description"
            assert option.get("type"), f"{role}, {entry}: {name} has no type"


@pytest.mark.parametrize("role", roles())
def test_every_default_is_specified_and_the_same(role: str) -> None:
    known = options(role)
    for name, value in defaults(role).items():
        assert name in known, f"{role}: {name} has a default but no specification"
        shared, stands_in = literal(value)
        if "default" in known[name] and stands_in is not EXPRESSED:
            assert stands_in == known[name]["default"], f"{role}: {name} has two defaults"
        if shared:
            assert shared in str(known[name]["description"]), f"{role}: {name} does not say that it is {shared}"
    for name, option in known.items():
        if name.startswith(f"{role}_") and not option.get("required") and "default" in option:
            assert name in defaults(role), f"{role}: {name} has a default that nothing sets"


@pytest.mark.parametrize("role", roles())
def test_the_readme_names_the_same_inputs(role: str) -> None:
    told = {match.group("name") for match in ROW.finditer(read(Path("roles", role, "README.md")))}
    assert told == set(options(role))


@pytest.mark.parametrize("role", roles())
def test_shared_inputs_are_declared(role: str) -> None:
    taken = {literal(value)[0] for value in defaults(role).values()}
    known = taken | set(options(role))
    for folder in ("tasks", "templates", "handlers"):
        read_here, with_default = used(f"roles/{role}/{folder}"), guarded(f"roles/{role}/{folder}")
        assert sorted(read_here - known - set(with_default)) == [], f"{role}/{folder}: neither specified nor guarded"


def test_a_shared_input_has_one_default() -> None:
    seen: dict[str, dict[str, list[str]]] = {}
    for role in roles():
        for name, value in defaults(role).items():
            shared, stands_in = literal(value)
            if shared and stands_in is not EXPRESSED:
                seen.setdefault(shared, {}).setdefault(repr(stands_in), []).append(f"{role}: {name}")
    assert {shared: places for shared, places in seen.items() if len(places) > 1} == {}


def test_a_default_on_the_spot_is_the_same_everywhere() -> None:
    seen = guarded("roles")
    for name, literals in guarded("playbooks").items():
        seen.setdefault(name, set()).update(literals)
    assert {name: sorted(literals) for name, literals in seen.items() if len(literals - {"omit"}) > 1} == {}


def test_secrets_are_marked() -> None:
    wrong = [
        f"{role}, {entry}: {name}"
        for role in roles()
        for entry, spec in specs(role).items()
        for name, option in (spec.get("options") or {}).items()
        if re.search(r"password|secret|product_key", name) and not option.get("no_log")
    ]
    assert wrong == []


def test_the_example_inventory_names_every_shared_input() -> None:
    asked = {word for name in below("inventories/example") for word in EXAMPLE.findall(read(name))}
    declared = {name for role in roles() for name in options(role) if name.startswith(PREFIX)}
    taken = {shared for role in roles() for shared, _value in map(literal, defaults(role).values()) if shared}
    between_playbooks = {word for name in below("playbooks", ".yml") for word in SET_BY_PLAYBOOK.findall(read(name))}
    wanted = (declared | taken | used("playbooks") | {PREFIX + name for name in INPUTS}) - between_playbooks
    assert sorted(wanted - asked) == [], "inputs that the example inventory does not name"
    known = wanted | used("roles") | {PREFIX + name for name in RUN_VARIABLES}
    assert sorted(asked - known) == [], "inputs of the example inventory that nothing reads"


def test_surveys_ask_only_for_inputs() -> None:
    known = {name for role in roles() for name in options(role)}
    known |= {shared for role in roles() for shared, _value in map(literal, defaults(role).values()) if shared}
    known |= used("playbooks")
    wrong = [
        f"{name}: {question['variable']}"
        for name in below("awx", ".yml")
        if "surveys" in name.parts
        for question in (load(name) or {}).get("spec", [])
        if question["variable"] not in known
    ]
    assert wrong == []


def test_no_role_depends_on_another() -> None:
    wrong = [role for role in roles() if (load(Path("roles", role, "meta", "main.yml")) or {}).get("dependencies")]
    assert wrong == []
