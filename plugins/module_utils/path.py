# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of Microsoft's four paths applies, why the others do not, and where the group upgrade runs.

The decision is a table (:data:`TABLE`) over a few conditions (:data:`CONDITIONS`), each of which brings the facts that
made it true or false. Sources: S1, S3, S4, S6 of the upgrade procedure, section 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from .catalog import ROLE_NAMES, ROLES, Settings, os_text, parse_version, supported, undecided
from .model import Machine, ManagementGroup
from .names import natural
from .spares import DATABASE, GATEWAY, MANAGEMENT_SERVER, Pool, Replacement, failures, replacements
from .why import Why

SINGLE_SIMPLE, SINGLE_COMPLEX = "single_server_simple", "single_server_complex"
DISTRIBUTED_SIMPLE, DISTRIBUTED_COMPLEX = "distributed_simple", "distributed_complex"
NONE = "none"
PATHS = (SINGLE_SIMPLE, SINGLE_COMPLEX, DISTRIBUTED_SIMPLE, DISTRIBUTED_COMPLEX)
TITLES = {
    SINGLE_SIMPLE: "Single-server upgrade (simple)",
    SINGLE_COMPLEX: "Single-server upgrade (complex)",
    DISTRIBUTED_SIMPLE: "Distributed upgrade (simple)",
    DISTRIBUTED_COMPLEX: "Distributed upgrade (complex)",
    NONE: "Nothing to upgrade",
}
#: What each condition asks.
CONDITIONS = {
    "finished": "Is the group with all its servers, gateways, features and agents at 2012 already?",
    "one_server": "Does one machine carry every role of the group? (Consoles of their own do not count.)",
    "all_supported": "Does every machine meet what 2012 asks of its roles (consoles of their own do not count), and is the RMS not"
    " clustered?",
    "keep_monitoring": "Was it asked that monitoring goes on while a single server is upgraded?",
}
#: Rows are tried from the top; the first whose conditions all hold is the path.
TABLE: tuple[tuple[str, dict[str, bool]], ...] = (
    (NONE, {"finished": True}),
    (SINGLE_SIMPLE, {"finished": False, "one_server": True, "all_supported": True, "keep_monitoring": False}),
    (DISTRIBUTED_SIMPLE, {"finished": False, "one_server": True, "all_supported": True, "keep_monitoring": True}),
    (SINGLE_COMPLEX, {"finished": False, "one_server": True, "all_supported": False}),
    (DISTRIBUTED_SIMPLE, {"finished": False, "one_server": False, "all_supported": True}),
    (DISTRIBUTED_COMPLEX, {"finished": False, "one_server": False, "all_supported": False}),
)
#: Roles that make a group distributed when they are on machines of their own.
SPREAD = tuple(role for role in ROLES if role != "console")
SHOWN = 12
#: What is not known of a machine whose facts do not tell what of the product is on it.
ROLE_UNKNOWN = "its roles"


