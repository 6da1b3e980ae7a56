# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What if there were another machine: spares that the inventory describes and nobody has built yet, put into a snapshot.

A description is ``scom_what_if`` of an inventory host: ``true``, or facts in the shape of HOST of ``docs/snapshot.md`` that
differ from those of a usual new server. The snapshot marks such machines as assumed, so that every plan and view says so,
and nothing that rests on them can be approved or carried out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from . import facts, inputs, model, path
from .catalog import ROLES
from .catalog.configurations import RELEASES
from .entities import said_roles
from .names import ordered

#: Why an assumed machine gives no facts to a run.
REASON = "is assumed for a what-if"
ARCHITECTURES = ("x64", "x86", "ia64")
#: What a machine cannot have that carries nothing of the product yet, and what no description decides.
NOT_ASSUMED = ("name", "opsmgr", "opsdb", "cluster", "queue_kb", "encryption_key", "collected", "unknown")
SYSTEM = {
    "caption": "Microsoft Windows Server 2008 R2 Enterprise",
    "version": "6.1.7601",
    "release": "2008 R2",
    "service_pack": 1,
    "architecture": "x64",
}
SQL_SERVER = {
    "instance": "MSSQLSERVER",
    "version": "10.50.2500.0",
    "edition": "Standard Edition (64-bit)",
    "collation": "SQL_Latin1_General_CP1_CI_AS",
    "full_text": True,
    "allow_updates": 0,
    "clustered": False,
    "databases": [],
}
SYSTEM_DISK = {"drive": "C:", "size_mb": 81920, "free_mb": 61440, "file_system": "NTFS", "system": True}
DATA_DISK = {"drive": "D:", "size_mb": 1048576, "free_mb": 1048576, "file_system": "NTFS", "system": False}


class WhatIfError(ValueError):
    """Machines that cannot be assumed as they are described. ``problems`` has one text for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Join the problems into one message."""
        self.problems = tuple(problems)
        super().__init__(" | ".join(self.problems))


def is_assumed(described: Any) -> bool:
    """Whether the value of ``scom_what_if`` assumes a machine; a wrong value does, so that it is named and not passed over."""
    return described is not None and described is not False


