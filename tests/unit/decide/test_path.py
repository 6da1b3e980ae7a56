# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The path, where the group upgrade runs, who leaves, and why: public estates and variants of them."""

from __future__ import annotations

import itertools
from typing import Any, Callable

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import facts, inputs, model, path
from tests.unit.decide import estates

WINDOWS_2003 = {"release": "2003", "service_pack": 2, "architecture": "x86"}
SQL_2005 = "9.00.5000.00"


def decision_of(estate: Any, overrides: Any = None, **given: Any) -> path.Decision:
    group = model.build(facts.load(estates.snapshot_from_estate(estate, **(overrides or {}))))
    return path.decide(group, inputs.normalise(estates.inputs_from_estate(estate, **given)))


def changed(name: str, *changes: Callable[[dict[str, Any], dict[str, Any]], Any]) -> dict[str, Any]:
    estate = estates.load_estate(name)
    by_name = {server["name"]: server for server in estate["servers"]}
    for change in changes:
        change(by_name, estate)
    return estate


@pytest.mark.parametrize("name", estates.public_estates())
def test_public_estates_get_what_they_expect(name: str) -> None:
    expected = estates.load_estate(name)["expect"]
    found = decision_of(name)
    assert (found.path, found.run_from, list(found.retire)) == (
        expected["path"], expected["run_from"], expected["retire"],
    )  # fmt: skip
    assert not found.blockers and not found.undecided
    assert found.why and all(one.text and one.fact for one in found.why)
    assert set(found.rejected) == set(path.PATHS) - {found.path}
    assert all(found.rejected.values())


def test_the_table_answers_every_combination_once() -> None:
    for values in itertools.product((True, False), repeat=len(path.CONDITIONS)):
        conditions = dict(zip(path.CONDITIONS, values))
        rows = [name for name, row in path.TABLE if all(conditions[key] == wanted for key, wanted in row.items())]
        assert len(rows) == 1, conditions


def test_spares_are_paired_with_what_they_can_take() -> None:
    found = decision_of("distributed-complex-32bit")
    assert {(one.machine, one.kind): one.by for one in found.replacements} == {
        ("TSDB", "database"): "NEWDB",
        ("TSGW1", "gateway"): "NEWGW",
        ("TSMS1", "management_server"): "NEWMS",
        ("TSRMS", "management_server"): "TSMS2",
        ("TSRMS", "feature"): "TSMS2",
    }
    assert found.joins == ("NEWMS",) and found.from_secondary


def test_the_inventory_may_say_which_spare_is_meant_for_which_machine() -> None:
    overrides = {"inventory__NEWGW__replaces": "TSMS1", "inventory__NEWMS__replaces": "tsgw1.tailspin.test"}
    found = decision_of("distributed-complex-32bit", overrides)
    pairs = {(one.machine, one.kind): one.by for one in found.replacements}
    assert pairs["TSMS1", "management_server"] == "NEWGW" and pairs["TSGW1", "gateway"] == "NEWMS"


def test_nobody_can_run_the_group_upgrade() -> None:
    estate = changed("single-complex-32bit", lambda _, e: e.update(servers=e["servers"][:1]))
    found = decision_of(estate)
    assert (found.path, found.run_from, found.retire) == (path.SINGLE_COMPLEX, None, ("SCOM",))
    assert any("scom_spare" in one.remedy and "group upgrade" in one.text for one in found.blockers)


def test_a_spare_outside_the_domain_cannot_run_the_group_upgrade() -> None:
    estate = changed("single-complex-32bit", lambda s, _: s["SCOM64"].update(domain_joined=False))
    assert decision_of(estate).run_from == "SQL64"


def test_old_sql_alone_leaves_the_rms_where_it_is() -> None:
    def old(servers: dict[str, Any], estate: dict[str, Any]) -> None:
        servers["SQL01"]["sql"]["version"] = SQL_2005

    found = decision_of(changed("distributed-simple", old))
    assert (found.path, found.run_from, found.retire) == (path.DISTRIBUTED_COMPLEX, "RMS01", ())
    assert [one.rule for one in found.blockers] == ["R06"] and not found.from_secondary


