"""R70 judges the ports that were tried, and asks for no more than the group needs."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import probing
from tests.unit.decide.estates import inputs_from_estate, load_estate, public_estates, snapshot_from_estate
from tests.unit.rules.cases import DONE, SIMPLE, SINGLE, judge
from tests.unit.rules.cases import by as confirmed

SAMPLE = 5


@functools.cache
def wanted(estate: str) -> dict[str, Any]:
    return probing.targets(snapshot_from_estate(estate), inputs_from_estate(estate))


def answers(estate: str, closed: Iterable[tuple[str, str, int]] = (), error: str = "no answer") -> dict[str, Any]:
    """Every port of an estate as tried, all of them open but those that are named."""
    ports = [
        {
            "from": host,
            "to": one["to"],
            "port": one["port"],
            "open": (host, one["to"], one["port"]) not in closed,
            "error": error if (host, one["to"], one["port"]) in closed else None,
        }
        for host, asked in wanted(estate).items()
        for one in asked["ports"]
    ]
    return {"collected": snapshot_from_estate(estate)["collected"], "ports": ports}


def found(estate: str, probes: Any = None, given: Any = None, put: Any = None) -> Any:
    tried = {} if probes is None else {"probes": probes}
    (result,) = judge(estate, {**tried, **(put or {})}, given or {}, wanted=["R70"]).results
    return result


def test_a_single_server_whose_agents_report_has_only_the_push_to_try() -> None:
    assert {one["port"] for one in wanted(SINGLE)["OM01"]["ports"]} == {135, 445}
    assert found(SINGLE).outcome == "manual"
    result = found(SINGLE, answers(SINGLE))
    beside = "137-138/udp, 139/tcp, 49152-65535/tcp"
    assert (result.outcome, result.message) == (
        "pass", f"1 connection tried, none is closed. Of a push, {beside} is not tried.",
    )  # fmt: skip


def test_a_group_whose_agents_all_report_and_are_installed_by_hand_has_nothing_to_try() -> None:
    manual = snapshot_from_estate(SINGLE)["group"]["agents"]
    place = manual["columns"].index("manual")
    rows = [[*row[:place], True, *row[place + 1 :]] for row in manual["rows"]]
    result = found(SINGLE, put={"group/agents/rows": rows})
    assert (result.outcome, result.message) == ("pass", f"{len(rows)} agents and gateways report, which proves every connection.")


def test_what_cannot_be_tried_stays_with_a_person_and_is_named() -> None:
    """The audit database is on a named instance, whose port nobody knows from outside."""
    result = found(SIMPLE, answers(SIMPLE))
    assert result.outcome == "manual"
    assert [row[:3] for row in result.rows] == [("MS03", "SQL02", "1433/tcp")]
    assert found(SIMPLE, answers(SIMPLE), confirmed("R70")).outcome == "pass"


def test_a_server_that_reports_proves_that_it_reaches_its_databases() -> None:
    assert not [row for row in found(SIMPLE).rows if row[:2] == ("MS02", "SQL02")]
    number = next(
        place for place, one in enumerate(snapshot_from_estate(SIMPLE)["group"]["servers"]) if "ms02" in one["name"]
    )
    silent = found(SIMPLE, put={f"group/servers/{number}/available": None}).rows
    assert [row[2] for row in silent if row[:2] == ("MS02", "SQL02")] == ["1433/tcp"]


@pytest.mark.parametrize("error", ["no answer", "refused", "unknown host"])
def test_a_database_that_does_not_answer_is_a_warning_even_when_somebody_confirmed(error: str) -> None:
    result = found(SIMPLE, answers(SIMPLE, [("MS02", "SQL01", 1433)], error), confirmed("R70"))
    assert result.outcome == "warn" and result.message == "Closed: MS02 to SQL01."
    assert result.rows[0] == ("MS02", "SQL01", "1433/tcp", "always; the instance's own port where it has one", error)


def test_a_refusal_is_an_answer_where_nothing_listens_yet() -> None:
    """The Data Access service of 2007 R2 runs on the root management server alone."""
    assert found(SIMPLE, answers(SIMPLE, [("MS02", "MS03", 5724)], "refused")).outcome != "warn"
    assert found(SIMPLE, answers(SIMPLE, [("MS02", "MS03", 5724)], "no answer")).outcome == "warn"
    assert found(SIMPLE, answers(SIMPLE, [("MS02", "RMS01", 5724)], "refused")).outcome == "warn"
    assert found(SIMPLE, answers(SIMPLE, [("MS02", "MS03", 5723)], "refused")).outcome == "warn"


def test_a_spare_machine_need_not_listen_but_has_to_be_reached() -> None:
    estate = "distributed-complex-32bit"
    assert ("TSMS2", "NEWMS", 5723) in {
        (host, one["to"], one["port"]) for host, asked in wanted(estate).items() for one in asked["ports"]
    }
    assert found(estate, answers(estate, [("TSMS2", "NEWMS", 5723)], "refused")).outcome != "warn"
    assert found(estate, answers(estate, [("TSMS2", "NEWMS", 5723)], "no answer")).outcome == "warn"


def test_probes_grow_old() -> None:
    old = dict(answers(SINGLE), collected="2011-01-01T00:00:00Z")
    assert found(SINGLE, old).outcome == "manual"
    assert found(SINGLE, old, {"settings": {"probe_hours": 10**6}}).outcome == "pass"
    assert found(SINGLE, dict(answers(SINGLE), collected=None)).outcome == "manual"
    for rules, outcome in ((["R69", "R70"], "manual"), (["R69", {"R70": {"probe_hours": 10**6}}], "pass")):
        assert judge(SINGLE, {"probes": old}, {}, wanted=rules).results[-1].outcome == outcome


def test_what_a_person_tried_counts_before_what_was_probed() -> None:
    told = [{"from": "ms02", "to": "sql01", "port": 1433, "open": True}]
    closed = answers(SIMPLE, [("MS02", "SQL01", 1433)])
    assert found(SIMPLE, closed).outcome == "warn"
    assert found(SIMPLE, closed, {"probes": told}).outcome != "warn"


def test_a_port_that_could_not_be_tried_is_not_known() -> None:
    probes = answers(SINGLE)
    probes["ports"][0].update(open=None, error="access denied")
    assert found(SINGLE, probes).outcome == "manual"


def test_agents_and_gateways_prove_their_connection_by_reporting() -> None:
    gateway = next(
        number for number, one in enumerate(snapshot_from_estate(SIMPLE)["group"]["servers"]) if one["is_gateway"]
    )
    assert [row[1] for row in found(SIMPLE).rows if row[0] == "GW01"] == ["MS03"], "its failover parent alone"
    silent = found(SIMPLE, put={f"group/servers/{gateway}/available": False}).rows
    assert [row[1:3] for row in silent if row[0] == "GW01"] == [("MS02", "5723/tcp"), ("MS03", "5723/tcp")]


def test_a_push_is_tried_with_a_few_agents_of_each_parent() -> None:
    pushes = [one["to"] for one in wanted(SIMPLE)["MS02"]["ports"] if one["port"] == 445]
    assert len(pushes) == SAMPLE
    more = probing.targets(
        snapshot_from_estate(SIMPLE), inputs_from_estate(SIMPLE, settings={"probe_agents": SAMPLE + 1})
    )
    assert len([one for one in more["MS02"]["ports"] if one["port"] == 445]) == SAMPLE + 1


@pytest.mark.parametrize("estate", public_estates())
def test_only_hosts_that_answer_are_asked_and_only_for_what_the_plan_needs(estate: str) -> None:
    snapshot = snapshot_from_estate(estate)
    assert wanted(estate) and set(wanted(estate)) <= set(snapshot["hosts"])
    for asked in wanted(estate).values():
        assert asked["ports"] or asked["accounts"] or asked["instances"]
        assert {one["input"] for one in asked["accounts"]} <= {
            "account", "data_access_account", "data_reader_account", "data_writer_account"
        }  # fmt: skip
        assert bool(asked["instances"]) == bool(asked["sql_accounts"])


def test_accounts_are_tried_where_the_plan_uses_them() -> None:
    by_host = {host: {one["input"] for one in asked["accounts"]} for host, asked in wanted(SIMPLE).items()}
    assert by_host["RMS01"] == {"account", "data_access_account", "data_reader_account"}
    assert by_host["MS02"] == {"account", "data_access_account"}
    assert by_host["GW01"] == set()
    writer = probing.targets(
        snapshot_from_estate("no-warehouse"), inputs_from_estate("no-warehouse", data_writer_account="LITWARE\\scomdw")
    )
    assert {"input": "data_writer_account", "name": "LITWARE\\scomdw"} in writer["LWRMS"]["accounts"]


def test_after_the_group_upgrade_rights_on_the_databases_are_not_asked_for() -> None:
    estate = load_estate(SIMPLE)
    for change in DONE:
        change(estate)
    left = probing.targets(snapshot_from_estate(estate), inputs_from_estate(estate))
    assert left and not any(asked["instances"] for asked in left.values())
    assert {one["input"] for asked in left.values() for one in asked["accounts"]} == {"account"}


@pytest.mark.parametrize(("estate", "rms"), [("distributed-complex-32bit", "TSRMS"), ("single-complex-32bit", "SCOM")])
def test_the_root_server_is_asked_although_it_leaves_because_its_administrators_are_the_groups(
    estate: str, rms: str
) -> None:
    assert {"account"} <= {one["input"] for one in wanted(estate)[rms]["accounts"]}
