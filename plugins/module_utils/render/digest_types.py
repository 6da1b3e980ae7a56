# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report holds, as views see it: steps and groups of them, phases, findings, the choice of the path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..planner.kinds import carried_out

STATE_ORDER = ("failed", "running", "blocked", "ready", "waiting", "planned", "done")


class ReportError(ValueError):
    """What was given as a report is none; the message names the place."""


@dataclass(frozen=True)
class Reason:
    """Why something is so: a sentence, and what it rests on."""

    text: str
    rule: str = ""
    fact: str = ""
    evidence: str = ""
    source: str = ""


@dataclass(frozen=True)
class Range:
    """Seconds: at best, as expected, at worst."""

    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Step:
    """One step of the plan, with the times at which it would run if everything took as long as expected."""

    id: str
    phase: str
    kind: str
    title: str
    hosts: tuple[str, ...]
    requires: tuple[str, ...]
    why: tuple[Reason, ...]
    mode: str
    reversibility: str
    undo: str
    done_when: tuple[str, ...]
    estimate: Range
    downtime: bool
    state: str
    parameters: Mapping[str, Any]
    start: float = 0.0
    end: float = 0.0
    critical: bool = False

    @property
    def point_of_no_return(self) -> bool:
        return self.reversibility == "point_of_no_return"

    @property
    def by_hand(self) -> bool:
        return self.mode == "manual"

    @property
    def left_to_people(self) -> bool:
        """True when a person does it because no role of this version can, wherever it runs."""
        return self.by_hand and not carried_out(self.kind, self.phase, self.parameters)


@dataclass(frozen=True)
class Group:
    """One line of a view: a step, or many alike steps of one phase."""

    key: str
    phase: str
    title: str
    steps: tuple[Step, ...]
    requires: tuple[str, ...]
    one_by_one: bool

    @property
    def first(self) -> Step:
        return self.steps[0]

    @property
    def single(self) -> bool:
        return len(self.steps) == 1

    @property
    def state(self) -> str:
        return worst_state(step.state for step in self.steps)

    @property
    def states(self) -> dict[str, int]:
        return tally((step.state for step in self.steps), STATE_ORDER)

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(host for step in self.steps for host in step.hosts))

    @property
    def start(self) -> float:
        return min(step.start for step in self.steps)

    @property
    def end(self) -> float:
        return max(step.end for step in self.steps)

    @property
    def took(self) -> float:
        """Seconds as expected, also for what is done."""
        return self.end - self.start or max(step.estimate.likely for step in self.steps)

    @property
    def critical(self) -> bool:
        return any(step.critical for step in self.steps)

    @property
    def downtime(self) -> bool:
        return any(step.downtime for step in self.steps)

    @property
    def point_of_no_return(self) -> bool:
        return any(step.point_of_no_return for step in self.steps)

    @property
    def by_hand(self) -> bool:
        return all(step.by_hand for step in self.steps)


@dataclass(frozen=True)
class Phase:
    """A phase with its steps, and how long it and its downtime take."""

    name: str
    title: str
    steps: tuple[Step, ...]
    groups: tuple[Group, ...]
    elapsed: Range
    downtime: Range
    start: float
    end: float

    @property
    def state(self) -> str:
        return worst_state(step.state for step in self.steps)

    @property
    def states(self) -> dict[str, int]:
        return tally((step.state for step in self.steps), STATE_ORDER)

    @property
    def point_of_no_return(self) -> bool:
        return any(step.point_of_no_return for step in self.steps)


@dataclass(frozen=True)
class Finding:
    """One result of a readiness rule."""

    id: str
    title: str
    outcome: str
    impact: str
    message: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    remedy: str
    evidence: str
    source: str
    seconds: float
    waived: Optional[Mapping[str, Any]]
    repair: str

    @property
    def open(self) -> bool:
        """True when somebody has to do something about it before the upgrade may begin."""
        return self.outcome in ("block", "error") and self.waived is None


