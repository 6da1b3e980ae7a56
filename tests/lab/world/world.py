"""The world: machines, clock, record, faults, accounts, and one lock for every change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..faults import Faults
from .accounts import Accounts
from .clock import Clock
from .machine import Machine
from .record import Record
from .spec import HostSpec

ADMINISTRATOR = ("Administrator", "Lab-Passw0rd")
UPGRADE_ACCOUNT = ("scomadmin", "Lab-Upgr4de")
ENCRYPTION_KEY_PASSWORD = "Lab-K3yStore"
SERVICE_ACCOUNTS = {"scomdas": "Lab-Serv1ce", "scomdr": "Lab-Serv1ce", "scomdw": "Lab-Serv1ce"}


class Machines(dict[str, Machine]):
    """Machines by their names; looked up without case."""

    def __getitem__(self, name: str) -> Machine:
        return super().__getitem__(self._key(name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(self._key(name))

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(self._key(name), default)

    def _key(self, name: str) -> str:
        if super().__contains__(name):
            return name
        return next((known for known in self if known.lower() == name.lower()), name)


class World:
    """Everything simulated. Hold `lock` for every change; never wait (clock, processes) while holding it."""

    def __init__(
        self,
        state_dir: Path,
        *,
        scale: float = 600.0,
        clock: Clock | None = None,
        dns_domain: str = "lab.test",
        estate: Any = None,
    ):
        """state_dir: where hosts' folders and `events.jsonl` go (made when missing). clock: a `ManualClock` in tests."""
        self.state_dir = Path(state_dir)
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.clock = clock or Clock(scale)
        self.record = Record(self.state_dir / "events.jsonl", self.clock)
        self.faults = Faults(self.record)
        self.estate = estate
        self.dns_domain = dns_domain
        self.machines = Machines()
        self.bystanders: set[str] = set()  # FQDNs of computers on the network that are no machines of this world
        self.addresses: dict[str, str] = {}  # machine name -> the loopback address it is served on
        self.group: Any = None  # the management group; tests.lab.product plugs it in
        self.blocked: set[tuple[str, str, int | None]] = set()  # (from, to, port or None): connections that fail
        self.accounts = Accounts(dns_domain)
        self._standard_accounts()

    @property
    def netbios_domain(self) -> str:
        return self.accounts.netbios

    def add_machine(self, spec: HostSpec) -> Machine:
        """Build a machine with everything Windows itself brings. Nothing of that is written to the record."""
        with self.lock, self.record.muted():
            machine = Machine(self, spec)
            self.machines[spec.name] = machine
            machine.build()
            return machine

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Changes inside the block are the state at the start: no events."""
        with self.lock, self.record.muted():
            yield

    def find(self, name: str) -> Machine | None:
        """The machine of a NetBIOS name, an FQDN or an address it is served on, without case."""
        wanted = name.strip().rstrip(".").lower()
        for machine in self.machines.values():
            if wanted in (machine.name.lower(), machine.fqdn.lower(), self.addresses.get(machine.name, "").lower()):
                return machine
        return None

    def close(self) -> None:
        """End the clock and close the record."""
        self.clock.close()
        self.record.close()

    def _standard_accounts(self) -> None:
        everything = {"administrator", "sysadmin", "opsmgr_admin"}
        self.accounts.add(*ADMINISTRATOR, rights=everything)
        self.accounts.add(*UPGRADE_ACCOUNT, domain=self.netbios_domain, rights=set(everything))
        for user, password in SERVICE_ACCOUNTS.items():
            self.accounts.add(user, password, domain=self.netbios_domain)
        self.record.add_secret(ENCRYPTION_KEY_PASSWORD)
        for account in self.accounts.all():
            self.record.add_secret(account.password)
