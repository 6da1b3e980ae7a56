"""Processes and the programs they run, with simulated durations."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from .machine import Machine


@dataclass
class Result:
    """How a program ended. seconds: how long it took (simulated). finish: called at the end of them, when its effects
    happen (it may answer another Result in place of this one)."""

    code: int = 0
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    finish: Callable[[], Result | None] | None = None


@dataclass
class Call:
    """A program's start, as it sees it."""

    machine: Machine
    path: str  # full Windows path
    arguments: list[str]
    command_line: str  # the raw arguments, without the program
    user: str  # full name: `CONTOSO\\scomadmin`, `NT AUTHORITY\\SYSTEM`
    directory: str
    stdin: str
    environment: dict[str, str]
    logon: str  # network | batch | interactive | service
    process: Process

    @property
    def name(self) -> str:
        """The program's file name, lower case."""
        return self.path.rsplit("\\", 1)[-1].lower()

    @property
    def delegates(self) -> bool:
        """Whether it may reach other machines as its user: not over a bare network logon."""
        return self.logon != "network"

    def write(self, text: str) -> None:
        """Add to the standard output now."""
        self.process.stdout += text

    def error(self, text: str) -> None:
        """Add to the standard error now."""
        self.process.stderr += text


# A program: a function of a Call that answers a Result, or a generator that yields simulated seconds between its
# effects and returns a Result. A kill or a reboot at a yield leaves what was done so far.
Program = Callable[[Call], Union[Result, Generator[float, None, Result]]]


@dataclass
class Process:
    """A process. exit_code is None while it runs."""

    id: int
    name: str  # file name: setup.exe
    path: str
    command_line: str
    user: str
    logon: str
    directory: str
    started: float  # simulated seconds
    ended: float | None = None
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    children: list[Process] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.exit_code is not None


class Processes:
    """Start, wait, list, kill. Those that last write `process` events (started, ended); those that take no time don't."""

    def __init__(self, machine: Machine):
        self.machine = machine

    def next_id(self) -> int: ...
    def list(self) -> list[Process]:
        """What runs now."""
    def get(self, id: int) -> Process | None:
        """A process, running or ended."""
    def start(self, path: str, arguments: list[str] | str = "", *, user: str = "NT AUTHORITY\\SYSTEM", directory: str | None = None,
              stdin: str = "", environment: dict[str, str] | None = None, logon: str = "network") -> Process:
        """Start a program by path or bare name; WindowsError 2 when there is none. Arguments: a list, or the raw text."""
    def run(self, path: str, arguments: list[str] | str = "", *, timeout: float | None = None, user: str = "NT AUTHORITY\\SYSTEM",
            directory: str | None = None, stdin: str = "", environment: dict[str, str] | None = None, logon: str = "network") -> Process:
        """Start and wait (never while holding the world's lock); when the simulated `timeout` passes, it still runs."""
    def wait(self, process: Process, timeout: float | None = None) -> bool:
        """Wait until it is done; False when the simulated timeout passed first."""
    def kill(self, id: int, exit_code: int = 1) -> bool:
        """End a process and its children; False when it does not run."""


def split_command_line(text: str) -> list[str]:
    """Arguments of a command line, as CommandLineToArgvW splits them."""


def quote_arguments(arguments: list[str]) -> str:
    """The command line of arguments, as CommandLineToArgvW would split it again."""
