"""What an old host refuses: sizes, quotas, unencrypted traffic; hosts that are down or lack something."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import pytest
import requests
from pypsrp.exceptions import WSManFaultError as PsrpFault
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError

from tests.lab.wsman.soap import seconds

from .test_wsman_clients import invoke, protocol, run, runspace, wsman
from .wsman_fakes import DOMAIN_PASSWORD, DOMAIN_USER, PREFIX, FakeMachine, Lab, encoded, lab, wait_for


@pytest.fixture
def served() -> Iterator[Lab]:
    with lab(FakeMachine("OM01")) as running:
        yield running


def limit(running: Lab, **settings: object) -> None:
    service = running.server.hosts["OM01"].service
    service.limits = service.limits.changed(**settings)


class TestSizes:
    @pytest.mark.parametrize("transport", ["plaintext", "ntlm"])
    def test_an_envelope_of_150_kb_is_the_largest(self, served: Lab, transport: str) -> None:
        client = protocol(served, transport=transport)
        shell = client.open_shell()
        command = client.run_command(shell, encoded("stdin"), console_mode_stdin=False)
        client.send_command_input(shell, command, b"x" * 106_600)
        with pytest.raises(WinRMTransportError) as caught:
            client.send_command_input(shell, command, b"x" * 120_000)
        assert caught.value.code == 413
        client.send_command_input(shell, command, b"y", end=True)
        assert client.get_command_output(shell, command)[0].startswith(b"106601 ")
        client.close_shell(shell)
        assert served.events()[0]["envelope_max"] > 140_000

    def test_the_envelope_is_a_setting_of_the_host(self) -> None:
        with lab(FakeMachine("OM01", wsman={"max_envelope_kb": 500})) as running:
            client = protocol(running)
            shell = client.open_shell()
            command = client.run_command(shell, encoded("stdin"), console_mode_stdin=False)
            client.send_command_input(shell, command, b"x" * 200_000, end=True)
            assert client.get_command_output(shell, command)[0].startswith(b"200000 ")

    def test_answers_fit_into_what_the_client_takes(self, served: Lab) -> None:
        client = wsman(served, "OM01", "basic", max_envelope_size=32768)
        with runspace(served, auth="basic", max_envelope_size=32768) as pool:
            assert len(invoke(pool, "lines 2000")[0]) == 2000
        client.close()

    @pytest.mark.parametrize(("length", "runs"), [(3028, True), (3029, False)])
    def test_a_command_line_of_8191_characters(self, served: Lab, length: int, runs: bool) -> None:
        script = "echo ok #".ljust(length, "x")
        output, error, code = run(protocol(served), script)
        if runs:
            assert (len(output), error, code) == (length - 5 + 2, b"", 0)
        else:
            assert (output, error, code) == (b"", b"The command line is too long.\r\n", 1)
            assert not served.engine.runs
            assert served.events()[0]["operations"] == []

    def test_without_cmd_the_limit_is_another(self, served: Lab) -> None:
        client = protocol(served)
        shell = client.open_shell()
        line = PREFIX + base64.b64encode("echo ok #".ljust(4000, "x").encode("utf-16-le")).decode()
        command = client.run_command(shell, line, skip_cmd_shell=True)
        assert client.get_command_output(shell, command)[2] == 0


class TestQuotas:
    def test_five_shells_a_user(self, served: Lab) -> None:
        clients = [protocol(served) for _unused in range(6)]
        shells = [client.open_shell() for client in clients[:5]]
        with pytest.raises(WSManFaultError) as caught:
            clients[5].open_shell()
        assert caught.value.wsman_fault_code == 2150859173
        assert "maximum number of 5 concurrent shells" in str(caught.value)
        protocol(served, transport="ntlm", username=DOMAIN_USER, password=DOMAIN_PASSWORD).open_shell()
        clients[0].close_shell(shells[0])
        clients[5].open_shell()

    def test_runspaces_count_as_shells(self, served: Lab) -> None:
        limit(served, max_shells_per_user=1)
        with runspace(served), pytest.raises(PsrpFault) as caught, runspace(served):
            pass
        assert caught.value.code == 2150859173

    def test_users_at_a_time(self, served: Lab) -> None:
        limit(served, max_concurrent_users=1)
        protocol(served).open_shell()
        with pytest.raises(WSManFaultError) as caught:
            protocol(served, transport="ntlm", username=DOMAIN_USER, password=DOMAIN_PASSWORD).open_shell()
        assert caught.value.wsman_fault_code == 2150859179

    def test_fifteen_processes_a_shell(self, served: Lab) -> None:
        client = protocol(served)
        shell = client.open_shell()
        for _unused in range(7):
            client.run_command(shell, encoded("sleep 0.5"))
        with pytest.raises(WSManFaultError) as caught:
            client.run_command(shell, encoded("echo x"))
        assert caught.value.wsman_fault_code == 1816
        client.close_shell(shell)
        assert len(served.events(7)) == 7

    def test_memory_of_a_shell(self, served: Lab) -> None:
        assert run(protocol(served), "memory 150")[2] == 0
        _output, error, code = run(protocol(served), "memory 151")
        assert (error, code) == (b"Not enough storage is available to process this command.\r\n", -1073741801)
        with runspace(served) as pool:
            assert invoke(pool, "memory 400")[2] == -1073741801

    def test_an_idle_shell_ends(self, served: Lab) -> None:
        limit(served, idle_timeout=0.5)
        client = protocol(served)
        shell = client.open_shell()
        wait_for(lambda: not served.server.hosts["OM01"].service.shells, 4)
        with pytest.raises(WSManFaultError) as caught:
            client.run_command(shell, "ver")
        assert caught.value.wsman_fault_code == 2150858843

    def test_a_shell_that_is_asked_is_not_idle(self, served: Lab) -> None:
        limit(served, idle_timeout=0.5)
        assert run(protocol(served), "sleep 2\necho there")[0] == b"there\r\n"

    def test_a_command_that_hangs_is_ended_with_its_shell(self, served: Lab) -> None:
        client = protocol(served, operation_timeout_sec=1, read_timeout_sec=5)
        shell = client.open_shell()
        command = client.run_command(shell, encoded("hang"))
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        assert not served.world.record.commands()
        client.close_shell(shell)
        assert served.events()[0]["operations"] == ["fake"]


class TestEncryption:
    def test_basic_is_not_offered_where_clear_text_is_not_allowed(self) -> None:
        with lab(FakeMachine("OM01", wsman={"allow_unencrypted": False})) as running:
            with pytest.raises(InvalidCredentialsError):
                protocol(running).open_shell()
            assert requests.post(running.endpoint(), timeout=5).headers["WWW-Authenticate"] == "Negotiate"
            assert run(protocol(running, transport="ntlm"), "echo sealed")[0] == b"sealed\r\n"
            with pytest.raises(WinRMTransportError):
                protocol(running, transport="ntlm", message_encryption="never").open_shell()
            with pytest.raises(Exception, match="400"), runspace(running, encryption="never"):
                pass

    def test_basic_can_be_off(self) -> None:
        with lab(FakeMachine("OM01", wsman={"basic": False})) as running:
            with pytest.raises(InvalidCredentialsError):
                protocol(running).open_shell()
            with runspace(running) as pool:
                assert invoke(pool, "echo x")[0] == ["x"]


class TestHosts:
    def test_a_host_without_winrm_refuses(self) -> None:
        with (
            lab(FakeMachine("OM01"), FakeMachine("OLD1", winrm=None), FakeMachine("OLD2", winrm="1.1")) as running,
        ):
            for name in ("OLD1", "OLD2"):
                with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
                    protocol(running, name).open_shell()

    def test_a_host_without_powershell(self) -> None:
        with lab(FakeMachine("OM01", powershell=None)) as running:
            output, error, code = run(protocol(running), "echo x")
            assert (output, code) == (b"", 1)
            assert error.startswith(b"'PowerShell' is not recognized as an internal or external command")
            client = protocol(running)
            shell = client.open_shell()
            command = client.run_command(shell, "echo plain cmd")
            assert client.get_command_output(shell, command) == (b"plain cmd\r\n", b"", 0)
            with pytest.raises(PsrpFault) as caught, runspace(running):
                pass
            assert caught.value.code == 2150858811

    def test_a_host_that_restarts_refuses_and_forgets(self, served: Lab) -> None:
        machine = served.world.machines["OM01"]
        client = protocol(served)
        shell = client.open_shell()
        client.run_command(shell, encoded("sleep 0.3"))
        machine.up = False
        wait_for(lambda: not served.server.hosts["OM01"].service.shells)
        with pytest.raises(requests.exceptions.ConnectionError):
            protocol(served).open_shell()
        assert served.events()[0]["requests"] == 2
        machine.up = True
        time.sleep(0.4)
        assert run(protocol(served), "echo back")[0] == b"back\r\n"
        with pytest.raises(WSManFaultError):
            protocol(served).run_command(shell, "ver")


class TestFaults:
    def test_refused(self, served: Lab) -> None:
        served.world.faults.add(host="om01", operation="connect")
        with pytest.raises(requests.exceptions.ConnectionError):
            protocol(served).open_shell()
        assert run(protocol(served), "echo x")[0] == b"x\r\n"
        assert [event["operation"] for event in served.world.record.events if event["kind"] == "fault"] == ["connect"]

    @pytest.mark.parametrize("effect", ["drop", "die"])
    @pytest.mark.parametrize("operation", ["connect", "wsman.create"])
    def test_dropped(self, served: Lab, effect: str, operation: str) -> None:
        served.world.faults.add(operation=operation, effect=effect)
        with pytest.raises(requests.exceptions.RequestException):
            protocol(served).open_shell()
        assert run(protocol(served), "echo x")[0] == b"x\r\n"

    @pytest.mark.parametrize("operation", ["connect", "wsman.create", "wsman.receive"])
    def test_503(self, served: Lab, operation: str) -> None:
        served.world.faults.add(operation=operation, code=503)
        with pytest.raises(WinRMTransportError) as caught:
            run(protocol(served), "echo x")
        assert caught.value.code == 503

    def test_a_soap_fault(self, served: Lab) -> None:
        served.world.faults.add(operation="wsman.command", code=1450, message="Insufficient system resources exist.")
        with pytest.raises(WSManFaultError, match="Insufficient system resources") as caught:
            run(protocol(served), "echo x")
        assert caught.value.wsman_fault_code == 1450

    def test_garbage(self, served: Lab) -> None:
        served.world.faults.add(operation="connect", kind="garbage")
        with pytest.raises(requests.exceptions.ConnectionError):
            protocol(served).open_shell()

    def test_dropped_by_the_engine(self, served: Lab) -> None:
        with pytest.raises(requests.exceptions.RequestException):
            run(protocol(served), "drop")
        with pytest.raises(requests.exceptions.RequestException), runspace(served, auth="basic") as pool:
            invoke(pool, "drop")
        assert [event["code"] for event in served.events(2)] == [None, None]

    @pytest.mark.parametrize(
        ("effect", "expected"), [("die", b"0123456"), ("fail", b"Windows Update is configuring this computer.\r\n")]
    )
    def test_spoilt_output(self, served: Lab, effect: str, expected: bytes) -> None:
        served.world.faults.add(operation="wsman.output", effect=effect)
        assert run(protocol(served), "echo 012345678901")[0] == expected
        assert run(protocol(served), "echo 012345678901")[0] == b"012345678901\r\n"

    def test_delayed(self, served: Lab) -> None:
        served.world.faults.add(operation="wsman.receive", effect="delay", seconds=0.7)
        started = time.monotonic()
        assert run(protocol(served), "echo x")[0] == b"x\r\n"
        assert time.monotonic() - started > 0.7

    def test_hung(self, served: Lab) -> None:
        served.world.faults.add(operation="connect", effect="hang")
        with pytest.raises(requests.exceptions.ReadTimeout):
            protocol(served, operation_timeout_sec=1, read_timeout_sec=2).open_shell()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT20S", 20),
        ("PT60.000S", 60),
        ("PT1M30S", 90),
        ("PT1H", 3600),
        ("P1DT1S", 86401),
        ("", 7),
        ("soon", 7),
        (None, 7),
    ],
)
def test_durations(text: str | None, expected: float) -> None:
    assert seconds(text, 7) == expected
