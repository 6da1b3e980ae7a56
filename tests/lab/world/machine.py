"""One Windows machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import build
from .accounts import SYSTEM, split_user
from .backup import SystemBackups
from .errors import WindowsError, win32
from .eventlog import EventLogs
from .files import FileSystem
from .network import Network
from .processes import Process, Processes, Program
from .registry import Registry
from .services import Services
from .spec import HostSpec, operating_system
from .tasks import Tasks
from .wmi import Wmi

if TYPE_CHECKING:
    from .clock import Timer
    from .world import World

SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"


class Machine:
    """A machine. Everything Windows tells of itself comes from here.

    programs: lower-case exe name (or full lower-case path) -> Program; windows_programs: exe name -> directory of those
    that need no file. sql(instance, user, logon) -> Session. shells: "2007"/"2012" -> Shell. shares: share name -> local
    path. features: Win32_ServerFeature's id -> name. on_shutdown, on_boot: called as Windows goes down and has come up
    again. extra: room for others' own state.
    """

    def __init__(self, world: World, spec: HostSpec):
        self.world = world
        self.spec = spec
        self.name = spec.name
        self.fqdn = spec.fqdn
        self.domain_joined = spec.domain_joined
        self.domain = spec.domain if spec.domain_joined else ""
        self.os = operating_system(spec.os)
        self.boot_time: datetime = world.clock.utc() - timedelta(days=30)
        self.boots = 1
        self.programs: dict[str, Program] = {}
        self.windows_programs: dict[str, str] = {}
        self.sql: Callable[..., Any] | None = None
        self.shells: dict[str, Any] = {}
        self.shares: dict[str, str] = {}
        self.features: dict[int, str] = {}
        self.on_shutdown: list[Callable[[Machine], None]] = []
        self.on_boot: list[Callable[[Machine], None]] = []
        self.extra: dict[str, Any] = {}
        self._power = "on"  # on, off, starting
        self._restart: Timer | None = None
        self.registry = Registry(self)
        self.processes = Processes(self)
        self.services = Services(self)
        self.files = FileSystem(self)
        self.wmi = Wmi(self)
        self.eventlog = EventLogs(self)
        self.tasks = Tasks(self)
        self.network = Network(self)
        self.backups = SystemBackups(self)

    def build(self) -> None:
        """Everything Windows itself brings: called once by World.add_machine."""
        build.windows(self)

    # -- power -----------------------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether it answers on the network."""
        return self._power == "on"

    @property
    def running_windows(self) -> bool:
        """Whether Windows runs (it does while services are starting, before it answers)."""
        return self._power != "off"

    @property
    def pending_reboot(self) -> bool:
        """Whether a reboot is pending (PendingFileRenameOperations)."""
        return bool(self.registry.get(SESSION_MANAGER, "PendingFileRenameOperations"))

    def set_pending_reboot(self, path: str = r"C:\Windows\Temp\pending.tmp") -> None:
        """Something wants to replace a file at the next boot."""
        self.registry.set(SESSION_MANAGER, "PendingFileRenameOperations", "MultiString", [rf"\??\{path}", ""])

    @property
    def restarting(self) -> bool:
        """Whether a restart has been asked for and has not begun."""
        return self._restart is not None

    def restart(self, user: str = "", *, delay: float = 0.0, reason: str = "", down_seconds: float = 75.0) -> datetime:
        """Restart after a delay; answers the boot time of before. Processes die, services come up by their start mode.

        It takes at least half a real second to go down, so that whoever asked gets his answer, and as long to come up.
        """
        with self.world.lock:
            if self._restart is not None:
                raise win32(1115)
            self._restart = self.world.clock.call_later(
                delay, lambda: self._go_down(user, reason, down_seconds), work=True, real_minimum=0.5
            )
            return self.boot_time

    def abort_restart(self) -> bool:
        """Take a restart back that has not begun; False when there is none."""
        with self.world.lock:
            if self._restart is None:
                return False
            self._restart.cancel()
            self._restart = None
            return True

    def _go_down(self, user: str, reason: str, down_seconds: float) -> None:
        with self.world.lock:
            self._restart = None
            self.eventlog.write(
                "System",
                "USER32",
                "information",
                1074,
                f"The process has initiated the restart of computer {self.name} on behalf of user "
                f"{user or SYSTEM} for the following reason: {reason or 'No title for this reason could be found'}",
            )
            self.record("reboot", pending_before=self.pending_reboot)
            self._power = "off"
            self.processes.kill_all()
            self.services.power_off()
            for function in self.on_shutdown:
                function(self)
            self.world.clock.call_later(down_seconds, self._come_up, work=True, real_minimum=0.5)
        self.world.clock.notify()

    def _come_up(self) -> None:
        with self.world.lock:
            self._power = "starting"
            self.registry.remove(SESSION_MANAGER, "PendingFileRenameOperations")
            self.eventlog.write("System", "EventLog", "information", 6005, "The Event log service was started.")
            self.services.power_on()
            self.boot_time = self.world.clock.utc()
            self.boots += 1
            self._power = "on"
            self.record("boot", boot_time=self.world.clock.iso())
            for function in self.on_boot:
                function(self)
        self.world.clock.notify()

    # -- what processes see ----------------------------------------------------------------------------------

    @property
    def windows_directory(self) -> str:
        return r"C:\WINDOWS" if self.os.is_2003 else r"C:\Windows"

    @property
    def system_directory(self) -> str:
        return self.windows_directory + (r"\system32" if self.os.is_2003 else r"\System32")

    @property
    def program_data(self) -> str:
        """`%ProgramData%`; on Windows Server 2003 `%ALLUSERSPROFILE%`."""
        return r"C:\Documents and Settings\All Users" if self.os.is_2003 else r"C:\ProgramData"

    def profile(self, user: str) -> str:
        """The user's profile folder (`C:\\Users\\scomadmin`; 2003: `C:\\Documents and Settings\\scomadmin`)."""
        if self.world.accounts.builtin(user) == SYSTEM:
            return self.system_directory + r"\config\systemprofile"
        name = split_user(self.world.accounts.full_name(user, self))[1]
        return rf"C:\Documents and Settings\{name}" if self.os.is_2003 else rf"C:\Users\{name}"

    def local_app_data(self, user: str) -> str:
        """`%LOCALAPPDATA%` of a user: where the product's setup logs go (`<it>\\SCOM\\Logs`)."""
        return self.profile(user) + (r"\Local Settings\Application Data" if self.os.is_2003 else r"\AppData\Local")

    def environment(self, user: str = SYSTEM) -> dict[str, str]:
        """Environment variables of a user's process (ProgramFiles, ProgramData, SystemRoot, TEMP, ...)."""
        full = self.world.accounts.full_name(user or SYSTEM, self)
        system = self.world.accounts.builtin(full) == SYSTEM
        domain, name = split_user(full)
        found = {
            "COMPUTERNAME": self.name,
            "SystemDrive": "C:",
            "SystemRoot": self.windows_directory,
            "windir": self.windows_directory,
            "ComSpec": self.system_directory + r"\cmd.exe",
            "OS": "Windows_NT",
            "ProgramFiles": r"C:\Program Files",
            "CommonProgramFiles": r"C:\Program Files\Common Files",
            "ALLUSERSPROFILE": self.program_data,
            "Path": ";".join([self.system_directory, self.windows_directory, self.system_directory + r"\Wbem"]),
            "PATHEXT": ".COM;.EXE;.BAT;.CMD",
            "PROCESSOR_ARCHITECTURE": {"x64": "AMD64", "ia64": "IA64"}.get(self.os.architecture, "x86"),
            "NUMBER_OF_PROCESSORS": str(self.spec.processors),
            "USERNAME": f"{self.name}$" if system else name,
            "USERDOMAIN": (self.world.netbios_domain if self.domain_joined else "WORKGROUP")
            if system
            else domain or self.name,
            "USERPROFILE": self.profile(full),
        }
        if self.os.architecture != "x86":
            found["ProgramFiles(x86)"] = r"C:\Program Files (x86)"
        if not self.os.is_2003:
            found.update(
                ProgramData=self.program_data, PUBLIC=r"C:\Users\Public", LOCALAPPDATA=self.local_app_data(full)
            )
        temp = (
            self.windows_directory + r"\Temp"
            if system
            else self.local_app_data(full).replace(r"\Application Data", "") + r"\Temp"
        )
        found.update(TEMP=temp, TMP=temp)
        return found

    def run_program(
        self,
        path: str,
        arguments: list[str] | str = "",
        user: str = SYSTEM,
        stdin: str = "",
        directory: str | None = None,
        *,
        timeout: float | None = None,
        logon: str = "network",
        environment: dict[str, str] | None = None,
    ) -> Process:
        """Start a program and wait for its end (or the simulated timeout; it still runs then)."""
        return self.processes.run(
            path,
            arguments,
            user=user,
            stdin=stdin,
            directory=directory,
            timeout=timeout,
            logon=logon,
            environment=environment,
        )

    def open_path(self, path: str, logon: str = "network") -> tuple[FileSystem, str]:
        """(file system, local path) of a path; UNC paths lead to another machine's share and need a logon that delegates.

        WindowsError: 5 for a bare network logon (or no domain account's way there), 53 host, 67 share.
        """
        text = path.strip().strip('"').replace("/", "\\")
        if not text.startswith("\\\\") or text.startswith("\\\\?\\"):
            return self.files, path
        host, share, *rest = [*text[2:].split("\\"), ""] if text.count("\\") < 3 else text[2:].split("\\")
        target = self.world.find(host)
        if target is not self and logon == "network":
            raise win32(5, path)
        if target is None or (target is not self and not self.network.can_reach(host, 445)):
            raise win32(53, path)
        local = next((local for name, local in target.all_shares().items() if name.lower() == share.lower()), None)
        if local is None:
            raise win32(67, path)
        return target.files, "\\".join([local.rstrip("\\"), *rest])

    def sql_session(self, instance: str = ".", user: str = SYSTEM, logon: str = "network") -> Any:
        """A session on this machine's SQL Server, or another's (`HOST\\INST`): what `sql` answers."""
        if self.sql is None:
            message = (
                "A network-related or instance-specific error occurred while establishing a connection to SQL Server."
            )
            raise WindowsError("sql", message, 2, {"number": 2, "class": 20, "state": 0})
        return self.sql(instance, user, logon)

    def add_share(self, name: str, path: str) -> None:
        """Share a folder (made when missing)."""
        with self.world.lock:
            self.files.mkdir(path)
            if self.shares.get(name) != path:
                self.shares[name] = path
                self.record("share", name=name, path=path, change="created")

    def set_feature(self, id: int, name: str, installed: bool = True) -> bool:
        """Install or remove a feature of Windows (Win32_ServerFeature); False when nothing changed."""
        with self.world.lock:
            if (id in self.features) == installed:
                return False
            if installed:
                self.features[id] = name
            else:
                del self.features[id]
            self.record("feature", id=id, name=name, change="installed" if installed else "removed")
            return True

    def all_shares(self) -> dict[str, str]:
        """Shares by name, the administrative ones (`C$`) too."""
        return {
            **{f"{letter}$": f"{letter}:\\" for letter in self.files.disks},
            "ADMIN$": self.windows_directory,
            **self.shares,
        }

    # -- telling ---------------------------------------------------------------------------------------------

    def record(self, kind: str, **fields: Any) -> None:
        """Write an event of this machine."""
        self.world.record.write(self.name, kind, **fields)

    def status(self, full: bool = False) -> dict[str, Any]:
        """The machine's state as JSON: os, up, boot_time, pending_reboot, services, tasks, processes; full: files, registry,
        event logs, disks too."""
        with self.world.lock:
            found: dict[str, Any] = {
                "name": self.name,
                "fqdn": self.fqdn,
                "up": self.up,
                "boot_time": self.boot_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "pending_reboot": self.pending_reboot,
                "services": {s.name: {"state": s.state, "start_mode": s.start_mode} for s in self.services.list()},
                "tasks": {t.path: {"state": t.state, "result": t.last_result} for t in self.tasks.list()},
                "processes": {str(p.id): p.name for p in self.processes.list()},
            }
            if full:
                plain = self.world.record.plain
                found["files"] = self.files.tree()
                found["registry"] = plain(self.registry.tree("HKLM"))
                found["eventlogs"] = self.eventlog.counts()
                found["shares"] = dict(self.shares)
                found["features"] = {str(id): name for id, name in self.features.items()}
                found["disks"] = {f"{letter}:": {"free_mb": disk.free_mb} for letter, disk in self.files.disks.items()}
            return found
