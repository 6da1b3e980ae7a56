# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The management group as it is derived from facts: roles, identity, databases, tiers, and what does not agree."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import facts, model
from ansible_collections.scom.upgrade.plugins.module_utils.names import Names, instance_name, ordered, sql_address
from tests.unit.decide import estates


def group_of(estate: Any, **overrides: Any) -> model.ManagementGroup:
    return model.build(facts.load(estates.snapshot_from_estate(estate, **overrides)))


def kinds(group: model.ManagementGroup) -> list[str]:
    return [one.kind for one in group.disagreements]


@pytest.mark.parametrize("name", estates.public_estates())
def test_the_derived_roles_are_those_of_the_estate(name: str) -> None:
    estate = estates.load_estate(name)
    group = group_of(estate)
    for server in estate["servers"]:
        assert set(group.machines[server["name"]].roles) == set(server["roles"]), server["name"]
        assert group.machines[server["name"]].spare == (not server["roles"] and not server.get("cluster_node_of"))
    assert group.rms == next(s["name"] for s in estate["servers"] if "root_management_server" in s["roles"])
    for what in ("operational", "warehouse", "audit"):
        spec = estate["databases"][what]
        found = group.databases.get(what)
        assert (found and (found.server, found.name)) == (spec and (spec["server"], spec["name"]))
        assert not found or found.facts
    assert not [one for one in group.disagreements if one.grave]


def test_shuffled_facts_give_the_same_group() -> None:
    snapshot = estates.snapshot_from_estate("distributed-complex-32bit", agent_hosts="all")
    shuffled = json.loads(json.dumps(snapshot))
    for key in ("servers", "subscriptions", "management_packs"):
        random.Random(7).shuffle(shuffled["group"][key])
    random.Random(7).shuffle(shuffled["group"]["agents"]["rows"])
    shuffled["hosts"] = dict(sorted(shuffled["hosts"].items(), reverse=True))
    one, two = model.build(facts.load(snapshot)), model.build(facts.load(shuffled))
    assert list(one.machines) == list(two.machines)
    assert one.machines == two.machines
    assert one.databases == two.databases
    assert one.agents.names == two.agents.names
    assert one.disagreements == two.disagreements


def test_update_levels_come_from_file_versions_and_patch_lists() -> None:
    group = group_of("not-ready")
    assert group.update == 3
    assert group.machines["WTMS1"].update == 5
    snapshot = estates.snapshot_from_estate("not-ready")
    snapshot["hosts"]["WTRMS"]["opsmgr"]["file_version"] = "6.1.7221.61"
    assert model.build(facts.load(snapshot)).update == 4


def test_every_name_of_a_machine_means_that_machine() -> None:
    group = group_of("distributed-complex-clustered-rms")
    for name in ("OMMS1", "omms1", "omms1.adatum.test", "OMMS1.ADATUM.TEST"):
        found = group.machine(name)
        assert found is not None and found.name == "OMMS1"
    assert group.machine("omms1.elsewhere.test") is None
    assert group.machines["OMRMSN1"].node_of == "OMRMSV"
    assert group.machines["OMRMSV"].virtual


def test_a_cluster_is_known_by_its_nodes_alone() -> None:
    snapshot = estates.snapshot_from_estate("distributed-complex-clustered-rms")
    del snapshot["hosts"]["OMRMSV"], snapshot["inventory"]["OMRMSV"]
    group = model.build(facts.load(snapshot))
    assert group.rms == "OMRMSV"
    assert {machine.name for machine in group.nodes} == {"OMRMSN1", "OMRMSN2"}
    assert not [one for one in group.disagreements if one.grave]


def test_the_virtual_server_may_answer_with_the_name_of_its_active_node() -> None:
    snapshot = estates.snapshot_from_estate("distributed-complex-clustered-rms")
    snapshot["hosts"]["OMRMSV"].update(name="OMRMSN1", fqdn="omrmsn1.adatum.test")
    group = model.build(facts.load(snapshot))
    assert group.rms == "OMRMSV"
    found = group.machine("omrmsn1.adatum.test")
    assert found is not None and found.name == "OMRMSN1"


