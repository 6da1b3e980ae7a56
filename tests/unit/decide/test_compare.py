# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two snapshots compared, area by area, and what each tolerates; approvals and sign-offs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import approval, planner
from ansible_collections.scom.upgrade.plugins.module_utils.compare import Area, ToleranceError, compare
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import simulate
from tests.unit.decide import estates

NEW = "7.0.8560.0"


def upgraded(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    before, inputs = estates.snapshot_from_estate(name), estates.inputs_from_estate(name)
    plan = planner.make(before, inputs)
    started = copy.deepcopy(before)
    if not plan.blockers:
        started["journal"].append(approval.approve(plan, "tester", before["collected"]))
    return before, simulate(started, plan.steps, NEW)


def area(areas: list[Area], name: str) -> Area:
    return next(one for one in areas if one.name == name)


@pytest.mark.parametrize("name", estates.public_estates())
def test_a_whole_upgrade_holds_in_every_area(name: str) -> None:
    before, after = upgraded(name)
    bad = [one.line() for one in compare(before, after) if not one.holds]
    assert not bad
    assert all(one.to_dict()["holds"] for one in compare(before, after))


def broken(after: dict[str, Any], what: str) -> None:
    group = after["group"]
    rows = group["agents"]["rows"]
    columns = group["agents"]["columns"]
    if what == "versions":
        rows[0][columns.index("version")] = "6.1.7221.0"
    elif what == "servers":
        del group["servers"][1]
    elif what == "agents":
        del rows[0:3]
    elif what == "health":
        for row in rows[:5]:
            row[columns.index("available")] = False
    elif what == "pending":
        group["pending"] = [{"agent": "a", "type": "ManualApproval", "server": None}]
    elif what == "management_packs":
        group["management_packs"][0]["version"] = "1.0.0.0"
    elif what == "subscriptions":
        group["subscriptions"][0]["enabled"] = not group["subscriptions"][0]["enabled"]
    elif what == "connectors":
        after["hosts"]["MS03"]["services"]["HelpdeskConnector"]["state"] = "stopped"
    elif what == "alerts":
        group["alerts"]["open"] = 100
    elif what == "gateway_parents":
        next(row for row in group["servers"] if row["is_gateway"])["primary"] = "ms03.contoso.test"
    elif what == "agent_parents":
        rows[0][columns.index("primary")] = "ms03.contoso.test"
    elif what == "queue":
        after["hosts"]["MS02"]["queue_kb"]["CONTOSO"] = 76800


AREAS = ("versions", "servers", "agents", "health", "pending", "management_packs", "subscriptions", "connectors", "alerts",
         "gateway_parents", "agent_parents", "queue")  # fmt: skip


@pytest.mark.parametrize("what", AREAS)
def test_each_area_can_fail_and_says_what(what: str) -> None:
    before, after = upgraded("distributed-simple")
    broken(after, what)
    areas = compare(before, after)
    assert what in [one.name for one in areas if not one.holds]
    assert area(areas, what).line().startswith("FAILED") and "->" in area(areas, what).line()


def test_a_queue_that_was_not_set_back_is_named_and_a_host_that_left_is_not() -> None:
    before, after = upgraded("distributed-simple")
    broken(after, "queue")
    found = area(compare(before, after), "queue")
    assert found.line() == "FAILED  health services queue as much as before: MS02 (CONTOSO): 15360 -> 76800"
    assert area(compare(before, after, {"queue": 1}), "queue").holds
    after["hosts"]["MS02"]["queue_kb"] = {"CONTOSO": None}
    assert not area(compare(before, after), "queue").changes, "not set is the default"
    del after["hosts"]["MS02"]
    gone = area(compare(before, after), "queue")
    assert gone.holds and [one[0] for one in gone.changes] == ["MS02 (CONTOSO)"]


def test_tolerances_are_numbers_or_shares() -> None:
    before, after = upgraded("distributed-simple")
    broken(after, "alerts")
    assert area(compare(before, after, {"alerts": 100}), "alerts").holds
    assert not area(compare(before, after, {"alerts": {"percent": 10}}), "alerts").holds
    for wrong in ({"alrts": 1}, {"alerts": "many"}, {"alerts": {"part": 1}}, {"alerts": -1}):
        with pytest.raises(ToleranceError, match="scom_upgrade_tolerances"):
            compare(before, after, wrong)


def test_a_group_nobody_could_ask_fails_everywhere() -> None:
    before, after = upgraded("distributed-simple")
    after["group"] = None
    assert not any(one.holds for one in compare(before, after))


def test_an_approval_names_plan_and_person() -> None:
    plan = planner.make(estates.snapshot_from_estate("distributed-complex-32bit"), {})
    entry = approval.approve(plan, " J. Doe ", "2012-05-12T18:00:00Z", "board 17")
    assert entry["by"] == "J. Doe" and entry["data"]["hash"] == plan.hash and entry["data"]["former_rms"] == "TSRMS"
    assert approval.approval_of(plan.hash, [entry]) == entry
    assert approval.approval_of(plan.hash[:12], [entry]) == entry
    assert approval.approval_of("f" * 64, [entry, {"event": "approved", "data": None}]) is None
    with pytest.raises(approval.ApprovalError, match="name of who"):
        approval.approve(plan, " ", "x")
    estate = estates.load_estate("single-complex-32bit")
    estate["servers"] = estate["servers"][:1]
    with pytest.raises(approval.ApprovalError, match="cannot be approved"):
        approval.approve(planner.make(estates.snapshot_from_estate(estate), {}), "J. Doe", "x")


def test_only_manual_steps_are_signed_off() -> None:
    plan = planner.make(estates.snapshot_from_estate("single-complex-32bit"), {})
    entry = approval.sign_off(plan, "manual_agents.upgrade.BRANCH1", "J. Doe", "2012-05-12T18:00:00Z")
    assert entry["event"] == "signed_off" and entry["host"] == "BRANCH1"
    assert approval.signed_off([entry]) == {"manual_agents.upgrade.BRANCH1": entry}
    for step, words in (("nowhere", "no such step"), ("quiesce.backup.operational", "not done by hand")):
        with pytest.raises(approval.ApprovalError, match=words):
            approval.sign_off(plan, step, "J. Doe", "x")
    with pytest.raises(approval.ApprovalError, match="name of who"):
        approval.sign_off(plan, "manual_agents.upgrade.BRANCH1", "", "x")


def test_a_sign_off_does_not_replace_the_facts() -> None:
    snapshot = estates.snapshot_from_estate("single-complex-32bit")
    plan = planner.make(snapshot, {})
    snapshot["journal"].append(
        approval.sign_off(plan, "manual_agents.upgrade.BRANCH1", "J. Doe", "2012-05-12T18:00:00Z")
    )
    assert "manual_agents.upgrade.BRANCH1" in [step.id for step in planner.make(snapshot, {}).steps]
