# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happens to each machine, in words: from the pictures before and after, and from the steps that touch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from . import words
from .digest_types import Digest, Group
from .grouping import AGENT_KINDS
from .topology import Machine, Topology, band_of

_BANDS = ("servers", "gateways", "data", "others", "spare", "left")


@dataclass(frozen=True)
class Fate:
    """One machine: what it is before and after, a sentence, why that must be, and the lines of the plan that run on it."""

    name: str
    before: Optional[Machine]
    after: Optional[Machine]
    sentence: str
    lines: tuple[Group, ...]
    why: tuple[str, ...] = ()


def fates(digest: Digest, before: Optional[Topology], after: Optional[Topology]) -> tuple[Fate, ...]:
    """Every machine of the pictures, then hosts that only steps name; hosts of agents are left to :func:`agent_lines`."""
    old = {machine.name: machine for machine in before.machines} if before else {}
    new = {machine.name: machine for machine in after.machines} if after else {}
    lines: dict[str, list[Group]] = {}
    for group in digest.groups:
        for host in group.hosts:
            if group.first.kind not in AGENT_KINDS or host in old:
                lines.setdefault(host, []).append(group)
    names = sorted(
        [*old, *(name for name in new if name not in old)], key=lambda name: _place(old.get(name) or new[name])
    )
    return tuple(
        Fate(
            name,
            old.get(name),
            new.get(name),
            _sentence(old.get(name), new.get(name), digest),
            tuple(lines.get(name, ())),
            tuple(dict.fromkeys(why.text for one in digest.takeovers if one.machine == name for why in one.reasons)),
        )
        for name in dict.fromkeys([*names, *lines])
    )


def _place(machine: Machine) -> tuple[int, int]:
    """The root management server first, then as in the pictures."""
    return _BANDS.index(band_of(machine)), 0 if "rms" in machine.marks else 1


def agents_text(topology: Optional[Topology]) -> str:
    """How many agents there are, by kind of installation."""
    counts: dict[str, int] = {}
    for machine in topology.machines if topology else ():
        for group in machine.agents:
            counts[group.install] = counts.get(group.install, 0) + group.count
    kinds = ", ".join(f"{number:,} {install}" for install, number in sorted(counts.items(), reverse=True))
    return f"{words.count(sum(counts.values()), 'agent')}: {kinds}" if counts else "agents"


def agent_lines(digest: Digest) -> tuple[Group, ...]:
    """The lines of the plan that upgrade agents, whose hosts are counted and not listed."""
    return tuple(
        group for group in digest.groups if group.first.kind in AGENT_KINDS or group.first.kind == "agents.move"
    )


def roles_text(machine: Optional[Machine]) -> str:
    """What a machine is, in words."""
    if machine is None:
        return ""
    if "left" in machine.marks:
        return "no longer in the group"
    roles = ", ".join(words.label(words.ROLES, role) for role in machine.roles)
    if "emulator" in machine.marks:
        roles = f"{roles}, RMS emulator"
    return roles or ("spare machine" if "spare" in machine.marks else "no role")


def _sentence(old: Optional[Machine], new: Optional[Machine], digest: Digest) -> str:
    if old is None and new is None:
        return ""
    if new is None or "left" in new.marks:
        return " ".join(["Leaves the group.", *_successors(old.name if old else "", digest)])
    parts = []
    before = set(old.roles) if old else set()
    joined = [words.label(words.ROLES, role) for role in new.roles if role not in before]
    given = [words.label(words.ROLES, role) for role in (old.roles if old else ()) if role not in new.roles]
    given = [name for name in given if name != words.ROLES["root_management_server"]]
    if joined and "new" in new.marks:
        parts.append(f"Joins the group: {_and(joined)}.")
    elif joined and joined != [words.ROLES["management_server"]]:
        parts.append(f"Takes over: {_and(joined)}.")
    if given:
        parts.append(f"Hands over: {_and(given)}.")
        parts += _successors(old.name if old else "", digest)
    if "run_from" in new.marks:
        parts.append("Runs the upgrade of the group.")
    if "emulator" in new.marks:
        parts.append("Keeps the RMS emulator." if old and "rms" in old.marks else "Becomes the RMS emulator.")
    if not parts and new.roles:
        converted = {"operational_database", "data_warehouse"} & set(new.roles)
        same = old is not None and new.version == old.version
        if converted and new.version != "2012":
            parts.append("Stays. The upgrade of the group converts its databases.")
        elif converted:
            parts.append("Stays and is upgraded. The upgrade of the group converts its databases.")
        else:
            parts.append("Stays as it is." if same else "Upgraded where it stands.")
    return " ".join(parts) or ("Not used." if not new.roles else "")


def _successors(name: str, digest: Digest) -> list[str]:
    """Who takes over what from a machine, a sentence each."""
    found: dict[str, list[str]] = {}
    for one in digest.takeovers:
        if one.machine == name and one.by:
            roles = found.setdefault(one.by, [])
            roles += [label for role in one.roles if (label := words.label(words.ROLES, role)) not in roles]
    return [f"{by} takes over: {_and(roles)}." for by, roles in found.items() if roles]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
