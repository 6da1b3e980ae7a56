"""Processes and the programs they run, with simulated durations."""

from __future__ import annotations

import contextlib
import itertools
import math
import ntpath
import re
import sys
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from .accounts import SYSTEM
from .errors import WindowsError, win32

if TYPE_CHECKING:
    from ..faults import Fault
    from .clock import Timer
    from .machine import Machine

_Words = list[str]
FOREVER = math.inf  # a program that yields this hangs until it is killed
KILLED_BY_SHUTDOWN = 1073807364


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
Steps = Generator[float, None, Result]
Program = Callable[[Call], Union[Result, Steps]]


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
    parent: int = 0
    ended: float | None = None
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    hung: bool = False  # it will not end by itself
    limited: bool = False  # a time limit will end it, so that time runs fast while it hangs
    hurried: bool = False
    children: list[Process] = field(default_factory=list)
    on_exit: list[Callable[[Process], None]] = field(default_factory=list, repr=False)

    @property
    def done(self) -> bool:
        return self.exit_code is not None


@dataclass
class _Run:
    """A process that is under way: its steps, what it waits for, and the fault that will end it."""

    process: Process
    steps: Steps
    announced: bool = False
    timer: Timer | None = None
    death: Timer | None = None
    die: Fault | None = None
    yields: int = 0

    @property
    def dying(self) -> bool:
        """Whether the fault ends it in the middle of this pause."""
        return self.die is not None and self.die.seconds is None and self.yields >= 2

    @property
    def death_code(self) -> int:
        return 1 if self.die is None or self.die.code is None else self.die.code


_Running = list[Process]


