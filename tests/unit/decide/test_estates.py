# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The snapshots that tests are fed with are whole."""

from __future__ import annotations

import pytest

from tests.unit.decide import estates


@pytest.mark.parametrize("name", estates.public_estates())
def test_every_public_estate_becomes_a_snapshot(name: str) -> None:
    snapshot = estates.snapshot_from_estate(name)
    assert snapshot["schema"] == 1
    assert snapshot["group"]["root_management_server"]
    assert all(len(row) == len(estates.AGENT_COLUMNS) for row in snapshot["group"]["agents"]["rows"])


def test_ranges_keep_their_width() -> None:
    assert estates.expand("APP[001:003]") == ["APP001", "APP002", "APP003"]
    assert estates.expand("BRANCH[9:11]") == ["BRANCH9", "BRANCH10", "BRANCH11"]


def test_overrides_reach_below_the_top() -> None:
    snapshot = estates.snapshot_from_estate("single-simple", hosts__OM01__memory_mb=1, journal=[{"event": "x"}])
    assert snapshot["hosts"]["OM01"]["memory_mb"] == 1 and snapshot["journal"] == [{"event": "x"}]


def test_agents_without_remote_management_are_unreachable() -> None:
    snapshot = estates.snapshot_from_estate("single-complex-32bit")
    assert set(snapshot["unreachable"]) == {"BRANCH1", "BRANCH2", "BRANCH3"}
