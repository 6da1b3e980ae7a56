# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which steps may start: order for part runs, limits, positions, blocks, approvals, evidence, people."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import approval, model, planner
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.facts import load
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.inputs import normalise
from ansible_collections.scom.upgrade.plugins.module_utils.simulate import simulate
from tests.unit.decide import estates

NAME = "distributed-simple"


@pytest.fixture(name="snapshot")
def _snapshot() -> dict[str, Any]:
    return estates.snapshot_from_estate(NAME)


@pytest.fixture(name="inputs")
def _inputs() -> dict[str, Any]:
    return estates.inputs_from_estate(NAME)


def done_until(snapshot: dict[str, Any], inputs: dict[str, Any], *phases: str) -> dict[str, Any]:
    """The facts after these phases were carried out."""
    plan = planner.make(snapshot, inputs)
    return simulate(snapshot, [step for step in plan.steps if step.phase in phases], "7.0.8560.0")


def test_a_phase_gives_each_step_to_one_host(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    found = gate(snapshot, inputs, phase="pre_upgrade").to_dict()
    assert found["hosts"] == ["RMS01", "SQL01", "SQL02"] and found["batches"] == [["RMS01", "SQL01", "SQL02"]]
    assert [step["id"] for step in found["steps"]["SQL02"]] == [
        "pre_upgrade.backup.warehouse",
        "pre_upgrade.backup.audit",
    ]
    assert found["summary"] == "pre_upgrade: 4 steps may start on 3 hosts."


def test_what_must_go_first_is_named(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    with pytest.raises(
        NotYet, match=r"gateways\.upgrade\.GW01 needs secondary_servers\.upgrade\.MS03.*secondary_servers\.yml"
    ):
        gate(snapshot, inputs, phase="gateways")


def test_a_phase_with_nothing_left_is_no_failure(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    after = done_until(snapshot, inputs, "pre_upgrade", "manual_agents")
    found = gate(after, inputs, phase="manual_agents")
    assert not found.started and found.summary.endswith("nothing is left to do.")
    assert [step.id for step in gate(after, inputs, phase="secondary_servers").started] == [
        "secondary_servers.upgrade.MS02", "secondary_servers.upgrade.MS03",
    ]  # fmt: skip


def test_a_limit_keeps_the_order(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    after = done_until(snapshot, inputs, "pre_upgrade", "manual_agents")
    found = gate(after, inputs, phase="secondary_servers", hosts=["MS02", "SQL01"])
    assert list(found.by_host) == ["MS02"]
    with pytest.raises(NotYet, match="--limit"):
        gate(after, inputs, phase="secondary_servers", hosts=["MS03"])


def test_single_steps_obey_the_same_order(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    assert gate(snapshot, inputs, steps=["pre_upgrade.backup.audit"]).started[0].hosts == ("SQL02",)
    with pytest.raises(NotYet, match="needs"):
        gate(snapshot, inputs, steps=["management_group.upgrade"])
    assert not gate(snapshot, inputs, steps=["something.done.long.ago"]).started


def test_the_position_of_agents_selects_them() -> None:
    snapshot, inputs = estates.snapshot_from_estate("single-simple"), estates.inputs_from_estate("single-simple")
    assert not gate(snapshot, inputs, phase="manual_agents", position="before_group").started
    after = done_until(snapshot, inputs, "quiesce", "management_group")
    assert gate(after, inputs, phase="manual_agents", position="after_group").started
    with pytest.raises(NotYet, match="expected one of"):
        gate(after, inputs, phase="manual_agents", position="sometime")
    with pytest.raises(NotYet, match="no such phase"):
        gate(after, inputs, phase="lunch")


def test_findings_that_block_stop_every_phase() -> None:
    snapshot, inputs = estates.snapshot_from_estate("not-ready"), estates.inputs_from_estate("not-ready")
    with pytest.raises(NotYet, match="R01 .*R21 "):
        gate(snapshot, inputs, phase="pre_upgrade")


def test_no_server_for_the_group_upgrade_stops_every_phase() -> None:
    estate = estates.load_estate("single-complex-32bit")
    estate["servers"] = estate["servers"][:1]
    with pytest.raises(NotYet, match="scom_spare"):
        gate(estates.snapshot_from_estate(estate), {}, phase="quiesce")


def test_an_approved_plan_must_still_fit(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    approved = planner.make(snapshot, inputs)
    after = done_until(snapshot, inputs, "pre_upgrade")
    assert gate(after, inputs, phase="manual_agents", approved=approved).started
    after["hosts"]["MS02"]["os"].update(release="2003", architecture="x86")
    with pytest.raises(NotYet, match="no longer fits the facts: .*have it approved"):
        gate(after, inputs, phase="manual_agents", approved=approved)


def test_a_point_of_no_return_demands_evidence(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    before = ("pre_upgrade", "manual_agents", "secondary_servers", "gateways", "pushed_agents", "quiesce")
    after = done_until(snapshot, inputs, *before)
    assert gate(after, inputs, phase="management_group").started
    after["hosts"]["RMS01"]["media"]["present"] = False
    with pytest.raises(NotYet, match="demands evidence that is missing.*setup.exe"):
        gate(after, inputs, phase="management_group")
    group = model.build(load(after))
    step = planner.make(after, inputs).steps[0]
    hashes = normalise({**inputs, "settings": {"media_hashes": {"setup.exe": "ab"}}})
    seen = {one.name: one.holds for one in approval.evidence(group, hashes, step)}
    assert seen == {"backup.operational": True, "backup.warehouse": True, "encryption_key": True, "media": False,
                    "media.setup.exe": False}  # fmt: skip


@pytest.mark.parametrize(
    "path, stat, said",
    [
        ("SETUP.EXE", {"size": 1, "sha256": "ab"}, None),
        ("setup.exe", {"size": 1, "sha256": "cd"}, "setup.exe on RMS01 has the hash cd, expected is ab."),
        ("setup.exe", {"size": 1, "sha256": None}, "The hash of setup.exe on RMS01 was not read."),
        ("Setup/AMD64/Server/OMServer.msi", None, "OMServer.msi, whose hash is expected, is not in the media on RMS01."),
        ("agent/AMD64/MOMAgent.cab", None, None),
        ("agent\\i386\\MOMAgent.msi", {"size": 1, "sha256": "cd"}, "MOMAgent.msi on RMS01 has the hash cd"),
    ],
)
def test_the_gate_and_the_rule_agree_about_hashes(
    snapshot: dict[str, Any], inputs: dict[str, Any], path: str, stat: Any, said: Optional[str]
) -> None:
    given = normalise({**inputs, "settings": {"media_hashes": {path: "AB"}}})
    for facts in snapshot["hosts"].values():
        files = {name: dict(one, sha256="ab") for name, one in facts["media"]["files"].items()}
        if stat is not None:
            files = {**{name: one for name, one in files.items() if name.lower() != path.lower()}, path.lower(): stat}
        facts["media"]["files"] = files
    found = conclude(snapshot, given)
    step = next(one for one in found.plan.steps if one.kind == "group.upgrade")
    wrong = [one.text for one in approval.evidence(found.group, given, step) if not one.holds]
    texts = [text for text in wrong if "hash" in text]
    rule = next(one for one in found.report["findings"] if one["id"] == "R68")
    if said is None:
        assert texts == [] and rule["outcome"] in ("pass", "not_applicable")
    else:
        assert len(texts) == 1 and said in texts[0] and rule["outcome"] in ("block", "warn", "manual")


def test_a_person_is_told_what_to_do() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    inputs = estates.inputs_from_estate("distributed-simple")
    snapshot["inventory"]["OLD01"]["reachable"] = False
    after = done_until(snapshot, inputs, "pre_upgrade")
    found = gate(after, inputs, phase="manual_agents")
    assert [step.id for step in found.manual] == ["manual_agents.upgrade.OLD01"]
    assert "manual_agents.upgrade.OLD01" in found.manual_text and "7.0.8560.0" in found.manual_text
    assert "manual_agents.upgrade.OLD01" not in found.to_dict()["started"]
    with pytest.raises(NotYet, match="A person has to do that first"):
        gate(after, inputs, phase="secondary_servers", predicted=found.to_dict()["started"])


def test_check_mode_walks_through_a_whole_upgrade(snapshot: dict[str, Any], inputs: dict[str, Any]) -> None:
    plan = planner.make(snapshot, inputs)
    predicted: list[str] = []
    for name, _steps in plan.phases:
        predicted += gate(snapshot, inputs, phase=name, predicted=predicted).to_dict()["started"]
    assert predicted == [step.id for step in plan.steps]
