"""The registry of one machine. Paths are `HKLM\\SOFTWARE\\...`; long hive names and `HKLM:\\` are understood too."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import WindowsError, win32

if TYPE_CHECKING:
    from .machine import Machine

KINDS = ("String", "ExpandString", "DWord", "QWord", "MultiString", "Binary")
_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKLM": "HKLM",
    "HKEY_USERS": "HKU",
    "HKU": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKCU": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKCR": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
    "HKCC": "HKCC",
}
_LONG = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKCC": "HKEY_CURRENT_CONFIG",
}

Value = tuple[str, Any]  # (kind, data): data is str, int, list[str] or bytes


@dataclass(frozen=True)
class Key:
    """A key as it was when read. name: the full path (`HKLM\\SOFTWARE\\...`); subkeys: names; values: name -> (kind, data).

    The default value's name is the empty string."""

    name: str
    subkeys: list[str]
    values: dict[str, Value]

    def data(self, name: str, default: Any = None) -> Any:
        """The data of a value, by name without case."""
        for known, (_unused, data) in self.values.items():
            if known.lower() == name.lower():
                return data
        return default


class _Node:
    __slots__ = ("children", "name", "values")

    def __init__(self, name: str):
        self.name = name
        self.children: dict[str, _Node] = {}
        self.values: dict[str, tuple[str, str, Any]] = {}  # lower name -> (name, kind, data)


class Registry:
    """Read and change keys and values. Every change writes a `registry` event (path, name, change, from, to)."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._lock: threading.RLock = machine.world.lock
        self._hives = {hive: _Node(hive) for hive in _LONG}

    def read(self, key: str) -> Key | None:
        """The key, or None when it does not exist."""
        with self._lock:
            node, path = self._find(key)
            if node is None:
                return None
            return Key(
                path,
                [child.name for child in node.children.values()],
                {name: (kind, data) for name, kind, data in node.values.values()},
            )

    def exists(self, key: str) -> bool:
        return self.read(key) is not None

    def get(self, key: str, name: str, default: Any = None) -> Any:
        """The data of one value."""
        found = self.read(key)
        return default if found is None else found.data(name, default)

    def create(self, key: str) -> bool:
        """Make the key and its ancestors; True when it was not there."""
        with self._lock:
            hive, parts = split_key(key)
            node, made, path = self._hives[hive], False, hive
            for part in parts:
                child = node.children.get(part.lower())
                if child is None:
                    child = node.children[part.lower()] = _Node(part)
                    made = True
                path = f"{path}\\{child.name}"
                node = child
            if made:
                self._event(path, None, "created", None, None)
            return made

    def set(self, key: str, name: str, kind: str, data: Any) -> bool:
        """Set a value (its key is made when missing); True when that changed anything."""
        data = _checked(kind, data)
        with self._lock:
            self.create(key)
            node, path = self._find(key)
            assert node is not None
            before = node.values.get(name.lower())
            if before and before[1:] == (kind, data):
                return False
            shown = before[0] if before else name
            node.values[name.lower()] = (shown, kind, data)
            self._event(
                path,
                shown,
                "changed" if before else "created",
                before and {"kind": before[1], "data": before[2]},
                {"kind": kind, "data": data},
            )
            return True

    def remove(self, key: str, name: str) -> bool:
        """Remove a value; True when it was there."""
        with self._lock:
            node, path = self._find(key)
            before = node.values.pop(name.lower(), None) if node else None
            if before is None:
                return False
            self._event(path, before[0], "deleted", {"kind": before[1], "data": before[2]}, None)
            return True

    def delete(self, key: str) -> bool:
        """Delete a key with all below; True when it was there."""
        with self._lock:
            hive, parts = split_key(key)
            if not parts:
                raise win32(5, key)
            parent, _unused = self._find("\\".join([hive, *parts[:-1]]))
            node, path = self._find(key)
            if parent is None or node is None:
                return False
            del parent.children[parts[-1].lower()]
            self._event(path, None, "deleted", None, None)
            return True

    def tree(self, key: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Everything below a key: path -> {value name: {kind, data}}; for status."""
        with self._lock:
            node, path = self._find(key)
            found: dict[str, dict[str, dict[str, Any]]] = {}

            def walk(node: _Node, path: str) -> None:
                found[path] = {name: {"kind": kind, "data": data} for name, kind, data in node.values.values()}
                for child in node.children.values():
                    walk(child, f"{path}\\{child.name}")

            if node is not None:
                walk(node, path)
            return found

    def _find(self, key: str) -> tuple[_Node | None, str]:
        hive, parts = split_key(key)
        node, path = self._hives[hive], hive
        for part in parts:
            child = node.children.get(part.lower())
            if child is None:
                return None, f"{path}\\{part}"
            node, path = child, f"{path}\\{child.name}"
        return node, path

    def _event(self, path: str, name: str | None, change: str, before: Any, after: Any) -> None:
        fields: dict[str, Any] = {"path": path, "change": change}
        if name is not None:
            fields.update(name=name, from_=before, to=after)
        self.machine.record("registry", **fields)


def split_key(key: str) -> tuple[str, list[str]]:
    """(`HKLM`, [`SOFTWARE`, ...]) of any spelling of a key's path."""
    text = key.strip().replace("/", "\\")
    if text.lower().startswith("registry::"):
        text = text[10:]
    hive, _unused, rest = text.partition("\\")
    found = _HIVES.get(hive.rstrip(":").upper())
    if found is None:
        raise WindowsError("invalid_argument", f"Not a registry path: {key}", 87)
    return found, [part for part in rest.split("\\") if part]


def long_name(key: str) -> str:
    """`HKEY_LOCAL_MACHINE\\...` of a key."""
    hive, parts = split_key(key)
    return "\\".join([_LONG[hive], *parts])


def _checked(kind: str, data: Any) -> Any:
    """The data in the form the kind stores, or WindowsError."""
    if kind in ("String", "ExpandString") and isinstance(data, str):
        return data
    if kind in ("DWord", "QWord") and isinstance(data, int) and not isinstance(data, bool):
        return data & (0xFFFFFFFF if kind == "DWord" else 0xFFFFFFFFFFFFFFFF)
    if kind == "MultiString" and isinstance(data, (list, tuple)) and all(isinstance(item, str) for item in data):
        return list(data)
    if kind == "Binary" and isinstance(data, (bytes, bytearray)):
        return bytes(data)
    raise WindowsError(
        "invalid_argument", f"The type of the value object did not match the specified RegistryValueKind {kind}.", 87
    )
