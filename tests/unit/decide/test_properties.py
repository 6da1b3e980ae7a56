# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every plan, whatever the group looks like."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.module_utils import facts, gate, inputs, model, path, planner
from ansible_collections.scom.upgrade.plugins.module_utils.approval import ApprovalError, approve
from ansible_collections.scom.upgrade.plugins.module_utils.contract import carried_out
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.differences import explain
from ansible_collections.scom.upgrade.plugins.module_utils.plan import MANUAL, Plan, Step, check_order, stale
from ansible_collections.scom.upgrade.plugins.module_utils.planner.kinds import BY_HAND
from ansible_collections.scom.upgrade.plugins.module_utils.rules.book import REGISTRY
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import Simulation
from ansible_collections.scom.upgrade.plugins.module_utils.what_if import assume
from tests.unit.decide import estates
from tests.unit.decide.generated import estates as generated
from tests.unit.decide.generated import gateways_to_replace

TARGET = "7.0.8560.0"
OPTIONS = st.fixed_dictionaries(
    {
        "avoid_downtime": st.booleans(),
        "push_batch": st.sampled_from([200, 3]),
        "return_agents": st.booleans(),
        "agents_position": st.sampled_from(["auto", "auto", "after_group"]),
        "rebuild_former_rms": st.booleans(),
    }
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def ancestors(plan: Plan) -> dict[str, set[str]]:
    index = {step.id: step for step in plan.steps}
    found: dict[str, set[str]] = {}
    for name in check_order(plan.steps):
        found[name] = set().union(*({one} | found[one] for one in index[name].requires))
    return found


def of_kind(plan: Plan, *kinds: str) -> list[Step]:
    return [step for step in plan.steps if step.kind in kinds]


def assert_before(before: dict[str, set[str]], first: Iterable[Step], then: Iterable[Step], rule: str) -> None:
    first = list(first)
    for later in then:
        missing = [step.id for step in first if step.id not in before[later.id] and step.id != later.id]
        assert not missing, f"{rule}: {later.id} does not wait for {missing}"


def assert_order(plan: Plan, group: model.ManagementGroup) -> None:
    """O1 to O20, as far as they are about steps."""
    before = ancestors(plan)
    late = {step.id for step in plan.steps if step.kind == "agent.upgrade" and step.phase == "post_upgrade"}
    manual = [step for step in of_kind(plan, "agent.upgrade") if step.id not in late]
    servers, gateways = of_kind(plan, "management_server.upgrade"), of_kind(plan, "gateway.upgrade")
    pushed, upgrade = of_kind(plan, "agents.approve"), of_kind(plan, "group.upgrade")
    prepared = [step for step in plan.steps if step.phase in ("prepare", "pre_upgrade")]
    changing = [*manual, *servers, *gateways, *pushed, *upgrade]
    assert_before(before, prepared, changing, "O1, O2")
    position = plan.position
    if position["manual_agents"] == "before_group":
        assert_before(before, manual, [*servers, *gateways, *upgrade], "O3, O5")
    else:
        assert_before(before, upgrade, manual, "single server")
    assert_before(before, servers, gateways, "O4")
    assert_before(before, [*servers, *gateways], upgrade, "O5")
    if position["pushed_agents"] == "before_group":
        assert_before(before, [*servers, *gateways], pushed, "O4")
        assert_before(before, pushed, upgrade, "O5")
    else:
        assert_before(before, upgrade, pushed, "after the group")
    features = of_kind(plan, "console.upgrade", "web_console.upgrade", "acs.upgrade", "reporting.upgrade")
    assert_before(before, upgrade, features, "O6")
    reporting = of_kind(plan, "reporting.upgrade")
    consoles = of_kind(plan, "console.upgrade", "web_console.upgrade", "acs.upgrade")
    assert_before(before, [*servers, *gateways, *consoles, *manual, *pushed], reporting, "O7")
    assert_before(before, of_kind(plan, "pending.clear"), [*servers, *upgrade], "O8")
    assert_before(before, of_kind(plan, "subscriptions.disable", "connector.stop"), upgrade, "O9, O10")
    assert_before(before, upgrade, of_kind(plan, "subscriptions.enable", "connector.start"), "O9, O10")
    backups = of_kind(plan, "backup.database")
    assert_before(before, [step for step in backups if step.phase == "pre_upgrade"], servers, "O12")
    assert_before(before, [step for step in backups if step.phase in ("pre_upgrade", "quiesce")], upgrade, "O12")
    audit = [step for step in backups if step.parameters["what"] == "audit"]
    assert_before(before, audit, of_kind(plan, "acs.upgrade"), "O12")
    assert_before(before, [step for step in backups if step.id == "features.backup.reporting"], reporting, "O12")
    assert_before(before, of_kind(plan, "backup.encryption_key"), upgrade, "O13")
    assert_before(before, of_kind(plan, "encryption_key.restore"), upgrade, "O14")
    moves = [step for step in of_kind(plan, "agents.move", "gateway.parents") if step.phase == "prepare"]
    assert_before(before, moves, [*of_kind(plan, "server.leave", "gateway.leave"), *upgrade], "O15, O20")
    assert_before(before, of_kind(plan, "reporting.config"), reporting, "O16")
    for step in of_kind(plan, "console.remove"):
        host = step.hosts[0]
        mine = [one for one in of_kind(plan, "agent.upgrade") if one.hosts == (host,)]
        theirs = [one for one in pushed if any(group.agent_host(name) == host for name in one.parameters["agents"])]
        assert mine or theirs
        assert_before(before, [step], [*mine, *theirs], "O17")
    for one in servers:
        for two in servers:
            assert one is two or one.id in before[two.id] or two.id in before[one.id], "O19"
    tiers: dict[int, list[Step]] = {}
    for step in gateways:
        tiers.setdefault(step.parameters["tier"], []).append(step)
    for low, high in zip(sorted(tiers), sorted(tiers)[1:]):
        assert_before(before, tiers[low], tiers[high], "tiers")
    joins = of_kind(plan, "server.join", "gateway.install", "server.update")
    leaving = of_kind(plan, "server.leave", "gateway.leave")
    assert_before(before, joins, [*moves, *leaving], "O20")
    connectors = [step for step in of_kind(plan, "connector.stop", "connector.start") if step.hosts[0] in plan.retire]
    assert not connectors or plan.run_from is None, "O15: no connector is left on a machine that leaves"
    assert_before(before, of_kind(plan, "connector.move", "connector.start"), [
        step for step in leaving if step.phase == "post_upgrade"
    ], "O15")  # fmt: skip
    assert_named_servers_come_first(plan, group, before)
    assert not [step for step in servers if step.hosts == (group.rms,)], "the root is upgraded with the group"


def named_servers(step: Step) -> set[str]:
    """The servers that a step makes something report to, fall back on, or move to, by FQDN."""
    given = step.parameters
    moves = given.get("moves") or ()
    single = [given.get("management_server"), given.get("to"), *(one["primary"] for one in moves)]
    several = [given.get("failover") or (), *(one["failover"] for one in moves)]
    return {str(one) for one in (*single, *itertools.chain(*several)) if one}


def assert_named_servers_come_first(plan: Plan, group: model.ManagementGroup, before: dict[str, set[str]]) -> None:
    """What makes a server comes before whatever names it: its installation, and the update that brings it level."""
    makers: dict[str, list[Step]] = {}
    for step in of_kind(plan, "server.join", "gateway.install", "server.update"):
        makers.setdefault(step.hosts[0], []).append(step)
    for step in plan.steps:
        gone = {one for one in named_servers(step) if group.names.find(one) in plan.retire}
        assert not gone or plan.run_from is None, f"{step.id} names {gone}, which leaves the group"
        for name in {group.names.find(one) for one in named_servers(step)} - {step.hosts[0] if step.hosts else None}:
            assert_before(before, makers.get(str(name), []), [step], f"{name} is there")


def snapshot_of(estate: dict[str, Any], options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return estates.snapshot_from_estate(estate), estates.inputs_from_estate(estate, **options)


def expected_path(estate: dict[str, Any], snapshot: dict[str, Any], options: dict[str, Any]) -> str:
    """The decision tree of the procedure, spelled once more."""

    def bad_os(os: dict[str, Any]) -> bool:
        return os["architecture"] != "x64" or (os["release"], os["service_pack"]) < ("2008 R2", 1)

    fails, spread = False, set()
    for server in estate["servers"]:
        roles = set(server["roles"])
        if not roles:
            continue
        if roles - {"console"}:
            spread.add(server["name"])
        os = server["os"]
        fails |= roles != {"console"} and bad_os(os)
        fails |= "cluster" in server
        fails |= (
            bool(roles & {"operational_database", "data_warehouse", "reporting"})
            and server["sql"]["version"][:2] == "9."
        )
    if len(spread) == 1 and not fails:
        return "distributed_simple" if options["avoid_downtime"] else "single_server_simple"
    return ("single_server_" if len(spread) == 1 else "distributed_") + ("complex" if fails else "simple")


@many
@given(generated(), OPTIONS)
def test_every_plan_is_in_order_and_touches_only_what_there_is(estate: dict[str, Any], options: dict[str, Any]) -> None:
    snapshot, given_inputs = snapshot_of(estate, options)
    plan = planner.make(snapshot, given_inputs)
    group = model.build(facts.load(snapshot))
    assert_order(plan, group)
    known = set(snapshot["inventory"]) | set(snapshot["hosts"])
    for step in plan.steps:
        assert set(step.hosts) <= known, step.id
        assert step.why and all(one.text and (one.evidence or one == BY_HAND) for one in step.why), step.id
        by_hand = not carried_out(step)
        assert (BY_HAND in step.why) == by_hand and (step.mode == MANUAL or not by_hand), step.id
        assert step.done_when and step.undo and step.estimate.low <= step.estimate.likely <= step.estimate.high
        assert len(step.parameters.get("agents") or ()) <= 200 or step.kind != "agents.approve"
    assert plan.path == expected_path(estate, snapshot, options)
    assert (plan.run_from is None) == (not of_kind(plan, "group.upgrade"))
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))).hash == plan.hash


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gateways_to_replace(), OPTIONS)
def test_gateways_that_are_replaced_tier_by_tier_are_in_order(estate: dict[str, Any], options: dict[str, Any]) -> None:
    snapshot, given_inputs = snapshot_of(estate, options)
    plan = planner.make(snapshot, given_inputs)
    assert len(of_kind(plan, "gateway.install")) == sum("gateway" in one["roles"] for one in estate["servers"])
    assert_order(plan, model.build(facts.load(snapshot)))
    carry_out(snapshot, given_inputs)


