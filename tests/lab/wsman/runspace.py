"""Runspaces: PowerShell remoting (MS-PSRP) as a Windows PowerShell 2.0 host answers it to the psrp connection plugin."""

from __future__ import annotations

import asyncio
import base64
import binascii
import uuid
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import psrpcore
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    HostMethodIdentifier,
    NETException,
    PSInvocationState,
    PSVersion,
)

from . import refusal, soap
from .shell import STATE, Command, Shell, room, streams, until

if TYPE_CHECKING:
    from .service import Service

VERSIONS = {
    "PSVersion": PSVersion("2.0"),
    "PSCompatibleVersions": [PSVersion("1.0"), PSVersion("2.0")],
    "BuildVersion": PSVersion("6.1.7600.16385"),
    "CLRVersion": PSVersion("2.0.50727.5420"),
    "WSManStackVersion": PSVersion("2.0"),
    "PSRemotingProtocolVersion": PSVersion("2.1"),
    "SerializationVersion": PSVersion("1.1.0.1"),
}
FRAGMENT = 32 * 1024


class Pipeline(Command):
    """One pipeline of a runspace pool."""

    processes = 0
    """It runs inside the shell's own host process."""

    shell: RunspaceShell

    def __init__(self, shell: RunspaceShell, command_id: str) -> None:
        super().__init__(shell, command_id)
        self.psrp = psrpcore.ServerPipeline(shell.pool, uuid.UUID(command_id))
        self.script = ""
        self.waits_for_input = False
        self.lines: list[bytes] = []
        self.out: deque[bytes] = deque()

    @property
    def over(self) -> bool:
        return self.done or self.stopped

    def begin(self, event: psrpcore.CreatePipelineEvent) -> None:
        """The client described the pipeline: run it, or wait for its input."""
        self.script = "\n".join(_text(command) for command in event.pipeline.commands)
        self.waits_for_input = not event.pipeline.no_input
        self.psrp.start()
        if not self.waits_for_input:
            self.start(self.script)

    def take_input(self, value: Any) -> None:
        self.lines.append(value if isinstance(value, bytes) else str(value).encode())

    def end_input(self) -> None:
        self.stdin += b"\n".join(self.lines)
        self.start(self.script)

    def deliver(self, outcome: Any) -> None:
        """Lines of output as objects, errors as records, the exit code through the host."""
        for line in outcome.stdout.decode("utf-8", "replace").splitlines():
            self.psrp.write_output(line)
        error = outcome.stderr.decode("utf-8", "replace").rstrip()
        if error:
            self.psrp.write_error(
                NETException(Message=error),
                category_info=ErrorCategoryInfo(Category=ErrorCategory.NotSpecified, Reason="RemoteException"),
                fully_qualified_error_id="NativeCommandError",
            )
        if outcome.code:
            self.psrp.host_call(HostMethodIdentifier.SetShouldExit, [outcome.code])
        self.psrp.complete()
        self.shell.collect()

    def stop(self) -> None:
        if self.psrp.state == PSInvocationState.Running:
            self.psrp.stop()
            self.shell.collect()
        super().stop()


def _text(command: Any) -> str:
    """A pipeline's command as script text."""
    if command.is_script or not command.parameters:
        return command.command_text
    words = [command.command_text]
    for name, value in command.parameters:
        words += [f"-{name.lstrip('-')}"] if name else []
        words += [f"'{value}'"] if value is not None else []
    return " ".join(words)


