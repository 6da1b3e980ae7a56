"""The control socket of a running lab: `<state>/control.sock`, one JSON object a line each way.

{"do": "fault.add", "host": "GW*", ...}  ->  {"ok": true, "value": ...} or {"ok": false, "error": "..."}
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAME = "control.sock"
Handler = Callable[..., Any]


class ControlError(Exception):
    """No lab answers, or it refused."""


class ControlServer:
    """Answers on the socket until closed. handlers: what `do` names -> function of the other members."""

    def __init__(self, state_dir: Path, handlers: dict[str, Handler]):
        self.handlers = handlers
        self._path = state_dir / NAME
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        with _address(self._path) as address:
            self._server = _Server(address, _Connection)
        self._server.handlers = handlers
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="lab-control", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def call(state_dir: Path, do: str, *, timeout: float = 60.0, **parameters: Any) -> Any:
    """Ask the lab of a state directory; its answer, or ControlError."""
    path = Path(state_dir) / NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            with _address(path) as address:
                connection.connect(address)
            connection.sendall((json.dumps({"do": do, **parameters}) + "\n").encode())
            with connection.makefile("rb") as stream:
                line = stream.readline()
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            raise ControlError(
                f"no lab runs in {state_dir}. Start one, or name its state directory with --state"
            ) from None
        except TimeoutError:
            raise ControlError(f"the lab in {state_dir} did not answer within {timeout:g} seconds") from None
        except OSError as error:
            raise ControlError(f"the lab in {state_dir} cannot be asked: {error}") from None
    if not line:
        raise ControlError(f"the lab in {state_dir} ended without an answer")
    answer = json.loads(line)
    if not answer["ok"]:
        raise ControlError(answer["error"])
    return answer["value"]


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    handlers: dict[str, Handler]


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write((json.dumps(self._answer(line)) + "\n").encode())

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            do = request.pop("do")
            if do not in self.server.handlers:
                known = ", ".join(sorted(self.server.handlers))
                return {"ok": False, "error": f"the lab does not know {do!r}; it knows {known}"}
            return {"ok": True, "value": self.server.handlers[do](**request)}
        except Exception as error:  # whatever it is, the one who asked is told
            return {"ok": False, "error": str(error) or type(error).__name__}


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """The socket's path in a form that fits into the 107 bytes an address may have."""
    if len(os.fsencode(path)) <= 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
