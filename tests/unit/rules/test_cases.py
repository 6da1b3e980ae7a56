# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every rule is proven to come to each outcome it declares, and to survive facts that make no sense."""

from __future__ import annotations

import dataclasses
import functools

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import facts, inputs, model, path
from ansible_collections.scom.upgrade.plugins.module_utils.catalog import sources
from ansible_collections.scom.upgrade.plugins.module_utils.rules.book import REGISTRY, ordered
from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import Rule, evaluate
from tests.unit.decide.estates import snapshot_from_estate
from tests.unit.rules.cases import CASES, SIMPLE, Case

RULES = ordered()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.outcome}-{case.estate}")
def test_a_case_comes_to_its_outcome(case: Case) -> None:
    (result,) = case.run().results
    assert result.outcome == case.outcome, result.message
    assert case.says in result.message
    assert result.message.endswith(".") or result.message.endswith("!")
    if result.outcome in ("block", "warn"):
        assert result.remedy
    for row in result.rows:
        assert len(row) == len(result.rule.columns), (row, result.rule.columns)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_every_outcome_of_a_rule_has_a_case(one: Rule) -> None:
    assert {case.outcome for case in CASES if case.rule == one.id} == set(one.outcomes)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_a_rule_that_raises_gives_error_and_the_others_go_on(one: Rule) -> None:
    def broken(context: object) -> None:
        raise RuntimeError("on purpose")

    rules = {**REGISTRY, one.id: dataclasses.replace(one, check=broken)}
    found = evaluate(*_group(), rules=rules)
    assert found.failed == [one.id]
    assert len(found.results) == len(RULES)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_a_rule_is_described(one: Rule) -> None:
    assert one.about and one.remedy and one.title and one.tags and one.facts and one.columns
    assert set(one.evidence.split(", ")) <= set(sources.EVIDENCE)
    assert one.source and one.setup[0] in ("checks", "fails later", "not checked", "unknown") and one.setup[1]
    assert one.title[-1] != "." and one.remedy[-1] == "." and one.about[-1] == "."


def test_the_numbers_have_no_gap() -> None:
    assert [one.number for one in RULES] == list(range(1, len(RULES) + 1))


def test_the_first_forty_keep_the_severity_of_the_rule_base() -> None:
    """What the rule base lets block, blocks; what the procedure itself clears in a step was lowered on purpose."""
    blocking = {1, 3, 5, 6, 7, 8, 9, 11, 19, 21, 23, 24, 25, 28, 32, 35, 38, 40}
    cleared_by_a_step = {12, 15, 16, 26, 27, 29, 30}
    able = {one.number for one in RULES if "block" in one.outcomes and one.number <= 40}
    assert able == blocking | {4}
    assert not able & cleared_by_a_step


@functools.cache
def _group() -> tuple[object, ...]:
    group = model.build(facts.load(snapshot_from_estate(SIMPLE)))
    complete = inputs.normalise({})
    return group, path.decide(group, complete), complete
