# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that do not tell: what is not known of them is said, their steps stay as work by hand, and nothing turns green."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.filter.evidence import host_answers
from ansible_collections.scom.upgrade.plugins.module_utils import approval, contract, facts, model
from ansible_collections.scom.upgrade.plugins.module_utils.decide import Conclusion, conclude
from ansible_collections.scom.upgrade.plugins.module_utils.plan import MANUAL, Step, check_order
from tests.unit.decide import estates
from tests.unit.decide.generated import estates as generated
from tests.unit.rules.cases import WAYS, hidden

SIMPLE = "distributed-simple"
RED = ("block", "warn", "manual", "error")


def without(*hosts: str, name: Any = SIMPLE, how: str = "silent", **inventory: str) -> Conclusion:
    """What is concluded of a group of which some hosts are hidden; ``inventory`` gives roles to hosts."""
    snapshot = estates.snapshot_from_estate(name)
    for host in hosts:
        if how == "gone":
            del snapshot["hosts"][host], snapshot["inventory"][host]
        else:
            snapshot = hidden(snapshot, host, how)
    for host, role in inventory.items():
        snapshot["inventory"][host]["role"] = role
    return conclude(snapshot, estates.inputs_from_estate(name))


def step_of(found: Conclusion, name: str) -> Step:
    step = found.plan.step(name)
    assert step is not None, name
    return step


def outcomes(found: Conclusion) -> dict[str, str]:
    return {str(one["id"]): str(one["outcome"]) for one in found.report["findings"]}


def reason(step: Step) -> str:
    return " ".join(one.text for one in step.why)


# what is named by others


@pytest.mark.parametrize("how", ["gone", *WAYS])
@pytest.mark.parametrize(("host", "what"), [("SQL01", "operational"), ("SQL02", "warehouse")])
def test_a_database_that_others_name_is_one_of_the_group(host: str, what: str, how: str) -> None:
    found = without(host, how=how)
    assert found.group.databases[what].server == host
    for phase in ("pre_upgrade", "quiesce", "post_upgrade"):
        step = step_of(found, f"{phase}.backup.{what}")
        assert (step.mode, step.hosts) == (MANUAL, (host,))
        assert f"Nothing reaches {host}, so a person does this" in reason(step)
    said = outcomes(found)
    for rule in ("R03", "R05", "R42", *(("R43",) if how == "gone" else ())):
        assert said[rule] == "manual" and host in str(_finding(found, rule)), rule


def _finding(found: Conclusion, rule: str) -> Any:
    return next(one for one in found.report["findings"] if one["id"] == rule)


def test_a_database_whose_place_nobody_names_is_backed_up_by_a_person() -> None:
    found = without("OM01", name="single-simple")
    step = step_of(found, "quiesce.backup.operational")
    assert (step.mode, step.hosts) == (MANUAL, ())
    assert "Nobody says where the operational database is" in reason(step)


def test_a_server_that_calls_the_database_its_own_means_itself() -> None:
    snapshot = estates.snapshot_from_estate("single-simple")
    snapshot["hosts"]["OM01"]["opsmgr"]["database_server"] = "(local)"
    group = model.build(facts.load(snapshot))
    assert group.databases["operational"].server == "OM01" and group.databases["operational"].facts


def test_reporting_keeps_the_backup_of_its_database_where_the_instance_was_not_read() -> None:
    snapshot = estates.snapshot_from_estate(SIMPLE)
    snapshot["hosts"]["SQL02"]["sql"] = None
    found = conclude(snapshot, estates.inputs_from_estate(SIMPLE))
    assert found.group.databases["reporting"].name == "ReportServer$OMDW"
    assert found.plan.step("features.backup.reporting") is not None


# what the inventory says


def test_roles_of_the_inventory_keep_their_steps_as_work_by_hand() -> None:
    found = without("WEB01", "OPS01", "SQL02", WEB01="web_console", OPS01="console", SQL02="data_warehouse, reporting")
    for name in ("web_console.WEB01", "console.OPS01", "reporting.SQL02", "backup.reporting"):
        assert step_of(found, f"features.{name}").mode == MANUAL
    said = outcomes(found)
    assert said["R42"] == "manual" and found.group.unread == {}
    assert "could be" not in _finding(found, "R28")["message"]


def test_a_host_of_unknown_role_is_named_with_the_remedy() -> None:
    found = without("WEB01")
    assert found.group.unread == {"WEB01": "no answer"}
    rule = _finding(found, "R42")
    assert ["WEB01", "no answer"] in rule["affected"]["rows"] and "scom_role" in rule["remedy"]
    assert [one.kind for one in found.group.disagreements] == ["host_without_role"]