class RunspaceShell(Shell):
    """A runspace pool over WS-Man."""

    protocol = "psrp"

    def __init__(self, service: Service, user: str, shell_id: str, idle_timeout: float, resource: str) -> None:
        super().__init__(service, user, shell_id, idle_timeout)
        self.resource = resource
        self.pool = psrpcore.ServerRunspacePool(application_private_data={"PSVersionTable": dict(VERSIONS)})
        self.pool.our_capability.PSVersion = PSVersion("2.0")
        self.pool.our_capability.protocolversion = PSVersion("2.1")
        self.out: deque[bytes] = deque()
        self.changed = asyncio.Event()

    def open(self, request: soap.Request) -> None:
        """Take the fragments that come with Create."""
        element = next((each for each in request.body.iter() if each.tag.endswith("}creationXml")), None)
        if element is None:
            raise refusal.bad_input("a runspace pool needs a creationXml.")
        self.feed(element.text or "")

    def feed(self, data: str | bytes) -> None:
        """Take fragments from the client, and act on the messages they complete."""
        try:
            raw = base64.b64decode(data) if isinstance(data, str) else data
            self.pool.receive_data(psrpcore.PSRPPayload(raw, psrpcore.StreamType.default, None))
            while True:
                event = self.pool.next_event()
                if event is None:
                    break
                self.react(event)
        except (binascii.Error, psrpcore.PSRPCoreError, ValueError, KeyError) as error:
            raise refusal.bad_input(f"broken PowerShell remoting data ({error}).") from error
        self.collect()

    def react(self, event: psrpcore.PSRPEvent) -> None:
        """Act on one message of the client."""
        if isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self.pool.runspace_availability_response(event.ci, self.pool.max_runspaces)
        elif isinstance(event, (psrpcore.SetMaxRunspacesEvent, psrpcore.SetMinRunspacesEvent)):
            self.pool.runspace_availability_response(event.ci, True)
        pipeline = self.commands.get(str(event.pipeline_id).upper()) if event.pipeline_id else None
        if not isinstance(pipeline, Pipeline):
            return
        if isinstance(event, psrpcore.CreatePipelineEvent):
            pipeline.begin(event)
        elif isinstance(event, psrpcore.PipelineInputEvent):
            pipeline.take_input(event.data)
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            pipeline.end_input()

    def collect(self) -> None:
        """Move what the pool wants to send to the queue of the pool or of the pipeline it belongs to."""
        while True:
            payload = self.pool.data_to_send(FRAGMENT)
            if payload is None:
                break
            pipeline = self.commands.get(str(payload.pipeline_id).upper()) if payload.pipeline_id else None
            (pipeline.out if isinstance(pipeline, Pipeline) else self.out).append(payload.data)
        self.wake()

    def wake(self) -> None:
        for event in (self.changed, *(command.changed for command in self.commands.values())):
            event.set()

    async def command(self, request: soap.Request) -> str:
        element = request.first("CommandLine")
        command_id = (element.get("CommandId") if element is not None else None) or str(uuid.uuid4()).upper()
        await self.add(Pipeline(self, command_id))
        self.feed(request.text("Arguments"))
        return f"<rsp:CommandResponse><rsp:CommandId>{escape(command_id)}</rsp:CommandId></rsp:CommandResponse>"

    async def send(self, request: soap.Request) -> str:
        for _name, command_id, data, _end in streams(request.body):
            if command_id:
                self.find(command_id)
            self.feed(data)
        return "<rsp:SendResponse/>"

    async def receive(self, request: soap.Request, gone: Callable[[], bool]) -> str:
        desired = request.first("DesiredStream")
        command_id = (desired.get("CommandId") or "") if desired is not None else ""
        space = room(request, self.service.limits.max_envelope)
        if not command_id:
            await until(self.changed, request.timeout, gone, lambda: bool(self.out) or self.closed)
            return f"<rsp:ReceiveResponse>{_streams(self.out, '', space)}</rsp:ReceiveResponse>"
        pipeline = self.find(command_id)
        assert isinstance(pipeline, Pipeline)
        await until(pipeline.changed, request.timeout, lambda: gone() or pipeline.lost, lambda: pipeline.over)
        body = _streams(pipeline.out, pipeline.id, space)
        state = "Running" if pipeline.out or not pipeline.over else "Done"
        return (
            f"<rsp:ReceiveResponse>{body}"
            f"<rsp:CommandState CommandId={quoteattr(pipeline.id)} State={quoteattr(STATE + state)}/>"
            "</rsp:ReceiveResponse>"
        )


def _streams(queue: deque[bytes], command_id: str, space: int) -> str:
    """As much of a queue as fits into an answer."""
    parts: list[str] = []
    named = f" CommandId={quoteattr(command_id)}" if command_id else ""
    while queue and (not parts or len(queue[0]) + 200 <= space):
        data = queue.popleft()
        space -= len(data) + 200
        parts.append(f'<rsp:Stream Name="stdout"{named}>{base64.b64encode(data).decode()}</rsp:Stream>')
    return "".join(parts)
