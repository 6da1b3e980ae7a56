# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Facts that were read in part, contradict each other or make no sense: a named problem, never a traceback or a wrong plan."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.module_utils import decide, facts, model, planner
from ansible_collections.scom.upgrade.plugins.module_utils.plan import check_order
from tests.unit.decide import estates

KEPT = {"schema", "name", "product", "columns", "rows", "servers", "agents", "event"}


def holes(value: Any, chance: random.Random, share: float) -> None:
    """Make facts unknown here and there: what a schema allows to be null becomes null."""
    if isinstance(value, dict):
        for key in list(value):
            named = isinstance(value[key], dict) and set(value[key]) <= {
                "state",
                "start_mode",
                "account",
                "size",
                "sha256",
            }
            if key not in KEPT and not named and chance.random() < share:
                value[key] = None
            else:
                holes(value[key], chance, share)
    elif isinstance(value, list):
        for item in value:
            holes(item, chance, share)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(estates.public_estates()), st.integers(0, 10_000), st.sampled_from([0.02, 0.1, 0.4]))
def test_half_read_facts_never_end_in_a_traceback(name: str, seed: int, share: float) -> None:
    snapshot, inputs = estates.snapshot_from_estate(name), estates.inputs_from_estate(name)
    chance = random.Random(seed)
    for part in (snapshot["hosts"], snapshot["group"]):
        for value in part.values():
            holes(value, chance, share)
    columns = snapshot["group"]["agents"]["columns"]
    for row in snapshot["group"]["agents"]["rows"]:
        for place, column in enumerate(columns):
            if column != "name" and chance.random() < share:
                row[place] = None
    assert facts.validate(snapshot) == []
    found = decide.conclude(snapshot, inputs)
    check_order(found.plan.steps)
    assert found.summary and facts.canonical(found.to_dict())


def test_a_server_of_unknown_build_is_planned_and_not_passed_over() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    snapshot["group"]["servers"][1]["version"] = None
    snapshot["hosts"]["MS02"]["opsmgr"]["server_version"] = None
    snapshot["group"]["agents"]["rows"][0][1] = None
    plan = planner.make(snapshot, {})
    assert "secondary_servers.upgrade.MS02" in [step.id for step in plan.steps]
    batch = next(step for step in plan.steps if step.kind == "agents.approve")
    assert snapshot["group"]["agents"]["rows"][0][0] in batch.parameters["agents"]


def test_an_agent_of_unknown_build_is_planned() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    snapshot["hosts"]["DC01"]["opsmgr"] = None
    row = next(row for row in snapshot["group"]["agents"]["rows"] if row[0].startswith("dc01"))
    row[1] = "gibberish"
    assert "manual_agents.upgrade.DC01" in [step.id for step in planner.make(snapshot, {}).steps]


def test_a_role_nobody_knows_is_named() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple", inventory__OPS01__role="barista")
    said = [one for one in model.build(facts.load(snapshot)).disagreements if one.kind == "role_unknown"]
    assert len(said) == 1 and "barista" in said[0].text and "management_server" in said[0].remedy


def test_agents_of_an_unknown_parent_are_still_upgraded_and_named() -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple")
    for row in snapshot["group"]["agents"]["rows"]:
        row[6] = "gone.contoso.test"
    found = decide.conclude(snapshot, estates.inputs_from_estate("distributed-simple"))
    assert "agent_parent_unknown" in [one.kind for one in found.group.disagreements]
    assert [step for step in found.plan.steps if step.kind == "agents.approve"]


def test_gateways_in_a_circle_block() -> None:
    estate = estates.load_estate("distributed-simple")
    gateway = next(server for server in estate["servers"] if server["name"] == "GW01")
    estate["servers"].append(dict(gateway, name="GW02", reports_to="GW01", failover=[]))
    gateway["reports_to"] = "GW02"
    plan = planner.make(estates.snapshot_from_estate(estate), {})
    assert any("circle" in one["text"] for one in plan.blockers)
    check_order(plan.steps)


@pytest.mark.parametrize("entry", [{"event": "saved", "data": None}, {"event": "done", "data": 7}, {"event": "approved"},
                                   {"event": "saved", "data": {"subscriptions": [None, 3]}}])  # fmt: skip
def test_a_strange_journal_is_lived_with(entry: dict[str, Any]) -> None:
    snapshot = estates.snapshot_from_estate("distributed-simple", journal=[entry])
    assert decide.conclude(snapshot).plan.steps
