# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Step by step through each plan: nothing that the plan itself does makes a rule block or fail."""

from __future__ import annotations

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import decide, facts, readiness, simulate
from tests.unit.decide.estates import inputs_from_estate, load_estate, public_estates, snapshot_from_estate

READY = [name for name in public_estates() if not load_estate(name)["expect"]["blocked_by"]]


@pytest.mark.parametrize("agents", ["manual", "all"])
@pytest.mark.parametrize("name", READY)
def test_no_step_of_a_plan_makes_the_group_block(name: str, agents: str) -> None:
    snapshot, given = snapshot_from_estate(name, agent_hosts=agents), inputs_from_estate(name)
    conclusion = decide.conclude(snapshot, given)
    simulation = simulate.Simulation(facts.load(snapshot), conclusion.inputs["target_version"])
    for step in conclusion.plan.steps:
        simulation.apply(step)
        found = readiness.assess(simulation.snapshot, given)
        assert (found.failed, found.blocked_by) == ([], []), step.id
    warned = {one.rule.id for one in found.by_outcome("warn")}
    assert warned <= {"R36", "R54", "R57"}, "only what comes after an upgrade is left"
