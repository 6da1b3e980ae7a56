"""A world and an engine as small as the WS-Man server allows, for its tests."""

from __future__ import annotations

import base64
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.lab.faults import Faults
from tests.lab.world.accounts import Accounts
from tests.lab.wsman import Server, serve

USER, PASSWORD = "Administrator", "Lab-Passw0rd"
DOMAIN_USER, DOMAIN_PASSWORD = "LAB\\scomadmin", "Lab-Upgr4de"
PREFIX = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "
_networks = itertools.count(20)


def encoded(script: str) -> str:
    """A script the way Ansible puts it on a command line."""
    return PREFIX + base64.b64encode(script.encode("utf-16-le")).decode()


def decoded(command: str) -> str:
    """The script inside a command line, or the text itself."""
    head, _unused, tail = command.partition(" -EncodedCommand ")
    return base64.b64decode(tail.split()[0]).decode("utf-16-le") if tail and "powershell" in head.lower() else command


@dataclass
class Outcome:
    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    operations: list[str] = field(default_factory=list)
    timeout: bool = False
    memory: int = 0


@dataclass
class Run:
    host: str
    command: str
    stdin: bytes
    user: str
    protocol: str


class FakeEngine:
    """Runs a few words: `echo X`, `err X`, `exit N`, `sleep S`, `lines N`, `stdin`, `memory MB`, `hang`, `drop`, `raise`."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def run(self, machine: Any, command: str, stdin: bytes, *, user: str, protocol: str) -> Outcome:
        self.runs.append(Run(machine.name, command, stdin, user, protocol))
        outcome = Outcome(operations=["fake"])
        for line in decoded(command).splitlines():
            word, _unused, rest = line.strip().partition(" ")
            if word == "echo":
                outcome.stdout += f"{rest or machine.name}\r\n".encode()
            elif word == "err":
                outcome.stderr += rest.encode()
            elif word == "exit" and rest.isdigit():
                outcome.code = int(rest)
            elif word == "sleep":
                time.sleep(float(rest))
            elif word == "lines":
                outcome.stdout += b"".join(b"%076d\r\n" % number for number in range(int(rest)))
            elif word == "stdin":
                outcome.stdout += f"{len(stdin)} {stdin[:20].decode()} {stdin[-20:].decode()}\r\n".encode()
            elif word == "memory":
                outcome.memory = int(rest)
            elif word == "hang":
                outcome.timeout = True
            elif word == "drop":
                raise ConnectionError(rest)
            elif word == "raise":
                raise RuntimeError(rest)
        return outcome


class FakeRecord:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, host: str | None, kind: str, **fields: Any) -> None:
        self.events.append({"host": host, "kind": kind, **fields})

    def commands(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == "command"]


class FakeMachine:
    def __init__(self, name: str, **spec: Any) -> None:
        self.name = name
        self.fqdn = f"{name.lower()}.lab.test"
        self.domain_joined = True
        self.up = True
        self.os = SimpleNamespace(version="6.1.7601", service_pack=1)
        self.spec = {"winrm": "2.0", "powershell": "2.0", **spec}


class FakeWorld:
    def __init__(self, *machines: FakeMachine) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.record = FakeRecord()
        self.faults = Faults(self.record)
        self.accounts = Accounts("lab.test")
        self.accounts.add(USER, PASSWORD, rights={"administrator"})
        self.accounts.add("scomadmin", DOMAIN_PASSWORD, domain="LAB", rights={"administrator"})
        self.accounts.add("scomdas", "Lab-Serv1ce", domain="LAB")


@dataclass
class Lab:
    world: FakeWorld
    engine: FakeEngine
    server: Server
    addresses: dict[str, str]
    port: int

    def endpoint(self, host: str = "OM01") -> str:
        return f"http://{self.addresses[host]}:{self.port}/wsman"

    def events(self, count: int = 1, timeout: float = 5.0) -> list[dict[str, Any]]:
        """The `command` events, once there are so many."""
        wait_for(lambda: len(self.world.record.commands()) >= count, timeout)
        return self.world.record.commands()


def wait_for(condition: Callable[[], bool], timeout: float = 5.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def lab(*machines: FakeMachine, count: int = 0) -> Iterator[Lab]:
    """Serve machines (by default one, OM01) on loopback addresses of their own."""
    machines = machines or tuple(FakeMachine(f"OM{n:02}") for n in range(1, (count or 1) + 1))
    world, engine, network, port = FakeWorld(*machines), FakeEngine(), next(_networks), free_port()
    addresses = {machine.name: f"127.0.{network + n // 250}.{n % 250 + 1}" for n, machine in enumerate(machines)}
    server = serve(world, engine, addresses, port)
    try:
        yield Lab(world, engine, server, addresses, port)
    finally:
        server.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "wsman"]
