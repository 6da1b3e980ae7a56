# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine: every rule runs, and what a rule does wrong is an outcome of its own."""

from __future__ import annotations

import datetime
from typing import Any, Optional

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.rules import engine
from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import (
    BLOCK,
    BREAKS,
    ERROR,
    MANUAL,
    NONE,
    NOTE,
    OUTAGE,
    PASS,
    WARN,
    Context,
    Finding,
    Readiness,
    Repair,
    Rule,
    UnknownRepairError,
    evaluate,
)
from ansible_collections.scom.upgrade.plugins.module_utils.waiver import UnwaivableError

NOW = datetime.datetime(2012, 5, 12, 18, 0, tzinfo=datetime.timezone.utc)
ALL = (PASS, NOTE, WARN, BLOCK, MANUAL)


def made(
    name: str,
    *findings: Finding,
    impact: str = OUTAGE,
    outcomes: tuple[str, ...] = ALL,
    raises: Optional[Exception] = None,
    options: tuple[str, ...] = (),
    repair: Optional[str] = None,
    seen: Optional[list[Context]] = None,
) -> Rule:
    def check(context: Context) -> list[Finding]:
        if seen is not None:
            seen.append(context)
        if raises:
            raise raises
        return list(findings)

    return Rule(
        id=name,
        title=f"Title of {name}",
        check=check,
        about="About it.",
        severity="block",
        impact=impact,
        outcomes=outcomes,
        columns=("object", "finding"),
        remedy="Cure it.",
        evidence="field",
        source="S14",
        tags=("sql",),
        facts=(),
        options=options,
        repair=repair,
        setup=("unknown", ""),
    )


def run(*rules: Rule, **more: Any) -> Readiness:
    return evaluate(None, None, {}, NOW, rules={one.id: one for one in rules}, **more)


def test_all_run_even_when_one_raises() -> None:
    found = run(
        made("R01", Finding(PASS, "fine")),
        made("R02", raises=KeyError("version")),
        made("R03", Finding(BLOCK, "bad", (("A", "x"),))),
    )
    assert [one.outcome for one in found.results] == [PASS, ERROR, BLOCK]
    error = found.results[1]
    assert "KeyError: 'version'" in error.message and "Traceback" not in error.message and error.remedy
    assert found.blocked_by == ["R03"] and found.failed == ["R02"]
    assert found.counts["error"] == 1 and found.counts["block"] == 1 and found.counts["pass"] == 1


def test_a_rule_that_could_have_blocked_and_failed_blocks_the_upgrade_without_being_named_a_blocker() -> None:
    found = run(made("R01", raises=ValueError("x")))
    assert found.blocked and found.blocked_by == []
    harmless = run(made("R01", raises=ValueError("x"), outcomes=(PASS, WARN)))
    assert not harmless.blocked


def test_an_outcome_that_was_not_declared_is_an_error() -> None:
    found = run(made("R01", Finding(BLOCK, "bad"), outcomes=(PASS, WARN)))
    assert found.results[0].outcome == ERROR and "does not declare: block" in found.results[0].message


def test_no_finding_is_a_pass() -> None:
    assert run(made("R01")).results[0].outcome == PASS


def test_findings_become_one_result_the_gravest_first() -> None:
    result = run(
        made("R01", Finding(NOTE, "also"), Finding(PASS, "fine"), Finding(BLOCK, "bad", (("A", "x"),)))
    ).results[0]
    assert result.outcome == BLOCK and result.message == "bad also" and result.remedy == "Cure it."


@pytest.mark.parametrize(("outcomes", "worst"), [(ALL, MANUAL), ((PASS, WARN, MANUAL), WARN)])
def test_an_unknown_fact_outweighs_a_warning_only_where_it_might_hide_a_block(
    outcomes: tuple[str, ...], worst: str
) -> None:
    found = run(made("R01", Finding(WARN, "w"), Finding(MANUAL, "m"), outcomes=outcomes))
    assert found.results[0].outcome == worst


def test_the_result_has_its_published_shape() -> None:
    found = run(made("R01", Finding(WARN, "w", (("A", 1),)), impact=NONE)).results[0].to_dict()
    assert set(found) == {
        "id", "title", "outcome", "impact", "message", "affected", "remedy", "evidence", "source", "tags", "seconds",
        "waived", "repair",
    }  # fmt: skip
    assert found["affected"] == {"columns": ["object", "finding"], "rows": [["A", 1]]}
    assert found["waived"] is None and found["repair"] is None and found["seconds"] >= 0


def test_selection_leaves_out_and_says_so() -> None:
    found = run(made("R01"), made("R02"), wanted=["!R02"])
    assert [one.rule.id for one in found.results] == ["R01"] and found.left_out == ("R02",)


def test_options_reach_their_rule_alone() -> None:
    seen: list[Context] = []
    other: list[Context] = []
    found = run(
        made("R01", options=("log_percent",), seen=seen),
        made("R02", seen=other),
        wanted=["all", {"R01": {"log_percent": 30}}],
    )
    assert seen[0].settings["log_percent"] == 30 and other[0].settings["log_percent"] == 50
    assert found.to_dict()["settings"] == {"R01.log_percent": 30}


