# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SARIF view keeps to the standard's schema, whatever it has to show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.scom.upgrade.plugins.module_utils.render.compose import compose
from ansible_collections.scom.upgrade.plugins.module_utils.render.sarif import sarif
from tests.unit.decide.estates import inputs_from_estate, public_estates, snapshot_from_estate
from tests.unit.render.sample import finding, report_of
from tests.unit.render.sarif_schema import SARIF


def errors(document: Any) -> list[str]:
    """What the schema finds wrong."""
    found = Draft202012Validator(SARIF).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SARIF)


@pytest.mark.parametrize("estate", public_estates())
def test_public_estates_validate(estate: str) -> None:
    report = compose(snapshot_from_estate(estate), inputs_from_estate(estate))
    assert errors(json.loads(sarif(report))) == []


@pytest.mark.parametrize(
    "report",
    [
        report_of(),
        report_of(readiness={"left_out": ["R72"], "kept": ["R09"]}),
        report_of(findings=[]),
        report_of(findings=[finding("R07", "block", "Twice"), finding("R07", "warn", "Twice")]),
        {"plan": {"phases": []}},
    ],
)
def test_every_kind_of_report_validates(report: dict[str, Any]) -> None:
    assert errors(json.loads(sarif(report))) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), "2.0.0"),
        (("runs", 0, "tool"), {}),
        (("runs", 0, "results", 0, "message"), {}),
        (("runs", 0, "results", 0, "level"), "fatal"),
        (("runs", 0, "results", 0, "outcome"), "block"),
        (("runs", 0, "invocations", 0), {}),
    ],
)
def test_the_schema_would_notice(place: tuple[Any, ...], value: Any) -> None:
    document = json.loads(sarif(report_of()))
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert errors(document)
