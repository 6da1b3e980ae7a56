# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What binds a run to what people decided: the approval that holds, the snapshot of before, and the steps left to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from . import approval, what_if
from .catalog import parse_version
from .decide import Conclusion, conclude
from .differences import differences
from .plan import MANUAL, PHASES, Plan, Step
from .planner import kinds

SHOWN = 12
FIRST = 5
SHORTEST = 12


# --- what is left to a person


def carried_out(step: Step) -> bool:
    """Whether the roles of this version carry a step out, provided that its host can be reached."""
    return kinds.carried_out(step.kind, step.phase, step.parameters)


def left_to_people(plan: Plan) -> list[Step]:
    """The steps that stop a whole run: all of the phase ``prepare``, and the group upgrade away from the RMS."""
    return [step for step in plan.steps if step.phase == "prepare" or step.parameters.get("from_secondary")]


def stop_text(steps: Iterable[Step]) -> str:
    """What to say where such steps stop a run; empty without any."""
    steps = list(steps)
    if not steps:
        return ""
    first = "; ".join(f"{one.id} ({one.title})" for one in steps[:FIRST])
    more = f"; and {len(steps) - FIRST} more" if len(steps) > FIRST else ""
    what, them = ("this step", "it") if len(steps) == 1 else (f"these {len(steps)} steps", "them")
    text = (
        f"This version plans {what} of a complex path, but does not carry {them} out: {first}{more}. A person does that, by the"
        " plan. Nothing was changed. Once it is done, run again: the run goes on from fresh facts."
    )
    if any(one.parameters.get("from_secondary") for one in steps):
        text += (
            " The group upgrade comes after every phase before it; run those with their own playbooks, up to"
            " playbooks/quiesce.yml, and upgrade.yml again when the group is upgraded."
        )
    return text


# --- approvals