class Processes:
    """Start, wait, list, kill. Those that last write `process` events (started, ended); those that take no time don't.

    `strike` of the world's faults is asked with the program's file name (`setup.exe`) at every start.
    """

    def __init__(self, machine: Machine):
        self.machine = machine
        self._world = machine.world
        self._lock = machine.world.lock
        self._ids = itertools.count(1204, 4)
        self._runs: dict[int, _Run] = {}
        self._all: dict[int, Process] = {}

    def next_id(self) -> int:
        return next(self._ids)

    def list(self) -> _Running:
        """What runs now."""
        with self._lock:
            return [p for p in self._all.values() if not p.done]

    def get(self, id: int) -> Process | None:
        """A process, running or ended."""
        return self._all.get(id)

    def start(
        self,
        path: str,
        arguments: _Words | str = "",
        *,
        user: str = SYSTEM,
        directory: str | None = None,
        stdin: str = "",
        environment: dict[str, str] | None = None,
        logon: str = "network",
    ) -> Process:
        """Start a program by path or bare name; WindowsError 2 when there is none. Arguments: a list, or the raw text."""
        with self._lock:
            if not self.machine.running_windows:
                raise win32(1115)
            process, steps = self._prepare(
                path, arguments, user=user, directory=directory, stdin=stdin, environment=environment, logon=logon
            )
            run = _Run(process, steps)
            self._runs[process.id] = run
            fault = self._world.faults.strike(self.machine.name, process.name)
            if fault is not None:
                run.steps = self._faulty(run, run.steps, fault)
            self._advance(run)
            return process

    def run(
        self,
        path: str,
        arguments: _Words | str = "",
        *,
        timeout: float | None = None,
        user: str = SYSTEM,
        directory: str | None = None,
        stdin: str = "",
        environment: dict[str, str] | None = None,
        logon: str = "network",
    ) -> Process:
        """Start and wait (never while holding the world's lock); when the simulated `timeout` passes, it still runs."""
        process = self.start(
            path, arguments, user=user, directory=directory, stdin=stdin, environment=environment, logon=logon
        )
        self.wait(process, timeout)
        return process

    def call(
        self,
        call: Call,
        path: str,
        arguments: _Words | str = "",
        stdin: str = "",
        environment: dict[str, str] | None = None,
        directory: str | None = None,
    ) -> Generator[float, None, Process]:
        """For a program that is a generator: `process = yield from processes.call(call, ...)` runs a child."""
        process, steps = self._prepare(
            path,
            arguments,
            user=call.user,
            directory=directory or call.directory,
            stdin=stdin,
            environment=environment or call.environment,
            logon=call.logon,
        )
        process.parent = call.process.id
        call.process.children.append(process)
        run = _Run(process, steps)
        self._runs[process.id] = run
        fault = self._world.faults.strike(self.machine.name, process.name)
        if fault is not None:
            run.steps = self._faulty(run, run.steps, fault)
        while not process.done:
            seconds = self._step(run)
            if seconds is None:
                break
            if run.dying:
                yield seconds / 2
                self.kill(process.id, run.death_code)
            else:
                yield seconds
        return process

    def wait(self, process: Process, timeout: float | None = None) -> bool:
        """Wait until it is done; False when the simulated timeout passed first."""
        if process.done:
            return True
        if self._lock._is_owned():
            raise RuntimeError("waiting for a process while holding the world's lock would never end")
        if timeout is None:
            return self._world.clock.wait_for(lambda: process.done)
        with self._world.clock.work():
            return self._world.clock.wait_for(lambda: process.done, timeout)

    def kill(self, id: int, exit_code: int = 1) -> bool:
        """End a process and its children; False when it does not run."""
        with self._lock:
            process = self._all.get(id)
            if process is None or process.done:
                return False
            for child in process.children:
                self.kill(child.id, exit_code)
            run = self._runs[id]
            with contextlib.suppress(ValueError):  # it is ending itself, in the middle of a step
                run.steps.close()
            self._end(run, Result(exit_code))
            return True

    def kill_all(self, exit_code: int = KILLED_BY_SHUTDOWN) -> None:
        """Windows goes down."""
        for process in self.list():
            self.kill(process.id, exit_code)

    # -- finding programs ------------------------------------------------------------------------------------

    def find(self, path: str, directory: str | None = None) -> tuple[Program, str]:
        """The program of a path or bare name, and its full path; WindowsError 2 (none), 193 (not a program)."""
        machine, files = self.machine, self.machine.files
        text = expand(path.strip().strip('"'), machine.environment()).replace("/", "\\")
        if text.startswith("\\\\"):
            raise win32(2, path)
        system = machine.system_directory
        if len(text) > 1 and text[1] == ":":
            candidates = [text]
        elif "\\" in text:
            candidates = [ntpath.join(directory or system, text)]
        else:
            places = [
                directory,
                system,
                machine.windows_directory,
                system + r"\Wbem",
                system + r"\WindowsPowerShell\v1.0",
            ]
            candidates = [ntpath.join(place, text) for place in places if place]
        for candidate in candidates:
            named = "." in ntpath.basename(candidate)
            for full in [candidate] if named else [candidate + end for end in (".exe", ".com", ".cmd", ".bat")]:
                base = ntpath.basename(full).lower()
                known = machine.programs.get(full.lower()) or machine.programs.get(base)
                if files.exists(full) and not files.is_directory(full):
                    shown = files.windows_path(files.local_path(full))
                    if base.endswith((".cmd", ".bat")):
                        return machine.programs["cmd.exe"], shown
                    if known is None:
                        raise WindowsError("invalid_argument", f"%1 is not a valid Win32 application: {full}", 193)
                    return known, shown
                at_home = ntpath.dirname(full).lower() == machine.windows_programs.get(base, "").lower()
                if known is not None and (at_home or full.lower() in machine.programs):
                    return known, full
        raise win32(2, path)

    # -- inside ----------------------------------------------------------------------------------------------

    def _prepare(
        self,
        path: str,
        arguments: _Words | str,
        *,
        user: str,
        directory: str | None,
        stdin: str,
        environment: dict[str, str] | None,
        logon: str,
    ) -> tuple[Process, Steps]:
        machine = self.machine
        program, full = self.find(path, directory)
        given = [*arguments] if not isinstance(arguments, str) else split_command_line(arguments)
        raw = arguments if isinstance(arguments, str) else quote_arguments(given)
        if full.lower().endswith((".cmd", ".bat")):
            raw = f'/c ""{full}" {raw}"'
            given = ["/c", full, *given]
            full = machine.system_directory + r"\cmd.exe"
        user = self._world.accounts.full_name(user, machine)
        directory = directory or machine.system_directory
        if not machine.files.is_directory(directory):
            raise win32(267, directory)
        process = Process(
            self.next_id(), ntpath.basename(full), full, raw, user, logon, directory, self._world.clock.now()
        )
        self._all[process.id] = process
        call = Call(
            machine,
            full,
            given,
            raw,
            user,
            directory,
            stdin,
            {**machine.environment(user), **(environment or {})},
            logon,
            process,
        )
        return process, self._steps(program, call)

    @staticmethod
    def _steps(program: Program, call: Call) -> Steps:
        """Any program as a generator."""
        outcome = program(call)
        if not isinstance(outcome, Result):
            return (yield from outcome)
        if outcome.seconds > 0:
            yield outcome.seconds / 2
            yield outcome.seconds / 2
        return (outcome.finish() if outcome.finish else None) or outcome

    def _faulty(self, run: _Run, steps: Steps, fault: Fault) -> Steps:
        """The program's steps with a fault in them."""
        if fault.effect == "fail":
            return Result(1 if fault.code is None else fault.code, "", fault.message + "\r\n")
        if fault.effect == "hang":
            yield FOREVER
        if fault.effect == "delay":
            yield fault.seconds or 60.0
        if fault.effect in ("die", "drop"):
            run.die = fault
            if fault.seconds is not None:
                run.death = self._world.clock.call_later(fault.seconds, lambda: self._die(run), work=True)
        return (yield from steps)

    def _step(self, run: _Run) -> float | None:
        """Let a program go on to its next pause: the seconds of it; None when it ended."""
        try:
            while True:
                seconds = next(run.steps)
                run.yields += 1
                if seconds and seconds > 0:
                    break
        except StopIteration as stop:
            self._end(run, stop.value or Result())
            return None
        except WindowsError as error:
            self._end(run, Result(1 if error.code is None else error.code, "", error.message + "\r\n"))
            return None
        except Exception:  # a bug of the lab: the program crashes, the lab's log shows why
            traceback.print_exc(file=sys.stderr)
            self._end(run, Result(-1073741819, "", "The program crashed.\r\n"))
            return None
        self._announce(run)
        if seconds == FOREVER:
            run.process.hung = True
            self.hurry(run.process)
        return seconds

    def hurry(self, process: Process) -> None:
        """Let time run fast while a process hangs that a time limit will end."""
        if process.hung and process.limited and not process.hurried:
            process.hurried = True
            self._world.clock.begin_work()

    def _announce(self, run: _Run) -> None:
        """It lasts: say that it started, its parent first."""
        if run.announced:
            return
        if run.process.parent in self._runs:
            self._announce(self._runs[run.process.parent])
        run.announced = True
        self._event(run.process, "started", command_line=run.process.command_line, user=run.process.user)

    def _advance(self, run: _Run) -> None:
        """Go on until the next pause, and come back after it."""
        seconds = self._step(run)
        if seconds is None or run.process.hung or seconds == FOREVER:
            return
        if run.dying:
            run.timer = self._world.clock.call_later(seconds / 2, lambda: self._die(run), work=True)
        else:
            run.timer = self._world.clock.call_later(seconds, lambda: self._resume(run), work=True)

    def _die(self, run: _Run) -> None:
        self.kill(run.process.id, run.death_code)

    def _resume(self, run: _Run) -> None:
        with self._lock:
            if not run.process.done:
                self._advance(run)

    def _end(self, run: _Run, result: Result) -> None:
        process = run.process
        for timer in (run.timer, run.death):
            if timer is not None:
                timer.cancel()
        process.stdout += result.stdout
        process.stderr += result.stderr
        process.ended = self._world.clock.now()
        process.hung = False
        if process.hurried:
            process.hurried = False
            self._world.clock.end_work()
        process.exit_code = result.code
        self._runs.pop(process.id, None)
        if run.announced:
            self._event(process, "ended", exit=result.code)
        for function in process.on_exit:
            function(process)
        self._world.clock.notify()

    def _event(self, process: Process, change: str, **more: Any) -> None:
        self.machine.record("process", name=process.name, path=process.path, pid=process.id, change=change, **more)


