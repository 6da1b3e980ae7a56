# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When each step runs: as soon as what it requires is over and there is a hand free for it.

A host does one step at a time, and so do the servers and the batches of pushed agents among themselves. Agents that were
installed by hand are upgraded ``forks`` at a time, gateways ``gateways_at_once``: both are settings. Nothing else waits for
a free hand, only for the steps it requires.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional, Protocol

from .catalog.settings import SETTINGS

Times = dict[str, tuple[float, float]]
#: What made a step begin when it did: the step that ended then, by id.
Causes = dict[str, Optional[str]]

AGENTS, GATEWAYS, SERVERS, BATCHES = "agents", "gateways", "servers", "batches"
#: Which lane steps of a kind share; kinds that are not named share none.
LANES = {
    "agent.upgrade": AGENTS,
    "console.remove": AGENTS,
    "acs_forwarder.enable": AGENTS,
    "gateway.upgrade": GATEWAYS,
    "management_server.upgrade": SERVERS,
    "agents.approve": BATCHES,
}


class Timed(Protocol):
    """What is needed of a step to say when it runs."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def kind(self) -> str:
        """Its kind, which decides its lane."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts it keeps busy."""

    @property
    def requires(self) -> tuple[str, ...]:
        """The steps it waits for, by id."""


def widths(settings: Any = None) -> dict[str, int]:
    """How many steps of a lane run at the same time, from the inputs' ``settings``; nonsense counts as the default."""
    given = settings if isinstance(settings, Mapping) else {}
    found = {SERVERS: 1, BATCHES: 1}
    for lane, name in ((AGENTS, "forks"), (GATEWAYS, "gateways_at_once")):
        value = given.get(name)
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and 1 <= value < 1e6
        found[lane] = int(value) if good and value is not None else int(SETTINGS[name].default)
    return found


def run(
    steps: Sequence[Timed], seconds: Callable[[Any], float], lanes: Optional[Mapping[str, int]] = None
) -> tuple[Times, Causes]:
    """Start and end of each step, in seconds from now, and what each waited for last.

    Steps are taken as they become ready; of those that become ready together, the one the plan names first. A step without
    duration, such as one that is done, keeps no lane busy. Requirements that are no steps count as done; steps that wait
    for each other in a circle, which no correct plan holds, are put at the end.
    """
    free = {lane: [(0.0, "")] * width for lane, width in (lanes or widths()).items()}
    busy: dict[str, tuple[float, str]] = {}
    times: Times = {}
    causes: Causes = {}
    index = {step.id: (place, step) for place, step in enumerate(steps)}
    missing = {step.id: sum(1 for other in step.requires if other in index) for step in steps}
    followers: dict[str, list[str]] = {}
    for step in steps:
        for other in step.requires:
            if other in index:
                followers.setdefault(other, []).append(step.id)
    queue = [(0.0, place, step.id) for place, step in enumerate(steps) if not missing[step.id]]
    heapq.heapify(queue)
    left = iter(steps)
    while len(times) < len(index):
        if not queue:
            stuck = next((step for step in left if step.id not in times), None)
            if stuck is None:
                break
            queue.append((0.0, 0, stuck.id))
        name = heapq.heappop(queue)[2]
        if name in times:
            continue
        step = index[name][1]
        took = seconds(step)
        start, cause = _start(step, took, times, free, busy)
        end = start + took
        times[name], causes[name] = (start, end), cause
        if took > 0:
            _occupy(step, end, free, busy)
        for follower in followers.get(name, ()):
            missing[follower] -= 1
            if not missing[follower]:
                place, next_step = index[follower]
                ready = max((times[other][1] for other in next_step.requires if other in times), default=0.0)
                heapq.heappush(queue, (ready, place, follower))
    return times, causes


def _start(
    step: Timed,
    took: float,
    times: Times,
    free: Mapping[str, list[tuple[float, str]]],
    busy: Mapping[str, tuple[float, str]],
) -> tuple[float, Optional[str]]:
    start, cause = 0.0, None
    for other in step.requires:
        if other in times and (times[other][1] > start or cause is None):
            start, cause = times[other][1], other
    if took > 0:
        waits = [busy[host] for host in step.hosts if host in busy]
        lane = free.get(LANES.get(step.kind, ""))
        for when, who in [*waits, *(lane[:1] if lane else ())]:
            if when > start:
                start, cause = when, who
    return start, cause


def _occupy(
    step: Timed, end: float, free: Mapping[str, list[tuple[float, str]]], busy: dict[str, tuple[float, str]]
) -> None:
    for host in step.hosts:
        busy[host] = (end, step.id)
    lane = free.get(LANES.get(step.kind, ""))
    if lane:
        heapq.heapreplace(lane, (end, step.id))


def chain(times: Times, causes: Causes) -> list[str]:
    """The critical path: the steps, each beginning where the one before it ends, that decide when all is over."""
    name: Optional[str] = max(times, key=lambda one: times[one][1], default=None)
    found: list[str] = []
    seen: set[str] = set()
    while name is not None and name not in seen:
        seen.add(name)
        found.append(name)
        name = causes[name]
    return found[::-1]
