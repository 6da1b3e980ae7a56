# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The published JSON Schemas are schemas, are current, and accept what the collection makes and nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.scom.upgrade.plugins.module_utils.render import words
from tests.unit.decide.estates import public_estates, snapshot_from_estate
from tests.unit.render.sample import findings, report_of
from tests.unit.render.schemas import FOLDER, published, snapshot_schema

NAMES = ("plan", "findings", "snapshot")


def errors(name: str, value: Any) -> list[str]:
    """What a published schema finds wrong."""
    found = Draft202012Validator(published(name)).iter_errors(json.loads(json.dumps(value)))
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(published(name))
    assert published(name)["$id"].endswith(f"/{name}.schema.json")


def test_nothing_else_is_published() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.json")) == sorted(f"{name}.schema.json" for name in NAMES)


def test_the_snapshot_schema_is_current() -> None:
    assert published("snapshot") == snapshot_schema(), "write it anew: python -m tests.unit.render.schemas"


@pytest.mark.parametrize("estate", public_estates())
def test_snapshots_validate(estate: str) -> None:
    assert errors("snapshot", snapshot_from_estate(estate)) == []


def test_a_wrong_snapshot_does_not_validate() -> None:
    snapshot = snapshot_from_estate("single-simple")
    for change in ({"schema": 2}, {"hosts": None}, {"hosts": []}, {"unheard_of": 1}, {"journal": [{"event": "x"}]}):
        assert errors("snapshot", {**snapshot, **change}), change
    host = copy.deepcopy(snapshot)
    host["hosts"]["OM01"]["memory_mb"] = "much"
    assert errors("snapshot", host)


def test_the_words_of_the_schemas_are_those_of_the_views() -> None:
    plan, finding = published("plan"), published("findings")
    step = plan["$defs"]["step"]["properties"]
    assert plan["properties"]["path"]["enum"] == list(words.PATHS)
    assert plan["$defs"]["phase"]["properties"]["name"]["enum"] == list(words.PHASES)
    assert set(step["mode"]["enum"]) == set(words.MODES)
    assert set(step["reversibility"]["enum"]) == set(words.REVERSIBILITY)
    assert set(step["state"]["enum"]) == set(words.STATES) - {"planned"}
    properties = finding["$defs"]["finding"]["properties"]
    assert set(properties["outcome"]["enum"]) == set(words.OUTCOMES)
    assert set(properties["impact"]["enum"]) == set(words.IMPACTS)


def test_the_samples_of_the_other_tests_validate() -> None:
    assert errors("plan", report_of()["plan"]) == []
    told = [{**one, "repair": None} for one in findings()]
    assert errors("findings", told) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("outcome", "fail"), ("impact", "outage"), ("evidence", "hearsay"), ("waived", {}), ("affected", []), ("id", "7")],
)
def test_a_wrong_finding_does_not_validate(key: str, value: Any) -> None:
    assert errors("findings", [{**findings()[0], key: value}])
