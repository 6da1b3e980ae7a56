# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two snapshots compared, area by area: what came, what went, what changed, and whether that is within its tolerance.

Pure functions of two snapshots. An upgrade changes versions and products on purpose, so the areas say what must hold
*after* it, not that nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .catalog import TARGET, parse_version
from .catalog.capacity import DEFAULT_QUEUE_KB
from .names import ordered

#: What may differ, by area: ``count`` objects, or ``percent`` of those there were before, whichever is more.
TOLERANCES: dict[str, dict[str, float]] = {
    "versions": {"count": 0, "percent": 0},
    "servers": {"count": 0, "percent": 0},
    "agents": {"count": 0, "percent": 1},
    "health": {"count": 0, "percent": 2},
    "pending": {"count": 0, "percent": 0},
    "management_packs": {"count": 0, "percent": 0},
    "subscriptions": {"count": 0, "percent": 0},
    "connectors": {"count": 0, "percent": 0},
    "alerts": {"count": 10, "percent": 25},
    "gateway_parents": {"count": 0, "percent": 0},
    "agent_parents": {"count": 0, "percent": 0},
    "queue": {"count": 0, "percent": 0},
}
SHOWN = 20
Snapshot = Mapping[str, Any]
Change = tuple[str, Any, Any]


class ToleranceError(ValueError):
    """A tolerance for an area that does not exist, or that is no number."""


@dataclass(frozen=True)
class Area:
    """One area: every object that differs as (name, before, after), those of them that count against it, the verdict."""

    name: str
    title: str
    changes: tuple[Change, ...]
    failures: tuple[Change, ...]
    allowed: float
    holds: bool

    def line(self) -> str:
        """One line for people."""
        if self.holds:
            more = f", {len(self.failures)} of {self.allowed:g} tolerated" if self.failures else ""
            return (
                f"ok      {self.title}: {len(self.changes)} differ as expected{more}"
                if self.changes
                else f"ok      {self.title}"
            )
        shown = "; ".join(f"{name}: {_text(was)} -> {_text(now)}" for name, was, now in self.failures[:5])
        rest = f"; and {len(self.failures) - 5} more" if len(self.failures) > 5 else ""
        return f"FAILED  {self.title}: {shown}{rest}"

    def to_dict(self) -> dict[str, Any]:
        """The area as data; long lists are cut, their length is told."""
        return {
            "name": self.name,
            "title": self.title,
            "holds": self.holds,
            "allowed": self.allowed,
            "changed": len(self.changes),
            "failed": len(self.failures),
            "failures": [{"name": name, "before": was, "after": now} for name, was, now in self.failures[:SHOWN]],
        }


Finder = Callable[[Snapshot, Snapshot, str], "tuple[list[Change], list[Change], int]"]
_AREAS: list[tuple[str, str, Finder]] = []


def area(title: str) -> Callable[[Finder], Finder]:
    """Register a function as an area under its own name: it returns all changes, the failures, and how many there were."""

    def register(function: Finder) -> Finder:
        _AREAS.append((function.__name__, title, function))
        return function

    return register


def compare(
    before: Snapshot, after: Snapshot, tolerances: Optional[Mapping[str, Any]] = None, target: str = TARGET
) -> list[Area]:
    """Every area of two checked snapshots. ``tolerances`` are numbers of objects, or ``{count, percent}``, by area.

    Raises :class:`ToleranceError`.
    """
    allowed = _tolerances(tolerances or {})
    found = []
    for name, title, function in _AREAS:
        if not before.get("group") or not after.get("group"):
            missing = ("group", bool(before.get("group")), bool(after.get("group")))
            found.append(Area(name, title, (missing,), (missing,), 0, False))
            continue
        changes, failures, size = function(before, after, target)
        own = allowed[name]
        most = max(own.get("count", 0), size * own.get("percent", 0) / 100)
        found.append(Area(name, title, tuple(changes), tuple(failures), most, len(failures) <= most))
    return found


