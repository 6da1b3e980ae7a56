# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repairs: what was opted in becomes steps of the plan, and nothing else does."""

from __future__ import annotations

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.plan import Step
from ansible_collections.scom.upgrade.plugins.module_utils.rules.book import ordered
from ansible_collections.scom.upgrade.plugins.module_utils.rules.databases import grown_size
from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import UnknownRepairError
from ansible_collections.scom.upgrade.plugins.module_utils.rules.repairs import TEMPLATES, repair_steps
from tests.unit.rules.cases import NOT_READY, SIMPLE, judge

OFFERED = ["R09", "R10", "R12", "R15", "R16", "R17", "R21"]


def findings(estate: str, repairs: object, put: object = None) -> list[dict]:
    found = judge(estate, put or {}, {"repairs": repairs})
    return found.to_dict()["findings"]


def test_every_kind_of_repair_has_a_template_and_a_rule() -> None:
    assert {one.repair for one in ordered() if one.repair} == set(TEMPLATES)
    for kind, template in TEMPLATES.items():
        assert kind == template.kind
        assert set(template.rules) == {one.id for one in ordered() if one.repair == kind}
    assert [one.id for one in ordered() if one.repair] == OFFERED


def test_nothing_is_repaired_that_was_not_asked_for() -> None:
    assert repair_steps(findings(NOT_READY, []), []) == []


def test_the_group_that_is_not_ready_with_every_repair() -> None:
    found = findings(NOT_READY, ["all"])
    steps = repair_steps(found, ["all"])
    assert sorted({one["kind"] for one in steps}) == sorted(TEMPLATES)
    blocked = [one["id"] for one in found if one["outcome"] == "block"]
    assert blocked == ["R01", "R07", "R08", "R11", "R19"]
    for one in steps:
        Step.from_dict(dict(one, state="waiting"))
        assert one["phase"] == "pre_upgrade" and one["hosts"] and one["undo"] and one["why"]


def test_two_rules_that_ask_for_the_same_step_share_it() -> None:
    (step,) = repair_steps(findings(NOT_READY, ["R09", "R10"]), ["R09", "R10"])
    assert step["id"] == "pre_upgrade.repair.database_grow.WTSQL.OperationsManager"
    assert [why["rule"] for why in step["why"]] == ["R09", "R10"]
    data, log = step["parameters"]["data_mb"], step["parameters"]["log_mb"]
    assert (data - 14746) / data > 0.5 and log >= data / 2


@pytest.mark.parametrize("used", [0, 1, 2.5, 999, 15360, 30720, 1048576])
def test_the_grown_size_is_enough_and_hardly_more(used: float) -> None:
    size = grown_size(used, 50)
    assert (size - used) / size > 0.5 and size <= used * 2 + 2


def test_a_disk_that_is_too_small_leaves_the_block() -> None:
    put = {
        "hosts/SQL01/sql/0/databases/0/data_used_mb": 60000,
        "hosts/SQL01/disks": [{"drive": "D:", "free_mb": 1000, "system": False}],
    }
    found = {one["id"]: one for one in findings(SIMPLE, ["R09"], put)}
    assert found["R09"]["outcome"] == "block" and not found["R09"]["repair"]["complete"]


def test_hidden_rows_are_named_by_their_ids() -> None:
    (step,) = repair_steps(findings(NOT_READY, ["R12"]), ["R12"])
    assert step["parameters"]["rows"][0]["agent"] == "w99.wingtip.test" and step["parameters"]["rows"][0]["id"]
    assert step["reversibility"] == "restorable" and step["parameters"]["backup_first"]
    both = {one["kind"]: one for one in repair_steps(findings(NOT_READY, ["R12", "R15"]), ["R12", "R15"])}
    rows = both["repair.pending_rows"]
    assert rows["requires"] == ["pre_upgrade.repair.backup_now.WTSQL.OperationsManager"]
    assert not rows["parameters"]["backup_first"]


def test_a_rule_without_repair_is_refused() -> None:
    with pytest.raises(
        UnknownRepairError, match="R19 has no repair; repairs exist for R09, R10, R12, R15, R16, R17, R21"
    ):
        judge(SIMPLE, {}, {"repairs": ["R19"]})
