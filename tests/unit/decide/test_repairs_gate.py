# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A blocked group can be repaired: what blocks lets its own repair start, and everything after waits for new facts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.gate import Gate, NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.plan import Plan, stale
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import simulate

from .estates import inputs_from_estate, load_estate, snapshot_from_estate

GROW = "pre_upgrade.repair.database_grow.OM01.OperationsManager"
OPTION = "pre_upgrade.repair.allow_updates.OM01.MSSQLSERVER"
ROWS = "pre_upgrade.repair.pending_rows.OM01.OperationsManager"
LATER = ["quiesce", "management_group", "manual_agents", "pushed_agents", "post_upgrade"]
HIDDEN = {"agent": "gone01.fabrikam.test", "type": "PushInstallFailed", "hidden": True}


def broken(**more: Any) -> dict[str, Any]:
    """Facts of single-simple with R09 and R21 in the way."""
    estate = load_estate("single-simple")
    estate["databases"]["operational"]["used_percent"] = 72
    estate["servers"][0]["sql"]["allow_updates"] = 1
    return dict(snapshot_from_estate(dict(estate, **more)))


def given(*repairs: str) -> dict[str, Any]:
    return inputs_from_estate("single-simple", repairs=list(repairs))


def database(snapshot: dict[str, Any]) -> dict[str, Any]:
    rows = snapshot["hosts"]["OM01"]["sql"][0]["databases"]
    return next(row for row in rows if row["name"] == "OperationsManager")


def started(found: Gate) -> list[str]:
    return [step.id for step in found.started]


@pytest.mark.parametrize("phase", ["pre_upgrade", *LATER])
def test_without_a_repair_nothing_starts(phase: str) -> None:
    with pytest.raises(NotYet, match=r"(?s)In the way: R09 .*R21 "):
        gate(broken(pending=[HIDDEN]), given(), phase=phase)


@pytest.mark.parametrize("repairs, left", [(["R09"], "R21"), (["R21"], "R09"), (["R10", "R21"], "R09")])
def test_one_repair_does_not_open_the_way_for_the_other_finding(repairs: list[str], left: str) -> None:
    with pytest.raises(NotYet, match=f"In the way: {left} "):
        gate(broken(), given(*repairs), phase="pre_upgrade")


def test_what_blocks_lets_its_own_repair_start() -> None:
    found = gate(broken(), given("R09", "R21"), phase="pre_upgrade")
    assert started(found) == [OPTION, GROW]
    assert found.held == () and found.manual == ()


def test_the_repairs_come_first_and_the_rest_of_the_phase_requires_them() -> None:
    snapshot = broken(pending=[dict(HIDDEN, hidden=False)])
    found = gate(snapshot, given("R09", "R21"), phase="pre_upgrade")
    assert started(found) == [OPTION, GROW, "pre_upgrade.pending"]
    assert found.to_dict()["waves"] == [[OPTION, GROW], ["pre_upgrade.pending"]]
    assert set(found.started[-1].requires) == {OPTION, GROW}


@pytest.mark.parametrize("phase", LATER)
def test_later_phases_wait_for_facts_that_show_the_findings_gone(phase: str) -> None:
    with pytest.raises(NotYet, match=f"{phase} does not start: .* needs "):
        gate(broken(), given("R09", "R21"), phase=phase)


def test_the_first_phase_after_names_the_repair_that_it_waits_for() -> None:
    with pytest.raises(NotYet, match=r"needs pre_upgrade\.repair\.\S+ .*Run playbooks/pre_upgrade\.yml first"):
        gate(broken(), given("R09", "R21"), phase="quiesce")


def test_a_repair_that_was_not_enough_still_holds_the_rest_back() -> None:
    snapshot = broken()
    snapshot["hosts"]["OM01"]["sql"][0]["allow_updates"] = 0
    database(snapshot).update(data_mb=25000)
    assert started(gate(snapshot, given("R09", "R21"), phase="pre_upgrade")) == [GROW]
    with pytest.raises(NotYet, match=f"needs {GROW}"):
        gate(snapshot, given("R09", "R21"), phase="quiesce")


def test_once_the_facts_show_it_the_way_is_open() -> None:
    snapshot = broken()
    step = gate(snapshot, given("R09", "R21"), phase="pre_upgrade").plan.step(GROW)
    assert step is not None
    database(snapshot).update(data_mb=step.parameters["data_mb"])
    snapshot["hosts"]["OM01"]["sql"][0]["allow_updates"] = 0
    assert started(gate(snapshot, given("R09", "R21"), phase="pre_upgrade")) == []
    assert started(gate(snapshot, given("R09", "R21"), phase="quiesce"))[0] == "quiesce.consoles"
    report = conclude(snapshot, given()).report
    assert report["blocked_by"] == [] and not report["blocked"]


def test_a_repair_that_cannot_be_enough_does_not_start() -> None:
    snapshot = broken()
    snapshot["hosts"]["OM01"]["disks"] = [{"drive": "C:", "size_mb": 90000, "free_mb": 9000, "system": True}]
    with pytest.raises(NotYet, match="R09 .* The repair does not cure all of it"):
        gate(snapshot, given("R09", "R21"), phase="pre_upgrade")


