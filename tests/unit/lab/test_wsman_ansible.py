"""Real ansible-playbook over its winrm and psrp connection plugins against the lab's WS-Man server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .wsman_fakes import FakeMachine, lab
from .wsman_playbook import play

pytestmark = pytest.mark.lab

TRANSPORTS: dict[str, Mapping[str, Any]] = {
    "winrm basic": {},
    "winrm ntlm": {"ansible_winrm_transport": "ntlm"},
    "psrp basic": {"ansible_connection": "psrp"},
    "psrp negotiate": {
        "ansible_connection": "psrp",
        "ansible_psrp_auth": "negotiate",
        "ansible_psrp_message_encryption": "auto",
    },
}
REQUESTS = {"winrm basic": 5, "winrm ntlm": 8, "psrp basic": 5, "psrp negotiate": 8}
RAW = {"name": "raw", "ansible.builtin.raw": "echo hello\nexit 0"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_raw_and_an_action_with_input(transport: str, tmp_path: Path) -> None:
    tasks = [
        RAW,
        {"name": "fails", "ansible.builtin.raw": "err no\nexit 4", "ignore_errors": True},
        {"name": "input", "probe": {"script": "stdin", "input": "abcdefghi\n", "times": 10000}},
        {"name": "output", "probe": {"script": "lines 2000"}},
    ]
    with lab(FakeMachine("OM01")) as served:
        played = play(served, tmp_path, tasks, variables=TRANSPORTS[transport])
        assert played.code == 0, played.text
        assert played.of("raw")["stdout"].strip() == "hello"
        assert played.of("fails")["rc"] == 4
        assert "no" in played.of("fails")["stderr"]
        assert int(played.of("input")["stdout"].split()[0]) in (99_999, 100_000)
        assert len(played.of("output")["stdout"].splitlines()) == 2000
        events = served.events(4)
        assert events[0]["requests"] == REQUESTS[transport]
        assert len(events) == 4


def test_input_that_is_too_large_fails_the_task(tmp_path: Path) -> None:
    task = {"name": "large", "probe": {"script": "stdin", "input": "x" * 1000, "times": 120}}
    with lab(FakeMachine("OM01")) as served:
        played = play(served, tmp_path, [task], variables={"ansible_winrm_connection_timeout": 1})
    assert played.of("large")["kind"] == "failed"
    assert "winrm send_input failed" in played.of("large")["msg"]


def test_what_makes_a_host_unreachable(tmp_path: Path) -> None:
    machines = [FakeMachine(name) for name in ("GOOD", "DOWN", "NOWINRM", "BADPASS", "BROKEN", "BUSY")]
    machines[2].spec["winrm"] = None
    with lab(*machines) as served:
        served.world.machines["DOWN"].up = False
        served.world.faults.add(host="BROKEN", operation="connect", effect="drop")
        served.world.faults.add(host="BUSY", operation="connect", code=503)
        time.sleep(0.3)
        played = play(served, tmp_path, [RAW], per_host={"BADPASS": {"ansible_password": "wrong"}})
    kinds = {host: result["kind"] for host, result in played.results["raw"].items()}
    assert kinds == {"GOOD": "ok"} | dict.fromkeys(("DOWN", "NOWINRM", "BADPASS", "BROKEN", "BUSY"), "unreachable")
    assert "the specified credentials were rejected by the server" in played.of("raw", "BADPASS")["msg"]
    assert "Connection refused" in played.of("raw", "DOWN")["msg"]


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_200_hosts(transport: str, tmp_path: Path, record_property: Any) -> None:
    """200 hosts, one raw task, 10 forks: 4.5 s (Basic) to 6.7 s (psrp, Negotiate) on two cores that have nothing else to do."""
    with lab(count=200) as served:
        wall, cpu = time.monotonic(), time.process_time()
        played = play(served, tmp_path, [RAW], variables=TRANSPORTS[transport])
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        assert played.code == 0, played.text
        assert {event["requests"] for event in served.events(200)} == {REQUESTS[transport]}
    record_property("seconds", round(wall, 1))
    record_property("server_cpu_seconds", round(cpu, 2))
    assert wall < 60
    assert cpu < 6
