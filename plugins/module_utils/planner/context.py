# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every part of the planner looks at: the group, the path, the inputs, the journal; and how a step is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Optional

from ..catalog import is_2012
from ..estimate import Estimator
from ..model import Database, Machine, ManagementGroup
from ..names import natural
from ..path import Decision, lower, part_behind
from ..plan import AUTOMATIC, DELEGATED, MANUAL, Step
from ..times import moment
from ..why import ORDER, Why
from .kinds import BY_HAND, KINDS, OTHER, carried_out

Entry = Mapping[str, Any]
Steps = list[Step]


#: How the steps begin that back a database up before anything else, because that repair was asked for.
BACKUP_NOW = "pre_upgrade.repair.backup_now."
#: Seconds by which the clocks of two servers may differ before a time counts as being of the future (Kerberos allows 300).
CLOCKS_MAY_DIFFER = 600


class Context:
    """One planning run."""

    def __init__(self, group: ManagementGroup, decision: Decision, inputs: Mapping[str, Any]) -> None:
        """Take what the steps follow from."""
        self.group = group
        self.decision = decision
        self.inputs = inputs
        self.target = str(inputs["target_version"])
        self.estimator = Estimator(inputs.get("estimates"), group.journal, inputs.get("settings"))
        self.upgraded = group.agents.upgraded(self.target)
        self.late = self._late()
        self._made: dict[str, Steps] = {}
        self.old_group = group.known and not group.is_2012

    def once(self, name: str, make: Callable[[], Steps]) -> Steps:
        """Steps that several parts of the planner look at, made for the first of them."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    # the group

    @property
    def retire(self) -> tuple[str, ...]:
        """Names of the machines that leave."""
        return self.decision.retire

    @property
    def servers_to_be(self) -> list[str]:
        """Names of the management servers that will stay: those of today first, then spares, joined or not."""
        staying = {one.name for one in self.group.servers if one.name not in self.retire} | set(self.decision.joins)
        return sorted(staying, key=lambda name: (self.group.machines[name].spare, natural(name)))

    @property
    def begun(self) -> bool:
        """Whether a management server was upgraded already."""
        return any(one.is_2012 for one in self.group.servers)

    @property
    def ours(self) -> bool:
        """Whether the journal shows that this collection has worked on the group."""
        return any(entry.get("event") in ("approved", "saved", "done", "started") for entry in self.group.journal)

    def behind(self, version: Optional[str]) -> bool:
        """Whether a build has not reached the target; an unknown one has not, so that nothing is passed over."""
        return lower(version, self.target)

    def part_behind(self, machine: Machine, part: str) -> bool:
        """Whether a feature of a machine has not reached the target."""
        return part_behind(machine, part, self.target)

    def fqdn(self, name: str) -> str:
        """The FQDN of a machine, its name where that is all there is."""
        machine = self.group.machines.get(name)
        return (machine.fqdn if machine else None) or name.lower()

    def talker(self) -> tuple[str, ...]:
        """The host that is asked about the group while it is 2007 R2, then a 2012 management server."""
        group = self.group
        if group.is_2012:
            return (self.decision.run_from,) if self.decision.run_from else ()
        for name in (group.rms, *(node.name for node in group.nodes)):
            machine = group.machines.get(name or "")
            if machine is not None and machine.in_inventory and machine.reachable:
                return (machine.name,)
        asked = group.machine((group.snapshot.get("group") or {}).get("collected_from"))
        return (asked.name,) if asked is not None and asked.in_inventory else ()

    def later_talker(self) -> tuple[str, ...]:
        """The host that is asked about the group once it is upgraded."""
        return (self.decision.run_from,) if self.decision.run_from else ()

    def _late(self) -> set[str]:
        """FQDNs of the agents that are left for after the group."""
        wanted = {str(name).lower() for name in self.inputs["late_agents"]}
        if not wanted:
            return set()
        hosts = {fqdn for fqdn, name in self.group.agent_hosts.items() if name.lower() in wanted}
        return hosts | {name for name in self.group.agents.names if name in wanted}

    def database(self, what: str) -> Optional[Database]:
        """One database of the group."""
        return self.group.databases.get(what)

    # the journal

    def saved(self, key: str) -> list[tuple[Entry, Any]]:
        """What was kept under a key before it was switched off: (entry, value), oldest first."""
        found = []
        for entry in self.group.entries("saved"):
            data = entry.get("data")
            if isinstance(data, Mapping) and data.get(key):
                found.append((entry, data[key]))
        return found

    def done(self, step: str) -> Optional[Entry]:
        """The newest entry that says a step is done or signed off."""
        found = [entry for entry in self.group.entries(step=step) if entry.get("event") in ("done", "signed_off")]
        return found[-1] if found else None

    def vouched(self, step: Step) -> bool:
        """Whether somebody signed off a step on a machine without facts: no fact can show it, so the name stands for it."""
        machine = self.group.machines.get(step.hosts[0]) if step.hosts else None
        return machine is not None and machine.silent is not None and self.done(step.id) is not None

    def backed_up(self, step: str, hours: Optional[float] = None) -> bool:
        """Whether a step left a verified backup, not older than so many hours at the time of the facts.

        For one of ``pre_upgrade`` the repair counts that takes the same backup at once. Only a backup that a person takes
        can be signed off; the person verified it.
        """
        phase, _kind, what = step.split(".", 2)
        for entry in reversed(self.group.journal):
            data = entry.get("data")
            data = data if isinstance(data, Mapping) else {}
            if entry.get("event") != "signed_off" and not (entry.get("event") == "done" and data.get("verified")):
                continue
            repaired = phase == "pre_upgrade" and str(entry.get("step")).startswith(BACKUP_NOW)
            if entry.get("step") != step and not (repaired and data.get("backup") == what):
                continue
            age = age_in_hours(self.group.collected, str(data.get("finished") or entry.get("time") or ""))
            if age is not None and age < -CLOCKS_MAY_DIFFER / 3600:
                continue  # of the future, so not of this upgrade
            return hours is None or age is None or age <= hours
        return False

    # a step

    def step(
        self,
        name: str,
        kind: str,
        title: str,
        hosts: Iterable[str] = (),
        *,
        why: Sequence[Why] = (),
        done_when: Sequence[Mapping[str, Any]] = (),
        requires: Iterable[str] = (),
        parameters: Optional[Mapping[str, Any]] = None,
        mode: str = AUTOMATIC,
        size: float = 0.0,
        order: Optional[Sequence[str]] = None,
        undo: Optional[str] = None,
        phase: Optional[str] = None,
    ) -> Step:
        """A step of a kind; its phase is the first part of its id. Order constraints join its reasons.

        What no role carries out is a person's work, whatever the host allows, and says so.
        """
        about = KINDS.get(kind, OTHER)
        constraints = about.order if order is None else order
        phase = phase or name.split(".", 1)[0]
        given = dict(parameters or {})
        hosts = list(dict.fromkeys(host for host in hosts if host))
        by_hand = (BY_HAND,) if not carried_out(kind, phase, given) else ()
        mode = MANUAL if by_hand else mode
        silent = self._silent(hosts) if mode == MANUAL else []
        return Step(
            id=name,
            phase=phase,
            kind=kind,
            title=title,
            hosts=tuple(hosts),
            requires=tuple(requires),
            why=(*why, *by_hand, *silent, *(ORDER[one] for one in constraints)),
            mode=mode,
            reversibility=about.reversibility,
            undo=about.undo_text if undo is None else undo,
            done_when=tuple(done_when),
            estimate=self.estimator.of(kind, size),
            downtime=about.downtime,
            parameters=given,
        )

    def taken_over(self, data: Mapping[str, Any]) -> Step:
        """A step that somebody else wrote, with its duration as this plan reckons it."""
        return Step.from_dict({**data, "estimate": self.estimator.of(data["kind"]).to_dict()})

    def _silent(self, hosts: Iterable[str]) -> list[Why]:
        """Why a person works on machines that gave no facts, or that the inventory does not have."""
        found = []
        for name in hosts:
            machine = self.group.machines.get(name)
            if machine is not None and machine.silent:
                told = machine.silent
                text = f"Nothing reaches {name}, so a person does this: {told}"
                found.append(Why(text.rstrip(".") + ".", f"unreachable.{name}", told, "R42", "documented", "S9"))
        return found

    def mode_of(self, name: Optional[str]) -> tuple[str, dict[str, Any]]:
        """Who works on a host, and the parameter that says through which other host."""
        entry = (self.group.snapshot.get("inventory") or {}).get(name) or {}
        if name and entry.get("delegate"):
            return DELEGATED, {"through": entry["delegate"]}
        if not name or entry.get("reachable") is False or self.group.host_facts(name) is None:
            return MANUAL, {}
        machine = self.group.machines.get(name)
        if machine is not None and (machine.silent or not machine.in_inventory):
            return MANUAL, {}
        return AUTOMATIC, {}


def fact(text: str, place: str, value: Any, rule: str = "", evidence: str = "documented", source: str = "S1") -> Why:
    """A fact that put a step into the plan."""
    return Why(text, place, value, rule, evidence, source)


def until(text: str, place: str, value: Any) -> dict[str, Any]:
    """An observable fact that means a step is done: a sentence, the fact's place, the value it then has."""
    return {"text": text, "fact": place, "value": value}


def is_new(version: Optional[str]) -> bool:
    """Whether a version is of the 2012 family."""
    return is_2012(version)


def age_in_hours(now: Optional[str], then: Optional[str]) -> Optional[float]:
    """Hours from one time to another, both ISO 8601 UTC; None where one of them is none."""
    one, two = moment(now), moment(then)
    return (one - two).total_seconds() / 3600 if one is not None and two is not None else None


def gigabytes(database: Optional[Database]) -> float:
    """What a database holds, in gigabytes; 10 where nobody knows."""
    used = (database.facts or {}).get("data_used_mb") if database else None
    return float(used) / 1024 if isinstance(used, (int, float)) else 10.0
