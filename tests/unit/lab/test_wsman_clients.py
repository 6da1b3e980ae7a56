"""The real clients, pywinrm and pypsrp, against the lab's WS-Man server."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from pypsrp.exceptions import AuthenticationError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from .wsman_fakes import DOMAIN_PASSWORD, DOMAIN_USER, PASSWORD, USER, FakeMachine, Lab, encoded, lab, wait_for


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    with lab(FakeMachine("OM01"), FakeMachine("OM02"), FakeMachine("GW01")) as running:
        running.world.machines["GW01"].domain_joined = False
        yield running


def protocol(running: Lab, host: str = "OM01", transport: str = "plaintext", **arguments: Any) -> Protocol:
    account = {"username": USER, "password": PASSWORD, **arguments}
    return Protocol(running.endpoint(host), transport=transport, **account)


def run(client: Protocol, script: str, stdin: bytes | None = None) -> tuple[bytes, bytes, int]:
    """One command in a shell of its own, the way the winrm connection plugin does it."""
    shell = client.open_shell(codepage=65001)
    words = encoded(script).split(" ")
    command = client.run_command(shell, words[0], words[1:], console_mode_stdin=stdin is None)
    for start in range(0, len(stdin or b""), 100_000):
        client.send_command_input(shell, command, stdin[start : start + 100_000], start + 100_000 >= len(stdin))
    result = client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    client.close_shell(shell)
    return result


def wsman(running: Lab, host: str = "OM01", auth: str = "negotiate", **arguments: Any) -> WSMan:
    settings = {
        "username": USER,
        "password": PASSWORD,
        "encryption": "never" if auth == "basic" else "always",
        **arguments,
    }
    return WSMan(running.addresses[host], port=running.port, ssl=False, auth=auth, **settings)


@contextmanager
def runspace(running: Lab, host: str = "OM01", auth: str = "negotiate", **arguments: Any) -> Iterator[RunspacePool]:
    pool = RunspacePool(
        wsman(running, host, auth, **arguments),
        host=PSHost(None, None, False, "test", None, PSHostUserInterface(), None),
    )
    pool.open()
    try:
        yield pool
    finally:
        pool.close()


def invoke(pool: RunspacePool, script: str, lines: list[Any] | None = None) -> tuple[list[Any], list[str], int]:
    shell = PowerShell(pool)
    shell.add_script(script)
    output = shell.invoke(lines)
    code, pool.host.rc = pool.host.rc, 0
    return output, [str(error) for error in shell.streams.error], code


class TestWinrm:
    @pytest.mark.parametrize(
        ("transport", "user", "password", "account"),
        [
            ("plaintext", USER, PASSWORD, "OM01\\Administrator"),
            ("plaintext", "OM01\\administrator", PASSWORD, "OM01\\Administrator"),
            ("ntlm", USER, PASSWORD, "OM01\\Administrator"),
            ("ntlm", ".\\Administrator", PASSWORD, "OM01\\Administrator"),
            ("ntlm", DOMAIN_USER, DOMAIN_PASSWORD, "LAB\\scomadmin"),
            ("ntlm", "lab.test\\scomadmin", DOMAIN_PASSWORD, "LAB\\scomadmin"),
            ("ntlm", "scomadmin@lab.test", DOMAIN_PASSWORD, "LAB\\scomadmin"),
        ],
    )
    def test_runs_a_command(self, served: Lab, transport: str, user: str, password: str, account: str) -> None:
        client = protocol(served, transport=transport, username=user, password=password)
        assert run(client, "echo hello\nerr oops\nexit 3") == (b"hello\r\n", b"oops", 3)
        assert served.engine.runs[-1].user == account
        assert served.engine.runs[-1].protocol == "winrm"
        assert served.engine.runs[-1].command == encoded("echo hello\nerr oops\nexit 3")

    def test_the_address_tells_the_host(self, served: Lab) -> None:
        assert run(protocol(served, "OM02"), "echo")[0] == b"OM02\r\n"

    def test_ntlm_seals_every_envelope(self, served: Lab) -> None:
        client = protocol(served, transport="ntlm")
        run(client, "echo secret")
        assert client.transport.encryption is not None

    @pytest.mark.parametrize("transport", ["plaintext", "ntlm"])
    @pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("Nobody", PASSWORD), (DOMAIN_USER, PASSWORD)])
    def test_a_wrong_password_is_401(self, served: Lab, transport: str, user: str, password: str) -> None:
        with pytest.raises(InvalidCredentialsError):
            protocol(served, transport=transport, username=user, password=password).open_shell()

    def test_basic_knows_no_domain_account(self, served: Lab) -> None:
        with pytest.raises(InvalidCredentialsError):
            protocol(served, username=DOMAIN_USER, password=DOMAIN_PASSWORD).open_shell()

    def test_a_host_outside_the_domain_knows_no_domain_account(self, served: Lab) -> None:
        with pytest.raises(InvalidCredentialsError):
            protocol(served, "GW01", "ntlm", username=DOMAIN_USER, password=DOMAIN_PASSWORD).open_shell()

    def test_only_administrators_may(self, served: Lab) -> None:
        with pytest.raises(WSManFaultError) as caught:
            protocol(served, transport="ntlm", username="LAB\\scomdas", password="Lab-Serv1ce").open_shell()
        assert caught.value.wsman_fault_code == 5

    @pytest.mark.parametrize("transport", ["plaintext", "ntlm"])
    def test_input_of_100_kb(self, served: Lab, transport: str) -> None:
        data = b"x" * 99_990 + b"0123456789"
        assert run(protocol(served, transport=transport), "stdin", data)[0].startswith(b"100000 xxx")
        assert served.engine.runs[-1].stdin == data

    @pytest.mark.parametrize("transport", ["plaintext", "ntlm"])
    def test_output_of_1_mb(self, served: Lab, transport: str) -> None:
        served.world.record.events.clear()
        output = run(protocol(served, transport=transport), "lines 13500")[0]
        assert len(output) == 13500 * 78
        assert output.splitlines()[-1] == b"%076d" % 13499
        authentication = 3 if transport == "ntlm" else 0
        assert served.events()[0]["requests"] == 4 + 10 + authentication

    def test_receive_times_out_and_is_asked_again(self, served: Lab) -> None:
        client = protocol(served, operation_timeout_sec=1, read_timeout_sec=5)
        shell = client.open_shell()
        command = client.run_command(shell, encoded("sleep 1.6\necho late"))
        started = time.monotonic()
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        assert 0.9 < time.monotonic() - started < 1.5
        assert client.get_command_output(shell, command) == (b"late\r\n", b"", 0)
        client.close_shell(shell)

    def test_commands_run_side_by_side(self, served: Lab) -> None:
        clients = [protocol(served, host) for host in ("OM01", "OM02") for _unused in range(3)]
        threads = [threading.Thread(target=run, args=(client, "sleep 1")) for client in clients]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 2.5

    def test_unknown_shells_and_commands(self, served: Lab) -> None:
        client = protocol(served)
        with pytest.raises(WSManFaultError) as caught:
            client.run_command(str(uuid.uuid4()), "ver")
        assert caught.value.wsman_fault_code == 2150858843
        shell = client.open_shell()
        with pytest.raises(WSManFaultError) as caught:
            client.get_command_output_raw(shell, str(uuid.uuid4()))
        assert caught.value.wsman_fault_code == 87
        client.close_shell(shell, close_session=False)
        with pytest.raises(WSManFaultError) as caught:
            client.run_command(shell, "ver")
        assert caught.value.wsman_fault_code == 2150858843

    def test_a_shell_belongs_to_its_user(self, served: Lab) -> None:
        owner = protocol(served)
        shell = owner.open_shell()
        other = protocol(served, transport="ntlm", username=DOMAIN_USER, password=DOMAIN_PASSWORD)
        with pytest.raises(WSManFaultError) as caught:
            other.run_command(shell, "ver")
        assert caught.value.wsman_fault_code == 5
        owner.close_shell(shell)

    def test_terminate_ends_a_command(self, served: Lab) -> None:
        client = protocol(served)
        shell = client.open_shell()
        command = client.run_command(shell, encoded("sleep 1"))
        client.cleanup_command(shell, command)
        started = time.monotonic()
        assert client.get_command_output(shell, command)[2] == -1073741510
        assert time.monotonic() - started < 0.5
        client.close_shell(shell)

    def test_an_engine_that_breaks_is_told(self, served: Lab, capfd: pytest.CaptureFixture[str]) -> None:
        output, error, code = run(protocol(served), "raise out of order")
        assert (output, code) == (b"", 1)
        assert b"RuntimeError: out of order" in error
        assert "Traceback" in capfd.readouterr().err

    def test_the_other_client_of_the_same_shell(self, served: Lab) -> None:
        with WinRS(wsman(served)) as shell:
            process = Process(shell, encoded("echo hello\nexit 2"))
            process.invoke()
            assert (process.stdout, process.rc) == (b"hello\r\n", 2)
            process.signal(SignalCode.TERMINATE)


class TestPsrp:
    @pytest.mark.parametrize(
        ("auth", "settings"),
        [
            ("basic", {}),
            ("negotiate", {}),
            ("ntlm", {}),
            ("negotiate", {"encryption": "never"}),
            ("negotiate", {"username": DOMAIN_USER, "password": DOMAIN_PASSWORD}),
        ],
    )
    def test_runs_a_script(self, served: Lab, auth: str, settings: dict[str, Any]) -> None:
        with runspace(served, auth=auth, **settings) as pool:
            assert pool.protocol_version == "2.1"
            assert invoke(pool, "echo hello\necho you\nerr oops\nexit 3") == (["hello", "you"], ["oops"], 3)
            assert invoke(pool, "echo again") == (["again"], [], 0)
        assert served.engine.runs[-1].protocol == "psrp"
        assert served.engine.runs[-1].command == "echo again"

    def test_input(self, served: Lab) -> None:
        lines = ["x" * 76] * 1315
        with runspace(served) as pool:
            invoke(pool, "stdin", lines)
            assert served.engine.runs[-1].stdin == "\n".join(lines).encode()
            invoke(pool, "stdin", [b"ab", b"cd"])
            assert served.engine.runs[-1].stdin == b"ab\ncd"

    def test_output_of_1_mb(self, served: Lab) -> None:
        with runspace(served) as pool:
            output = invoke(pool, "lines 13500")[0]
        assert len(output) == 13500
        assert output[-1] == f"{13499:076d}"

    def test_waits_longer_than_a_receive(self, served: Lab) -> None:
        with runspace(served, operation_timeout=1, read_timeout=5) as pool:
            assert invoke(pool, "sleep 2.2\necho late")[0] == ["late"]

    def test_a_wrong_password(self, served: Lab) -> None:
        with pytest.raises(AuthenticationError), runspace(served, password="wrong"):
            pass

    def test_the_runspaces_are_counted(self, served: Lab) -> None:
        with runspace(served) as pool:
            assert pool.get_available_runspaces() == 1
            assert pool.is_alive()

    def test_a_large_script(self, served: Lab) -> None:
        script = "# " + "y" * 300_000 + "\necho large"
        with runspace(served) as pool:
            assert invoke(pool, script)[0] == ["large"]
        assert served.engine.runs[-1].command == script


class TestService:
    def test_identify(self, served: Lab) -> None:
        body = (
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
            "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
        )
        headers = {"Content-Type": "application/soap+xml;charset=UTF-8"}
        known = requests.post(served.endpoint(), body, auth=(USER, PASSWORD), headers=headers, timeout=5)
        assert "OS: 6.1.7601 SP: 1.0 Stack: 2.0" in known.text
        unknown = requests.post(
            served.endpoint(), body, headers={**headers, "WSMANIDENTIFY": "unauthenticated"}, timeout=5
        )
        assert "OS: 0.0.0 SP: 0.0 Stack: 2.0" in unknown.text
        assert requests.post(served.endpoint(), body, headers=headers, timeout=5).status_code == 401

    def test_what_is_no_request(self, served: Lab) -> None:
        address = served.endpoint()
        assert requests.get(address, timeout=5).status_code == 405
        assert requests.post(address.replace("/wsman", "/other"), timeout=5).status_code == 404
        assert requests.post(address, "no xml", auth=(USER, PASSWORD), timeout=5).status_code == 400

    def test_the_challenge_offers_what_the_host_takes(self, served: Lab) -> None:
        answer = requests.post(served.endpoint(), timeout=5)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Negotiate, Basic realm="WSMAN"'

    def test_every_command_is_written_once(self, served: Lab) -> None:
        served.world.record.events.clear()
        run(protocol(served), "echo a")
        run(protocol(served, transport="ntlm"), "stdin", b"abc")
        with runspace(served) as pool:
            invoke(pool, "echo b")
        written = served.events(3)
        assert [(e["protocol"], e["requests"], e["stdin_bytes"], e["operations"]) for e in written] == [
            ("winrm", 5, 0, ["fake"]),
            ("winrm", 9, 3, ["fake"]),
            ("psrp", 8, 0, ["fake"]),
        ]
        assert all(e["host"] == "OM01" and e["user"] == "OM01\\Administrator" for e in written)
        assert all(e["bytes_in"] > e["envelope_max"] > 1000 and e["bytes_out"] > 1000 for e in written)

    def test_a_shell_of_many_commands_shares_its_requests_out(self, served: Lab) -> None:
        served.world.record.events.clear()
        client = protocol(served)
        shell = client.open_shell()
        for number in range(3):
            command = client.run_command(shell, encoded(f"echo {number}"))
            client.get_command_output(shell, command)
            client.cleanup_command(shell, command)
            assert len(served.world.record.commands()) == number
        client.close_shell(shell)
        assert [event["requests"] for event in served.events(3)] == [4, 3, 4]

    def test_a_client_that_vanishes_leaves_its_commands_in_the_record(self, served: Lab) -> None:
        served.world.record.events.clear()
        client = protocol(served)
        shell = client.open_shell()
        client.run_command(shell, encoded("sleep 0.5"))
        client.transport.close_session()
        time.sleep(0.2)
        assert not served.world.record.commands()
        service = served.server.hosts["OM01"].service
        wait_for(lambda: bool(service.shells))
        for each in service.shells.values():
            each.idle_timeout = 0
        assert served.events()[0]["requests"] == 2
        assert not service.shells
