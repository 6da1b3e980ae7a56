# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proof that an upgraded group is whole: what Microsoft's post-upgrade list asks a person to look at, as checks of facts.

Sources: upgrade procedure 3.6 items 1 to 6 and 9 (`later guide` S19j), scripting reference 5.2. Each check is a plain
function of a snapshot that returns its failures; no failures means that it holds. A check that has nothing to look at says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_POOLS = ("All Management Servers Resource Pool", "Notifications Resource Pool", "AD Assignment Resource Pool")
SERVICES = ("HealthService", "OMSDK", "cshost")

Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """One check's outcome. `looked_at` counts the things it saw, `failures` names those that are not as they should be."""

    name: str
    title: str
    looked_at: int
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def line(self) -> str:
        """One line for people."""
        if self.holds:
            return f"ok      {self.title}" + (f" ({self.looked_at})" if self.looked_at else " (nothing to look at)")
        more = f" and {len(self.failures) - 5} more" if len(self.failures) > 5 else ""
        return f"FAILED  {self.title}: " + "; ".join(self.failures[:5]) + more

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "holds": self.holds,
            "looked_at": self.looked_at,
            "failures": list(self.failures),
        }


Check = Callable[[Snapshot, str], "tuple[int, list[str]]"]
_CHECKS: list[tuple[str, str, Check]] = []


def check(title: str) -> Callable[[Check], Check]:
    """Register a function as a check under its own name."""

    def register(function: Check) -> Check:
        _CHECKS.append((function.__name__, title, function))
        return function

    return register


def prove(snapshot: Snapshot, target_version: str = "7.0.8560.0") -> list[Proof]:
    """Run every check. A snapshot without a group is a failure of the first one, and the others have nothing to look at."""
    proofs = []
    for name, title, function in _CHECKS:
        if snapshot.get("group") is None and name != "group_is_upgraded":
            proofs.append(Proof(name, title, 0, ("the group's facts are missing",)))
            continue
        looked_at, failures = function(snapshot, target_version)
        proofs.append(Proof(name, title, looked_at, tuple(failures)))
    return proofs


