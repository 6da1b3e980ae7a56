# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module and the filters: arguments in, findings out, and errors that say what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.scom.upgrade.plugins.filter.readiness import FilterModule
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.selection import SelectionError
from ansible_collections.scom.upgrade.plugins.modules import readiness as module
from tests.unit.decide.estates import snapshot_from_estate

ROOT = Path(__file__).resolve().parents[3]
FILTERS = FilterModule().filters()


class Left(Exception):
    """The module left, with this result."""


def run(monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> dict[str, Any]:
    def leave(self: Any, **result: Any) -> None:
        raise Left(result)

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


def test_the_module_reads_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot_from_estate("not-ready")), encoding="utf-8")
    result = run(monkeypatch, path=str(file))
    assert result["changed"] is False and result["blocked"] is True
    assert result["blocked_by"] == ["R01", "R07", "R08", "R09", "R11", "R19", "R21"]
    assert result["text"].startswith("BLOCKED: 7 blocking, ") and "R09 More than half" in result["text"]
    schema = json.loads((ROOT / "docs/schema/findings.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(result["findings"])), schema)


def test_repairs_and_waivers_reach_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    waiver = {"rule": "R57", "owner": "Ada", "reason": "one line only", "expires": "2012-06-30"}
    result = run(
        monkeypatch,
        snapshot=snapshot_from_estate("not-ready"),
        select=["@database", "R57"],
        repairs=["R09", "R21"],
        waivers=[waiver],
    )
    assert result["blocked_by"] == ["R07", "R08", "R11"]
    assert [one["kind"] for one in result["repair_steps"]] == ["repair.allow_updates", "repair.database_grow"]
    assert result["waivers"] == [{"owner": "Ada", "reason": "one line only", "expires": "2012-06-30", "rule": "R57"}]
    assert "waived  R57" in result["text"] and "(Ada until 2012-06-30: one line only)" in result["text"]
    assert "R01" in result["left_out"]


def test_it_fails_when_asked_to_and_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, snapshot=snapshot_from_estate("not-ready"), select="R07", fail_when_blocked=True)
    assert result["failed_with"] == "The upgrade is blocked by R07. Each finding has its remedy."
    assert result["findings"][0]["id"] == "R07"
    assert "failed_with" not in run(monkeypatch, snapshot=snapshot_from_estate("single-simple"), fail_when_blocked=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "/nowhere/x.json"}, "No such file"),
        ({"snapshot": {"schema": 1}}, "hosts: is missing"),
        ({"select": ["R99"]}, "unknown name 'R99'; known: R01, "),
        ({"repairs": ["R01"]}, "R01 has no repair; repairs exist for R09"),
        ({"inputs": {"mediapath": "x"}}, "did you mean scom_upgrade_media_path"),
        ({"waivers": [{"rule": "R09", "owner": "A", "reason": "B", "expires": "2012-06-30"}]}, "cannot be waived"),
        ({"waivers": [{"rule": "R57", "owner": "A", "reason": "B", "expires": "never"}]}, "expires must be a day"),
    ],
)
def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str) -> None:
    if "path" not in arguments:
        arguments = {"snapshot": snapshot_from_estate("single-simple"), **arguments}
    assert message in run(monkeypatch, **arguments)["failed_with"]


def test_the_filters() -> None:
    report = FILTERS["readiness"](snapshot_from_estate("single-simple"), {"rules": ["@database", "!R34"]})
    assert report["blocked"] is False and "R34" in report["left_out"] and "R01" in report["kept"]
    assert FILTERS["readiness_summary"](report).startswith("Not blocked: ")
    with pytest.raises(AnsibleFilterError, match="readiness: unknown tag @x"):
        FILTERS["readiness"](snapshot_from_estate("single-simple"), select=["@x"])
    with pytest.raises(AnsibleFilterError, match="expected what the filter readiness returns"):
        FILTERS["readiness_summary"]([])


UNREADY = ["all", "!R01", "!R07", "!R08", "!R09", "!R11", "!R19", "!R21", "!R34"]


def test_a_selection_of_ones_own_is_obeyed_and_one_that_makes_a_plan_keeps_what_blocks() -> None:
    snapshot = snapshot_from_estate("not-ready")
    judged = FILTERS["readiness"](snapshot, select=UNREADY)
    assert not judged["blocked"] and judged["kept"] == [] and {"R01", "R34"} <= set(judged["left_out"])
    planned = conclude(snapshot, {"rules": UNREADY}).report
    assert planned["blocked_by"] == conclude(snapshot).report["blocked_by"]
    assert planned["kept"] == ["R01", "R07", "R08", "R09", "R11", "R19", "R21"] and planned["left_out"] == ["R34"]
    with pytest.raises(NotYet, match="In the way: .*R07"):
        gate(snapshot, {"rules": UNREADY}, phase="pre_upgrade")
    said = FILTERS["readiness_summary"](planned)
    assert "left out: R34" in said and "run although left out: R01, R07, R08" in said


def test_a_selection_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(SelectionError, match="the selection R34, !R34 leaves nothing"):
        conclude(snapshot_from_estate("single-simple"), {"rules": ["R34", "!R34"]})