@dataclass(frozen=True)
class Blocker:
    """Something that has to be put right before this path can be gone; ``remedy`` says how."""

    rule: str
    text: str
    remedy: str
    objects: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The blocker as data."""
        return {"rule": self.rule, "text": self.text, "remedy": self.remedy, "objects": list(self.objects)}


@dataclass(frozen=True)
class Decision:
    """The path, where the group upgrade runs, who leaves the group, and the reasons of all that.

    ``joins`` are spares that become management servers first. ``position`` says for agents installed by hand and for
    pushed ones whether they come before or after the group upgrade. ``undecided`` lists facts nobody could read. ``from_secondary``
    says that the group upgrade runs, or ran, on another machine than the root management server (documented, S1), which
    is then ``former_rms``.
    """

    path: str
    run_from: Optional[str]
    retire: tuple[str, ...]
    why: tuple[Why, ...]
    rejected: dict[str, tuple[Why, ...]]
    run_from_why: tuple[Why, ...]
    replacements: tuple[Replacement, ...]
    joins: tuple[str, ...]
    blockers: tuple[Blocker, ...]
    position: dict[str, str]
    undecided: tuple[str, ...]
    conditions: dict[str, bool]
    from_secondary: bool = False
    former_rms: Optional[str] = None

    def replacement(self, machine: str, kind: str) -> Optional[Replacement]:
        """Who takes over one kind of work from a machine."""
        return next((one for one in self.replacements if (one.machine, one.kind) == (machine, kind)), None)

    def to_dict(self) -> dict[str, Any]:
        """The decision as data, with a summary of one line."""
        return {
            "path": self.path,
            "title": TITLES[self.path],
            "run_from": self.run_from,
            "retire": list(self.retire),
            "why": [one.to_dict() for one in self.why],
            "run_from_why": [one.to_dict() for one in self.run_from_why],
            "rejected": {path: [one.to_dict() for one in reasons] for path, reasons in self.rejected.items()},
            "replacements": [
                {
                    "machine": one.machine,
                    "kind": one.kind,
                    "roles": list(one.roles),
                    "by": one.by,
                    "new": one.new,
                    "needed": one.needed,
                    "why": [{"rule": r.rule, "text": r.text, "evidence": r.evidence, "source": r.source}
                            for r in one.reasons],
                }
                for one in self.replacements
            ],
            "joins": list(self.joins),
            "blockers": [one.to_dict() for one in self.blockers],
            "position": dict(self.position),
            "undecided": list(self.undecided),
            "former_rms": self.former_rms,
            "conditions": dict(self.conditions),
            "summary": self.summary,
        }  # fmt: skip

    @property
    def summary(self) -> str:
        """The decision in one sentence."""
        if self.path == NONE:
            return "Nothing to upgrade: " + " ".join(one.text for one in self.why)
        where = f"the group upgrade runs on {self.run_from}" if self.run_from else "nothing can run the group upgrade"
        leave = "; these leave the group: {}".format(", ".join(self.retire)) if self.retire else ""
        return f"{TITLES[self.path]}: {where}{leave}."


def decide(group: ManagementGroup, inputs: Mapping[str, Any]) -> Decision:
    """The path of a group. ``inputs`` are complete inputs (see ``inputs.normalise``). Never fails on unknown facts."""
    return _Decider(group, inputs).decide()


def going_on(group: ManagementGroup, inputs: Mapping[str, Any]) -> Decision:
    """The decision for a group whose machines are all upgraded while steps of its upgrade may still remain.

    The path is the approved one, or the one the facts would choose if something were still to be upgraded.
    """
    return _Decider(group, inputs).decide(going_on=True)


def behind(machine: Machine, target: str) -> bool:
    """Whether a server, gateway or feature of a machine has not reached the target build."""
    if machine.is_server or machine.is_gateway:
        return lower(machine.version, target)
    parts = ("reporting", "web_console", "console", "acs_collector")
    return any(machine.opsmgr.get(part) and part_behind(machine, part, target) for part in parts)


def part_behind(machine: Machine, part: str, target: str) -> bool:
    """Whether a feature has not reached the target: by its own build, else by that of the whole product on the machine."""
    version = (machine.opsmgr.get(part) or {}).get("version") or machine.opsmgr.get("current_version")
    if parse_version(version) is None:
        return not machine.opsmgr.get("installed_2012")
    return lower(version, target)


def lower(version: Optional[str], target: str) -> bool:
    """Whether a build is below the target, or unknown."""
    return (parse_version(version) or ()) < (parse_version(target) or ())


def _said(roles: Iterable[str]) -> str:
    """Roles by the names people give them."""
    return ", ".join(ROLE_NAMES.get(role, role) for role in roles)


def _spread(spread: Mapping[str, list[str]]) -> str:
    """Who has which roles; of many machines, those of the same roles are counted."""
    holders: dict[str, list[str]] = {}
    for name, roles in spread.items():
        holders.setdefault(_said(roles) if len(spread) > SHOWN else name, []).append(name)
    return "; ".join(
        f"{names[0] if len(names) == 1 else f'{len(names)} machines'}: {_said(spread[names[0]])}"
        for names in holders.values()
    )


class _Decider:
    def __init__(self, group: ManagementGroup, inputs: Mapping[str, Any]) -> None:
        self.group = group
        self.inputs = inputs
        self.settings = Settings(inputs.get("settings"))
        self.target = str(inputs["target_version"])
        self.failing = failures(group, self.settings)
        approvals = [entry for entry in group.entries("approved") if (entry.get("data") or {}).get("path") in PATHS]
        told: Mapping[str, Any] = (approvals[-1].get("data") or {}) if approvals else {}
        self.approved: Mapping[str, Any] = told if self._begun(told) else {}

    def _begun(self, told: Mapping[str, Any]) -> bool:
        """Whether something of the approved plan was carried out: an entry of the journal, a machine that changed its part."""
        group = self.group
        if any(entry.get("event") in ("done", "saved", "started") for entry in group.journal):
            return True
        if any(machine.is_2012 for machine in group.machines.values()):
            return True
        takers = [group.machine(one.get("by")) for one in told.get("replacements") or () if one.get("new")]
        leavers = [group.machine(name) for name in told.get("retire") or ()]
        return any(one is not None and one.roles for one in takers) or any(
            one is None or not (one.roles or one.node_of) for one in leavers
        )

    def decide(self, going_on: bool = False) -> Decision:
        conditions, facts = self._conditions()
        if going_on:
            conditions["finished"] = False
        path, why = self._row_for(conditions, facts)
        rejected = {
            other: tuple(self._against(other, conditions, facts)) for other in PATHS if other != path
        }  # fmt: skip
        if path == NONE:
            return Decision(
                NONE, None, (), why, rejected, (), (), (), (), self._position(NONE, None, (), []), (), conditions
            )
        if self.approved and path != self.approved["path"]:
            path = str(self.approved["path"])
            rejected = {other: tuple(self._against(other, conditions, facts)) for other in PATHS if other != path}
            text = f"The plan that was approved goes this path ({TITLES[path]}), and it has begun."
            why = (Why(text, "journal.approved", path, "", "inferred", "-"),)
        pool = Pool(self.group, self.settings, self._pinned())
        retire = self._retire()
        run_from, run_from_why = self._run_from(retire, pool)
        found = replacements(self.group, self.failing, retire, run_from, pool)
        joins = [one.by for one in found if one.kind == MANAGEMENT_SERVER and one.new and one.by]
        if conditions["one_server"] and conditions["keep_monitoring"] and conditions["all_supported"]:
            helper = pool.take(self.group.rms or "", MANAGEMENT_SERVER)
            joins += [helper] if helper else []
        if not self.group.is_2012:
            joins += [one.name for one in self.group.servers if one.spare and one.name not in retire]
        former = self._former(retire, run_from)
        blockers = self._blockers(path, run_from, found, joins, conditions)
        return Decision(
            path=path,
            run_from=run_from,
            retire=retire,
            why=why,
            rejected=rejected,
            run_from_why=run_from_why,
            replacements=tuple(found),
            joins=tuple(dict.fromkeys(joins)),
            blockers=tuple(blockers),
            position=self._position(path, run_from, retire, joins),
            undecided=self._undecided(),
            conditions=conditions,
            from_secondary=former is not None,
            former_rms=former,
        )

    def _pinned(self) -> dict[tuple[str, str], str]:
        """Who takes over from whom, as it was approved."""
        rows = self.approved.get("replacements") or ()
        return {(str(one.get("machine")), str(one.get("kind"))): str(one["by"]) for one in rows if one.get("by")}

    def _former(self, retire: tuple[str, ...], run_from: Optional[str]) -> Optional[str]:
        """The root management server that does not run the group upgrade, or did not."""
        group = self.group
        if group.rms is not None:
            return group.rms if group.rms in retire and run_from is not None else None
        if group.former_roots:
            return group.former_roots[0]
        told = self.approved.get("former_rms")
        return str(told) if told and group.is_2012 else None

    # conditions

    def _conditions(self) -> tuple[dict[str, bool], dict[str, list[Why]]]:
        answers = {
            "finished": self._finished(),
            "one_server": self._one_server(),
            "all_supported": self._all_supported(),
            "keep_monitoring": self._keep_monitoring(),
        }
        return {name: answer[0] for name, answer in answers.items()}, {
            name: answer[1] for name, answer in answers.items()
        }

    def _finished(self) -> tuple[bool, list[Why]]:
        group = self.group
        if not group.is_2012:
            text = f"The group is {group.product or 'not known to be upgraded'}."
            return False, [Why(text, "group.product", group.product, "", "documented", "S1")]
        old = [one for one in group.machines.values() if behind(one, self.target) and not self._stranded(one)]
        if old:
            names = ", ".join(one.name for one in old[:SHOWN])
            return False, [Why(f"Not yet at {self.target}: {names}.", "hosts.*.opsmgr", names, "", "documented", "S1")]
        left = [
            *group.former_roots,
            *(
                node.name
                for node in group.nodes
                if (node.opsmgr.get("server_groups") and lower(node.version, self.target))
            ),
        ]
        if left:
            names = ", ".join(left)
            return False, [Why(f"2007 R2 is still on {names}.", "hosts.*.opsmgr", names, "", "documented", "S1")]
        late = sum(1 for done in group.agents.upgraded(self.target) if not done)
        if late:
            text = f"{late} agents are not yet at {self.target}."
            return False, [Why(text, "group.agents.version", late, "", "documented", "S1")]
        text = f"The group, its servers, gateways, features and {len(group.agents)} agents are at {self.target}"
        text += f", as far as is known; nobody knows what is on {_some(group.unread)}." if group.unread else "."
        return True, [Why(text, "group.product", group.product, "", "documented", "S1")]

    def _stranded(self, machine: Machine) -> bool:
        """Whether a machine has nothing but a console, on a system that the 2012 console does not run on: it stays behind."""
        return machine.roles == ("console",) and bool(supported(machine.facts or {}, "console", self.settings))

    def _one_server(self) -> tuple[bool, list[Why]]:
        spread = {
            one.name: [role for role in one.roles if role in SPREAD]
            for one in self.group.machines.values()
            if one.node_of is None and any(role in SPREAD for role in one.roles)
        }
        if len(spread) == 1:
            name = next(iter(spread))
            text = f"{name} carries every role: {_said(spread[name])}."
            return True, [Why(text, f"hosts.{name}", spread[name], "", "documented", "S1")]
        text = f"Roles are spread over {len(spread)} machines ({_spread(spread)})."
        return False, [Why(text, "hosts.*", len(spread), "", "documented", "S1, S4")]

    def _all_supported(self) -> tuple[bool, list[Why]]:
        found: dict[tuple[str, str], Why] = {}
        for name, reasons in self.failing.items():
            for one in reasons:
                key = (name, one.rule)
                if key not in found:
                    place = f"hosts.{name}.{one.fact}"
                    found[key] = Why(one.text + ".", place, one.value, one.rule, one.evidence, one.source)
        for name in self.group.former_roots:
            text = f"{name} was the root management server and still carries 2007 R2."
            found[(name, "former")] = Why(text, f"hosts.{name}.opsmgr", name, "", "documented", "S1")
        if found:
            return False, list(found.values())
        holders = [one for one in self.group.machines.values() if one.roles and not self._stranded(one)]
        systems = sorted({os_text(one.os) for one in holders if one.os})
        text = _meets([one.name for one in holders if one.silent is None], systems, alone=not self.missing)
        if self.missing:
            text = f"As far as is known, {text[:-1]}; not known: {self._not_known()}."
        return True, [Why(text, "hosts.*.os", systems, "R05", "documented", "S1, S3")]

    def _not_known(self) -> str:
        """Of which machines something is not known that the path hangs on, and what."""
        shown = [f"{name} ({', '.join(lacks) or 'no facts'})" for name, lacks in list(self.missing.items())[:SHOWN]]
        more = len(self.missing) - SHOWN
        return ", ".join(shown) + (f" and {more} more" if more > 0 else "")

    def _lacks(self, name: str) -> str:
        return f"not known of it: {', '.join(self.missing[name]) or 'anything, because it gave no facts'}"

    @cached_property
    def missing(self) -> dict[str, list[str]]:
        """The facts each machine lacks that the path hangs on; none named for a machine that gave no facts at all."""
        found: dict[str, list[str]] = {}
        for one in self.group.machines.values():
            if one.node_of is not None or not (one.roles or one.unread):
                continue
            lacks = [] if one.silent else [place for role in one.roles for place in undecided(one.facts, role)]
            lacks += [ROLE_UNKNOWN] if one.unread and not one.silent else []
            if lacks or one.silent:
                found[one.name] = list(dict.fromkeys(lacks))
        return found

    def _keep_monitoring(self) -> tuple[bool, list[Why]]:
        asked = bool(self.inputs["avoid_downtime"])
        text = (
            "Monitoring is to go on during the upgrade." if asked else "Monitoring may stand still during the upgrade."
        )
        return asked, [Why(text, "inputs.avoid_downtime", asked, "", "documented", "S6")]

    # the table

    def _row_for(self, conditions: Mapping[str, bool], facts: Mapping[str, list[Why]]) -> tuple[str, tuple[Why, ...]]:
        for path, row in TABLE:
            if all(conditions[name] == wanted for name, wanted in row.items()):
                names = [name for name in row if name != "finished" or path == NONE]
                return path, tuple(one for name in names for one in facts[name])
        raise LookupError("the decision table has a gap")

    def _against(self, path: str, conditions: Mapping[str, bool], facts: Mapping[str, list[Why]]) -> list[Why]:
        """The facts that speak against a path: those of the row that comes nearest to holding."""
        rows = [row for other, row in TABLE if other == path]
        misses = [[name for name, wanted in row.items() if conditions[name] != wanted] for row in rows]
        nearest = min(misses, key=len)
        return [one for name in nearest for one in facts[name]]

    # who goes, who stays

    def _retire(self) -> tuple[str, ...]:
        """Servers and gateways that leave the group: the root one and its nodes first, then servers, then gateways."""
        group = self.group
        found = {
            name
            for name, reasons in self.failing.items()
            if any(one.role in ("root_management_server", "management_server", "gateway") for one in reasons)
        } | set(group.former_roots)
        if any(name == group.rms or name in group.former_roots for name in found):
            found |= {node.name for node in group.nodes}

        def rank(name: str) -> tuple[int, Any]:
            machine = group.machines[name]
            root = name == group.rms or name in group.former_roots
            place = 0 if root else 1 if machine.node_of else 3 if machine.is_gateway else 2
            return place, natural(name)

        return tuple(sorted(found, key=rank))

    def _run_from(self, retire: tuple[str, ...], pool: Pool) -> tuple[Optional[str], tuple[Why, ...]]:
        group = self.group
        if group.is_2012:
            holder = group.rms_emulator if group.rms_emulator not in retire else None
            name = holder or next((one.name for one in group.servers if one.is_2012), None)
            pool.remove(name or "")
            text = f"The group is upgraded; {name} holds the RMS emulator." if holder else "The group is upgraded."
            return name, (Why(text, "group.rms_emulator", name, "", "documented", "S1"),)
        approved = group.machine(self.approved.get("run_from"))
        if approved is not None and approved.name not in retire and approved.name != group.rms and group.rms in retire:
            pool.remove(approved.name)
            text = f"The approved plan runs the group upgrade on {approved.name}."
            return approved.name, (Why(text, "journal.approved", approved.name, "", "inferred", "-"),)
        rms = group.machines.get(group.rms or "")
        if rms is not None and rms.name not in retire:
            text = "the root management server runs the group upgrade"
            if rms.name in self.missing:
                text = f"Nothing that is known speaks against {rms.name}, so {text}; {self._lacks(rms.name)}."
            else:
                text = f"{rms.name} meets the minimum and is not clustered, so {text}."
            return rms.name, (Why(text, f"hosts.{rms.name}.os", os_text(rms.os), "R05", "documented", "S3"),)
        root = group.rms or ""
        against = tuple(
            Why(one.text + ".", f"hosts.{root}.{one.fact}", one.value, one.rule, one.evidence, one.source)
            for one in self.failing.get(root, [])
            if one.role == "root_management_server"
        )
        able = [
            one
            for one in group.secondaries
            if one.name not in retire and one.facts is not None and not one.spare
            and not supported(one.facts, "management_server", self.settings)
        ]  # fmt: skip
        if able:
            best = min(able, key=lambda one: (one.name in self.missing, not one.reachable, natural(one.name)))
            text = f"{best.name} is a secondary management server that meets the minimum"
            text += f", as far as is known; {self._lacks(best.name)}." if best.name in self.missing else "."
            return best.name, (*against, Why(text, f"hosts.{best.name}.os", os_text(best.os), "", "documented", "S1"))
        spare = pool.take(group.rms or "", MANAGEMENT_SERVER)
        if spare:
            text = f"{spare} stands ready, meets the minimum, and joins the group as a management server first."
            return spare, (*against, Why(text, f"inventory.{spare}.spare", True, "", "documented", "S1, S6"))
        return None, against

    # what stands in the way, and where the agents come

    def _blockers(
        self,
        path: str,
        run_from: Optional[str],
        found: list[Replacement],
        joins: list[str],
        conditions: Mapping[str, bool],
    ) -> list[Blocker]:
        group, blockers = self.group, []
        if run_from is None and not group.is_2012:
            reasons = self.failing.get(group.rms or "", [])
            rule = reasons[0].rule if reasons else "R05"
            who = group.rms or "The root management server (nobody says which machine it is)"
            blockers.append(
                Blocker(
                    rule,
                    f"No server can run the group upgrade: {who} cannot, and no secondary management server or spare"
                    " meets the minimum.",
                    "Add a machine with Windows Server 2008 R2 SP1 x64, joined to the domain, to the inventory with"
                    " scom_spare: true.",
                    tuple(one.name for one in group.servers),
                )
            )
        for one in found:
            if one.by is not None or not one.needed or one.kind == MANAGEMENT_SERVER:
                continue
            rule = one.reasons[0].rule if one.reasons else "R05"
            what = {DATABASE: "databases", GATEWAY: "gateway"}.get(one.kind, "features")
            extra = " and SQL Server 2008 SP1 or 2008 R2" if one.kind == DATABASE else ""
            roles = _said(one.roles)
            blockers.append(
                Blocker(
                    rule,
                    f"{one.machine} cannot keep its {what} ({roles}) and no spare can take them over.",
                    f"Add a machine with Windows Server 2008 R2 SP1 x64{extra} to the inventory with scom_spare: true,"
                    f" or bring {one.machine} itself to the minimum.",
                    (one.machine,),
                )
            )
        if path == DISTRIBUTED_SIMPLE and conditions["one_server"] and not joins and not group.secondaries:
            blockers.append(
                Blocker(
                    "",
                    "Monitoring is to go on, and there is no machine to become a second management server.",
                    "Add a machine with Windows Server 2008 R2 SP1 x64 to the inventory with scom_spare: true, or set"
                    " scom_upgrade_avoid_downtime to false.",
                    (group.rms or "",),
                )
            )
        return blockers

    def _position(
        self, path: str, run_from: Optional[str], retire: tuple[str, ...], joins: list[str]
    ) -> dict[str, str]:
        """Pushed agents need an upgraded server to be pushed from; without a secondary that is the group upgrade's own."""
        if self.group.is_2012:
            return {"agents": "after_group", "manual_agents": "after_group", "pushed_agents": "after_group"}
        helped = bool(joins) or any(one.name not in retire for one in self.group.secondaries)
        pushed = "before_group" if helped else "after_group"
        manual = "before_group" if helped or path != SINGLE_SIMPLE else "after_group"
        asked = self.inputs["agents_position"]
        if path in (SINGLE_COMPLEX, DISTRIBUTED_COMPLEX) and asked != "auto" and self.group.rms not in (None, run_from):
            pushed = asked
        return {"agents": pushed, "manual_agents": manual, "pushed_agents": pushed}

    def _undecided(self) -> tuple[str, ...]:
        """The places in the snapshot that the path hangs on and that nobody could read."""
        found: list[str] = []
        for name, places in self.missing.items():
            known = [f"hosts.{name}.{'opsmgr' if place == ROLE_UNKNOWN else place}" for place in places]
            found += known or [f"hosts.{name}"]
        return tuple(found)


def _meets(names: list[str], systems: list[str], alone: bool) -> str:
    """That the machines with a role meet the minimum, with the systems that were seen on them.

    The sentence stands alone, or goes on after a restriction.
    """
    if not systems:
        return f"{'Nothing' if alone else 'nothing'} speaks against the machines with a role."
    every = "All" if alone else "all"
    who = f"{every} {len(names)} machines with a role meet" if len(names) != 1 else f"{names[0]} meets"
    return f"{who} the minimum ({', '.join(systems)}), and the root management server is not clustered."


def _some(names: Iterable[str]) -> str:
    """Names, the first of them where they are many."""
    known = list(names)
    return ", ".join(known[:SHOWN]) + (f" and {len(known) - SHOWN} more" if len(known) > SHOWN else "")
