# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a step of each kind takes: the figures of the model of estimates, in seconds at best, as expected, at worst.

No source gives minutes for this upgrade (upgrade procedure 5.3), so all of them are figures to be replaced: as a setting
by kind, as an input by kind, and by what a run measures.
"""

from __future__ import annotations

from dataclasses import dataclass

Figures = tuple[float, float, float]
NO_RATE: Figures = (0, 0, 0)
GIGABYTES, AGENTS = "GB", "agent"


@dataclass(frozen=True)
class Duration:
    """Duration of one kind of step: ``base``, plus ``rate`` for each ``unit`` of its size."""

    kind: str
    base: Figures
    rate: Figures = NO_RATE
    unit: str = ""
    evidence: str = "inferred"
    source: str = "upgrade procedure 5.3"


def _minutes(low: float, likely: float, high: float) -> Figures:
    return low * 60, likely * 60, high * 60


#: For a kind that has no row of its own.
OTHER = Duration("other", _minutes(1, 10, 60))
DURATIONS: dict[str, Duration] = {
    row.kind: row
    for row in (
        Duration("pending.clear", _minutes(0.2, 1, 5)),
        Duration("backup.database", _minutes(0.5, 2, 5), (8, 20, 60), GIGABYTES),
        Duration("backup.encryption_key", _minutes(0.5, 2, 10)),
        Duration("encryption_key.restore", _minutes(0.5, 2, 10)),
        Duration("console.remove", _minutes(1, 3, 10)),
        Duration("agent.upgrade", _minutes(2, 5, 20)),
        Duration("management_server.upgrade", _minutes(15, 30, 90)),
        Duration("gateway.upgrade", _minutes(5, 10, 30)),
        Duration("agents.move", _minutes(1, 5, 20), (0.5, 2, 10), AGENTS),
        Duration("agents.approve", _minutes(5, 15, 40), (2, 6, 20), AGENTS, "later guide", "S19c"),
        Duration("consoles.disconnect", _minutes(0.5, 2, 15)),
        Duration("subscriptions.disable", _minutes(0.2, 1, 5)),
        Duration("subscriptions.enable", _minutes(0.2, 1, 5)),
        Duration("connector.stop", _minutes(0.1, 0.5, 3)),
        Duration("connector.start", _minutes(0.1, 0.5, 3)),
        Duration("connector.move", _minutes(15, 45, 180)),
        Duration("group.upgrade", _minutes(30, 60, 180), (30, 90, 240), GIGABYTES),
        Duration("console.upgrade", _minutes(5, 10, 30)),
        Duration("web_console.upgrade", _minutes(5, 15, 40)),
        Duration("acs.upgrade", _minutes(5, 15, 60)),
        Duration("reporting.upgrade", _minutes(10, 20, 60)),
        Duration("reporting.config", _minutes(1, 5, 20)),
        Duration("acs_forwarder.enable", _minutes(0.1, 0.5, 3)),
        Duration("emulator.ensure", _minutes(0.2, 1, 5)),
        Duration("verify.health", _minutes(2, 10, 60), evidence="later guide", source="S19c, S19j"),
        Duration("server.join", _minutes(20, 45, 120)),
        Duration("server.update", _minutes(10, 25, 60)),
        Duration("server.leave", _minutes(10, 20, 60)),
        Duration("gateway.install", _minutes(10, 25, 60)),
        Duration("gateway.parents", _minutes(0.5, 2, 10)),
        Duration("gateway.leave", _minutes(5, 10, 30)),
        Duration("database.move", _minutes(30, 90, 240), (20, 60, 180), GIGABYTES),
        Duration("feature.move", _minutes(15, 45, 120)),
        Duration("reporting.move", _minutes(30, 90, 240)),
        Duration("server.rename", _minutes(60, 120, 300)),
        Duration("repair.database_grow", (60, 300, 1800)),
        Duration("repair.allow_updates", (5, 15, 60)),
        Duration("repair.pending_rows", (5, 30, 120)),
        Duration("repair.backup_now", (120, 900, 7200)),
        Duration("repair.encryption_key", (120, 300, 900)),
        Duration("repair.system_state", (600, 2400, 7200)),
        OTHER,
    )
}