@dataclass(frozen=True)
class PathChoice:
    """One of the four paths and the facts that chose or rejected it."""

    name: str
    chosen: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Takeover:
    """What one machine cannot keep, and who takes it over; ``by`` is empty where nobody can."""

    machine: str
    by: str
    roles: tuple[str, ...]
    new: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Obstacle:
    """What has to be put right before anything changes, beside the findings; ``rule`` is empty where no rule looks at it."""

    text: str
    remedy: str
    rule: str = ""


@dataclass(frozen=True)
class Proof:
    """One thing that is demanded before a point of no return; ``text`` says what was seen of it."""

    text: str
    holds: bool
    remedy: str = ""


@dataclass(frozen=True)
class Digest:
    """Everything the views show."""

    group: str
    path: str
    run_from: str
    retire: tuple[str, ...]
    choices: tuple[PathChoice, ...]
    run_from_why: tuple[Reason, ...]
    takeovers: tuple[Takeover, ...]
    obstacles: tuple[Obstacle, ...]
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]
    outcomes: dict[str, int]
    elapsed: Range
    downtime: Range
    critical_path: tuple[Step, ...]
    window: Optional[Mapping[str, Any]]
    fits: str
    hash: str
    generated: str
    collected: str
    approval: Optional[Mapping[str, Any]]
    journal: tuple[Mapping[str, Any], ...]
    inputs: Mapping[str, Any]
    snapshot: Optional[Mapping[str, Any]]
    agents_after_group: bool
    judged: bool = True
    left_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    proofs: Mapping[str, tuple[Proof, ...]] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _index: dict[str, Step] = field(default_factory=dict, repr=False)
    _lines: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.open)

    @property
    def obstacles_alone(self) -> tuple[Obstacle, ...]:
        """The obstacles that no blocking finding tells of."""
        told = {finding.id for finding in self.blockers}
        return tuple(one for one in self.obstacles if one.rule not in told)

    @property
    def by_hand(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.by_hand and step.state != "done")

    @property
    def left_to_people(self) -> tuple[Step, ...]:
        return tuple(step for step in self.by_hand if step.left_to_people)

    @property
    def waived(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.waived is not None)

    @property
    def states(self) -> dict[str, int]:
        return tally((step.state for step in self.steps), STATE_ORDER)

    @property
    def no_return(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.point_of_no_return)

    @property
    def verdict(self) -> str:
        """``blocked``, ``what_if`` (it rests on assumed machines), ``nothing``, ``running``, ``failed``, ``unjudged`` (no rule
        was run), or ``ready``.
        """
        if self.blockers or self.obstacles:
            return "blocked"
        if self.assumed:
            return "what_if"
        states = self.states
        if not self.steps or set(states) == {"done"}:
            return "nothing"
        if states.get("failed"):
            return "failed"
        if states.get("running") or states.get("done"):
            return "running"
        return "ready" if self.judged else "unjudged"

    def step(self, name: str) -> Optional[Step]:
        return self._index.get(name)

    def all_before(self, step: Step) -> frozenset[str]:
        """The ids of all steps that a step needs, directly or through others."""
        found: set[str] = set()
        todo = list(step.requires)
        while todo:
            name = todo.pop()
            if name not in found and name in self._index:
                found.add(name)
                todo += self._index[name].requires
        return frozenset(found)

    def line_of(self, name: str) -> str:
        """The key of the line that shows a step."""
        return self._lines.get(name, name)

    def title_of(self, name: str) -> str:
        """The title of a step that another one requires; its id when it is no longer in the plan."""
        step = self._index.get(name)
        return step.title if step else name


def tally(values: Iterable[str], order: Sequence[str]) -> dict[str, int]:
    """How often each value occurs, in the given order, others after it."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    known = [name for name in order if name in counts]
    return {name: counts[name] for name in known + sorted(set(counts) - set(known))}


def worst_state(states: Iterable[str]) -> str:
    """The state of a whole from those of its parts."""
    found = set(states)
    for state in STATE_ORDER:
        if state in found:
            return state
    return min(found) if found else "planned"
