"""The service control manager of one machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .accounts import SYSTEM
from .errors import WindowsError, win32

if TYPE_CHECKING:
    from .machine import Machine

_Names = list[str]
STATES = ("running", "stopped", "paused", "start_pending", "stop_pending")
START_MODES = ("auto", "manual", "disabled")


@dataclass
class Service:
    """One service. Change it only through `Services`; the hooks are for whoever installs it.

    on_start: called before it runs; raises WindowsError to refuse. on_stop, on_started: called afterwards.
    """

    name: str
    display_name: str
    state: str = "stopped"
    start_mode: str = "manual"
    account: str = "LocalSystem"
    path: str = ""
    depends_on: list[str] = field(default_factory=list)
    description: str = ""
    kind: str = "Own Process"
    pid: int = 0
    on_start: Callable[[Service], None] | None = field(default=None, repr=False, compare=False)
    on_started: Callable[[Service], None] | None = field(default=None, repr=False, compare=False)
    on_stop: Callable[[Service], None] | None = field(default=None, repr=False, compare=False)

    @property
    def running(self) -> bool:
        return self.state == "running"


_Services = list[Service]


class Services:
    """The services. Every change writes a `service` event (service, from, to, start_mode)."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._lock = machine.world.lock
        self._services: dict[str, Service] = {}

    def list(self) -> _Services:
        """All services, by name."""
        with self._lock:
            return sorted(self._services.values(), key=lambda service: service.name.lower())

    def get(self, name: str) -> Service | None:
        """The service of that name or display name, without case; None when there is none."""
        with self._lock:
            found = self._services.get(name.lower())
            if found is None:
                found = next((s for s in self._services.values() if s.display_name.lower() == name.lower()), None)
            return found

    def require(self, name: str) -> Service:
        """`get`, or WindowsError 1060."""
        service = self.get(name)
        if service is None:
            raise win32(1060, name)
        return service

    def dependents(self, name: str) -> _Services:
        """The services that depend on it directly."""
        wanted = self.require(name).name.lower()
        return [s for s in self.list() if wanted in (other.lower() for other in s.depends_on)]

    def create(
        self,
        name: str,
        display_name: str = "",
        *,
        path: str = "",
        start_mode: str = "manual",
        account: str = "LocalSystem",
        depends_on: _Names | None = None,
        state: str = "stopped",
        description: str = "",
    ) -> Service:
        """Install a service; WindowsError 1073 when there is one of that name."""
        with self._lock:
            if name.lower() in self._services:
                raise win32(1073, name)
            _check_mode(start_mode)
            service = Service(
                name,
                display_name or name,
                "stopped",
                start_mode,
                account,
                path or rf"C:\Windows\System32\{name}.exe",
                [*(depends_on or [])],
                description,
            )
            self._services[name.lower()] = service
            self.machine.registry.set(
                rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}", "ObjectName", "String", account
            )
            self._event(service, None, "stopped")
            if state == "running":
                self.start(name)
            return service

    def delete(self, name: str) -> bool:
        """Stop and remove a service; False when there is none."""
        with self._lock:
            service = self.get(name)
            if service is None:
                return False
            if service.state != "stopped":
                self.stop(name, force=True)
            del self._services[service.name.lower()]
            self.machine.registry.delete(rf"HKLM\SYSTEM\CurrentControlSet\Services\{service.name}")
            self._event(service, "stopped", None)
            return True

    def start(self, name: str) -> bool:
        """Start it and, before it, what it depends on; False when it runs already. WindowsError: 1058, 1060, 1068 ..."""
        with self._lock:
            service = self.require(name)
            if service.state == "running":
                return False
            if not self.machine.running_windows:
                raise win32(1115)
            if service.start_mode == "disabled":
                raise win32(1058, service.name)
            for other in service.depends_on:
                try:
                    self.start(other)
                except WindowsError as error:
                    raise win32(1068, service.name) from error
            if service.on_start:
                service.on_start(service)
            before, service.state = service.state, "running"
            service.pid = self.machine.processes.next_id()
            self._event(service, before, "running")
            if service.on_started:
                service.on_started(service)
            self.machine.world.clock.notify()
            return True

    def stop(self, name: str, *, force: bool = False) -> bool:
        """Stop it; False when it is stopped already. Running dependents: WindowsError 1051, or stopped first with `force`."""
        with self._lock:
            service = self.require(name)
            if service.state == "stopped":
                return False
            for other in self.dependents(service.name):
                if other.state != "stopped":
                    if not force:
                        raise win32(1051, service.name)
                    self.stop(other.name, force=True)
            before, service.state, service.pid = service.state, "stopped", 0
            self._event(service, before, "stopped")
            if service.on_stop:
                service.on_stop(service)
            self.machine.world.clock.notify()
            return True

    def set_start_mode(self, name: str, start_mode: str) -> bool:
        """Set `auto`, `manual` or `disabled`; False when it was that already."""
        with self._lock:
            service = self.require(name)
            _check_mode(start_mode)
            if service.start_mode == start_mode:
                return False
            service.start_mode = start_mode
            self._event(service, service.state, service.state)
            return True

    def configure(
        self,
        name: str,
        *,
        account: str | None = None,
        path: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        depends_on: _Names | None = None,
    ) -> bool:
        """Change what else a service is made of; False when nothing changed."""
        with self._lock:
            service = self.require(name)
            wanted = {
                "account": account,
                "path": path,
                "display_name": display_name,
                "description": description,
                "depends_on": depends_on,
            }
            changes = {
                key: value for key, value in wanted.items() if value is not None and getattr(service, key) != value
            }
            if not changes:
                return False
            for key, value in changes.items():
                setattr(service, key, value)
            if "account" in changes:
                self.machine.registry.set(
                    rf"HKLM\SYSTEM\CurrentControlSet\Services\{service.name}", "ObjectName", "String", service.account
                )
            self._event(service, service.state, service.state, **changes)
            return True

    def runs_as_system(self, name: str) -> bool:
        """Whether the service's account is LocalSystem."""
        return self.machine.world.accounts.builtin(self.require(name).account) == SYSTEM

    def power_off(self) -> None:
        """Everything stops, without asking anybody: Windows goes down."""
        with self._lock:
            for service in self.list():
                if service.state != "stopped":
                    before, service.state, service.pid = service.state, "stopped", 0
                    self._event(service, before, "stopped")
                    if service.on_stop:
                        service.on_stop(service)

    def power_on(self) -> None:
        """What starts automatically starts; one that refuses stays stopped and says so in the System log."""
        with self._lock:
            for service in self.list():
                if service.start_mode == "auto" and service.state == "stopped":
                    try:
                        self.start(service.name)
                    except WindowsError as error:
                        self.machine.eventlog.write(
                            "System",
                            "Service Control Manager",
                            "error",
                            7000,
                            f"The {service.display_name} service failed to start due to the following "
                            f"error: {error.message}",
                        )

    def _event(self, service: Service, before: str | None, after: str | None, **more: object) -> None:
        self.machine.record(
            "service", service=service.name, from_=before, to=after, start_mode=service.start_mode, **more
        )


def _check_mode(start_mode: str) -> None:
    if start_mode not in START_MODES:
        raise win32(87, start_mode)
