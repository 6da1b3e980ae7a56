# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the views share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.render.sample import report_of


@pytest.fixture
def report() -> dict[str, Any]:
    """The hand-made report of a complex group."""
    return report_of()
