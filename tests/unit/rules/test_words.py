# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rules say fits what they found: one thing is told as one, and a remedy as that of the finding it stands beside."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import Result
from ansible_collections.scom.upgrade.plugins.module_utils.rules.repairs import repair_steps
from ansible_collections.scom.upgrade.plugins.module_utils.rules.text import every
from tests.unit.decide.estates import Estate
from tests.unit.rules.cases import NOT_READY, SIMPLE, Change, at, judge


def result(rule: str, *changes: Change, **put: Any) -> Result:
    """What one rule says of the simple group."""
    found = judge(SIMPLE, put, {}, changes, wanted=[rule])
    return next(one for one in found.results if one.rule.id == rule)


def second_gateway(estate: Estate) -> None:
    """A gateway that GW01 reports to, and that reports to GW01."""
    gateway = next(one for one in estate["servers"] if one["name"] == "GW01")
    gateway["reports_to"] = "GW02"
    estate["servers"].append({**gateway, "name": "GW02", "reports_to": "GW01"})


def test_gateways_in_a_circle_are_told_with_their_own_remedy() -> None:
    said = result("R59", second_gateway)
    assert said.message == "In a circle, each to another: GW01 and GW02."
    assert said.remedy == "Give one of them a management server as its parent."
    assert "agent" not in said.message
    alone = result("R59", at("GW01", reports_to="GW01"))
    assert (alone.message, alone.remedy) == ("GW01 reports to itself.", "Give it a management server as its parent.")


def test_an_unknown_parent_is_told_with_whom_it_concerns() -> None:
    said = result("R59", **{"group/agents/rows/0/6": "gone.contoso.test"})
    assert said.message == "The parent is no server of the group: 1 agent."
    assert said.remedy.startswith("Point the agents or gateways at a server that exists")


@pytest.mark.parametrize(
    ("number", "said"), [(1, "The only agent is"), (2, "All 2 agents are"), (1500, "All 1,500 agents are")]
)
def test_one_of_one_is_no_all(number: int, said: str) -> None:
    assert every(number, "agent", "agents", ("is", "are")) == said


def test_several_servers_use_databases() -> None:
    one = {"hosts/MS02/opsmgr/database_name": None}
    assert result("R83", **one).message == "Which databases MS02 uses was not read."
    both = {**one, "hosts/MS03/opsmgr/database_name": None}
    assert result("R83", **both).message == "Which databases MS02 and MS03 use was not read."


@pytest.mark.parametrize(("members", "count"), [(None, "not read"), (["CONTOSO\\a", "CONTOSO\\b"], 2)])
def test_members_of_the_administrator_role_are_counted(members: Any, count: Any) -> None:
    said = result("R18", **{"group/administrators": members})
    assert said.rows[1] == ("members of the administrator role", count)


def test_one_pending_row_is_deleted_as_one() -> None:
    found = next(one for one in judge(NOT_READY, {}, {}, wanted=["R12"]).results if one.rule.id == "R12").to_dict()
    target = found["repair"]["targets"][0]
    for rows, said in (
        (target["rows"][:1], "Delete 1 orphaned pending row from"),
        ([{}, {}], "Delete 2 orphaned pending rows"),
    ):
        target["rows"] = rows
        (step,) = repair_steps([found], ["R12"])
        assert step["title"].startswith(said)
