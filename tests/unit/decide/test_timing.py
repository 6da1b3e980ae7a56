# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elapsed times are honest: a host does one step at a time, and only so many agents are upgraded at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import lanes
from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.estimate import Estimate
from ansible_collections.scom.upgrade.plugins.module_utils.plan import Step
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest import read_report
from ansible_collections.scom.upgrade.plugins.module_utils.timing import timing
from tests.unit.decide.estates import inputs_from_estate, load_estate, public_estates, snapshot_from_estate

MINUTE = 60


def step(name: str, kind: str = "verify.health", minutes: float = 10, host: str = "", requires: tuple[str, ...] = ()) -> Step:
    return Step(
        id=name, phase="prepare", kind=kind, title=name, hosts=(host,) if host else (), requires=requires, why=(),
        mode="automatic", reversibility="reversible", undo="", done_when=(), downtime=False, parameters={},
        estimate=Estimate(minutes * MINUTE / 2, minutes * MINUTE, minutes * MINUTE * 2),
    )  # fmt: skip


def agents(number: int) -> list[Step]:
    return [step(f"agent.{n:05}", "agent.upgrade", 5, f"H{n}") for n in range(number)]


@pytest.mark.parametrize(
    ("number", "settings", "minutes"),
    [(1, {}, 5), (10, {}, 5), (11, {}, 10), (1173, {}, 118 * 5), (1173, {"forks": 100}, 12 * 5), (30, {"forks": 1}, 150),
     (30, {"forks": 0}, 15), (30, {"forks": "many"}, 15), (30, "nonsense", 15)],
)  # fmt: skip
def test_as_many_agents_at_once_as_there_are_forks(number: int, settings: Any, minutes: float) -> None:
    found = timing(agents(number), None, settings)
    assert found["total"]["likely"] == minutes * MINUTE
    assert found["work"]["likely"] == number * 5 * MINUTE
    assert len(found["critical_path"]) == minutes / 5


@pytest.mark.parametrize(
    ("kind", "settings", "minutes"),
    [("management_server.upgrade", {}, 30), ("agents.approve", {}, 30), ("gateway.upgrade", {}, 30),
     ("gateway.upgrade", {"gateways_at_once": 2}, 20), ("backup.database", {}, 10)],
)  # fmt: skip
def test_servers_and_batches_one_at_a_time_and_gateways_as_set(kind: str, settings: Any, minutes: float) -> None:
    assert timing([step(f"s.{n}", kind, 10, f"H{n}") for n in range(3)], None, settings)["total"]["likely"] == minutes * MINUTE


def test_a_host_does_one_step_at_a_time() -> None:
    steps = [step("a", minutes=10, host="SQL"), step("b", minutes=30, host="SQL"), step("c", minutes=5, host="WEB")]
    found = timing(steps)
    assert found["total"]["likely"] == 40 * MINUTE
    assert found["critical_path"] == ["a", "b"]


def test_what_is_ready_first_goes_first_whatever_the_plan_names_first() -> None:
    steps = [step("late", host="SQL", requires=("long",)), step("long", minutes=60, host="WEB"), step("soon", host="SQL")]
    times, causes = lanes.run(steps, lambda one: one.estimate.likely)
    assert times["soon"] == (0, 600) and times["late"] == (3600, 4200)
    assert causes == {"soon": None, "long": None, "late": "long"}


def test_what_takes_no_time_keeps_nobody_waiting() -> None:
    times, _causes = lanes.run([step("a", host="SQL"), step("b", host="SQL")], lambda one: 0.0 if one.id == "a" else 60.0)
    assert times == {"a": (0, 0), "b": (0, 60)}


def test_a_circle_ends() -> None:
    times, causes = lanes.run([step("a", requires=("b",)), step("b", requires=("a",))], lambda one: 60.0)
    assert set(times) == {"a", "b"} and lanes.chain(times, causes)
    assert lanes.run([], lambda one: 1.0) == ({}, {}) and lanes.chain({}, {}) == []


@pytest.mark.parametrize("estate", public_estates())
def test_the_bars_agree_with_the_plan_and_no_host_does_two_things_at_once(estate: str) -> None:
    found = conclude(snapshot_from_estate(estate), inputs_from_estate(estate))
    digest = read_report({"plan": found.plan.to_dict()})
    total = found.plan.estimate["total"]["likely"]
    assert digest.elapsed.likely == pytest.approx(total, abs=60)
    assert digest.critical_path[-1].end == pytest.approx(total, abs=60)
    for one, two in zip(digest.critical_path, digest.critical_path[1:]):
        assert one.end == two.start, f"{two.id} does not begin where {one.id} ends"
    by_host: dict[str, list[tuple[float, float]]] = {}
    for one in digest.steps:
        for host in one.hosts:
            by_host.setdefault(host, []).append((one.start, one.end))
        for other in one.requires:
            required = digest.step(other)
            assert required is not None and required.end <= one.start
    for host, spans in by_host.items():
        spans.sort()
        assert all(one[1] <= two[0] for one, two in zip(spans, spans[1:])), host


def test_a_thousand_manual_agents_take_their_time_in_every_view() -> None:
    estate = load_estate("distributed-simple")
    estate["agents"] = [dict(estate["agents"][2], name="M[0001:1173]")]
    inputs = inputs_from_estate(estate, settings={"forks": 20})
    plan = conclude(snapshot_from_estate(estate), inputs).plan.to_dict()
    phase = plan["estimate"]["phases"]["manual_agents"]["elapsed"]["likely"]
    assert phase == (1 + 59) * 5 * MINUTE, "the first one alone, because in a large stage the others wait for it"
    shown = next(one for one in read_report({"plan": plan}).groups if one.key == "manual_agents:agent.upgrade")
    assert shown.took == phase
