# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The group as rules look at it: the model and the path joined, with the questions that several rules ask.

Nothing is judged here. Where something is not known the answer is ``None``, and the rule says ``manual``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from .. import model
from ..catalog import (
    DATABASE_ROLES,
    ROLE_NAMES,
    SERVER_ROLES,
    Reason,
    Settings,
    build_name,
    is_2007_r2,
    is_2012,
    parse_version,
    sql_supported,
    supported,
    undecided,
    update_level,
)
from ..catalog.configurations import sql_release
from ..names import instance_name, short
from ..times import moment as time_of
from .engine import Context
from .text import GROUPED, Row, agent_rows, counted, listed

__all__ = ["Database", "Machine", "Member", "Row", "View", "agent_rows", "by_parent", "counted", "listed", "view"]

TITLES = {
    "operational": "operational database",
    "warehouse": "data warehouse",
    "audit": "audit database",
    "reporting": "report server database",
}
KEY_STEPS = ("prepare.encryption_key", "pre_upgrade.encryption_key")
DATABASE_ROLE = {
    "operational": "operational_database",
    "warehouse": "data_warehouse",
    "audit": "acs_database",
    "reporting": "reporting",
}


def view(context: Context) -> View:
    """The view of a run, made once."""
    made: View = context.once("view", lambda: View(context))
    return made


class Machine:
    """One computer with its facts, as far as they are known."""

    def __init__(
        self,
        known: View,
        name: str,
        facts: Optional[Mapping[str, Any]],
        one: Optional[model.Machine] = None,
        why: Optional[str] = None,
    ) -> None:
        """Join a name with its facts and, where it is more than an agent's machine, with the model's machine."""
        self.view, self.name, self.facts, self.model, self.why = known, name, facts, one, why
        self.roles: tuple[str, ...] = one.roles if one else ()
        self._reasons: dict[str, list[Reason]] = {}

    @property
    def silent(self) -> bool:
        """Whether nothing was read of it, nor of the nodes of its cluster."""
        return self.model.silent is not None if self.model else self.facts is None

    @property
    def unknown(self) -> Mapping[str, str]:
        """The facts that could not be read, with the reason."""
        return (self.facts or {}).get("unknown") or {}

    @property
    def asked(self) -> bool:
        """Whether discovery turned to it, with or without an answer; a machine that only the group names it cannot ask."""
        return self.facts is not None or self.why is not None

    def get(self, path: str) -> Any:
        """A fact by its place in the snapshot: ``os.release``."""
        return lookup(self.facts, path)

    def software(self, word: str) -> list[tuple[str, str]]:
        """Installed products whose name contains a word."""
        return products(self.facts, word)

    def reasons(self, role: str, settings: Settings) -> list[Reason]:
        """What speaks against keeping a role here."""
        if role not in self._reasons:
            instance = self.view.instance_of(self, role)
            found = supported(self.facts, role, settings, instance) if self.facts else []
            self._reasons[role] = found
        return self._reasons[role]

    def undecided(self, role: str) -> list[str]:
        """The facts that would be needed to judge a role and are unknown."""
        return undecided(self.facts or {}, role, self.view.instance_of(self, role))

    @property
    def system_drive(self) -> tuple[Optional[float], str]:
        """Free megabytes of the system drive, and its letter."""
        for disk in self.get("disks") or ():
            if disk.get("system"):
                return disk.get("free_mb"), str(disk.get("drive"))
        return None, ""

    def component(self, need: str) -> tuple[Optional[bool], str]:
        """Whether a component is there, and what was found; None when it was not read."""
        return component(self.facts, need)


def lookup(facts: Optional[Mapping[str, Any]], path: str) -> Any:
    """A fact by its place, None where anything on the way is missing."""
    found: Any = facts
    for key in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def products(facts: Optional[Mapping[str, Any]], word: str) -> list[tuple[str, str]]:
    """Installed products whose name contains a word."""
    return [
        (str(one.get("name")), str(one.get("version") or ""))
        for one in (facts or {}).get("software") or ()
        if word.lower() in str(one.get("name")).lower()
    ]


