# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every public estate comes out as its `expect` says."""

from __future__ import annotations

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import readiness
from tests.unit.decide.estates import inputs_from_estate, load_estate, public_estates, snapshot_from_estate


@pytest.mark.parametrize("agents", ["manual", "all", "none"])
@pytest.mark.parametrize("name", public_estates())
def test_blocked_warned_noted(name: str, agents: str) -> None:
    expected = load_estate(name)["expect"]
    for given in ({}, inputs_from_estate(name)):
        found = readiness.assess(snapshot_from_estate(name, agent_hosts=agents), given)
        assert found.failed == []
        assert found.blocked_by == expected["blocked_by"]
        assert found.blocked == bool(expected["blocked_by"])
        assert set(expected.get("warned_by", ())) <= {one.rule.id for one in found.by_outcome("warn")}
        assert set(expected.get("noted_by", ())) <= {one.rule.id for one in found.by_outcome("note")}


def test_ages_are_ages_by_the_hosts_own_clocks() -> None:
    """A snapshot that is looked at years later is judged as it stood."""
    snapshot = snapshot_from_estate("distributed-simple")
    snapshot["collected"] = "2026-01-01T00:00:00Z"
    snapshot["hosts"]["OPS01"]["collected"] = "2040-01-01T00:00:00Z"
    found = {one.rule.id: one.outcome for one in readiness.assess(snapshot, {}).results}
    assert found["R17"] == "pass" and found["R66"] == "pass" and found["R15"] == "note"
