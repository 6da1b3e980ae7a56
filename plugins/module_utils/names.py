# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One machine has many names: in the inventory, in DNS, in NetBIOS, and that of its cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Optional

_NUMBER = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts MS2 before MS10 and does not care for case."""
    parts = _NUMBER.split(name.lower())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def ordered(names: Iterable[str]) -> list[str]:
    """Names in natural order; names that differ in case only keep a fixed order too."""
    return sorted(names, key=lambda name: (natural(name), name))


def short(name: str) -> str:
    """The first label of a name, lower case: ``ms02`` of ``MS02.contoso.test``."""
    return name.split(".", 1)[0].lower()


def sql_address(text: Optional[str]) -> tuple[str, str]:
    """Machine and instance of what the product calls a database server.

    ``SQL02\\OMDW`` and ``sql02.contoso.test\\omdw,1433`` give the machine and ``OMDW``; without an instance it is the
    default one, ``MSSQLSERVER``. The machine is empty for ``.``, ``(local)`` and nothing at all.
    """
    address = (text or "").split(",", 1)[0].strip()
    machine, mark, instance = address.partition("\\")
    if machine.lower() in (".", "(local)", "localhost"):
        machine = ""
    return machine, instance.upper() if mark and instance else "MSSQLSERVER"


def instance_name(text: Optional[str], machine: str = "") -> str:
    """The bare name of an instance, however the host named it: ``.``, ``OMDW``, ``SQL02\\OMDW``, ``MSSQLSERVER``."""
    value = (text or "").strip()
    if "\\" in value:
        value = value.rsplit("\\", 1)[1]
    elif value.lower() in ("", ".", "(local)", "localhost", machine.lower(), short(machine)):
        value = "MSSQLSERVER"
    return value.upper()


class Names:
    """Finds the one machine that any of its names means."""

    def __init__(self) -> None:
        """Start without names."""
        self._exact: dict[str, str] = {}
        self._short: dict[str, Optional[str]] = {}
        self._full: set[str] = set()

    def add(self, machine: str, *aliases: Optional[str]) -> list[str]:
        """Make names mean a machine; returns those that already mean another one, which keeps them."""
        clashes = []
        for alias in (machine, *aliases):
            if not alias:
                continue
            if self._exact.setdefault(alias.lower(), machine) != machine:
                clashes.append(alias)
                continue
            label = short(alias)
            if self._short.setdefault(label, machine) != machine:
                self._short[label] = None
            if "." in alias:
                self._full.add(label)
        return clashes

    def find(self, name: Optional[str]) -> Optional[str]:
        """The machine a name means, None if there is none.

        A bare name means the only machine with that first label. A full name means a machine known by its bare name
        alone; where the machine's full name is known, another full name is another machine.
        """
        if not name:
            return None
        found = self._exact.get(name.lower())
        if found is None and ("." not in name or short(name) not in self._full):
            found = self._short.get(short(name))
        return found
