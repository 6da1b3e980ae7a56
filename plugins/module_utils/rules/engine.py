# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rule is, and how all of them run.

A rule is a plain function of a :class:`Context` that returns findings. The decorator :func:`rule` owns the rest:
registration, identity, documentation, timing, and the exception that becomes the outcome ``error``. Every rule runs,
whatever happened to the others.
"""

from __future__ import annotations

import datetime
import inspect
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Optional, Union

from ..catalog import SETTINGS, Settings
from ..selection import Choice, Selection, Wanted, select
from ..waiver import Waiver, parse_waivers

PASS = "pass"
NOTE = "note"
WARN = "warn"
BLOCK = "block"
MANUAL = "manual"
NOT_APPLICABLE = "not_applicable"
ERROR = "error"
#: Every outcome, the gravest first: the order of reports.
OUTCOMES = (ERROR, BLOCK, MANUAL, WARN, NOTE, PASS, NOT_APPLICABLE)

BREAKS = "breaks_upgrade"
OUTAGE = "causes_outage"
NONE = "none"
IMPACTS = {
    BREAKS: "breaks the upgrade",
    OUTAGE: "causes an outage",
    NONE: "neither",
}


class UnknownRepairError(ValueError):
    """A repair was asked for that no rule offers."""


@dataclass(frozen=True)
class Repair:
    """What the procedure documents as the cure of a finding, as one or more plan steps that can be opted in."""

    kind: str
    title: str
    #: one mapping per step: ``host``, ``parameters`` and whatever else differs from the kind's template
    targets: tuple[Mapping[str, Any], ...] = ()
    #: whether the repair cures everything the rule found
    complete: bool = True


@dataclass(frozen=True)
class Finding:
    """What a rule says of one thing or of several of a kind."""

    outcome: str
    message: str
    rows: tuple[tuple[Any, ...], ...] = ()
    remedy: Optional[str] = None
    repair: Optional[Repair] = None
    evidence: Optional[str] = None
    source: Optional[str] = None


@dataclass(frozen=True)
class Context:
    """Everything a rule may look at."""

    group: Any
    path: Any
    inputs: Mapping[str, Any]
    now: datetime.datetime
    settings: Settings
    #: the rules whose repair was asked for
    repairs: frozenset[str] = frozenset()
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """A value several rules need, computed for the first of them."""
        if name not in self.cache:
            self.cache[name] = make()
        return self.cache[name]


Check = Callable[[Context], Union[Finding, Iterable[Finding], None]]


@dataclass(frozen=True)
class Rule:
    """One rule: its function and everything about it that is not its judgement."""

    id: str
    title: str
    check: Check
    about: str
    severity: str
    impact: str
    outcomes: tuple[str, ...]
    columns: tuple[str, ...]
    remedy: str
    evidence: str
    source: str
    tags: tuple[str, ...]
    facts: tuple[str, ...]
    options: tuple[str, ...]
    repair: Optional[str]
    #: what Microsoft's own setup does about it: ("checks" | "fails later" | "not checked" | "unknown", explanation)
    setup: tuple[str, str]

    @property
    def waivable(self) -> bool:
        """What breaks the upgrade cannot be waived, whether or not it blocks."""
        return self.impact != BREAKS

    @property
    def indispensable(self) -> bool:
        """Whether a plan never goes without it: it can block, and its finding cannot be waived."""
        return BLOCK in self.outcomes and not self.waivable

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.id[1:])


REGISTRY: dict[str, Rule] = {}


def rule(
    id: str,
    title: str,
    *,
    severity: str,
    impact: str,
    outcomes: Iterable[str],
    remedy: str,
    evidence: str,
    source: str,
    tags: Iterable[str],
    columns: Iterable[str] = (),
    facts: Iterable[str] = (),
    options: Iterable[str] = (),
    repair: Optional[str] = None,
    setup: tuple[str, str] = ("unknown", "No source tells."),
) -> Callable[[Check], Check]:
    """Register a function as a rule. Its docstring becomes the description on the rule's page."""

    def register(check: Check) -> Check:
        if id in REGISTRY:
            raise ValueError(f"rule {id} is registered twice: {REGISTRY[id].title} and {title}")
        unknown = [name for name in options if name not in SETTINGS]
        if not re.fullmatch(r"R\d{2}", id) or impact not in IMPACTS or unknown or set(outcomes) - set(OUTCOMES):
            raise ValueError(f"rule {id} is declared wrongly")
        REGISTRY[id] = Rule(
            id=id,
            title=title,
            check=check,
            about=inspect.cleandoc(check.__doc__ or ""),
            severity=severity,
            impact=impact,
            outcomes=tuple(outcomes),
            columns=tuple(columns),
            remedy=" ".join(remedy.split()),
            evidence=evidence,
            source=source,
            tags=tuple(tags),
            facts=tuple(facts),
            options=tuple(options),
            repair=repair,
            setup=setup,
        )
        return check

    return register


def ordered(rules: Optional[Mapping[str, Rule]] = None) -> list[Rule]:
    """The rules by number."""
    return sorted((REGISTRY if rules is None else rules).values(), key=lambda one: one.number)


