"""The WS-Man server on the lab's own machine model and engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from winrm.protocol import Protocol

from tests.lab.engine import make_engine
from tests.lab.world import HostSpec, World
from tests.lab.wsman import Server, serve

from .wsman_fakes import PASSWORD, USER, encoded, free_port, wait_for

ADDRESSES = {"OM01": "127.0.19.1", "OLD1": "127.0.19.2"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, scale=1000)
    world.add_machine(HostSpec("OM01", "om01.lab.test", "lab.test"))
    world.add_machine(HostSpec("OLD1", "old1.lab.test", "lab.test", winrm=None))
    yield world
    world.close()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with serve(world, make_engine(world), ADDRESSES, free_port()) as running:
        yield running


def hostname(server: Server, name: str = "OM01") -> str:
    client = Protocol(f"http://{ADDRESSES[name]}:{server.port}/wsman", username=USER, password=PASSWORD)
    shell = client.open_shell()
    command = client.run_command(shell, encoded("$env:COMPUTERNAME"))
    output, _unused, _unused = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    client.close_shell(shell)
    return output.decode().strip()


def refuses(server: Server, name: str) -> bool:
    try:
        hostname(server, name)
    except requests.exceptions.ConnectionError:
        return True
    return False


def test_a_command_and_its_event(world: World, server: Server) -> None:
    assert hostname(server) == "OM01"
    (event,) = world.record.events
    assert (event["host"], event["kind"], event["protocol"], event["requests"]) == ("OM01", "command", "winrm", 5)
    assert event["user"] == "OM01\\Administrator"


def test_a_host_without_winrm(server: Server) -> None:
    assert refuses(server, "OLD1")


def test_a_stopped_service(world: World, server: Server) -> None:
    service = world.machines["OM01"].services
    service.stop("WinRM")
    wait_for(lambda: refuses(server, "OM01"))
    service.start("WinRM")
    wait_for(lambda: not refuses(server, "OM01"))


def test_a_restart(world: World, server: Server) -> None:
    world.machines["OM01"].restart(delay=1)
    wait_for(lambda: refuses(server, "OM01"))
    wait_for(lambda: not refuses(server, "OM01"))
    assert "reboot" in {event["kind"] for event in world.record.events}
