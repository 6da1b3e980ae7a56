# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single decisions of the planner, one by one: who is planned, with what, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import planner
from ansible_collections.scom.upgrade.plugins.module_utils.plan import Plan, Step, stale
from ansible_collections.scom.upgrade.plugins.module_utils.planner.kinds import BY_HAND
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import simulate
from tests.unit.decide import estates

NEW = "7.0.8560.0"


def plan_of(estate: Any, overrides: Any = None, **given: Any) -> Plan:
    return planner.make(
        estates.snapshot_from_estate(estate, **(overrides or {})), estates.inputs_from_estate(estate, **given)
    )


def step_of(plan: Plan, name: str) -> Step:
    found = plan.step(name)
    assert found is not None, [step.id for step in plan.steps]
    return found


def ids(plan: Plan, start: str = "") -> list[str]:
    return [step.id for step in plan.steps if step.id.startswith(start)]


def test_pending_actions_are_rejected_the_hidden_ones_too() -> None:
    step = step_of(plan_of("distributed-simple"), "pre_upgrade.pending")
    assert step.hosts == ("RMS01",)
    assert [(row["agent"], row["hidden"]) for row in step.parameters["agents"]] == [("app900.contoso.test", False)]
    hidden = step_of(plan_of("not-ready"), "pre_upgrade.pending")
    assert hidden.hosts == ("WTRMS", "WTSQL")
    assert hidden.parameters["agents"][0]["hidden"] and hidden.parameters["agents"][0]["id"]


def test_updates_that_wait_after_a_server_was_upgraded_are_not_rejected() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    plan = planner.make(snapshot, {})
    done = [step for step in plan.steps if step.phase in ("pre_upgrade", "manual_agents")]
    done.append(step_of(plan, "secondary_servers.upgrade.MS02"))
    after = simulate(snapshot, done, NEW)
    assert {row["type"] for row in after["group"]["pending"]} == {"UpdateAgent"}
    assert not ids(planner.make(after, {}), "pre_upgrade.pending")


def test_batches_hold_at_most_two_hundred_and_keep_their_agents() -> None:
    estate = estates.load_estate("distributed-simple")
    estate["agents"] = [dict(estate["agents"][0], name="P[0001:0450]")]
    snapshot = estates.snapshot_from_estate(estate)
    plan = planner.make(snapshot, {})
    batches = [step for step in plan.steps if step.kind == "agents.approve"]
    assert [len(step.parameters["agents"]) for step in batches] == [200, 200, 50]
    for row in snapshot["group"]["agents"]["rows"][:250]:
        row[1] = NEW
    later = planner.make(snapshot, {})
    assert ids(later, "pushed_agents.") == ["pushed_agents.batch.002", "pushed_agents.batch.003"]
    assert set(step_of(later, "pushed_agents.batch.002").parameters["agents"]) < set(batches[1].parameters["agents"])
    assert [len(step.parameters["agents"]) for step in plan_of(estate, push_batch=300 - 100).steps
            if step.kind == "agents.approve"] == [200, 200, 50]  # fmt: skip


def test_agents_nobody_reaches_are_for_a_person_or_for_their_delegate() -> None:
    plan = plan_of("single-complex-32bit")
    step = step_of(plan, "manual_agents.upgrade.BRANCH1")
    assert step.mode == "manual" and step.hosts == ("BRANCH1",)
    assert step.id in step_of(plan, "secondary_servers.upgrade.SCOM64").requires
    through = plan_of("single-complex-32bit", {"inventory__BRANCH1__delegate": "SCOM"})
    step = step_of(through, "manual_agents.upgrade.BRANCH1")
    assert step.mode == "delegated" and step.parameters["through"] == "SCOM"


def test_agents_outside_the_inventory_are_for_a_person() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    del snapshot["hosts"]["OLD01"], snapshot["inventory"]["OLD01"]
    step = step_of(planner.make(snapshot, {}), "manual_agents.upgrade.old01.contoso.test")
    assert step.mode == "manual" and step.hosts == ()


