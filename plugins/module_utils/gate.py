# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which steps of a phase may start now: the order of the plan, kept for part runs, in check mode, and against an approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from . import contract, planner
from .approval import evidence
from .decide import Conclusion, conclude
from .differences import explain
from .plan import MANUAL, PHASES, Plan, Step, waves
from .rules.repairs import repair_steps
from .simulate import Simulation
from .what_if import said

ANY = "any"
POSITIONS = (ANY, "before_group", "after_group")
SHOWN = 8


class NotYet(ValueError):
    """The phase may not start: the message names what must go first, or what stands in the way, with the remedy."""


@dataclass(frozen=True)
class Gate:
    """What may start. ``by_host`` gives each step to the one host that carries it out; ``controller`` has the rest."""

    plan: Plan
    phase: str
    started: tuple[Step, ...]
    manual: tuple[Step, ...]
    held: tuple[tuple[Step, tuple[str, ...]], ...]

    @property
    def by_host(self) -> dict[str, list[dict[str, Any]]]:
        """Steps as data by the inventory host that carries them out, in plan order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for step in self.started:
            if step.hosts:
                found.setdefault(step.hosts[0], []).append(step.to_dict())
        return found

    @property
    def controller(self) -> list[dict[str, Any]]:
        """Steps that no host carries out."""
        return [step.to_dict() for step in self.started if not step.hosts]

    @property
    def batches(self) -> list[list[str]]:
        """Hosts in groups that may work at the same time, one group after the other."""
        index = {step.id: step for step in self.started}
        groups = [
            list(dict.fromkeys(index[name].hosts[0] for name in wave if index[name].hosts))
            for wave in waves(self.started)
        ]
        return [group for group in groups if group]

    @property
    def manual_text(self) -> str:
        """What a person has to do, one line a step; empty when there is nothing."""
        return "\n".join(
            "{}: {} Done when: {}".format(
                step.id, step.title + ".", " ".join(str(one.get("text")) for one in step.done_when)
            )
            for step in self.manual
        )

    @property
    def summary(self) -> str:
        """One line for people."""
        if not (self.started or self.manual or self.held):
            return f"{self.phase}: nothing is left to do."
        text = f"{self.phase}: {len(self.started)} steps may start"
        text += f" on {len(self.by_host)} hosts" if self.by_host else ""
        text += f", {len(self.manual)} wait for a person" if self.manual else ""
        return text + (f", {len(self.held)} wait for those." if self.held else ".")

    def to_dict(self) -> dict[str, Any]:
        """The gate as data."""
        return {
            "phase": self.phase,
            "started": [step.id for step in self.started],
            "steps": self.by_host,
            "hosts": list(self.by_host),
            "batches": self.batches,
            "waves": waves(self.started),
            "controller": self.controller,
            "manual": [step.to_dict() for step in self.manual],
            "manual_text": self.manual_text,
            "held": [{"id": step.id, "waits_for": list(names)} for step, names in self.held],
            "hash": self.plan.hash,
            "management_group_path": self.plan.path,
            "remaining": [
                {
                    "id": step.id,
                    "kind": step.kind,
                    "mode": step.mode,
                    "warehouse": bool(step.parameters.get("warehouse")),
                }
                for step in self.plan.steps
            ],
            "summary": self.summary,
        }


def gate(
    snapshot: Mapping[str, Any],
    given: Optional[Mapping[str, Any]] = None,
    *,
    phase: Optional[str] = None,
    steps: Sequence[str] = (),
    position: str = ANY,
    predicted: Sequence[str] = (),
    hosts: Optional[Iterable[str]] = None,
    approved: Optional[Plan] = None,
    approved_snapshot: Optional[Mapping[str, Any]] = None,
    require_approval: bool = False,
    carried_out: bool = False,
) -> Gate:
    """The steps of a phase, or those named, that may start. Raises :class:`NotYet`, or what ``decide.conclude`` raises.

    ``predicted`` are steps that a check run has predicted already: the facts are taken as if they were done. ``hosts`` are
    the inventory hosts of the run (``--limit``); a step on any other does not start, and what needs it does not either.
    ``position`` selects agents by where the path puts them. ``approved`` is the plan that was approved: what remains must
    not differ from it; ``approved_snapshot`` has its facts, where they are at hand, to tell what differs. With
    ``require_approval`` there must be one. With ``carried_out`` what no role of this version carries out stops a run: a
    complex path's preparation stops every phase. Other such steps wait for a person, as any manual one.
    """
    if phase is not None and phase not in PHASES:
        raise NotYet("phase {}: there is no such phase; there are {}.".format(phase, ", ".join(PHASES)))
    if position not in POSITIONS:
        raise NotYet("position {}: expected one of {}.".format(position, ", ".join(POSITIONS)))
    found = conclude(snapshot, given)
    if found.plan.assumed:
        raise NotYet(f"Nothing starts. {said(found.plan.assumed)}")
    current = _predict(found, predicted)
    name = phase or (", ".join(steps) if steps else "all phases")
    if approved is not None:
        _same(approved, found, approved_snapshot)
    elif require_approval and found.plan.steps:
        raise NotYet(
            f"{name} does not start: scom_upgrade_require_approval is set, and the plan {found.plan.hash[:12]} is not approved."
            " Read the plan, and approve it with playbooks/approve.yml -e scom_upgrade_approve="
            f"{found.plan.hash[:12]} -e scom_upgrade_approver=NAME"
        )
    wanted = _wanted(current, phase, steps, position)
    if carried_out:
        _possible(current, name, wanted)
    if not wanted:
        if not found.group.known:
            _free(found, name)  # without the group there is no plan, which is not the same as nothing left to do
        return Gate(current, name, (), (), ())
    _free(found, name)
    allowed = None if hosts is None else set(hosts)
    result = _sort(current, name, wanted, allowed)
    if not predicted:
        _prove(found, result)
    return result


def _predict(found: Conclusion, predicted: Sequence[str]) -> Plan:
    """The plan as it will be when the predicted steps are done."""
    if not predicted:
        return found.plan
    index = {step.id: step for step in found.plan.steps}
    simulation = Simulation(found.group.snapshot, str(found.inputs["target_version"]))
    for name in predicted:
        if name in index:
            simulation.apply(index[name])
    gone = set(predicted)
    plan = planner.make(
        simulation.snapshot, found.inputs, repairs=_repairs_left(found, gone), findings=found.plan.findings
    )
    return replace(
        plan,
        phases=tuple(
            (
                phase,
                tuple(
                    replace(step, requires=tuple(one for one in step.requires if one not in gone))
                    for step in steps
                    if step.id not in gone
                ),
            )
            for phase, steps in plan.phases
        ),
    )


def _repairs_left(found: Conclusion, gone: set[str]) -> list[dict[str, Any]]:
    """The repairs that were opted in and not predicted yet: what comes after them waits in a check run too."""
    steps = repair_steps(found.report["findings"], found.inputs["repairs"])
    return [
        {**step, "requires": [one for one in step["requires"] if one not in gone]}
        for step in steps
        if step["id"] not in gone
    ]


def _same(approved: Plan, found: Conclusion, then: Optional[Mapping[str, Any]]) -> None:
    lines = explain(approved, found.plan, then, found.group.snapshot)
    if lines:
        more = f" And {len(lines) - SHOWN} more." if len(lines) > SHOWN else ""
        raise NotYet(
            f"The plan that was approved ({approved.hash[:12]}) no longer fits the facts: {'; '.join(lines[:SHOWN])}.{more}"
            " Make the plan again with playbooks/plan.yml and have it approved."
        )


def _possible(plan: Plan, name: str, wanted: Sequence[Step]) -> None:
    """A complex path's preparation, and its group upgrade, are done by a person before the phase can go on."""
    mine = {step.id for step in wanted}
    stopping = [step for step in contract.left_to_people(plan) if step.phase == "prepare" or step.id in mine]
    if stopping:
        raise NotYet(f"{name} does not start. {contract.stop_text(stopping)}")


