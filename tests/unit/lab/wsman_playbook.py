"""Run real `ansible-playbook` against the lab's WS-Man server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .wsman_fakes import PASSWORD, USER

PROBE = """
from ansible.plugins.action import ActionBase

PREFIX = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        import base64

        args = self._task.args
        command = PREFIX + base64.b64encode(args["script"].encode("utf-16-le")).decode()
        data = (args["input"] * int(args.get("times", 1))).encode() if "input" in args else None
        rc, out, err = self._connection.exec_command(command, in_data=data)
        return {"changed": False, "rc": rc, "stdout": out.decode(), "stderr": err.decode()}
"""

COLLECT = """
import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "collect"

    def _keep(self, kind, result):
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        found = dict(getattr(result, "result", None) or result._result)
        line = {"task": task.get_name(), "host": host.get_name(), "kind": kind, "result": found}
        with open(os.environ["COLLECT_FILE"], "a") as stream:
            stream.write(json.dumps(line, default=str) + "\\n")

    def v2_runner_on_ok(self, result):
        self._keep("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._keep("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._keep("unreachable", result)
"""


class Served(Protocol):
    """What a play needs to know of a lab."""

    @property
    def addresses(self) -> dict[str, str]: ...
    @property
    def port(self) -> int: ...


@dataclass
class Played:
    code: int
    text: str
    results: dict[str, dict[str, Any]]
    """task name -> host -> result"""

    def of(self, task: str, host: str = "OM01") -> dict[str, Any]:
        return self.results[task][host]


def inventory(lab: Served, variables: Mapping[str, Any], per_host: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    hosts = {name: {"ansible_host": address, **per_host.get(name, {})} for name, address in lab.addresses.items()}
    common = {
        "ansible_user": USER,
        "ansible_password": PASSWORD,
        "ansible_port": lab.port,
        "ansible_connection": "winrm",
    }
    if variables.get("ansible_connection") == "psrp":
        common |= {
            "ansible_psrp_auth": "basic",
            "ansible_psrp_message_encryption": "never",
            "ansible_psrp_protocol": "http",
        }
    else:
        common |= {"ansible_winrm_transport": "basic", "ansible_winrm_scheme": "http"}
    return {"all": {"hosts": hosts, "vars": {**common, **variables}}}


def play(
    lab: Served,
    folder: Path,
    tasks: Sequence[Mapping[str, Any]],
    *,
    variables: Mapping[str, Any] | None = None,
    per_host: Mapping[str, Mapping[str, Any]] | None = None,
    forks: int = 10,
    executable: str | None = None,
    plugins: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Played:
    """Play tasks on every host of the lab. plugins: the text of further action plugins, by their names."""
    (folder / "action_plugins").mkdir(exist_ok=True)
    for name, text in {"probe": PROBE, **(plugins or {})}.items():
        (folder / "action_plugins" / f"{name}.py").write_text(text)
    (folder / "callback_plugins").mkdir(exist_ok=True)
    (folder / "callback_plugins" / "collect.py").write_text(COLLECT)
    (folder / "inventory.json").write_text(json.dumps(inventory(lab, variables or {}, per_host or {})))
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [*tasks]}]))
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CALLBACKS_ENABLED": "collect",
        "COLLECT_FILE": str(folder / "results"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONWARNINGS": "ignore",
        **(environment or {}),
    }
    (folder / "ansible.cfg").touch()
    program = executable or str(Path(sys.executable).with_name("ansible-playbook"))
    ran = subprocess.run(
        [program, "-i", str(folder / "inventory.json"), "-f", str(forks), str(folder / "play.json")],
        env=settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    results: dict[str, dict[str, Any]] = {}
    if (folder / "results").exists():
        for line in map(json.loads, (folder / "results").read_text().splitlines()):
            results.setdefault(line["task"], {})[line["host"]] = {"kind": line["kind"], **line["result"]}
    return Played(ran.returncode, ran.stdout + ran.stderr, results)
