# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machine takes the place of one that cannot be upgraded.

What stands here follows from the documented complex paths (S1, S3, S6: add a supported machine for each that fails); how
a particular spare is chosen is this collection's own rule, and the inventory overrides it with ``scom_replaces``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

from .catalog import Reason, Settings, supported, undecided
from .model import Machine, ManagementGroup
from .names import natural

MANAGEMENT_SERVER, GATEWAY, DATABASE, FEATURE = "management_server", "gateway", "database", "feature"
DATABASE_LIKE = ("operational_database", "data_warehouse", "acs_database", "reporting")
FEATURES = ("web_console", "acs_collector", "console")
#: The role by which a spare is judged for each kind.
FITTING = {
    MANAGEMENT_SERVER: "management_server",
    GATEWAY: "gateway",
    DATABASE: "operational_database",
    FEATURE: "web_console",
}


@dataclass(frozen=True)
class Replacement:
    """A machine that fails for some of its roles, and the machine that takes them over.

    ``kind`` says what is taken over: management_server, gateway, database (with reporting) or feature. ``by`` is None
    where nothing fits. ``new`` is True where ``by`` is a spare, False where a server of the group takes over.
    ``needed`` is False where the group can do without.
    """

    machine: str
    kind: str
    roles: tuple[str, ...]
    by: Optional[str]
    new: bool
    needed: bool
    reasons: tuple[Reason, ...]


def failures(group: ManagementGroup, settings: Settings) -> dict[str, list[Reason]]:
    """For each machine that cannot hold one of its roles after the upgrade, the reasons.

    A console of its own is no server of the group and decides nothing: where it cannot stay, the group does without it.
    """
    found: dict[str, list[Reason]] = {}
    for machine in group.machines.values():
        if machine.facts is None or machine.roles == ("console",):
            continue
        reasons: list[Reason] = []
        for role in machine.roles:
            instances = {one.instance for one in group.databases.values() if one.server == machine.name}
            instance = next(iter(instances)) if len(instances) == 1 and _has_instance(machine, instances) else None
            reasons += supported(machine.facts, role, settings, instance)
        if reasons:
            found[machine.name] = reasons
    return found


def _has_instance(machine: Machine, instances: Iterable[str]) -> bool:
    named = {str(one.get("instance")).upper() for one in machine.sql}
    return all(name in named for name in instances)


def fits(machine: Machine, kind: str, settings: Settings) -> bool:
    """Whether a spare can take over, or has taken over, what the kind says. One that is not known well enough cannot."""
    if machine.facts is None or not machine.reachable or undecided(machine.facts, FITTING[kind]):
        return False
    taken = {
        MANAGEMENT_SERVER: machine.is_server,
        GATEWAY: machine.is_gateway,
        DATABASE: any(role in machine.roles for role in DATABASE_LIKE),
        FEATURE: any(role in machine.roles for role in FEATURES),
    }
    if any(taken.values()) and not taken[kind]:
        return False
    if supported(machine.facts, FITTING[kind], settings):
        return False
    return bool(machine.sql) if kind == DATABASE else kind == GATEWAY or _in_domain(machine)


def _in_domain(machine: Machine) -> bool:
    return (machine.facts or {}).get("domain_joined") is not False


def liking(machine: Machine, kind: str) -> tuple[bool, bool, tuple[tuple[int, int, str], ...]]:
    """Sorts spares: those made for the kind first (a perimeter machine or one called a gateway; one with SQL Server)."""
    for_gateway = not _in_domain(machine) or "gw" in machine.name.lower() or "gate" in machine.name.lower()
    return (for_gateway != (kind == GATEWAY), bool(machine.sql) != (kind == DATABASE), natural(machine.name))


