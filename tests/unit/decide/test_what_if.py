# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines that nobody has built yet: they change the plan, every plan says so, and none of it can be carried out."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.scom.upgrade.plugins.filter.evidence import host_answers, what_if_machines
from ansible_collections.scom.upgrade.plugins.module_utils import approval, contract, facts
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.plan import Plan, PlanError
from ansible_collections.scom.upgrade.plugins.module_utils.render.compose import compose
from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from ansible_collections.scom.upgrade.plugins.module_utils.render.junit import junit
from ansible_collections.scom.upgrade.plugins.module_utils.render.markdown import markdown
from ansible_collections.scom.upgrade.plugins.module_utils.render.sarif import sarif
from ansible_collections.scom.upgrade.plugins.module_utils.render.summary import summary
from ansible_collections.scom.upgrade.plugins.module_utils.render.text import text
from ansible_collections.scom.upgrade.plugins.module_utils.what_if import (
    REASON,
    WhatIfError,
    ask,
    assume,
    assumed,
    is_assumed,
)
from tests.unit.decide.estates import inputs_from_estate, load_estate, snapshot_from_estate

ROOT = Path(__file__).resolve().parents[3]
#: The example of docs/plan.md.
MACHINES = {
    "NEWMS": {"spare": True, "what_if": True},
    "NEWSQL": {"spare": True, "what_if": {"memory_mb": 16384, "sql": [{"edition": "Enterprise Edition (64-bit)"}]}},
}


