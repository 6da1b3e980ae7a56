"""WMI of one machine: classes are registered functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine

Row = dict[str, Any]  # dates are DMTF text (`20120512180000.000000+000`), as WMI gives them


@dataclass
class WmiClass:
    """A class: its instances, its key properties, its methods.

    rows(machine) -> list of property dicts. methods: name -> function(machine, row or None, arguments by name) -> out
    parameters (with `ReturnValue`).
    """

    namespace: str
    name: str
    rows: Callable[[Machine], list[Row]]
    keys: tuple[str, ...] = ()
    methods: dict[str, Callable[[Machine, Row | None, dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # method -> in parameters, in order


class Wmi:
    """Query and invoke. WindowsError codes are WBEM's: 0x80041010 invalid class, 0x8004100E namespace, 0x80041002 not found."""

    def __init__(self, machine: Machine):
        self.machine = machine

    def register(self, wmi_class: WmiClass) -> None: ...
    def namespaces(self) -> list[str]: ...
    def classes(self, namespace: str) -> list[str]: ...
    def find_class(self, namespace: str, name: str) -> WmiClass: ...
    def query(self, namespace: str, name: str, where: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()) -> list[Row]:
        """Instances whose properties equal `where` ({property: value} or [{property, value}]; without case)."""
        raise NotImplementedError
    def select(self, namespace: str, wql: str) -> tuple[WmiClass, list[Row]]:
        """A WQL query: SELECT a, b | * FROM Class [WHERE ... AND/OR ..., =, <>, <, >, LIKE, IS NULL]."""
        raise NotImplementedError
    def get(self, path: str) -> tuple[WmiClass, Row | None]:
        """The class and, for an instance's path, the instance."""
        raise NotImplementedError
    def path(self, wmi_class: WmiClass, row: Row | None = None) -> str:
        """The full path `\\\\HOST\\root\\cimv2:Class.Key="x"`."""
        raise NotImplementedError
    def invoke(self, path: str, method: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> dict[str, Any]:
        """Call a method of a class or an instance; the out parameters with `ReturnValue`."""
        raise NotImplementedError
