"""The WS-Man server of the lab: simulated WinRM 2.0 services that real connection plugins talk to.

    handle = serve(world, engine, {"OM01": "127.0.1.1"}, 5985)
    ...
    handle.close()

`serve` starts a thread with an event loop and returns once every host that is up listens; it may be called from
anywhere. One listener an address: a host without WinRM (or with 1.1, which lives on another port) and a host that is
down refuse connections. Commands run in threads of their own, so the engine may block. How one module leads to the
next: server (listeners) -> connection (HTTP, faults) -> security (Basic, NTLM, sealing) -> service (one host: quotas,
requests) -> shell and runspace (winrm, psrp) -> the engine; ledger counts the traffic and makes the `command` events.

Enforced as WinRM 2.0 does, each a field of `Limits` (an estate may set it per host under `wsman`): 150 KB an envelope
(HTTP 413 beyond, as users of old hosts report it), 8,191 characters a command line with cmd.exe's own prefix counted,
5 shells a user, 5 users, 15 processes and 150 MB a shell, 180 s idle. Memory counts where the engine's outcome says
how many megabytes a command took (`memory`, optional). Basic knows local accounts only and goes in clear text; where
`allow_unencrypted` is false only sealed NTLM is served. A user who is no administrator gets "Access is denied".

Not simulated: HTTPS, Kerberos, CredSSP, certificates; disconnected sessions (they are refused, as by 2.0); output before
a command's end; the code page. The clients ask for code page 65001, which real hosts before 2008 R2 answer with
batch files that silently do nothing: nothing here depends on it, and nothing here shows it.
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