def test_gateways_have_tiers_and_circles_are_named() -> None:
    estate = estates.load_estate("distributed-simple")
    gateway = next(s for s in estate["servers"] if s["name"] == "GW01")
    estate["servers"].append(dict(gateway, name="GW02", reports_to="GW01", failover=[]))
    group = group_of(estate)
    assert [(one.name, one.tier) for one in group.gateways] == [("GW01", 1), ("GW02", 2)]
    gateway["reports_to"] = "GW02"
    assert "gateway_loop" in kinds(group_of(estate))


def test_what_group_and_inventory_disagree_on_is_named() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    del snapshot["hosts"]["MS03"], snapshot["inventory"]["MS03"]
    del snapshot["hosts"]["MS02"]
    snapshot["unreachable"]["MS02"] = "no answer"
    snapshot["group"]["servers"] = [row for row in snapshot["group"]["servers"] if not row["name"].startswith("gw01")]
    group = model.build(facts.load(snapshot))
    said = {(one.kind, one.subject) for one in group.disagreements}
    assert ("server_not_in_inventory", "MS03") in said
    assert ("server_without_facts", "MS02") in said
    assert ("host_not_in_group", "GW01") in said
    assert all(one.remedy for one in group.disagreements)


def test_two_roots_and_lost_agents_are_named() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    snapshot["hosts"]["MS02"]["opsmgr"]["server_groups"][0].update(is_root=True, has_parent=False)
    for row in snapshot["group"]["agents"]["rows"][:3]:
        row[6] = "gone.contoso.test"
    group = model.build(facts.load(snapshot))
    assert group.rms == "RMS01"
    assert {"two_roots", "agent_parent_unknown"} <= set(kinds(group))
    lost = next(one for one in group.disagreements if one.kind == "agent_parent_unknown")
    assert lost.subject == "gone.contoso.test" and len(lost.objects) == 3


def test_an_upgraded_group_has_no_root() -> None:
    estate = estates.load_estate("distributed-simple")
    for server in estate["servers"]:
        server["version"] = "7.0.8560.0"
    group = group_of(estate)
    assert group.is_2012 and group.rms is None and group.rms_emulator == "RMS01"
    assert "management_server" in group.machines["RMS01"].roles


def test_without_the_group_the_hosts_still_say_who_they_are() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple", group=None)
    group = model.build(facts.load(snapshot))
    assert group.rms == "RMS01" and group.name == "CONTOSO" and not group.known
    assert "group_unknown" in kinds(group)


def test_silent_agents_are_matched_by_their_first_label() -> None:
    snapshot = estates.snapshot_from_estate("single-complex-32bit")
    for name in ("BRANCH1", "BRANCH2", "BRANCH3"):
        del snapshot["inventory"][name]
    group = model.build(facts.load(snapshot))
    assert group.agent_host("branch2.northwind.test") == "BRANCH2"


def test_agents_by_parent_counts_them_all() -> None:
    group = group_of("distributed-simple")
    assert {name: len(places) for name, places in group.agents_by_parent.items()} == {
        "MS02": 43, "MS03": 5, "GW01": 5, "RMS01": 3,
    }  # fmt: skip


def test_names_of_sql_servers() -> None:
    assert sql_address("SQL02\\OMDW") == ("SQL02", "OMDW")
    assert sql_address("sql02.contoso.test\\omdw,1433") == ("sql02.contoso.test", "OMDW")
    assert sql_address("SQL01,1433") == ("SQL01", "MSSQLSERVER")
    assert sql_address("(local)\\X") == ("", "X")
    assert instance_name(".", "SQL01") == instance_name("SQL01", "sql01.x") == instance_name(None) == "MSSQLSERVER"
    assert instance_name("SQL01\\OMDW", "SQL01") == instance_name("omdw") == "OMDW"


def test_names_do_not_guess() -> None:
    names = Names()
    assert names.add("A1", "web.one.test") == []
    assert names.add("B1", "web.two.test") == []
    assert names.find("web") is None
    assert names.find("web.two.test") == "B1"
    assert names.add("C1", "web.two.test") == ["web.two.test"]
    assert ordered(["MS10", "ms2", "MS1"]) == ["MS1", "ms2", "MS10"]
