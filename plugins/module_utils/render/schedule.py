# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When each step would run if it starts as soon as what it requires is done, and what that adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Callable

from .digest_types import Range, Step

Spans = list[tuple[float, float]]
Times = dict[str, tuple[float, float]]


def order(steps: Sequence[Step]) -> list[Step]:
    """The steps so that each comes after what it requires; plan order where that leaves a choice.

    What waits for itself in a circle, which a correct plan never holds, keeps its place at the end.
    """
    index = {step.id: step for step in steps}
    missing = {step.id: sum(1 for other in step.requires if other in index) for step in steps}
    followers: dict[str, list[str]] = {}
    for step in steps:
        for other in step.requires:
            if other in index:
                followers.setdefault(other, []).append(step.id)
    result = [step for step in steps if not missing[step.id]]
    for step in result:
        for follower in followers.get(step.id, ()):
            missing[follower] -= 1
            if not missing[follower]:
                result.append(index[follower])
    placed = {step.id for step in result}
    return result + [step for step in steps if step.id not in placed]


def times(ordered: Iterable[Step], which: str) -> Times:
    """Start and end of each step in seconds from now; ``which`` of the estimates: low, likely or high."""
    found: Times = {}
    for step in ordered:
        start = max((found[other][1] for other in step.requires if other in found), default=0.0)
        found[step.id] = (start, start + (0.0 if step.state == "done" else getattr(step.estimate, which)))
    return found


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

    def __init__(self, steps: Sequence[Step]) -> None:
        ordered = order(steps)
        self._times = {which: times(ordered, which) for which in ("low", "likely", "high")}
        self.critical = self._critical(steps)
        marked = {step.id for step in self.critical}
        likely = self._times["likely"]
        self.steps = tuple(
            replace(step, start=likely[step.id][0], end=likely[step.id][1], critical=step.id in marked)
            for step in steps
        )

    def elapsed(self, steps: Sequence[Step]) -> Range:
        """From the first start to the last end of what is not done."""
        return self._sum(steps, span)

    def downtime(self, steps: Sequence[Step]) -> Range:
        """How long at least one of the steps keeps monitoring standing still."""
        return self._sum([step for step in steps if step.downtime], union)

    def _sum(self, steps: Sequence[Step], measure: Callable[[Spans], float]) -> Range:
        left = [step.id for step in steps if step.state != "done"]
        values = [measure([self._times[which][name] for name in left]) for which in ("low", "likely", "high")]
        return Range(*values)

    def _critical(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The chain of steps that decides when all is over: each begins where the one before it ends."""
        likely = self._times["likely"]
        index = {step.id: step for step in steps}
        step = max(steps, key=lambda one: likely[one.id][1], default=None)
        chain: list[Step] = []
        seen: set[str] = set()
        while step is not None and step.id not in seen:
            seen.add(step.id)
            if likely[step.id][1] > likely[step.id][0]:
                chain.append(step)
            before = [index[other] for other in step.requires if other in index]
            step = max(before, key=lambda one: likely[one.id][1], default=None)
        return tuple(reversed(chain))
