"""One process that serves a whole lab: world, engine, WS-Man listeners, control socket."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

from .control import ControlServer
from .estate import Estate, read_estate
from .faults import Fault
from .inventory import CONNECTIONS, TRANSPORTS, served_hosts, write_inventory
from .world import World

DEFAULT_PORT = 15985
DEFAULT_SCALE = 600.0
INFO = "lab.json"
LOG = "lab.log"
LOCK = "lab.lock"
FIRST_NET, LAST_NET = 10, 250
HOSTS_PER_NET = 250
CLAIM = 254  # the address of each net that a lab holds while it runs


class LabError(Exception):
    """Why a lab cannot be started, in one sentence with its remedy."""


class Lab:
    """A lab. `open()` returns when every host answers; `close()` ends it. Usable inside a test's process too."""

    def __init__(
        self,
        estate: str | Path | Estate,
        state_dir: str | Path,
        *,
        powershell: bool = False,
        scale: float = DEFAULT_SCALE,
        port: int = DEFAULT_PORT,
        base: str | None = None,
        connection: str = "winrm",
        transport: str = "ntlm",
    ):
        """base: `127.0.N`, the net of the hosts' addresses (None: the first free). connection and transport go into the
        inventory."""
        if connection not in CONNECTIONS or transport not in TRANSPORTS:
            raise LabError(f"unknown connection or transport; known are {', '.join((*CONNECTIONS, *TRANSPORTS))}")
        self.estate = estate if isinstance(estate, Estate) else read_estate(estate)
        self.state_dir = Path(state_dir).resolve()
        self.powershell = powershell
        self.scale = scale
        self.port = port
        self.base = base
        self.connection = connection
        self.transport = transport
        self.addresses: dict[str, str] = {}
        self.stop_requested = threading.Event()
        self.world: World
        self.inventory = self.state_dir / "inventory" / "hosts.yml"
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> Lab:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Build the world and serve it."""
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._closing.enter_context(_lock(self.state_dir))
        self._clean()
        names = served_hosts(self.estate)
        claims, self.addresses = claim_addresses(names, self.port, self.base)
        for claim in claims:
            self._closing.callback(claim.close)
        self.world = make_world(self.estate, self.state_dir, self.scale)
        self._closing.callback(self.world.close)
        self.world.addresses.update(self.addresses)
        engine = _make_engine(self.world, self.powershell)
        if hasattr(engine, "close"):
            self._closing.callback(engine.close)
        served = _serve(self.world, engine, self.addresses, self.port)
        if served is not None:
            self._closing.callback(served.close)
        write_inventory(
            self.estate,
            self.inventory.parent,
            self.addresses,
            self.port,
            connection=self.connection,
            transport=self.transport,
        )
        control = ControlServer(self.state_dir, self.handlers())
        self._closing.callback(control.close)
        info = self.state_dir / INFO
        part = info.with_suffix(".part")
        part.write_text(json.dumps(self.info(), indent=2) + "\n", encoding="utf-8")
        part.replace(info)
        self._closing.callback(lambda: info.unlink(missing_ok=True))

    def close(self) -> None:
        """End everything; the state directory keeps the record, the inventory and the hosts' files."""
        self._closing.close()

    def wait(self) -> None:
        """Until somebody asks the lab to stop."""
        self.stop_requested.wait()

    def info(self) -> dict[str, Any]:
        """What a client needs to know of a running lab."""
        return {
            "pid": os.getpid(),
            "estate": str(self.estate.path),
            "management_group": self.estate.management_group,
            "port": self.port,
            "addresses": self.addresses,
            "inventory": str(self.inventory),
            "events": str(self.state_dir / "events.jsonl"),
            "engine": "powershell" if self.powershell else "embedded",
            "scale": self.scale,
        }

    def status(self, full: bool = False) -> dict[str, Any]:
        """The state of the whole world."""
        return status_of(self.world, full)

    def handlers(self) -> dict[str, Any]:
        """What the control socket understands."""
        faults = self.world.faults

        def stop() -> bool:
            threading.Timer(0.05, self.stop_requested.set).start()
            return True

        def restart(host: str) -> bool:
            machine = self.world.find(host)
            if machine is None:
                raise LabError(f"unknown host {host!r}")
            machine.restart("the lab's operator")
            return True

        return {
            "ping": self.info,
            "status": self.status,
            "stop": stop,
            "restart": restart,
            "fault.add": lambda **fields: faults.add(Fault(**fields)).as_dict(),
            "fault.list": lambda: [fault.as_dict() for fault in faults.list()],
            "fault.clear": lambda id=None: faults.clear(id),
        }

    def _clean(self) -> None:
        """Remove what an earlier lab left in the state directory; refuse one that is not a lab's."""
        ours = {LOCK, LOG}
        left = [entry for entry in self.state_dir.iterdir() if entry.name not in ours]
        if left and not any(entry.name in (INFO, "events.jsonl") for entry in left):
            raise LabError(
                f"{self.state_dir} holds other files ({left[0].name}). Name an empty directory, or a lab's own"
            )
        for entry in left:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def make_world(estate: Estate, state_dir: Path, scale: float) -> World:
    """The world of an estate: machines with everything that runs on them."""
    from .product.build import build_world

    return build_world(estate, state_dir=state_dir, scale=scale)