def newest_approval(journal: Iterable[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    """The approval that holds: the newest. An earlier one is replaced by it."""
    found = None
    for entry in journal:
        if entry.get("event") == "approved" and isinstance(entry.get("data"), Mapping) and entry["data"].get("hash"):
            found = entry
    return found


def confirm(
    current: Conclusion,
    wanted: str,
    planned: Optional[Plan] = None,
    planned_snapshot: Optional[Mapping[str, Any]] = None,
) -> None:
    """See that the plan of fresh facts is the one whose hash, or first twelve digits of it or more, somebody approves.

    Raises ``ApprovalError``, with what differs from the plan that was shown where it and its snapshot are at hand.
    """
    wanted = wanted.strip().lower()
    if len(wanted) < SHORTEST or any(one not in "0123456789abcdef" for one in wanted):
        raise approval.ApprovalError(
            f"scom_upgrade_approve: {wanted or 'nothing'} is no hash of a plan: give at least its first {SHORTEST} digits,"
            " as the last lines of the plan show it."
        )
    plan = current.plan
    if plan.hash.startswith(wanted):
        return
    if planned is not None and planned.hash.startswith(wanted) and planned.assumed:
        raise approval.ApprovalError(f"{wanted[:SHORTEST]}: {what_if.said(planned.assumed)}")
    lines: list[str] = []
    if planned is not None and planned.hash.startswith(wanted):
        lines = differences(planned, plan, planned_snapshot, current.group.snapshot)
    if lines:
        more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        what = "What differs: {}{}.".format("; ".join(lines[:SHOWN]), more)
    else:
        what = "That plan is not at hand, so what differs cannot be told."
    raise approval.ApprovalError(
        f"The plan of the group as it is now is {plan.hash[:SHORTEST]}, not {wanted[:SHORTEST]}. {what}"
        " Make the plan again with playbooks/plan.yml, read it, and approve its hash."
    )


# --- sign-offs


def sign_off(
    current: Conclusion, step: str, by: str, time: str, note: Optional[str] = None, plans: Iterable[Plan] = ()
) -> tuple[approval.Entry, str]:
    """The entry by which somebody signs a step off that a person did, and what to tell of it.

    Where the facts can show the step they have to: a sign-off that leaves it in the plan is refused. ``plans`` are earlier
    plans, in which a step is looked for that the facts show as done already. Raises ``ApprovalError``.
    """
    if not by.strip():
        raise approval.ApprovalError(f"{step}: a sign-off needs the name of who gives it (scom_upgrade_approver).")
    remains = current.plan.step(step)
    if remains is None:
        known = next((found for found in (plan.step(step) for plan in plans) if found is not None), None)
        if known is None:
            raise approval.ApprovalError(
                f"{step}: there is no such step in the plan of the group as it is now, nor in the one that was made before."
                " The plan names the id of each step."
            )
        by_hand = _as_manual(current.plan, known)
        return approval.sign_off(
            by_hand, step, by, time, note
        ), f"{step}: signed off by {by.strip()}; the facts show it as done."
    if remains.mode != MANUAL:
        raise approval.ApprovalError(f"{step}: this step is not done by hand. Run playbooks/{remains.phase}.yml.")
    missing = [one for one in remains.requires if current.plan.step(one) is not None]
    if missing:
        raise approval.ApprovalError(
            f"{step}: it comes after {', '.join(missing[:FIRST])}, which the facts do not show as done."
        )
    entry = approval.sign_off(current.plan, step, by, time, note)
    snapshot = dict(current.group.snapshot)
    snapshot["journal"] = [*(snapshot.get("journal") or ()), entry]
    if conclude(snapshot, current.inputs).plan.step(step) is not None:
        wanted = " ".join(str(one.get("text")) for one in remains.done_when)
        raise approval.ApprovalError(
            f"{step}: nothing was signed off, because the facts do not show it as done. It is done when: {wanted}"
            " Complete it, and sign it off again."
        )
    return entry, f"{step}: signed off by {by.strip()}; no fact can show it, so the name stands for it."


def _as_manual(plan: Plan, step: Step) -> Plan:
    """A plan in which the step stands as one for a person."""
    data = {**step.to_dict(), "mode": MANUAL}
    phases = dict(plan.phases)
    others = tuple(one for one in phases.get(step.phase, ()) if one.id != step.id)
    phases[step.phase] = (*others, Step.from_dict(data))
    return Plan(**{**plan.__dict__, "phases": tuple((name, phases[name]) for name in PHASES if name in phases)})


# --- the snapshot of before


def kept_before(journal: Iterable[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    """The first journal entry that tells of a kept snapshot of before the upgrade."""
    for entry in journal:
        data = entry.get("data")
        if entry.get("event") == "started" and isinstance(data, Mapping) and data.get("snapshot_before"):
            return entry
    return None


def begun(snapshot: Mapping[str, Any]) -> bool:
    """Whether any server, gateway or agent of the group is beyond 2007 R2 already."""
    group = snapshot.get("group")
    if not group:
        return False
    columns = list(group["agents"]["columns"])
    place = columns.index("version")
    versions = {row.get("version") for row in group["servers"]} | {row[place] for row in group["agents"]["rows"]}
    return any((parse_version(version) or (0,))[0] >= 7 for version in versions)


def counts(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """A group in numbers: what the journal keeps of the time before. Its size does not grow with the group."""
    group = snapshot.get("group")
    if not group:
        return {}
    columns = list(group["agents"]["columns"])
    rows = group["agents"]["rows"]

    def by(name: str) -> dict[str, int]:
        place = columns.index(name) if name in columns else None
        return {} if place is None else dict(sorted(Counter(str(row[place]) for row in rows).items()))

    return {
        "collected": snapshot.get("collected"),
        "servers": len(group["servers"]),
        "server_versions": dict(sorted(Counter(str(row.get("version")) for row in group["servers"]).items())),
        "agents": len(rows),
        "agent_versions": by("version"),
        "agent_health": by("health"),
        "agent_parents": by("primary"),
        "pending": len(group.get("pending") or ()),
        "subscriptions_on": sum(1 for row in group.get("subscriptions") or () if row.get("enabled")),
        "subscriptions": len(group.get("subscriptions") or ()),
        "connectors": len(group.get("connectors") or ()),
        "management_packs": len(group.get("management_packs") or ()),
        "open_alerts": (group.get("alerts") or {}).get("open"),
    }
