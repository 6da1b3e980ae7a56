"""The WS-Man server of the lab: simulated WinRM 2.0 services that real connection plugins talk to.

    handle = serve(world, engine, {"OM01": "127.0.1.1"}, 5985)
    ...
    handle.close()

`serve` starts a thread with an event loop and returns once every host that is up listens; it may be called from
anywhere. One listener an address: a host without WinRM (or with 1.1, which lives on another port) and a host that is
down refuse connections. Commands run in threads of their own, so the engine may block. How one module leads to the
next: server (listeners) -> connection (HTTP, faults) -> security (Basic, NTLM, sealing) -> service (one host: quotas,
requests) -> shell and runspace (winrm, psrp) -> the engine; ledger counts the traffic and makes the `command` events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .limits import Limits
from .server import Server

__all__ = ["Limits", "Server", "serve"]


def serve(world: Any, engine: Any, host_addresses: Mapping[str, str], port: int) -> Server:
    """Serve machines of a world, each on its loopback address."""
    return Server(world, engine, host_addresses, port)
