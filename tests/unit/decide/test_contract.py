"""What binds a run to what people decided: approvals, sign-offs, evidence, the snapshot of before, and what is left to people."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import contract
from ansible_collections.scom.upgrade.plugins.module_utils.approval import ApprovalError, approve, evidence
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.plan import MANUAL
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import Simulation
from tests.unit.decide.estates import inputs_from_estate, load_estate, snapshot_from_estate

TIME = "2012-05-12T19:00:00Z"


@pytest.fixture()
def simple():
    """Snapshot and inputs of single-simple."""
    return snapshot_from_estate("single-simple"), inputs_from_estate("single-simple")


def journal(snapshot, *entries):
    """The snapshot with further entries in its journal."""
    return dict(snapshot, journal=[*(snapshot.get("journal") or ()), *entries])


def carried(snapshot, inputs, until):
    """The snapshot when everything before the first step of a phase is done."""
    simulation = Simulation(snapshot, "7.0.8560.0")
    for _count in range(200):
        steps = conclude(simulation.snapshot, inputs).plan.steps
        ready = next((one for one in steps if not one.requires and one.phase != until), None)
        if ready is None:
            return simulation.snapshot
        simulation.apply(ready)
    raise AssertionError("it does not end")


def test_a_plan_is_approved_by_its_hash_or_the_first_of_its_digits(simple):
    found = conclude(*simple)
    for digits in (64, 12, 20):
        contract.confirm(found, found.plan.hash[:digits])
    contract.confirm(found, found.plan.hash[:12].upper() + " ")


@pytest.mark.parametrize("wanted", ["", "abc", "c355ef71587", "not a hash at all", "z" * 12])
def test_what_is_no_hash_is_said_to_be_none(simple, wanted):
    with pytest.raises(ApprovalError, match="scom_upgrade_approve"):
        contract.confirm(conclude(*simple), wanted)


def test_a_plan_that_is_no_longer_the_groups_is_not_approved_and_the_facts_are_named(simple):
    snapshot, inputs = simple
    shown = conclude(snapshot, inputs)
    later = copy.deepcopy(snapshot)
    later["group"]["subscriptions"] = [dict(row, enabled=True) for row in later["group"]["subscriptions"]]
    later["hosts"]["OM01"]["memory_mb"] = 4096
    with pytest.raises(ApprovalError) as refused:
        contract.confirm(conclude(later, inputs), shown.plan.hash, shown.plan, shown.group.snapshot)
    said = str(refused.value)
    assert "quiesce.subscriptions: parameters.subscriptions" in said
    assert "hosts.OM01.memory_mb: was" in said and "is 4096" in said
    assert "group.subscriptions[Weekend pager].enabled: was False, is True" in said
    assert "playbooks/plan.yml" in said


def test_a_hash_of_nobody_is_refused(simple):
    with pytest.raises(ApprovalError, match="not at hand"):
        contract.confirm(conclude(*simple), "0" * 12)


def test_the_newest_approval_holds(simple):
    plan = conclude(*simple).plan
    first, second = approve(plan, "A", TIME), dict(approve(plan, "B", TIME), data={"hash": "f" * 64})
    assert contract.newest_approval([]) is None
    assert contract.newest_approval([first, second])["by"] == "B"
    assert contract.newest_approval([first, second, first])["by"] == "A"
    assert contract.newest_approval([{"event": "approved", "data": None}, {"event": "done"}]) is None


def test_no_phase_starts_without_the_approval_that_is_asked_for(simple):
    snapshot, inputs = simple
    plan = conclude(snapshot, inputs).plan
    for phase in ("pre_upgrade", "quiesce", "management_group", "post_upgrade"):
        with pytest.raises(NotYet, match=plan.hash[:12]):
            gate(snapshot, inputs, phase=phase, require_approval=True, carried_out=True)
    assert gate(snapshot, inputs, phase="quiesce", require_approval=True, approved=plan).started


def test_the_approval_itself_leaves_the_plan_as_it_was(simple):
    snapshot, inputs = simple
    plan = conclude(snapshot, inputs).plan
    assert conclude(journal(snapshot, approve(plan, "A", TIME)), inputs).plan.hash == plan.hash


@pytest.mark.parametrize("estate", ["single-simple", "distributed-simple"])
def test_a_plan_that_is_done_in_part_is_not_stale_at_any_step(estate):
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    approved = conclude(snapshot, inputs).plan
    simulation = Simulation(journal(snapshot, approve(approved, "A", TIME)), "7.0.8560.0")
    for step in approved.steps:
        gate(simulation.snapshot, inputs, phase="pre_upgrade", approved=approved, require_approval=True)
        simulation.apply(step)


def test_a_stale_plan_is_refused_with_what_differs(simple):
    snapshot, inputs = simple
    approved = conclude(snapshot, inputs).plan
    later = copy.deepcopy(snapshot)
    later["group"]["subscriptions"] = [dict(row, enabled=True) for row in later["group"]["subscriptions"]]
    with pytest.raises(NotYet, match=r"no longer fits the facts: .*quiesce.subscriptions"):
        gate(later, inputs, phase="pre_upgrade", approved=approved)
    with pytest.raises(NotYet, match=r"inputs.push_batch was 200, is 7"):
        gate(snapshot, dict(inputs, push_batch=7), phase="pre_upgrade", approved=approved)


def test_the_point_of_no_return_demands_evidence_and_names_what_is_missing(simple):
    snapshot, inputs = simple
    ready = carried(snapshot, inputs, "management_group")
    assert [step.id for step in gate(ready, inputs, phase="management_group").started] == ["management_group.upgrade"]
    for missing, step, name in (
        (_no_backups, "quiesce.backup.operational", "backup.operational"),
        (_no_key, "encryption_key", "encryption_key"),
    ):
        lacking = missing(copy.deepcopy(ready))
        with pytest.raises(NotYet, match=step):
            gate(lacking, inputs, phase="management_group", carried_out=True)
        found = conclude(lacking, inputs)
        upgrade = found.plan.step("management_group.upgrade")
        assert name in [one.name for one in evidence(found.group, found.inputs, upgrade) if not one.holds]
    with pytest.raises(NotYet, match="hash of setup.exe on OM01 was not read"):
        settings = {"media_hashes": {"setup.exe": "0" * 64}}
        gate(ready, dict(inputs, settings=settings, rules=["all", "!R68"]), phase="management_group")


def _no_backups(snapshot):
    snapshot["journal"] = [one for one in snapshot["journal"] if "backup" not in str(one["step"])]
    return snapshot


def _no_key(snapshot):
    snapshot["journal"] = [one for one in snapshot["journal"] if "encryption_key" not in str(one["step"])]
    snapshot["hosts"]["OM01"]["encryption_key"] = {"path": "C:\\key.bin", "exists": False, "modified": None}
    return snapshot


@pytest.mark.parametrize(
    "estate", ["distributed-complex-32bit", "single-complex-32bit", "distributed-complex-clustered-rms"]
)
def test_a_complex_path_stops_every_phase_and_names_what_a_person_does_first(estate):
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    plan = conclude(snapshot, inputs).plan
    left = contract.left_to_people(plan)
    assert {step.phase for step in left} == {"prepare", "management_group"}
    for phase in ("pre_upgrade", "secondary_servers", "management_group", "post_upgrade"):
        with pytest.raises(NotYet) as refused:
            gate(snapshot, inputs, phase=phase, carried_out=True)
        assert left[0].id in str(refused.value) and "A person does that" in str(refused.value)


@pytest.mark.parametrize("estate", ["single-simple", "distributed-simple", "no-warehouse"])
def test_a_simple_path_leaves_nothing_to_people(estate):
    plan = conclude(snapshot_from_estate(estate), inputs_from_estate(estate)).plan
    assert contract.left_to_people(plan) == [] and contract.stop_text([]) == ""
    assert all(contract.carried_out(step) for step in plan.steps)


def test_a_step_that_a_machine_does_is_not_signed_off(simple):
    found = conclude(*simple)
    step = next(one for one in found.plan.steps if one.phase == "quiesce")
    with pytest.raises(ApprovalError, match=r"playbooks/quiesce\.yml"):
        contract.sign_off(found, step.id, "A", TIME)
    with pytest.raises(ApprovalError, match="no such step"):
        contract.sign_off(found, "quiesce.nothing", "A", TIME)
    with pytest.raises(ApprovalError, match="scom_upgrade_approver"):
        contract.sign_off(found, step.id, " ", TIME)


def by_hand():
    """Snapshot and inputs of a group with an agent that WinRM cannot reach."""
    estate = load_estate("distributed-simple")
    manual = next(one for one in estate["agents"] if one["install"] == "manual" and not one.get("console"))
    estate["agents"].append(dict(copy.deepcopy(manual), name="FAR01", winrm=None))
    inputs = inputs_from_estate("distributed-simple")
    snapshot = snapshot_from_estate(estate)
    found = conclude(snapshot, inputs)
    step = next((one for one in found.plan.steps if one.mode == MANUAL and one.kind == "agent.upgrade"), None)
    assert step is not None
    return snapshot, inputs, found, step


def test_a_sign_off_is_refused_while_the_facts_can_show_that_the_step_is_not_done():
    snapshot, inputs, _found, step = by_hand()
    current = conclude(carried(snapshot, inputs, "manual_agents"), inputs)
    with pytest.raises(ApprovalError, match="nothing was signed off, because the facts do not show it"):
        contract.sign_off(current, step.id, "A", TIME)


def test_a_step_that_the_facts_show_as_done_may_be_signed_off():
    snapshot, inputs, found, step = by_hand()
    simulation = Simulation(snapshot, "7.0.8560.0")
    simulation.apply(step)
    current = conclude(simulation.snapshot, inputs)
    assert current.plan.step(step.id) is None
    entry, text = contract.sign_off(current, step.id, " Jane ", TIME, "by hand", [found.plan])
    assert (entry["step"], entry["event"], entry["by"], entry["data"]) == (
        step.id,
        "signed_off",
        "Jane",
        {"note": "by hand"},
    )
    assert "show it as done" in text


@pytest.mark.parametrize(
    "estate", ["distributed-complex-32bit", "single-complex-32bit", "distributed-complex-clustered-rms"]
)
def test_what_stops_a_run_is_by_hand_in_the_plan_that_people_read(estate):
    plan = conclude(snapshot_from_estate(estate), inputs_from_estate(estate)).plan
    assert {step.mode for step in contract.left_to_people(plan)} == {MANUAL}
    assert {step.mode for step in plan.steps if not contract.carried_out(step)} == {MANUAL}


def test_a_step_that_no_role_carries_out_is_signed_off_in_its_turn_and_by_the_facts():
    estate = "distributed-complex-32bit"
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    found = conclude(snapshot, inputs)
    with pytest.raises(ApprovalError, match="it comes after prepare.backup.operational"):
        contract.sign_off(found, "prepare.join.NEWMS", "A", TIME)
    simulation = Simulation(snapshot, "7.0.8560.0")
    simulation.apply(found.plan.step("prepare.backup.operational"))
    with pytest.raises(ApprovalError, match="the facts do not show it as done"):
        contract.sign_off(conclude(simulation.snapshot, inputs), "prepare.join.NEWMS", "A", TIME)
    simulation.apply(found.plan.step("prepare.join.NEWMS"))
    current = conclude(simulation.snapshot, inputs)
    _entry, text = contract.sign_off(current, "prepare.join.NEWMS", "A", TIME, plans=[found.plan])
    assert "the facts show it as done" in text


def test_a_key_that_a_person_restored_is_signed_off_by_name():
    estate = "distributed-complex-32bit"
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    for step in conclude(snapshot, inputs).plan.steps:
        if step.kind == "encryption_key.restore":
            break
        simulation = Simulation(snapshot, "7.0.8560.0")
        simulation.apply(step)
        snapshot = simulation.snapshot
    current = conclude(snapshot, inputs)
    name = "quiesce.encryption_key_restore"
    entry, text = contract.sign_off(current, name, "A", TIME)
    assert entry["event"] == "signed_off" and "no fact can show it" in text
    assert conclude(journal(snapshot, entry), inputs).plan.step(name) is None


def test_the_snapshot_of_before_is_found_in_the_journal(simple):
    snapshot, _inputs = simple
    entry = {"event": "started", "data": {"snapshot_before": "abc"}}
    assert contract.kept_before([]) is None
    assert contract.kept_before([{"event": "started", "step": "x"}, entry, dict(entry, by="later")]) == entry
    assert contract.begun(snapshot) is False
    snapshot["group"]["servers"][0]["version"] = "7.0.8560.0"
    assert contract.begun(snapshot) is True


def test_a_group_in_numbers_stays_small(simple):
    snapshot, _inputs = simple
    numbers = contract.counts(snapshot)
    assert numbers["agents"] == sum(numbers["agent_versions"].values()) == len(snapshot["group"]["agents"]["rows"])
    snapshot["group"]["agents"]["rows"] *= 1000
    assert len(json.dumps(contract.counts(snapshot))) < 1500
    assert contract.counts({"group": None}) == {} and contract.begun({"group": None}) is False
