"""The promised figures: fifteen thousand agents in ten seconds and 400 MB, linear growth to a hundred thousand."""

from __future__ import annotations

import time

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from tests.tools import benchmark, figures
from tests.unit.decide.estates import inputs_from_estate, public_estates, snapshot_from_estate

MOST_SECONDS = 10.0
MOST_MEGABYTES = 400.0
MOST_RATIO = 1.5
MOST_SECONDS_AN_ESTATE = 1.0


@pytest.mark.slow
@pytest.mark.xdist_group("benchmark")
@pytest.mark.parametrize("estate", ["distributed-simple", "distributed-complex-32bit"])
def test_fifteen_thousand_agents(estate: str) -> None:
    found = benchmark.measure(15_000, estate=estate)
    assert found["agents"] == 15_000 and set(found["bytes"]) == {"text", "markdown", "html", "json", "junit", "sarif"}
    name = f"plan and all views, {estate}, 15,000 agents"
    assert figures.record(f"{name}: time", found["seconds"], "s", MOST_SECONDS), found
    assert figures.record(f"{name}: memory", found["megabytes"], "MB", MOST_MEGABYTES), found


@pytest.mark.slow
@pytest.mark.xdist_group("benchmark")
def test_time_grows_with_the_agents_and_not_faster() -> None:
    first = benchmark.measure(1_000)
    ratios = []
    for _attempt in range(2):  # the machine may be busy with other things just now
        small, large = benchmark.measure(10_000), benchmark.measure(100_000)
        ratios.append(benchmark.ratio(small, large))
        if ratios[-1] <= MOST_RATIO:
            break
    for found in (first, small, large):
        name = f"plan and all views, distributed-simple, {found['agents']:,} agents"
        figures.record(f"{name}: time", found["seconds"], "s")
        figures.record(f"{name}: memory", found["megabytes"], "MB")
    assert figures.record("time an agent: 100,000 agents against 10,000", min(ratios), "times", MOST_RATIO), ratios


def test_memory_is_counted_without_that_of_whoever_asks() -> None:
    ballast = bytearray(200 * 1024 * 1024)
    assert benchmark.measure(100, all_views=False)["megabytes"] < len(ballast) / 1024 / 1024


def test_planning_a_public_estate_takes_no_time() -> None:
    slowest = 0.0
    for estate in public_estates():
        snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
        started = time.process_time()
        conclude(snapshot, inputs)
        slowest = max(slowest, time.process_time() - started)
    assert figures.record("plan, slowest public estate: time", slowest, "s", MOST_SECONDS_AN_ESTATE)


def test_the_table_says_what_was_measured() -> None:
    parts = dict.fromkeys(benchmark.PARTS, 0.5)
    small = {"agents": 1000, "steps": 10, "seconds": 1.0, "megabytes": 40.0, "parts": parts}
    large = {"agents": 10_000, "steps": 90, "seconds": 12.0, "megabytes": 90.0, "parts": parts}
    head, first, second = benchmark.rows([small, large])
    assert head.split()[:6] == ["agents", "steps", "seconds", "ms/agent", "ratio", "MB"]
    assert first.split()[:4] == ["1,000", "10", "1.00", "1.000"]
    assert second.split()[:6] == ["10,000", "90", "12.00", "1.200", "1.20", "90"]
