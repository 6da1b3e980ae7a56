"""One lab and real `ansible-playbook` runs against it, for the tests of this folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def pwsh() -> str | None:
    """The real PowerShell engine, where one is found: on PATH, else beside the project."""
    found = shutil.which("pwsh")
    beside = ROOT.parent / "shared" / "powershell" / "pwsh"
    return found or (str(beside) if beside.exists() else None)


@dataclass
class Run:
    """One run of a playbook: exit code, output, the steps it told of, the record it left, and how long it took."""

    code: int
    output: str
    steps: list[dict[str, Any]]
    events: list[dict[str, Any]]
    seconds: float

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Counts by host."""
        names = ("ok", "changed", "unreachable", "failed")
        return {row[0]: dict(zip(names, map(int, row[1:]), strict=True)) for row in RECAP.findall(self.output)}

    @property
    def changed_steps(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The steps that changed something (or would), with their host, task by task in the order of the run.

        Within one task the hosts work side by side, so their order there says nothing and is left out.
        """
        tasks: list[tuple[str, list[tuple[str, str]]]] = []
        for step in self.steps:
            if step["changed"] and not step["failed"]:
                if not tasks or tasks[-1][0] != step["task"]:
                    tasks.append((step["task"], []))
                tasks[-1][1].append((step["step"], step["host"]))
        return [(task, sorted(steps)) for task, steps in tasks]

    def kinds(self) -> Counter[str]:
        """How many events of each kind, without the commands."""
        return Counter(event["kind"] for event in self.events if event["kind"] != "command")

    def tail(self, lines: int = 60) -> str:
        """The end of the output, for a failed assertion."""
        return "\n".join(self.output.splitlines()[-lines:])


@dataclass
class Lab:
    """A running lab of one estate."""

    estate: str
    state: Path
    options: tuple[str, ...] = ("--scale", "3000")
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Lab:
        """Start it."""
        source = self.estate if self.estate.endswith(".yml") else str(ROOT / "tests" / "estates" / f"{self.estate}.yml")
        self.command("start", source, "--state", str(self.state), *self.options)
        return self

    def __exit__(self, *_unused: object) -> None:
        """Stop it."""
        self.command("stop", "--state", str(self.state))

    @staticmethod
    def command(*words: str) -> str:
        """A command of the lab's own; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.lab", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"lab {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def status(self) -> dict[str, Any]:
        """The world as it is now."""
        return json.loads(self.command("status", "--state", str(self.state), "--json"))

    def fault(self, *words: str) -> str:
        """Add or clear faults."""
        return self.command("fault", words[0], "--state", str(self.state), *words[1:])

    @property
    def inventory(self) -> Path:
        """The inventory that the lab wrote."""
        return self.state / "inventory"

    @property
    def reports(self) -> Path:
        """Where runs put what they write on the controller."""
        return self.state / "reports"

    def record(self) -> list[dict[str, Any]]:
        """The record so far."""
        with open(self.state / "events.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def start_play(self, playbook: str, *words: str, check: bool = False) -> tuple[subprocess.Popen[str], Path]:
        """Start a playbook without waiting for it."""
        steps = self.state / f"steps-{time.monotonic_ns()}.jsonl"
        environment = dict(
            os.environ,
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            ANSIBLE_HOME=str(self.state / "ansible"),
            ANSIBLE_LOCAL_TEMP=str(self.state / "tmp"),
            ANSIBLE_NOCOLOR="1",
            SCOM_UPGRADE_STEPS_FILE=str(steps),
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            **self.environment,
        )
        command = [
            "ansible-playbook",
            "-i",
            str(self.inventory),
            str(ROOT / "playbooks" / f"{playbook}.yml"),
            "-e",
            json.dumps({"scom_upgrade_state_path": str(self.reports)}),
            *(["--check"] if check else []),
            *words,
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return process, steps

    def play(
        self, playbook: str, *words: str, check: bool = False, expect: int | None = 0, timeout: float = 900
    ) -> Run:
        """Run a playbook to its end. `expect` is the exit code that is asked for; None takes any."""
        before, started = len(self.record()), time.monotonic()
        process, steps = self.start_play(playbook, *words, check=check)
        try:
            output, _nothing = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _nothing = process.communicate()
            raise AssertionError(f"{playbook} took longer than {timeout} s:\n" + output[-4000:]) from None
        run = Run(process.returncode, output, read_lines(steps), self.record()[before:], time.monotonic() - started)
        if expect is not None:
            assert run.code == expect, f"{playbook} ended with {run.code}:\n{run.tail()}"
        return run


def read_lines(path: Path) -> list[dict[str, Any]]:
    """JSON lines of a file; none when it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def not_upgraded(status: dict[str, Any], target: str = "7.0.8560.0") -> list[str]:
    """What in a lab's status is not at the target, or not healthy: the referee's own look at the world."""
    wrong = []
    for server in status["servers"]:
        roles = set(server["roles"])
        if (
            roles
            & {
                "root_management_server",
                "management_server",
                "gateway",
                "web_console",
                "console",
                "reporting",
                "acs_collector",
                "rms_emulator",
            }
            and server.get("version") != target
        ):
            wrong.append(f"{server['name']} is at {server.get('version')}")
    for agent in status["agents"]:
        if agent["version"] != target:
            wrong.append(f"{agent['name']} is at {agent['version']}")
        if agent.get("health", "Success") not in ("Success", "success", True):
            wrong.append(f"{agent['name']} is {agent['health']}")
    return wrong