def expand(text: str, environment: dict[str, str]) -> str:
    """`text` with %NAME% replaced, without case; unknown names stay."""
    known = {name.lower(): value for name, value in environment.items()}
    return re.sub(r"%([^%\s]+)%", lambda match: known.get(match.group(1).lower(), match.group(0)), text)


def split_command_line(text: str) -> list[str]:
    """Arguments of a command line, as CommandLineToArgvW splits them."""
    found: list[str] = []
    current, quoted, started, i = "", False, False, 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            slashes = len(text[i:]) - len(text[i:].lstrip("\\"))
            i += slashes
            if i < len(text) and text[i] == '"':
                current += "\\" * (slashes // 2)
                if slashes % 2:
                    current += '"'
                    i += 1
            else:
                current += "\\" * slashes
            started = True
            continue
        if c == '"':
            if quoted and text[i + 1 : i + 2] == '"':
                current += '"'
                i += 1
            else:
                quoted = not quoted
            started = True
        elif c in " \t" and not quoted:
            if started:
                found.append(current)
            current, started = "", False
        else:
            current += c
            started = True
        i += 1
    if started:
        found.append(current)
    return found


def quote_arguments(arguments: list[str]) -> str:
    """The command line of arguments, as CommandLineToArgvW would split it again."""
    return " ".join(_quote(argument) for argument in arguments)


def _quote(argument: str) -> str:
    if argument and not re.search(r'[\s"]', argument):
        return argument
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', argument)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