def _wanted(plan: Plan, phase: Optional[str], steps: Sequence[str], position: str) -> list[Step]:
    if phase in ("manual_agents", "pushed_agents") and position not in (ANY, plan.position[phase]):
        return []
    if steps:
        known = {step.id: step for step in plan.steps}
        return [known[name] for name in steps if name in known and phase in (None, known[name].phase)]
    return [step for step in plan.steps if phase in (None, step.phase)]


def _free(found: Conclusion, name: str) -> None:
    """Nothing starts while something blocks.

    A finding whose opted-in repair cures all of it does not block: its step is in the plan, and whatever the plan has after
    the repairs requires that step, which stays in the plan until the facts show the finding gone. A repair that would not
    be enough leaves the finding in the way, and so does not start either.
    """
    problems = [f"{one['text']} {one['remedy']}" for one in found.plan.blockers]
    problems += [
        f"{one['id']} {one['title']}: {one['message']} {one['remedy']}"
        for one in found.report["findings"]
        if one["id"] in found.report["blocked_by"]
    ]
    if not problems and found.report["blocked"]:
        problems = [f"The rule {one} itself failed." for one in found.report["failed"]]
    if problems:
        more = f" And {len(problems) - SHOWN} more." if len(problems) > SHOWN else ""
        raise NotYet(f"{name} does not start. In the way: " + " | ".join(problems[:SHOWN]) + more)


