# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules and filters for path, plan and gate: the same answers through each face, and one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.scom.upgrade.plugins.filter.decisions import FilterModule
from ansible_collections.scom.upgrade.plugins.modules import upgrade_gate, upgrade_path, upgrade_plan, what_if
from tests.unit.decide import estates

ROOT = Path(__file__).resolve().parents[3]
FILTERS = FilterModule().filters()
NAME = "distributed-simple"


class Left(Exception):
    """The module left, with this result."""


def run(monkeypatch: pytest.MonkeyPatch, module: ModuleType, **arguments: Any) -> dict[str, Any]:
    def leave(self: Any, **result: Any) -> None:
        raise Left(json.loads(json.dumps(result)))

    def fail(self: Any, msg: str, **result: Any) -> None:
        raise Left(dict(result, failed_with=msg))

    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
    if hasattr(basic, "_ANSIBLE_PROFILE"):
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", leave)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    with pytest.raises(Left) as left:
        module.main()
    result: dict[str, Any] = left.value.args[0]
    return result


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> str:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(estates.snapshot_from_estate(NAME)), encoding="utf-8")
    return str(path)


def returned(module: ModuleType) -> set[str]:
    return set(yaml.safe_load(module.RETURN))


def test_assuming_the_same_machines_again_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, file: str, tmp_path: Path
) -> None:
    arguments = {"path": file, "dest": str(tmp_path / "what-if.json"), "_ansible_tmpdir": str(tmp_path)}
    assumed = {"NEWMS": {"spare": True, "what_if": True}}
    asked = [({}, True), ({}, False), (assumed, True), (assumed, False)]
    for machines, changed in asked:
        assert run(monkeypatch, what_if, machines=machines, **arguments)["changed"] is changed