class Pool:
    """The spares that are left while replacements are handed out."""

    def __init__(
        self, group: ManagementGroup, settings: Settings, pinned: Optional[dict[tuple[str, str], str]] = None
    ) -> None:
        """Start with every spare of the group. ``pinned`` keeps what an approved plan decided: (machine, kind) to spare."""
        self._settings = settings
        self._group = group
        self._pinned = pinned or {}
        self._left = list(group.spares)

    def take(self, machine: str, kind: str) -> Optional[str]:
        """The spare for a machine, which is then gone; None where none fits. A spare meant for another is not taken."""
        able = [one for one in self._left if fits(one, kind, self._settings)]
        mine = [one for one in able if self._pinned.get((machine, kind)) == one.name]
        if not mine:
            promised = set(self._pinned.values())
            meant = [one for one in able if one.replaces and self._group.machine(one.replaces) is not None]
            mine = [one for one in meant if self._is(one.replaces, machine)]
            mine = mine or [one for one in able if one not in meant and one.name not in promised]
        if not mine:
            return None
        best = min(mine, key=lambda one: liking(one, kind))
        self._left.remove(best)
        return best.name

    def remove(self, name: str) -> None:
        """Take one spare out, if it is still there."""
        self._left = [one for one in self._left if one.name != name]

    def _is(self, replaces: Optional[str], machine: str) -> bool:
        found = self._group.machine(replaces)
        return found is not None and found.name == machine


def replacements(
    group: ManagementGroup,
    failing: dict[str, list[Reason]],
    retire: Sequence[str],
    run_from: Optional[str],
    pool: Pool,
) -> list[Replacement]:
    """Who takes over from each failing machine. ``run_from`` is already chosen, and taken from the pool if it was a spare."""
    found: list[Replacement] = []
    for name, reasons in failing.items():
        machine = group.machines[name]
        roles = tuple(role for role in DATABASE_LIKE if role in machine.roles and _fails(reasons, role))
        if roles:
            by = pool.take(name, DATABASE)
            found.append(Replacement(name, DATABASE, roles, by, True, True, _of(reasons, roles)))
    for name in retire:
        machine = group.machines[name]
        if machine.is_gateway:
            by = pool.take(name, GATEWAY)
            needed = bool(group.agents_by_parent.get(name)) or any(one.primary == name for one in group.gateways)
            found.append(Replacement(name, GATEWAY, ("gateway",), by, True, needed, tuple(failing.get(name, ()))))
    leaving = [name for name in retire if group.machines[name].is_server and not group.machines[name].node_of]
    taken = {name: pool.take(name, MANAGEMENT_SERVER) for name in leaving if leaves_first(group, retire, name)}
    heir = _remaining(group, retire, taken.values()) or run_from
    for name in leaving:
        root = name not in taken
        by = run_from if root else taken[name] or heir
        new = by is not None and group.machines[by].spare if root else taken.get(name) is not None
        reasons = [one for one in failing.get(name, ()) if one.role in ("root_management_server", "management_server")]
        found.append(Replacement(name, MANAGEMENT_SERVER, ("management_server",), by, new, True, tuple(reasons)))
    for name in dict.fromkeys([*failing, *retire]):
        machine = group.machines[name]
        reasons = failing.get(name, [])
        roles = tuple(r for r in FEATURES if r in machine.roles and (name in retire or _fails(reasons, r)))
        if leaves_first(group, retire, name):
            roles = tuple(role for role in roles if role != "console")
        if not roles or machine.node_of:
            continue
        by, new = _successor(found, name), False
        if by is None:
            by, new = pool.take(name, FEATURE), True
        found.append(Replacement(name, FEATURE, roles, by, new, roles != ("console",), _of(reasons, roles)))
    return found


def leaves_first(group: ManagementGroup, retire: Sequence[str], name: str) -> bool:
    """Whether a machine leaves before the group is upgraded: a secondary server or a gateway, never the root."""
    machine = group.machines[name]
    return name in retire and name != group.rms and name not in group.former_roots and not machine.node_of


def _remaining(group: ManagementGroup, retire: Sequence[str], coming: Iterable[Optional[str]]) -> Optional[str]:
    """A secondary management server that stays: the first by name, a spare that joins the last."""
    names = {one.name for one in group.secondaries if one.name not in retire} | {name for name in coming if name}
    return min(names, key=lambda name: (group.machines[name].spare, natural(name))) if names else None


def _successor(found: Iterable[Replacement], name: str) -> Optional[str]:
    """The management server that takes over from a machine takes over its features too."""
    return next((one.by for one in found if one.machine == name and one.kind == MANAGEMENT_SERVER), None)


def _fails(reasons: Iterable[Reason], role: str) -> bool:
    return any(reason.role == role for reason in reasons)


def _of(reasons: Iterable[Reason], roles: Sequence[str]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if reason.role in roles)
