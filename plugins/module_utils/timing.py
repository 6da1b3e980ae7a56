# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the estimates of the steps add up to: elapsed time, critical path, downtime, and whether the window is long enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Optional

from . import lanes
from .plan import Step, check_order
from .times import moment

FIGURES = ("low", "likely", "high")


def timing(steps: Sequence[Step], window: Any = None, settings: Any = None) -> dict[str, Any]:
    """``{total, work, downtime, phases, critical_path, window, fits}``, durations as ``{low, likely, high}`` in seconds.

    ``total`` is the elapsed time when every step starts as soon as it may and a hand is free for it (:mod:`.lanes`, by the
    inputs' ``settings``), ``work`` the sum of all steps. ``fits`` is ``yes``, ``likely`` (only if nothing takes long),
    ``no``, or None without a window.
    """
    check_order(steps)
    wide = lanes.widths(settings)
    total: dict[str, float] = {}
    spans: dict[str, lanes.Times] = {}
    critical: list[str] = []
    for figure in FIGURES:
        times, causes = lanes.run(steps, partial(_seconds, figure=figure), wide)
        spans[figure] = times
        total[figure] = max((end for _start, end in times.values()), default=0.0)
        if figure == "likely":
            critical = lanes.chain(times, causes)
    phases: dict[str, list[Step]] = {}
    for step in steps:
        phases.setdefault(step.phase, []).append(step)
    seconds = _window(window)
    return {
        "total": _rounded(total),
        "work": _rounded({figure: sum(getattr(step.estimate, figure) for step in steps) for figure in FIGURES}),
        "downtime": _rounded({figure: _down(steps, spans[figure]) for figure in FIGURES}),
        "phases": {
            name: {
                "elapsed": _rounded({figure: _elapsed(found, spans[figure]) for figure in FIGURES}),
                "downtime": _rounded({figure: _down(found, spans[figure]) for figure in FIGURES}),
            }
            for name, found in phases.items()
        },
        "critical_path": critical,
        "window": {"seconds": seconds} if seconds else None,
        "fits": _fits(total, seconds),
    }


def _seconds(step: Step, figure: str) -> float:
    return float(getattr(step.estimate, figure))


def _elapsed(steps: Sequence[Step], times: Mapping[str, tuple[float, float]]) -> float:
    return max(times[step.id][1] for step in steps) - min(times[step.id][0] for step in steps)


def _down(steps: Sequence[Step], times: Mapping[str, tuple[float, float]]) -> float:
    """Length of what is covered by at least one step with downtime."""
    covered, reached = 0.0, 0.0
    for start, end in sorted(times[step.id] for step in steps if step.downtime):
        if end > reached:
            covered += end - max(start, reached)
            reached = end
    return covered


def _window(window: Any) -> Optional[float]:
    if isinstance(window, Mapping):
        if window.get("seconds"):
            return float(window["seconds"])
        start, end = moment(window.get("start")), moment(window.get("end"))
        return max((end - start).total_seconds(), 0.0) if start and end else None
    return float(window) if window else None


def _fits(total: Mapping[str, float], seconds: Optional[float]) -> Optional[str]:
    if not seconds:
        return None
    return "yes" if total["high"] <= seconds else "likely" if total["likely"] <= seconds else "no"


def _rounded(figures: Mapping[str, float]) -> dict[str, int]:
    return {name: round(value) for name, value in figures.items()}
