"""The lab's command line: start, stop, status, events, fault."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from . import control
from .estate import EstateError, read_estate
from .faults import EFFECTS
from .inventory import CONNECTIONS, TRANSPORTS
from .server import DEFAULT_PORT, DEFAULT_SCALE, INFO, LOG, Lab, LabError

START_SECONDS = 180.0
STOP_SECONDS = 20.0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code (2: the lab or the estate refused)."""
    options = _parser().parse_args(arguments)
    try:
        return options.function(options)
    except (EstateError, LabError, control.ControlError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Simulated Windows hosts of an estate.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Any, text: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=text, description=text)
        found.set_defaults(function=function)
        found.add_argument("--state", required=True, type=Path, help="the lab's state directory")
        return found

    start = command("start", _start, "Serve an estate and write the inventory for it.")
    start.add_argument("estate", type=Path, help="a YAML file such as those of tests/estates")
    start.add_argument("--powershell", action="store_true", help="run remote.ps1 in the real PowerShell engine")
    start.add_argument("--scale", type=float, default=DEFAULT_SCALE, help="how much faster simulated work runs")
    start.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port of every host (default {DEFAULT_PORT})")
    start.add_argument("--base", help="net of the hosts' addresses, 127.0.N (default: the first free)")
    start.add_argument("--connection", choices=CONNECTIONS, default="winrm", help="connection in the inventory")
    start.add_argument("--transport", choices=TRANSPORTS, default="ntlm", help="authentication in the inventory")
    start.add_argument(
        "--foreground", action="store_true", help="serve until interrupted instead of going to the background"
    )

    command("stop", _stop, "End a lab; its state directory stays.")

    status = command("status", _status, "Tell the state of the world.")
    status.add_argument("--json", action="store_true", help="all of it, in the vocabulary of an estate")
    status.add_argument("--full", action="store_true", help="with every machine's files, registry and event logs")

    events = command("events", _events, "Print the record of what changed.")
    events.add_argument("--kind", action="append", help="only this kind (may be given again)")
    events.add_argument("--host", help="only this host")

    restart = command("restart", _restart, "Restart a machine, as if somebody had pressed the button.")
    restart.add_argument("host")

    fault = commands.add_parser("fault", help="Let something go wrong.", description="Let something go wrong.")
    faults = fault.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, function: Any, text: str) -> argparse.ArgumentParser:
        found = faults.add_parser(name, help=text, description=text)
        found.set_defaults(function=function)
        found.add_argument("--state", required=True, type=Path, help="the lab's state directory")
        return found

    add = action("add", _fault_add, "Add a fault.")
    add.add_argument("--host", default="*", help="pattern of the hosts' names")
    add.add_argument(
        "--operation",
        default="*",
        help="pattern: an operation of the wire, a program, installer, connect, sql, or tcp:PORT (towards the host)",
    )
    add.add_argument(
        "--effect", choices=[*EFFECTS], default="fail", help="; ".join(f"{k}: {v}" for k, v in EFFECTS.items())
    )
    add.add_argument("--count", type=int, default=1, help="how often it strikes; 0 = always")
    add.add_argument("--skip", type=int, default=0, help="how often it lets pass first")
    add.add_argument("--kind", default="io", help="kind of the error (fail)")
    add.add_argument("--message", default="Injected fault", help="message of the error (fail)")
    add.add_argument("--code", type=int, help="exit code or error number")
    add.add_argument("--seconds", type=float, help="simulated seconds (delay, die)")
    action("list", _fault_list, "List the faults that wait.")
    clear = action("clear", _fault_clear, "Forget one fault, or all.")
    clear.add_argument("--id", type=int, help="only this one")
    return parser


# -- start and stop ------------------------------------------------------------------------------------------


def _start(options: argparse.Namespace) -> int:
    if options.foreground:
        return _serve(options)
    read_estate(options.estate)  # says what is wrong before anything is started
    state = options.state.resolve()
    running = _running(state)
    if running is not None:
        raise LabError(
            f"a lab runs in {state} already ({running['management_group']}, process {running['pid']}). Stop it with "
            f"'python -m tests.lab stop --state {options.state}', or name another directory"
        )
    try:
        state.mkdir(parents=True, exist_ok=True)
        log = open(state / LOG, "w", encoding="utf-8")  # noqa: SIM115 - the child keeps it
    except OSError as error:
        raise LabError(f"{state} cannot be used: {error.strerror}. Name another directory with --state") from None
    root = Path(__file__).resolve().parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    words = [
        sys.executable,
        "-m",
        "tests.lab",
        "start",
        str(options.estate.resolve()),
        "--state",
        str(state),
        "--foreground",
    ]
    words += ["--scale", str(options.scale), "--port", str(options.port), "--connection", options.connection]
    words += ["--transport", options.transport, *(["--base", options.base] if options.base else [])]
    words += ["--powershell"] if options.powershell else []
    with log:
        child = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment, cwd=root
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise LabError(_last_error(state))
        info = _info(state)
        if info is not None and info["pid"] == child.pid:
            _tell(info)
            return 0
        time.sleep(0.05)
    child.terminate()
    raise LabError(f"the lab was not ready within {START_SECONDS:g} seconds; its log is {state / LOG}")


