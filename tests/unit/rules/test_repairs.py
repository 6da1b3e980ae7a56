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
        Step.from_dict(dict(one, estimate={}, state="waiting"))
        assert one["phase"] == "pre_upgrade" and one["hosts"] and one["undo"] and one["why"]


def test_two_rules_that_ask_for_the_same_step_share_it() -> None:
    (step,) = repair_steps(findings(NOT_READY, ["R09", "R10"]), ["R09", "R10"])
    assert step["id"] == "pre_upgrade.repair.database_grow.WTSQL.OperationsManager"
    assert [why["rule"] for why in step["why"]] == ["R09", "R10"]
    assert (step["parameters"]["data_mb"], step["parameters"]["log_mb"]) == (30720, 15360)
    assert step["title"] == "Grow OperationsManager on WTSQL to 30720 MB data and 15360 MB log"


@pytest.mark.parametrize(
    ("asked", "sizes", "title"),
    [
        ("R09", {"data_mb": 30720}, "Grow OperationsManager on WTSQL to 30720 MB data"),
        ("R10", {"log_mb": 10240}, "Grow OperationsManager on WTSQL to 10240 MB log"),
    ],
)
def test_a_repair_does_what_was_asked_for_and_no_more(asked: str, sizes: dict, title: str) -> None:
    (step,) = repair_steps(findings(NOT_READY, [asked]), [asked])
    given = step["parameters"]
    assert {name: given[name] for name in ("data_mb", "log_mb") if name in given} == sizes
    assert step["title"] == title and step["done_when"][0]["value"] == sizes
    assert given["needs_mb"] == sum(sizes.values()) - (20480 if asked == "R09" else 2048)


def test_a_log_that_is_large_enough_today_grows_with_the_data_where_both_were_asked_for() -> None:
    put = {"hosts/SQL01/sql/0/databases/0/data_mb": 20480, "hosts/SQL01/sql/0/databases/0/data_used_mb": 14746,
           "hosts/SQL01/sql/0/databases/0/log_mb": 10240}  # fmt: skip
    (step,) = repair_steps(findings(SIMPLE, ["R09", "R10"], put), ["R09", "R10"])
    assert (step["parameters"]["data_mb"], step["parameters"]["log_mb"]) == (30720, 15360)


@pytest.mark.parametrize("share", [0.5, 0.51, 0.72, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("size", [100, 2500.5, 10240, 20480, 1048576])
def test_the_grown_size_is_enough_with_room_for_new_data_and_whole_gigabytes(size: float, share: float) -> None:
    used = size * share
    grown = grown_size(size, used, 50)
    later = used * 1.015
    assert (grown - later) / grown > 0.5 and grown % 1024 == 0
    assert size * 1.5 <= grown <= max(size * 1.5, used * 2.04) + 1024


def test_a_few_megabytes_of_new_data_change_no_step() -> None:
    steps = []
    for used in (14746, 14750, 14800):
        put = {"hosts/WTSQL/sql/0/databases/0/data_used_mb": used}
        steps.append(repair_steps(findings(NOT_READY, ["R09", "R10"], put), ["R09", "R10"])[0]["parameters"])
    assert steps[0] == steps[1] == steps[2]


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