def test_late_agents_come_after_the_group_and_nothing_waits_for_them() -> None:
    plan = plan_of("single-complex-32bit", late_agents=["BRANCH1", "branch2.northwind.test"])
    assert ids(plan, "manual_agents.") == ["manual_agents.upgrade.BRANCH3"]
    late = ["post_upgrade.upgrade.BRANCH1", "post_upgrade.upgrade.BRANCH2"]
    assert ids(plan, "post_upgrade.upgrade") == late
    assert not [step.id for step in plan.steps if set(step.requires) & set(late)]


def test_avicode_and_audit_forwarding_are_taken_care_of() -> None:
    estate = estates.load_estate("distributed-simple")
    estate["agents"][2]["software"] = {"avicode": "5.7"}
    plan = plan_of(estate)
    assert step_of(plan, "manual_agents.upgrade.OLD01").parameters["no_apm"]
    forwarding = step_of(plan, "manual_agents.upgrade.DC01")
    assert forwarding.parameters["acs_forwarder"] and not forwarding.parameters["no_apm"]
    assert forwarding.parameters["architecture"] == "x64"
    assert ids(plan, "post_upgrade.acs_forwarder.") == [f"post_upgrade.acs_forwarder.DC0{n}" for n in (1, 2, 3, 4)]


def test_the_console_leaves_for_the_agent_and_comes_back() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    plan = planner.make(snapshot, {})
    assert step_of(plan, "manual_agents.upgrade.ADM01").requires == ("manual_agents.console.ADM01",)
    assert step_of(plan, "features.console.ADM01").parameters["install"]
    assert not step_of(plan, "features.console.OPS01").parameters["install"]
    after = simulate(snapshot, [step_of(plan, "manual_agents.console.ADM01")], NEW)
    later = planner.make(after, {})
    assert not ids(later, "manual_agents.console") and step_of(later, "features.console.ADM01").parameters["install"]


def test_a_console_does_not_come_back_to_a_system_it_does_not_run_on() -> None:
    estate = estates.load_estate("distributed-simple")
    estate["agents"][3]["os"] = {"release": "2003", "service_pack": 2, "architecture": "x86"}
    plan = plan_of(estate)
    assert plan.path == "distributed_simple"
    assert ids(plan, "manual_agents.console") and "features.console.ADM01" not in ids(plan)


def test_pushed_agents_of_the_root_move_first_and_come_back() -> None:
    plan = plan_of("distributed-simple")
    move, back = step_of(plan, "pushed_agents.move"), step_of(plan, "post_upgrade.agents_return")
    assert move.parameters["to"] == "ms02.contoso.test"
    assert move.parameters["moves"][0] == {
        "agent": "rmsapp01.contoso.test", "primary": "ms02.contoso.test", "failover": ["ms03.contoso.test"],
    }  # fmt: skip
    assert back.parameters["moves"] == move.parameters["before"]
    assert "post_upgrade.agents_return" not in ids(plan_of("distributed-simple", return_agents=False))


def test_only_what_was_on_comes_back_on() -> None:
    plan = plan_of("distributed-simple")
    off, on = step_of(plan, "quiesce.subscriptions"), step_of(plan, "post_upgrade.subscriptions")
    assert [row["name"] for row in off.parameters["subscriptions"]] == ["DBA on call", "Operators by mail"]
    assert off.parameters["subscriptions"] == on.parameters["subscriptions"]


def test_a_connector_that_stood_still_stays_so() -> None:
    estate = estates.load_estate("distributed-simple")
    estate["connectors"][0]["running"] = False
    assert not [name for name in ids(plan_of(estate)) if "connector" in name]
    assert [name for name in ids(plan_of("distributed-simple")) if "connector" in name] == [
        "quiesce.connector.MS03.HelpdeskConnector", "post_upgrade.connector.MS03.HelpdeskConnector",
    ]  # fmt: skip


