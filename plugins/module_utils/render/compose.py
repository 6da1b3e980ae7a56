# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole report from a snapshot and inputs: path, plan, findings, and what the points of no return demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..approval import evidence
from ..decide import PROBLEMS, Conclusion, conclude
from ..plan import NO_RETURN
from .digest_types import ReportError


def compose(snapshot: Any, given: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """Decide, judge and plan as every phase does before it starts, and put the results together as the views want them.

    What is wrong with the snapshot, the inputs, a selection or a waiver becomes a :class:`ReportError`.
    """
    try:
        found = conclude(snapshot, given)
    except PROBLEMS as problem:
        raise ReportError(str(problem)) from problem
    return {**found.to_dict(), "evidence": _demanded(found), "snapshot": found.group.snapshot}


def _demanded(found: Conclusion) -> dict[str, list[dict[str, Any]]]:
    """What the gate will ask for before each step that cannot be taken back, and whether it is there already."""
    steps = [step for step in found.plan.steps if step.reversibility == NO_RETURN]
    return {step.id: [one.to_dict() for one in evidence(found.group, found.inputs, step)] for step in steps}
