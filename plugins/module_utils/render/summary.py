# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the views work out, as data: verdicts, counts, times, the critical path."""

from __future__ import annotations

from typing import Any

from .digest import read_report
from .digest_types import Digest, Range


def summary(report: object) -> dict[str, Any]:
    """Verdict, counts and times of a report, for playbooks and for the JSON view."""
    return summary_of(read_report(report))


def summary_of(digest: Digest) -> dict[str, Any]:
    """The same from a report that was read already."""
    return {
        "verdict": digest.verdict,
        "blockers": [
            *(finding.id for finding in digest.blockers),
            *(obstacle.text for obstacle in digest.obstacles_alone),
        ],
        "obstacles": [{"rule": one.rule, "text": one.text, "remedy": one.remedy} for one in digest.obstacles],
        "waived": [finding.id for finding in digest.waived],
        "outcomes": digest.outcomes,
        "left_out": list(digest.left_out),
        "kept": list(digest.kept),
        "assumed": list(digest.assumed),
        "steps": {"total": len(digest.steps), **digest.states},
        "by_hand": [step.id for step in digest.by_hand],
        "left_to_people": [step.id for step in digest.left_to_people],
        "elapsed": _range(digest.elapsed),
        "downtime": _range(digest.downtime),
        "window": dict(digest.window) if digest.window else None,
        "fits": digest.fits or None,
        "critical_path": [step.id for step in digest.critical_path],
        "points_of_no_return": [step.id for step in digest.no_return],
        "phases": [
            {
                "name": phase.name,
                "state": phase.state,
                "steps": {"total": len(phase.steps), **phase.states},
                "elapsed": _range(phase.elapsed),
                "downtime": _range(phase.downtime),
            }
            for phase in digest.phases
        ],
    }


def _range(value: Range) -> dict[str, float]:
    return {"low": value.low, "likely": value.likely, "high": value.high}
