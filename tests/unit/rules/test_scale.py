# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fifteen thousand agents: all rules in three seconds, and no table of thousands of rows."""

from __future__ import annotations

import copy
import time

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import facts, inputs, model, path, readiness
from tests.unit.decide.estates import load_estate, snapshot_from_estate

MOST_SECONDS = 3.0
MOST_ROWS = 60


@pytest.mark.parametrize("agents", [15000])
def test_all_rules_are_quick(agents: int) -> None:
    estate = load_estate("distributed-simple")
    estate["agents"] = [copy.deepcopy(one) for one in estate["agents"][1:]] + [
        dict(copy.deepcopy(estate["agents"][0]), name=f"X{part}[0001:{agents // 3:04d}]", primary=parent, failover=[])
        for part, parent in enumerate(("MS02", "MS03", "RMS01"))
    ]
    group = model.build(facts.load(snapshot_from_estate(estate)))
    assert len(group.agents) > agents
    complete = inputs.normalise({})
    decision = path.decide(group, complete)
    started = time.perf_counter()
    found = readiness.assess_group(group, decision, complete)
    seconds = time.perf_counter() - started
    assert found.failed == []
    assert seconds < MOST_SECONDS
    assert max(len(one.rows) for one in found.results) <= MOST_ROWS
