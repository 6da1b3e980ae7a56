"""One Windows machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .eventlog import EventLogs
from .files import FileSystem
from .processes import Process, Processes, Program
from .registry import Registry
from .services import Services
from .spec import HostSpec, operating_system
from .tasks import Tasks
from .wmi import Wmi

if TYPE_CHECKING:
    from .world import World


class Network:
    """What the machine reaches, and what reaches it. listeners: port -> function that tells whether it is open."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.listeners: dict[int, Callable[[], bool]] = {}

    def listens(self, port: int) -> bool: ...
    def can_reach(self, host: str, port: int) -> bool:
        """Whether a TCP connection from here to a host's port (name, FQDN, address) would be made."""
    def why_not(self, host: str, port: int) -> str | None:
        """Why it would not be made (`No such host is known`, ...); None when it would."""


class Machine:
    """A machine. Everything Windows tells of itself comes from here.

    programs: lower-case exe name (or full lower-case path) -> Program. sql(instance, user, logon) -> Session.
    shells: "2007"/"2012" -> Shell. shares: share name -> local path. on_shutdown, on_boot: called as Windows goes
    down and has come up again. extra: room for others' own state.
    """

    def __init__(self, world: World, spec: HostSpec):
        self.world = world
        self.spec = spec
        self.name = spec.name
        self.fqdn = spec.fqdn
        self.domain = spec.domain if spec.domain_joined else ""
        self.domain_joined = spec.domain_joined
        self.os = operating_system(spec.os)
        self.boot_time: datetime = world.clock.utc()
        self.boots = 1
        self.programs: dict[str, Program] = {}
        self.sql: Callable[..., Any] | None = None
        self.shells: dict[str, Any] = {}
        self.shares: dict[str, str] = {}
        self.features: dict[int, str] = {}
        self.on_shutdown: list[Callable[[Machine], None]] = []
        self.on_boot: list[Callable[[Machine], None]] = []
        self.extra: dict[str, Any] = {}
        self.registry = Registry(self)
        self.processes = Processes(self)
        self.services = Services(self)
        self.files = FileSystem(self)
        self.wmi = Wmi(self)
        self.eventlog = EventLogs(self)
        self.tasks = Tasks(self)
        self.network = Network(self)

    def build(self) -> None:
        """Everything Windows itself brings: called once by World.add_machine."""

    @property
    def up(self) -> bool:
        """Whether it answers on the network."""

    @property
    def running_windows(self) -> bool:
        """Whether Windows runs (it does while services are starting, before it answers)."""

    @property
    def pending_reboot(self) -> bool:
        """Whether a reboot is pending (PendingFileRenameOperations)."""

    def set_pending_reboot(self, path: str = r"C:\Windows\Temp\pending.tmp") -> None: ...

    def restart(self, user: str = "", *, delay: float = 0.0, reason: str = "", down_seconds: float = 75.0) -> datetime:
        """Restart after a delay; answers the boot time of before. Processes die, services come up by their start mode."""

    def record(self, kind: str, **fields: Any) -> None:
        """Write an event of this machine."""
        self.world.record.write(self.name, kind, **fields)

    def environment(self, user: str = "") -> dict[str, str]:
        """Environment variables of a user's process (ProgramFiles, ProgramData, SystemRoot, TEMP, ...)."""

    def profile(self, user: str) -> str:
        """The user's profile folder (`C:\\Users\\scomadmin`; 2003: `C:\\Documents and Settings\\scomadmin`)."""

    def run_program(self, path: str, arguments: list[str] | str = "", user: str = "NT AUTHORITY\\SYSTEM", stdin: str = "",
                    directory: str | None = None, *, timeout: float | None = None, logon: str = "network",
                    environment: dict[str, str] | None = None) -> Process:
        """Start a program and wait for its end."""

    def open_path(self, path: str, logon: str = "network") -> tuple[FileSystem, str]:
        """(file system, local path) of a path; UNC paths lead to another machine's share and need a logon that delegates."""

    def sql_session(self, instance: str, user: str, logon: str = "network") -> Any:
        """A session on this machine's SQL Server, or another's (`HOST\\INST`, needs a logon that delegates)."""

    def status(self, full: bool = False) -> dict[str, Any]:
        """The machine's state as JSON: os, up, boot_time, services, tasks, processes; full: files and registry too."""