def test_the_own_session_is_no_open_console() -> None:
    own = {"group__consoles": ["CONTOSO\\scomadmin"]}
    assert "quiesce.consoles" not in ids(plan_of("distributed-simple", own))
    assert step_of(plan_of("distributed-simple"), "quiesce.consoles").parameters["sessions"] == 3


def test_backups_count_while_they_are_fresh_and_verified() -> None:
    def entry(verified: bool, finished: str) -> dict[str, Any]:
        data = {"backup": "operational", "verified": verified, "finished": finished}
        return {"time": finished, "step": "quiesce.backup.operational", "event": "done", "host": "SQL01", "data": data}

    name = "quiesce.backup.operational"
    assert name not in ids(plan_of("distributed-simple", {"journal": [entry(True, "2012-05-12T10:00:00Z")]}))
    assert name in ids(plan_of("distributed-simple", {"journal": [entry(True, "2012-05-11T10:00:00Z")]}))
    assert name in ids(plan_of("distributed-simple", {"journal": [entry(False, "2012-05-12T10:00:00Z")]}))


def test_the_encryption_key_is_saved_again_after_an_update() -> None:
    estate = estates.load_estate("distributed-simple")
    assert "pre_upgrade.encryption_key" not in ids(plan_of(estate))
    estate["backups"]["encryption_key"]["taken_after_cu"] = 4
    assert "pre_upgrade.encryption_key" in ids(plan_of(estate))
    del estate["backups"]["encryption_key"]
    assert "pre_upgrade.encryption_key" in ids(plan_of(estate))


def test_a_key_on_a_share_is_believed_once_somebody_saved_it() -> None:
    name = "prepare.encryption_key"
    assert name in ids(plan_of("distributed-complex-clustered-rms"))
    entry = {"time": "2012-05-12T17:00:00Z", "step": name, "event": "done", "host": "OMRMSV", "data": {}}
    assert name not in ids(plan_of("distributed-complex-clustered-rms", {"journal": [entry]}))


def test_setup_adds_the_warehouse_that_is_missing() -> None:
    plan = plan_of("no-warehouse")
    warehouse = step_of(plan, "management_group.upgrade").parameters["warehouse"]
    assert warehouse == {"server": "LWSQL", "database": "OperationsManagerDW", "reader": "LITWARE\\scomdr",
                         "writer": "LITWARE\\scomdw"}  # fmt: skip
    assert step_of(plan, "post_upgrade.backup.warehouse").hosts == ("LWSQL",)


def test_gateways_that_stand_in_for_each_other_take_turns() -> None:
    estate = estates.load_estate("distributed-simple")
    gateway = next(server for server in estate["servers"] if server["name"] == "GW01")
    estate["servers"] += [dict(gateway, name="GW02"), dict(gateway, name="GW03", reports_to="GW01", failover=[])]
    next(one for one in estate["agents"] if one["name"].startswith("DMZ"))["failover"] = ["GW02"]
    plan = plan_of(estate)
    assert "gateways.upgrade.GW01" in step_of(plan, "gateways.upgrade.GW02").requires
    third = step_of(plan, "gateways.upgrade.GW03")
    assert third.parameters["tier"] == 2 and set(third.requires) >= {"gateways.upgrade.GW01", "gateways.upgrade.GW02"}


def test_one_point_of_no_return_and_its_undo() -> None:
    for name in estates.public_estates():
        plan = plan_of(name)
        final = [step for step in plan.steps if step.reversibility == "point_of_no_return"]
        assert [step.id for step in final] == ["management_group.upgrade"]
        assert "estore the operational database" in final[0].undo and final[0].downtime


def test_a_single_server_upgrades_its_agents_after_the_group() -> None:
    plan = plan_of("single-simple")
    names = [name for name, _steps in plan.phases]
    assert names.index("management_group") < names.index("manual_agents") < names.index("features")
    assert "management_group.upgrade" in step_of(plan, "manual_agents.upgrade.FILE01").requires
    assert not [one.rule for one in step_of(plan, "manual_agents.upgrade.FILE01").why if one.rule == "O3"]