WAIVER = {"rule": "R01", "owner": "Ada", "reason": "known", "expires": "2012-05-12"}


def test_a_waiver_is_shown_and_does_not_block() -> None:
    found = run(made("R01", Finding(BLOCK, "bad", (("A", "x"),))), waivers=[WAIVER])
    result = found.results[0].to_dict()
    assert result["outcome"] == "block" and result["waived"]["owner"] == "Ada"
    assert not found.blocked and found.blocked_by == [] and found.to_dict()["waivers"][0]["rule"] == "R01"


def test_an_expired_waiver_is_a_finding_again() -> None:
    found = run(made("R01", Finding(BLOCK, "bad")), waivers=[dict(WAIVER, expires="2012-05-11")])
    assert found.blocked_by == ["R01"] and "A waiver of Ada expired on 2012-05-11." in found.results[0].message
    assert found.results[0].to_dict()["waived"] is None and len(found.expired) == 1


def test_a_waiver_for_some_objects_leaves_the_others() -> None:
    rows = (("A", "x"), ("B", "x"))
    found = run(made("R01", Finding(BLOCK, "bad", rows)), waivers=[dict(WAIVER, objects=["a"])])
    assert found.blocked_by == ["R01"] and found.results[0].rows == (("B", "x"),)
    assert found.results[0].waived_rows == (("A", "x"),) and "Ada waived 1 of 2" in found.results[0].message
    both = run(made("R01", Finding(BLOCK, "bad", rows)), waivers=[dict(WAIVER, objects=["A", "B"])])
    assert not both.blocked


def test_what_passes_is_not_waived() -> None:
    assert run(made("R01", Finding(PASS, "fine")), waivers=[WAIVER]).results[0].waiver is None


def test_what_breaks_the_upgrade_cannot_be_waived() -> None:
    with pytest.raises(UnwaivableError):
        run(made("R01", Finding(BLOCK, "bad"), impact=BREAKS), waivers=[WAIVER])
    with pytest.raises(UnwaivableError):
        run(made("R01", Finding(WARN, "bad"), impact=BREAKS, outcomes=(PASS, WARN)), waivers=[WAIVER])


def test_what_lets_an_upgrade_begin_runs_what_blocks_and_cannot_be_waived_whatever_is_left_out() -> None:
    rules = (
        made("R01", Finding(BLOCK, "bad"), impact=BREAKS),
        made("R02", Finding(BLOCK, "bad"), impact=OUTAGE),
        made("R03", Finding(WARN, "bad"), impact=BREAKS, outcomes=(PASS, WARN)),
        made("R04", Finding(PASS, "fine")),
    )
    told = run(*rules, wanted="R04", keep=True)
    assert [one.rule.id for one in told.results] == ["R01", "R04"] and told.blocked_by == ["R01"]
    assert told.kept == ("R01",) and told.left_out == ("R02", "R03")
    assert told.to_dict()["kept"] == ["R01"] and told.to_dict()["left_out"] == ["R02", "R03"]
    judged = run(*rules, wanted="R04")
    assert not judged.blocked and judged.kept == () and judged.left_out == ("R01", "R02", "R03")


CURE = Repair("repair.allow_updates", "set it to 0", ({"host": "A"},))


def test_a_repair_that_is_opted_in_turns_a_block_into_a_note() -> None:
    one = made("R01", Finding(BLOCK, "bad", repair=CURE), repair="repair.allow_updates")
    assert run(one).blocked_by == ["R01"]
    result = run(one, repairs=["R01"]).results[0].to_dict()
    assert result["outcome"] == "note" and result["repair"]["was"] == "block" and result["repair"]["opted_in"]
    assert result["repair"]["targets"] == [{"host": "A"}] and "set it to 0" in result["message"]


def test_a_repair_that_cures_a_part_leaves_the_finding() -> None:
    part = Repair("repair.allow_updates", "half of it", (), complete=False)
    found = run(made("R01", Finding(BLOCK, "bad", repair=part), repair="repair.allow_updates"), repairs="R01")
    assert found.blocked_by == ["R01"] and found.results[0].to_dict()["repair"]["opted_in"]


def test_a_repair_nobody_offers_is_refused() -> None:
    with pytest.raises(UnknownRepairError, match="R01 has no repair; repairs exist for R02"):
        run(made("R01"), made("R02", repair="x"), repairs=["R01"])
    assert run(made("R01"), made("R02", repair="x"), repairs=["all"]).counts["pass"] == 2


def test_a_rule_is_registered_once_and_declared_rightly() -> None:
    known: dict[str, Any] = {
        "severity": "note",
        "impact": NONE,
        "outcomes": (PASS,),
        "remedy": "",
        "tags": (),
        "evidence": "field",
        "source": "",
    }
    wrong = {**known, "outcomes": ("maybe",)}
    taken = next(iter(engine.ordered())).id if engine.REGISTRY else None
    with pytest.raises(ValueError, match="declared wrongly"):
        engine.rule("X1", "wrong id", **known)(lambda context: None)
    with pytest.raises(ValueError, match="declared wrongly"):
        engine.rule("R99", "wrong outcome", **wrong)(lambda context: None)
    if taken:
        with pytest.raises(ValueError, match="registered twice"):
            engine.rule(taken, "again", **known)(lambda context: None)
