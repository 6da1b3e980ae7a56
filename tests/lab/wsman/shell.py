"""Shells and the commands in them: what is common, and the cmd shell that the winrm connection plugin uses."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from . import refusal, soap
from .ledger import Entry, Tally
from .limits import CMD_PREFIX, version_of

if TYPE_CHECKING:
    from .service import Service

STATE = soap.RSP + "/CommandState/"
CONTROL_C = -1073741510
NO_MEMORY = -1073741801
GRACE = 5.0
OVERHEAD = 2048
"""Bytes of an envelope that are not base64 data."""


def room(request: soap.Request, limit: int) -> int:
    """How many bytes of data fit into the answer's envelope."""
    return max(1024, (min(request.max_envelope, limit) - OVERHEAD) * 3 // 4)


def streams(element: Any) -> list[tuple[str, str, bytes, bool]]:
    """(stream, command id, data, end) of each Stream below a Send."""
    found = []
    for stream in element.iter(soap.tag(soap.RSP, "Stream")) if element is not None else ():
        try:
            data = base64.b64decode(stream.text or "", validate=False)
        except binascii.Error as error:
            raise refusal.bad_input("a stream is not base64.") from error
        end = (stream.get("End") or "").lower() in ("true", "1")
        found.append((stream.get("Name") or "", stream.get("CommandId") or "", data, end))
    return found


async def until(changed: asyncio.Event, timeout: float, gone: Callable[[], bool], ready: Callable[[], bool]) -> None:
    """Wait until there is something to say, at most the client's operation timeout."""
    deadline = time.monotonic() + timeout
    while not ready():
        rest = deadline - time.monotonic()
        if rest <= 0:
            raise refusal.timed_out()
        if gone():
            raise refusal.Gone
        changed.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(changed.wait(), min(rest, 0.5))


class Command:
    """One command of a shell, from its start until nobody asks for it any more."""

    processes = 2
    """cmd.exe and what it starts."""

    def __init__(self, shell: Shell, command_id: str) -> None:
        self.shell = shell
        self.id = command_id
        self.entry = Entry(shell.protocol, shell.user)
        self.stdin = bytearray()
        self.started = False
        self.done = False
        self.stopped = False
        self.lost = False
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self.started and not self.done and not self.stopped and not self.lost

    def start(self, text: str) -> None:
        """Run it in a thread; once."""
        if not self.started and not self.stopped:
            self.started = True
            self.entry.stdin_bytes = len(self.stdin)
            self.task = asyncio.get_running_loop().create_task(self._run(text))

    async def _run(self, text: str) -> None:
        try:
            await self._carry_out(text)
        except refusal.Gone:
            self.lost = self.entry.ended = True
            self.changed.set()
            await self.shell.service.write(self.entry)

    async def _carry_out(self, text: str) -> None:
        outcome = await self.shell.service.run(
            text, bytes(self.stdin), user=self.shell.user, protocol=self.shell.protocol
        )
        self.entry.operations = list(outcome.operations)
        if outcome.timeout and not self.stopped:
            return  # it hangs; stop() will end it
        self.entry.code = outcome.code
        self.entry.ended = True
        if not self.stopped:
            self.done = True
            self.deliver(outcome)
            self.changed.set()
        await self.shell.service.write(self.entry)

    def deliver(self, outcome: Any) -> None:
        """Take what the program answered, to be received."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it early. A program that is in its thread runs on, nobody listens."""
        self.stopped = True
        if self.task is None or self.task.done():
            self.entry.ended = True
        self.changed.set()


class Shell:
    """A shell of one user on one host."""

    protocol = ""
    resource = ""

    def __init__(self, service: Service, user: str, shell_id: str, idle_timeout: float) -> None:
        self.service = service
        self.user = user
        self.id = shell_id
        self.idle_timeout = idle_timeout
        self.commands: dict[str, Command] = {}
        self.last: Command | None = None
        self.unclaimed = Tally()
        self.closed = False
        self.busy = 0
        self.touch()

    def touch(self) -> None:
        """Somebody asked something of it."""
        self.used, self.used_really = self.service.now(), time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether nobody asked anything of it for too long. A program that runs in it does not count.

        The host's time may run faster than the client's, who therefore gets a few real seconds in any case.
        """
        grace = min(self.idle_timeout, GRACE)
        return (
            not self.busy
            and self.service.now() - self.used > self.idle_timeout
            and time.monotonic() - self.used_really > grace
        )

    @property
    def processes(self) -> int:
        return sum(command.processes for command in self.commands.values() if command.running)

    def find(self, command_id: str) -> Command:
        command = self.commands.get(command_id.upper())
        if command is None:
            raise refusal.command_not_found()
        return command

    async def add(self, command: Command) -> None:
        """Take a new command. Earlier ones that are through get written."""
        limit = self.service.limits.max_processes_per_shell
        if self.processes + command.processes > limit:
            raise refusal.too_many_processes()
        for earlier in [each for each in self.commands.values() if each.done or each.stopped or each.lost]:
            del self.commands[earlier.id.upper()]
            await self.release(earlier)
        self.commands[command.id.upper()] = self.last = command
        command.entry.tally.add(self.unclaimed)
        self.unclaimed = Tally()

    def charge(self, tally: Tally, command_id: str, envelope: int) -> None:
        """Count an exchange."""
        command = self.commands.get(command_id.upper(), self.last) if command_id else self.last
        if command is None:
            self.unclaimed.add(tally)
            return
        command.entry.tally.add(tally)
        command.entry.envelope_max = max(command.entry.envelope_max, envelope)

    async def release(self, command: Command) -> None:
        """Nothing more will be charged to it."""
        command.entry.released = True
        await self.service.write(command.entry)

    async def abandon(self) -> None:
        """Its connection is gone: write what has ended."""
        for command in list(self.commands.values()):
            if command.entry.ended:
                await self.release(command)

    def end(self) -> None:
        """The shell ends, and with it whatever runs in it."""
        self.closed = True
        for command in self.commands.values():
            command.stop()
        self.wake()

    def wake(self) -> None:
        """Let whoever waits for this shell look again."""

    async def flush(self) -> None:
        """After the end: write every command."""
        for command in list(self.commands.values()):
            await self.release(command)

    # what a kind of shell has to answer

    async def command(self, request: soap.Request) -> str:
        raise NotImplementedError

    async def send(self, request: soap.Request) -> str:
        raise NotImplementedError

    async def receive(self, request: soap.Request, gone: Callable[[], bool]) -> str:
        raise NotImplementedError

    async def signal(self, request: soap.Request) -> str:
        element = request.first("Signal")
        command = self.commands.get((element.get("CommandId") or "").upper()) if element is not None else None
        if command is not None:
            self.stop(command, request.text("Code").strip())
        return "<rsp:SignalResponse/>"

    def stop(self, command: Command, code: str) -> None:
        command.stop()


class CommandLine(Command):
    """A command line below cmd.exe."""

    def __init__(self, shell: Shell, command_id: str, line: str, announced: bool | None) -> None:
        """announced: whether the client said that input will come; None when it said nothing."""
        super().__init__(shell, command_id)
        self.line = line
        self.announced = announced
        self.code = 0
        self.out: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def deliver(self, outcome: Any) -> None:
        self.out["stdout"] += outcome.stdout
        self.out["stderr"] += outcome.stderr
        self.code = outcome.code

    def answer(self, stderr: str, code: int) -> None:
        """End without a program: cmd.exe itself has something to say."""
        self.out["stderr"] += stderr.encode()
        self.code = self.entry.code = code
        self.started = self.done = self.entry.ended = True
        self.entry.stdin_bytes = len(self.stdin)

    def stop(self) -> None:
        if not self.done:
            self.code = CONTROL_C
        super().stop()

    @property
    def over(self) -> bool:
        return self.done or self.stopped

    @property
    def ready(self) -> bool:
        return self.over or any(self.out.values())

    def take(self, name: str, size: int) -> bytes:
        data = bytes(self.out[name][:size])
        del self.out[name][:size]
        return data


_POWERSHELL = re.compile(r'^\s*"?(?:[^"\s]*\\)?(powershell(?:\.exe)?)"?(?:\s|$)', re.IGNORECASE)


class CommandShell(Shell):
    """The shell of the winrm connection plugin: cmd.exe per command."""

    protocol = "winrm"
    resource = soap.CMD_SHELL

    async def command(self, request: soap.Request) -> str:
        """Start a command line: at once, or with its input complete where the client announces some."""
        words = [request.text("Command")]
        words += [element.text or "" for element in request.body.iter(soap.tag(soap.RSP, "Arguments"))]
        named = request.first("CommandLine")
        command_id = (named.get("CommandId") if named is not None else None) or str(uuid.uuid4()).upper()
        console = request.options.get("WINRS_CONSOLEMODE_STDIN", "").upper()
        announced = {"TRUE": False, "FALSE": True}.get(console)
        command = CommandLine(self, command_id, " ".join(word for word in words if word), announced)
        await self.add(command)
        through_cmd = request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").upper() != "TRUE"
        powershell = _POWERSHELL.match(command.line)
        if through_cmd and len(CMD_PREFIX) + len(command.line) > self.service.limits.command_line:
            command.answer("The command line is too long.\r\n", 1)
        elif powershell and not version_of(self.service.machine, "powershell"):
            command.answer(
                f"'{powershell[1]}' is not recognized as an internal or external command,\r\n"
                "operable program or batch file.\r\n",
                1,
            )
        elif announced is False:
            command.start(command.line)
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    async def send(self, request: soap.Request) -> str:
        for _name, command_id, data, end in streams(request.body):
            command = self.find(command_id)
            if isinstance(command, CommandLine) and not command.started:
                command.stdin += data
                if end:
                    command.start(command.line)
        return "<rsp:SendResponse/>"

    async def receive(self, request: soap.Request, gone: Callable[[], bool]) -> str:
        desired = request.first("DesiredStream")
        command = self.find((desired.get("CommandId") or "") if desired is not None else "")
        assert isinstance(command, CommandLine)
        if command.announced is None:
            command.start(command.line)
        await until(command.changed, request.timeout, lambda: gone() or command.lost, lambda: command.ready)
        space = room(request, self.service.limits.max_envelope)
        parts = []
        for name in ("stdout", "stderr"):
            data = command.take(name, space)
            space -= len(data)
            if data:
                text = base64.b64encode(data).decode()
                parts.append(f'<rsp:Stream Name="{name}" CommandId="{escape(command.id)}">{text}</rsp:Stream>')
        if command.over and not any(command.out.values()):
            for name in ("stdout", "stderr"):
                parts.append(f'<rsp:Stream Name="{name}" CommandId="{escape(command.id)}" End="true"/>')
            parts.append(
                f'<rsp:CommandState CommandId="{escape(command.id)}" State="{STATE}Done">'
                f"<rsp:ExitCode>{command.code}</rsp:ExitCode></rsp:CommandState>"
            )
        else:
            parts.append(f'<rsp:CommandState CommandId="{escape(command.id)}" State="{STATE}Running"/>')
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"
