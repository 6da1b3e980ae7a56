"""Scheduled tasks of one machine: what `schtasks.exe` and COM's `Schedule.Service` work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from .accounts import SYSTEM
from .errors import WindowsError, win32
from .processes import Process, quote_arguments

if TYPE_CHECKING:
    from .machine import Machine

_Words = list[str]
NEVER_RUN = 267011
RUNS_NOW = 267009
TERMINATED = 267014


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
    last_result: int = NEVER_RUN
    process: Process | None = None
    password: str | None = field(default=None, repr=False)  # what Windows keeps in its vault

    @property
    def name(self) -> str:
        return self.path.rsplit("\\", 1)[-1]

    @property
    def folder(self) -> str:
        """`\\` or `\\scom.upgrade`."""
        return self.path.rsplit("\\", 1)[0] or "\\"


_Tasks = list[Task]


class Tasks:
    """Create, run, end, delete; every change is a `task` event. The password is checked at creation and at each start.

    A task's process has a full logon (`batch`), no shell quota, and outlives whoever started it.
    """

    def __init__(self, machine: Machine):
        self.machine = machine
        self._world = machine.world
        self._lock = machine.world.lock
        self._tasks: dict[str, Task] = {}
        self._folders: dict[str, str] = {"\\": "\\"}

    def create(
        self,
        path: str,
        program: str,
        arguments: _Words | str = "",
        *,
        account: str = SYSTEM,
        password: str | None = None,
        directory: str | None = None,
        time_limit: float | None = 259200.0,
        description: str = "",
        hidden: bool = False,
        highest: bool = True,
        replace: bool = False,
    ) -> Task:
        """Make a task (folders too); WindowsError 183 when it exists and not `replace`; 1326 wrong password."""
        with self._lock:
            path = self._normal(path)
            existing = self._tasks.get(path.lower())
            if existing and not replace:
                raise win32(183, path)
            builtin = self._world.accounts.builtin(account)
            if not builtin:
                if self._world.accounts.find(account, self.machine) is None:
                    raise win32(1332, account)
                self._world.accounts.check(account, password or "", self.machine)
            raw = arguments if isinstance(arguments, str) else quote_arguments(arguments)
            task = Task(
                path,
                program,
                raw,
                directory,
                self._world.accounts.full_name(account, self.machine),
                time_limit=time_limit,
                description=description,
                hidden=hidden,
                highest=highest,
                created=self._world.clock.utc(),
                password=None if builtin else password,
            )
            if task.folder != "\\":
                self.create_folder(task.folder)
            if existing:
                self.end(path)
            self._tasks[path.lower()] = task
            self._event(
                task, "changed" if existing else "created", account=task.account, program=program, arguments=raw
            )
            return task

    def get(self, path: str) -> Task | None:
        with self._lock:
            try:
                return self._tasks.get(self._normal(path).lower())
            except WindowsError:
                return None

    def require(self, path: str) -> Task:
        """`get`, or WindowsError 2."""
        task = self.get(path)
        if task is None:
            raise win32(2, path)
        return task

    def list(self, folder: str | None = None) -> _Tasks:
        """All tasks, or those directly in a folder."""
        with self._lock:
            found = sorted(self._tasks.values(), key=lambda task: task.path.lower())
            return (
                found
                if folder is None
                else [t for t in found if t.folder.lower() == self._normal(folder, folder=True).lower()]
            )

    def folders(self) -> _Words:
        """The folders' paths, `\\` first."""
        return [*self._folders.values()]

    def has_folder(self, path: str) -> bool:
        return self._normal(path, folder=True).lower() in self._folders

    def create_folder(self, path: str) -> bool:
        """Make a folder and its ancestors; False when it was there."""
        with self._lock:
            path = self._normal(path, folder=True)
            if path.lower() in self._folders:
                return False
            if self.machine.os.is_2003:
                raise win32(87, path)
            parent = path.rsplit("\\", 1)[0]
            if parent:
                self.create_folder(parent)
            self._folders[path.lower()] = path
            self.machine.record("task", name=path, change="created", folder=True)
            return True

    def delete_folder(self, path: str) -> bool:
        """Remove an empty folder; False when there was none; WindowsError 145 when it holds tasks."""
        with self._lock:
            path = self._normal(path, folder=True)
            if path.lower() not in self._folders:
                return False
            inside = path.lower() + "\\"
            if any(key.startswith(inside) for key in [*self._tasks, *self._folders]):
                raise win32(145, path)
            del self._folders[path.lower()]
            self.machine.record("task", name=path, change="deleted", folder=True)
            return True

    def run(self, path: str) -> Process | None:
        """Start it now; the process that runs, when it runs already. A start that fails is told by `last_result` (None)."""
        with self._lock:
            task = self.require(path)
            if task.state == "disabled":
                raise WindowsError("io", "The task is disabled.", 0x80041326)
            if task.process is not None and not task.process.done:
                return task.process
            task.last_run = self._world.clock.utc()
            try:
                if not self._world.accounts.builtin(task.account):
                    account = self._world.accounts.check(task.account, task.password or "", self.machine)
                    if not account.may("administrator"):
                        raise WindowsError(
                            "access_denied",
                            "Logon failure: the user has not been granted the requested logon type at this computer",
                            1385,
                        )
                task.state = "running"
                task.last_result = RUNS_NOW
                self._event(task, "started")
                process = self.machine.processes.start(
                    task.program, task.arguments, user=task.account, directory=task.directory, logon="batch"
                )
            except WindowsError as error:
                task.state = "ready"
                task.last_result = 0x80070000 | ((error.code or 1) & 0xFFFF)
                self._event(task, "failed", result=task.last_result)
                return None
            task.process = process
            if process.done:
                self._ended(task, process)
                return process
            process.on_exit.append(lambda ended: self._ended(task, ended))
            if task.time_limit is not None:
                limit = self._world.clock.call_later(task.time_limit, lambda: self._too_long(process))
                process.on_exit.append(lambda ended: limit.cancel())
                process.limited = True
                self.machine.processes.hurry(process)
            return process

    def end(self, path: str) -> bool:
        """Kill what it runs; False when it does not run."""
        with self._lock:
            task = self.require(path)
            if task.process is None or task.process.done:
                return False
            return self.machine.processes.kill(task.process.id, TERMINATED)

    def delete(self, path: str) -> bool:
        """Remove it (a run goes on); False when there was none."""
        with self._lock:
            task = self.get(path)
            if task is None:
                return False
            del self._tasks[task.path.lower()]
            self._event(task, "deleted")
            return True

    def set_enabled(self, path: str, enabled: bool) -> bool:
        """Enable or disable it; False when it was that already."""
        with self._lock:
            task = self.require(path)
            if (task.state != "disabled") == enabled:
                return False
            task.state = "ready" if enabled else "disabled"
            self._event(task, "changed", state=task.state)
            return True

    def _too_long(self, process: Process) -> None:
        self.machine.processes.kill(process.id, TERMINATED)

    def _ended(self, task: Task, process: Process) -> None:
        if task.process is process:
            task.last_result = (process.exit_code or 0) & 0xFFFFFFFF
            if task.state == "running":
                task.state = "ready"
            if self._tasks.get(task.path.lower()) is task:
                self._event(task, "ended", result=task.last_result)

    def _normal(self, path: str, folder: bool = False) -> str:
        parts = [part for part in path.replace("/", "\\").split("\\") if part]
        if not parts and not folder:
            raise win32(123, path)
        if any(c in part for part in parts for c in ':*?"<>|'):
            raise win32(123, path)
        if self.machine.os.is_2003 and len(parts) > 1:
            raise win32(123, path)
        return "\\" + "\\".join(parts)

    def _event(self, task: Task, change: str, **more: object) -> None:
        self.machine.record(
            "task", name=task.path, change=change, state=task.state if change != "deleted" else None, **more
        )
