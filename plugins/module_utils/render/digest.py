# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one reading of a report that all views share: steps with their times, groups of alike steps, counts, verdicts.

A view only lays out what stands here, so the terminal, the change ticket and the page can never disagree.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import words
from .digest_types import (
    Digest,
    Finding,
    Obstacle,
    PathChoice,
    Phase,
    Proof,
    Range,
    Reason,
    ReportError,
    Step,
    Takeover,
    tally,
)
from .grouping import group_steps
from .safe import plain
from .schedule import Schedule


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ReportError(f"{place}: expected a mapping, found {type(value).__name__}")
    return value


def _items(value: Any, place: str) -> Sequence[Any]:
    if value is None:
        return ()
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ReportError(f"{place}: expected a list, found {type(value).__name__}")
    return value


def _names(value: Any, place: str) -> tuple[str, ...]:
    return tuple(str(name) for name in _items(value, place))


def _texts(value: Any) -> tuple[str, ...]:
    """One text or a list of them, or of mappings, as texts."""
    if value is None or value == "":
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(_sentence(item) for item in value)
    return (_sentence(value),)


def _sentence(item: Any) -> str:
    if isinstance(item, Mapping):
        for key in ("text", "message", "description"):
            if item.get(key):
                return str(item[key])
    return plain(item, 1000)


def _number(value: Any) -> float:
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if ok else 0.0


def read_range(value: Any) -> Range:
    """A ``{low, likely, high}`` in seconds; what is missing or nonsense counts as 0."""
    if not isinstance(value, Mapping):
        return Range()
    return Range(_number(value.get("low")), _number(value.get("likely")), _number(value.get("high")))


def read_reasons(value: Any) -> tuple[Reason, ...]:
    """The ``why`` of a path or a step, however short it was written."""
    if value is None or value == "":
        return ()
    return tuple(_reason(item) for item in (value if isinstance(value, (list, tuple)) else [value]))


def _reason(item: Any) -> Reason:
    if not isinstance(item, Mapping):
        return Reason(plain(item, 1000))
    rule = plain(item.get("rule") or item.get("id") or item.get("constraint") or "", 60)
    fact = plain(item.get("fact") or item.get("facts") or "", 400)
    text = ""
    for key in ("text", "message", "because", "reason", "title"):
        if item.get(key):
            text = plain(item[key], 1000)
            break
    if "value" in item and item.get("fact"):
        fact = f"{fact} = {plain(item['value'], 200)}"
    evidence = plain(item.get("evidence") or "", 60)
    return Reason(text or fact or rule, rule, fact if text else "", evidence, plain(item.get("source") or "", 200))


def read_steps(plan: Mapping[str, Any]) -> list[Step]:
    """The steps of a plan in its order, without times."""
    steps: list[Step] = []
    seen: set[str] = set()
    for number, phase in enumerate(_items(plan.get("phases"), "plan.phases")):
        place = f"plan.phases[{number}]"
        phase = _mapping(phase, place)
        for index, raw in enumerate(_items(phase.get("steps"), place + ".steps")):
            raw = _mapping(raw, f"{place}.steps[{index}]")
            name = raw.get("id")
            if not isinstance(name, str) or not name:
                raise ReportError(f"{place}.steps[{index}].id: expected a text")
            if name in seen:
                raise ReportError(f"{place}.steps[{index}].id: {plain(name)} occurs twice")
            seen.add(name)
            steps.append(_step(raw, name, str(phase.get("name") or ""), f"{place}.steps[{index}]"))
    return steps


