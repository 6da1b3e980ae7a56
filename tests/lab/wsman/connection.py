"""One TCP connection: HTTP, authentication, sealing, and the traffic's account."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress

from .http import BadRequest, HttpRequest, HttpResponse, read_request
from .ledger import Tally
from .refusal import Gone, Rejected
from .security import Session, Unsealed
from .service import Answer, Service
from .shell import Shell
from .trouble import GARBAGE, Garbage, refuses, suffer

_PATH = re.compile(r"^/wsman(?:[/?].*)?$", re.IGNORECASE)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection the hard way."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Connection:
    """Serves one client connection of one host."""

    def __init__(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._session = Session(service.machine, service.authority, service.limits)
        self._unclaimed = Tally()
        self._shells: dict[str, Shell] = {}
        self._fault: object = None

    @property
    def gone(self) -> bool:
        """Whether the client hung up."""
        return self._reader.at_eof() or self._writer.transport.is_closing()

    async def serve(self) -> None:
        """Answer requests until one side has enough."""
        try:
            self._fault = await self._service.strike("connect")
            if self._fault is not None and refuses(self._fault):
                reset(self._writer)
                return
            while True:
                request = await read_request(self._reader)
                if request is None or not await self._exchange(request):
                    break
        except Gone:
            reset(self._writer)
        except (BadRequest, Garbage) as error:
            self._writer.write(GARBAGE if isinstance(error, Garbage) else HttpResponse(400).render())
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for shell in self._shells.values():
                await shell.abandon()
            self._writer.close()

    async def _exchange(self, request: HttpRequest) -> bool:
        """Answer one request; whether the connection lives on."""
        answer, response, cut = await self._respond(request)
        wire = response.render()
        self._unclaimed.add(Tally(1, request.size, len(wire)))
        if answer is not None and answer.shell is not None:
            self._shells[answer.shell.id] = answer.shell
            tally, self._unclaimed = self._unclaimed, Tally()
            await self._service.charge(answer, tally, answer.size)
        if cut:
            self._writer.write(wire[: len(wire) // 2])
            await self._writer.drain()
            raise Gone
        self._writer.write(wire)
        await self._writer.drain()
        return request.keep_alive

    async def _respond(self, request: HttpRequest) -> tuple[Answer | None, HttpResponse, bool]:
        cut = False
        try:
            fault, self._fault = self._fault, None
            cut = await suffer(fault, lambda: self.gone)
            if not _PATH.match(request.path):
                return None, HttpResponse(404), cut
            if request.method != "POST":
                return None, HttpResponse(405, headers=[("Allow", "POST")]), cut
            if request.headers.get("wsmanidentify", "").lower() == "unauthenticated":
                return None, HttpResponse(200, self._service.anonymous_identity()), cut
            caller = self._session.authenticate(request)
            if isinstance(caller, HttpResponse):
                return None, caller, cut
            sealed = request.headers.get("content-type", "").lower().startswith("multipart/encrypted")
            envelope = self._session.unseal(request)
            headers = self._session.last_token()
            if not envelope:
                return None, HttpResponse(200, headers=headers), cut
            answer = await self._service.answer(envelope, caller, lambda: self.gone)
            response = HttpResponse(answer.status, answer.envelope, headers=headers)
            return answer, self._session.seal(response, sealed), cut or answer.cut
        except Unsealed:
            return None, HttpResponse(400), cut
        except Rejected as rejected:
            return rejected.answer, HttpResponse(rejected.status), cut