def test_one_host_says_nothing_wrong_of_several_roles() -> None:
    snapshot = estates.snapshot_from_estate(SIMPLE, inventory__OPS01__role="console, barista")
    said = [one.text for one in model.build(facts.load(snapshot)).disagreements if one.kind == "role_unknown"]
    assert said == ["The inventory says that OPS01 is a barista, which is no role."]


# what ends such a step


def sign(found: Conclusion, name: str) -> Conclusion:
    entry, _text = contract.sign_off(found, name, "Ada", found.group.collected or "")
    snapshot = dict(found.group.snapshot)
    snapshot["journal"] = [*snapshot["journal"], entry]
    return conclude(snapshot, found.inputs)


def test_a_person_signs_off_what_no_fact_can_show() -> None:
    found = without("SQL01", "MS03", MS03="management_server, acs_collector")
    found = sign(found, "pre_upgrade.backup.operational")
    assert found.plan.step("pre_upgrade.backup.operational") is None
    snapshot = dict(found.group.snapshot)
    snapshot["collected"] = "2012-05-20T00:00:00Z"
    again = conclude(snapshot, found.inputs)
    assert again.plan.step("pre_upgrade.backup.operational") is not None, "it grew old"


def test_a_signed_backup_is_evidence_for_the_point_of_no_return() -> None:
    found = without("SQL01")
    entry = approval.sign_off(found.plan, "quiesce.backup.operational", "Ada", found.group.collected or "")
    snapshot = {**found.group.snapshot, "journal": [entry]}
    group = model.build(facts.load(snapshot))
    upgrade = step_of(found, "management_group.upgrade")
    held = {one.name: one.holds for one in approval.evidence(group, found.inputs, upgrade)}
    assert held["backup.operational"] and not held["backup.warehouse"]


def test_a_console_that_nobody_can_look_at_ends_with_its_sign_off() -> None:
    estate = estates.load_estate(SIMPLE)
    for one in estate["servers"]:
        one["version"] = "7.0.8560.0"
    for one in estate["agents"]:
        one["version"] = "7.0.8560.0"
    snapshot = hidden(estates.snapshot_from_estate(estate), "OPS01", "silent")
    snapshot["inventory"]["OPS01"]["role"] = "console"
    found = conclude(snapshot, estates.inputs_from_estate(estate))
    assert step_of(found, "features.console.OPS01").mode == MANUAL
    assert sign(found, "features.console.OPS01").plan.step("features.console.OPS01") is None


@pytest.mark.parametrize("how", WAYS)
def test_a_connector_on_a_silent_host_is_looked_at_by_a_person(how: str) -> None:
    found = without("MS03", how=how)
    stop = step_of(found, "quiesce.connector.MS03.HelpdeskConnector")
    assert stop.mode == MANUAL and "is not known" in reason(stop)
    assert step_of(found, "post_upgrade.connector.MS03.HelpdeskConnector").mode == MANUAL
    snapshot = dict(found.group.snapshot)
    entry = approval.sign_off(found.plan, stop.id, "Ada", found.group.collected or "")
    after = conclude({**snapshot, "journal": [entry]}, found.inputs)
    assert after.plan.step(stop.id) is None
    assert after.plan.step("post_upgrade.connector.MS03.HelpdeskConnector") is not None


# what the path says


def texts(found: Conclusion) -> str:
    return " ".join(one.text for one in (*found.decision.why, *found.decision.run_from_why))


@pytest.mark.parametrize("how", WAYS)
def test_the_path_says_of_whom_something_is_not_known(how: str) -> None:
    found = without("RMS01", "WEB01", how=how)
    assert "As far as is known, all 7 machines with a role meet" in texts(found)
    assert "not known: RMS01 (no facts), WEB01 (no facts)." in texts(found)
    assert "Nothing that is known speaks against RMS01" in texts(found)
    assert "meets the minimum and is not clustered" not in texts(found)
    assert found.decision.undecided == ("hosts.RMS01", "hosts.WEB01")
    assert outcomes(found)["R41"] == "manual"


@pytest.mark.parametrize(
    ("place", "value", "lacks"),
    [
        ("os", None, "os.architecture, os.release"),
        ("os__release", "Windows 2000", "os.release"),
        ("os__service_pack", None, "os.service_pack"),
        ("unknown", {"registry.setup": "denied"}, "its roles"),
    ],
)
def test_the_path_says_which_facts_are_not_known(place: str, value: Any, lacks: str) -> None:
    snapshot = estates.snapshot_from_estate(SIMPLE, **{f"hosts__MS02__{place}": value})
    found = conclude(snapshot, estates.inputs_from_estate(SIMPLE))
    assert found.decision.path == "distributed_simple" and found.decision.retire == ()
    assert f"not known: MS02 ({lacks})." in texts(found)


def test_what_is_known_is_said_without_reserve() -> None:
    said = texts(without())
    assert "As far as is known" not in said and "not known" not in said
    assert "RMS01 meets the minimum and is not clustered" in said


