# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that decide: path and plan of a snapshot, and what is picked out of a plan. Each has its documentation beside this file."""

from __future__ import annotations

import functools

from ansible.errors import AnsibleFilterError

from ansible_collections.scom.upgrade.plugins.module_utils import approval, compare, inputs, model, path
from ansible_collections.scom.upgrade.plugins.module_utils.decide import (
    PROBLEMS,
    conclude,
    host_of_group,
    read_plan,
    read_snapshot,
)
from ansible_collections.scom.upgrade.plugins.module_utils.differences import explain

ERRORS = (*PROBLEMS, approval.ApprovalError, compare.ToleranceError)


def _said(function):
    """The filter, with what is wrong as one message that names the thing and the remedy."""

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except ERRORS as problem:
            raise AnsibleFilterError(f"{function.__name__}: {problem}") from problem

    return guarded


@_said
def upgrade_path(snapshot, given=None):
    """The decision about the path, as data."""
    return path.decide(model.build(read_snapshot(snapshot)), inputs.normalise(given)).to_dict()


@_said
def upgrade_plan(snapshot, given=None):
    """The plan, as data, with the state of each step."""
    return conclude(read_snapshot(snapshot), given).plan.to_dict()


@_said
def plan_steps(plan, phase=None, kind=None, host=None, state=None, mode=None):
    """The steps of a plan that fit; each criterion is one value or a list of them."""
    wanted = {"phase": phase, "kind": kind, "state": state, "mode": mode}
    wanted = {name: _list(value) for name, value in wanted.items() if value is not None}
    hosts = None if host is None else set(_list(host))
    found = []
    for step in _steps(plan):
        fits = all(step.get(name) in values for name, values in wanted.items())
        if fits and (hosts is None or hosts & set(step.get("hosts") or ())):
            found.append(step)
    return found


@_said
def plan_hosts(plan, phase=None, kind=None, state=None):
    """Inventory names of the hosts that carry out the steps that fit, in plan order, each once."""
    steps = plan_steps(plan, phase=phase, kind=kind, state=state)
    return list(dict.fromkeys(step["hosts"][0] for step in steps if step.get("hosts")))


@_said
def group_host(hosts):
    """Inventory name of the host that is asked about the group; takes a snapshot or its hosts."""
    if "schema" in hosts:
        return host_of_group(hosts.get("hosts") or {}, (hosts.get("group") or {}).get("rms_emulator"))
    return host_of_group(hosts)


@_said
def plan_stale(approved, current):
    """How what remains of a plan differs from what was approved, one text each; empty when it does not."""
    return explain(read_plan(approved), read_plan(current))


@_said
def plan_approval(plan, by, time, note=None):
    """The journal entry by which somebody approves a plan."""
    return approval.approve(read_plan(plan), by, time, note)


@_said
def plan_sign_off(plan, step, by, time, note=None):
    """The journal entry by which somebody says that a manual step is done."""
    return approval.sign_off(read_plan(plan), step, by, time, note)


@_said
def snapshot_compare(after, before, tolerances=None, target_version="7.0.8560.0"):
    """Each area in which two snapshots are compared, and whether it holds."""
    areas = compare.compare(read_snapshot(before), read_snapshot(after), tolerances, target_version)
    return {
        "holds": all(area.holds for area in areas),
        "areas": [area.to_dict() for area in areas],
        "lines": [area.line() for area in areas],
    }


def _steps(plan):
    if not isinstance(plan, dict):
        raise AnsibleFilterError("expected a plan, as upgrade_plan returns it")
    plan = plan["plan"] if isinstance(plan.get("plan"), dict) else plan
    return [step for phase in plan.get("phases") or () for step in phase.get("steps") or ()]


def _list(value):
    return [value] if isinstance(value, str) else list(value)


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Filters by name."""
        return {
            "group_host": group_host,
            "plan_approval": plan_approval,
            "plan_hosts": plan_hosts,
            "plan_sign_off": plan_sign_off,
            "plan_stale": plan_stale,
            "plan_steps": plan_steps,
            "snapshot_compare": snapshot_compare,
            "upgrade_path": upgrade_path,
            "upgrade_plan": upgrade_plan,
        }