def _step(raw: Mapping[str, Any], name: str, phase: str, place: str) -> Step:
    hosts = raw.get("hosts")
    parameters = raw.get("parameters")
    return Step(
        id=name,
        phase=phase or str(raw.get("phase") or ""),
        kind=str(raw.get("kind") or ""),
        title=str(raw.get("title") or name),
        hosts=tuple(str(host) for host in ([hosts] if isinstance(hosts, str) else _items(hosts, place + ".hosts"))),
        requires=tuple(dict.fromkeys(str(other) for other in _items(raw.get("requires"), place + ".requires"))),
        why=read_reasons(raw.get("why")),
        mode=str(raw.get("mode") or "automatic"),
        reversibility=str(raw.get("reversibility") or ""),
        undo=" ".join(_texts(raw.get("undo"))),
        done_when=_texts(raw.get("done_when")),
        estimate=read_range(raw.get("estimate")),
        downtime=bool(raw.get("downtime")),
        state=str(raw.get("state") or "planned"),
        parameters=parameters if isinstance(parameters, Mapping) else {},
    )


def read_findings(value: Any) -> tuple[Finding, ...]:
    """Findings, the most urgent first, else by id."""
    order = {name: place for place, name in enumerate(words.OUTCOMES)}
    found = [_finding(_mapping(raw, f"findings[{n}]")) for n, raw in enumerate(_items(value, "findings"))]
    return tuple(sorted(found, key=lambda f: (order.get(f.outcome, 1), f.waived is not None, f.id)))


def _finding(raw: Mapping[str, Any]) -> Finding:
    affected = raw.get("affected")
    affected = affected if isinstance(affected, Mapping) else {}
    rows = affected.get("rows")
    waived = raw.get("waived")
    return Finding(
        id=str(raw.get("id") or "?"),
        title=str(raw.get("title") or raw.get("id") or "?"),
        outcome=str(raw.get("outcome") or "error"),
        impact=str(raw.get("impact") or ""),
        message=plain(raw.get("message") or "", 2000),
        columns=tuple(str(column) for column in affected.get("columns") or ()),
        rows=[r if isinstance(r, (list, tuple)) else [r] for r in rows] if isinstance(rows, (list, tuple)) else [],
        remedy=plain(raw.get("remedy") or "", 2000),
        evidence=plain(raw.get("evidence") or "", 60),
        source=plain(raw.get("source") or "", 300),
        seconds=_number(raw.get("seconds")),
        waived=waived if isinstance(waived, Mapping) else ({} if waived is True else None),
        repair=_repair(raw.get("repair")),
    )


def _repair(value: Any) -> str:
    """What can be opted in to cure a finding, in words."""
    if not isinstance(value, Mapping):
        return plain(value or "", 400)
    said = plain(value.get("title") or value.get("kind") or "", 400)
    return f"{said} (asked for, a step of this plan)" if value.get("opted_in") and said else said


