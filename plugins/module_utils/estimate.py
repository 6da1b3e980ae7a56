# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a step takes: a documented model of settings, corrected by what the journal measured, replaced by inputs.

A step takes the base of its kind plus its rate times its size (agents of a batch, gigabytes of a database); both are
figures of ``catalog/durations.py`` that the setting ``durations`` changes by kind. What ``scom_upgrade_estimates`` gives for a
kind is the duration of each of its steps as it stands, whatever its size. ``docs/estimates.md`` lists the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Optional

from .catalog import Settings
from .catalog.durations import DURATIONS, OTHER

FIGURES = ("low", "likely", "high")
PARTS = ("base", "rate")


@dataclass(frozen=True)
class Estimate:
    """Seconds: at best, as expected, at worst."""

    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """The three figures, whole seconds."""
        return {"low": round(self.low), "likely": round(self.likely), "high": round(self.high)}

    def plus(self, other: Estimate) -> Estimate:
        """Both, one after the other."""
        return Estimate(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def times(self, factor: float) -> Estimate:
        """Longer or shorter by a factor."""
        return Estimate(self.low * factor, self.likely * factor, self.high * factor)


class Estimator:
    """Estimates for the steps of one plan."""

    def __init__(
        self,
        given: Optional[Mapping[str, Any]] = None,
        journal: Iterable[Mapping[str, Any]] = (),
        settings: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Take ``estimates`` and ``settings`` of the inputs, and the journal.

        Its ``done`` entries count that carry ``kind`` and ``duration``.
        """
        chosen = Settings(settings)
        self._literal = {kind: _read(own) for kind, own in (given or {}).items()}
        self._durations = chosen["durations"]
        self.corrections = self._corrections(journal, float(chosen["most_correction"]))

    def of(self, kind: str, size: float = 0.0) -> Estimate:
        """How long a step of a kind and size takes; the size is in the unit of the kind's model."""
        literal = self._literal.get(DURATIONS.get(kind, OTHER).kind)
        return literal or self._model(kind, size).times(self.corrections.get(kind, 1.0))

    def _model(self, kind: str, size: float) -> Estimate:
        row = DURATIONS.get(kind, OTHER)
        own = self._durations.get(row.kind) or {}
        base = _read(own["base"]) if "base" in own else Estimate(*row.base)
        rate = _read(own["rate"]) if "rate" in own else Estimate(*row.rate)
        return base.plus(rate.times(max(size, 0.0)))

    def _corrections(self, journal: Iterable[Mapping[str, Any]], most: float) -> dict[str, float]:
        """For each kind that was measured, the median of measured to expected, at most a factor of *most* either way."""
        ratios: dict[str, list[float]] = {}
        for entry in journal:
            data = entry.get("data")
            if entry.get("event") != "done" or not isinstance(data, Mapping):
                continue
            kind, seconds, size = data.get("kind"), _number(data.get("duration")), _number(data.get("size"))
            usual = self._model(str(kind), size).likely
            if kind and seconds > 0 and usual > 0:
                ratios.setdefault(str(kind), []).append(seconds / usual)
        return {kind: min(max(median(found), 1 / most), most) for kind, found in ratios.items()}


def problem_of_estimates(given: Any) -> Optional[str]:
    """What ``estimates`` should be, where they are not that: ``{kind of step: {low, likely, high}}``."""
    problem = _kinds(given)
    if problem:
        return problem
    for kind, own in given.items():
        problem = _figures(own)
        if problem:
            return f"{problem} under {kind}"
    return None


def problem_of_durations(given: Any) -> Optional[str]:
    """What the setting ``durations`` should be, where it is not that: ``{kind: {base: figures, rate: figures}}``."""
    problem = _kinds(given)
    if problem:
        return problem
    for kind, own in given.items():
        if not isinstance(own, Mapping) or not own or set(own) - set(PARTS):
            return f"{{base: figures, rate: figures}} under {kind}"
        if "rate" in own and not DURATIONS[kind].unit:
            return f"no rate under {kind}, whose steps have no size"
        for part, figures in own.items():
            problem = _figures(figures)
            if problem:
                return f"{problem} under {kind}.{part}"
    return None


def _kinds(given: Any) -> Optional[str]:
    if not isinstance(given, Mapping):
        return "a mapping by kind of step"
    unknown = sorted(str(kind) for kind in given if kind not in DURATIONS)
    if unknown:
        return "kinds of step, and {} is none; known: {}".format(", ".join(unknown), ", ".join(sorted(DURATIONS)))
    return None


def _figures(own: Any) -> Optional[str]:
    if not isinstance(own, Mapping) or not own or set(own) - set(FIGURES):
        return "{low, likely, high} in seconds"
    if not all(_is_number(own[name]) and own[name] >= 0 for name in own):
        return "seconds of 0 or more"
    found = _read(own)
    return None if found.low <= found.likely <= found.high else "low <= likely <= high"


def _read(own: Mapping[str, Any]) -> Estimate:
    """The figures that are given; what is missing is as the nearest worse one, or the worst."""
    likely = float(own.get("likely", own.get("high", own.get("low", 0.0))))
    return Estimate(float(own.get("low", likely)), likely, float(own.get("high", likely)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: Any) -> float:
    return float(value) if _is_number(value) else 0.0