def without_spares(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    estate = load_estate(name)
    estate["servers"] = [one for one in estate["servers"] if one["roles"] or one.get("cluster_node_of")]
    return snapshot_from_estate(estate), inputs_from_estate(estate)


@pytest.fixture(name="single")
def _single() -> tuple[dict[str, Any], dict[str, Any]]:
    return without_spares("single-complex-32bit")


def test_a_group_that_is_not_ready_gets_a_path_with_machines_that_are_assumed(single: Any) -> None:
    snapshot, inputs = single
    before = conclude(snapshot, inputs)
    assert before.decision.run_from is None and before.report["blocked_by"] == ["R03", "R05", "R06"]
    answer = ask(snapshot, MACHINES, inputs)
    after = conclude(answer.snapshot, inputs)
    assert after.decision.run_from == "NEWMS" and not after.report["blocked"] and after.plan.blockers == ()
    hosts = {host for step in after.plan.steps for host in step.hosts}
    assert {"NEWMS", "NEWSQL"} <= hosts
    assert "nothing can run the group upgrade" in answer.text[0] and "the group upgrade runs on NEWMS" in answer.text[1]


def test_where_every_secondary_is_gone_one_machine_is_enough() -> None:
    estate = load_estate("distributed-complex-clustered-rms")
    for server in estate["servers"]:
        if server["name"] in ("OMMS1", "OMMS2"):
            server["os"] = {"release": "2003", "service_pack": 2, "architecture": "x86"}
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    assert conclude(snapshot, inputs).decision.run_from is None
    found = conclude(assume(snapshot, {"NEWMS": {"spare": True, "what_if": True}}), inputs)
    assert found.decision.run_from == "NEWMS"


def test_the_plan_and_every_view_name_what_is_assumed(single: Any) -> None:
    snapshot, inputs = single
    merged = assume(snapshot, MACHINES)
    found = conclude(merged, inputs)
    assert found.plan.assumed == ("NEWMS", "NEWSQL") == assumed(merged)
    assert Plan.from_dict(found.plan.to_dict()).hash == found.plan.hash
    told = "rests on machines that are only assumed: NEWMS, NEWSQL"
    assert told in found.summary
    report = compose(merged, inputs)
    assert report["plan"]["assumed"] == ["NEWMS", "NEWSQL"] == summary(report)["assumed"]
    for view in (text(report, width=200), markdown(report), html(report), junit(report), sarif(report)):
        assert told in view
    plain = compose(snapshot, inputs)
    assert plain["plan"]["assumed"] == [] and "assumed:" not in text(plain)


def test_what_is_assumed_is_part_of_the_hash(single: Any) -> None:
    data = conclude(assume(single[0], MACHINES), single[1]).plan.to_dict()
    with pytest.raises(PlanError, match="it was edited"):
        Plan.from_dict({**data, "assumed": []})


def test_a_plan_with_assumed_machines_is_neither_approved_nor_carried_out(single: Any) -> None:
    snapshot, inputs = single
    merged = assume(snapshot, MACHINES)
    found = conclude(merged, inputs)
    with pytest.raises(approval.ApprovalError, match="only assumed: NEWMS, NEWSQL. It cannot be approved"):
        approval.approve(found.plan, "J. Doe", "2012-05-12T18:00:00Z")
    with pytest.raises(NotYet, match="only assumed: NEWMS, NEWSQL"):
        gate(merged, inputs, phase="pre_upgrade")
    fresh = conclude(snapshot, inputs)
    with pytest.raises(approval.ApprovalError, match="only assumed: NEWMS, NEWSQL"):
        contract.confirm(fresh, found.plan.hash[:12], found.plan, merged)


def test_a_run_takes_an_assumed_machine_for_one_that_cannot_be_reached() -> None:
    answer = {"reachable": True, "facts": {"name": "NEWMS"}}
    hostvars = {
        "NEWMS": {"scom_spare": True, "scom_what_if": {"memory_mb": 4096}, "__scom_upgrade_host": answer},
        "NEWGW": {"scom_spare": True, "scom_what_if": False, "__scom_upgrade_host": answer},
        "MS01": {"__scom_upgrade_host": answer},
    }
    found = host_answers(hostvars, list(hostvars))
    assert found["unreachable"] == {"NEWMS": REASON} and set(found["hosts"]) == {"NEWGW", "MS01"}
    machines = what_if_machines(hostvars, list(hostvars))
    assert set(machines) == {"NEWMS", "NEWGW"} and machines["NEWMS"]["what_if"] == {"memory_mb": 4096}


@pytest.mark.parametrize("described", [None, False, True, {}, {"memory_mb": 4096}, "yes", 0])
def test_discovery_asks_a_host_unless_it_is_assumed(described: Any) -> None:
    tasks = yaml.safe_load((ROOT / "roles" / "discover" / "tasks" / "facts.yml").read_text(encoding="utf-8"))
    ask_host = NativeEnvironment().from_string(tasks[0]["scom.upgrade.host_facts"]["ask"])
    assert ask_host.render() is True and ask_host.render(scom_reachable=False) is False
    assert ask_host.render(scom_what_if=described) is not is_assumed(described)


def test_a_spare_that_nothing_is_known_of_is_named(single: Any) -> None:
    answer = ask(single[0], {"NEW": {"spare": True, "what_if": None}}, single[1])
    assert answer.unknown == ("NEW",) and answer.assumed == ()
    assert answer.text == (
        "Nothing is known of NEW: the snapshot has no facts, so the plan goes without. Discover anew, or describe what is to"
        " be built with scom_what_if.",
    )
    assert answer.snapshot == facts.load(single[0])


def test_a_new_server_is_a_usual_one_in_the_domain_of_the_group(single: Any) -> None:
    described = {"os": {"service_pack": 0}, "memory_mb": 2048, "disks": []}
    host = assume(single[0], {"New1": {"spare": True, "what_if": described}})["hosts"]["New1"]
    assert (host["name"], host["fqdn"], host["domain"]) == ("NEW1", "new1.northwind.test", "northwind.test")
    assert host["os"]["release"] == "2008 R2" and host["os"]["service_pack"] == 0 and host["memory_mb"] == 2048
    assert host["disks"] == [] and host["sql"] == [] and host["opsmgr"] is None and host["powershell"] == "2.0"
    named = assume(single[0], {"X": {"spare": True, "what_if": True, "fqdn": "x.perimeter.test"}})["hosts"]["X"]
    assert (named["fqdn"], named["domain"]) == ("x.perimeter.test", "perimeter.test")


def test_what_was_assumed_may_be_described_anew_and_stays_without(single: Any) -> None:
    merged = assume(single[0], MACHINES)
    again = assume(merged, {"NEWMS": {"spare": True, "what_if": {"memory_mb": 4096}}})
    assert again["hosts"]["NEWMS"]["memory_mb"] == 4096 and assumed(again) == ("NEWMS", "NEWSQL")


def test_the_snapshot_itself_is_left_alone(single: Any) -> None:
    kept = copy.deepcopy(single[0])
    assume(single[0], MACHINES)
    assert single[0] == kept


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"what_if": "yes"}, "NEW: scom_what_if: expected true, or a mapping of facts"),
        ({"spare": False}, "NEW: scom_what_if describes a spare machine; set scom_spare: true"),
        ({"role": "boss"}, "NEW: scom_role: boss is no role; it is one or several of root_management_server"),
        ({"role": "gateway, boss"}, "NEW: scom_role: boss is no role; it is one or several of root_management_server"),
        ({"replaces": "OLD77"}, "NEW: scom_replaces: OLD77 is no machine of the snapshot"),
        ({"what_if": {"memory": 1}}, "NEW: scom_what_if.memory: this key is not known. Did you mean memory_mb"),
        (
            {"what_if": {"os": {"architectur": "x64"}}},
            "scom_what_if.os.architectur: this key is not known. Did you mean arch",
        ),
        ({"what_if": {"os": "2008 R2"}}, "scom_what_if.os: expected a mapping, found the text '2008 R2'"),
        (
            {"what_if": {"os": {"release": "2008R2"}}},
            "scom_what_if.os.release: 2008R2 is not known; known: 2000, 2003,",
        ),
        (
            {"what_if": {"os": {"architecture": "arm"}}},
            "scom_what_if.os.architecture: arm is not known; known: x64, x86",
        ),
        ({"what_if": {"memory_mb": "8 GB"}}, "scom_what_if.memory_mb: expected a number"),
        ({"what_if": {"memory_mb": -1}}, "scom_what_if.memory_mb: expected a number of megabytes, more than 0"),
        ({"what_if": {"memory_mb": None, "sql": True}}, "scom_what_if.sql: expected a list, found true"),
        ({"what_if": {"sql": ["MSSQL"]}}, r"scom_what_if.sql\[0\]: expected a mapping"),
        ({"what_if": {"opsmgr": {}, "cluster": {}}}, "opsmgr, cluster cannot be assumed of a new machine"),
    ],
)
def test_what_cannot_be_assumed_is_named(single: Any, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(WhatIfError, match=message):
        assume(single[0], {"NEW": {"spare": True, "what_if": True, **entry}})


def test_an_assumed_machine_may_hold_several_roles(single: Any) -> None:
    entry = {"spare": True, "what_if": True, "role": "management_server, web_console"}
    assert assume(single[0], {"NEW": entry})["inventory"]["NEW"]["role"] == entry["role"]


def test_a_machine_that_is_there_is_not_assumed(single: Any) -> None:
    with pytest.raises(WhatIfError, match="SCOM: the snapshot has facts of this machine"):
        assume(single[0], {"SCOM": {"spare": True, "what_if": True}})
    snapshot = copy.deepcopy(single[0])
    snapshot["hosts"].pop("SCOM")
    with pytest.raises(WhatIfError, match="SCOM: the group has a server of this name"):
        assume(snapshot, {"SCOM": {"spare": True, "what_if": True}})