def test_a_repair_by_hand_is_named_and_the_rest_waits() -> None:
    snapshot = broken(pending=[dict(HIDDEN, hidden=False)])
    snapshot["hosts"]["OM01"]["system_state_backup"] = None
    found = gate(snapshot, given("R09", "R17", "R21"), phase="pre_upgrade")
    assert started(found) == [OPTION, GROW]
    assert [step.id for step in found.manual] == ["pre_upgrade.repair.system_state.OM01"]
    assert "system state of OM01" in found.manual_text
    assert [step.id for step, _waits in found.held] == ["pre_upgrade.pending"]


def test_a_check_run_goes_on_after_the_repairs_it_has_predicted() -> None:
    first = gate(broken(), given("R09", "R21"), phase="pre_upgrade")
    second = gate(broken(), given("R09", "R21"), phase="quiesce", predicted=started(first))
    assert started(second)[0] == "quiesce.consoles"


def test_a_check_run_waits_for_repairs_that_it_has_not_predicted() -> None:
    with pytest.raises(NotYet, match=f"needs {GROW}"):
        gate(broken(), given("R09", "R21"), phase="quiesce", predicted=[OPTION])


def test_hidden_rows_alone_point_to_their_repair_until_it_is_asked_for() -> None:
    estate = dict(load_estate("single-simple"), pending=[HIDDEN])
    snapshot = dict(snapshot_from_estate(estate))
    with pytest.raises(NotYet, match=r"scom_upgrade_repairs: \[R12\]"):
        gate(snapshot, given(), phase="quiesce")
    with pytest.raises(NotYet) as caught:
        gate(snapshot, given("R12"), phase="quiesce")
    assert "[R12]" not in str(caught.value)
    assert started(gate(snapshot, given("R12"), phase="pre_upgrade")) == [ROWS, "pre_upgrade.pending"]


@pytest.mark.parametrize("wanted, repaired", [((), False), (("R15",), True)])
def test_a_database_is_backed_up_once_before_the_first_server(wanted: tuple[str, ...], repaired: bool) -> None:
    estate = load_estate("distributed-simple")
    estate["backups"] = {}
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate, repairs=list(wanted))
    plan = conclude(snapshot, inputs).plan
    kinds = {
        what: [s.kind for s in plan.steps if s.phase == "pre_upgrade" and s.parameters.get("what") == what]
        for what in ("operational", "warehouse", "audit")
    }
    kind = "repair.backup_now" if repaired else "backup.database"
    assert kinds == {"operational": [kind], "warehouse": [kind], "audit": ["backup.database"]}
    first = [step for step in plan.steps if step.kind == kind]
    after = conclude(simulate(snapshot, first, "7.0.8560.0"), inputs).plan
    names = [
        s.id
        for s in after.steps
        if s.phase == "pre_upgrade" and s.parameters.get("what") in ("operational", "warehouse")
    ]
    assert names == []


def grown_plan(used: int) -> Plan:
    snapshot = broken()
    database(snapshot).update(data_mb=10240, data_used_mb=used)
    return conclude(snapshot, given("R09", "R10", "R21")).plan


def test_an_approval_holds_while_data_grows_a_little_and_not_when_it_grows_much() -> None:
    approved = grown_plan(9530)
    before, now = (plan.step(GROW) for plan in (approved, grown_plan(9545)))
    assert before and now and before.parameters["data_mb"] < now.parameters["data_mb"]
    assert stale(approved, grown_plan(9545)) == [] == stale(grown_plan(9545), approved)
    assert [one.what for one in stale(approved, grown_plan(10200))][:1] == ["parameters.data_mb"]


def test_the_hash_of_a_plan_with_repairs_does_not_follow_the_room_on_a_disk() -> None:
    plans = []
    for free in (60000, 59000):
        snapshot = broken()
        snapshot["hosts"]["OM01"]["disks"] = [{"drive": "C:", "size_mb": 90000, "free_mb": free, "system": True}]
        plans.append(conclude(snapshot, given("R09", "R21")).plan)
    steps = [plan.step(GROW) for plan in plans]
    assert [step.parameters["free_mb"] for step in steps if step] == [60000, 59000]
    assert plans[0].hash == plans[1].hash


def test_an_approved_plan_with_repairs_holds_while_they_are_carried_out() -> None:
    snapshot = broken(pending=[HIDDEN])
    wanted = given("R09", "R12", "R15", "R21")
    approved = conclude(snapshot, wanted).plan
    snapshot["hosts"]["OM01"]["disks"] = [{"drive": "C:", "size_mb": 90000, "free_mb": 60000, "system": True}]
    backup = {"backup": "operational", "verified": True, "finished": snapshot["collected"]}
    entry = {"step": "x", "event": "done", "host": "OM01", "time": snapshot["collected"], "data": backup, "by": None}
    snapshot["journal"] = [entry]
    database(snapshot)["last_full_backup"] = snapshot["collected"]
    found = gate(snapshot, wanted, phase="pre_upgrade", approved=approved)
    step = next(one for one in found.started if one.id == ROWS)
    before = next(one for one in approved.steps if one.id == ROWS)
    assert step.parameters["backup_first"] and not before.parameters["backup_first"]
