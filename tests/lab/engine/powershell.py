"""The powershell engine: the very text that came over the wire, run by a real PowerShell over the machine model.

What Windows would do is asked over the bridge (`bridge`); the machine's drives are folders here. Two things do not pass the
bridge, because .NET's sockets are real: the hosts and ports of `tcp.test` are replaced, in the data of the batch and not in
the script, by ports on the loopback interface that answer, refuse or are unknown as the model says.

The runner of a job is started by its scheduled task and runs here for real too, as the task's account.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from ..world.processes import FOREVER, Result, split_command_line
from . import Outcome, faults, jobs, payload
from .bridge import Bridge, Session
from .embedded import CUT_OFF, without_powershell

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 3600.0  # real seconds that a command may take
SILENT = {"DOTNET_TieredPGO": "0", "DOTNET_TieredCompilation": "1", "POWERSHELL_TELEMETRY_OPTOUT": "1", "NO_COLOR": "1"}


def find_pwsh() -> str | None:
    """The engine: `pwsh` on the PATH, else in the folder `shared/powershell` beside the repository; None when there is none."""
    beside = ROOT.parent / "shared" / "powershell" / "pwsh"
    for candidate in (shutil.which("pwsh"), str(beside) if beside.exists() else None):
        if candidate and _has_bridge(candidate):
            return candidate
    return None


def _has_bridge(path: str) -> bool:
    """Whether this is the engine that knows bridges, not an ordinary PowerShell."""
    try:
        done = subprocess.run([path, "--lint", os.devnull], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class PowerShellEngine:
    """See the package. The engine's process is started anew for each command, as WinRM does."""

    def __init__(self, world: Any, pwsh: str | None = None):
        found = pwsh or find_pwsh()
        if found is None:
            raise FileNotFoundError(
                "There is no PowerShell engine: neither pwsh on the PATH nor ../shared/powershell/pwsh."
            )
        self.world, self.pwsh = world, found
        for machine in world.machines.values():
            jobs.register(machine, self.runner)

    def run(self, machine: Any, command: str, stdin: bytes, *, user: str, protocol: str) -> Outcome:
        """Run a command line or a script with its standard input."""
        refused = without_powershell(machine)
        if refused:
            return refused
        script = payload.script_of(command)
        try:
            found = payload.read(stdin) if "$input" in script else None
        except ValueError:
            return Outcome(stdout=CUT_OFF.encode(), code=97)
        if found is None:
            return self._execute(machine, ["-NonInteractive", "-Command", script], stdin, user)
        names = [item.get("op", "?") for item in found.operations]
        return self._batch(machine, script, found, user, names)

    def _batch(self, machine: Any, script: str, found: payload.Payload, user: str, names: list[str]) -> Outcome:
        """Run a batch: all of it in the engine but what a fault strikes."""
        outcome = Outcome()

        def real(batch: dict[str, Any]) -> dict[str, Any]:
            nonlocal outcome
            with Loopback(machine, batch) as mapped:
                data = payload.Payload(found.nonce, found.script, mapped.batch).encode()
                outcome = self._execute(machine, ["-NonInteractive", "-Command", script], data, user)
            return payload.unframe(outcome.stdout, found.nonce) or {}

        answer = faults.around(machine, found.batch, real)
        if not answer:  # no frame: what the engine said goes out as it is
            return Outcome(outcome.stdout, outcome.stderr, outcome.code, names)
        return Outcome(payload.frame(found.nonce, answer), outcome.stderr, outcome.code, names)

    def _execute(
        self, machine: Any, arguments: list[str], stdin: bytes, user: str, *, logon: str = "network"
    ) -> Outcome:
        with Bridge(Session(machine, user, logon)) as bridge:
            process = self._start(arguments, bridge.path)
            try:
                stdout, stderr = process.communicate(stdin, timeout=LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                stdout, stderr = process.communicate()
                return Outcome(stdout, stderr, 1, timeout=True)
            finally:
                machine.files.rescan()
            if bridge.broken:
                stderr += f"\r\nThe lab's bridge failed: {bridge.broken}\r\n".encode()
        return Outcome(stdout, stderr, process.returncode)

    def _start(self, arguments: list[str], bridge: str) -> subprocess.Popen[bytes]:
        environment = {"PWSH_BRIDGE": bridge, "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **SILENT}
        return subprocess.Popen(
            [self.pwsh, "-NoProfile", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
        )

    # -- a job's runner --------------------------------------------------------------------------------------------------

    def runner(self, call: Any) -> Generator[float, None, Result]:
        """`powershell.exe` as a scheduled task starts it: the job's runner, for real, as the task's account."""
        if jobs.runner_folder(call) is None:
            return Result(1, stderr="The lab's powershell.exe runs jobs only.\r\n")
        outcome: list[Result] = []
        bridge = Bridge(Session(call.machine, call.user, call.logon, patient=True))
        process = self._start(split_command_line(call.command_line), bridge.path)

        def work() -> None:
            stdout, stderr = process.communicate(b"")
            call.machine.files.rescan()
            outcome.append(
                Result(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))
            )
            jobs.resume(call.machine, call.process)

        thread = threading.Thread(target=work, name="lab-runner", daemon=True)
        thread.start()
        try:
            while not outcome:
                yield FOREVER
            return outcome[0]
        finally:
            if process.poll() is None:
                process.kill()
            threading.Thread(target=bridge.__exit__, daemon=True).start()


class Loopback:
    """A batch in which the hosts of `tcp.test` are ports of this computer that behave as the model's hosts would."""

    def __init__(self, machine: Any, batch: dict[str, Any]):
        self._sockets: list[socket.socket] = []
        operations = [self._mapped(machine, item) for item in batch.get("operations") or []]
        self.batch = dict(batch, operations=operations)

    def _mapped(self, machine: Any, item: Any) -> Any:
        args = item.get("args") or {} if isinstance(item, dict) else {}
        if (
            not isinstance(item, dict)
            or item.get("op") != "tcp.test"
            or not args.get("host")
            or not isinstance(args.get("port"), int)
        ):
            return item
        if not 0 < args["port"] < 65536:
            return item
        why = machine.network.why_not(str(args["host"]), args["port"])
        if why is not None and "no such host" in why.lower():
            return dict(item, args=dict(args, host="unknown.invalid"))
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if why is None or "refused" not in why.lower():
            listener.listen(0)
        self._sockets.append(listener)
        if why is not None and "refused" not in why.lower():
            self._fill(port)
        return dict(item, args=dict(args, host="127.0.0.1", port=port))

    def _fill(self, port: int) -> None:
        """Take the places in the queue of a port that nobody serves, so that the next connection gets no answer."""
        for _unused in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            self._sockets.append(client)

    def __enter__(self) -> Loopback:
        return self

    def __exit__(self, *args: Any) -> None:
        for item in self._sockets:
            item.close()
