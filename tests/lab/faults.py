"""Faults at any operation: what shall go wrong, where, and how often.

Whoever does something that may fail asks `world.faults.strike(host, operation)` first and acts on the answer.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world.record import Record

EFFECTS = {
    "fail": "it is refused with an error of this kind and message",
    "hang": "it never ends",
    "drop": "the connection is dropped without an answer",
    "delay": "it takes so many more seconds",
    "die": "it dies half-way: after `seconds`, or in the middle of what it does",
}


@dataclass
class Fault:
    """One fault.

    host, operation: patterns with `*` and `?`, without case. An operation is the name of one of the wire (`sql.query`),
    of a program (`setup.exe`), or `installer`, `connect`, `sql`, or `tcp:PORT`, which is a connection to that port of the
    host. count: how often it strikes, None = always. skip: how often it lets pass first. effect: one of EFFECTS. kind,
    message, code: of the error (`fail`). seconds: for `delay` and `die`.
    """

    host: str = "*"
    operation: str = "*"
    effect: str = "fail"
    count: int | None = 1
    skip: int = 0
    kind: str = "io"
    message: str = "Injected fault"
    code: int | None = None
    seconds: float | None = None
    id: int = 0

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise ValueError(f"Unknown effect {self.effect!r}; known are {', '.join(EFFECTS)}")

    def matches(self, host: str | None, operation: str) -> bool:
        return fnmatch.fnmatchcase((host or "").lower(), self.host.lower()) and fnmatch.fnmatchcase(
            operation.lower(), self.operation.lower()
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The faults that wait, in the order in which they were added; the first that matches strikes."""

    def __init__(self, record: Record | None = None):
        self._record = record
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, fault: Fault | None = None, **fields: Any) -> Fault:
        """Add a fault, given whole or by its fields; answers it with its id."""
        fault = fault or Fault(**fields)
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault

    def list(self) -> list[Fault]:
        with self._lock:
            return [*self._faults]

    def clear(self, id: int | None = None) -> int:
        """Forget one fault, or all; how many that were."""
        with self._lock:
            keep = [] if id is None else [f for f in self._faults if f.id != id]
            gone = len(self._faults) - len(keep)
            self._faults = keep
            return gone

    def strike(self, host: str | None, operation: str) -> Fault | None:
        """The fault that strikes this operation on this host now, if any; a `fault` event is written."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if not fault.matches(host, operation):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                break
            else:
                return None
        if self._record:
            what = fault.effect if fault.effect != "fail" else f"fail: {fault.message}"
            self._record.write(host, "fault", operation=operation, what=what)
        return fault
