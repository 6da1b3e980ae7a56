# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Durations: literal by kind, a model of settings, corrected by the journal; and what of the inputs makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import inputs, planner
from ansible_collections.scom.upgrade.plugins.module_utils.catalog.durations import DURATIONS
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.estimate import Estimator
from ansible_collections.scom.upgrade.plugins.module_utils.planner.kinds import KINDS
from ansible_collections.scom.upgrade.plugins.module_utils.rules.repairs import TEMPLATES
from tests.unit.decide.estates import inputs_from_estate, snapshot_from_estate

LITERAL = {"low": 1, "likely": 2, "high": 3}


def test_every_kind_of_step_has_figures_and_every_figure_a_kind() -> None:
    assert set(DURATIONS) == {*KINDS, *TEMPLATES, "other"}
    for row in DURATIONS.values():
        assert 0 < row.base[0] <= row.base[1] <= row.base[2], row
        assert row.rate[0] <= row.rate[1] <= row.rate[2] and bool(any(row.rate)) == bool(row.unit), row


def test_an_estimate_by_kind_is_the_duration_of_each_of_its_steps() -> None:
    snapshot, given = snapshot_from_estate("distributed-simple"), inputs_from_estate("distributed-simple")
    kinds = {"group.upgrade": LITERAL, "agents.approve": LITERAL}
    found = [step for step in planner.make(snapshot, {**given, "estimates": kinds}).steps if step.kind in kinds]
    assert {step.kind for step in found} == set(kinds)
    assert all(step.estimate.to_dict() == LITERAL for step in found)


def test_a_kind_without_figures_takes_as_long_as_the_inputs_say_of_others() -> None:
    literal = Estimator({"other": LITERAL})
    assert literal.of("nobody.knows", 7).to_dict() == LITERAL == literal.of("other").to_dict()
    assert literal.of("group.upgrade") == Estimator().of("group.upgrade")


def test_neither_size_nor_journal_changes_a_literal_duration() -> None:
    journal = [{"event": "done", "data": {"kind": "group.upgrade", "duration": 99999, "size": 10}}]
    assert Estimator({"group.upgrade": LITERAL}, journal).of("group.upgrade", 500).to_dict() == LITERAL


def test_what_is_missing_of_a_literal_duration_is_as_the_next_worse_figure() -> None:
    assert Estimator({"gateway.upgrade": {"low": 5, "high": 9}}).of("gateway.upgrade").likely == 9
    assert Estimator({"gateway.upgrade": {"low": 5}}).of("gateway.upgrade").high == 5


def test_every_figure_of_the_model_is_a_setting() -> None:
    own = {"durations": {"group.upgrade": {"base": {"likely": 100}, "rate": LITERAL}}}
    assert Estimator(settings=own).of("group.upgrade", 10).to_dict() == {"low": 110, "likely": 120, "high": 130}
    usual = Estimator().of("group.upgrade", 10)
    only_rate = Estimator(settings={"durations": {"group.upgrade": {"rate": LITERAL}}}).of("group.upgrade", 10)
    assert only_rate.likely == Estimator().of("group.upgrade").likely + 20 != usual.likely
    assert Estimator(settings={"durations": {"other": {"base": LITERAL}}}).of("nobody.knows").to_dict() == LITERAL


def test_the_journal_corrects_at_most_by_a_setting() -> None:
    journal = [{"event": "done", "data": {"kind": "gateway.upgrade", "duration": 1e9}}]
    assert Estimator({}, journal).corrections == {"gateway.upgrade": 20}
    assert Estimator({}, journal, {"most_correction": 3}).corrections == {"gateway.upgrade": 3}


def test_repairs_take_as_long_as_the_inputs_say() -> None:
    given = {"repairs": ["R21"], "estimates": {"repair.allow_updates": LITERAL}}
    step = next(one for one in conclude(snapshot_from_estate("not-ready"), given).plan.steps if "repair" in one.id)
    assert step.estimate.to_dict() == LITERAL


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"estimates": {"nope": LITERAL}},
            r"kinds of step, and nope is none; known: acs.upgrade, .*web_console.upgrade",
        ),
        ({"estimates": {"group.upgrade": {"low": 5, "likely": 2, "high": 3}}}, "low <= likely <= high under group.upg"),
        ({"estimates": {"group.upgrade": {"low": 5, "high": 3}}}, "low <= likely <= high"),
        ({"estimates": {"group.upgrade": {"lowest": 5}}}, r"\{low, likely, high\} in seconds under group.upgrade"),
        ({"estimates": {"group.upgrade": {"low": -5}}}, "seconds of 0 or more"),
        ({"estimates": {"group.upgrade": {"low": float("nan")}}}, "seconds of 0 or more"),
        ({"estimates": {"group.upgrade": 60}}, r"\{low, likely, high\} in seconds"),
        ({"estimates": [60]}, "a mapping by kind of step"),
        ({"settings": {"durations": {"nope": {}}}}, "durations: expected kinds of step, and nope is none"),
        (
            {"settings": {"durations": {"group.upgrade": LITERAL}}},
            r"\{base: figures, rate: figures\} under group.upgrade",
        ),
        (
            {"settings": {"durations": {"gateway.upgrade": {"rate": LITERAL}}}},
            "no rate under gateway.upgrade, whose steps",
        ),
        ({"settings": {"durations": {"group.upgrade": {"base": {"low": 9, "high": 1}}}}}, "low <= likely <= high"),
        ({"settings": {"most_correction": 0}}, "most_correction: expected a factor of 1 or more"),
        ({"window": {"start": "2012-05-12T18:00:00Z"}}, "expected start and end, or seconds alone"),
        ({"window": {"start": "2012-05-13", "end": "2012-05-12"}}, "expected an end after its start"),
        ({"window": {"start": "2012-05-12", "end": "2012-05-12"}}, "expected an end after its start"),
        ({"window": {"start": "saturday", "end": "2012-05-12"}}, "ISO 8601 times such as 2012-05-12T18:00:00Z"),
        ({"window": {"seconds": 60, "start": "2012-05-12"}}, "start and end, or seconds alone"),
        ({"window": {"seconds": -1}}, "seconds of more than 0"),
        ({"window": float("inf")}, "the seconds of the window, more than 0"),
        ({"window": {}}, "start and end, or seconds alone"),
    ],
)
def test_what_makes_no_sense_is_named(given: dict[str, Any], message: str) -> None:
    name = next(iter(given))
    with pytest.raises(inputs.InputError, match=f"scom_upgrade_{name}: .*{message}"):
        inputs.normalise(given)


@pytest.mark.parametrize(
    "window",
    [3600, {"seconds": 60}, {"start": "2012-05-12T18:00:00+02:00", "end": "2012-05-12T17:00:00Z"}],
)
def test_windows_that_make_sense(window: Any) -> None:
    assert planner.make(snapshot_from_estate("single-simple"), {"window": window}).estimate["window"]["seconds"] > 0
