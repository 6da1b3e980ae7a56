# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is the group ready: from a snapshot to findings, in one call, the same for modules, filters and the planner."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from . import facts, inputs, model, path
from .rules.book import Readiness, evaluate
from .rules.engine import OUTCOMES
from .rules.repairs import repair_steps
from .selection import Wanted, rules_text
from .times import moment as time_of

LABELS = {
    "error": "failed to run",
    "block": "blocking",
    "manual": "to check by hand",
    "warn": "warning",
    "note": "noted",
    "pass": "passed",
    "not_applicable": "not applicable",
}


def assess(
    snapshot: Mapping[str, Any],
    given: Optional[Mapping[str, Any]] = None,
    *,
    wanted: Wanted = None,
    waivers: Optional[Iterable[Any]] = None,
    repairs: Wanted = None,
    now: Optional[datetime.datetime] = None,
) -> Readiness:
    """Judge a snapshot with the inputs *given*; what is None is taken from the inputs of the same name.

    A selection of one's own (*wanted*) is obeyed to the letter, since it lets nothing through; see :func:`assess_group`.
    Without *now* the time of the facts counts (:func:`moment`), so that ages are ages at that time.
    """
    group = model.build(facts.load(snapshot))
    complete = inputs.normalise(given)
    return assess_group(
        group, path.decide(group, complete), complete, wanted=wanted, waivers=waivers, repairs=repairs, now=now
    )


def assess_group(
    group: model.ManagementGroup,
    decision: path.Decision,
    complete: Mapping[str, Any],
    *,
    wanted: Wanted = None,
    waivers: Optional[Iterable[Any]] = None,
    repairs: Wanted = None,
    now: Optional[datetime.datetime] = None,
) -> Readiness:
    """Judge a group whose path is decided already, with complete inputs.

    The inputs' own selection cannot leave out a rule that blocks and cannot be waived: such a rule runs all the same, and
    the report names it under ``kept``.
    """
    return evaluate(
        group,
        decision,
        complete,
        now or moment(group),
        wanted=complete.get("rules") if wanted is None else wanted,
        waivers=complete.get("waivers") if waivers is None else waivers,
        repairs=complete.get("repairs") if repairs is None else repairs,
        keep=wanted is None,
    )


def moment(group: model.ManagementGroup) -> datetime.datetime:
    """The time of the facts: what most of the hosts' own clocks said, since the times among their facts are by them."""
    clocks = sorted(filter(None, (time_of(one.get("collected")) for one in group.snapshot["hosts"].values())))
    if clocks:
        return clocks[(len(clocks) - 1) // 2]
    return time_of(group.collected) or datetime.datetime.now(datetime.timezone.utc)


def repairs_of(
    report: Mapping[str, Any], given: Optional[Mapping[str, Any]] = None, repairs: Wanted = None
) -> list[dict[str, Any]]:
    """The steps of the repairs that were opted in, by *repairs* or by the inputs, from the data of a report."""
    wanted = inputs.normalise(given).get("repairs") if repairs is None else repairs
    return repair_steps(report["findings"], wanted)


def summary(report: Mapping[str, Any]) -> str:
    """A few lines for people, from the data of :meth:`Readiness.to_dict`."""
    counts = report["counts"]
    told = ", ".join(f"{counts[name]} {LABELS[name]}" for name in OUTCOMES if counts.get(name))
    verdict = "BLOCKED" if report["blocked"] else "Not blocked"
    lines = [f"{verdict}: {told or 'no rule was asked for'}."]
    for name in ("error", "block", "manual", "warn"):
        for finding in report["findings"]:
            if finding["outcome"] == name:
                lines.append(_line(finding))
    for waiver in report["expired_waivers"]:
        lines.append(f"  waiver of {waiver['owner']} for {waiver['rule']} expired on {waiver['expires']}")
    if report["left_out"]:
        lines.append(f"  left out: {rules_text(report['left_out'])}")
    if report["kept"]:
        lines.append(
            f"  run although left out: {rules_text(report['kept'])}; what such a rule finds would break the upgrade"
        )
    return "\n".join(lines)


def _line(finding: Mapping[str, Any]) -> str:
    waived = finding["waived"]
    label = "waived" if waived else finding["outcome"]
    text = f"  {label:<7} {finding['id']} {finding['title']}: {finding['message']}"
    if waived:
        return f"{text} ({waived['owner']} until {waived['expires']}: {waived['reason']})"
    return text
