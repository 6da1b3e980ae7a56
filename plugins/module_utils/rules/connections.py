# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machines of the group have to reach which, on what ports, and what is known of each connection.

An agent or a gateway that reports proves its own connection, and a management server that reports those to the databases it
works with, where their port is not known. Everything else has to be tried by the machine that connects:
``playbooks/probe.yml`` does, and puts the answers into the snapshot (``probes.ports``). Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ..catalog import ROLES
from ..catalog.network import PORTS, Port
from .text import counted
from .view import DATABASE_ROLE, Database, Machine, Member, View

ANSWERED = ""
#: What a probe says of a host that answers and has nothing that listens on the port (docs/wire.md, ``tcp.test``).
REFUSED = "refused"
SQL_PORT = 1433
SDK_PORT = 5724
#: Of the ports that a push needs, those that every Windows agent answers on: RPC and file sharing.
PUSH_PORTS = (135, 445)
DEFAULT_INSTANCE = "MSSQLSERVER"


@dataclass(frozen=True)
class Trial:
    """One port that one machine can try. ``listens`` says whether something has to answer there today."""

    source: str
    target: str
    address: str
    port: int
    listens: bool


@dataclass(frozen=True)
class Connection:
    """Who has to reach whom, on which ports, and when, for people; and the ports of it that can be tried.

    ``beside`` are ports of the row that nobody tries although the others are: a push is judged by two of its ports.
    """

    source: str
    target: str
    ports: str
    when: str
    trials: tuple[Trial, ...] = ()
    beside: str = ""


def connections(known: View) -> list[Connection]:
    """The connections of the group as it is and as the plan leaves it, without those that are proven by a report."""
    found: list[Connection] = []
    for port in PORTS:
        if port.target_role == "parent":
            found += _of_gateways(known, port) if port.source_role == "gateway" else _of_agents(known, port)
        elif port.source_role == "parent":
            found += _to_pushed(known, port)
        else:
            found += _between_roles(known, port)
    return found


def reporting(known: View) -> int:
    """How many agents and gateways prove their connection, because they report."""
    return sum(1 for one in (*known.agents, *known.gateways) if one.available)


def outcome(known: View, trial: Trial) -> Optional[str]:
    """What is known of a port: empty when it is open, else why not; None when nobody tried it.

    What a person gave in the input ``probes`` counts before what was probed. Where nothing listens yet, a refusal shows that
    the machine can be reached, which is all there is to know.
    """
    told, tried = known.context.once("probed ports", lambda: (_told(known), _tried(known)))
    for name in (trial.target, trial.address):
        key = _key(trial.source, name, trial.port)
        if key in told:
            return ANSWERED if told[key] else "closed"
        if key in tried:
            return ANSWERED if tried[key] == REFUSED and not trial.listens else str(tried[key])
    return None


def _told(known: View) -> dict[tuple[str, str, str], bool]:
    """The input ``probes``: whether a port is open."""
    entries = known.inputs.get("probes") or ()
    return {_key(one.get("from"), one.get("to"), one.get("port")): bool(one.get("open")) for one in entries}


def _tried(known: View) -> dict[tuple[str, str, str], str]:
    """The probes of the snapshot: empty for an open port, else why it is not."""
    return {
        _key(one.get("from"), one.get("to"), one.get("port")): ANSWERED
        if one["open"]
        else one.get("error") or "no answer"
        for one in known.probed.get("ports") or ()
        if one.get("open") is not None
    }


def _key(source: object, target: object, port: object) -> tuple[str, str, str]:
    return str(source).lower(), str(target).lower(), str(port)


def _between_roles(known: View, port: Port) -> Iterator[Connection]:
    for source in _holders(known, port.source_role):
        for end in _ends(known, port):
            if source.name == end.machine.name or (end.used and not end.fixed and _reports(known, source)):
                continue
            trials = _trials(known, source, end.machine.name, end.machine, port) if end.fixed else ()
            yield Connection(source.name, end.machine.name, port.ports, port.when, trials)


def _reports(known: View, machine: Machine) -> bool:
    """Whether a machine is a management server that reports, and so reaches the databases it works with."""
    return any(one.available for one in known.members if one.name == machine.name and one.kind != "gateway")


def _holders(known: View, role: str) -> list[Machine]:
    """The machines that hold a role and keep it, and those the plan adds for it."""
    roles = {"root_management_server", "management_server"} if role == "server" else {role}
    if not roles <= set(ROLES):
        return []
    found = [one for one in known.staying if roles & set(one.roles)]
    for taken in known.context.path.replacements:
        machine = known.machine(taken.by) if taken.by is not None and taken.new else None
        if machine is not None and machine not in found and roles & set(taken.roles):
            found.append(machine)
    return found


@dataclass(frozen=True)
class End:
    """A machine at the other end: whether the number of its port is known, and whether servers work with it already."""

    machine: Machine
    fixed: bool = True
    used: bool = False


