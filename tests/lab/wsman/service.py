"""The WinRM service of one host: its shells, its quotas, and what it answers to each WS-Man request."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from . import refusal, soap
from .ledger import Entry, Tally
from .limits import limits_of, version_of
from .runspace import RunspaceShell
from .security import Authority
from .shell import NO_MEMORY, CommandShell, Shell
from .trouble import spoil, suffer

PORT = 5985
"""Where the machine itself says it listens; the lab may serve it on another port."""


async def in_thread(function: Callable[[], Any], name: str) -> Any:
    """Call a blocking function in a thread of its own, which nobody has to wait for at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            set_it(value)

    def work() -> None:
        try:
            done = (future.set_result, function())
        except BaseException as error:
            done = (future.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *done)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await future


@dataclass
class Answer:
    """The answer's envelope, and the shell and command the exchange is charged to."""

    envelope: bytes
    shell: Shell | None = None
    command_id: str = ""
    status: int = 200
    size: int = 0
    """The request's envelope, in bytes."""
    cut: bool = False
    """Whether an injected fault cuts the answer in half."""


@dataclass
class Ended:
    """The outcome of a command that ended otherwise than its engine meant."""

    stdout: bytes
    stderr: bytes
    code: int
    operations: tuple[str, ...] = ()
    timeout: bool = False


