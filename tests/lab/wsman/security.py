"""Who is calling: Basic, Negotiate/NTLM, and the sealing of messages (MS-WSMV 2.2.9).

NTLM's acceptor looks accounts up in a file that it finds through an environment variable. The variable is set only
while a token is worked on, under a lock, so that several servers of one process don't get in each other's way.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import spnego
from spnego.exceptions import SpnegoError

from .http import HttpRequest, HttpResponse
from .limits import Limits

BOUNDARY = b"--Encrypted Boundary"
SEALED = "application/HTTP-SPNEGO-session-encrypted"
SEALED_TYPE = f'multipart/encrypted;protocol="{SEALED}";boundary="Encrypted Boundary"'
REALM = 'Basic realm="WSMAN"'

_environment = threading.Lock()


class Authority:
    """The accounts of a world, asked in the ways a WinRM service asks."""

    def __init__(self, world: Any, hosts: Iterable[str]) -> None:
        self._accounts = world.accounts
        self._hosts = sorted(hosts)
        self._directory = tempfile.TemporaryDirectory(prefix="wsman-")
        self._file = Path(self._directory.name, "accounts")
        self._file.touch(mode=0o600)
        self._written: list[str] = []

    def close(self) -> None:
        self._directory.cleanup()

    def file(self) -> Path:
        """The file NTLM looks accounts up in, as they are now."""
        lines = [line for account in self._accounts.all() for line in self._lines(account)]
        if lines != self._written:
            self._file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            self._written = lines
        return self._file

    def _lines(self, account: Any) -> Iterator[str]:
        if account.domain is None:
            for domain in ("", ".", *self._hosts):
                yield f"{domain}:{account.user}:{account.password}"
            return
        dns = self._accounts.dns_domain
        yield f"{account.domain}:{account.user}:{account.password}"
        yield f"{dns}:{account.user}:{account.password}"
        yield f":{account.user}@{dns}:{account.password}"

    def caller(self, machine: Any, user: str) -> str | None:
        """The full name of the account that a user name means on a machine, when the machine can know it."""
        account = self._accounts.find(user, machine)
        if account is None or (account.domain and not machine.domain_joined):
            return None
        return self._accounts.full_name(account.name, machine)

    def basic(self, machine: Any, user: str, password: str) -> str | None:
        """The same by password. Basic authentication knows local accounts only."""
        account = self._accounts.find(user, machine)
        if account is None or account.domain or account.password != password:
            return None
        return self._accounts.full_name(account.name, machine)

    def admits(self, machine: Any, user: str) -> bool:
        """Whether the service lets an account in: administrators only."""
        return self._accounts.may(user, "administrator", machine)


@contextmanager
def _account_file(path: Path) -> Iterator[None]:
    with _environment:
        before = os.environ.get("NTLM_USER_FILE")
        os.environ["NTLM_USER_FILE"] = str(path)
        try:
            yield
        finally:
            if before is None:
                del os.environ["NTLM_USER_FILE"]
            else:
                os.environ["NTLM_USER_FILE"] = before


class Unsealed(Exception):
    """A message in clear where the host wants it encrypted, or one that can't be opened."""


class Session:
    """The security of one TCP connection: NTLM belongs to the connection, Basic to each request."""

    def __init__(self, machine: Any, authority: Authority, limits: Limits) -> None:
        self._machine = machine
        self._authority = authority
        self._limits = limits
        self._context: spnego.ContextProxy | None = None
        self._caller: str | None = None
        self._final: tuple[str, str] | None = None

    def challenge(self) -> HttpResponse:
        """401 with what the host accepts."""
        offers = []
        if self._limits.negotiate:
            offers.append(("WWW-Authenticate", "Negotiate"))
        if self._limits.basic and self._limits.allow_unencrypted:
            offers.append(("WWW-Authenticate", REALM))
        return HttpResponse(401, headers=offers)

    def authenticate(self, request: HttpRequest) -> str | HttpResponse:
        """The caller's full name, or the response that takes the authentication further."""
        scheme, _unused, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and self._limits.basic and self._limits.allow_unencrypted:
            return self._basic(token) or self.challenge()
        if scheme.lower() in ("negotiate", "ntlm") and self._limits.negotiate:
            return self._negotiate(scheme, token)
        if not scheme and self._caller is not None:
            return self._caller
        return self.challenge()

    def _basic(self, token: str) -> str | None:
        try:
            user, _unused, password = base64.b64decode(token, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._authority.basic(self._machine, user, password)

    def _negotiate(self, scheme: str, token: str) -> str | HttpResponse:
        if self._context is None or self._context.complete:
            self._context, self._caller = None, None
        try:
            with _account_file(self._authority.file()):
                if self._context is None:
                    self._context = spnego.server(
                        protocol=scheme.lower(),
                        options=spnego.NegotiateOptions.use_negotiate
                        if scheme.lower() == "negotiate"
                        else spnego.NegotiateOptions.use_ntlm,
                    )
                answer = self._context.step(base64.b64decode(token))
        except (SpnegoError, ValueError, struct.error):
            self._context = None
            return self.challenge()
        text = base64.b64encode(answer).decode() if answer else ""
        if not self._context.complete:
            return HttpResponse(401, headers=[("WWW-Authenticate", f"{scheme} {text}")])
        self._caller = self._authority.caller(self._machine, self._context.client_principal or "")
        if self._caller is None:
            self._context = None
            return self.challenge()
        self._final = (scheme, text) if text else None
        return self._caller

    def last_token(self) -> list[tuple[str, str]]:
        """The header that carries the acceptor's last token, once."""
        final, self._final = self._final, None
        return [("WWW-Authenticate", " ".join(final))] if final else []

    def unseal(self, request: HttpRequest) -> bytes:
        """The envelope inside a request."""
        if not request.headers.get("content-type", "").lower().startswith("multipart/encrypted"):
            if self._limits.allow_unencrypted or not request.body:
                return request.body
            raise Unsealed("unencrypted traffic is not allowed")
        if self._context is None or not self._context.complete:
            raise Unsealed("an encrypted message without a security context")
        marker = b"Content-Type: application/octet-stream\r\n"
        start = request.body.find(marker)
        end = request.body.rfind(b"--")
        closing = request.body.rfind(BOUNDARY, 0, end)
        if start < 0 or closing < 0:
            raise Unsealed("no encrypted part")
        sealed = request.body[start + len(marker) : closing]
        with suppress(SpnegoError, struct.error):
            (length,) = struct.unpack_from("<i", sealed)
            return self._context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :])
        raise Unsealed("the message can't be opened")

    def seal(self, response: HttpResponse, sealed: bool) -> HttpResponse:
        """Encrypt a response where the request was encrypted."""
        if not sealed or not response.body or self._context is None:
            return response
        header, data, padding = self._context.wrap_winrm(response.body)
        original = len(response.body) + padding
        response.content_type = SEALED_TYPE
        response.body = b"".join(
            (
                BOUNDARY + b"\r\n",
                f"\tContent-Type: {SEALED}\r\n".encode(),
                f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={original}\r\n".encode(),
                BOUNDARY + b"\r\n",
                b"\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(header)) + header + data,
                BOUNDARY + b"--\r\n",
            )
        )
        return response
