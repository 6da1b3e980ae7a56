# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as data: steps in phases, its hash, its order, the states that follow from it, and what makes it stale.

``docs/plan.md`` describes the fields. The planner makes a plan; everything else is a view of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .estimate import Estimate
from .facts import digest
from .why import Why

SCHEMA = 1
PHASES = (
    "prepare",
    "pre_upgrade",
    "manual_agents",
    "secondary_servers",
    "gateways",
    "pushed_agents",
    "quiesce",
    "management_group",
    "features",
    "post_upgrade",
)
AUTOMATIC, DELEGATED, MANUAL = "automatic", "delegated", "manual"
REVERSIBLE, RESTORABLE, NO_RETURN = "reversible", "restorable", "point_of_no_return"
DONE, READY, WAITING, BLOCKED, RUNNING, FAILED = "done", "ready", "waiting", "blocked", "running", "failed"
#: Kinds that come and go with the day: a session opens, a backup grows old. They never make a plan stale.
FLEETING = (
    "consoles.disconnect",
    "pending.clear",
    "backup.database",
    "backup.encryption_key",
    "repair.backup_now",
    "verify.health",
)
#: Of these, what exactly they do changes with the day too.
CHANGING = ("consoles.disconnect", "pending.clear", "verify.health")
#: Parameters that tell of the moment, not of what is done: room on a disk, whether a backup was just taken.
MOMENTARY = ("backup_first", "free_mb", "needs_mb")
#: Sizes that follow the day's data. An approval holds for a smaller one, and for one that is a rounding step larger.
SIZES = ("data_mb", "log_mb")
ROUNDING_MB = 1024
#: Lists that shrink as a step is carried out.
SHRINKING = ("agents", "moves", "before", "subscriptions", "acs_forwarders")

#: What a difference is named that is a whole step.
STEP = "step"


class PlanError(ValueError):
    """A plan that is none: a step that requires nothing known, a circle, two steps of one id."""