@many
@given(generated(), OPTIONS, st.integers(0, 9))
def test_shuffled_facts_give_the_same_plan(estate: dict[str, Any], options: dict[str, Any], seed: int) -> None:
    snapshot, given_inputs = snapshot_of(estate, options)
    chance = random.Random(seed)
    other = json.loads(json.dumps(snapshot))
    for key in ("servers", "subscriptions", "pending", "management_packs", "connectors"):
        chance.shuffle(other["group"][key])
    chance.shuffle(other["group"]["agents"]["rows"])
    for key in ("hosts", "inventory"):
        items = list(other[key].items())
        chance.shuffle(items)
        other[key] = dict(items)
    assert planner.make(snapshot, given_inputs).to_dict() == planner.make(other, given_inputs).to_dict()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), OPTIONS)
def test_a_plan_carried_out_in_order_is_empty_and_never_stale(estate: dict[str, Any], options: dict[str, Any]) -> None:
    snapshot, given_inputs = snapshot_of(estate, options)
    carry_out(snapshot, given_inputs)


@pytest.mark.parametrize("name", estates.public_estates())
@pytest.mark.parametrize("announced", [True, False])
def test_public_estates_are_carried_out(name: str, announced: bool) -> None:
    carry_out(estates.snapshot_from_estate(name), estates.inputs_from_estate(name), announced)