def test_what_runs_from_a_secondary_gets_the_key_and_reporting_is_told() -> None:
    plan = plan_of("distributed-complex-clustered-rms")
    upgrade = step_of(plan, "management_group.upgrade")
    assert upgrade.hosts == ("OMMS1",) and upgrade.parameters["offline_first"] == ["OMRMSN1", "OMRMSN2"]
    assert "quiesce.encryption_key_restore" in upgrade.requires
    assert step_of(plan, "features.reporting_config.OMRPT").parameters["management_server"] == "omms1.adatum.test"
    assert step_of(plan, "prepare.parents.OMGW1").parameters["to"] == "omms1.adatum.test"
    assert ids(plan, "post_upgrade.leave") == [
        "post_upgrade.leave.OMRMSV", "post_upgrade.leave.OMRMSN1", "post_upgrade.leave.OMRMSN2",
    ]  # fmt: skip


def test_a_new_server_under_the_old_name_is_asked_for() -> None:
    name = "post_upgrade.rename"
    assert name not in ids(plan_of("distributed-complex-32bit"))
    step = step_of(plan_of("distributed-complex-32bit", rebuild_former_rms=True), name)
    assert step.mode == "manual" and step.parameters["name"] == "TSRMS"


def test_the_emulator_is_set_where_the_upgraded_group_has_none() -> None:
    estate = estates.load_estate("distributed-simple")
    for server in estate["servers"]:
        server["version"] = NEW
    assert "post_upgrade.rms_emulator" not in ids(plan_of(estate))
    plan = plan_of(estate, {"group__rms_emulator": None})
    assert step_of(plan, "post_upgrade.rms_emulator").parameters["holder"].endswith(".contoso.test")


def test_a_finished_group_has_an_empty_plan() -> None:
    estate = estates.load_estate("distributed-simple")
    for entry in [*estate["servers"], *estate["agents"]]:
        entry["version"] = NEW
        entry.pop("console", None)
    plan = plan_of(estate)
    assert (plan.path, plan.steps) == ("none", [])


def test_nothing_is_planned_for_a_group_nobody_could_ask() -> None:
    plan = plan_of("distributed-simple", {"group": None})
    assert not plan.steps and any("could not be asked" in one["text"] for one in plan.blockers)


def test_two_roots_block() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    snapshot["hosts"]["MS02"]["opsmgr"]["server_groups"][0].update(is_root=True, has_parent=False)
    plan = planner.make(snapshot, {})
    assert any("root management server" in one["text"] for one in plan.blockers)
    assert {step.state for step in plan.steps} == {"blocked"}


def test_repairs_come_before_everything_of_the_upgrade() -> None:
    repair = {
        "id": "pre_upgrade.repair.x", "phase": "pre_upgrade", "kind": "repair.x", "title": "Repair", "hosts": ["SQL01"],
        "requires": [], "why": [], "mode": "automatic", "reversibility": "reversible", "undo": "-", "done_when": [],
        "estimate": {"low": 1, "likely": 1, "high": 1}, "downtime": False, "parameters": {},
    }  # fmt: skip
    plan = planner.make(estates.snapshot_from_estate("distributed-simple"), {}, repairs=[repair])
    assert step_of(plan, "pre_upgrade.pending").requires == ("pre_upgrade.repair.x",)


@pytest.mark.parametrize("text", ["'; Remove-Item C:\\ -Recurse #", '<img src=x onerror="1">', "Ünïcode \u202e name"])
def test_hostile_names_are_only_names(text: str) -> None:
    estate = estates.load_estate("distributed-simple")
    estate["management_group"] = text
    estate["subscriptions"][0]["name"] = text
    plan = plan_of(estate)
    assert plan.management_group == text
    assert text in [row["name"] for row in step_of(plan, "quiesce.subscriptions").parameters["subscriptions"]]