def component(facts: Optional[Mapping[str, Any]], need: str) -> tuple[Optional[bool], str]:
    """Whether a component of the catalogue is there, and what was found; None when it was not read."""
    if facts is None:
        return None, "no facts"
    missing = facts.get("unknown") or {}
    if need == "powershell_2":
        return _at_least(facts.get("powershell"), (2, 0), "powershell" in missing)
    if need == "installer_3.1":
        return _at_least(facts.get("windows_installer"), (3, 1), facts.get("windows_installer") is None)
    if need == "winrm":
        return _at_least(facts.get("winrm"), (1, 0), "winrm" in missing)
    if need in ("dotnet_3.5", "dotnet_4"):
        have = facts.get("dotnet")
        wanted = "3.5" if need == "dotnet_3.5" else "4"
        return (None, "") if have is None else (any(str(one).startswith(wanted) for one in have), listed(have, 9))
    if need == "msxml_6":
        return (None, "") if facts.get("msxml6") is None else (bool(facts["msxml6"]), "absent")
    if need == "ntfs":
        systems = [one.get("file_system") for one in facts.get("disks") or () if one.get("system")]
        return (None, "") if not systems or not systems[0] else (str(systems[0]).upper() == "NTFS", str(systems[0]))
    if need == "remote_registry":
        services = facts.get("services")
        if services is None:
            return None, ""
        state = str((services.get("RemoteRegistry") or {}).get("state") or "absent")
        return state.lower() == "running", state
    if need == "iis":
        return (None, "") if "iis" in missing else (bool(facts.get("iis")), "absent")
    software = facts.get("software")
    if software is None:
        return None, ""
    if need == "report_viewer":
        return bool(products(facts, "report viewer")), "absent"
    return not products(facts, "sharepoint"), "SharePoint"


def _at_least(version: Any, least: tuple[int, int], unread: bool) -> tuple[Optional[bool], str]:
    parsed = parse_version(version)
    if parsed is None:
        return (None, "") if unread else (False, "absent")
    return parsed >= least, str(version)


@dataclass(frozen=True)
class Member:
    """A server, a gateway or an agent of the management group."""

    name: str
    fqdn: str
    kind: str
    version: Optional[str]
    update: Optional[int]
    health: Optional[str]
    available: Optional[bool]
    primary: Optional[str]
    failover: tuple[str, ...]
    manual: bool = False
    machine: Optional[Machine] = None

    @property
    def kind_text(self) -> str:
        """What it is, for people."""
        return "manual agent" if self.manual else ROLE_NAMES[self.kind]

    @property
    def short(self) -> str:
        """The first label of its name."""
        return short(self.fqdn or self.name)

    @property
    def is_2012(self) -> bool:
        """Whether it is at 2012."""
        return is_2012(self.version)

    @property
    def is_2007_r2(self) -> bool:
        """Whether it is at 2007 R2, whatever the update."""
        return is_2007_r2(self.version)

    @property
    def level_text(self) -> str:
        """The update level, for people."""
        if not self.is_2007_r2:
            return build_name(self.version) if self.version else "unknown"
        return "unknown" if self.update is None else f"CU{self.update}" if self.update else "no update"


def by_parent(agents: Sequence[Member], finding: str) -> tuple[Row, ...]:
    """Agents as rows of name, parent and finding; many of them are grouped by parent."""
    rows: list[Row] = [(one.name, one.primary or "none", finding) for one in agents]
    return tuple(rows) if len(rows) <= GROUPED // 2 else _grouped(rows)


def _grouped(rows: list[Row]) -> tuple[Row, ...]:
    groups: dict[Row, list[str]] = {}
    for row in rows:
        groups.setdefault(row[1:], []).append(str(row[0]))
    return tuple(
        (names[0] if len(names) == 1 else f"{len(names):,} agents: {listed(names)}", *rest)
        for rest, names in groups.items()
    )