def _tolerances(given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    found = {name: dict(values) for name, values in TOLERANCES.items()}
    for name, value in given.items():
        if name not in found:
            raise ToleranceError("scom_upgrade_tolerances: no area {}; there are {}.".format(name, ", ".join(found)))
        values = value if isinstance(value, Mapping) else {"count": value, "percent": 0}
        good = all(isinstance(one, (int, float)) and not isinstance(one, bool) and one >= 0 for one in values.values())
        if not good or set(values) - {"count", "percent"}:
            raise ToleranceError(f"scom_upgrade_tolerances: {name}: expected a number, or {{count, percent}}.")
        found[name].update(values)
    return found


def _differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    return [(name, was.get(name), now.get(name)) for name in ordered({*was, *now}) if was.get(name) != now.get(name)]


def _agents(snapshot: Snapshot, *keys: str) -> dict[str, Any]:
    table = snapshot["group"]["agents"]
    columns = list(table["columns"])
    places = [columns.index(key) if key in columns else None for key in keys]
    name = columns.index("name")

    def values(row: Any) -> list[Any]:
        return [None if place is None else row[place] for place in places]

    return {row[name].lower(): values(row)[0] if len(keys) == 1 else values(row) for row in table["rows"]}


def _servers(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    return {str(row["name"]).lower(): row for row in snapshot["group"]["servers"]}


def _lower(version: Any, target: str) -> bool:
    return (parse_version(version) or ()) < (parse_version(target) or ())


@area("servers, gateways and agents are at the target build")
def versions(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    was = {**{name: row.get("version") for name, row in _servers(before).items()}, **_agents(before, "version")}
    now = {**{name: row.get("version") for name, row in _servers(after).items()}, **_agents(after, "version")}
    failures = [(name, was.get(name), version) for name, version in sorted(now.items()) if _lower(version, target)]
    return _differences(was, now), failures, len(now)


@area("no management server or gateway is lost that was to stay")
def servers(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    was, now = _servers(before), _servers(after)
    leaving = _leaving(after)
    changes: list[Change] = [
        (name, name in was, name in now) for name in ordered({*was, *now}) if (name in was) != (name in now)
    ]
    return changes, [one for one in changes if not one[2] and one[0] not in leaving], len(was)


def _leaving(after: Snapshot) -> set[str]:
    """FQDNs, and names, of the machines that an approved plan takes out of the group."""
    names: set[str] = set()
    for entry in after.get("journal") or ():
        data = entry.get("data")
        if entry.get("event") == "approved" and isinstance(data, Mapping):
            names |= {str(name).lower() for name in data.get("retire") or ()}
    found = set(names)
    hosts = after.get("hosts") or {}
    for name, facts in hosts.items():
        if name.lower() in names and facts.get("fqdn"):
            found.add(str(facts["fqdn"]).lower())
    for row in (after.get("inventory") or {}).items():
        if row[0].lower() in names and row[1].get("fqdn"):
            found.add(str(row[1]["fqdn"]).lower())
    return found


@area("no agent is lost")
def agents(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    was, now = _agents(before, "name"), _agents(after, "name")
    changes: list[Change] = [
        (name, name in was, name in now) for name in ordered({*was, *now}) if (name in was) != (name in now)
    ]
    return changes, [one for one in changes if not one[2]], len(was)


_GRADES = {"Success": 0, "Uninitialized": 1, "Warning": 1, "Error": 2}


@area("nothing is less healthy or less available than before")
def health(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def states(snapshot: Snapshot) -> dict[str, Any]:
        found = {name: [row.get("health"), row.get("available")] for name, row in _servers(snapshot).items()}
        return {**found, **_agents(snapshot, "health", "available")}

    was, now = states(before), states(after)
    changes = [one for one in _differences(was, now) if one[0] in was and one[0] in now]
    return changes, [one for one in changes if _worse(one[1], one[2])], len(was)


def _worse(was: Any, now: Any) -> bool:
    grey = now[1] is False and was[1] is not False
    return grey or _GRADES.get(now[0], 0) > _GRADES.get(was[0], 0)


@area("nothing waits in pending management")
def pending(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def rows(snapshot: Snapshot) -> dict[str, Any]:
        return {str(row.get("agent")): row.get("type") for row in snapshot["group"].get("pending") or ()}

    was, now = rows(before), rows(after)
    return _differences(was, now), [(name, was.get(name), kind) for name, kind in sorted(now.items())], len(was)


@area("no management pack is lost or older")
def management_packs(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def rows(snapshot: Snapshot) -> dict[str, Any]:
        return {str(row.get("name")): row.get("version") for row in snapshot["group"].get("management_packs") or ()}

    was, now = rows(before), rows(after)
    changes = _differences(was, now)
    bad = [one for one in changes if one[0] in was and (one[0] not in now or _lower(one[2], str(one[1])))]
    return changes, bad, len(was)


@area("the subscriptions that were on are on, and no other")
def subscriptions(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def rows(snapshot: Snapshot) -> dict[str, Any]:
        return {str(row.get("name")): bool(row.get("enabled")) for row in snapshot["group"].get("subscriptions") or ()}

    was, now = rows(before), rows(after)
    changes = _differences(was, now)
    return changes, [one for one in changes if one[0] in was], len(was)


@area("connectors are there, and run where they ran")
def connectors(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def rows(snapshot: Snapshot) -> dict[str, Any]:
        return {str(row.get("name")): bool(row.get("initialized")) for row in snapshot["group"].get("connectors") or ()}

    was, now = rows(before), rows(after)
    changes = [*_differences(was, now), *_stopped(before, after)]
    return changes, [one for one in changes if one[1] and not one[2]], len(was)


def _stopped(before: Snapshot, after: Snapshot) -> Iterable[Change]:
    """Services that the upgrade stopped, by the journal, and that do not run again."""
    for entry in after.get("journal") or ():
        data = entry.get("data")
        for one in (
            (data.get("connectors") or ()) if entry.get("event") == "saved" and isinstance(data, Mapping) else ()
        ):
            host, name = str(one.get("host") or entry.get("host")), str(one.get("service"))
            services = ((after.get("hosts") or {}).get(host) or {}).get("services") or {}
            state = next((row.get("state") for known, row in services.items() if known.lower() == name.lower()), None)
            yield f"{name} on {host}", "running", state if state == "running" else None


@area("there are not many more alerts than before")
def alerts(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    was, now = (snapshot["group"].get("alerts") or {} for snapshot in (before, after))
    more = max((now.get("open") or 0) - (was.get("open") or 0), 0)
    extra: list[Change] = [("open alerts", was.get("open"), now.get("open"))] * more
    return _differences(dict(was), dict(now)), extra, int(was.get("open") or 0)


@area("gateways report to the servers they reported to, or to who took over")
def gateway_parents(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def rows(snapshot: Snapshot) -> dict[str, Any]:
        return {name: row.get("primary") for name, row in _servers(snapshot).items() if row.get("is_gateway")}

    was, now = rows(before), rows(after)
    leaving = _leaving(after)
    changes = [one for one in _differences(was, now) if one[0] in was and one[0] in now]
    return changes, [one for one in changes if str(one[1]).lower() not in leaving], len(was)


@area("agents report to the servers they reported to, or to who took over")
def agent_parents(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    was, now = _agents(before, "primary"), _agents(after, "primary")
    leaving = _leaving(after)
    changes = [one for one in _differences(was, now) if one[0] in was and one[0] in now]
    return changes, [one for one in changes if str(one[1]).lower() not in leaving], len(was)


@area("health services queue as much as before")
def queue(before: Snapshot, after: Snapshot, target: str) -> tuple[list[Change], list[Change], int]:
    def sizes(snapshot: Snapshot) -> dict[str, Any]:
        return {
            f"{host} ({group})": DEFAULT_QUEUE_KB if size is None else size
            for host, facts in (snapshot.get("hosts") or {}).items()
            for group, size in (facts.get("queue_kb") or {}).items()
        }

    was, now = sizes(before), sizes(after)
    changes = _differences(was, now)
    # A host that was not read, or that left the group, has no queue that could be set back.
    return changes, [one for one in changes if one[0] in was and one[0] in now], len(was)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(_text(one) for one in value)
    return {None: "unknown", True: "yes", False: "no"}.get(value, str(value)) if not isinstance(value, str) else value
