"""What a WinRM 2.0 host allows: the service's settings and quotas, one set a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

CMD_PREFIX = r"C:\Windows\system32\cmd.exe /C "
"""What the service puts before a command line unless WINRS_SKIP_CMD_SHELL is TRUE; it counts against cmd.exe's limit."""


@dataclass(frozen=True)
class Limits:
    """Defaults of WinRM 2.0 (winrm/config, winrm/config/service, winrm/config/winrs)."""

    max_envelope_kb: int = 150
    max_timeout: float = 60.0
    command_line: int = 8191
    max_shells_per_user: int = 5
    max_concurrent_users: int = 5
    max_processes_per_shell: int = 15
    max_memory_per_shell_mb: int = 150
    idle_timeout: float = 180.0
    basic: bool = True
    negotiate: bool = True
    allow_unencrypted: bool = True

    @property
    def max_envelope(self) -> int:
        """The largest envelope in bytes, either way."""
        return self.max_envelope_kb * 1024

    def changed(self, **settings: Any) -> Limits:
        """The same limits with some of them changed."""
        return replace(self, **settings)


def attribute(thing: object, name: str, default: Any = None) -> Any:
    """A field of something that may be a mapping or an object; machines' specifications come as either."""
    if isinstance(thing, Mapping):
        return thing.get(name, default)
    return getattr(thing, name, default)


def limits_of(machine: object) -> Limits:
    """The limits of one machine: the defaults, and what its estate says under `wsman`."""
    own = attribute(attribute(machine, "spec", {}), "wsman", None) or {}
    known = {field.name for field in fields(Limits)}
    return Limits(**{name: own[name] for name in own if name in known})


def version_of(machine: object, what: str) -> float:
    """The machine's version of `winrm` or `powershell`; 0 where its estate says null."""
    value = attribute(attribute(machine, "spec", {}), what, "2.0")
    if value is None:
        return 0.0
    major, _unused, minor = str(value).partition(".")
    return float(f"{int(major)}.{(minor or '0').split('.')[0]}")