@pytest.mark.parametrize(
    "name", ["distributed-complex-32bit", "distributed-complex-clustered-rms", "single-complex-32bit"]
)
def test_what_no_role_carries_out_is_a_persons_work_and_says_so(name: str) -> None:
    plan = plan_of(name)
    by_hand = [step for step in plan.steps if BY_HAND in step.why]
    assert {step.id for step in by_hand} >= {step.id for step in plan.steps if step.phase == "prepare"}
    assert {step.kind for step in by_hand if step.phase != "prepare"} >= {"group.upgrade", "encryption_key.restore"}
    assert {step.mode for step in by_hand} == {"manual"}
    reached = [step for step in plan.steps if step not in by_hand and step.kind != "agent.upgrade"]
    assert {step.mode for step in reached} == {"automatic"}


def test_what_roles_carry_out_stays_automatic() -> None:
    plan = plan_of("distributed-simple")
    assert not [step.id for step in plan.steps if BY_HAND in step.why]
    assert step_of(plan, "management_group.upgrade").mode == "automatic"


def test_a_new_gateway_comes_after_the_new_server_it_reports_to() -> None:
    plan = plan_of("distributed-complex-32bit")
    gateway = step_of(plan, "prepare.gateway.NEWGW")
    assert gateway.parameters["management_server"] == "newms.tailspin.test"
    assert gateway.requires == ("prepare.update.NEWMS",)
    assert step_of(plan, "prepare.update.NEWMS").requires == ("prepare.join.NEWMS",)


def test_a_new_gateway_comes_after_the_new_gateway_it_reports_to() -> None:
    estate = estates.load_estate("distributed-complex-32bit")
    gateway = next(one for one in estate["servers"] if one["name"] == "TSGW1")
    spare = next(one for one in estate["servers"] if one["name"] == "NEWGW")
    estate["servers"] += [dict(gateway, name="AGW2", reports_to="TSGW1", failover=[]), dict(spare, name="ANEW2")]
    plan = plan_of(estate)
    upper, lower = sorted(
        (step for step in plan.steps if step.kind == "gateway.install"),
        key=lambda step: str(step.parameters["management_server"]) != "newms.tailspin.test",
    )
    assert lower.parameters["management_server"] == f"{upper.hosts[0].lower()}.tailspin.test"
    assert lower.requires == (f"prepare.update.{upper.hosts[0]}",)


def connector_on(host: str) -> dict[str, Any]:
    """A group whose root management server leaves, with one connector."""
    estate = estates.load_estate("distributed-complex-32bit")
    estate["connectors"] = [{"name": "Tickets", "host": host, "service": "TicketConnector", "running": True}]
    return dict(estate)


@pytest.mark.parametrize("host, to", [("TSRMS", "TSMS2"), ("TSMS1", "NEWMS")])
def test_a_connector_moves_off_a_machine_that_leaves_and_starts_where_it_moved(host: str, to: str) -> None:
    estate = connector_on(host)
    snapshot, given = estates.snapshot_from_estate(estate), estates.inputs_from_estate(estate)
    plan = planner.make(snapshot, given)
    assert [name for name in ids(plan) if "connector" in name] == [
        f"prepare.connector.{host}.TicketConnector",
        f"quiesce.connector.{to}.TicketConnector",
        f"post_upgrade.connector.{to}.TicketConnector",
    ]
    move = step_of(plan, f"prepare.connector.{host}.TicketConnector")
    assert move.mode == "manual" and move.hosts == (to,) and "O15" in [one.rule for one in move.why]
    after = simulate(snapshot, [step for step in plan.steps if step.phase == "prepare"], NEW)
    later = planner.make(after, given)
    assert [name for name in ids(later) if "connector" in name] == [
        f"quiesce.connector.{to}.TicketConnector",
        f"post_upgrade.connector.{to}.TicketConnector",
    ]
    assert not stale(plan, later)


