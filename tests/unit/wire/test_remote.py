"""The controller's end of the wire."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire

from .fakes import Connection, frame, read, remote

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


# -- payload and frame ------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_what_is_sent_arrives(value: Any) -> None:
    nonce, payload = wire.encode_payload([{"id": "x", "op": "y", "args": {"value": value}}])
    assert payload.isascii() and b"\n" not in payload
    operations = [{"id": "x", "op": "y", "args": {"value": value}}]
    assert read(payload) == (nonce, {"version": 1, "stop_on_error": False, "operations": operations})


@settings(max_examples=50, deadline=None)
@given(JSON, st.sampled_from(["\r\n", "\n", "\r\r\n"]))
def test_an_answer_survives_line_ends_and_stray_output(value: Any, ending: str) -> None:
    text = frame("n1", value).decode().replace("\r\n", ending)
    assert wire.decode_output(("warning: ----\n" + text + "bye").encode(), "n1") == value


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (b"", "missing"),
        (frame("other", {}), "missing"),
        (frame("n1", {})[:-12], "cut off"),
        (frame("n1", {"a": 1}).replace(b"H4sI", b"H4sJ"), "damaged"),
        (b"----BEGIN n1\r\n?\r\n----END n1", "damaged"),
    ],
)
def test_a_broken_answer_is_told_from_a_whole_one(output: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        wire.decode_output(output, "n1")


def test_the_command_line_fits_and_holds_no_data() -> None:
    connection = Connection()
    remote(connection).run([wire.operation("x", secret="Pa55word")])
    assert len(wire.BOOTSTRAP) <= 3028
    assert len("cmd.exe /C " + wire.command_line("psrp")) <= wire.MAX_COMMAND
    assert "Pa55word" not in connection.commands[0]
    assert b"Pa55word" not in connection.payloads[0]  # packed: nobody reads it by chance in a dump


@pytest.mark.parametrize(
    ("transport", "version", "encoded"),
    [
        ("winrm", "2.15.13", False), ("winrm", "2.18.6", False), ("winrm", "2.19.0rc1", True), ("winrm", "2.21.0", True),
        ("psrp", "2.15.13", True), ("psrp", "2.21.0", True),
    ],
)
def test_the_command_is_encoded_once(transport: str, version: str, encoded: bool) -> None:
    command = wire.command_line(transport, version)
    if not encoded:
        assert command == wire.BOOTSTRAP
        return
    assert command.startswith(wire.PREFIX)
    assert base64.b64decode(command[len(wire.PREFIX):]).decode("utf-16-le") == wire.BOOTSTRAP


def test_the_script_travels_with_its_line_numbers() -> None:
    text = (Path(wire.__file__).parent / "remote.ps1").read_text(encoding="utf-8")
    bare = wire.bare_script(text)
    assert bare.count("\n") == text.count("\n")
    assert len(wire.packed_script()) < 32_000
    for number, (long, short) in enumerate(zip(text.splitlines(), bare.splitlines()), 1):
        assert short == ("" if long.strip().startswith("#") else long.strip()), number


# -- batches -----------------------------------------------------------------------------------------------------


def test_results_keep_their_order_and_ids() -> None:
    connection = Connection(lambda op, args: {"op": op, **args})
    results = remote(connection).run([{"op": "a", "id": "one", "args": {"x": 1}}, {"op": "b"}])
    assert [(item.id, item.op, item.ok, item.value) for item in results] == [
        ("one", "a", True, {"op": "a", "x": 1}), ("b", "b", True, {"op": "b"})]
    assert len(connection.payloads) == 1


def test_an_operation_fails_alone() -> None:
    connection = Connection(lambda op, args: {"kind": "not_found", "message": "There is no file C:\\x.", "detail": {"n": 1}}
                            if op == "file.read" else {"fine": True})
    bad, good = remote(connection).run([{"op": "file.read", "args": {"path": "C:\\x"}}, {"op": "system.info"}])
    assert good.get() == {"fine": True}
    assert bad.kind == "not_found"
    with pytest.raises(wire.OperationFailed, match="There is no file") as caught:
        bad.get()
    assert caught.value.as_dict() == {"kind": "not_found", "message": "There is no file C:\\x.", "detail": {"n": 1},
                                      "operation": "file.read", "id": "file.read"}


def test_a_batch_that_is_too_large_is_split_and_put_together() -> None:
    connection = Connection(lambda op, args: {"n": args["n"]})
    operations = [{"op": "registry.write", "id": str(n), "args": {"n": n, "data": base64.b64encode(noise(20_000, n)).decode()}}
                  for n in range(12)]
    results = remote(connection).run(operations)
    assert [item.value["n"] for item in results] == list(range(12))
    assert len(connection.payloads) > 2
    assert max(map(len, connection.payloads)) <= wire.MAX_PAYLOAD


def test_after_a_failure_the_rest_is_skipped_across_envelopes() -> None:
    connection = Connection(lambda op, args: {"kind": "io", "message": "no", "detail": {}} if args["n"] == 0 else {})
    operations = [{"op": "x", "args": {"n": n, "data": base64.b64encode(noise(30_000, n)).decode()}} for n in range(6)]
    results = remote(connection).run(operations, stop_on_error=True)
    assert [item.kind for item in results] == ["io", *["skipped"] * 5]
    assert sum(len(batch) for batch in connection.batches) < 6  # the later envelopes never left


def test_one_operation_that_cannot_be_split_is_refused_before_it_is_sent() -> None:
    connection = Connection()
    with pytest.raises(wire.PayloadTooLarge, match=r"host1: the operation sql.query needs .* takes 100,000"):
        remote(connection).run([{"op": "sql.query", "args": {"text": base64.b64encode(noise(200_000)).decode()}}])
    assert connection.payloads == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 300_000), st.integers(0, 5_000), st.booleans())
def test_a_large_write_is_chunked_without_gap_or_overlap(size: int, start: int, final: bool) -> None:
    content, disk = noise(size), bytearray(b"\xee" * (start + size + 100))
    finals = []

    def write(op: str, args: dict[str, Any]) -> dict[str, Any]:
        part, offset = base64.b64decode(args["data"]), args.get("offset", 0)
        disk[offset : offset + len(part)] = part
        finals.append(args.get("final", True))
        return {"size": offset + len(part)}

    args = {"path": "C:\\x", "data": base64.b64encode(content).decode(), "offset": start, "final": final}
    connection = Connection(write)
    result = remote(connection).run([{"op": "file.write", "args": args}])[0]
    assert bytes(disk) == b"\xee" * start + content + b"\xee" * 100
    assert finals[-1] is final and not any(finals[:-1])
    assert result.value == {"size": start + size} and result.changed
    assert max(map(len, connection.payloads)) <= wire.MAX_PAYLOAD


def test_statistics_tell_what_went_over_the_wire() -> None:
    connection = Connection()
    link = remote(connection)
    link.run([wire.operation("a"), wire.operation("a")])
    link.run([wire.operation("b")])
    told = link.statistics.as_dict()
    assert (told["round_trips"], told["operations"], told["by_operation"]) == (2, 3, {"a": 2, "b": 1})
    assert told["max_payload"] == max(map(len, connection.payloads))
    assert told["max_command"] < wire.MAX_COMMAND


# -- what goes wrong -----------------------------------------------------------------------------------------------


class ReadTimeout(Exception):
    """As requests raises it."""


ReadTimeout.__module__ = "requests.exceptions"


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        (AnsibleConnectionFailure("ntlm: the specified credentials were rejected by the server"), "AuthenticationRejected",
         "rejected.*ansible_password"),
        (AnsibleConnectionFailure("failed to authenticate with the server: Failed to authenticate the user x with negotiate"),
         "AuthenticationRejected", "rejected"),
        (AnsibleConnectionFailure("basic: HTTPConnectionPool(host='h', port=1): Max retries exceeded (Caused by "
                                  "NewConnectionError('<x>: Failed: [Errno 111] Connection refused'))"), "HostUnreachable",
         r"Connection refused\. Check that the host is up"),
        (ConnectionResetError(104, "Connection reset by peer"), "HostUnreachable", "Connection reset by peer"),
        (ReadTimeout("HTTPConnectionPool: Read timed out. (read timeout=30)"), "HostUnreachable", "timed out"),
        (AnsibleError("winrm send_input failed; \nstdout: \nstderr "), "HostUnreachable", "standard input.*150 KB"),
        (AnsibleError("winrm send_input failed; \nstdout: \nstderr 'PowerShell' is not recognized as an internal or external"),
         "PowerShellMissing", "KB968930"),
        ((1, b"", b"'PowerShell' is not recognized as an internal or external command,\r\n"), "PowerShellMissing", "not installed"),
        ((1, b"", b"Missing expression after unary operator '-'.\r\n+ -E <<<< xecutionPolicy"), "PowerShellMissing", "older than 2.0"),
        ((97, b"The standard input was cut off on its way.\r\n", b""), "ForeignOutput", "MaxEnvelopeSizekb"),
        ((1, b"<html>proxy</html>", b"x"), "ForeignOutput", "exit code 1, output: <html>proxy"),
        (b"----BEGIN NONCE\r\nabc", "ForeignOutput", "cut off"),
        (b"", "ForeignOutput", "output: nothing"),
    ],
)
def test_each_failure_has_its_name_and_a_remedy(what: Any, kind: str, words: str) -> None:
    with pytest.raises(wire.WireError) as caught:
        remote(Connection(script=(what,))).call("system.info")
    assert type(caught.value).__name__ == kind
    assert str(caught.value).startswith("host1: ")
    assert re.search(words, str(caught.value), re.S)
    assert caught.value.__cause__ is None


def test_a_fault_of_the_code_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        remote(Connection(script=(ZeroDivisionError(),))).call("x")


def test_a_lost_connection_is_opened_anew_by_the_next_batch() -> None:
    connection = Connection(script=(ConnectionResetError("gone"),))
    link = remote(connection)
    with pytest.raises(wire.HostUnreachable):
        link.call("x")
    assert connection.protocol is None and connection.shell_id is None and not connection._connected
    assert link.call("x") == {}


def test_a_host_that_never_answers_ends_at_the_deadline() -> None:
    connection = Connection(script=(5.0,))
    with pytest.raises(wire.DeadlineExceeded, match="no answer within 0 seconds"):
        wire.Remote(connection, "host1").run([wire.operation("x")], timeout=0.05)
    assert not connection._connected


def test_the_deadline_holds_for_all_batches_of_an_action() -> None:
    link = remote(Connection(), deadline=10)
    link.call("x")
    link.sleep(11)
    with pytest.raises(wire.DeadlineExceeded, match="time given to this action is over"):
        link.call("x")


def test_another_connection_is_refused() -> None:
    with pytest.raises(wire.WireError, match=r"connection is ssh.*set ansible_connection"):
        remote(Connection(transport="ssh")).call("x")


# -- files, restarts -------------------------------------------------------------------------------------------------


class Disk:
    """Files of a host."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.spoil = False

    def __call__(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        data = self.files.get(args["path"])
        if op == "file.stat":
            return {"exists": data is not None, "hash": hashlib.sha256(data).hexdigest() if data is not None else None}
        if op == "file.read":
            assert data is not None
            part = bytes(data[args["offset"] : args["offset"] + args["length"]])
            return {"size": len(data), "offset": args["offset"], "data": base64.b64encode(part).decode()}
        part = base64.b64decode(args["data"])
        content = self.files.setdefault(args["path"], bytearray())
        content[args["offset"] : args["offset"] + len(part)] = part if not self.spoil else part[::-1]
        if args["final"]:
            del content[args["offset"] + len(part):]
        return {"size": len(content)}


def test_a_file_goes_there_and_back(tmp_path: Path) -> None:
    disk, local = Disk(), tmp_path / "media.mp"
    content = noise(150_000)
    local.write_bytes(content)
    disk.files["C:\\x"] = bytearray(noise(400_000, 2))
    link = remote(Connection(disk))
    assert link.upload_file(str(local), "C:\\x", sha256=hashlib.sha256(content).hexdigest().upper(), check=True) is True
    assert len(disk.files["C:\\x"]) == 400_000
    seen: list[tuple[int, int]] = []
    assert link.upload_file(str(local), "C:\\x", progress=lambda sent, total: seen.append((sent, total))) is True
    assert bytes(disk.files["C:\\x"]) == content
    assert seen[-1] == (150_000, 150_000) and len(seen) > 1
    assert link.upload_file(str(local), "C:\\x") is False
    back = tmp_path / "back"
    assert link.fetch_file("C:\\x", str(back)) == hashlib.sha256(content).hexdigest()
    assert back.read_bytes() == content


def test_a_file_that_arrives_changed_is_an_error(tmp_path: Path) -> None:
    disk, local = Disk(), tmp_path / "x"
    local.write_bytes(b"content")
    disk.spoil = True
    with pytest.raises(wire.OperationFailed, match="after writing"):
        remote(Connection(disk)).upload_file(str(local), "C:\\x")
    with pytest.raises(wire.WireError, match=r"not 0000.*Fetch the file anew"):
        remote(Connection(disk)).upload_file(str(local), "C:\\x", sha256="0000")


def test_a_restart_is_waited_for_until_the_boot_time_is_another() -> None:
    times = iter(["b1", "b1", "b2"])
    gone = ConnectionRefusedError("refused")
    connection = Connection(lambda op, args: {"boot_time": next(times)}, script=(None, gone, gone, None, None))
    link = remote(connection)
    assert link.wait_for_reboot("b1", timeout=600) == {"boot_time": "b2"}
    assert connection.connects >= 1


@pytest.mark.parametrize(
    ("script", "words"),
    [((), "did not restart: it still has the same boot time"), ((ConnectionRefusedError("refused"),) * 400, "did not come back")],
)
def test_a_restart_that_does_not_happen_is_told(script: tuple[Any, ...], words: str) -> None:
    with pytest.raises(wire.HostUnreachable, match=words):
        remote(Connection(lambda op, args: {"boot_time": "b1"}, script=script)).wait_for_reboot("b1", timeout=60)