class Service:
    """One host's service. Everything here runs in the server's loop, commands in its threads."""

    def __init__(self, world: Any, machine: Any, engine: Any, authority: Authority, scribe: Executor):
        self.world = world
        self.machine = machine
        self.engine = engine
        self.authority = authority
        self.limits = limits_of(machine)
        self.shells: dict[str, Shell] = {}
        self._scribe = scribe

    def now(self) -> float:
        """The host's own seconds, which may run faster than real ones."""
        clock = getattr(self.world, "clock", None)
        return clock.now() if clock is not None else time.monotonic()

    @property
    def listens(self) -> bool:
        """Whether a WinRM 2.0 service runs and its machine answers on the network. 1.1 would listen on port 80."""
        network = getattr(self.machine, "network", None)
        open_now = network.listens(PORT) if network is not None else self.machine.up
        return bool(open_now) and version_of(self.machine, "winrm") >= 2

    @property
    def product_version(self) -> str:
        system = self.machine.os
        return f"OS: {system.version} SP: {system.service_pack}.0 Stack: {version_of(self.machine, 'winrm'):.1f}"

    # what commands need

    async def run(self, text: str, stdin: bytes, *, user: str, protocol: str) -> Any:
        """Run a command in a thread. Raises Gone where an injected fault drops the connection."""
        try:
            outcome = await in_thread(
                lambda: self.engine.run(self.machine, text, stdin, user=user, protocol=protocol), "wsman-command"
            )
        except ConnectionError as error:
            raise refusal.Gone from error
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return Ended(b"", f"The lab's engine failed: {type(error).__name__}: {error}\r\n".encode(), 1)
        memory = getattr(outcome, "memory", 0) or 0
        if memory > self.limits.max_memory_per_shell_mb:
            text = "Not enough storage is available to process this command.\r\n"
            return Ended(outcome.stdout, text.encode(), NO_MEMORY, tuple(outcome.operations))
        fault = await self.strike("wsman.output")
        if fault is not None:
            spoilt = await spoil(fault, outcome.stdout)
            return Ended(spoilt, outcome.stderr, outcome.code, tuple(outcome.operations), outcome.timeout)
        return outcome

    async def strike(self, operation: str) -> Any:
        """The fault that strikes an operation here now, if any."""
        faults = getattr(self.world, "faults", None)
        if faults is None or not faults.list():
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._scribe, faults.strike, self.machine.name, operation)

    async def write(self, entry: Entry) -> None:
        """Write a command's event when it is due."""
        if entry.due:
            entry.written = True
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(
                self._scribe, lambda: self.world.record.write(self.machine.name, "command", **entry.event())
            )

    # requests

    def anonymous_identity(self) -> bytes:
        """What Identify tells a caller that has not authenticated."""
        return soap.identity(f"OS: 0.0.0 SP: 0.0 Stack: {version_of(self.machine, 'winrm'):.1f}")

    async def answer(self, envelope: bytes, user: str, gone: Callable[[], bool]) -> Answer:
        """Answer a request of an authenticated user. Raises Rejected where the answer is no envelope."""
        try:
            request = soap.parse(
                envelope, default_timeout=self.limits.max_timeout, default_envelope=self.limits.max_envelope
            )
        except ValueError as error:
            raise refusal.Rejected(400) from error
        if request.identify:
            return Answer(soap.identity(self.product_version))
        answer = Answer(b"", self.shells.get(request.shell_id.upper()), request.command_id, size=len(envelope))
        if len(envelope) > self.limits.max_envelope:
            raise refusal.Rejected(413, answer)
        request.timeout = min(request.timeout, self.limits.max_timeout)
        busy = answer.shell
        if busy is not None:
            busy.busy += 1
        try:
            answer.cut = await suffer(await self.strike(f"wsman.{request.verb.lower()}"), gone)
            if not self.authority.admits(self.machine, user):
                raise refusal.access_denied()
            if request.verb == "Create":
                answer.shell, body = self.create(request, user)
            else:
                body = await self.dispatch(request, answer.shell, user, gone)
            answer.envelope = soap.response(request, body)
        except refusal.Rejected as rejected:
            rejected.answer = answer
            raise
        except refusal.Refusal as refused:
            answer.envelope = soap.fault(refused, request.message_id, self.machine.fqdn)
            answer.status = 500
        finally:
            if busy is not None:
                busy.busy -= 1
                busy.touch()
        return answer

    async def dispatch(self, request: soap.Request, shell: Shell | None, user: str, gone: Callable[[], bool]) -> str:
        """What is asked of a shell that exists."""
        if request.verb not in ("Command", "Send", "Receive", "Signal", "Delete", "Get"):
            raise refusal.unknown_action(request.action)
        if shell is None:
            raise refusal.shell_not_found(request.shell_id)
        if shell.user.lower() != user.lower():
            raise refusal.access_denied()
        if request.verb == "Command":
            return await shell.command(request)
        if request.verb == "Send":
            return await shell.send(request)
        if request.verb == "Receive":
            return await shell.receive(request, gone)
        if request.verb == "Signal":
            return await shell.signal(request)
        if request.verb == "Delete":
            self.shells.pop(shell.id.upper(), None)
            shell.end()
            return ""
        return _description(shell)

    def create(self, request: soap.Request, user: str) -> tuple[Shell, str]:
        """Open a shell, within the quotas."""
        mine = [shell for shell in self.shells.values() if shell.user.lower() == user.lower()]
        if len(mine) >= self.limits.max_shells_per_user:
            raise refusal.too_many_shells(self.limits.max_shells_per_user)
        users = {shell.user.lower() for shell in self.shells.values()} | {user.lower()}
        if len(users) > self.limits.max_concurrent_users:
            raise refusal.too_many_users(self.limits.max_concurrent_users)
        idle = soap.seconds(request.text("IdleTimeOut"), self.limits.idle_timeout)
        element = request.first("Shell")
        wanted = (element.get("ShellId") if element is not None else "") or ""
        shell_id = wanted if wanted and wanted.upper() not in self.shells else str(uuid.uuid4()).upper()
        shell: Shell
        if request.resource == soap.CMD_SHELL:
            shell = CommandShell(self, user, shell_id, idle)
        elif request.resource.startswith(soap.POWERSHELL) and version_of(self.machine, "powershell") >= 2:
            shell = RunspaceShell(self, user, shell_id, idle, request.resource)
            shell.open(request)
        else:
            raise refusal.unknown_resource(request.resource)
        self.shells[shell.id.upper()] = shell
        selector = f'<w:SelectorSet><w:Selector Name="ShellId">{escape(shell.id)}</w:Selector></w:SelectorSet>'
        return shell, (
            f"<x:ResourceCreated><a:Address>http://{escape(self.machine.fqdn)}:5985/wsman</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{escape(shell.resource)}</w:ResourceURI>{selector}"
            f"</a:ReferenceParameters></x:ResourceCreated>{_description(shell)}"
        )

    # accounts of traffic

    async def charge(self, answer: Answer, tally: Tally, envelope: int) -> None:
        """Count an exchange; write what is due after it."""
        if answer.shell is None:
            return
        answer.shell.charge(tally, answer.command_id, envelope)
        if answer.shell.closed:
            await answer.shell.flush()

    async def close_shell(self, shell: Shell) -> None:
        """End a shell from this side."""
        self.shells.pop(shell.id.upper(), None)
        shell.end()
        await shell.flush()

    async def sweep(self, everything: bool = False) -> None:
        """End idle shells; all of them when the host goes down."""
        for shell in list(self.shells.values()):
            if everything or shell.idle:
                await self.close_shell(shell)


def _description(shell: Shell) -> str:
    """A shell as Create and Get answer it."""
    streams = ("stdin", "stdout stderr") if shell.protocol == "winrm" else ("stdin pr", "stdout")
    return (
        f"<rsp:Shell ShellId={quoteattr(shell.id)}><rsp:ShellId>{escape(shell.id)}</rsp:ShellId>"
        f"<rsp:ResourceUri>{escape(shell.resource)}</rsp:ResourceUri><rsp:Owner>{escape(shell.user)}</rsp:Owner>"
        f"<rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut>"
        f"<rsp:InputStreams>{streams[0]}</rsp:InputStreams><rsp:OutputStreams>{streams[1]}</rsp:OutputStreams>"
        "</rsp:Shell>"
    )