def test_old_sql_under_a_single_server_leaves_it_where_it_is() -> None:
    found = decision_of(changed("single-simple", lambda s, _: s["OM01"]["sql"].update(version=SQL_2005)))
    assert (found.path, found.run_from, found.retire) == (path.SINGLE_COMPLEX, "OM01", ())


def test_a_gateway_alone_makes_the_path_complex() -> None:
    found = decision_of(changed("distributed-simple", lambda s, _: s["GW01"].update(os=WINDOWS_2003)))
    assert (found.path, found.run_from, found.retire) == (path.DISTRIBUTED_COMPLEX, "RMS01", ("GW01",))
    assert [one.rule for one in found.blockers] == ["R03"]


def test_a_secondary_alone_leaves_and_its_work_goes_to_another() -> None:
    found = decision_of(changed("distributed-simple", lambda s, _: s["MS02"].update(os=WINDOWS_2003)))
    assert (found.path, found.run_from, found.retire) == (path.DISTRIBUTED_COMPLEX, "RMS01", ("MS02",))
    pair = found.replacement("MS02", "management_server")
    assert pair and (pair.by, pair.new) == ("MS03", False)
    assert not found.blockers


def test_an_x64_rms_on_an_unsupported_system_leaves() -> None:
    system = {"release": "2008", "service_pack": 2, "architecture": "x64"}
    found = decision_of(changed("distributed-simple", lambda s, _: s["RMS01"].update(os=system)))
    assert (found.path, found.run_from, found.retire) == (path.DISTRIBUTED_COMPLEX, "MS02", ("RMS01",))
    assert {one.rule for one in found.why if one.fact.startswith("hosts.RMS01")} == {"R05"}


def test_a_service_pack_too_few_is_unsupported() -> None:
    system = {"release": "2008 R2", "service_pack": 0, "architecture": "x64"}
    assert decision_of(changed("single-simple", lambda s, _: s["OM01"].update(os=system))).path == path.SINGLE_COMPLEX


def test_consoles_of_their_own_do_not_make_a_group_distributed() -> None:
    console = {
        "name": "OPS",
        "roles": ["console"],
        "os": {"release": "2008 R2", "service_pack": 1, "architecture": "x64"},
    }
    assert decision_of(changed("single-simple", lambda _, e: e["servers"].append(console))).path == path.SINGLE_SIMPLE


def test_two_machines_without_a_secondary_are_distributed_and_push_after_the_group() -> None:
    def split(servers: dict[str, Any], estate: dict[str, Any]) -> None:
        rms = servers["OM01"]
        estate["servers"].append(dict(rms, name="DB01", roles=["operational_database", "data_warehouse"]))
        rms["roles"] = ["root_management_server", "console"]
        for spec in estate["databases"].values():
            if spec:
                spec["server"] = "DB01"

    found = decision_of(changed("single-simple", split))
    assert (found.path, found.run_from) == (path.DISTRIBUTED_SIMPLE, "OM01")
    assert found.position == {"agents": "after_group", "manual_agents": "before_group", "pushed_agents": "after_group"}


def test_monitoring_can_go_on_with_a_spare() -> None:
    spare = {"name": "OM02", "roles": [], "os": {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}}
    estate = changed("single-simple", lambda _, e: e["servers"].append(spare))
    found = decision_of(estate, avoid_downtime=True)
    assert (found.path, found.run_from, found.joins) == (path.DISTRIBUTED_SIMPLE, "OM01", ("OM02",))
    assert not found.blockers and found.position["agents"] == "before_group"
    assert decision_of(estate).path == path.SINGLE_SIMPLE
    assert decision_of("single-simple", avoid_downtime=True).blockers


def test_what_if_a_spare_is_added() -> None:
    spare = {"name": "NEWGW", "roles": [], "os": {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}}
    estate = changed("distributed-simple", lambda s, _: s["GW01"].update(os=WINDOWS_2003))
    assert decision_of(estate).blockers
    estate["servers"].append(spare)
    found = decision_of(estate)
    pair = found.replacement("GW01", "gateway")
    assert not found.blockers and pair and pair.by == "NEWGW"


