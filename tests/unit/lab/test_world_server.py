"""The serving process: command line, control socket, addresses. Each lab here is the smallest estate."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.lab import control
from tests.lab.__main__ import main
from tests.lab.control import ControlError, ControlServer
from tests.lab.server import CLAIM, Lab, LabError, claim_addresses

SMALL = Path(__file__).parents[2] / "estates" / "no-warehouse.yml"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- control -------------------------------------------------------------------------------------------------


def test_the_control_socket_answers_and_tells_errors(tmp_path: Path):
    def broken() -> None:
        raise ValueError("no such thing")

    server = ControlServer(tmp_path, {"echo": lambda **given: given, "broken": broken})
    try:
        assert control.call(tmp_path, "echo", a=[1, "x"]) == {"a": [1, "x"]}
        with pytest.raises(ControlError, match="no such thing"):
            control.call(tmp_path, "broken")
        with pytest.raises(ControlError, match="does not know 'other'; it knows broken, echo"):
            control.call(tmp_path, "other")
    finally:
        server.close()
    with pytest.raises(ControlError, match="no lab runs in"):
        control.call(tmp_path, "echo")


def test_a_long_path_of_a_state_directory_works(tmp_path: Path):
    deep = tmp_path / ("x" * 90) / ("y" * 90)
    deep.mkdir(parents=True)
    server = ControlServer(deep, {"ping": lambda: "pong"})
    try:
        assert control.call(deep, "ping") == "pong"
    finally:
        server.close()


# -- addresses -----------------------------------------------------------------------------------------------


def test_labs_at_the_same_time_get_nets_of_their_own():
    port = free_port()
    first, one = claim_addresses(["A", "B"], port)
    second, two = claim_addresses(["A", "B"], port)
    try:
        assert one == {"A": "127.0.10.1", "B": "127.0.10.2"}
        assert two == {"A": "127.0.11.1", "B": "127.0.11.2"}
        with pytest.raises(LabError, match=r"127\.0\.11 with port .* is in use"):
            claim_addresses(["A"], port, "127.0.11")
    finally:
        for claim in [*first, *second]:
            claim.close()


def test_many_hosts_go_on_in_the_next_net():
    claims, addresses = claim_addresses([f"H{i}" for i in range(300)], free_port(), "127.7.20")
    try:
        assert (addresses["H0"], addresses["H249"], addresses["H250"]) == ("127.7.20.1", "127.7.20.250", "127.7.21.1")
        assert {claim.getsockname()[0] for claim in claims} == {f"127.7.20.{CLAIM}", f"127.7.21.{CLAIM}"}
    finally:
        for claim in claims:
            claim.close()


@pytest.mark.parametrize("base", ["10.0.0", "127.0", "127.0.x", "127.0.0.1", "127.0.300"])
def test_a_wrong_base_is_refused(base: str):
    with pytest.raises(LabError, match="not a loopback net"):
        claim_addresses(["A"], 15985, base)


# -- the command line ----------------------------------------------------------------------------------------


def test_wrong_use_is_one_line_without_traceback(tmp_path: Path, capsys):
    estate = tmp_path / "wrong.yml"
    estate.write_text(
        "management_group: X\ndomain: x.test\nservers: []\ndatabases: {operational: {server: A, name: B}}\n"
    )
    assert main(["start", str(estate), "--state", str(tmp_path / "s")]) == 2
    assert "no root management server" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    for words in (["stop"], ["status"], ["events"], ["fault", "list"]):
        assert main([*words, "--state", str(tmp_path / "none")]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1 and "--state" in error


def test_a_directory_with_other_files_is_not_touched(tmp_path: Path):
    precious = tmp_path / "precious.txt"
    precious.write_text("x")
    with pytest.raises(LabError, match=r"holds other files \(precious.txt\)"):
        Lab(SMALL, tmp_path).open()
    assert precious.read_text() == "x"


@pytest.mark.xdist_group("lab-cli")
def test_start_ask_and_stop_a_lab(tmp_path: Path, capsys):
    state = tmp_path / "lab"
    words = ["--state", str(state)]
    assert main(["start", str(SMALL), *words, "--port", str(free_port()), "--scale", "1000"]) == 0
    try:
        out = capsys.readouterr().out
        assert "LITWARE" in out and str(state / "inventory" / "hosts.yml") in out
        info = json.loads((state / "lab.json").read_text())
        assert set(info["addresses"]) == {"LWRMS", "LWMS1", "LWSQL"}
        for address in info["addresses"].values():
            socket.create_connection((address, info["port"]), 5).close()
        assert main(["start", str(SMALL), *words]) == 2
        assert "runs in" in capsys.readouterr().err
        with pytest.raises(LabError, match="already"):
            Lab(SMALL, state).open()
        assert main(["status", "--json", *words]) == 0
        status = json.loads(capsys.readouterr().out)
        assert status["machines"]["LWRMS"]["up"] is True
        assert {"LWRMS", "LWMS1", "LWSQL"} <= set(status["machines"])
        assert main(["status", *words]) == 0
        capsys.readouterr()
        assert (
            main(
                ["fault", "add", *words, "--host", "LW*", "--operation", "connect", "--effect", "drop", "--count", "0"]
            )
            == 0
        )
        assert main(["fault", "list", *words]) == 0
        assert "drop connect on LW*, always" in capsys.readouterr().out
        assert main(["fault", "clear", *words]) == 0
        assert "1 cleared" in capsys.readouterr().out
        assert main(["events", *words]) == 0
        assert capsys.readouterr().out == "", "a lab that nobody touched has no events"
    finally:
        assert main(["stop", *words]) == 0
    assert not (state / "lab.json").exists() and not (state / "control.sock").exists()
    with pytest.raises(OSError):
        socket.create_connection((info["addresses"]["LWRMS"], info["port"]), 5)
    with Lab(SMALL, state, port=free_port(), scale=1000) as lab:  # the same directory again, inside this process
        assert control.call(state, "ping")["management_group"] == "LITWARE"
        assert lab.status()["machines"].keys() == status["machines"].keys()