class Database:
    """A database of the group where it is, and where it will be."""

    def __init__(self, known: View, one: model.Database) -> None:
        """Join a database of the model with the machines of the view."""
        self.view, self.model = known, one
        self.what, self.name, self.host, self.instance = one.what, one.name, one.server, one.instance
        self.title = TITLES[one.what]
        self.facts = one.facts

    def fact(self, name: str) -> Any:
        """A fact of the database itself."""
        return (self.facts or {}).get(name)

    @cached_property
    def successor(self) -> Optional[Machine]:
        """The machine the plan moves it to."""
        machine = self.view.machine(self.host)
        name = self.view.successor(machine, DATABASE_ROLE[self.what]) if machine else None
        found = self.view.machine(name) if name else None
        return found if found is not None and found.get("sql") else None

    @property
    def moves(self) -> bool:
        """Whether the plan moves it to another machine."""
        return self.successor is not None

    @cached_property
    def _target(self) -> tuple[str, str, Mapping[str, Any], Optional[Machine]]:
        """Host, instance, facts of the instance, and machine, as they will be."""
        if self.successor is None:
            return self.host, self.instance, self.model.sql or {}, self.view.machine(self.host)
        instances = list(self.successor.get("sql"))
        fit = [one for one in instances if sql_supported(one.get("version"))] or instances
        return self.successor.name, instance_name(fit[0].get("instance"), self.successor.name), fit[0], self.successor

    @property
    def effective_host(self) -> str:
        """The machine it will be on when setup runs."""
        return self._target[0]

    @property
    def effective_instance(self) -> str:
        """The instance it will be on when setup runs."""
        return self._target[1]

    def effective(self, name: str) -> Any:
        """A fact of that instance."""
        return self._target[2].get(name)

    @property
    def effective_version(self) -> Optional[str]:
        """The version of that instance."""
        found = self.effective("version")
        return None if sql_release(found) is None else str(found)

    @property
    def effective_doubtful(self) -> bool:
        """Whether one source accepts the version and another does not: SQL Server 2008 SP1 and later."""
        row = sql_release(self.effective("version"))
        return row is not None and row.name == "SQL Server 2008" and bool(sql_supported(self.effective("version")))

    @property
    def effective_newer(self) -> bool:
        """Whether the version is newer than any the release lists."""
        row = sql_release(self.effective("version"))
        return row is not None and row.minimum is not None and not row.listed

    @property
    def effective_memory(self) -> Optional[float]:
        """The memory of that machine."""
        machine = self._target[3]
        found = machine.get("memory_mb") if machine else None
        return found if isinstance(found, (int, float)) else None

    @property
    def largest_free_mb(self) -> Optional[float]:
        """The free space of the emptiest disk there; None when the disks were not read."""
        machine = self._target[3]
        free = [one.get("free_mb") for one in (machine.get("disks") if machine else None) or ()]
        known = [value for value in free if value is not None]
        return max(known) if known else None

    def free_on(self, directory: str) -> Optional[float]:
        """The free space of the disk a directory of the present machine is on; of the emptiest one without a drive."""
        machine = self.view.machine(self.host)
        disks = [one for one in (machine.get("disks") if machine else None) or () if one.get("free_mb") is not None]
        drive = re.match(r"[A-Za-z]:", directory)
        if drive:
            disks = [one for one in disks if str(one.get("drive")).upper() == drive.group(0).upper()]
        return max((one["free_mb"] for one in disks), default=None)


@dataclass(frozen=True)
class Pending:
    """One pending action."""

    id: str
    agent: str
    type: str
    server: str


@dataclass(frozen=True)
class Subscription:
    """One notification subscription."""

    id: str
    name: str
    enabled: bool


@dataclass(frozen=True)
class Connector:
    """A connector the inputs name, with its service."""

    name: str
    host: str
    service: str


@dataclass(frozen=True)
class Key:
    """What is known of the copy of the encryption key; ``fresh`` is None when it cannot be compared with the update."""

    host: str
    path: str
    exists: Optional[bool]
    modified: Optional[str]
    updated: Optional[str]
    fresh: Optional[bool]