def _prove(found: Conclusion, result: Gate) -> None:
    """A point of no return demands evidence, not a yes."""
    for step in result.started:
        missing = [one for one in evidence(found.group, found.inputs, step) if not one.holds]
        if missing:
            said = " ".join(f"{one.text} {one.remedy}" for one in missing)
            raise NotYet(f"{step.id} cannot be taken back and demands evidence that is missing. {said}")


def _sort(plan: Plan, name: str, wanted: Sequence[Step], allowed: Optional[set[str]]) -> Gate:
    mine = {step.id for step in wanted}
    started: dict[str, Step] = {}
    manual: dict[str, Step] = {}
    held: dict[str, tuple[Step, tuple[str, ...]]] = {}
    stopped: list[tuple[Step, str]] = []
    for step in wanted:
        missing = [one for one in step.requires if one not in started]
        here = allowed is None or not step.hosts or step.hosts[0] in allowed
        by_person = [one for one in missing if one in manual or one in held]
        foreign = [one for one in missing if one not in by_person]
        if foreign:
            if here:
                stopped.append((step, foreign[0]))
        elif by_person:
            held[step.id] = (step, tuple(by_person))
        elif step.mode == MANUAL:
            manual[step.id] = step
        elif here:
            started[step.id] = step
    if stopped and not started:
        raise NotYet(_message(plan, name, stopped, mine))
    if stopped and any(one not in mine for _step, one in stopped):
        raise NotYet(_message(plan, name, stopped, mine))
    rest = {step.id: (step, (first,)) for step, first in stopped}
    return Gate(plan, name, tuple(started.values()), tuple(manual.values()), (*held.values(), *rest.values()))


def _only_hidden(plan: Plan, step: Step) -> bool:
    """Whether a step stands for pending rows alone that no console shows, and no repair is asked for."""
    rows = step.parameters.get("agents") or ()
    wanted = any(one.kind == "repair.pending_rows" for one in plan.steps)
    return step.kind == "pending.clear" and bool(rows) and all(row.get("hidden") for row in rows) and not wanted


def _phases_before(plan: Plan, missing: Sequence[str]) -> list[str]:
    """The phases of these steps and of all that they need in turn, in the order of the plan."""
    index = {one.id: one for one in plan.steps}
    needed: set[str] = set()
    todo = [one for one in missing if one in index]
    while todo:
        one = todo.pop()
        if one not in needed:
            needed.add(one)
            todo += [before for before in index[one].requires if before in index]
    return list(dict.fromkeys(one.phase for one in plan.steps if one.id in needed))


def _message(plan: Plan, name: str, stopped: Sequence[tuple[Step, str]], mine: set[str]) -> str:
    step, first = stopped[0]
    missing = list(dict.fromkeys(one for _step, one in stopped if one not in mine or first in mine))
    if first in mine and any(one not in mine for _step, one in stopped):
        step, first = next(pair for pair in stopped if pair[1] not in mine)
        missing = list(dict.fromkeys(one for _step, one in stopped if one not in mine))
    index = {one.id: one for one in plan.steps}
    needed = index.get(first)
    phases = _phases_before(plan, missing)
    rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    title = f" ({needed.title}" + (f" on {', '.join(needed.hosts)}" if needed.hosts else "") + ")" if needed else ""
    if first in mine:
        how = "Run it without --limit, or with the hosts of those steps as well."
    elif needed is not None and needed.mode == MANUAL:
        how = "A person has to do that first; it counts as done when the facts show it."
    elif needed is not None and _only_hidden(plan, needed):
        how = (
            "What is left is only in the database, where the shell does not reach it: opt in to the repair with"
            " scom_upgrade_repairs: [R12] and run playbooks/pre_upgrade.yml."
        )
    else:
        order = " in this order" if len(phases) > 1 else ""
        how = "Run {} first{}.".format(", ".join(f"playbooks/{phase}.yml" for phase in phases), order)
    return f"{name} does not start: {step.id} needs {first}{title}{rest} to be done. {how}"
