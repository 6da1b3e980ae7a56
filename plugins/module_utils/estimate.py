# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a step takes: a documented model, overridden by inputs and corrected by what the journal measured.

No source gives minutes for this upgrade (upgrade procedure 5.3), so every figure is a setting: ``scom_upgrade_estimates``
replaces one by kind. A step takes its base plus its rate times its size (agents of a batch, gigabytes of a database).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Optional

#: A measured duration moves the model at most by this factor.
MOST_CORRECTION = 20.0


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


@dataclass(frozen=True)
class Model:
    """Duration of one kind of step: ``base`` plus ``rate`` for each unit of its size."""

    base: Estimate
    rate: Estimate = Estimate()
    unit: str = ""
    evidence: str = "inferred"
    source: str = "-"


def _minutes(low: float, likely: float, high: float) -> Estimate:
    return Estimate(low * 60, likely * 60, high * 60)


_GIGABYTE = Estimate(8, 20, 60)
MODELS: dict[str, Model] = {
    "pending.clear": Model(_minutes(0.2, 1, 5)),
    "backup.database": Model(_minutes(0.5, 2, 5), _GIGABYTE, "GB"),
    "backup.encryption_key": Model(_minutes(0.5, 2, 10)),
    "encryption_key.restore": Model(_minutes(0.5, 2, 10)),
    "console.remove": Model(_minutes(1, 3, 10)),
    "agent.upgrade": Model(_minutes(2, 5, 20)),
    "management_server.upgrade": Model(_minutes(15, 30, 90)),
    "gateway.upgrade": Model(_minutes(5, 10, 30)),
    "agents.move": Model(_minutes(1, 5, 20), Estimate(0.5, 2, 10), "agents"),
    "agents.approve": Model(_minutes(5, 15, 40), Estimate(2, 6, 20), "agents", "later guide", "S19c"),
    "consoles.disconnect": Model(_minutes(0.5, 2, 15)),
    "subscriptions.disable": Model(_minutes(0.2, 1, 5)),
    "subscriptions.enable": Model(_minutes(0.2, 1, 5)),
    "connector.stop": Model(_minutes(0.1, 0.5, 3)),
    "connector.start": Model(_minutes(0.1, 0.5, 3)),
    "group.upgrade": Model(_minutes(30, 60, 180), Estimate(30, 90, 240), "GB"),
    "console.upgrade": Model(_minutes(5, 10, 30)),
    "web_console.upgrade": Model(_minutes(5, 15, 40)),
    "acs.upgrade": Model(_minutes(5, 15, 60)),
    "reporting.upgrade": Model(_minutes(10, 20, 60)),
    "reporting.config": Model(_minutes(1, 5, 20)),
    "acs_forwarder.enable": Model(_minutes(0.1, 0.5, 3)),
    "emulator.ensure": Model(_minutes(0.2, 1, 5)),
    "verify.health": Model(_minutes(2, 10, 60), evidence="later guide", source="S19c, S19j"),
    "server.join": Model(_minutes(20, 45, 120)),
    "server.update": Model(_minutes(10, 25, 60)),
    "server.leave": Model(_minutes(10, 20, 60)),
    "gateway.install": Model(_minutes(10, 25, 60)),
    "gateway.parents": Model(_minutes(0.5, 2, 10)),
    "gateway.leave": Model(_minutes(5, 10, 30)),
    "database.move": Model(_minutes(30, 90, 240), Estimate(20, 60, 180), "GB"),
    "feature.move": Model(_minutes(15, 45, 120)),
    "reporting.move": Model(_minutes(30, 90, 240)),
    "server.rename": Model(_minutes(60, 120, 300)),
}
#: For kinds nobody has measured: repairs, and what others add.
UNKNOWN = Model(_minutes(1, 10, 60))


class Estimator:
    """Estimates for the steps of one plan."""

    def __init__(self, given: Optional[Mapping[str, Any]] = None, journal: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take ``estimates`` of the inputs and the journal, whose ``done`` entries may carry ``kind`` and ``duration``."""
        self._given = given or {}
        measured: dict[str, list[float]] = {}
        for entry in journal:
            data = entry.get("data")
            data = data if isinstance(data, Mapping) else {}
            seconds, kind = data.get("duration"), data.get("kind")
            if entry.get("event") == "done" and kind and isinstance(seconds, (int, float)) and seconds > 0:
                size = data.get("size")
                usual = self._model(str(kind), float(size) if isinstance(size, (int, float)) else 0.0).likely
                if usual > 0:
                    measured.setdefault(str(kind), []).append(float(seconds) / usual)
        self.corrections = {
            kind: min(max(median(ratios), 1 / MOST_CORRECTION), MOST_CORRECTION) for kind, ratios in measured.items()
        }

    def of(self, kind: str, size: float = 0.0) -> Estimate:
        """How long a step of a kind and size takes; the size is in the unit of the kind's model."""
        return self._model(kind, size).times(self.corrections.get(kind, 1.0))

    def _model(self, kind: str, size: float) -> Estimate:
        model = MODELS.get(kind, UNKNOWN)
        base = model.base
        own = self._given.get(kind)
        if own:
            likely = float(own.get("likely", own.get("high", own.get("low", base.likely))))
            base = Estimate(float(own.get("low", likely)), likely, float(own.get("high", likely)))
        return base.plus(model.rate.times(max(size, 0.0)))