def test_a_connector_that_was_stopped_on_a_machine_that_leaves_is_set_up_elsewhere_before_it_starts() -> None:
    estate = connector_on("TSRMS")
    snapshot = estates.snapshot_from_estate(estate)
    snapshot["hosts"]["TSRMS"]["services"]["TicketConnector"]["state"] = "stopped"
    row = {"host": "TSRMS", "service": "TicketConnector", "name": "Tickets"}
    snapshot["journal"] = [{"time": "2012-05-12T17:00:00Z", "step": "quiesce.connector.TSRMS.TicketConnector",
                            "event": "saved", "host": "TSRMS", "data": {"connectors": [row]}, "by": None}]  # fmt: skip
    plan = planner.make(snapshot, estates.inputs_from_estate(estate))
    start = step_of(plan, "post_upgrade.connector.TSMS2.TicketConnector")
    assert "post_upgrade.connector.TSRMS.TicketConnector.move" in start.requires
    assert start.id in step_of(plan, "post_upgrade.leave.TSRMS").requires


def test_agents_that_only_fall_back_on_a_server_are_not_said_to_move_from_it() -> None:
    estate = estates.load_estate("distributed-complex-32bit")
    for agents in estate["agents"]:
        agents.update(primary="TSMS2", failover=["TSRMS"])
    step = step_of(plan_of(estate), "prepare.agents.TSRMS")
    assert step.title == "Take TSRMS off the failover servers of 33 agents"
    assert "33 agents with TSRMS as failover only" in step.why[0].text
    estate["agents"][0].update(primary="TSRMS", failover=[])
    mixed = step_of(plan_of(estate), "prepare.agents.TSRMS").title
    assert mixed.startswith("Move ") and " from TSRMS to tsms2.tailspin.test, and take it off " in mixed


def test_agents_of_the_root_neither_move_to_nor_come_back_to_a_failover_that_has_left() -> None:
    estate = estates.load_estate("distributed-simple")
    servers = {one["name"]: one for one in estate["servers"]}
    servers["MS03"]["os"] = {"release": "2003", "service_pack": 2, "architecture": "x86"}
    estate["servers"].append({"name": "NEW", "roles": [], "os": servers["MS02"]["os"]})
    for agents in estate["agents"]:
        agents["failover"] = ["MS03"] if agents["primary"] == "RMS01" else agents.get("failover", [])
    snapshot, given = estates.snapshot_from_estate(estate), estates.inputs_from_estate(estate)
    plan = planner.make(snapshot, given)
    for name in ("pushed_agents.move", "post_upgrade.agents_return"):
        failover = {one for move in step_of(plan, name).parameters["moves"] for one in move["failover"]}
        assert failover and "ms03.contoso.test" not in failover, name
    after = simulate(snapshot, [step for step in plan.steps if step.phase == "prepare"], NEW)
    assert not stale(plan, planner.make(after, given))


def test_the_undo_of_a_step_says_where_no_source_describes_one() -> None:
    plan = plan_of("distributed-complex-32bit")
    agent = step_of(plan, "manual_agents.upgrade.C01")
    batch = step_of(plan, "pushed_agents.batch.001")
    for step in (
        agent,
        batch,
        step_of(plan, "secondary_servers.upgrade.TSMS2"),
        step_of(plan, "gateways.upgrade.NEWGW"),
    ):
        assert step.reversibility == "restorable" and step.undo.endswith("(Inferred: no source describes it.)"), step.id
    assert "no way back is documented" in agent.undo and "no way back is documented" in batch.undo
    assert "From the field" in step_of(plan, "management_group.upgrade").undo


def test_a_server_of_2007_r2_does_not_come_back_into_a_group_that_is_2012() -> None:
    plan = plan_of("distributed-complex-32bit")
    assert step_of(plan, "prepare.leave.TSMS1").undo.startswith("Install 2007 R2 there again")
    assert step_of(plan, "post_upgrade.leave.TSRMS").undo.startswith("Not into this group: it is 2012 by then")
