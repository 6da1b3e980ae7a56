# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agents of a management group, column by column, so that a hundred thousand of them stay small."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .catalog import is_2012, parse_version, update_level


@dataclass(frozen=True)
class Agent:
    """One agent, as the management group knows it (``group.agents``)."""

    name: str
    version: Optional[str]
    update: Optional[int]
    manual: bool
    health: Optional[str]
    available: Optional[bool]
    primary: Optional[str]
    failover: tuple[str, ...]
    domain: Optional[str]
    install_time: Optional[str]

    @property
    def is_2012(self) -> bool:
        """Whether the agent is a 2012 agent already."""
        return is_2012(self.version)


class Agents:
    """All agents. ``agents.at(n)`` and iterating give :class:`Agent`; the columns are there for counting and grouping."""

    def __init__(self, table: Optional[Mapping[str, Any]] = None) -> None:
        """Take ``group.agents`` of a checked snapshot. Rows are kept by name; of equal names the first stays."""
        columns = list((table or {}).get("columns") or [])
        places = {name: columns.index(name) for name in columns}
        texts: dict[Any, Any] = {}
        levels: dict[Optional[str], Optional[int]] = {}
        found: dict[str, list[Any]] = {}
        self.doubled: list[str] = []
        for row in (table or {}).get("rows") or []:
            name = sys.intern(row[places["name"]].lower())
            if name in found:
                self.doubled.append(name)
            else:
                found[name] = row

        def column(key: str) -> list[Any]:
            place = places.get(key)
            return [None] * len(self.names) if place is None else [found[name][place] for name in self.names]

        def shared(values: list[Any]) -> list[Any]:
            return [texts.setdefault(value, value) for value in values]

        self.names: list[str] = sorted(found)
        self.versions: list[Optional[str]] = shared(column("version"))
        self.manual: list[bool] = [bool(value) for value in column("manual")]
        self.health: list[Optional[str]] = shared(column("health"))
        self.available: list[Optional[bool]] = column("available")
        self.primary: list[Optional[str]] = shared([value.lower() if value else None for value in column("primary")])
        self.failover: list[tuple[str, ...]] = shared(
            [tuple(name.lower() for name in value or ()) for value in column("failover")]
        )
        self.domains: list[Optional[str]] = shared(column("domain"))
        self.install_times: list[Optional[str]] = column("install_time")
        self.updates: list[Optional[int]] = []
        for text in column("patch_list"):
            if text not in levels:
                levels[text] = update_level(text)
            self.updates.append(levels[text])
        kinds = {version: is_2012(version) for version in set(self.versions)}
        self.is_2012: list[bool] = [kinds[version] for version in self.versions]
        self._place = {name: place for place, name in enumerate(self.names)}

    def __len__(self) -> int:
        """How many agents there are."""
        return len(self.names)

    def __iter__(self) -> Iterator[Agent]:
        """The agents by name, one object at a time."""
        return (self.at(place) for place in range(len(self.names)))

    def __contains__(self, name: object) -> bool:
        """Whether the group knows an agent of that FQDN."""
        return isinstance(name, str) and name.lower() in self._place

    def place(self, name: str) -> Optional[int]:
        """Where an agent stands in the columns, by FQDN."""
        return self._place.get(name.lower())

    def find(self, name: str) -> Optional[Agent]:
        """One agent by FQDN."""
        place = self.place(name)
        return None if place is None else self.at(place)

    def at(self, place: int) -> Agent:
        """The agent at a place of the columns."""
        return Agent(
            name=self.names[place],
            version=self.versions[place],
            update=self.updates[place],
            manual=self.manual[place],
            health=self.health[place],
            available=self.available[place],
            primary=self.primary[place],
            failover=self.failover[place],
            domain=self.domains[place],
            install_time=self.install_times[place],
        )

    def upgraded(self, target: str) -> list[bool]:
        """For each place, whether the agent's version is at least the target."""
        least = parse_version(target) or ()
        reached = {version: (parse_version(version) or ()) >= least for version in set(self.versions)}
        return [reached[version] for version in self.versions]
