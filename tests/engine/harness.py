"""The two engines side by side: the same batches over two worlds that were built the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire
from tests.lab.engine import make_engine
from tests.lab.estate import read_estate
from tests.lab.product.build import build_world

HERE = Path(__file__).parent
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
START = datetime(2012, 5, 12, 17, 59)


class Face:
    """One world with one engine; `Connection` is what `Remote` talks to."""

    def __init__(
        self, folder: Path, estate: str, powershell: bool, user: str = "Administrator", protocol: str = "psrp"
    ):
        self.world = build_world(read_estate(HERE / estate), state_dir=folder, scale=600.0)
        self.engine = make_engine(self.world, powershell)
        self.user, self.protocol = user, protocol

    def remote(self, host: str) -> wire.Remote:
        """The wire to a host of this world."""
        return wire.Remote(Connection(self, host), host)

    def close(self) -> None:
        """End the world's time."""
        self.world.close()


class Connection:
    """Just enough of a connection plugin."""

    transport = "psrp"

    def __init__(self, face: Face, host: str):
        self.face, self.host = face, host
        self.stderr = b""

    def exec_command(self, command: str, in_data: bytes = b"", sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Hand the command to the engine."""
        outcome = self.face.engine.run(
            self.face.world.machines[self.host], command, in_data, user=self.face.user, protocol=self.face.protocol
        )
        self.stderr = outcome.stderr
        return outcome.code, outcome.stdout, outcome.stderr

    def _connect(self) -> Connection:
        return self


def plain(value: Any) -> Any:
    """A value in which present times are one word, because the two worlds' clocks run apart."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "ms"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return TIME.sub(_now, value)
    return value


def _now(found: re.Match[str]) -> str:
    moment = datetime.strptime(found.group(0)[:19], "%Y-%m-%dT%H:%M:%S")
    return "<now>" if START <= moment <= START + timedelta(days=2) else found.group(0)


def answers(face: Face, host: str, operations: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    """The results of a batch as plain data."""
    results = face.remote(host).run(operations, **options)
    return [
        plain({"id": item.id, "ok": item.ok, "changed": item.changed, "value": item.value, "error": item.error})
        for item in results
    ]
