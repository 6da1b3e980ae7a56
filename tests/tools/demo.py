"""The demonstration: a simulated management group is discovered, planned, upgraded and verified by ansible-playbook.

    python -m tests.tools.demo [--estate distributed-simple] [--until plan] [--keep]

What is printed last is where the report is and what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools import figures

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports"
PLAYBOOKS = ("discover", "plan", "upgrade", "verify")
SECONDS = 240
PAYLOAD = 100_000


class Failed(Exception):
    """A step of the demonstration ended badly; its own output has said why."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def call(*command: str) -> None:
    say(f"\n$ {' '.join(Path(word).name if word == sys.executable else word for word in command)}")
    environ = dict(os.environ)
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    environ.setdefault("ANSIBLE_HOME", str(ROOT / ".build" / "ansible"))
    if sys.stdout.isatty():
        environ.setdefault("ANSIBLE_FORCE_COLOR", "1")
    if subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode:
        raise Failed(f"this did not succeed: {' '.join(command)}")


def lab(*words: str) -> None:
    call(sys.executable, "-m", "tests.lab", *words)


def commands(state: Path, start: int = 0) -> Iterator[dict[str, Any]]:
    """The WinRM and PSRP commands in the lab's record, from the given byte on."""
    with open(ROOT / state / "events.jsonl", "rb") as record:
        record.seek(start)
        for line in record:
            event = json.loads(line)
            if event["kind"] == "command":
                yield event


def fact_commands(state: Path, start: int) -> int:
    """The largest number of commands that any one host needed for its own facts."""
    needed = Counter(event["host"] for event in commands(state, start) if "opsmgr.run" not in event["operations"])
    return max(needed.values(), default=0)


def forget() -> None:
    """Remove what an earlier demonstration left: its copy of the journal would count for the new, untouched group too."""
    for path in REPORTS.glob("*.json"):
        path.unlink()


def run(estate: str, state: Path, until: str) -> bool:
    """Start the lab, run the playbooks, stop the lab; answer whether every figure is within its limit."""
    began = time.monotonic()
    kept = []
    forget()
    lab("start", f"tests/estates/{estate}.yml", "--state", str(state))
    try:
        for name in PLAYBOOKS[: PLAYBOOKS.index(until) + 1]:
            before, started = (ROOT / state / "events.jsonl").stat().st_size, time.monotonic()
            call("ansible-playbook", "-i", str(state / "inventory"), f"playbooks/{name}.yml")
            kept.append(figures.record(f"demo, {estate}: {name}.yml", round(time.monotonic() - started, 1), "s"))
            if name == "discover":
                number = fact_commands(state, before)
                kept.append(figures.record(f"demo, {estate}: commands a host for its facts", number, "", 1))
        largest = max((event["bytes_in"] for event in commands(state)), default=0)
        kept.append(figures.record(f"demo, {estate}: largest payload", largest, "bytes", PAYLOAD))
    finally:
        lab("stop", "--state", str(state))
    limit = SECONDS if (estate, until) == ("distributed-simple", PLAYBOOKS[-1]) else None
    seconds = round(time.monotonic() - began, 1)
    kept.append(figures.record(f"demo, {estate}: everything after installation", seconds, "s", limit))
    return all(kept)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    parser.add_argument("--estate", default="distributed-simple", help="a name in tests/estates")
    parser.add_argument("--until", choices=PLAYBOOKS, default=PLAYBOOKS[-1], help="the last playbook to run")
    options = parser.parse_args(arguments)
    known = sorted(path.stem for path in (ROOT / "tests" / "estates").glob("*.yml"))
    if options.estate not in known:
        parser.error(f"there is no estate {options.estate!r}; these exist: {', '.join(known)}")
    began = time.time()
    try:
        kept = run(options.estate, Path(".lab", "demo"), options.until)
    except Failed as problem:
        say(f"\nThe demonstration stopped: {problem}")
        return 1
    say("\nThe reports (open the .html in a browser):")
    for path in sorted(REPORTS.rglob("*")):
        if path.is_file() and path.stat().st_mtime >= began:
            say(f"  {path.relative_to(ROOT)}")
    say(f"\n{figures.table()}")
    if not kept:
        say("A figure is outside its limit.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