@check("the group is System Center 2012 - Operations Manager")
def group_is_upgraded(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """The shell of 2012 answers, and the group has the build."""
    group = snapshot.get("group")
    if group is None:
        return 0, ["the group could not be asked"]
    if group.get("product") != "2012" or not _at(group.get("version"), target):
        return 1, [f"it is {group.get('product')}, build {group.get('version')}"]
    return 1, []


@check("every management server and gateway has the new build")
def servers_are_upgraded(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the group's own list."""
    servers = snapshot["group"]["servers"]
    return len(servers), [f"{row['name']} is at {row['version']}" for row in servers if not _at(row["version"], target)]


@check("every management server and gateway is healthy and on the air")
def servers_are_healthy(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """Health Success, and heard of."""
    servers = snapshot["group"]["servers"]
    return len(servers), [f"{row['name']} is {_health(row)}" for row in servers if not _well(row)]


@check("every agent has the new build")
def agents_are_upgraded(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the group's own list, pushed and manual ones alike."""
    agents = list(_agents(snapshot))
    return len(agents), [f"{row['name']} is at {row['version']}" for row in agents if not _at(row["version"], target)]


@check("every agent is healthy and on the air")
def agents_are_healthy(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """Health Success, and heard of."""
    agents = list(_agents(snapshot))
    return len(agents), [f"{row['name']} is {_health(row)}" for row in agents if not _well(row)]


@check("nothing is left in pending management")
def nothing_is_pending(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the shell, and by the table where the database could be read (KB 2626752 knows rows that no console shows)."""
    shown = {(row["agent"], row["type"]) for row in snapshot["group"].get("pending") or []}
    for facts in snapshot["hosts"].values():
        shown |= {(row["agent"], row["type"]) for row in (facts.get("opsdb") or {}).get("pending") or []}
    return 1, [f"{agent}: {kind}" for agent, kind in sorted(shown)]


@check("the services of 2012 run on every management server, and OMCFG is gone")
def services_run(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the hosts' own facts."""
    failures, looked_at = [], 0
    for name, facts in _management_servers(snapshot):
        services = facts.get("services") or {}
        looked_at += 1
        failures += [
            f"{service} on {name} is {_state(services, service)}"
            for service in SERVICES
            if _state(services, service) != "running"
        ]
        if "OMCFG" in services:
            failures.append(f"OMCFG is still on {name}")
    return looked_at, failures


@check("a management server holds the RMS emulator")
def emulator_is_held(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """Old management packs need it."""
    group = snapshot["group"]
    holder = group.get("rms_emulator")
    if not holder:
        return 1, ["no server holds it"]
    return 1, [] if holder in {row["name"] for row in group["servers"]} else [f"{holder} is not a server of the group"]


@check("the three default resource pools have every management server")
def pools_are_full(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """All of them are filled automatically (scripting reference 3.8)."""
    group = snapshot["group"]
    pools = {row["name"]: set(row["members"]) for row in group.get("resource_pools") or []}
    servers = {row["name"] for row in group["servers"] if not row["is_gateway"]}
    failures = []
    for name in DEFAULT_POOLS:
        if name not in pools:
            failures.append(f"{name} does not exist")
        elif servers - pools[name]:
            failures.append(f"{name} lacks {', '.join(sorted(servers - pools[name]))}")
    return len(DEFAULT_POOLS), failures


@check("the subscriptions that were on are on again, and no others")
def subscriptions_are_back(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the journal of this upgrade."""
    saved = [entry["data"]["subscriptions"] for entry in _saved(snapshot, "subscriptions")]
    if not saved:
        return 0, []
    were_on = {item["id"]: item["name"] for item in saved[-1]}
    now = {row["id"]: row for row in snapshot["group"].get("subscriptions") or []}
    failures = [f"{name} is off" for key, name in were_on.items() if not now.get(key, {}).get("enabled")]
    failures += [
        f"{row['name']} is on, and was off before" for key, row in now.items() if row["enabled"] and key not in were_on
    ]
    return len(now), failures


@check("the connectors that ran run again")
def connectors_run(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the journal of this upgrade."""
    saved = {
        (item["host"], item["service"])
        for entry in _saved(snapshot, "connectors")
        for item in entry["data"]["connectors"]
    }
    failures = []
    for host, service in sorted(saved):
        state = _state((snapshot["hosts"].get(host) or {}).get("services") or {}, service)
        if state != "running":
            failures.append(f"{service} on {host} is {state}")
    return len(saved), failures


@check("audit forwarding is on again where it was on")
def forwarders_run(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the journal of this upgrade: the agent's upgrade switches it off (S19c)."""
    hosts = {entry["host"] for entry in _saved(snapshot, "acs_forwarder")}
    hosts |= {host for entry in _saved(snapshot, "acs_forwarders") for host in entry["data"]["acs_forwarders"]}
    failures = []
    for host in sorted(hosts):
        forwarder = ((snapshot["hosts"].get(host) or {}).get("opsmgr") or {}).get("acs_forwarder") or {}
        if forwarder.get("state") != "running":
            failures.append(f"AdtAgent on {host} is {forwarder.get('state') or 'not known'}")
    return len(hosts), failures


@check("every agent has the management servers it had")
def parents_are_back(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the journal: agents that were moved for their upgrade were given back."""
    saved = {item["agent"]: item for entry in _saved(snapshot, "parents") for item in entry["data"]["parents"]}
    now = {row["name"]: row for row in _agents(snapshot) if row["name"] in saved}
    failures = [
        f"{name} reports to {now[name]['primary'] if name in now else 'nothing'} instead of {item['primary']}"
        for name, item in saved.items()
        if name not in now or now[name]["primary"] != item["primary"]
    ]
    return len(saved), failures


@check("consoles, web console, Reporting and audit collectors have the new build")
def features_are_upgraded(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """By the hosts' own facts."""
    failures, looked_at = [], 0
    for name, facts in snapshot["hosts"].items():
        product = facts.get("opsmgr") or {}
        for feature in ("console", "web_console", "reporting", "acs_collector"):
            found = product.get(feature)
            if found:
                looked_at += 1
                if not _at(found.get("version"), target):
                    failures.append(f"{feature.replace('_', ' ')} on {name} is at {found.get('version')}")
    removed = {host for entry in _saved(snapshot, "consoles_removed") for host in entry["data"]["consoles_removed"]}
    failures += [
        f"the console on {host} was not installed again"
        for host in sorted(removed)
        if not ((snapshot["hosts"].get(host) or {}).get("opsmgr") or {}).get("console")
    ]
    return looked_at, failures


@check("the service broker of the operational database is on")
def broker_is_on(snapshot: Snapshot, target: str) -> tuple[int, list[str]]:
    """A restore or a move can leave it off (upgrade procedure 3.1.4)."""
    failures, looked_at = [], 0
    for name, facts in snapshot["hosts"].items():
        opsdb = facts.get("opsdb")
        for instance in facts.get("sql") or []:
            for database in instance["databases"]:
                if opsdb and database["name"] == opsdb["database"]:
                    looked_at += 1
                    if database["broker"] is not True:
                        failures.append(f"{database['name']} on {name}")
    return looked_at, failures if looked_at else ["the operational database was not found on any host"]


def _agents(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    agents = snapshot["group"]["agents"]
    for row in agents["rows"]:
        yield dict(zip(agents["columns"], row))


def _management_servers(snapshot: Snapshot) -> Iterator[tuple[str, Mapping[str, Any]]]:
    names = {row["name"] for row in snapshot["group"]["servers"] if not row["is_gateway"]}
    for name, facts in snapshot["hosts"].items():
        if facts.get("fqdn") in names:
            yield name, facts


def _saved(snapshot: Snapshot, key: str) -> list[Mapping[str, Any]]:
    return [
        entry
        for entry in snapshot.get("journal") or []
        if entry.get("event") == "saved" and (entry.get("data") or {}).get(key)
    ]


def _state(services: Mapping[str, Any], name: str) -> str:
    for key, item in services.items():
        if key.lower() == name.lower():
            return str(item.get("state"))
    return "absent"


def _well(row: Mapping[str, Any]) -> bool:
    return row.get("health") == "Success" and row.get("available") is not False


def _health(row: Mapping[str, Any]) -> str:
    return "off the air" if row.get("available") is False else str(row.get("health"))


def _at(version: Any, target: str) -> bool:
    return _numbers(version) >= _numbers(target)


def _numbers(version: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", str(version or "")))