def count_outcomes(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings of each outcome; waived ones are counted as such."""
    names = ("waived" if finding.waived is not None else finding.outcome for finding in findings)
    return tally(names, list(words.OUTCOME_COUNTS))


def read_path(value: Any, plan: Mapping[str, Any]) -> tuple[PathChoice, ...]:
    """The chosen path first, then the others with what rejected them."""
    chosen = str(plan.get("path") or "")
    if not isinstance(value, Mapping):
        return (PathChoice(chosen, True, read_reasons(plan.get("why"))),)
    chosen = str(value.get("path") or value.get("chosen") or chosen)
    why = read_reasons(value.get("why") or value.get("facts") or plan.get("why"))
    choices = [PathChoice(chosen, True, why)]
    rejected = value.get("rejected")
    if isinstance(rejected, Mapping):
        rejected = [{"path": name, "why": why} for name, why in rejected.items()]
    for raw in rejected or ():
        if isinstance(raw, Mapping):
            reasons = read_reasons(raw.get("why") or raw.get("facts") or raw.get("reasons"))
            choices.append(PathChoice(str(raw.get("path") or raw.get("name") or "?"), False, reasons))
    order = list(words.PATHS)
    return tuple(
        sorted(choices, key=lambda one: (not one.chosen, order.index(one.name) if one.name in order else 9, one.name))
    )


def read_approval(given: Any, journal: Sequence[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    """Who approved which plan and when: as given, or by the last such entry of the journal."""
    if isinstance(given, Mapping) and given:
        return given
    for entry in reversed(journal):
        if entry.get("event") == "approved":
            data = entry.get("data")
            data = data if isinstance(data, Mapping) else {}
            plan = data.get("hash") or data.get("plan") or data.get("plan_hash")
            return {"by": entry.get("by") or data.get("by"), "time": entry.get("time"), "hash": plan}
    return None


def read_takeovers(path: Mapping[str, Any]) -> tuple[Takeover, ...]:
    """Who takes over from machines that cannot keep what they carry."""
    found = []
    for raw in path.get("replacements") or ():
        if isinstance(raw, Mapping):
            roles = tuple(str(role) for role in raw.get("roles") or ())
            machine, by = str(raw.get("machine") or "?"), str(raw.get("by") or "")
            found.append(Takeover(machine, by, roles, bool(raw.get("new")), read_reasons(raw.get("why"))))
    return tuple(found)


def read_obstacles(*places: Mapping[str, Any]) -> tuple[Obstacle, ...]:
    """What stands in the way beside the findings, from the ``blockers`` of a plan and of its path, each once."""
    found: dict[str, Obstacle] = {}
    for place in places:
        for raw in _items(place.get("blockers"), "blockers"):
            if isinstance(raw, Mapping):
                text, remedy, rule = (plain(raw.get(key) or "", 1000) for key in ("text", "remedy", "rule"))
                found.setdefault(text, Obstacle(text, remedy, rule))
    return tuple(found.values())


def read_proofs(value: Any) -> dict[str, tuple[Proof, ...]]:
    """What is demanded before each point of no return, by the step's id."""
    return {
        str(step): tuple(
            Proof(plain(raw.get("text") or "", 1000), bool(raw.get("holds")), plain(raw.get("remedy") or "", 1000))
            for raw in _items(proofs, f"evidence.{step}")
            if isinstance(raw, Mapping)
        )
        for step, proofs in (value.items() if isinstance(value, Mapping) else ())
    }


def read_window(plan: Mapping[str, Any], inputs: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """The maintenance window that was given, as ``{seconds, start, end}``; None when none was."""
    estimate = plan.get("estimate")
    window = (estimate.get("window") if isinstance(estimate, Mapping) else None) or inputs.get("window")
    if isinstance(window, (int, float)) and not isinstance(window, bool):
        return {"seconds": _number(window)}
    if not isinstance(window, Mapping):
        return None
    start, end = str(window.get("start") or ""), str(window.get("end") or "")
    seconds = _number(window.get("seconds"))
    begins, ends = _when(start), _when(end)
    if not seconds and begins and ends:
        seconds = max((ends - begins).total_seconds(), 0.0)
    return {"seconds": seconds, "start": start, "end": end} if seconds else None


def _when(text: str) -> Optional[datetime.datetime]:
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def fits(needed: Range, window: Optional[Mapping[str, Any]]) -> str:
    """``yes``, ``likely`` (only if nothing takes long), ``no``, or an empty text without a window."""
    if window is None:
        return ""
    if needed.high <= window["seconds"]:
        return "yes"
    return "likely" if needed.likely <= window["seconds"] else "no"


def read_report(report: Any, list_agents: bool = False) -> Digest:
    """Everything the views show, from ``{plan, path, findings, snapshot, generated, approval, journal}``.

    What was read before may be given again, so that many views of one report cost one reading.
    """
    if isinstance(report, Digest):
        return report
    report = _mapping(report, "report")
    if "plan" not in report and "phases" in report:
        report = {"plan": report}
    plan = _mapping(report.get("plan"), "report.plan")
    path = report.get("path") or plan.get("decision")
    decision: Mapping[str, Any] = path if isinstance(path, Mapping) else {}
    inputs = plan.get("inputs")
    inputs = inputs if isinstance(inputs, Mapping) else {}
    schedule = Schedule(read_steps(plan), inputs.get("settings"))
    by_phase: dict[str, list[Step]] = {}
    for step in schedule.steps:
        by_phase.setdefault(step.phase, []).append(step)
    phases = tuple(_phase(name, steps, schedule, list_agents) for name, steps in by_phase.items())
    findings = read_findings(_findings_of(report, plan))
    readiness = report.get("readiness")
    readiness = readiness if isinstance(readiness, Mapping) else {}
    told = plan.get("findings")
    told = told if isinstance(told, Mapping) and not findings else {}
    snapshot = report.get("snapshot")
    snapshot = snapshot if isinstance(snapshot, Mapping) else None
    journal = _items(report.get("journal") or (snapshot or {}).get("journal"), "journal")
    journal = tuple(entry for entry in journal if isinstance(entry, Mapping))
    position = plan.get("position")
    elapsed = schedule.elapsed(schedule.steps)
    window = read_window(plan, inputs)
    run_from = plan.get("run_from") or decision.get("run_from")
    return Digest(
        group=str(plan.get("management_group") or "?"),
        path=str(plan.get("path") or "none"),
        run_from=str(run_from or ""),
        retire=_names(plan.get("retire"), "plan.retire"),
        choices=read_path(path, plan),
        run_from_why=read_reasons(decision.get("run_from_why")),
        takeovers=read_takeovers(decision),
        obstacles=(*read_obstacles(plan, decision), *_told_blockers(told)),
        phases=phases,
        steps=schedule.steps,
        groups=tuple(group for phase in phases for group in phase.groups),
        findings=findings,
        outcomes=count_outcomes(findings),
        elapsed=elapsed,
        downtime=schedule.downtime(schedule.steps),
        critical_path=schedule.critical,
        window=window,
        fits=fits(elapsed, window),
        hash=str(plan.get("hash") or ""),
        generated=str(report.get("generated") or ""),
        collected=str((snapshot or {}).get("collected") or ""),
        approval=read_approval(report.get("approval"), journal),
        journal=journal,
        inputs=inputs,
        snapshot=snapshot,
        agents_after_group=isinstance(position, Mapping) and position.get("agents") == "after_group",
        judged=bool(findings) or _told_to_be_judged(told),
        left_out=_names(readiness.get("left_out"), "readiness.left_out"),
        kept=_names(readiness.get("kept"), "readiness.kept"),
        assumed=_names(plan.get("assumed"), "plan.assumed"),
        proofs=read_proofs(report.get("evidence")),
        given=report,
        _index={step.id: step for step in schedule.steps},
        _lines={step.id: group.key for phase in phases for group in phase.groups for step in group.steps},
    )


def _findings_of(report: Mapping[str, Any], plan: Mapping[str, Any]) -> Any:
    """Findings may stand in the report, in its readiness, or in the plan."""
    readiness = report.get("readiness")
    for place in (report, readiness if isinstance(readiness, Mapping) else {}, plan):
        found = place.get("findings")
        if isinstance(found, (list, tuple)) and found and all(isinstance(one, Mapping) for one in found):
            return found
    return report.get("findings")


def _told_blockers(told: Mapping[str, Any]) -> tuple[Obstacle, ...]:
    """What a plan that came without its findings tells of those that block."""
    if not told.get("blocked"):
        return ()
    names = ", ".join(_names(told.get("blocked_by"), "plan.findings.blocked_by")) or "A rule that failed to run"
    return (Obstacle(f"{names}: in the way of this plan.", "Look at the findings, which are not part of this report."),)


def _told_to_be_judged(told: Mapping[str, Any]) -> bool:
    """Whether a plan that came without its findings says that rules were run."""
    counts = told.get("counts")
    return isinstance(counts, Mapping) and any(_number(one) for one in counts.values())


def _phase(name: str, steps: Sequence[Step], schedule: Schedule, each: bool) -> Phase:
    left = [step for step in steps if step.state != "done"] or list(steps)
    return Phase(
        name=name,
        title=words.label(words.PHASES, name),
        steps=tuple(steps),
        groups=group_steps(name, steps, each),
        elapsed=schedule.elapsed(steps),
        downtime=schedule.downtime(steps),
        start=min(step.start for step in left),
        end=max(step.end for step in left),
    )