def test_a_group_that_is_part_way_keeps_its_path() -> None:
    estate = changed(
        "distributed-simple", lambda s, _: [s[n].update(version="7.0.8560.0") for n in ("MS02", "MS03", "GW01")]
    )
    found = decision_of(estate)
    assert (found.path, found.run_from) == (path.DISTRIBUTED_SIMPLE, "RMS01")


def test_a_finished_group_has_no_path() -> None:
    def done(servers: dict[str, Any], estate: dict[str, Any]) -> None:
        for entry in [*estate["servers"], *estate["agents"]]:
            entry["version"] = "7.0.8560.0"
            entry.pop("console", None)

    found = decision_of(changed("distributed-simple", done))
    assert (found.path, found.run_from, found.retire) == (path.NONE, None, ())
    assert set(found.rejected) == set(path.PATHS)
    assert "Nothing to upgrade" in found.summary


def test_an_upgraded_group_with_agents_behind_goes_on() -> None:
    estate = changed("distributed-simple", lambda _, e: [s.update(version="7.0.8560.0") for s in e["servers"]])
    found = decision_of(estate)
    assert (found.path, found.run_from) == (path.DISTRIBUTED_SIMPLE, "RMS01")
    assert found.position["agents"] == "after_group"


def test_unknown_facts_are_named_and_not_guessed() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    snapshot["hosts"]["MS02"]["os"] = None
    del snapshot["hosts"]["MS03"]
    group = model.build(facts.load(snapshot))
    found = path.decide(group, inputs.normalise(estates.inputs_from_estate("distributed-simple")))
    assert found.path == path.DISTRIBUTED_SIMPLE
    assert {"hosts.MS02.os.release", "hosts.MS02.os.architecture", "hosts.MS03"} <= set(found.undecided)


def test_settings_can_accept_an_older_system_under_databases() -> None:
    system = {"release": "2008", "service_pack": 2, "architecture": "x64"}
    estate = changed("distributed-simple", lambda s, _: s["SQL01"].update(os=system))
    assert decision_of(estate).path == path.DISTRIBUTED_COMPLEX
    assert decision_of(estate, settings={"database_os_2008_sp2": True}).path == path.DISTRIBUTED_SIMPLE


@pytest.mark.parametrize("name", estates.public_estates())
def test_the_decision_is_data(name: str) -> None:
    facts.canonical(decision_of(name).to_dict())


def test_every_wrong_input_is_named_with_its_variable() -> None:
    with pytest.raises(inputs.InputError) as caught:
        inputs.normalise(
            {
                "push_batch": 500,
                "scom_upgrade_target_version": 7,
                "conectors": [],
                "settings": {"x": 1},
                "media_path": None,
            }
        )
    text = str(caught.value)
    for part in ("scom_upgrade_push_batch", "1 to 200", "scom_upgrade_target_version", "did you mean scom_upgrade_connectors",
                 "unknown setting x"):  # fmt: skip
        assert part in text
    assert "media_path" not in text


def test_variables_of_a_host_become_inputs() -> None:
    found = inputs.from_variables(
        {"scom_upgrade_push_batch": 50, "ansible_user": "x", "scom_upgrade_account_password": "p"}
    )
    assert found["push_batch"] == 50 and "account_password" not in found


def test_roles_are_named_as_people_name_them_and_many_machines_are_counted() -> None:
    few = decision_of("distributed-simple").why[0].text
    assert "MS03: management server, audit collector" in few and "_" not in few
    estate = estates.load_estate("distributed-simple")
    gateway = next(one for one in estate["servers"] if one["name"] == "GW01")
    estate["servers"] += [{**gateway, "name": f"GW{number:02}"} for number in range(2, 41)]
    many = decision_of(estate).why[0].text
    assert "40 machines: gateway;" in many and "GW01" not in many and "RMS01: root management server" in many


def test_all_of_one_machine_is_that_machine() -> None:
    told = [one.text for one in decision_of("single-simple").why if "meet" in one.text]
    assert len(told) == 1 and "All 1 " not in told[0]