def _ends(known: View, port: Port) -> list[End]:
    """The machines that have to be reached."""
    if port.target_role == "reporting" or port.target_role not in DATABASE_ROLE.values():
        return [End(machine) for machine in _holders(known, port.target_role)]
    browser = port.ports.startswith("1434")
    found = []
    for one in known.databases:
        machine = known.machine(one.effective_host)
        if DATABASE_ROLE[one.what] == port.target_role and machine is not None and not (browser and _default(one)):
            found.append(End(machine, _default(one), one.what in ("operational", "warehouse") and not one.moves))
    return found


def _default(one: Database) -> bool:
    """Whether a database is on the default instance, whose port is known."""
    return one.effective_instance.upper() == DEFAULT_INSTANCE


def _of_gateways(known: View, port: Port) -> Iterator[Connection]:
    for one in known.gateways:
        for number, parent in enumerate(dict.fromkeys(filter(None, (one.primary, *one.failover)))):
            if one.available and number == 0 and one.primary:
                continue
            yield _to_parent(known, one.name, one.machine, parent, port)


def _of_agents(known: View, port: Port) -> Iterator[Connection]:
    """Agents that do not report, or that get another parent: those without facts are counted by parent."""
    counts: dict[str, int] = {}
    for one in known.agents:
        parent = _parent(known, one)
        if parent is None:
            continue
        if one.machine is not None and one.machine.facts is not None:
            yield _to_parent(known, one.machine.name, one.machine, parent, port)
        else:
            counts[parent] = counts.get(parent, 0) + 1
    for parent, number in sorted(counts.items()):
        yield _to_parent(known, counted(number, "agent"), None, parent, port)


def _to_pushed(known: View, port: Port) -> Iterator[Connection]:
    """What a parent needs to push the upgrade: tried with a few agents of each, since thousands are of one kind."""
    agents: dict[str, list[Member]] = {}
    for one in known.agents:
        if one.primary and not one.manual and not one.is_2012:
            agents.setdefault(_heir(known, one.primary) or one.primary, []).append(one)
    for parent, found in sorted(agents.items()):
        source = known.machine(parent)
        sample = [one for one in found if one.available][: int(known.settings["probe_agents"])]
        trials: tuple[Trial, ...] = ()
        if source is not None and source.facts is not None:
            ends = [(one.fqdn, number) for one in sample for number in PUSH_PORTS]
            trials = tuple(Trial(source.name, name, name, number, True) for name, number in ends)
        name = source.name if source else parent
        tried = {f"{number}/tcp" for number in PUSH_PORTS}
        beside = ", ".join(part for part in port.ports.split(", ") if part not in tried)
        yield Connection(name, counted(len(found), "agent"), port.ports, port.when, trials, beside)


def _heir(known: View, parent: str) -> Optional[str]:
    """The machine that the agents of a parent are moved to because it leaves; None where it stays."""
    machine = known.machine(parent)
    return known.successor(machine, "management_server") if machine and known.leaves(machine) else None


def _parent(known: View, agent: Member) -> Optional[str]:
    """The parent an agent has to reach and does not prove to reach; None where it reports and stays."""
    if not agent.primary:
        return None
    return _heir(known, agent.primary) or (None if agent.available else agent.primary)


def _to_parent(known: View, source: str, machine: Optional[Machine], parent: str, port: Port) -> Connection:
    target = known.machine(parent)
    name = target.name if target else parent
    trials = _trials(known, machine, name, target, port) if machine else ()
    return Connection(source, name, port.ports, port.when, trials)


def _trials(known: View, source: Machine, name: str, target: Optional[Machine], port: Port) -> tuple[Trial, ...]:
    """The ports of a row that a machine can try itself, which is one that gave facts."""
    if source.facts is None:
        return ()
    address = (target.get("fqdn") or (target.model.fqdn if target.model else None) if target else None) or name
    return tuple(
        Trial(source.name, name, address, number, _listens(known, target, number)) for number in _numbers(port.ports)
    )


def _listens(known: View, target: Optional[Machine], port: int) -> bool:
    """Whether a machine has to answer on a port today: it holds its role already.

    The Data Access service of 2007 R2 runs on the root management server alone.
    """
    if target is None or port == SQL_PORT:
        return True
    if target not in known.staying:
        return False
    member = next((one for one in known.members if one.name == target.name), None)
    return port != SDK_PORT or member is None or member.is_2012 or member.kind == "root_management_server"


def _numbers(ports: str) -> list[int]:
    """The single TCP ports of a row; UDP does not tell whether it is open, and a range is no port to try."""
    parts = [part.strip().partition("/") for part in ports.split(",")]
    return [int(number) for number, _slash, kind in parts if kind == "tcp" and number.isdigit()]