def test_a_finished_group_is_finished_as_far_as_is_known() -> None:
    estate = estates.load_estate("single-simple")
    for one in [*estate["servers"], *estate["agents"]]:
        one["version"] = "7.0.8560.0"
    snapshot = estates.snapshot_from_estate(estate, unreachable={"WEB9": "no answer"})
    found = conclude(snapshot, estates.inputs_from_estate(estate))
    assert "as far as is known; nobody knows what is on WEB9" in texts(found)
    assert outcomes(found)["R32"] == "manual"


def test_a_spare_of_unknown_system_takes_nothing_over() -> None:
    known = without(name="distributed-complex-32bit")
    assert "NEWMS" in known.decision.joins
    found = without("NEWMS", name="distributed-complex-32bit", how="null")
    assert "NEWMS" not in found.decision.joins and outcomes(found)["R82"] == "manual"


# consoles of their own


X86 = {"release": "2003", "service_pack": 2, "architecture": "x86"}


def with_console(name: str, os: dict[str, Any]) -> Any:
    estate = estates.load_estate(name)
    estate["servers"].append({"name": "DESK", "roles": ["console"], "os": os})
    return estate


@pytest.mark.parametrize("name", ["single-simple", SIMPLE])
def test_a_console_of_its_own_decides_nothing(name: str) -> None:
    estate = with_console(name, X86)
    found = without(name=estate)
    assert found.decision.path == estate["expect"]["path"] and not found.decision.retire
    assert found.report["blocked_by"] == estate["expect"]["blocked_by"]
    assert found.plan.step("features.console.DESK") is None
    assert "x86" not in texts(found)
    said = _finding(found, "R03")
    assert said["outcome"] == "note" and "DESK" in said["message"] and "Uninstall the console" in said["remedy"]


def test_the_console_runs_on_a_32_bit_client() -> None:
    estate = with_console("single-simple", {"release": "2008 R2", "service_pack": 1, "architecture": "x86"})
    snapshot = estates.snapshot_from_estate(estate)
    snapshot["hosts"]["DESK"]["os"]["caption"] = "Microsoft Windows 7 Enterprise"
    found = conclude(snapshot, estates.inputs_from_estate(estate))
    assert outcomes(found)["R03"] == "pass"
    assert step_of(found, "features.console.DESK").mode == "automatic"


def test_a_group_is_finished_where_only_a_console_stayed_behind() -> None:
    estate = with_console("single-simple", X86)
    for one in [*estate["servers"], *estate["agents"]]:
        one["version"] = "7.0.8560.0" if one["name"] != "DESK" else "6.1.7221.0"
    assert without(name=estate).decision.path == "none"


# whatever is hidden


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(generated() | st.sampled_from(estates.public_estates()).map(estates.load_estate), st.data())
def test_nothing_turns_green_and_no_step_is_lost_in_silence(estate: dict[str, Any], data: st.DataObject) -> None:
    snapshot, inputs = estates.snapshot_from_estate(estate), estates.inputs_from_estate(estate)
    servers = [one["name"] for one in estate["servers"] if one["name"] in snapshot["hosts"]]
    assume(servers)
    chosen = data.draw(st.lists(st.sampled_from(servers), min_size=1, max_size=3, unique=True))
    how = data.draw(st.sampled_from(WAYS))
    known = conclude(snapshot, inputs)
    for host in chosen:
        snapshot = hidden(snapshot, host, how)
    found = conclude(snapshot, inputs)
    check_order(found.plan.steps)
    red, now = outcomes(known), outcomes(found)
    if found.group.spares:
        red.pop("R80")  # a spare that nothing known needs elsewhere becomes the second management server
    green = {rule: _finding(found, rule)["message"] for rule in now if now[rule] not in RED and red.get(rule) in RED}
    assert not green, (chosen, how, green)
    named = {row[0] for row in _finding(found, "R42")["affected"]["rows"]}
    lost = {step.kind for step in known.plan.steps} - {step.kind for step in found.plan.steps}
    assert not lost or set(chosen) - named <= nodes_of(found), (chosen, how, lost)
    for what in ("operational", "warehouse"):
        assert (known.plan.step(f"quiesce.backup.{what}") is None) or found.plan.step(f"quiesce.backup.{what}")


def nodes_of(found: Conclusion) -> set[str]:
    """A cluster is known by whichever of its machines told."""
    return {one.name for one in found.group.nodes} | {str(one.node_of) for one in found.group.nodes}


@pytest.mark.parametrize("said", ["data_warehouse, reporting", ["data_warehouse", "reporting"], None])
def test_several_roles_are_a_list_or_a_text(said: Any) -> None:
    entry = host_answers({"SQL02": {"scom_role": said}}, ["SQL02"])["inventory"]["SQL02"]
    assert entry["role"] == (said and "data_warehouse, reporting")
