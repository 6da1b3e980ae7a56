"""What a machine reaches, and what reaches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine

NO_ANSWER = (
    "A connection attempt failed because the connected party did not properly respond after a period of time, "
    "or established connection failed because connected host has failed to respond"
)
REFUSED = "No connection could be made because the target machine actively refused it"
BYSTANDER_PORTS = (135, 139, 445)


class Network:
    """TCP as the machine sees it. listeners: port -> function that tells whether it is open now.

    Windows' own are there (135, 445, and 5985 where WinRM is installed); SQL Server and the product add theirs.
    `world.blocked` holds (from, to, port or None for all): connections that a firewall or a cut line prevents; `*` is any.
    """

    def __init__(self, machine: Machine):
        self.machine = machine
        self.listeners: dict[int, Callable[[], bool]] = {}

    def listens(self, port: int) -> bool:
        """Whether something accepts connections on the port."""
        open_now = self.listeners.get(port)
        return self.machine.up and open_now is not None and open_now()

    def can_reach(self, host: str, port: int) -> bool:
        """Whether a TCP connection from here to a host's port (name, FQDN, address) would be made."""
        return self.why_not(host, port) is None

    def why_not(self, host: str, port: int) -> str | None:
        """Why it would not be made (`No such host is known`, ...); None when it would."""
        target = self.machine if host.lower() in ("localhost", ".", "127.0.0.1") else self.machine.world.find(host)
        if target is None:
            return self._bystander(host.lower().rstrip("."), port)
        if target is not self.machine and (not target.up or self._blocked(target.name, port) or self._fault(target, port)):
            return NO_ANSWER
        return None if target.network.listens(port) else REFUSED

    def _fault(self, target: Machine, port: int) -> bool:
        """Whether a fault such as `tcp:1433` on the target swallows this connection."""
        return self.machine.world.faults.strike(target.name, f"tcp:{port}") is not None

    def _bystander(self, fqdn: str, port: int) -> str | None:
        """A computer that is no machine of the world, such as most agents: Windows' own ports answer there."""
        if fqdn not in self.machine.world.bystanders:
            return "No such host is known"
        if self._blocked(fqdn.partition(".")[0], port):
            return NO_ANSWER
        return None if port in BYSTANDER_PORTS else REFUSED

    def _blocked(self, target: str, port: int) -> bool:
        return any(
            origin.lower() in ("*", self.machine.name.lower())
            and to.lower() in ("*", target.lower())
            and blocked in (None, port)
            for origin, to, blocked in self.machine.world.blocked
        )
