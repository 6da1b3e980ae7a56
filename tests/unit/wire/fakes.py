"""Connections that need no host: one that interprets the batch, and ones that fail as Ansible's do."""

from __future__ import annotations

import base64
import gzip
import json
import time
from typing import Any

from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire


def read(stdin: bytes) -> tuple[str, dict[str, Any]]:
    """(nonce, batch) of a payload."""
    nonce, _script, batch, end = stdin.decode("ascii").split(".")
    assert nonce == end
    return nonce, json.loads(gzip.decompress(base64.b64decode(batch)))


def frame(nonce: str, answer: Any) -> bytes:
    """An answer as remote.ps1 prints it."""
    text = base64.b64encode(gzip.compress(json.dumps(answer).encode())).decode()
    lines = [text[start : start + 76] for start in range(0, len(text), 76)]
    return "\r\n".join([f"----BEGIN {nonce}", *lines, f"----END {nonce}", ""]).encode()


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Connection:
    """A connection whose host is a function: operation -> value, or an exception to fail with, or an error dictionary.

    script: what happens instead, call by call: an exception is raised, bytes are the output; None answers normally.
    """

    transport = "winrm"

    def __init__(self, answer: Any = None, script: tuple[Any, ...] = (), transport: str = "winrm"):
        self.answer = answer or (lambda op, args: {})
        self.script = list(script)
        self.transport = transport
        self.commands: list[str] = []
        self.payloads: list[bytes] = []
        self.batches: list[list[dict[str, Any]]] = []
        self.connects = 0
        self._connected = True
        self.protocol: Any = object()
        self.shell_id: Any = "1"

    def exec_command(self, command: str, in_data: bytes = b"", sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.commands.append(command)
        self.payloads.append(in_data)
        nonce, batch = read(in_data)
        self.batches.append(batch["operations"])
        step = (self.script or [None]).pop(0)
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, float):
            time.sleep(step)
        if isinstance(step, tuple):
            return step
        elif isinstance(step, bytes):
            return 0, step.replace(b"NONCE", nonce.encode()), b""
        return 0, b"noise before\r\n" + frame(nonce, self.interpret(batch)) + b"noise after", b""

    def interpret(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The answers of this host."""
        results: list[dict[str, Any]] = []
        failed = False
        for item in batch["operations"]:
            value = self.answer(item["op"], item["args"])
            refused = isinstance(value, dict) and "kind" in value and "message" in value
            if failed and batch["stop_on_error"]:
                refused, value = True, {"kind": "skipped", "message": "An earlier operation failed.", "detail": {}}
            failed = failed or refused
            results.append({"id": item["id"], "ok": False, "error": value} if refused else
                           {"id": item["id"], "ok": True, "changed": item["op"].endswith("write"), "value": value, "ms": 1})
        return {"version": 1, "results": results}

    def _connect(self) -> Connection:
        self.connects += 1
        step = self.script.pop(0) if self.script and isinstance(self.script[0], ConnectionError) else None
        if step is not None:
            raise step
        self._connected = True
        return self


def remote(connection: Connection, **options: Any) -> wire.Remote:
    """The wire over a fake connection, with a clock of its own."""
    clock = Clock()
    return wire.Remote(connection, "host1", sleep=clock.sleep, clock=clock, **options)
