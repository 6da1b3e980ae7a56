"""Who caused which traffic, and the `command` events written from it.

Every HTTP exchange is charged to one command: to the one it names, else to the one started last in its shell. What
comes before a shell's first command (the three exchanges of an NTLM authentication, Create) is kept and charged to that
first one. A command is written to the record once its program has ended and nothing more can be charged to it: when the
next command starts in the shell, when the shell ends (Delete, idle, the host going down), or when the connection that
served it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Exchanges and bytes, heads and bodies, both ways."""

    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, other: Tally) -> None:
        self.requests += other.requests
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out


@dataclass
class Entry:
    """What is written of one command."""

    protocol: str
    user: str
    tally: Tally = field(default_factory=Tally)
    operations: Sequence[str] = ()
    stdin_bytes: int = 0
    envelope_max: int = 0
    code: int | None = None
    ended: bool = False
    released: bool = False
    written: bool = False

    @property
    def due(self) -> bool:
        """Whether it has to be written now."""
        return self.ended and self.released and not self.written

    def event(self) -> dict[str, Any]:
        return {
            "protocol": self.protocol,
            "requests": self.tally.requests,
            "bytes_in": self.tally.bytes_in,
            "bytes_out": self.tally.bytes_out,
            "operations": list(self.operations),
            "user": self.user,
            "stdin_bytes": self.stdin_bytes,
            "envelope_max": self.envelope_max,
            "code": self.code,
        }
