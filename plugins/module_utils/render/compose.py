# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole report from a snapshot and inputs: path, plan, findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .. import facts, inputs, model, path
from ..planner import plan_of
from ..readiness import assess_group, repairs_of
from .digest_types import ReportError


def compose(snapshot: Any, given: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """Decide, judge and plan, and put the results together as the views want them.

    What is wrong with the snapshot, the inputs, a selection or a waiver becomes a :class:`ReportError`.
    """
    try:
        complete = inputs.normalise(given)
        checked = facts.load(snapshot)
        group = model.build(checked)
        decision = path.decide(group, complete)
        readiness = assess_group(group, decision, complete).to_dict()
        repairs = repairs_of(readiness, complete)
    except ValueError as problem:
        raise ReportError(str(problem)) from problem
    plan = plan_of(group, decision, complete, repairs=repairs, blocked=readiness["blocked"])
    return {
        "plan": plan.to_dict(),
        "path": decision.to_dict(),
        "findings": readiness["findings"],
        "readiness": {key: value for key, value in readiness.items() if key != "findings"},
        "snapshot": checked,
    }
