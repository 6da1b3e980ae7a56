# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The wire to one Windows host: a batch of operations out, a list of results back, one round trip.

The operations and the frame are described in docs/wire.md; `remote.ps1` beside this file carries them out. This module
sends and receives, splits what is larger than one envelope, and names what went wrong on the way. It judges nothing.

Facts about ansible-core's connection plugins (which of them encode a command once more, how standard input arrives) were
read in the sources of ansible-core 2.15 to 2.21; the limits are those of WinRM 2.0: envelopes of 150 KB (a Send of
106,676 bytes passes, 120,000 do not), cmd.exe's 8,191 characters. Private to this collection.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import contextvars
import datetime
import gzip
import hashlib
import io
import json
import os
import re
import secrets
import sys
import threading
import time
from dataclasses import dataclass, field

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.release import __version__ as ansible_version

# What ansible-core's own connections start PowerShell with. From 2.19 on, a command that begins with exactly this is
# passed through as it is.
PREFIX = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "

# All that stands on a command line. Standard input is `nonce.script.batch.nonce`, the middle two gzip + base64; what is
# not of this alphabet (a byte order mark, line ends) is dropped. Over psrp there is no console to fall back on, and no need.
BOOTSTRAP = """\
$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'
$t=[string]::Join('',@($input))
if(!$t){$t=[Console]::In.ReadToEnd()}
$p=($t -replace '[^A-Za-z0-9+/=.]','').Split('.')
if($p.Length -ne 4 -or $p[0] -ne $p[3]){'The standard input was cut off on its way.';exit 97}
$m=New-Object IO.MemoryStream(,[Convert]::FromBase64String($p[1]))
$z=New-Object IO.Compression.GZipStream($m,[IO.Compression.CompressionMode]::Decompress)
$s=(New-Object IO.StreamReader($z,[Text.Encoding]::UTF8)).ReadToEnd()
&([scriptblock]::Create($s)) $p[0] $p[2] $s
exit 98
"""

MAX_PAYLOAD = 100_000  # bytes of standard input in one Send
MAX_COMMAND = 8_191  # characters that cmd.exe takes
BASE_TIMEOUT = 300.0  # seconds that a batch may take besides the time-outs of its operations
FETCH_CHUNK = 1_048_576  # bytes of one file.read
OPERATION_TIMEOUTS = {"service.set": 120, "command.run": 60, "sql.query": 60, "tcp.test": 3, "download": 3600,
                      "opsmgr.run": 300, "file.stat": 120}

_MISSING = re.compile(r"powershell.{0,40}(is not recognized|n'est pas reconnu|wurde nicht|could not be found)", re.I | re.S)
_TOO_OLD = re.compile(r"unary operator '-'|-E\s*<<<<\s*xecutionPolicy", re.I)
_CUT_OFF = "The standard input was cut off on its way."
_REJECTED = re.compile(r"credentials were rejected|failed to authenticate|Code\s+401|401[: ]+Unauthorized|"
                       r"InvalidCredentials|authentication failed", re.I)
# Packages whose exceptions mean that the connection itself failed.
_TRANSPORTS = {"requests", "urllib3", "http", "winrm", "pypsrp", "socket", "ssl", "spnego", "requests_ntlm", "httpcore"}


class WireError(AnsibleError):
    """The wire itself failed, not an operation. The message names the host and what to do about it."""

    def __init__(self, host, problem, remedy=""):
        self.host, self.problem, self.remedy = host, problem, remedy
        super().__init__(f"{host}: {problem}" + (f" {remedy}" if remedy else ""))


class HostUnreachable(WireError):
    """No connection, or it was lost. What was under way on the host is not known."""


class DeadlineExceeded(HostUnreachable):
    """The host did not answer within the time that the batch was given."""


class AuthenticationRejected(WireError):
    """The host answers, and refuses user and password."""


class PowerShellMissing(WireError):
    """There is no Windows PowerShell on the host, or one older than 2.0."""