def _serve(options: argparse.Namespace) -> int:
    lab = Lab(
        options.estate,
        options.state,
        powershell=options.powershell,
        scale=options.scale,
        port=options.port,
        base=options.base,
        connection=options.connection,
        transport=options.transport,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: lab.stop_requested.set())
    with lab:
        _tell(lab.info())
        sys.stdout.flush()
        lab.wait()
    return 0


def _stop(options: argparse.Namespace) -> int:
    info = control.call(options.state, "ping")
    control.call(options.state, "stop")
    deadline = time.monotonic() + STOP_SECONDS
    while _alive(info["pid"]):
        if time.monotonic() > deadline:
            raise LabError(f"the lab (process {info['pid']}) did not end within {STOP_SECONDS:g} seconds")
        time.sleep(0.05)
    print(f"{info['management_group']} stopped; its record is {info['events']}")
    return 0


def _running(state: Path) -> dict[str, Any] | None:
    """What a lab that runs in the directory says of itself; None when none does."""
    try:
        return control.call(state, "ping", timeout=5.0)
    except control.ControlError:
        return None


def _info(state: Path) -> dict[str, Any] | None:
    try:
        return json.loads((state / INFO).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _alive(pid: int) -> bool:
    """Whether the process runs still (one that ended and was not waited for does not)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def _last_error(state: Path) -> str:
    """The last line of the log that says why the lab ended."""
    lines = (state / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return told[-1] if told else f"the lab ended: {lines[-1] if lines else 'no reason given'}; its log is {state / LOG}"


def _tell(info: dict[str, Any]) -> None:
    addresses = info["addresses"]
    print(
        f"{info['management_group']}: {len(addresses)} hosts, port {info['port']}, {info['engine']} engine, "
        f"work runs {info['scale']:g} times as fast"
    )
    for name, address in addresses.items():
        print(f"  {name:<16} {address}")
    print(f"inventory: {info['inventory']}")
    print(f"events:    {info['events']}")


# -- telling -------------------------------------------------------------------------------------------------


def _status(options: argparse.Namespace) -> int:
    status = control.call(options.state, "status", full=options.full)
    if options.json:
        print(json.dumps(status, indent=2))
        return 0
    print(f"{status.get('management_group', 'lab')} at {status.get('time', '?')}")
    for server in status.get("servers") or []:
        roles = ", ".join(server.get("roles") or []) or "no role"
        print(f"  {server['name']:<16} {server.get('version') or '-':<14} {roles}")
    versions = Counter(agent.get("version") or "-" for agent in status.get("agents") or [])
    for version, count in sorted(versions.items()):
        print(f"  {count} agents at {version}")
    down = [name for name, machine in status["machines"].items() if not machine["up"]]
    print(f"  {len(status['machines'])} machines{', down: ' + ', '.join(down) if down else ', all up'}")
    return 0


def _events(options: argparse.Namespace) -> int:
    path = options.state / "events.jsonl"
    try:
        stream = open(path, encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError:
        raise LabError(f"there is no record in {options.state}. Name a lab's state directory with --state") from None
    with stream:
        for line in stream:
            event = json.loads(line)
            if options.kind and event["kind"] not in options.kind:
                continue
            if options.host and (event["host"] or "").lower() != options.host.lower():
                continue
            print(line, end="")
    return 0


def _restart(options: argparse.Namespace) -> int:
    control.call(options.state, "restart", host=options.host)
    return 0


# -- faults --------------------------------------------------------------------------------------------------


def _fault_add(options: argparse.Namespace) -> int:
    names = ("host", "operation", "effect", "skip", "kind", "message", "code", "seconds")
    fields = {name: getattr(options, name) for name in names}
    fault = control.call(options.state, "fault.add", count=options.count or None, **fields)
    print(_fault_line(fault))
    return 0


def _fault_list(options: argparse.Namespace) -> int:
    for fault in control.call(options.state, "fault.list"):
        print(_fault_line(fault))
    return 0


def _fault_clear(options: argparse.Namespace) -> int:
    count = control.call(options.state, "fault.clear", id=options.id)
    print(f"{count} cleared")
    return 0


def _fault_line(fault: dict[str, Any]) -> str:
    often = "always" if fault["count"] is None else f"{fault['count']} times"
    after = f" after {fault['skip']}" if fault["skip"] else ""
    return (
        f"{fault['id']}: {fault['effect']} {fault['operation']} on {fault['host']}, {often}{after}: {fault['message']}"
    )


if __name__ == "__main__":
    sys.exit(main())
