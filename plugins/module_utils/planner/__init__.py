# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the group, its path and the inputs to the plan: every step that remains, in an order that obeys O1 to O20.

A step is planned while its ``done_when`` does not hold in the facts; what gives back what an earlier step took is planned
from the facts while that step is to come, and from the journal afterwards. So the plan of a finished group is empty, and a
plan part-way done is the rest of the plan that was approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from .. import facts, inputs, model, path
from ..plan import PHASES, Plan, Step, with_states
from ..relevant import relevant
from ..timing import timing
from ..what_if import assumed
from . import after, agents, backups, prepare, quiet, servers
from .context import Context
from .link import link

__all__ = ["make", "plan_of"]


def make(
    snapshot: Mapping[str, Any],
    given: Optional[Mapping[str, Any]] = None,
    *,
    repairs: Iterable[Mapping[str, Any]] = (),
    findings: Optional[Any] = None,
    blocked: bool = False,
) -> Plan:
    """The plan of a snapshot and inputs. Raises ``facts.SnapshotError`` and ``inputs.InputError``.

    ``repairs`` are steps, as data, that rules offer and somebody opted in to. ``findings`` are carried along; ``blocked``
    says that one of them blocks.
    """
    checked = facts.load(snapshot)
    complete = inputs.normalise(given)
    group = model.build(checked)
    return plan_of(group, path.decide(group, complete), complete, repairs=repairs, findings=findings, blocked=blocked)


def plan_of(
    group: model.ManagementGroup,
    decision: path.Decision,
    complete: Mapping[str, Any],
    *,
    repairs: Iterable[Mapping[str, Any]] = (),
    findings: Optional[Any] = None,
    blocked: bool = False,
) -> Plan:
    """The plan of a group whose path is decided, with complete inputs. ``repairs`` and ``findings`` as in :func:`make`."""
    if decision.path == path.NONE:
        rest = path.going_on(group, complete)
        steps = _steps(group, rest, complete, repairs)
        decision = rest if steps else decision
    else:
        steps = _steps(group, decision, complete, repairs)
    ordered = _phases(steps, decision.position)
    plan = Plan(
        management_group=group.name,
        path=decision.path,
        run_from=decision.run_from,
        retire=decision.retire,
        position=decision.position,
        inputs=complete,
        why=decision.why,
        phases=ordered,
        decision=decision.to_dict(),
        facts_hash=facts.digest(relevant(group.snapshot)),
        estimate=timing([step for _name, found in ordered for step in found], complete["window"], complete["settings"]),
        blockers=(*(one.to_dict() for one in decision.blockers), *_grave(group)),
        findings=findings,
        assumed=assumed(group.snapshot),
    )
    return with_states(plan, group.journal, blocked)


def _steps(
    group: model.ManagementGroup,
    decision: path.Decision,
    complete: Mapping[str, Any],
    repairs: Iterable[Mapping[str, Any]],
) -> list[Step]:
    return link(_stages(Context(group, decision, complete), list(repairs))) if group.known else []


def _grave(group: model.ManagementGroup) -> list[dict[str, Any]]:
    """What inventory and group disagree on so badly that a plan could be wrong."""
    return [
        {"rule": "", "text": one.text, "remedy": one.remedy, "objects": list(one.objects) or [one.subject]}
        for one in group.disagreements
        if one.grave and one.kind in ("two_roots", "no_root", "group_unknown", "gateway_loop", "double_name")
    ]


def _stages(context: Context, repairs: Sequence[Mapping[str, Any]]) -> list[list[Step]]:
    """Every step, stage by stage: a stage begins when the one before is over."""
    position = context.decision.position
    secondary = servers.secondary_servers(context)
    preparing = prepare.prepare(context)
    manual = agents.manual_agents(context)
    pushed = agents.pushed_agents(context)
    gateways = servers.gateways(context)
    manual_first = position["manual_agents"] == "before_group"
    pushed_first = position["pushed_agents"] == "before_group"
    ready = [
        *quiet.pending(context),
        *_not_repaired(backups.pre_upgrade(context, bool(secondary)), repairs),
        *([] if preparing else backups.encryption_key(context, prepare=False)),
    ]
    upgrade = servers.group_upgrade(context)
    early, reporting = after.features(context)
    feature_backups = backups.features(context, bool(reporting), any(step.kind == "acs.upgrade" for step in early))
    audit = [step for step in feature_backups if step.id == "features.backup.audit"]
    report = [step for step in feature_backups if step.id != "features.backup.audit"]
    stages: list[list[Step]] = [
        *preparing,
        [context.taken_over(one) for one in repairs],
        ready,
        manual if manual_first else [],
        secondary,
        gateways,
        pushed if pushed_first else [],
        [*quiet.consoles(context), *quiet.subscriptions_off(context)],
        quiet.connectors_stop(context),
        [*backups.quiesce(context), *quiet.key_restore(context)],
        upgrade,
        [*([] if manual_first else manual), *([] if pushed_first else pushed)],
        audit,
        early,
        report,
        reporting,
    ]
    late = agents.manual_agents(context, late=True)
    back = [
        *agents.agents_return(context),
        *quiet.connectors_start(context),
        *agents.acs_forwarders(context),
        *quiet.subscriptions_on(context),
        *after.emulator(context),
    ]
    leaves = after.leaves(context)
    more = any(stages) or bool(back) or bool(leaves)
    kept = backups.post_upgrade(context, more or bool(late))
    stages += [[*back, *late], leaves, kept, after.rename(context), after.health(context, more or bool(kept))]
    return _without_late(stages, {step.id for step in late})


def _not_repaired(found: Sequence[Step], repairs: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Backups without those that a repair of this plan takes already."""
    taken = {one["parameters"].get("what") for one in repairs if one.get("kind") == "repair.backup_now"}
    return [step for step in found if step.parameters["what"] not in taken]


def _without_late(stages: list[list[Step]], late: set[str]) -> list[list[Step]]:
    """Late agents wait for the group, but nothing waits for them: they are put beside the last stage of all."""
    if not late:
        return stages
    moved = [step for stage in stages for step in stage if step.id in late]
    rest = [[step for step in stage if step.id not in late] for stage in stages]
    return [*rest[:-1], [*rest[-1], *moved]]


def _phases(steps: Sequence[Step], position: Mapping[str, str]) -> tuple[tuple[str, tuple[Step, ...]], ...]:
    """The phases in the order in which they run. Agents that come after the group come right after it, before the features."""
    order = list(PHASES)
    for phase in ("manual_agents", "pushed_agents"):
        if position[phase] == "after_group":
            order.remove(phase)
            order.insert(order.index("features"), phase)
    by_phase: dict[str, list[Step]] = {name: [] for name in order}
    for step in steps:
        by_phase[step.phase].append(step)
    return tuple((name, tuple(found)) for name, found in by_phase.items())