def carry_out(snapshot: dict[str, Any], given_inputs: dict[str, Any], announced: bool = True) -> None:
    """Do one step after another, any that is ready; what remains is always the rest of what was approved."""
    approved = planner.make(snapshot, given_inputs)
    if announced and not approved.blockers:
        snapshot["journal"].append(approve(approved, "tester", snapshot["collected"]))
    simulation = Simulation(snapshot, TARGET)
    left = [step.id for step in approved.steps]
    chance = random.Random(len(left))
    plan = approved
    ended = {step.id for step in approved.steps if step.kind == "verify.health"}
    stuck = approved.run_from is None or bool(approved.blockers)
    while plan.steps:
        ready = [step for step in plan.steps if not step.requires]
        step = chance.choice(ready)
        simulation.apply(step)
        facts.load(simulation.snapshot)
        left.remove(step.id)
        plan = planner.make(simulation.snapshot, given_inputs)
        remaining = [one.id for one in plan.steps]
        if stuck:
            if set(remaining) - set(left):
                return
            left = [one for one in left if one in remaining]
            continue
        assert set(remaining) | (ended & set(left)) == set(left), (step.id, set(remaining) ^ set(left))
        if announced:
            assert not stale(approved, plan), (step.id, [str(one) for one in stale(approved, plan)])
        check_order(plan.steps)
    if not stuck:
        group = model.build(facts.load(simulation.snapshot))
        assert path.decide(group, inputs.normalise(given_inputs)).path == path.NONE


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), OPTIONS)
def test_check_mode_predicts_every_step(estate: dict[str, Any], options: dict[str, Any]) -> None:
    """Phase after phase, with nothing done but what was predicted: the steps are those of the plan, in its order.

    What a person does is taken as done when the phase names it; what waits for that starts at the next look.
    """
    estate["agents"] = [{**one, "winrm": "2.0"} for one in estate["agents"]]
    estate["cumulative_update"] = 5
    snapshot, given_inputs = snapshot_of(estate, {**options, "rebuild_former_rms": False})
    found = conclude(snapshot, given_inputs)
    plan = found.plan
    if plan.blockers or found.report["blocked"] or not plan.steps:
        return
    predicted: list[str] = []
    for name, steps in plan.phases:
        for _look in range(len(steps) + 1):
            looked = gate.gate(snapshot, given_inputs, phase=name, predicted=predicted)
            predicted += [step.id for step in (*looked.started, *looked.manual)]
        assert not looked.held
    order = {name: place for place, name in enumerate(predicted)}
    assert set(order) == {step.id for step in plan.steps} and len(order) == len(predicted)
    assert all(order[one] < order[step.id] for step in plan.steps for one in step.requires)


