# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as people and hosts write them, and how far they lie apart."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.planner.context import age_in_hours


@pytest.mark.parametrize(
    ("then", "hours"),
    [
        ("2012-05-12T16:00:00Z", 2),
        ("2012-05-12T16:00:00", 2),
        ("2012-05-12T16:00:00.1234567Z", 2),
        ("2012-05-12T18:00:00+02:00", 2),
        ("2012-05-12 16:00:00", 2),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_the_age_is_the_same_however_a_time_is_written(then: Any, hours: Optional[float]) -> None:
    assert age_in_hours("2012-05-12T18:00:00Z", then) == hours
