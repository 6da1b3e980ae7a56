# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stale plan prints: the way first, the facts with what they were, and never a value that nobody knows."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import contract
from ansible_collections.scom.upgrade.plugins.module_utils.approval import ApprovalError
from ansible_collections.scom.upgrade.plugins.module_utils.decide import KEPT_FACTS, conclude, facts_of
from ansible_collections.scom.upgrade.plugins.module_utils.differences import differences, explain
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.why import Why
from tests.unit.decide.estates import inputs_from_estate, snapshot_from_estate


@pytest.fixture(name="group")
def _group() -> tuple[dict[str, Any], dict[str, Any]]:
    return snapshot_from_estate("distributed-simple"), inputs_from_estate("distributed-simple")


def on_x86(snapshot: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(snapshot)
    changed["hosts"]["MS02"]["os"]["architecture"] = "x86"
    return changed


def told(was: dict[str, Any], now: dict[str, Any], given: dict[str, Any], facts: bool) -> list[str]:
    snapshots = (was, now) if facts else (None, None)
    return explain(conclude(was, given).plan, conclude(now, given).plan, *snapshots)


def test_a_changed_way_comes_first_and_a_fact_has_what_it_was(group: Any) -> None:
    lines = told(group[0], on_x86(group[0]), group[1], facts=True)
    assert lines[:3] == [
        "path: was distributed_simple, is distributed_complex",
        "retire: was nothing, is MS02",
        "hosts.MS02.os.architecture: was x64, is x86",
    ]
    assert all("hosts." not in line.partition(":")[0] for line in lines[3:])


def test_without_the_facts_the_reasons_are_told_and_nothing_is_said_to_have_been_nothing(group: Any) -> None:
    lines = told(group[0], on_x86(group[0]), group[1], facts=False)
    assert lines[0] == "path: was distributed_simple, is distributed_complex"
    architecture = next(line for line in lines if line.startswith("hosts.MS02.os.architecture: "))
    assert "MS02 runs on x86" in architecture
    agents = next(line for line in lines if line.startswith("group.agents.primary: "))
    assert "MS02 leaves the group, and it has" in agents
    assert not any("nothing, is" in line or "is nothing" in line for line in lines if line[:6] != "retire")


def test_a_new_agent_is_named_and_many_are_counted(group: Any) -> None:
    later = copy.deepcopy(group[0])
    row = ["new01.contoso.test", "6.1.7221.0", "", True, None, True, "ms02.contoso.test", [], None, None]
    later["group"]["agents"]["rows"].append(row)
    lines = told(group[0], later, group[1], facts=True)
    assert lines[0] == "group.agents[new01.contoso.test]: came"
    assert lines[1].startswith("manual_agents.upgrade.new01.contoso.test: a new step (")
    for number in range(2, 20):
        later["group"]["agents"]["rows"].append([f"new{number:02}.contoso.test", *row[1:]])
    many = told(group[0], later, group[1], facts=True)
    shown = differences(conclude(group[0], group[1]).plan, conclude(later, group[1]).plan, group[0], later)
    counted = "group.agents: 19 came (new01.contoso.test, new02.contoso.test, new03.contoso.test, ...)"
    assert many[0] == shown[0] == counted


def test_only_the_facts_behind_what_differs_are_told(group: Any) -> None:
    later = copy.deepcopy(group[0])
    later["hosts"]["MS03"]["memory_mb"] = 4096
    later["hosts"]["OPS01"]["opsmgr"]["console"]["version"] = "6.1.7000.0"
    assert told(group[0], later, group[1], facts=True) == []
    lines = told(group[0], on_x86(later), group[1], facts=True)
    assert not any("MS03.memory_mb" in line or "OPS01" in line for line in lines)


def test_a_service_that_runs_again_is_told(group: Any) -> None:
    stopped = copy.deepcopy(group[0])
    service = next(one for one in group[1]["connectors"])
    stopped["hosts"][service["host"]]["services"][service["service"]]["state"] = "stopped"
    place = f"hosts.{service['host']}.services.{service['service']}.state"
    lines = told(stopped, group[0], group[1], facts=True)
    assert f"{place}: was stopped, is running" in lines


def test_a_changed_input_is_one_line(group: Any) -> None:
    plan = conclude(*group).plan
    other = conclude(group[0], {**group[1], "push_batch": 7}).plan
    lines = explain(plan, other)
    assert lines.count("plan: inputs.push_batch was 200, is 7") == 1 and not any(line[:4] == "path" for line in lines)


def test_the_server_of_the_group_upgrade_is_told_once(group: Any) -> None:
    later = copy.deepcopy(group[0])
    later["hosts"]["RMS01"]["os"]["architecture"] = "x86"
    lines = told(group[0], later, group[1], facts=True)
    assert [line for line in lines if "run_from" in line] == ["run_from: was RMS01, is MS02"]
    assert "hosts.RMS01.os.architecture: was x64, is x86" in lines


def test_the_gate_and_the_approval_tell_the_same(group: Any) -> None:
    shown, later = conclude(*group), on_x86(group[0])
    first = "path: was distributed_simple, is distributed_complex; retire: was nothing, is MS02; hosts.MS02.os"
    with pytest.raises(NotYet, match=f"no longer fits the facts: {first}.architecture: was x64, is x86"):
        gate(later, group[1], phase="pre_upgrade", approved=shown.plan, approved_snapshot=group[0])
    with pytest.raises(ApprovalError, match=f"What differs: {first}.architecture: was x64, is x86"):
        contract.confirm(conclude(later, group[1]), shown.plan.hash, shown.plan, group[0])


def test_the_facts_of_a_plan_are_known_by_their_hash(group: Any, tmp_path: Path) -> None:
    plan = conclude(*group).plan
    assert facts_of(plan, str(tmp_path)) is None
    (tmp_path / KEPT_FACTS[0]).write_text(json.dumps(on_x86(group[0])), encoding="utf-8")
    assert facts_of(plan, str(tmp_path)) is None
    (tmp_path / KEPT_FACTS[1]).write_text(json.dumps(group[0]), encoding="utf-8")
    found = facts_of(plan, str(tmp_path))
    assert found is not None and found["hosts"]["MS02"]["os"]["architecture"] == "x64"


def test_long_lists_of_facts_are_cut_short(group: Any) -> None:
    later = copy.deepcopy(group[0])
    later["hosts"]["MS03"]["software"] += [{"name": f"A{number}", "version": "1"} for number in range(50)]
    plan = conclude(*group).plan
    assert differences(plan, plan, group[0], later) == ["hosts.MS03.software: 50 came (A0, A1, A10, ...)"]


def test_a_fact_that_came_or_went_is_told_as_what_it_was(group: Any) -> None:
    plan = conclude(*group).plan
    unread, bare = copy.deepcopy(group[0]), copy.deepcopy(group[0])
    unread["hosts"]["MS03"]["memory_mb"] = None
    bare["hosts"]["MS03"]["opsmgr"] = None
    assert differences(plan, plan, unread, group[0]) == ["hosts.MS03.memory_mb: was not known, is 8192"]
    assert differences(plan, plan, group[0], bare) == ["hosts.MS03.opsmgr: went"]
    assert differences(plan, plan, group[0], copy.deepcopy(group[0])) == []


@pytest.mark.parametrize("name", ["MS03", "ms03.contoso.test"])
def test_a_fact_behind_a_reason_that_names_no_host_is_told(group: Any, name: str) -> None:
    reason = Why("All machines meet the minimum.", "hosts.*.os", ["2008 R2"], "R05", "documented", "S1")
    was = conclude(*group).plan
    now = replace(conclude(on_x86(group[0]), group[1]).plan, why=())
    then, later = ({"hosts": {name: {}}, "inventory": {}, "group": None} for _each in range(2))
    then["hosts"][name] = {"os": {"release": "2008 R2"}, "memory_mb": 8192}
    later["hosts"][name] = {"os": {"release": "2003"}, "memory_mb": 4096}
    line = f"hosts.{name}.os.release: was 2008 R2, is 2003"
    assert [one for one in explain(replace(was, why=(reason,)), now, then, later) if one[:5] == "hosts"] == [line]
    kept = explain(replace(was, why=(reason,)), replace(now, why=(reason,)), then, later)
    assert not [one for one in kept if one[:5] == "hosts"]
    gone = explain(replace(was, why=(reason,)), now, then, {**later, "hosts": {}})
    assert f"hosts.{name}: went" in gone