def status_of(world: World, full: bool = False) -> dict[str, Any]:
    """The product's view of the world, and every machine's own."""
    from .product.status import status

    with world.lock:
        found = dict(status(world, full=full))
        found.setdefault("time", world.clock.iso())
        return found


def claim_addresses(names: list[str], port: int, base: str | None = None) -> tuple[list[socket.socket], dict[str, str]]:
    """Addresses for hosts, in order: 127.0.N.1, 127.0.N.2 ...; more than 250 go on in 127.0.N+1.

    A net is held by a socket on its address 254, so that labs that run at the same time keep apart. base: `127.0.N`, or
    None for the first free one.
    """
    nets = max(1, -(-len(names) // HOSTS_PER_NET))
    if base is not None:
        parts = base.rstrip(".").split(".")
        if len(parts) != 3 or parts[0] != "127" or not all(part.isdigit() and int(part) < 256 for part in parts):
            raise LabError(f"--base {base} is not a loopback net. Write for instance 127.0.42")
        prefix, first = ".".join(parts[:2]), int(parts[2])
        claims = _claim(prefix, first, nets, port)
        if claims is None:
            raise LabError(f"{base} with port {port} is in use by another lab. Choose another --base or --port")
        return claims, _addresses(prefix, first, names)
    for first in range(FIRST_NET, LAST_NET - nets + 1):
        claims = _claim("127.0", first, nets, port)
        if claims is not None:
            return claims, _addresses("127.0", first, names)
    raise LabError(f"no free net for port {port} on 127.0.0.0/16. Stop another lab, or choose another --port")


def _claim(prefix: str, first: int, nets: int, port: int) -> list[socket.socket] | None:
    claims: list[socket.socket] = []
    for net in range(first, first + nets):
        claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        claims.append(claim)
        try:
            claim.bind((f"{prefix}.{net}.{CLAIM}", port))
            claim.listen(1)
        except OSError:
            for other in claims:
                other.close()
            return None
    return claims


def _addresses(prefix: str, first: int, names: list[str]) -> dict[str, str]:
    return {name: f"{prefix}.{first + i // HOSTS_PER_NET}.{i % HOSTS_PER_NET + 1}" for i, name in enumerate(names)}


@contextlib.contextmanager
def _lock(state_dir: Path) -> Any:
    """Hold the state directory: one lab at a time."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{state_dir} cannot be made: {error.strerror}. Name another directory with --state") from None
    with open(state_dir / LOCK, "a", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(
                f"a lab runs in {state_dir} already. Stop it with 'python -m tests.lab stop --state {state_dir}', "
                "or name another directory"
            ) from None
        yield


def _make_engine(world: World, powershell: bool) -> Any:
    from .engine import make_engine

    return make_engine(world, powershell)


def _serve(world: World, engine: Any, addresses: dict[str, str], port: int) -> Any:
    from .wsman import serve

    try:
        return serve(world, engine, addresses, port)
    except OSError as error:
        raise LabError(f"cannot listen on port {port}: {error}. Choose another --base or --port") from None