class ForeignOutput(WireError):
    """What came back is not the frame of this run, or a broken one."""


class PayloadTooLarge(WireError):
    """One operation alone is larger than an envelope and cannot be split."""


class OperationFailed(AnsibleError):
    """An operation was refused. `kind`, `detail`, `op` and `host` tell what; the message is the host's own sentence."""

    def __init__(self, error, op="", operation_id="", host=""):
        self.kind = error.get("kind", "internal")
        self.detail = error.get("detail") or {}
        self.text = error.get("message", "")
        self.op, self.operation_id, self.host = op, operation_id, host
        super().__init__(f"{op} ({self.kind}): {self.text}" if op else f"{self.kind}: {self.text}")

    def as_dict(self):
        """Plain data for a task's result."""
        return {"kind": self.kind, "message": self.text, "detail": self.detail, "operation": self.op, "id": self.operation_id}


@dataclass
class Result:
    """The answer to one operation."""

    id: str
    op: str
    ok: bool
    changed: bool = False
    value: object = None
    error: dict | None = None
    ms: int = 0
    host: str = ""

    def get(self):
        """The value; raises `OperationFailed` when the operation was refused."""
        if not self.ok:
            raise OperationFailed(self.error or {}, self.op, self.id, self.host)
        return self.value

    @property
    def kind(self):
        """The error's kind, or None."""
        return None if self.ok else (self.error or {}).get("kind", "internal")


@dataclass
class Statistics:
    """What went over the wire, for figures and tests. Bytes of standard input; characters of the command line."""

    round_trips: int = 0
    operations: int = 0
    payload_bytes: int = 0
    max_payload: int = 0
    max_command: int = 0
    output_bytes: int = 0
    retries: int = 0
    seconds: float = 0.0
    by_operation: dict = field(default_factory=dict)

    def as_dict(self):
        """Plain data."""
        return dict(self.__dict__)


def operation(op, /, **args):
    """One operation of a batch as the wire wants it. Arguments that are None are left out; its id is its own name."""
    return {"id": op, "op": op, "args": {key: value for key, value in args.items() if value is not None}}


def command_line(transport, version=ansible_version):
    """What to hand to `exec_command` of a connection: the encoded command line, or the bare script where it encodes itself.

    winrm before 2.19 encodes whatever it is given, so it gets the script; everything else gets the encoded form, which psrp
    runs in its runspace without a child process.
    """
    release = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if transport == "winrm" and release < (2, 19):
        return BOOTSTRAP
    return PREFIX + base64.b64encode(BOOTSTRAP.encode("utf-16-le")).decode("ascii")


_script_cache: dict = {}


def packed_script():
    """`remote.ps1` as it travels: gzip + base64 text."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "remote.ps1")
    stamp = os.stat(path).st_mtime_ns
    if _script_cache.get("stamp") != stamp:
        with open(path, encoding="utf-8") as file:
            _script_cache.update(stamp=stamp, text=_pack(bare_script(file.read()).encode("ascii")))
    return _script_cache["text"]


def bare_script(text):
    """The script without what only its readers need: comments that fill a line, and indentation.

    The lines keep their numbers, so that a position in an error is one of the file. There are no texts of several lines in it.
    """
    lines = (line.strip() for line in text.splitlines())
    return "".join(("" if line.startswith("#") else line) + "\n" for line in lines)


def _pack(data):
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def encode_payload(operations, stop_on_error=False, nonce=None):
    """(nonce, standard input) for a batch."""
    nonce = nonce or secrets.token_hex(8)
    batch = {"version": 1, "stop_on_error": bool(stop_on_error), "operations": operations}
    text = json.dumps(batch, separators=(",", ":"), default=_plain)
    return nonce, f"{nonce}.{packed_script()}.{_pack(text.encode('ascii'))}.{nonce}".encode("ascii")


def _plain(value):
    """JSON for what is no JSON: bytes become base64, times ISO 8601 in UTC, and Ansible's own kinds of text text."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)


