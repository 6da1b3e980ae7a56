# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that can be concluded from a snapshot and inputs, in one call: path, findings, plan."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from . import facts, inputs, model, path, planner, readiness, what_if
from .catalog import is_2012
from .names import ordered
from .plan import Plan, PlanError
from .relevant import relevant
from .rules.engine import UnknownRepairError
from .rules.repairs import repair_steps
from .selection import SelectionError
from .waiver import WaiverError

#: Whatever can be wrong with a snapshot, the inputs or a plan: each message names the thing and the remedy.
PROBLEMS = (
    facts.SnapshotError,
    inputs.InputError,
    PlanError,
    SelectionError,
    UnknownRepairError,
    WaiverError,
    what_if.WhatIfError,
)

#: Files beside an approved plan that may hold the facts it was made from.
KEPT_FACTS = ("approved-plan.snapshot.json", "upgrade-plan.snapshot.json")


@dataclass(frozen=True)
class Conclusion:
    """What follows from one snapshot."""

    group: model.ManagementGroup
    inputs: Mapping[str, Any]
    decision: path.Decision
    report: Mapping[str, Any]
    plan: Plan

    def to_dict(self) -> dict[str, Any]:
        """``{plan, path, findings, readiness, disagreements}`` as data."""
        return {
            "plan": self.plan.to_dict(),
            "path": self.decision.to_dict(),
            "findings": self.report["findings"],
            "readiness": {key: value for key, value in self.report.items() if key != "findings"},
            "disagreements": [
                {"kind": one.kind, "subject": one.subject, "text": one.text, "remedy": one.remedy, "grave": one.grave,
                 "objects": list(one.objects)}
                for one in self.group.disagreements
            ],
        }  # fmt: skip

    @property
    def summary(self) -> str:
        """A few lines for people."""
        steps = self.plan.steps
        lines = [self.decision.summary]
        if steps:
            manual = sum(1 for step in steps if step.mode == "manual")
            lines.append(
                f"{len(steps)} steps in {sum(1 for _name, found in self.plan.phases if found)} phases"
                + (f", {manual} of them by hand" if manual else "")
                + f"; plan {self.plan.hash[:12]}."
            )
        elif self.decision.path == path.NONE:
            lines.append("No step remains.")
        if self.plan.assumed:
            lines.append(what_if.said(self.plan.assumed))
        lines += [f"In the way: {one['text']} {one['remedy']}" for one in self.plan.blockers]
        lines.append(readiness.summary(self.report))
        return "\n".join(lines)


def conclude(snapshot: Mapping[str, Any], given: Optional[Mapping[str, Any]] = None) -> Conclusion:
    """Path, findings and plan of a snapshot. Raises one of :data:`PROBLEMS`."""
    checked = facts.load(snapshot)
    complete = inputs.normalise(given)
    group = model.build(checked)
    decision = path.decide(group, complete)
    result = readiness.assess_group(group, decision, complete)
    report = result.to_dict()
    repairs = repair_steps(report["findings"], complete["repairs"])
    plan = planner.plan_of(
        group,
        decision,
        complete,
        repairs=repairs,
        findings={"blocked": result.blocked, "blocked_by": result.blocked_by, "counts": result.counts},
        blocked=result.blocked,
    )
    if plan.path != decision.path:
        decision = path.going_on(group, complete)
    return Conclusion(group, complete, decision, report, plan)


def read_snapshot(source: Any) -> facts.Snapshot:
    """A checked snapshot from a mapping, or from the path of its file. Raises ``facts.SnapshotError``."""
    return (
        facts.load(source) if isinstance(source, Mapping) else facts.parse(_text(str(source), "snapshot"), str(source))
    )


def read_plan(source: Any) -> Plan:
    """A plan from a mapping (a plan, or what holds one under ``plan``), or from the path of its file."""
    if not isinstance(source, Mapping):
        try:
            source = json.loads(_text(str(source), "plan"))
        except ValueError as error:
            raise PlanError(f"{source}: is no JSON: {error}. Make the plan again.") from error
    if isinstance(source, Mapping) and isinstance(source.get("plan"), Mapping):
        source = source["plan"]
    return Plan.from_dict(source)


def facts_of(plan: Plan, folder: str) -> Optional[facts.Snapshot]:
    """The facts that a plan was made from, where a folder still has them; they are told by their hash."""
    for name in KEPT_FACTS:
        try:
            found = read_snapshot(os.path.join(folder, name))
        except facts.SnapshotError:
            continue
        if facts.digest(relevant(found)) == plan.facts_hash:
            return found
    return None


def _text(name: str, what: str) -> str:
    try:
        with open(name, encoding="utf-8") as handle:
            return handle.read()
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Run playbooks/discover.yml." if what == "snapshot" else "Run playbooks/plan.yml."
        raise facts.SnapshotError([facts.Problem(name, f"the {what} cannot be read: {error}.", remedy)]) from error


def host_of_group(hosts: Mapping[str, Any], emulator: Optional[str] = None) -> Optional[str]:
    """Inventory name of the host to ask about the group, from HOSTs by inventory name; None where none can answer.

    The root management server of 2007 R2, by its cluster's virtual name where it has one; else a 2012 management server:
    the one that holds the RMS emulator (``emulator`` is its FQDN) or was the root, whose Data Access service runs, the
    first by name.
    """
    roots: list[tuple[bool, bool, int, str]] = []
    servers: list[tuple[bool, bool, int, str]] = []
    for name in ordered(hosts):
        facts = hosts[name] or {}
        product = facts.get("opsmgr") or {}
        groups = product.get("server_groups") or ()
        if not groups or product.get("gateway_version") or not product.get("server_version"):
            continue
        root = any(one.get("is_root") and not one.get("has_parent") for one in groups)
        virtual = str((facts.get("cluster") or {}).get("virtual_name") or "")
        runs = ((facts.get("services") or {}).get("OMSDK") or {}).get("state") == "running"
        if is_2012(product.get("server_version")):
            holder = bool(emulator) and str(facts.get("fqdn") or "").lower() == str(emulator).lower()
            servers.append((not (holder or root), not runs, len(servers), name))
        elif root:
            node = bool(virtual) and virtual.lower() not in (name.lower(), str(facts.get("name") or "").lower())
            roots.append((node, not runs, len(roots), name))
    found = min(roots) if roots else min(servers) if servers else None
    return found[-1] if found else None