@dataclass(frozen=True)
class Result:
    """What came of one rule."""

    rule: Rule
    outcome: str
    message: str
    rows: tuple[tuple[Any, ...], ...]
    remedy: str
    evidence: str
    source: str
    seconds: float
    repair: Optional[Repair] = None
    opted_in: bool = False
    repaired_from: Optional[str] = None
    waiver: Optional[Waiver] = None
    waived_rows: tuple[tuple[Any, ...], ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the upgrade must not begin because of it."""
        return self.outcome == BLOCK and self.waiver is None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, the same in every report."""
        repair = None
        if self.rule.repair is not None and self.repair is not None:
            repair = {
                "kind": self.repair.kind,
                "title": self.repair.title,
                "opted_in": self.opted_in,
                "complete": self.repair.complete,
                "was": self.repaired_from,
                "targets": [dict(target) for target in self.repair.targets],
            }
        waived = None
        if self.waiver is not None:
            waived = self.waiver.to_dict()
            if self.waived_rows:
                waived["rows"] = [list(row) for row in self.waived_rows]
        return {
            "id": self.rule.id,
            "title": self.rule.title,
            "outcome": self.outcome,
            "impact": self.rule.impact,
            "message": self.message,
            "affected": {"columns": list(self.rule.columns), "rows": [list(row) for row in self.rows]},
            "remedy": self.remedy,
            "evidence": self.evidence,
            "source": self.source,
            "tags": list(self.rule.tags),
            "seconds": self.seconds,
            "waived": waived,
            "repair": repair,
        }


@dataclass(frozen=True)
class Readiness:
    """All results of one run."""

    results: tuple[Result, ...]
    left_out: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    expired: tuple[Waiver, ...]
    overridden: Mapping[str, Any]
    #: rules that the selection leaves out and that ran all the same
    kept: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many rules came to each outcome."""
        counts = dict.fromkeys(OUTCOMES, 0)
        for result in self.results:
            counts[result.outcome] += 1
        return counts

    @property
    def blocked_by(self) -> list[str]:
        """The rules that forbid the upgrade to begin."""
        return [result.rule.id for result in self.results if result.blocks]

    @property
    def failed(self) -> list[str]:
        """The rules that raised."""
        return [result.rule.id for result in self.results if result.outcome == ERROR]

    @property
    def blocked(self) -> bool:
        """Whether the upgrade must not begin: a rule blocks, or one that could have blocked failed to run."""
        silent = [one for one in self.results if one.outcome == ERROR and BLOCK in one.rule.outcomes]
        return bool(self.blocked_by or silent)

    def by_outcome(self, outcome: str) -> list[Result]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome == outcome]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "blocked": self.blocked,
            "blocked_by": self.blocked_by,
            "failed": self.failed,
            "counts": self.counts,
            "findings": [result.to_dict() for result in self.results],
            "left_out": list(self.left_out),
            "kept": list(self.kept),
            "waivers": [dict(waiver.to_dict(), rule=waiver.rule) for waiver in self.waivers],
            "expired_waivers": [dict(waiver.to_dict(), rule=waiver.rule) for waiver in self.expired],
            "settings": dict(self.overridden),
        }


def evaluate(
    group: Any,
    path: Any,
    inputs: Optional[Mapping[str, Any]] = None,
    now: Optional[datetime.datetime] = None,
    *,
    wanted: Wanted = None,
    waivers: Optional[Iterable[Any]] = None,
    repairs: Wanted = None,
    keep: bool = False,
    rules: Optional[Mapping[str, Rule]] = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Readiness:
    """Run the chosen rules and say what came of each.

    *wanted* and *repairs* are selections. *keep* runs indispensable rules that the selection leaves out all the same: for
    whatever lets an upgrade begin. *now* is the time of the facts where it is given, so that an old snapshot is
    judged as it stood. *rules* replaces the registered ones (tests).
    """
    known = {one.id: one for one in ordered(rules)}
    given = dict(inputs or {})
    moment = now or datetime.datetime.now(datetime.timezone.utc)
    selection = select(wanted, choices(known))
    read = parse_waivers(waivers, {one.id: one.waivable for one in known.values()})
    opted_in = repairs_opted_in(repairs, known)
    settings = Settings.of(given)
    context = Context(group, path, given, moment, settings, opted_in)
    kept = tuple(name for name in selection.excluded if keep and known[name].indispensable)
    results = []
    for name in known:
        if name not in selection and name not in kept:
            continue
        chosen = dict(selection.options.get(name) or {})
        # What was computed with other settings does not serve a rule that has its own.
        own = replace(context, settings=settings.with_(chosen), cache={}) if chosen else context
        result = run(known[name], own, clock)
        result = _repaired(result, name in opted_in)
        results.append(_waived(result, read, moment.date()))
    return Readiness(
        results=tuple(results),
        left_out=tuple(name for name in selection.excluded if name not in kept),
        waivers=tuple(waiver for waiver in read if not waiver.expired(moment.date())),
        expired=tuple(waiver for waiver in read if waiver.expired(moment.date())),
        overridden=_overridden(settings, selection),
        kept=kept,
    )


def choices(rules: Optional[Mapping[str, Rule]] = None) -> list[Choice]:
    """The rules as things that can be selected."""
    return [Choice(one.id, one.tags, one.options) for one in ordered(rules)]


def repairs_opted_in(repairs: Wanted, rules: Optional[Mapping[str, Rule]] = None) -> frozenset[str]:
    """The rules whose repair was asked for; nothing asked for is nothing repaired."""
    if not repairs:
        return frozenset()
    known = {one.id: one for one in ordered(rules)}
    offering = {name for name, one in known.items() if one.repair}
    named = select(repairs, choices(known)).names
    literal = repairs if isinstance(repairs, str) else " ".join(str(item) for item in repairs)
    explicit = {word.upper() for word in re.findall(r"(?<![!\w])R\d{2}\b", literal, re.IGNORECASE)}
    wrong = sorted(explicit - offering)
    if wrong:
        raise UnknownRepairError(f"{', '.join(wrong)} has no repair; repairs exist for {', '.join(sorted(offering))}")
    return frozenset(name for name in named if name in offering)


def run(one: Rule, context: Context, clock: Callable[[], float] = time.perf_counter) -> Result:
    """Run one rule: its findings become one result, an exception the outcome ``error``."""
    started = clock()
    try:
        found = one.check(context)
        findings = [found] if isinstance(found, Finding) else list(found or ())
        if not findings:
            findings = [Finding(PASS, "Nothing found.")]
        wrong = [finding.outcome for finding in findings if finding.outcome not in one.outcomes]
        if wrong:
            raise ValueError(f"came to an outcome it does not declare: {', '.join(wrong)}")
    except Exception as problem:
        text = f"The rule itself failed: {type(problem).__name__}: {problem}"
        remedy = "Report this with the snapshot; until it is cured, check by hand what the rule is about."
        return Result(one, ERROR, text, (), remedy, one.evidence, one.source, round(clock() - started, 6))
    rank = _ranks(one)
    findings.sort(key=lambda finding: rank.index(finding.outcome))
    worst = findings[0]
    telling = [finding for finding in findings if finding.outcome in (worst.outcome, BLOCK, WARN, MANUAL, NOTE)]
    return Result(
        rule=one,
        outcome=worst.outcome,
        message=" ".join(dict.fromkeys(finding.message for finding in telling)),
        rows=tuple(row for finding in telling for row in finding.rows),
        remedy=worst.remedy if worst.remedy is not None else one.remedy if worst.outcome in _NEEDS_REMEDY else "",
        evidence=worst.evidence or one.evidence,
        source=worst.source or one.source,
        seconds=round(clock() - started, 6),
        repair=next((finding.repair for finding in telling if finding.repair), None),
    )


_NEEDS_REMEDY = (BLOCK, WARN, MANUAL, NOTE, ERROR)


def _ranks(one: Rule) -> tuple[str, ...]:
    """The gravest first. Where a rule can block, an unknown fact outweighs a warning: it might hide a block."""
    if BLOCK in one.outcomes:
        return (BLOCK, MANUAL, WARN, NOTE, PASS, NOT_APPLICABLE)
    return (WARN, MANUAL, NOTE, PASS, NOT_APPLICABLE)


def _repaired(result: Result, wanted: bool) -> Result:
    if result.repair is None or result.outcome not in (BLOCK, WARN) or not wanted:
        return result
    if not result.repair.complete:
        return replace(result, opted_in=True, message=result.message + " The repair does not cure all of it.")
    return replace(
        result,
        opted_in=True,
        outcome=NOTE,
        repaired_from=result.outcome,
        message=f"{result.message} A step of the plan cures it: {result.repair.title}.",
    )


def _waived(result: Result, waivers: Iterable[Waiver], today: datetime.date) -> Result:
    for waiver in waivers:
        if waiver.rule != result.rule.id or result.outcome not in (BLOCK, WARN, MANUAL):
            continue
        if waiver.expired(today):
            text = f"A waiver of {waiver.owner} expired on {waiver.expires.isoformat()}."
            result = replace(result, message=f"{result.message} {text}")
            continue
        if not waiver.objects:
            return replace(result, waiver=waiver)
        covered = tuple(row for row in result.rows if waiver.covers(row))
        rest = tuple(row for row in result.rows if not waiver.covers(row))
        if covered and not rest:
            return replace(result, waiver=waiver)
        if covered:
            text = f"{waiver.owner} waived {len(covered)} of {len(result.rows)} until {waiver.expires.isoformat()}."
            message = f"{result.message} {text}"
            result = replace(result, message=message, rows=rest, waived_rows=result.waived_rows + covered)
    return result


def _overridden(settings: Settings, selection: Selection) -> dict[str, Any]:
    changed: dict[str, Any] = dict(settings.overridden)
    for name, options in selection.options.items():
        for option, value in options.items():
            changed[f"{name}.{option}"] = value
    return changed
