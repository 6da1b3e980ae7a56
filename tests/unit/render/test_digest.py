# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all views rest on: times, groups, verdicts, and refusing what is no report."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.render import words
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest import read_report
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest_types import ReportError
from ansible_collections.scom.upgrade.plugins.module_utils.render.schedule import union
from ansible_collections.scom.upgrade.plugins.module_utils.render.verdict import by_hand_text, verdict_text
from tests.unit.render.sample import finding, plan_of, report_of, step


def digest_of(*steps: dict[str, Any], **more: Any) -> Any:
    return read_report({"plan": plan_of(list(steps)), **more})


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3540, "59 min"), (3600, "1 h"), (3900, "1 h 05 min"), (86400, "1 d"),
        (97200, "1 d 3 h"), (None, "?"), ("x", "?"), (True, "?"), (float("nan"), "?"), (-1, "?"), (float("inf"), "11574074 d 2 h"),
    ],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(seconds: Any, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_step_starts_when_what_it_requires_ends() -> None:
    digest = digest_of(
        step("prepare.a", "x", "A", [], 10),
        step("prepare.b", "x", "B", [], 30),
        step("prepare.c", "x", "C", [], 5, requires=["prepare.a", "prepare.b", "gone"]),
    )
    assert [(one.start, one.end) for one in digest.steps] == [(0, 600), (0, 1800), (1800, 2100)]
    assert [one.id for one in digest.critical_path] == ["prepare.b", "prepare.c"]
    assert digest.elapsed.likely == 2100
    assert digest.elapsed.low == 1050


def test_what_is_done_takes_no_more_time() -> None:
    digest = digest_of(
        step("prepare.a", "x", "A", [], 60, state="done"), step("prepare.b", "x", "B", [], 10, requires=["prepare.a"])
    )
    assert digest.elapsed.likely == 600
    assert digest.verdict == "running"
    assert [one.id for one in digest.critical_path] == ["prepare.b"]


def test_overlapping_downtime_counts_once() -> None:
    assert union([(0, 10), (5, 20), (30, 40)]) == 30
    assert union([]) == 0
    digest = digest_of(
        step("quiesce.a", "x", "A", [], 10, downtime=True),
        step("quiesce.b", "x", "B", [], 20, downtime=True),
        step("quiesce.c", "x", "C", [], 60),
    )
    assert digest.downtime.likely == 1200


def test_a_circle_of_steps_ends() -> None:
    digest = digest_of(
        step("prepare.a", "x", "A", [], 10, requires=["prepare.b"]),
        step("prepare.b", "x", "B", [], 10, requires=["prepare.a"]),
    )
    assert {one.id for one in digest.steps} == {"prepare.a", "prepare.b"}
    assert digest.critical_path


@pytest.mark.parametrize(
    ("window", "fits"),
    [(9000.0, "yes"), (4000, "likely"), (3000, "no"), (None, ""), ({"seconds": 9000}, "yes"), ("weekend", ""),
     ({"start": "2012-05-12T18:00:00Z", "end": "2012-05-12T19:10:00Z"}, "likely"), ({"start": "x", "end": "y"}, "")],
)  # fmt: skip
def test_the_window_is_compared_with_the_estimates(window: Any, fits: str) -> None:
    plan = plan_of([step("prepare.a", "x", "A", [], 60)], inputs={"window": window})
    assert read_report({"plan": plan}).fits == fits


def test_agents_are_one_line_unless_asked_for() -> None:
    digest = read_report(report_of(manual=50, pushed=2000))
    lines = {group.key: group for group in digest.groups}
    assert len(lines["manual_agents:agent.upgrade"].steps) == 50
    assert lines["pushed_agents:agents.approve"].title == "Upgrade 2,000 pushed agents in 10 batches"
    assert lines["pushed_agents:agents.approve"].one_by_one
    assert not lines["manual_agents:agent.upgrade"].one_by_one
    assert len(read_report(report_of(manual=50), list_agents=True).groups) == len(
        read_report(report_of(manual=50)).steps
    )


def test_verdicts() -> None:
    one = step("prepare.a", "x", "A", [], 1)
    passed = [finding("R01", "pass", "x")]
    assert digest_of(one, findings=passed).verdict == "ready"
    assert digest_of(one).verdict == "unjudged", "no rule was run, so nobody knows"
    assert digest_of().verdict == "nothing"
    assert digest_of({**one, "state": "failed"}).verdict == "failed"
    assert digest_of({**one, "state": "done"}).verdict == "nothing"
    assert digest_of(one, findings=[finding("R07", "block", "x")]).verdict == "blocked"
    assert digest_of(one, findings=[finding("R07", "block", "x", waived={"owner": "me"})]).verdict == "ready"


@pytest.mark.parametrize(
    ("report", "place"),
    [
        ([], "report: expected a mapping"),
        ({}, "report.plan"),
        ({"plan": 5}, "report.plan"),
        ({"plan": {"phases": "x"}}, "plan.phases: expected a list"),
        ({"plan": {"phases": [5]}}, "plan.phases[0]"),
        ({"plan": {"phases": [{"steps": [5]}]}}, "plan.phases[0].steps[0]"),
        ({"plan": {"phases": [{"steps": [{"id": ""}]}]}}, "plan.phases[0].steps[0].id"),
        ({"plan": {"phases": [{"steps": [{"id": "a"}, {"id": "a"}]}]}}, "occurs twice"),
        ({"plan": {"phases": [{"steps": [{"id": "a", "requires": 5}]}]}}, "requires: expected a list"),
        ({"plan": {"phases": []}, "findings": {}}, "findings: expected a list"),
        ({"plan": {"phases": []}, "findings": ["x"]}, "findings[0]"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(report: Any, place: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_report(report)
    assert place in str(caught.value)


def test_half_filled_steps_are_shown_as_far_as_they_go() -> None:
    digest = read_report(
        {"plan": {"phases": [{"name": "prepare", "steps": [{"id": "a", "why": "because", "hosts": "X"}]}]}}
    )
    only = digest.steps[0]
    assert (only.title, only.hosts, only.why[0].text, only.estimate.high, only.state) == (
        "a",
        ("X",),
        "because",
        0,
        "planned",
    )


def test_what_is_in_the_way_of_the_plan_blocks_whatever_the_findings_say() -> None:
    one = step("prepare.a", "x", "A", [], 1)
    loop = {
        "rule": "",
        "text": "These gateways report to each other in a circle: A, B.",
        "remedy": "Give one a server.",
    }
    path = {"blockers": [{"rule": "R05", "text": "No spare.", "remedy": "Add one."}, loop]}
    passed = [finding("R01", "pass", "x")]
    digest = read_report({"plan": plan_of([one], blockers=[loop]), "path": path, "findings": passed})
    assert digest.verdict == "blocked"
    assert [told.text for told in digest.obstacles] == [loop["text"], "No spare."], "each is told once"
    blocking = [finding("R05", "block", "x")]
    digest = read_report({"plan": plan_of([one], blockers=[loop]), "path": path, "findings": blocking})
    assert [told.text for told in digest.obstacles_alone] == [loop["text"]], "R05 is told by its finding"


def test_a_plan_without_its_findings_still_tells_that_one_blocks() -> None:
    one = step("prepare.a", "x", "A", [], 1)
    digest = read_report(plan_of([one], findings={"blocked": True, "blocked_by": ["R09"], "counts": {"block": 1}}))
    assert digest.verdict == "blocked" and "R09" in digest.obstacles[0].text
    digest = read_report(plan_of([one], findings={"blocked": False, "blocked_by": [], "counts": {"pass": 3}}))
    assert digest.verdict == "ready"


def test_what_a_person_does_and_why() -> None:
    digest = digest_of(
        step("prepare.join.A", "server.join", "Join", ["A"], 1, mode="manual"),
        step("manual_agents.upgrade.B", "agent.upgrade", "Upgrade", ["B"], 1, mode="manual"),
        step("gateways.upgrade.C", "gateway.upgrade", "Upgrade", ["C"], 1),
        findings=[finding("R01", "pass", "x")],
    )
    assert [one.id for one in digest.by_hand] == ["prepare.join.A", "manual_agents.upgrade.B"]
    assert [one.id for one in digest.left_to_people] == ["prepare.join.A"], "the roles could upgrade the agent"
    said = by_hand_text(digest)
    assert said.startswith(
        "This version plans 1 step (1 in Prepare servers) and leaves it to a person. Nothing else starts"
    )
    assert "1 more step: " in said
    assert verdict_text(digest) == "READY, PARTLY BY HAND: 3 steps to do, 2 of them by hand, nothing blocks"