def decode_output(stdout, nonce):
    """The answer inside the frame of this run; raises ValueError with the reason when there is none or a broken one."""
    begin, end = f"----BEGIN {nonce}", f"----END {nonce}"
    text = stdout.decode("ascii", "replace") if isinstance(stdout, bytes) else stdout
    start = text.rfind(begin)
    if start < 0:
        raise ValueError("the answer is missing")
    stop = text.find(end, start)
    if stop < 0:
        raise ValueError("the answer was cut off")
    body = "".join(text[start + len(begin):stop].split())
    try:
        return json.loads(gzip.decompress(base64.b64decode(body, validate=True)))
    except (binascii.Error, OSError, EOFError, ValueError) as error:
        raise ValueError(f"the answer is damaged ({error})") from error


class Remote:
    """The wire to one host over an Ansible connection (`winrm` or `psrp`).

    connection: Ansible's connection plugin. host_name: for messages. deadline: seconds that all batches of this action may
    take together, or None. sleep and clock are there for tests.
    """

    def __init__(self, connection, host_name, deadline=None, sleep=time.sleep, clock=time.monotonic):
        self.connection = connection
        self.host = host_name
        self.transport = getattr(connection, "transport", "") or ""
        self.statistics = Statistics()
        self.sleep, self.clock = sleep, clock
        self._ends = None if deadline is None else clock() + deadline

    # -- batches -------------------------------------------------------------------------------------------------

    def run(self, operations, stop_on_error=False, timeout=None):
        """Carry out operations and return their `Result`s in the same order.

        operations: list of {"id", "op", "args"} (see `operation`). timeout: seconds for each round trip; without it, the
        operations' own time-outs plus `BASE_TIMEOUT`. Raises a `WireError`; an operation that is refused raises nothing.
        """
        wanted = [dict(item, id=str(item.get("id") or item["op"]), args=item.get("args") or {}) for item in operations]
        pieces = [piece for index, item in enumerate(wanted) for piece in self._pieces(index, item)]
        answers: dict = {}
        failed = False
        for batch in self._batches(pieces):
            if failed and stop_on_error:
                answers.update((piece["index"], self._skipped(piece)) for piece in batch if piece["index"] not in answers)
                continue
            for piece, answer in zip(batch, self._round_trip([piece["item"] for piece in batch], stop_on_error, timeout)):
                self._merge(answers, piece, answer)
                failed = failed or not answer.get("ok")
        return [self._result(item, answers[index]) for index, item in enumerate(wanted)]

    def call(self, op, /, **args):
        """Carry out one operation and return its value; raises `OperationFailed`."""
        return self.run([operation(op, **args)])[0].get()

    def _pieces(self, index, item):
        """A file.write that does not fit becomes several, each one chunk; everything else stays one piece."""
        data = item["args"].get("data") if item["op"] == "file.write" else None
        if isinstance(data, (bytes, bytearray)):
            data = base64.b64encode(bytes(data)).decode("ascii")
            item = dict(item, args=dict(item["args"], data=data))
        if data is None or len(data) <= self._chunk() * 4 // 3:
            return [{"index": index, "item": item, "last": True}]
        content, start = base64.b64decode(data), int(item["args"].get("offset", 0))
        pieces = []
        for offset in range(0, len(content), self._chunk()):
            part = content[offset:offset + self._chunk()]
            last = offset + len(part) == len(content)
            args = dict(item["args"], data=base64.b64encode(part).decode("ascii"), offset=start + offset,
                        final=last and item["args"].get("final", True))
            pieces.append({"index": index, "item": dict(item, args=args), "last": last})
        return pieces

    def _chunk(self):
        """Bytes of a file that surely fit into one envelope beside the script, even where they cannot be compressed."""
        return int((MAX_PAYLOAD - len(packed_script()) - 2_048) * 0.72) // 1024 * 1024

    def _batches(self, pieces):
        """Split a list of pieces where its payload would be too large; raises `PayloadTooLarge` when one alone is."""
        size = len(encode_payload([piece["item"] for piece in pieces])[1]) if pieces else 0
        if not pieces:
            return []
        if size <= MAX_PAYLOAD:
            return [pieces]
        if len(pieces) == 1:
            name = pieces[0]["item"]["op"]
            raise PayloadTooLarge(self.host, f"the operation {name} needs {size:,} bytes; WinRM 2.0 takes {MAX_PAYLOAD:,}.",
                                  "Give it less at once, or put the content into a file first.")
        middle = len(pieces) // 2
        return self._batches(pieces[:middle]) + self._batches(pieces[middle:])

    def _merge(self, answers, piece, answer):
        """Join the answers to the chunks of one operation: the first failure, or all changes and the last value."""
        before = answers.get(piece["index"])
        if before is None or not before.get("ok"):
            answers.setdefault(piece["index"], answer)
            return
        merged = dict(answer, changed=bool(before.get("changed")) or bool(answer.get("changed")),
                      ms=before.get("ms", 0) + answer.get("ms", 0))
        answers[piece["index"]] = merged

    @staticmethod
    def _skipped(piece):
        return {"id": piece["item"]["id"], "ok": False,
                "error": {"kind": "skipped", "message": "An earlier operation failed.", "detail": {}}}

    def _result(self, item, answer):
        error = answer.get("error")
        return Result(id=item["id"], op=item["op"], ok=bool(answer.get("ok")), changed=bool(answer.get("changed")),
                      value=answer.get("value"), error=error, ms=int(answer.get("ms", 0)), host=self.host)

    # -- one round trip --------------------------------------------------------------------------------------------

    def _round_trip(self, operations, stop_on_error, timeout):
        if self.transport not in ("winrm", "psrp"):
            raise WireError(self.host, f"the connection is {self.transport or 'of an unknown kind'}.",
                            "This collection talks to Windows hosts over winrm or psrp: set ansible_connection.")
        nonce, payload = encode_payload(operations, stop_on_error)
        command = command_line(self.transport)
        started = self.clock()
        self._count(operations, command, payload)
        code, stdout, stderr = self._execute(command, payload, self._timeout(operations, timeout))
        self.statistics.output_bytes += len(stdout)
        self.statistics.seconds += self.clock() - started
        try:
            answer = decode_output(stdout, nonce)
        except ValueError as error:
            raise self._foreign(code, stdout, stderr, str(error)) from None
        if answer.get("version") != 1 or "error" in answer:
            problem = (answer.get("error") or {}).get("message", "unknown")
            raise ForeignOutput(self.host, f"remote.ps1 could not read its batch: {problem}",
                                "This is a fault of the collection.")
        results = answer.get("results") or []
        if len(results) != len(operations):
            raise ForeignOutput(self.host, f"{len(operations)} operations were sent and {len(results)} answers came back.")
        return results

    def _count(self, operations, command, payload):
        statistics = self.statistics
        line = command if command.startswith(PREFIX) else PREFIX + "x" * (len(command) * 8 // 3)
        statistics.round_trips += 1
        statistics.operations += len(operations)
        statistics.payload_bytes += len(payload)
        statistics.max_payload = max(statistics.max_payload, len(payload))
        statistics.max_command = max(statistics.max_command, len(line))
        for item in operations:
            statistics.by_operation[item["op"]] = statistics.by_operation.get(item["op"], 0) + 1

    def _timeout(self, operations, timeout):
        if timeout is None:
            timeout = BASE_TIMEOUT + sum(
                float(item["args"].get("timeout", OPERATION_TIMEOUTS.get(item["op"], 5))) for item in operations)
        if self._ends is not None:
            timeout = min(timeout, self._ends - self.clock())
            if timeout <= 0:
                raise DeadlineExceeded(self.host, "the time given to this action is over.")
        return timeout

    def _execute(self, command, payload, timeout):
        """`exec_command` with a limit of time: the winrm connection itself waits for a silent host for ever.

        It runs in a thread of its own. One that does not come back is left alone, and the connection is forgotten.
        """
        outcome: dict = {}
        context = contextvars.copy_context()

        def work():
            try:
                outcome["answer"] = context.run(self.connection.exec_command, command, in_data=payload, sudoable=False)
            except BaseException as error:  # handed to the caller's thread
                outcome["error"] = error

        thread = threading.Thread(target=work, name="scom.upgrade wire", daemon=True)
        written = io.StringIO()
        # Up to ansible-core 2.18 a worker's main thread holds the lock of stderr for good. What a library's warning wrote there
        # from another thread would never come back.
        with contextlib.redirect_stderr(written):
            thread.start()
            thread.join(timeout)
        sys.stderr.write(written.getvalue())
        if thread.is_alive():
            self._forget()
            raise DeadlineExceeded(self.host, f"no answer within {timeout:.0f} seconds.",
                                   "Look at the host and its WinRM service; the operation may still be running there.")
        if "error" in outcome:
            raised = self._translate(outcome["error"])
            if isinstance(raised, HostUnreachable):
                self._forget()  # the next batch opens a new connection
            raise raised from None  # ansible-core adds the message of a cause to the message, and it is in it already
        return outcome["answer"]

    def _translate(self, error):
        """The `WireError` for what a connection plugin or its library raised; foreign exceptions come back as they are."""
        text = str(error)
        package = type(error).__module__.split(".")[0]
        if isinstance(error, WireError):
            return error
        if _MISSING.search(text):
            return self._no_powershell()
        if _REJECTED.search(text):
            return AuthenticationRejected(self.host, "user or password was rejected by the host.",
                                          "Check ansible_user and ansible_password, and that WinRM allows this transport.")
        if isinstance(error, AnsibleError) and "send_input failed" in text:
            return HostUnreachable(self.host, "the host did not take the standard input (its WinRM envelope limit may be lower "
                                   "than 150 KB, or PowerShell ended at once).", f"It said: {text[:300]}")
        if isinstance(error, (AnsibleConnectionFailure, OSError)) or package in _TRANSPORTS or "timed out" in text:
            return HostUnreachable(self.host, f"no connection over {self.transport}: {_reason(text) or type(error).__name__}.",
                                   "Check that the host is up, that its WinRM listener answers on this address and port, and the "
                                   "firewall between.")
        return error

    def _no_powershell(self):
        return PowerShellMissing(self.host, "Windows PowerShell is not installed.",
                                 "Install Windows Management Framework Core (KB968930: PowerShell 2.0 and WinRM 2.0).")

    def _foreign(self, code, stdout, stderr, reason):
        """The error for output without a whole frame."""
        text = (_text(stdout) + "\n" + _text(stderr)).strip()
        if _MISSING.search(text):
            return self._no_powershell()
        if _TOO_OLD.search(text):
            return PowerShellMissing(self.host, "its Windows PowerShell is older than 2.0.",
                                     "Install Windows Management Framework Core (KB968930).")
        if _CUT_OFF in text:
            return ForeignOutput(self.host, "the batch arrived damaged: its end is missing.",
                                 "Check MaxEnvelopeSizekb of WinRM on the host and any proxy between.")
        excerpt = re.sub(r"\s+", " ", text)[:300] or "nothing"
        return ForeignOutput(self.host, f"{reason}; exit code {code}, output: {excerpt}.",
                             "Something else answered, or the shell was ended (WinRM's memory and time limits). Try again; if it "
                             "stays, run the same command by hand on the host.")

    # -- the connection ----------------------------------------------------------------------------------------------

    def _forget(self):
        """Drop the connection without talking to the host."""
        for name in ("protocol", "shell_id", "runspace"):
            if hasattr(self.connection, name):
                setattr(self.connection, name, None)
        self.connection._connected = False

    def reset(self):
        """Open the connection anew; raises a `WireError` when the host does not answer."""
        self._forget()
        self.statistics.retries += 1
        try:
            self.connection._connect()
        except Exception as error:
            raised = self._translate(error)
            if raised is error:
                raise
            raise raised from None

    # -- files ------------------------------------------------------------------------------------------------------

    def upload_file(self, local, remote, sha256=None, check=False, progress=None):
        """Put a local file onto the host unless its content is there already; returns whether it was, or would be, changed.

        local: path on the controller. remote: path on the host (its folder is created). sha256: what the local file has to
        have; checked before it is sent. progress(sent, total) is called after each chunk. The content is read back as a
        hash: a difference raises `OperationFailed` (io).
        """
        with open(local, "rb") as file:
            content = file.read()
        digest = hashlib.sha256(content).hexdigest()
        if sha256 and digest != sha256.lower():
            raise WireError(self.host, f"{local} has the SHA-256 {digest}, not {sha256.lower()}.", "Fetch the file anew.")
        found = self.call("file.stat", path=remote, hash="sha256")
        if found["exists"] and found.get("hash") == digest:
            return False
        if check:
            return True
        step = self._chunk()
        for offset in range(0, max(len(content), 1), step):
            part = content[offset:offset + step]
            self.call("file.write", path=remote, data=base64.b64encode(part).decode("ascii"), offset=offset,
                      final=offset + len(part) >= len(content), create_directory=True)
            if progress:
                progress(offset + len(part), len(content))
        written = self.call("file.stat", path=remote, hash="sha256").get("hash")
        if written != digest:
            raise OperationFailed({"kind": "io", "message": f"{remote} has the SHA-256 {written} after writing, not {digest}."},
                                  "file.write", "file.write", self.host)
        return True

    def fetch_file(self, remote, local):
        """Copy a file of the host to the controller; returns its SHA-256. Raises `OperationFailed` when there is none."""
        digest, offset = hashlib.sha256(), 0
        with open(local, "wb") as file:
            while True:
                part = self.call("file.read", path=remote, offset=offset, length=FETCH_CHUNK)
                content = base64.b64decode(part["data"])
                file.write(content)
                digest.update(content)
                offset += len(content)
                if offset >= part["size"] or not content:
                    return digest.hexdigest()

    # -- restarts -----------------------------------------------------------------------------------------------------

    def reboot(self, timeout=1800.0, reason="scom.upgrade", delay=5, interval=5.0):
        """Restart the host and wait until it is back; returns its `system.info`. Raises `OperationFailed`, `WireError`."""
        before = self.call("reboot", delay=delay, reason=reason)["boot_time"]
        return self.wait_for_reboot(before, timeout, interval)

    def wait_for_reboot(self, boot_time, timeout=1800.0, interval=5.0):
        """Wait until the host has started again, which its boot time tells; returns its `system.info`.

        boot_time: what the `reboot` operation (or `system.info` before) said. Raises `HostUnreachable` when the time is over;
        the message tells whether the host never went down or never came back.
        """
        ends, seen, last = self.clock() + timeout, True, "it did not restart: it still has the same boot time"
        while self.clock() < ends:
            self.sleep(min(interval, max(0.0, ends - self.clock())))
            try:
                if not seen:
                    self.reset()
                info = self.run([operation("system.info")], timeout=60)[0].get()
            except WireError as error:
                seen, last = False, f"it did not come back ({error.problem})"
                continue
            seen = True
            if info["boot_time"] != boot_time:
                return info
            last = "it did not restart: it still has the same boot time"
        raise HostUnreachable(self.host, f"not restarted after {timeout:.0f} seconds; {last}.", "Look at its console.")


def _reason(text):
    """The one phrase that matters in what HTTP libraries say."""
    found = re.search(r"\[Errno -?\d+\] ([^'\")\\]+)", text) or re.search(r"((?:connect|read) timeout=?[^)'\"]*|timed out)", text, re.I)
    return (found.group(1) if found else text[:300]).strip().rstrip(".")


def _text(data):
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data or "")