class View:
    """The group, its path and the inputs, as rules ask for them."""

    def __init__(self, context: Context) -> None:
        """Look at one run's group."""
        self.context = context
        self.group: model.ManagementGroup = context.group
        self.inputs = context.inputs
        self.settings = context.settings

    # the group

    @property
    def is_2012(self) -> bool:
        """Whether the management group itself is upgraded."""
        return self.group.is_2012

    @property
    def group_name(self) -> str:
        """Its name."""
        return self.group.name

    @property
    def group_read(self) -> bool:
        """Whether the group itself could be asked."""
        return self.group.known

    @property
    def group_problem(self) -> str:
        """Why not."""
        return "; ".join(one.text for one in self.group.disagreements if one.kind == "group_unknown") or "not asked"

    @property
    def language(self) -> str:
        """The installed language."""
        return self.group.language

    def _unread(self, name: str) -> bool:
        """Whether a part of the group was not read."""
        raw = self.group.snapshot.get("group")
        return raw is None or raw.get(name) is None or name in (raw.get("unknown") or {})

    # machines

    @cached_property
    def _machines(self) -> dict[str, Machine]:
        return {name: Machine(self, name, one.facts, one, one.why_unreachable) for name, one in self.group.machines.items()}

    @property
    def machines(self) -> list[Machine]:
        """Every machine that is more than an agent."""
        return list(self._machines.values())

    @cached_property
    def agent_machines(self) -> list[Machine]:
        """The agents' machines of the inventory."""
        return [one.machine for one in self.agents if one.machine is not None]

    def machine(self, name: Optional[str]) -> Optional[Machine]:
        """The machine any of its names means."""
        found = self.group.machine(name)
        return self._machines[found.name] if found else None

    @cached_property
    def role_machines(self) -> list[Machine]:
        """The machines that hold a role; nodes of a cluster are its virtual server."""
        return [one for one in self.machines if one.roles and not (one.model and one.model.node_of)]

    @cached_property
    def staying(self) -> list[Machine]:
        """The machines that hold a role and keep it."""
        return [one for one in self.role_machines if not self.leaves(one)]

    @cached_property
    def holders(self) -> list[tuple[Machine, tuple[str, ...]]]:
        """The machines setup of 2012 still has to run on or work with, and the roles they have or take over."""
        roles: dict[str, list[str]] = {}
        for one in self.staying:
            done = bool(one.get("opsmgr.installed_2012")) or self._stranded(one)
            roles[one.name] = [
                role
                for role in one.roles
                if not done and not (self.is_2012 and role in (*DATABASE_ROLES, "acs_database"))
            ]
        for taken in self.context.path.replacements:
            if taken.by is not None and taken.new and not self._machines[taken.by].get("opsmgr.installed_2012"):
                have = roles.setdefault(taken.by, [])
                have += [role for role in taken.roles if role not in have]
        return [(self._machines[name], tuple(found)) for name, found in roles.items() if found]

    def _stranded(self, machine: Machine) -> bool:
        """Whether a machine has nothing but a console, on a system that the 2012 console does not run on."""
        return machine.roles == ("console",) and bool(machine.reasons("console", self.settings))

    @cached_property
    def spares(self) -> list[Machine]:
        """The machines that stand ready to take a role, because the inventory says so."""
        said = self.group.snapshot.get("inventory") or {}
        return [one for one in self.machines if (said.get(one.name) or {}).get("spare")]

    def joining(self, member: Member) -> bool:
        """Whether a member is a spare machine that the plan has just added."""
        return any(one.name == member.name for one in self.spares)

    def instance_of(self, machine: Machine, role: str) -> Optional[str]:
        """The SQL Server instance a role of a machine is on, as the machine itself names it."""
        for one in self.databases:
            if DATABASE_ROLE[one.what] == role and one.host == machine.name:
                for sql in machine.get("sql") or ():
                    if instance_name(sql.get("instance"), machine.name) == one.instance:
                        return str(sql.get("instance"))
        return None

    # the path

    @property
    def path_kind(self) -> str:
        """The kind of path."""
        return str(self.context.path.path)

    @property
    def run_from(self) -> Optional[str]:
        """The server that runs the group's upgrade."""
        found: Optional[str] = self.context.path.run_from
        return found

    @cached_property
    def retire(self) -> frozenset[str]:
        """The machines that leave the group."""
        return frozenset(str(name) for name in self.context.path.retire)

    @property
    def from_secondary(self) -> bool:
        """Whether the group's upgrade runs on another server than the root one."""
        return not self.is_2012 and bool(self.run_from) and self.run_from != self.group.rms

    def leaves(self, machine: Machine) -> bool:
        """Whether a machine leaves the group."""
        return machine.name in self.retire

    def name_leaves(self, name: str) -> bool:
        """Whether the machine of that name leaves."""
        machine = self.machine(name)
        return name in self.retire or (machine is not None and self.leaves(machine))

    def successor(self, machine: Machine, role: str) -> Optional[str]:
        """The machine that takes over a role.

        The root management server may hand over to any management server. Every other role of the group needs a machine
        that is added for it: the documents know no path that simply drops a server.
        """
        root = machine.name in (self.group.rms, *self.group.former_roots) or role == "root_management_server"
        for one in self.context.path.replacements:
            if one.machine != machine.name or one.by is None:
                continue
            if role in SERVER_ROLES and role != "gateway":
                if one.kind == "management_server" and (one.new or root):
                    return str(one.by)
            elif role in one.roles:
                return str(one.by)
        return None

    def role_taken_by(self, machine: Machine) -> Optional[str]:
        """The role the plan gives to a spare machine."""
        if machine.name in self.context.path.joins:
            return "management_server"
        for one in self.context.path.replacements:
            if one.by == machine.name:
                return str(one.roles[0])
        return None

    # members

    @cached_property
    def members(self) -> list[Member]:
        """Management servers and gateways."""
        found = []
        for one in [*self.group.servers, *self.group.gateways]:
            kind = "gateway" if one.is_gateway else "management_server"
            if one.name == self.group.rms or "root_management_server" in one.roles:
                kind = "root_management_server"
            found.append(
                Member(
                    name=one.name,
                    fqdn=(one.fqdn or one.name).lower(),
                    kind=kind,
                    version=one.version,
                    update=one.update,
                    health=one.health,
                    available=one.available,
                    primary=self._fqdn(one.primary),
                    failover=tuple(filter(None, map(self._fqdn, one.failover))),
                    machine=self._machines[one.name],
                )
            )
        return found

    def _fqdn(self, name: Optional[str]) -> Optional[str]:
        machine = self.group.machine(name)
        return (machine.fqdn or machine.name).lower() if machine else name

    @property
    def root(self) -> Optional[Member]:
        """The root management server."""
        return next((one for one in self.members if one.kind == "root_management_server"), None)

    @property
    def root_machine(self) -> Optional[Machine]:
        """Its machine."""
        return self.root.machine if self.root else None

    @property
    def secondaries(self) -> list[Member]:
        """The other management servers."""
        return [one for one in self.members if one.kind == "management_server"]

    @property
    def gateways(self) -> list[Member]:
        """The gateways."""
        return [one for one in self.members if one.kind == "gateway"]

    @property
    def secondaries_staying(self) -> list[Member]:
        """The other management servers that do not leave."""
        return [one for one in self.secondaries if one.name not in self.retire]

    @property
    def gateways_staying(self) -> list[Member]:
        """The gateways that do not leave."""
        return [one for one in self.gateways if one.name not in self.retire]

    @property
    def members_leaving(self) -> list[Member]:
        """The servers and gateways that leave."""
        return [one for one in self.members if one.name in self.retire]

    @property
    def management_servers_after(self) -> list[str]:
        """The management servers there will be."""
        left = [one.name for one in self.members if one.kind != "gateway" and one.name not in self.retire]
        joining = [one.name for one in self.spares if self.role_taken_by(one) == "management_server"]
        return left + [name for name in joining if name not in left]

    @cached_property
    def agents(self) -> list[Member]:
        """The agents, a machine of the inventory with each where there is one."""
        found = []
        parents: dict[Optional[str], Optional[str]] = {}
        for one in self.group.agents:
            if one.primary not in parents:
                parents[one.primary] = self._fqdn(one.primary)
            machine = self._agent_machine(one.name)
            update = one.update
            if machine is not None and machine.facts is not None:
                proven = update_level(None, machine.get("opsmgr.file_version"))
                update = update if proven is None else proven
            found.append(
                Member(
                    name=one.name,
                    fqdn=one.name,
                    kind="agent",
                    version=one.version,
                    update=update,
                    health=one.health,
                    available=one.available,
                    primary=parents[one.primary],
                    failover=one.failover,
                    manual=one.manual,
                    machine=machine,
                )
            )
        return found

    def _agent_machine(self, fqdn: str) -> Optional[Machine]:
        host = self.group.agent_host(fqdn)
        if host is None:
            return self.machine(fqdn)
        if host in self._machines:
            return self._machines[host]
        facts = self.group.host_facts(host)
        why = (self.group.snapshot.get("unreachable") or {}).get(host)
        return Machine(self, host, facts, None, why)

    @property
    def single_server(self) -> bool:
        """Whether the group has one management server and no gateway."""
        return len(self.members) == 1

    @property
    def agents_after_group(self) -> bool:
        """Whether manually installed agents follow the group instead of coming first."""
        return bool(self.context.path.position["manual_agents"] == "after_group")

    @cached_property
    def gateway_loops(self) -> list[list[str]]:
        """Gateways that report to each other."""
        return [list(one.objects) for one in self.group.disagreements if one.kind == "gateway_loop"]

    @cached_property
    def root_claims(self) -> list[str]:
        """The servers that each say they are the root one, where there are several."""
        return [name for one in self.group.disagreements if one.kind == "two_roots" for name in one.objects]

    @cached_property
    def missing_servers(self) -> list[Member]:
        """Servers the group knows and the inventory does not."""
        names = {one.subject for one in self.group.disagreements if one.kind == "server_not_in_inventory"}
        return [one for one in self.members if one.name in names]

    @cached_property
    def strangers(self) -> list[str]:
        """Machines that carry a server and that the group does not know."""
        kinds = ("host_not_in_group", "other_group")
        return [
            one.subject
            for one in self.group.disagreements
            if one.kind in kinds and not self.name_leaves(one.subject) and one.subject not in self.group.former_roots
        ]

    @property
    def missing_databases(self) -> list[tuple[str, str]]:
        """Database servers that the inventory lacks: name, and the databases there."""
        found: dict[str, list[str]] = {}
        for one in self.databases:
            machine = self.machine(one.host)
            if machine is not None and machine.model is not None and not machine.model.in_inventory:
                found.setdefault(one.host, []).append(one.title)
        lacking = {one.name for one in self.missing_servers}
        return [(name, listed(titles)) for name, titles in found.items() if name not in lacking]

    # databases

    @cached_property
    def databases(self) -> list[Database]:
        """The databases of the group."""
        return [Database(self, one) for one in self.group.databases.values()]

    def database(self, what: str) -> Optional[Database]:
        """One of them: operational, warehouse, audit, reporting."""
        return next((one for one in self.databases if one.what == what), None)

    @property
    def may_audit(self) -> bool:
        """Whether audit collection is in use, or could be on a machine of which nobody knows what is on it."""
        in_use = self.database("audit") is not None or any("acs_collector" in one.roles for one in self.role_machines)
        return in_use or bool(self.group.unread)

    @property
    def _opsdb(self) -> Optional[Mapping[str, Any]]:
        database = self.database("operational")
        machine = self.machine(database.host) if database else None
        return machine.get("opsdb") if machine else None

    @property
    def group_ids(self) -> Optional[Mapping[str, str]]:
        """The ids of the group by the table that holds them."""
        return (self._opsdb or {}).get("group_ids")

    @property
    def localized_rows(self) -> Optional[tuple[int, Optional[int]]]:
        """Rows of LocalizedText and of PublisherMessages."""
        found = (self._opsdb or {}).get("localized_text_rows")
        return None if found is None else (found, (self._opsdb or {}).get("publisher_message_rows"))

    # the group at work

    @property
    def pending_shown(self) -> list[Pending]:
        """Pending actions the shell shows."""
        return [_pending(row) for row in self.group.pending]

    @cached_property
    def pending_hidden(self) -> list[Pending]:
        """Rows of the database table that the shell does not show."""
        if self._unread("pending"):
            return []
        shown = {one.agent.lower() for one in self.pending_shown}
        rows = [_pending(row) for row in (self._opsdb or {}).get("pending") or ()]
        return [one for one in rows if one.agent.lower() not in shown]

    @property
    def pending_unread(self) -> list[str]:
        """Where pending actions were not read."""
        places = ["the shell"] if self._unread("pending") else []
        return places if (self._opsdb or {}).get("pending") is not None else [*places, "the database"]

    @cached_property
    def subscriptions(self) -> Optional[list[Subscription]]:
        """Notification subscriptions; None when they were not read."""
        if self._unread("subscriptions"):
            return None
        return [
            Subscription(str(row.get("id") or ""), str(row.get("name")), bool(row.get("enabled")))
            for row in self.group.subscriptions
        ]

    @property
    def subscriptions_saved(self) -> Optional[frozenset[str]]:
        """Ids and names of the subscriptions that were on before; None without a journal of it."""
        found: set[str] = set()
        entries = [one for one in self.group.entries("saved") if "subscriptions" in (one.get("data") or {})]
        for entry in entries:
            for row in entry["data"]["subscriptions"] or ():
                found |= {str(row.get(key)) for key in ("id", "name") if row.get(key)}
        return frozenset(found) if entries else None

    @property
    def connectors(self) -> Optional[list[str]]:
        """Names of the connectors the group knows; None when they were not read."""
        return None if self._unread("connectors") else [str(row.get("name")) for row in self.group.connectors]

    @cached_property
    def connectors_given(self) -> list[Connector]:
        """The connectors the inputs name."""
        return [
            Connector(str(one.get("name") or one.get("service")), str(one.get("host") or ""), str(one.get("service")))
            for one in self.inputs.get("connectors") or ()
            if isinstance(one, Mapping) and one.get("service")
        ]

    @property
    def connectors_nameless(self) -> list[str]:
        """Connectors of the group for which no service is named; the product's own ones have none."""
        given = {one.name.lower() for one in self.connectors_given}
        own = ("internal connector", "alert update connector", "network monitoring", "operations manager ", "smart")
        return [
            name
            for name in self.connectors or ()
            if name.lower() not in given and not any(word in name.lower() for word in own)
        ]

    def service_state(self, host: str, service: str) -> Optional[str]:
        """The state of a Windows service; None when neither host nor service is known."""
        machine = self.machine(host)
        states = (machine.get("services") if machine else None) or {}
        for name, one in states.items():
            if name.lower() == service.lower():
                return str(one.get("state"))
        return None

    def may_run(self, one: Connector) -> bool:
        """Whether a connector runs, or may run because its host gave no facts."""
        machine = self.group.machine(one.host)
        if machine is not None and not model.facts_read(self.group.host_facts(machine.name)):
            return True
        return str(self.service_state(one.host, one.service)).lower() == "running"

    @property
    def consoles(self) -> Optional[list[str]]:
        """Users of open sessions; None when they were not read."""
        return None if self._unread("consoles") else list(self.group.consoles)

    @cached_property
    def management_packs(self) -> dict[str, str]:
        """Versions of the imported management packs by name."""
        return {str(row.get("name")): str(row.get("version") or "") for row in self.group.management_packs}

    @property
    def emulator(self) -> Optional[str]:
        """The holder of the RMS emulator."""
        raw = (self.group.snapshot.get("group") or {}).get("rms_emulator")
        return self.group.rms_emulator or raw

    # time, backups, the key

    def age_hours(self, moment: Any) -> Optional[float]:
        """How old a time is; None for no time."""
        then = time_of(moment)
        return None if then is None else (self.context.now - then).total_seconds() / 3600

    def hours_left(self, moment: Any) -> Optional[float]:
        """How far ahead a time is."""
        age = self.age_hours(moment)
        return None if age is None else -age

    def _backups_done(self, one: Database) -> list[Mapping[str, Any]]:
        names = {one.what, one.name.lower()}
        return [
            entry
            for entry in self.group.entries("done")
            if str((entry.get("data") or {}).get("backup", "")).lower() in names
        ]

    def backup_age(self, one: Database) -> Optional[float]:
        """Hours since the newest full backup, by the instance and by the journal."""
        times = [one.fact("last_full_backup")]
        times += [(entry["data"].get("finished") or entry.get("time")) for entry in self._backups_done(one)]
        ages = [age for age in map(self.age_hours, times) if age is not None]
        return min(ages) if ages else None

    def backup_verified(self, one: Database) -> bool:
        """Whether the journal has a verified backup that is at least as new as the newest one known."""
        newest = self.backup_age(one)
        for entry in self._backups_done(one):
            age = self.age_hours(entry["data"].get("finished") or entry.get("time"))
            if entry["data"].get("verified") and newest is not None and age is not None and age <= newest + 0.1:
                return True
        return bool(one.fact("last_backup_verified"))

    @cached_property
    def encryption_key(self) -> Optional[Key]:
        """What is known of the copy of the encryption key, from the root management server or its nodes."""
        root = self.root_machine
        if root is None or root.facts is None:
            return None
        found = root.get("encryption_key")
        updated = root.get("opsmgr.installed_at")
        if not found:
            return None
        then, since = time_of(found.get("modified")), time_of(updated)
        fresh = None if then is None or since is None else then >= since
        return Key(root.name, str(found.get("path") or ""), found.get("exists"), found.get("modified"), updated, fresh)

    @property
    def key_file_named(self) -> bool:
        """Whether somebody says where the copy of the key is; a host that gave no facts may have looked at another place."""
        root = self.root_machine
        looked = root is not None and not root.silent and "encryption_key" not in root.unknown
        return bool(self.inputs.get("encryption_key_path")) or not looked

    @property
    def key_kept(self) -> Optional[str]:
        """When this upgrade saved the key, after the last update; None where the journal does not tell."""
        root = self.root_machine
        updated = time_of(root.get("opsmgr.installed_at")) if root is not None else None
        for entry in reversed(self.group.journal):
            done = entry.get("event") in ("done", "signed_off")
            then = time_of(entry.get("time"))
            if done and entry.get("step") in KEY_STEPS and then and (updated is None or then >= updated):
                return str(entry["time"])
        return None

    # what people confirmed, what the journal knows

    def confirmed(self, rule: str) -> Optional[str]:
        """Who confirmed what no fact tells, from the inputs or signed off in the journal."""
        given = self.inputs.get("confirmed") or {}
        entry = given.get(rule) if isinstance(given, Mapping) else None
        if isinstance(entry, Mapping) and entry.get("by"):
            return ", ".join(str(entry[key]) for key in ("by", "when", "note") if entry.get(key))
        for line in self.group.entries("signed_off"):
            data = line.get("data") or {}
            if data.get("rule") == rule or line.get("step") == rule:
                return ", ".join(str(part) for part in (line.get("by"), line.get("time"), data.get("note")) if part)
        return None

    def journal_done(self, word: str) -> bool:
        """Whether a step whose id contains a word is recorded as done."""
        return any(word in str(entry.get("step") or "") for entry in self.group.entries("done"))

    # media and ports

    @property
    def media_hosts(self) -> list[Machine]:
        """The machines on which setup of 2012 will run."""
        wanted = {"root_management_server", "management_server", "gateway", "reporting", "web_console", "console"}
        staying = [one for one in self.staying if wanted & set(one.roles) and not one.get("opsmgr.installed_2012")]
        taking = [one for one in self.spares if self.role_taken_by(one) in wanted]
        return [*staying, *taking]

    def media_roles(self, machine: Machine) -> set[str]:
        """The roles for which a machine needs media: those it has, and the one it takes over."""
        return {*machine.roles, self.role_taken_by(machine) or ""}

    def media_needed(self, machine: Machine) -> list[str]:
        """The files of the media a machine needs."""
        roles = self.media_roles(machine)
        files = ["gateway\\AMD64\\MOMGateway.msi"] if "gateway" in roles else []
        return files + (["setup.exe"] if roles - {"gateway", ""} else [])

    @property
    def probed(self) -> Mapping[str, Any]:
        """What was tried and still counts (``probes`` of the snapshot); empty where nothing was, or too long ago."""
        probes = self.group.snapshot.get("probes") or {}
        age = self.age_hours(probes.get("collected"))
        return probes if age is not None and age <= float(self.settings["probe_hours"]) else {}


def _pending(row: Mapping[str, Any]) -> Pending:
    return Pending(*(str(row.get(key) or "") for key in ("id", "agent", "type", "server")))
