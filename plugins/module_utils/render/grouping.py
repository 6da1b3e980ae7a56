# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many alike steps as one line: agents are counted, never listed by the thousand unless somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from . import words
from .digest_types import Group, Step

# Steps of these kinds exist once an agent (or batch of agents): more than a few of them in a phase are shown as one.
AGENT_KINDS = frozenset(("agent.upgrade", "console.remove", "acs_forwarder.enable", "agents.approve"))
AGENTS_FROM = 4
OTHERS_FROM = 13

_TITLES = {
    "agent.upgrade": "Upgrade {n} manually installed agents",
    "console.remove": "Remove the console from {n} hosts with an agent",
    "acs_forwarder.enable": "Switch audit forwarding on again on {n} hosts",
    "agents.approve": "Upgrade {agents} in {n} batches",
    "gateway.upgrade": "Upgrade {n} gateways",
    "management_server.upgrade": "Upgrade {n} management servers",
    "console.upgrade": "Upgrade {n} consoles",
}


def group_steps(phase: str, steps: Sequence[Step], each: bool = False) -> tuple[Group, ...]:
    """The steps of one phase as lines in plan order; with ``each``, every step is a line of its own."""
    kinds: dict[str, int] = {}
    for step in steps:
        kinds[step.kind] = kinds.get(step.kind, 0) + 1
    members: dict[str, list[Step]] = {}
    for step in steps:
        enough = kinds[step.kind] >= (AGENTS_FROM if step.kind in AGENT_KINDS else OTHERS_FROM)
        key = f"{phase}:{step.kind}" if enough and not each else step.id
        members.setdefault(key, []).append(step)
    line_of = {step.id: key for key, found in members.items() for step in found}
    return tuple(_group(key, phase, found, line_of) for key, found in members.items())


def _group(key: str, phase: str, steps: Sequence[Step], line_of: dict[str, str]) -> Group:
    requires: dict[str, None] = {}
    inside = False
    for step in steps:
        for other in step.requires:
            line = line_of.get(other, other)
            inside = inside or line == key
            requires[line] = None
    requires.pop(key, None)
    return Group(key, phase, _title(steps), tuple(steps), tuple(requires), inside)


def _title(steps: Sequence[Step]) -> str:
    first = steps[0]
    if len(steps) == 1:
        return first.title
    pattern = _TITLES.get(first.kind)
    if pattern is None:
        return f"{first.title}, and {len(steps) - 1:,} more like it"
    agents = sum(count_agents(step) for step in steps)
    return pattern.format(n=f"{len(steps):,}", agents=words.count(agents, "pushed agent"))


def count_agents(step: Step) -> int:
    """How many agents a step names in its parameters."""
    agents = step.parameters.get("agents")
    return len(agents) if isinstance(agents, (list, tuple)) else 0
