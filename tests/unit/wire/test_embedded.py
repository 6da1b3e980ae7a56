"""The embedded engine at its edges: what is no batch, hosts without PowerShell, faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire
from tests.lab.engine import faults, make_engine
from tests.lab.world.spec import HostSpec, OsSpec
from tests.lab.world.world import World

COMMAND = wire.command_line("psrp")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three hosts: one that is fine, one without PowerShell, one with its first version."""
    found = World(tmp_path, dns_domain="x.test")
    for name, version in (("A", "2.0"), ("B", None), ("C", "1.0")):
        found.add_machine(HostSpec(name, f"{name.lower()}.x.test", "x.test", OsSpec(), powershell=version))
    yield found
    found.close()


def run(world: World, host: str = "A", command: str = COMMAND, stdin: bytes = b"") -> Any:
    return make_engine(world).run(world.machines[host], command, stdin, user="Administrator", protocol="winrm")


def results(world: World, *operations: dict[str, Any], stop: bool = False) -> list[dict[str, Any]]:
    nonce, payload = wire.encode_payload([{"id": item["op"], "args": {}, **item} for item in operations], stop)
    outcome = run(world, stdin=payload)
    assert outcome.operations == [item["op"] for item in operations]
    return wire.decode_output(outcome.stdout, nonce)["results"]


def test_a_batch_is_answered_in_its_frame(world: World) -> None:
    nonce, payload = wire.encode_payload([wire.operation("system.info")])
    for command in (COMMAND, wire.BOOTSTRAP, '"powershell.exe" -NoProfile ' + COMMAND[COMMAND.index("-Enc"):]):
        outcome = run(world, command=command, stdin=payload)
        assert outcome.code == 0 and outcome.stderr == b""
        assert all(len(line) <= 76 for line in outcome.stdout.splitlines())
        assert wire.decode_output(outcome.stdout, nonce)["results"][0]["value"]["name"] == "A"


def test_a_batch_that_was_cut_off_is_told(world: World) -> None:
    payload = wire.encode_payload([wire.operation("system.info")])[1]
    outcome = run(world, stdin=payload[:-20])
    assert (outcome.code, outcome.stdout) == (97, b"The standard input was cut off on its way.\r\n")


@pytest.mark.parametrize(("host", "words"), [("B", "not recognized as an internal or external command"), ("C", "unary operator '-'")])
def test_hosts_without_powershell_2(world: World, host: str, words: str) -> None:
    outcome = run(world, host, stdin=wire.encode_payload([])[1])
    assert outcome.code == 1 and words in outcome.stderr.decode()


@pytest.mark.parametrize(
    ("text", "stdout", "words"),
    [("hostname", "A\r\n", ""), ("$env:SystemRoot", "C:\\Windows\r\n", ""), ("echo 'hello'", "hello\r\n", ""),
     ("Get-Frobnication -X 1", "", "The term 'Get-Frobnication' is not recognized")],
)
def test_other_texts_get_what_powershell_would_say(world: World, text: str, stdout: str, words: str) -> None:
    outcome = run(world, command=text)
    assert outcome.stdout.decode() == stdout
    assert words in outcome.stderr.decode() and bool(outcome.code) is bool(words)


def test_a_fault_strikes_one_operation(world: World) -> None:
    world.faults.add(host="A", operation="file.stat", kind="io", message="disk on fire")
    stat = {"op": "file.stat", "args": {"path": "C:\\"}}
    first, second = results(world, stat, {"op": "system.info"})
    assert first["error"] == {"kind": "io", "message": "disk on fire", "detail": {}} and second["ok"]
    assert results(world, stat)[0]["ok"]
    world.faults.add(operation="system.info", count=None)
    assert [item.get("error", {}).get("kind") for item in results(world, stat, {"op": "system.info"}, stat, stop=True)] == [
        None, "io", "skipped"]


def test_a_fault_that_drops_the_connection(world: World) -> None:
    world.faults.add(operation="system.info", effect="drop")
    with pytest.raises(faults.Dropped):
        results(world, {"op": "system.info"})
