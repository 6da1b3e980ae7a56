"""Engines: what runs the PowerShell text that arrives at a machine over WS-Man.

Two faces of one machine model. The *embedded* engine recognises the batch of operations on the standard input and
interprets it in Python (`operations`); it needs nothing installed. The *powershell* engine runs the very text that came
over the wire in a real PowerShell, and answers what it asks of Windows over a bridge (`bridge`). Both must give equal
results for every operation and every error; tests/engine/test_parity.py holds them to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Engine", "Outcome", "find_pwsh", "make_engine"]


@dataclass
class Outcome:
    """How a command ended. operations: the names of the wire's operations in it, for the lab's record."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    operations: list[str] = field(default_factory=list)
    timeout: bool = False


class Engine(Protocol):
    """What the WS-Man server calls, in a thread of its own."""

    def run(self, machine: Any, command: str, stdin: bytes, *, user: str, protocol: str) -> Outcome:
        """Run a command line (`winrm`) or a script (`psrp`) on a machine as a user who logged on over the network."""


def make_engine(world: Any, powershell: bool = False) -> Engine:
    """The engine for a world; also makes `powershell.exe` known to its machines, which scheduled tasks run."""
    if powershell:
        from .powershell import PowerShellEngine

        return PowerShellEngine(world)
    from .embedded import EmbeddedEngine

    return EmbeddedEngine(world)


def find_pwsh() -> str | None:
    """Path of the real engine, or None."""
    from .powershell import find_pwsh as find

    return find()
