# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as data: hash, order, states, what makes it stale; estimates and what they add up to."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import planner
from ansible_collections.scom.upgrade.plugins.module_utils.estimate import Estimator
from ansible_collections.scom.upgrade.plugins.module_utils.plan import (
    Plan,
    PlanError,
    check_order,
    progress,
    stale,
    waves,
    with_states,
)
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import simulate
from tests.unit.decide import estates

NAME = "distributed-simple"


@pytest.fixture(name="snapshot")
def _snapshot() -> dict[str, Any]:
    return estates.snapshot_from_estate(NAME)


@pytest.fixture(name="inputs")
def _inputs() -> dict[str, Any]:
    return estates.inputs_from_estate(NAME)


def test_a_plan_survives_json_and_keeps_its_hash(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    plan = planner.make(snapshot, inputs)
    again = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.hash == plan.hash == plan.to_dict()["hash"] and len(plan.hash) == 64
    assert again.to_dict() == plan.to_dict()


def test_the_hash_follows_facts_and_inputs_and_nothing_else(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    plan = planner.make(snapshot, inputs)
    later = copy.deepcopy(snapshot)
    later["collected"] = "2012-05-12T19:00:00Z"
    for facts in later["hosts"].values():
        facts["collected"], facts["boot_time"], facts["clock_skew_seconds"] = "2012-05-12T19:00:00Z", None, 3
        facts["disks"][0]["free_mb"] -= 7
        facts["held_open"] = {"programs": [{"name": "Console.exe", "path": "C:\\P\\Console.exe", "id": 7}], "shares": None}
        facts["queue_kb"] = {"CONTOSO": 76800}
    later["group"]["alerts"] = {"open": 99, "critical": 9}
    assert planner.make(later, inputs).hash == plan.hash
    assert planner.make(snapshot, {**inputs, "push_batch": 20}).hash != plan.hash
    later["hosts"]["MS02"]["os"]["service_pack"] = 2
    assert planner.make(later, inputs).hash != plan.hash


def test_an_edited_plan_is_refused(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    data = planner.make(snapshot, inputs).to_dict()
    data["phases"][1]["steps"][0]["hosts"] = ["SQL02"]
    with pytest.raises(PlanError, match="edited"):
        Plan.from_dict(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"schema": 9}, "schema 9"), ({"inputs": None}, "inputs"), ({"phases": [{"name": "x"}]}, "steps"), ({"why": 3}, "field")],
)  # fmt: skip
def test_what_is_no_plan_is_named(change: dict[str, Any], words: str, snapshot: dict[str, Any]) -> None:
    data = {**planner.make(snapshot, {}).to_dict(), **change}
    with pytest.raises(PlanError, match=words if words != "inputs" else "field"):
        Plan.from_dict(data)
    with pytest.raises(PlanError):
        Plan.from_dict({})


def test_circles_and_unknown_requirements_are_found(snapshot: dict[str, Any]) -> None:
    one, two = planner.make(snapshot, {}).steps[:2]
    with pytest.raises(PlanError, match="wait for each other"):
        check_order([replace(one, requires=(two.id,)), replace(two, requires=(one.id,))])
    with pytest.raises(PlanError, match="no step of the plan"):
        check_order([replace(one, requires=("nowhere",))])
    with pytest.raises(PlanError, match="two steps"):
        check_order([one, one])


def test_waves_run_side_by_side(snapshot: dict[str, Any]) -> None:
    plan = planner.make(snapshot, {})
    found = waves([step for step in plan.steps if step.phase == "manual_agents"])
    assert len(found) == 2 and found[1] == ["manual_agents.upgrade.ADM01"]


def test_states_follow_from_what_remains_and_the_journal(snapshot: dict[str, Any]) -> None:
    plan = planner.make(snapshot, {})
    states = {step.id: step.state for step in plan.steps}
    assert states["pre_upgrade.pending"] == "ready" and states["management_group.upgrade"] == "waiting"
    journal = [
        {"step": "pre_upgrade.pending", "event": "started"},
        {"step": "pre_upgrade.backup.audit", "event": "started"},
        {"step": "pre_upgrade.backup.audit", "event": "failed"},
    ]
    told = {step.id: step.state for step in with_states(plan, journal).steps}
    assert (told["pre_upgrade.pending"], told["pre_upgrade.backup.audit"]) == ("running", "failed")
    assert {step.state for step in with_states(plan, blocked=True).steps} == {"blocked"}


def test_the_approved_plan_shows_what_is_done(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    approved = planner.make(snapshot, inputs)
    after = simulate(snapshot, approved.steps[:4], "7.0.8560.0")
    shown = progress(approved, planner.make(after, inputs))
    assert [step.state for step in shown.steps[:6]] == ["done"] * 4 + ["ready", "waiting"]


def test_a_plan_part_way_done_is_not_stale(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    approved = planner.make(snapshot, inputs)
    after = simulate(snapshot, approved.steps[:20], "7.0.8560.0")
    assert stale(approved, planner.make(after, inputs)) == []


def test_what_comes_and_goes_does_not_make_a_plan_stale(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    snapshot["group"]["consoles"], snapshot["group"]["pending"] = [], []
    approved = planner.make(snapshot, inputs)
    snapshot["group"]["consoles"] = ["CONTOSO\\someone"]
    snapshot["group"]["pending"] = [{"agent": "x.contoso.test", "type": "ManualApproval", "server": None}]
    snapshot["inventory"]["OLD01"]["reachable"] = False
    current = planner.make(snapshot, inputs)
    assert "quiesce.consoles" in [step.id for step in current.steps] and stale(approved, current) == []


def test_estimates_are_settings_and_learn_from_the_journal() -> None:
    plain = Estimator()
    assert plain.of("agents.approve", 200).likely > plain.of("agents.approve", 1).likely
    assert Estimator({"gateway.upgrade": {"likely": 60}}).of("gateway.upgrade").to_dict() == {
        "low": 60, "likely": 60, "high": 60,
    }  # fmt: skip
    usual = plain.of("gateway.upgrade").likely
    journal = [
        {"event": "done", "data": {"kind": "gateway.upgrade", "duration": usual * factor}} for factor in (2, 2, 9)
    ]
    assert Estimator({}, journal).of("gateway.upgrade").likely == pytest.approx(2 * usual)
    assert Estimator({}, [{"event": "done", "data": {"kind": "x", "duration": 1e9}}]).corrections["x"] <= 20
    assert (
        Estimator({}, [{"event": "done", "data": None}, {"event": "done", "data": {"duration": "1"}}]).corrections == {}
    )


def test_the_window_and_the_critical_path(snapshot: dict[str, Any]) -> None:
    plan = planner.make(snapshot, {"window": 10 * 24 * 3600})
    assert plan.estimate["fits"] == "yes" and plan.estimate["critical_path"][-1] == "post_upgrade.health"
    assert planner.make(snapshot, {"window": 60}).estimate["fits"] == "no"
    window = {"start": "2012-05-12T18:00:00Z", "end": "2012-05-13T06:00:00Z"}
    assert planner.make(snapshot, {"window": window}).estimate["window"]["seconds"] == 12 * 3600
    assert planner.make(snapshot, {}).estimate["fits"] is None
    assert plan.estimate["downtime"]["likely"] < plan.estimate["total"]["likely"] <= plan.estimate["work"]["likely"]