@dataclass(frozen=True)
class Step:
    """One step. ``requires`` are ids of this plan; ``state`` is derived and no part of the plan's hash."""

    id: str
    phase: str
    kind: str
    title: str
    hosts: tuple[str, ...]
    requires: tuple[str, ...]
    why: tuple[Why, ...]
    mode: str
    reversibility: str
    undo: str
    done_when: tuple[Mapping[str, Any], ...]
    estimate: Estimate
    downtime: bool
    parameters: Mapping[str, Any]
    state: str = WAITING

    def to_dict(self) -> dict[str, Any]:
        """The step as data."""
        return {
            "id": self.id,
            "phase": self.phase,
            "kind": self.kind,
            "title": self.title,
            "hosts": list(self.hosts),
            "requires": list(self.requires),
            "why": [one.to_dict() for one in self.why],
            "mode": self.mode,
            "reversibility": self.reversibility,
            "undo": self.undo,
            "done_when": [dict(one) for one in self.done_when],
            "estimate": self.estimate.to_dict(),
            "downtime": self.downtime,
            "parameters": dict(self.parameters),
            "state": self.state,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Step:
        """The step from its data. Raises :class:`PlanError` where a field is missing."""
        try:
            return cls(
                id=data["id"],
                phase=data["phase"],
                kind=data["kind"],
                title=data["title"],
                hosts=tuple(data["hosts"]),
                requires=tuple(data["requires"]),
                why=tuple(Why.from_dict(dict(one)) for one in data["why"]),
                mode=data["mode"],
                reversibility=data["reversibility"],
                undo=data["undo"],
                done_when=tuple(dict(one) for one in data["done_when"]),
                estimate=Estimate(**data["estimate"]),
                downtime=data["downtime"],
                parameters=dict(data["parameters"]),
                state=data.get("state") or WAITING,
            )
        except (KeyError, TypeError, AttributeError) as error:
            name = data.get("id") if isinstance(data, Mapping) else data
            raise PlanError(f"step {name}: field {error} is missing or wrong. Make the plan again.") from error


@dataclass(frozen=True)
class Plan:
    """All steps that remain, in the order of their phases. ``decision`` is the path's decision as data."""

    management_group: str
    path: str
    run_from: Optional[str]
    retire: tuple[str, ...]
    position: Mapping[str, str]
    inputs: Mapping[str, Any]
    why: tuple[Why, ...]
    phases: tuple[tuple[str, tuple[Step, ...]], ...]
    decision: Mapping[str, Any]
    facts_hash: str
    estimate: Mapping[str, Any] = field(default_factory=dict)
    blockers: tuple[Mapping[str, Any], ...] = ()
    findings: Optional[Any] = None
    #: machines that nobody has built yet: the plan is an answer to a question, and nothing to carry out
    assumed: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """Every step in plan order."""
        return [step for _name, steps in self.phases for step in steps]

    @property
    def hash(self) -> str:
        """SHA-256 over facts, inputs and steps; states, estimates and findings are left out."""
        return digest(
            {
                "schema": SCHEMA,
                "management_group": self.management_group,
                "path": self.path,
                "run_from": self.run_from,
                "retire": list(self.retire),
                "inputs": dict(self.inputs),
                "facts": self.facts_hash,
                "steps": [_hashed(step) for step in self.steps],
                **({"assumed": list(self.assumed)} if self.assumed else {}),
            }
        )

    def step(self, name: str) -> Optional[Step]:
        """One step by id."""
        return next((step for step in self.steps if step.id == name), None)

    def with_steps(self, steps: Mapping[str, Step]) -> Plan:
        """The same plan with some steps exchanged."""
        return replace(
            self, phases=tuple((name, tuple(steps.get(s.id, s) for s in found)) for name, found in self.phases)
        )

    def to_dict(self) -> dict[str, Any]:
        """The plan as data, with its hash."""
        return {
            "schema": SCHEMA,
            "management_group": self.management_group,
            "path": self.path,
            "run_from": self.run_from,
            "retire": list(self.retire),
            "position": dict(self.position),
            "inputs": dict(self.inputs),
            "why": [one.to_dict() for one in self.why],
            "decision": dict(self.decision),
            "phases": [{"name": name, "steps": [step.to_dict() for step in steps]} for name, steps in self.phases],
            "facts_hash": self.facts_hash,
            "hash": self.hash,
            "estimate": dict(self.estimate),
            "blockers": [dict(one) for one in self.blockers],
            "findings": self.findings,
            "assumed": list(self.assumed),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The plan from its data. Raises :class:`PlanError` for another schema, a missing field, or an edited plan."""
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, Mapping) else None
            raise PlanError(f"plan: schema {found} is not known here, only {SCHEMA} is. Make the plan again.")
        try:
            plan = cls(
                management_group=data["management_group"],
                path=data["path"],
                run_from=data["run_from"],
                retire=tuple(data["retire"]),
                position=dict(data["position"]),
                inputs=dict(data["inputs"]),
                why=tuple(Why.from_dict(dict(one)) for one in data["why"]),
                phases=tuple(
                    (phase["name"], tuple(Step.from_dict(step) for step in phase["steps"])) for phase in data["phases"]
                ),
                decision=dict(data.get("decision") or {}),
                facts_hash=data["facts_hash"],
                estimate=dict(data.get("estimate") or {}),
                blockers=tuple(data.get("blockers") or ()),
                findings=data.get("findings"),
                assumed=tuple(data.get("assumed") or ()),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise PlanError(f"plan: field {error} is missing or wrong. Make the plan again.") from error
        if data.get("hash") and data["hash"] != plan.hash:
            raise PlanError("plan: its hash does not fit its content; it was edited. Make the plan again.")
        return plan


def _hashed(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "kind": step.kind,
        "hosts": list(step.hosts),
        "requires": list(step.requires),
        "mode": step.mode,
        "parameters": {name: value for name, value in step.parameters.items() if name not in MOMENTARY},
    }


def check_order(steps: Iterable[Step]) -> list[str]:
    """The ids so that each comes after what it requires. Raises :class:`PlanError` for a circle or an unknown id."""
    steps = list(steps)
    index: dict[str, Step] = {}
    for step in steps:
        if step.id in index:
            raise PlanError(f"two steps are called {step.id}")
        index[step.id] = step
    missing: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for step in steps:
        missing[step.id] = len(step.requires)
        for other in step.requires:
            if other not in index:
                raise PlanError(f"{step.id} requires {other}, which is no step of the plan")
            followers.setdefault(other, []).append(step.id)
    found = [step.id for step in steps if not missing[step.id]]
    for name in found:
        for follower in followers.get(name, ()):
            missing[follower] -= 1
            if not missing[follower]:
                found.append(follower)
    if len(found) < len(steps):
        raise PlanError("these steps wait for each other: " + ", ".join(n for n in index if missing[n])[:500])
    return found


def waves(steps: Iterable[Step]) -> list[list[str]]:
    """The ids in groups: all steps of one group may run at the same time, once the groups before it are done."""
    steps = list(steps)
    index = {step.id: step for step in steps}
    level: dict[str, int] = {}
    inner = [replace(step, requires=tuple(one for one in step.requires if one in index)) for step in steps]
    names = check_order(inner)
    by_id = {step.id: step for step in inner}
    for name in names:
        level[name] = 1 + max((level[other] for other in by_id[name].requires), default=-1)
    found: list[list[str]] = [[] for _number in range(max(level.values(), default=-1) + 1)]
    for step in steps:
        found[level[step.id]].append(step.id)
    return found


def with_states(plan: Plan, journal: Iterable[Mapping[str, Any]] = (), blocked: bool = False) -> Plan:
    """The plan with the state of each step that remains.

    The last journal entry of a step tells ``running`` or ``failed``; else it is ``ready`` when nothing it requires
    remains, and ``waiting`` otherwise. ``blocked`` (by findings or by the path) takes the place of ready and waiting.
    """
    last: dict[str, str] = {}
    for entry in journal:
        if entry.get("step") and entry.get("event") in ("started", "failed", "done"):
            last[str(entry["step"])] = str(entry["event"])
    states: dict[str, Step] = {}
    stopped = blocked or bool(plan.blockers)
    for step in plan.steps:
        state = READY if not step.requires else WAITING
        if last.get(step.id) == "failed":
            state = FAILED
        elif last.get(step.id) == "started":
            state = RUNNING
        elif stopped:
            state = BLOCKED
        states[step.id] = replace(step, state=state)
    return plan.with_steps(states)


def progress(approved: Plan, current: Plan) -> Plan:
    """The approved plan with states: a step that remains has its present state, any other is done."""
    now = {step.id: step.state for step in current.steps}
    return approved.with_steps({step.id: replace(step, state=now.get(step.id, DONE)) for step in approved.steps})


@dataclass(frozen=True)
class Difference:
    """One way in which a plan is not what was approved."""

    step: str
    what: str
    was: Any
    now: Any

    def __str__(self) -> str:
        """The difference as one line."""
        if self.what == STEP:
            return f"{self.step}: a new step ({self.now})"
        return f"{self.step or 'plan'}: {self.what} was {_shown(self.was)}, is {_shown(self.now)}"

    def to_dict(self) -> dict[str, Any]:
        """The difference as data."""
        return {"step": self.step, "what": self.what, "was": self.was, "now": self.now, "text": str(self)}


def stale(approved: Plan, current: Plan) -> list[Difference]:
    """How what remains differs from what was approved; empty for a plan that is fresh or part-way done.

    What is done leaves the plan, and lists of agents shrink: neither is a difference; nor is the name of the path, which
    follows from the machines that are left. A step that was not approved, or that would do something else or elsewhere, is
    one. :mod:`.differences` tells the facts behind it.
    """
    found: list[Difference] = []
    for name in ("management_group", "run_from"):
        was, now = getattr(approved, name), getattr(current, name)
        if was != now and current.steps:
            found.append(Difference("", name, was, now))
    for name in sorted({*approved.inputs, *current.inputs}):
        was, now = approved.inputs.get(name), current.inputs.get(name)
        if was != now:
            found.append(Difference("", f"inputs.{name}", was, now))
    before = {step.id: step for step in approved.steps}
    for step in current.steps:
        old = before.get(step.id)
        if old is None:
            if step.kind not in FLEETING:
                found.append(Difference(step.id, STEP, None, step.title))
        elif step.kind not in CHANGING:
            found += _changes(old, step)
    return found


def _changes(old: Step, new: Step) -> list[Difference]:
    found = [
        Difference(new.id, name, getattr(old, name), getattr(new, name))
        for name in ("phase", "kind", "hosts")
        if getattr(old, name) != getattr(new, name)
    ]
    for name in sorted({*old.parameters, *new.parameters}):
        was, now = old.parameters.get(name), new.parameters.get(name)
        if was == now or name in MOMENTARY:
            continue
        if (name in SHRINKING and _within(now, was)) or (name in SIZES and _covered(now, was)):
            continue
        found.append(Difference(new.id, f"parameters.{name}", was, now))
    return found


def _covered(now: Any, was: Any) -> bool:
    """Whether the size that was approved covers what is asked for now; what is not asked for any more is covered."""
    return now is None or (isinstance(was, int) and isinstance(now, int) and now <= was + ROUNDING_MB)


def _within(part: Any, whole: Any) -> bool:
    if not isinstance(part, (list, tuple)) or not isinstance(whole, (list, tuple)):
        return part is None
    known = {digest(item) for item in whole}
    return all(digest(item) in known for item in part)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