SELECTIONS = st.lists(
    st.sampled_from(["!R01", "!R03", "!R05", "!R06", "!@database", "!@server", "@agent", "all"]), min_size=1, max_size=4
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), SELECTIONS)
def test_no_selection_takes_a_blocker_away_that_cannot_be_waived(estate: dict[str, Any], wanted: list[str]) -> None:
    snapshot = estates.snapshot_from_estate(estate)
    lasting = {name for name, rule in REGISTRY.items() if rule.indispensable}
    everything, chosen = (conclude(snapshot, {"rules": rules}).report for rules in (["all"], wanted))
    assert set(chosen["blocked_by"]) & lasting == set(everything["blocked_by"]) & lasting
    ran = {finding["id"] for finding in chosen["findings"]}
    assert lasting <= ran and not ran & set(chosen["left_out"]) and set(chosen["kept"]) <= ran
    assert ran | set(chosen["left_out"]) == set(REGISTRY)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), OPTIONS)
def test_a_gateway_that_the_plan_points_elsewhere_is_one_that_a_rule_told_of(
    estate: dict[str, Any], options: dict[str, Any]
) -> None:
    found = conclude(estates.snapshot_from_estate(estate), {**options, "rules": ["R26"]})
    moved = {step.id.rpartition(".")[2] for step in of_kind(found.plan, "gateway.parents")}
    told = next(one for one in found.report["findings"] if one["id"] == "R26")
    assert moved <= {row[0] for row in told["affected"]["rows"]}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), OPTIONS)
def test_a_plan_with_an_assumed_machine_says_so_and_never_starts(
    estate: dict[str, Any], options: dict[str, Any]
) -> None:
    snapshot = assume(estates.snapshot_from_estate(estate), {"ASSUMED": {"spare": True, "what_if": {"sql": [{}]}}})
    found = conclude(snapshot, options)
    assert found.plan.assumed == ("ASSUMED",) and "ASSUMED" in found.summary
    with pytest.raises(ApprovalError, match="only assumed: ASSUMED"):
        approve(found.plan, "Jo", "2012-05-12T18:00:00Z")
    with pytest.raises(gate.NotYet, match="only assumed: ASSUMED"):
        gate.gate(snapshot, options, phase="pre_upgrade")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(generated(), generated(), OPTIONS)
def test_a_difference_is_told_where_there_is_one_and_never_of_what_nobody_knows(
    one: dict[str, Any], other: dict[str, Any], options: dict[str, Any]
) -> None:
    then, now = (estates.snapshot_from_estate(estate) for estate in (one, other))
    was, new = (conclude(snapshot, options).plan for snapshot in (then, now))
    assert explain(was, was, then, then) == []
    for facts_at_hand in ((then, now), (None, None)):
        lines = explain(was, new, *facts_at_hand)
        assert bool(lines) == bool(stale(was, new)) and len(lines) == len(set(lines))
        if lines and was.path != new.path:
            assert lines[0] == f"path: was {was.path}, is {new.path}"
    assert not [line for line in lines if line.startswith(("hosts.", "group.")) and "was nothing" in line]
