# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When each step would run if it starts as soon as it may and a hand is free for it, and what that adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Callable

from .. import lanes
from .digest_types import Range, Step

Spans = list[tuple[float, float]]
FIGURES = ("low", "likely", "high")


def seconds(step: Step, which: str) -> float:
    """How long a step still takes; ``which`` of the estimates: low, likely or high."""
    return 0.0 if step.state == "done" else float(getattr(step.estimate, which))


def union(intervals: Spans) -> float:
    """Length of what is covered by at least one interval."""
    total, reached = 0.0, 0.0
    for start, end in sorted(intervals):
        if end > reached:
            total += end - max(start, reached)
            reached = end
    return total


def span(intervals: Spans) -> float:
    """From the first start to the last end."""
    return max(end for start, end in intervals) - min(start for start, end in intervals) if intervals else 0.0


class Schedule:
    """Times of all steps by the three estimates, and sums over any set of steps."""

    def __init__(self, steps: Sequence[Step], settings: Any = None) -> None:
        """Take the steps and the inputs' ``settings``, which say how much is done at the same time."""
        wide = lanes.widths(settings)
        self._times: dict[str, lanes.Times] = {}
        path: list[str] = []
        for which in FIGURES:
            found, causes = lanes.run(steps, partial(seconds, which=which), wide)
            self._times[which] = found
            if which == "likely":
                path = [name for name in lanes.chain(found, causes) if found[name][1] > found[name][0]]
        marked = set(path)
        likely = self._times["likely"]
        self.steps = tuple(
            replace(step, start=likely[step.id][0], end=likely[step.id][1], critical=step.id in marked)
            for step in steps
        )
        index = {step.id: step for step in self.steps}
        self.critical = tuple(index[name] for name in path)

    def elapsed(self, steps: Sequence[Step]) -> Range:
        """From the first start to the last end of what is not done."""
        return self._sum(steps, span)

    def downtime(self, steps: Sequence[Step]) -> Range:
        """How long at least one of the steps keeps monitoring standing still."""
        return self._sum([step for step in steps if step.downtime], union)

    def _sum(self, steps: Sequence[Step], measure: Callable[[Spans], float]) -> Range:
        left = [step.id for step in steps if step.state != "done"]
        values = [measure([self._times[which][name] for name in left]) for which in FIGURES]
        return Range(*values)
