"""The event logs of one machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .errors import WindowsError

if TYPE_CHECKING:
    from .machine import Machine

LEVELS = ("error", "warning", "information")


@dataclass(frozen=True)
class Entry:
    """One entry. time: UTC. level: error, warning, information."""

    index: int
    time: datetime
    level: str
    source: str
    id: int
    message: str
    user: str | None = None
    category: int = 0


class EventLogs:
    """Named logs. Names are compared without case; a written entry is an `eventlog` event."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._lock = machine.world.lock
        self._logs: dict[str, tuple[str, list[Entry]]] = {}
        self._sources: dict[str, str] = {}
        for name in ("Application", "Security", "System", "Windows PowerShell"):
            self.create(name)

    def logs(self) -> list[str]:
        """The names of the logs."""
        with self._lock:
            return [name for name, _unused in self._logs.values()]

    def exists(self, log: str) -> bool:
        return log.lower() in self._logs

    def entries(self, log: str) -> list[Entry]:
        """The entries, oldest first; WindowsError `not_found` when there is no such log."""
        with self._lock:
            if log.lower() not in self._logs:
                raise WindowsError(
                    "not_found", f"The event log '{log}' on computer '{self.machine.name}' does not exist.", 15007
                )
            return list(self._logs[log.lower()][1])

    def create(self, log: str, sources: list[str] | None = None) -> None:
        """Make a log and register sources of it."""
        with self._lock:
            self._logs.setdefault(log.lower(), (log, []))
            for source in sources or []:
                self._sources[source.lower()] = log

    def source(self, name: str) -> str | None:
        """The log a source writes to, or None."""
        return self._sources.get(name.lower())

    def write(
        self,
        log: str,
        source: str,
        level: str,
        id: int,
        message: str,
        *,
        user: str | None = None,
        category: int = 0,
        time: datetime | None = None,
    ) -> Entry:
        """Append an entry (the log is made when missing); its time is now unless given."""
        if level not in LEVELS:
            raise WindowsError("invalid_argument", f"Not a level of an event: {level}", 87)
        with self._lock:
            self.create(log)
            name, entries = self._logs[log.lower()]
            self._sources.setdefault(source.lower(), name)
            entry = Entry(
                len(entries) + 1, time or self.machine.world.clock.utc(), level, source, id, message, user, category
            )
            entries.append(entry)
            self.machine.record("eventlog", log=name, source=source, level=level, id=id, message=message)
            return entry

    def counts(self) -> dict[str, int]:
        """How many entries each log holds; for status."""
        with self._lock:
            return {name: len(entries) for name, entries in self._logs.values()}
