"""Scheduled tasks of one machine: what `schtasks.exe` and COM's `Schedule.Service` work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .accounts import SYSTEM

if TYPE_CHECKING:
    from .machine import Machine
    from .processes import Process


@dataclass
class Task:
    """A task. path: `\\scom.upgrade\\job1` (2003: no folders, `\\scom.upgrade-job1`). state: ready, running, disabled.

    last_result: exit code of the last run; 267011 (0x41303) = has never run; 267009 (0x41301) = runs now.
    """

    path: str
    program: str
    arguments: str
    directory: str | None
    account: str
    state: str = "ready"
    time_limit: float | None = 259200.0  # simulated seconds; None = no limit
    description: str = ""
    hidden: bool = False
    highest: bool = True
    created: datetime | None = None
    last_run: datetime | None = None
    last_result: int = 267011
    process: Process | None = None

    @property
    def name(self) -> str:
        return self.path.rsplit("\\", 1)[-1]

    @property
    def folder(self) -> str:
        """`\\` or `\\scom.upgrade`."""
        return self.path.rsplit("\\", 1)[0] or "\\"


class Tasks:
    """Create, run, end, delete. The account's password is checked when a task is made and when it starts.

    A task's process has a full logon (`batch`), no shell quota, and outlives whoever started it.
    """

    def __init__(self, machine: Machine):
        self.machine = machine

    def create(self, path: str, program: str, arguments: list[str] | str = "", *, account: str = SYSTEM, password: str | None = None,
               directory: str | None = None, time_limit: float | None = 259200.0, description: str = "", hidden: bool = False,
               highest: bool = True, replace: bool = False) -> Task:
        """Make a task (folders too); WindowsError 183 when it exists and not `replace`; 1326 wrong password."""
    def get(self, path: str) -> Task | None: ...
    def list(self, folder: str | None = None) -> list[Task]:
        """All tasks, or those directly in a folder."""
    def folders(self) -> list[str]: ...
    def create_folder(self, path: str) -> bool: ...
    def delete_folder(self, path: str) -> bool: ...
    def run(self, path: str) -> Process | None:
        """Start it now; the process that runs, when it runs already. A start that fails is told by `last_result` (None)."""
    def end(self, path: str) -> bool:
        """Kill what it runs; False when it does not run."""
    def delete(self, path: str) -> bool:
        """Remove it (a run goes on); False when there was none."""
    def set_enabled(self, path: str, enabled: bool) -> bool: ...