def assumed(snapshot: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the machines of a snapshot that are assumed."""
    inventory = snapshot.get("inventory") or {}
    return tuple(ordered(name for name, entry in inventory.items() if entry.get("what_if")))


def said(names: Sequence[str]) -> str:
    """What everybody has to know of a plan that rests on assumed machines; empty without any."""
    if not names:
        return ""
    them = "machines that are" if len(names) > 1 else "a machine that is"
    return f"This plan rests on {them} only assumed: {', '.join(names)}. It cannot be approved or carried out."


def assume(snapshot: Mapping[str, Any], machines: Mapping[str, Mapping[str, Any]]) -> facts.Snapshot:
    """A snapshot with further machines, each described as ``{what_if, spare, replaces, role, fqdn}``.

    A machine that was assumed before is described anew. Raises :class:`WhatIfError`.
    """
    checked = facts.load(snapshot)
    group = model.build(checked)
    hosts, inventory = dict(checked["hosts"]), dict(checked["inventory"])
    unreachable = dict(checked["unreachable"])
    problems: list[str] = []
    for name in ordered(machines):
        entry = machines[name]
        wrong = _problems(name, entry, group)
        if not wrong:
            hosts[name] = _host(name, entry, group)
            wrong = _wrong_facts(name, hosts[name])
        problems += [f"{name}: {text}" for text in wrong]
        inventory[name] = {
            **{key: entry.get(key) for key in ("fqdn", "role", "replaces", "delegate")},
            "spare": True,
            "reachable": True,
            "what_if": True,
        }
        unreachable.pop(name, None)
    if problems:
        raise WhatIfError(problems)
    return facts.load({**checked, "hosts": hosts, "inventory": inventory, "unreachable": unreachable})


@dataclass(frozen=True)
class Answer:
    """The snapshot with the assumed machines, and what changes by them."""

    snapshot: facts.Snapshot
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]
    text: tuple[str, ...]


def ask(
    snapshot: Mapping[str, Any],
    machines: Mapping[str, Mapping[str, Any]],
    given: Optional[Mapping[str, Any]] = None,
) -> Answer:
    """What would be with the spare machines of an inventory, of which some are described and others are not.

    Raises :class:`WhatIfError` and ``inputs.InputError``.
    """
    complete = inputs.normalise(given)
    described = {name: entry for name, entry in machines.items() if is_assumed(entry.get("what_if"))}
    found = assume(snapshot, described)
    names = assumed(found)
    known = model.build(found)
    unknown = tuple(name for name in ordered(machines) if name not in described and _nothing_of(known, name))
    text = []
    if names:
        without = path.decide(model.build(facts.load(snapshot)), complete).summary
        text = [
            f"Without the assumed machines: {without}",
            f"With {', '.join(names)}: {path.decide(known, complete).summary}",
            said(names),
        ]
    if unknown:
        text.append(
            f"Nothing is known of {', '.join(unknown)}: the snapshot has no facts, so the plan goes without. Discover anew, or"
            " describe what is to be built with scom_what_if."
        )
    return Answer(found, names, unknown, tuple(text))


def _nothing_of(group: model.ManagementGroup, name: str) -> bool:
    machine = group.machine(name)
    return machine is None or machine.facts is None


def _problems(name: str, entry: Mapping[str, Any], group: model.ManagementGroup) -> list[str]:
    """What is wrong with a description, apart from its facts."""
    described = entry.get("what_if")
    found = []
    if described is not True and not isinstance(described, Mapping):
        found.append("scom_what_if: expected true, or a mapping of facts as docs/snapshot.md has them under HOST.")
    if entry.get("spare") is not True:
        found.append("scom_what_if describes a spare machine; set scom_spare: true as well.")
    for role in said_roles(entry):
        if role not in (*ROLES, "agent"):
            found.append("scom_role: {} is no role; it is one or several of {}, agent.".format(role, ", ".join(ROLES)))
    if entry.get("replaces") and group.machine(entry["replaces"]) is None:
        found.append(f"scom_replaces: {entry['replaces']} is no machine of the snapshot.")
    known = group.machine(name)
    if name in group.snapshot["hosts"] and name not in assumed(group.snapshot):
        found.append("the snapshot has facts of this machine, so it cannot be assumed; take scom_what_if away.")
    elif known is not None and known.row is not None:
        found.append("the group has a server of this name, so it cannot be assumed; take scom_what_if away.")
    if isinstance(described, Mapping):
        told = [key for key in NOT_ASSUMED if key in described]
        if told:
            found.append("scom_what_if: {} cannot be assumed of a new machine.".format(", ".join(told)))
    return found


def _host(name: str, entry: Mapping[str, Any], group: model.ManagementGroup) -> dict[str, Any]:
    """HOST of a machine: a usual new server, with what its description says instead."""
    described = entry["what_if"] if isinstance(entry["what_if"], Mapping) else {}
    fqdn = str(entry.get("fqdn") or described.get("fqdn") or _fqdn(name, group)).lower()
    sql = described.get("sql")
    host = {
        "name": name.partition(".")[0].upper(),
        "domain": fqdn.partition(".")[2] or None,
        "domain_joined": True,
        "collected": group.collected,
        "clock_skew_seconds": 0,
        "memory_mb": 8192,
        "processors": 4,
        "pending_reboot": False,
        "disks": [SYSTEM_DISK, *([DATA_DISK] if sql else [])],
        "powershell": "2.0",
        "clr": "2.0.50727.5420",
        "winrm": "2.0",
        "dotnet": ["2.0", "3.0", "3.5.1", "4.0"],
        "msxml6": True,
        "windows_installer": "5.0.7601.17514",
        "services": {},
        "opsmgr": None,
        "software": [],
        "certificates": [],
        **described,
        "fqdn": fqdn,
        "os": _over(SYSTEM, described.get("os")),
        "sql": [_over(SQL_SERVER, one) for one in sql] if isinstance(sql, (list, tuple)) else sql or [],
    }
    return host


def _over(usual: Mapping[str, Any], described: Any) -> Any:
    """The usual facts with those that are described; what is no mapping stays, for the schema to name it."""
    if described is None:
        return dict(usual)
    return {**usual, **described} if isinstance(described, Mapping) else described


def _fqdn(name: str, group: model.ManagementGroup) -> str:
    """A machine's name in the domain of the group's servers."""
    if "." in name:
        return name
    told = [one.fqdn for one in (group.machine(group.rms), *group.servers) if one is not None and one.fqdn]
    domains = [fqdn.partition(".")[2] for fqdn in told]
    domains += [str(host["domain"]) for host in group.snapshot["hosts"].values() if host.get("domain_joined")]
    domain = next(filter(None, domains), "")
    return f"{name}.{domain}" if domain else name


def _wrong_facts(name: str, host: Mapping[str, Any]) -> list[str]:
    """What is wrong with the facts of a description, with their places in it."""
    place = f"hosts.{name}"
    found = [
        _told(one.place[len(place) :], one.problem, one.remedy)
        for one in facts.validate({"schema": facts.SCHEMA, "hosts": {name: host}})
        if one.place.startswith(place)
    ]
    if found:
        return found
    system, memory = host["os"], host["memory_mb"]
    if system["release"] not in RELEASES:
        found.append(_told(".os.release", f"{system['release']} is not known; known: {', '.join(RELEASES)}."))
    if system["architecture"] not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        found.append(_told(".os.architecture", f"{system['architecture']} is not known; known: {known}."))
    if memory is not None and not 0 < memory < math.inf:
        found.append(_told(".memory_mb", "expected a number of megabytes, more than 0."))
    return found


def _told(place: str, problem: str, remedy: Optional[str] = None) -> str:
    hint = f" {remedy}" if remedy and remedy.startswith("Did you mean") else ""
    return f"scom_what_if{place}: {problem}{hint}"