def test_modules_return_what_they_document(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    inputs = estates.inputs_from_estate(NAME)
    for module, arguments in (
        (upgrade_path, {}),
        (upgrade_plan, {}),
        (upgrade_gate, {"phase": "pre_upgrade"}),
    ):
        result = run(monkeypatch, module, path=file, inputs=inputs, **arguments)
        assert result["changed"] is False
        assert returned(module) <= set(result), module.__name__


def test_path_and_plan_agree_with_the_filters(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    snapshot, inputs = estates.snapshot_from_estate(NAME), estates.inputs_from_estate(NAME)
    decision = run(monkeypatch, upgrade_path, path=file, inputs=inputs)
    assert decision["path"] == "distributed_simple" and decision["run_from"] == "RMS01" and decision["retire"] == []
    assert json.loads(json.dumps(FILTERS["upgrade_path"](snapshot, inputs))) == decision["decision"]
    planned = run(monkeypatch, upgrade_plan, snapshot=snapshot, inputs=inputs)
    assert (
        json.loads(json.dumps(FILTERS["upgrade_plan"](file, inputs)))["hash"]
        == planned["hash"]
        == planned["plan"]["hash"]
    )
    assert planned["readiness"]["blocked_by"] == [] and {one["id"] for one in planned["findings"]} >= {"R01", "R34"}
    assert planned["steps"] == sum(len(phase["steps"]) for phase in planned["plan"]["phases"])


@pytest.mark.parametrize("name", estates.public_estates())
def test_plans_fit_the_published_schema(name: str) -> None:
    plan = FILTERS["upgrade_plan"](estates.snapshot_from_estate(name), estates.inputs_from_estate(name))
    schema = json.loads((ROOT / "docs/schema/plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(plan)), schema)


def test_a_plan_is_compared_with_the_approved_one(monkeypatch: pytest.MonkeyPatch, file: str, tmp_path: Path) -> None:
    plan = FILTERS["upgrade_plan"](file)
    approved = tmp_path / "plan.json"
    approved.write_text(json.dumps({"plan": plan}), encoding="utf-8")
    assert run(monkeypatch, upgrade_plan, path=file, approved=str(approved))["stale"] == []
    differs = run(monkeypatch, upgrade_plan, path=file, approved=str(approved), inputs={"push_batch": 7})["stale"]
    assert "plan: inputs.push_batch was 200, is 7" in differs
    assert FILTERS["plan_stale"](plan, FILTERS["upgrade_plan"](file, {"push_batch": 7})) == differs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": "/nowhere/snapshot.json"}, "the snapshot cannot be read"),
        ({"snapshot": {"schema": 7}}, "version 7 is not known here"),
        ({"inputs": {"push_batch": 0}}, "scom_upgrade_push_batch: expected a whole number from 1 to 200"),
        ({"inputs": {"conectors": []}}, "did you mean scom_upgrade_connectors?"),
        ({"inputs": {"waivers": [{"rule": "R99"}]}}, "R99"),
        ({"inputs": {"repairs": ["R01"]}}, "R01 has no repair"),
        ({"inputs": {"rules": ["R1000"]}}, "R1000"),
        ({"approved": "/nowhere/plan.json"}, "the plan cannot be read"),
    ],
)
def test_wrong_input_is_one_error_that_names_it(
    arguments: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    given = arguments if {"path", "snapshot"} & set(arguments) else {"path": file, **arguments}
    assert words in run(monkeypatch, upgrade_plan, **given)["failed_with"]


def test_the_gate_says_what_must_go_first(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    assert "needs quiesce.backup" in run(monkeypatch, upgrade_gate, path=file, phase="management_group")["failed_with"]
    found = run(monkeypatch, upgrade_gate, path=file, steps=["pre_upgrade.pending"])
    assert found["started"] == ["pre_upgrade.pending"] and found["hosts"] == ["RMS01"]


def test_steps_and_hosts_are_picked_out_of_a_plan() -> None:
    plan = FILTERS["upgrade_plan"](estates.snapshot_from_estate(NAME))
    steps = FILTERS["plan_steps"]
    assert [one["id"] for one in steps(plan, phase="gateways")] == ["gateways.upgrade.GW01"]
    assert {one["kind"] for one in steps({"plan": plan}, host="SQL02")} == {"backup.database", "reporting.upgrade"}
    assert len(steps(plan, kind=["agent.upgrade", "console.remove"], phase="manual_agents")) == 14
    assert steps(plan, state="done") == [] and len(steps(plan, mode="automatic")) == len(steps(plan))
    assert FILTERS["plan_hosts"](plan, "secondary_servers") == ["MS02", "MS03"]
    assert FILTERS["plan_hosts"](plan, kind="verify.health") == []
    with pytest.raises(AnsibleFilterError, match="expected a plan"):
        steps([])


def test_the_host_of_the_group_is_the_root_then_a_2012_server() -> None:
    snapshot = estates.snapshot_from_estate(NAME)
    assert FILTERS["group_host"](snapshot) == FILTERS["group_host"](snapshot["hosts"]) == "RMS01"
    assert FILTERS["group_host"](estates.snapshot_from_estate("distributed-complex-clustered-rms")) == "OMRMSV"
    estate = estates.load_estate(NAME)
    for server in estate["servers"]:
        server["version"] = "7.0.8560.0"
    snapshot = estates.snapshot_from_estate(estate)
    assert FILTERS["group_host"](snapshot) == "RMS01" and FILTERS["group_host"](snapshot["hosts"]) == "MS02"
    assert FILTERS["group_host"]({}) is None


def test_approvals_and_sign_offs_are_journal_entries() -> None:
    plan = FILTERS["upgrade_plan"](estates.snapshot_from_estate("single-complex-32bit"))
    assert FILTERS["plan_approval"](plan, "J. Doe", "2012-05-12T18:00:00Z")["event"] == "approved"
    entry = FILTERS["plan_sign_off"](plan, "manual_agents.upgrade.BRANCH1", "J. Doe", "2012-05-12T18:00:00Z", "on site")
    assert entry["data"] == {"note": "on site"}
    with pytest.raises(AnsibleFilterError, match="plan_sign_off: nothing: there is no such step"):
        FILTERS["plan_sign_off"](plan, "nothing", "J. Doe", "x")


def test_snapshots_are_compared(file: str) -> None:
    found = FILTERS["snapshot_compare"](file, estates.snapshot_from_estate(NAME))
    assert found["holds"] is False
    assert [one["name"] for one in found["areas"] if not one["holds"]] == ["versions", "pending"]
    assert FILTERS["snapshot_compare"](file, file, {"pending": 1}, "6.1.7221.0")["holds"]


def test_every_filter_has_its_documentation() -> None:
    for name in FILTERS:
        text = yaml.safe_load((ROOT / f"plugins/filter/{name}.yml").read_text(encoding="utf-8"))
        assert text["DOCUMENTATION"]["name"] == name and text["RETURN"]["_value"]["description"]
