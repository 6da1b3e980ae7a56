"""WMI of one machine: classes are registered functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .errors import WindowsError

if TYPE_CHECKING:
    from .machine import Machine

Row = dict[str, Any]  # dates are DMTF text (`20120512180000.000000+000`), as WMI gives them
Method = Callable[["Machine", "Row | None", dict[str, Any]], dict[str, Any]]

NOT_FOUND = 0x80041002
INVALID_CLASS = 0x80041010
INVALID_NAMESPACE = 0x8004100E
INVALID_METHOD = 0x8004102F
INVALID_QUERY = 0x80041017
# The names System.Management has for them.
ERROR_NAMES = {
    NOT_FOUND: "NotFound",
    INVALID_CLASS: "InvalidClass",
    INVALID_NAMESPACE: "InvalidNamespace",
    INVALID_METHOD: "InvalidMethod",
    INVALID_QUERY: "InvalidQuery",
}


@dataclass
class WmiClass:
    """A class: its instances, its key properties, its methods.

    rows(machine) -> list of property dicts. methods: name -> function(machine, row or None, arguments by name) -> out
    parameters (with `ReturnValue`). parameters: method -> its in parameters, in order.
    """

    namespace: str
    name: str
    rows: Callable[[Machine], list[Row]]
    keys: tuple[str, ...] = ()
    methods: dict[str, Method] = field(default_factory=dict)
    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Wmi:
    """Query and invoke. WindowsError codes are WBEM's: 0x80041010 invalid class, 0x8004100E namespace, 0x80041002 not found."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._namespaces: dict[str, tuple[str, dict[str, WmiClass]]] = {}

    def register(self, wmi_class: WmiClass) -> None:
        """Add a class (and its namespace), or replace it."""
        _unused, classes = self._namespaces.setdefault(wmi_class.namespace.lower(), (wmi_class.namespace, {}))
        classes[wmi_class.name.lower()] = wmi_class

    def unregister(self, namespace: str, name: str) -> None:
        """Remove a class; a namespace without classes goes too."""
        _unused, classes = self._namespaces.get(namespace.lower(), ("", {}))
        classes.pop(name.lower(), None)
        if not classes:
            self._namespaces.pop(namespace.lower(), None)

    def namespaces(self) -> list[str]:
        return [name for name, _unused in self._namespaces.values()]

    def classes(self, namespace: str) -> list[str]:
        """The names of a namespace's classes."""
        return [c.name for c in self._namespace(namespace).values()]

    def find_class(self, namespace: str, name: str) -> WmiClass:
        found = self._namespace(namespace).get(name.lower())
        if found is None:
            raise WindowsError("not_found", "Invalid class ", INVALID_CLASS)
        return found

    def query(
        self, namespace: str, name: str, where: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    ) -> list[Row]:
        """Instances whose properties equal `where` ({property: value} or [{property, value}]; without case)."""
        conditions = [*where.items()] if isinstance(where, Mapping) else [(w["property"], w["value"]) for w in where]
        wmi_class = self.find_class(namespace, name)
        with self.machine.world.lock:
            return [
                row
                for row in wmi_class.rows(self.machine)
                if all(_equal(_get(row, key), value) for key, value in conditions)
            ]

    def select(self, namespace: str, wql: str) -> tuple[WmiClass, list[Row]]:
        """A WQL query: SELECT a, b | * FROM Class [WHERE ... AND/OR/NOT ..., =, <>, !=, <, >, <=, >=, LIKE, IS (NOT) NULL].

        Rows hold the properties that were asked for.
        """
        match = re.fullmatch(r"\s*select\s+(.+?)\s+from\s+([\w]+)\s*(?:where\s+(.+?))?\s*;?\s*", wql, re.I | re.S)
        if match is None:
            raise WindowsError("invalid_argument", "Invalid query ", INVALID_QUERY)
        wmi_class = self.find_class(namespace, match.group(2))
        keep = _Condition(match.group(3)).parse() if match.group(3) else (lambda row: True)
        with self.machine.world.lock:
            rows = [row for row in wmi_class.rows(self.machine) if keep(row)]
        if match.group(1).strip() == "*":
            return wmi_class, rows
        wanted = {part.strip().lower() for part in match.group(1).split(",")} | {key.lower() for key in wmi_class.keys}
        return wmi_class, [{key: value for key, value in row.items() if key.lower() in wanted} for row in rows]

    def get(self, path: str) -> tuple[WmiClass, Row | None]:
        """The class and, for an instance's path, the instance (WindowsError 0x80041002 when there is none)."""
        namespace, name, keys = split_path(path)
        wmi_class = self.find_class(namespace, name)
        if keys is None:
            return wmi_class, None
        with self.machine.world.lock:
            rows = wmi_class.rows(self.machine)
        for row in rows:
            if all(
                _equal(_get(row, key or (wmi_class.keys[0] if wmi_class.keys else "Name")), value)
                for key, value in keys.items()
            ):
                return wmi_class, row
        raise WindowsError("not_found", "Not found ", NOT_FOUND)

    def path(self, wmi_class: WmiClass, row: Row | None = None) -> str:
        """The full path `\\\\HOST\\root\\cimv2:Class.Key="x"`."""
        text = f"\\\\{self.machine.name}\\{wmi_class.namespace}:{wmi_class.name}"
        if row is None:
            return text
        if not wmi_class.keys:
            return text + "=@"
        pairs = []
        for key in wmi_class.keys:
            value = _get(row, key)
            shown = (
                str(value)
                if isinstance(value, int)
                else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
            )
            pairs.append(f"{key}={shown}")
        return text + "." + ",".join(pairs)

    def invoke(self, path: str, method: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> dict[str, Any]:
        """Call a method of a class or an instance; the out parameters with `ReturnValue`."""
        wmi_class, row = self.get(path)
        name = next((known for known in wmi_class.methods if known.lower() == method.lower()), None)
        if name is None:
            raise WindowsError("not_found", "Invalid method ", INVALID_METHOD)
        order = wmi_class.parameters.get(name, ())
        if isinstance(arguments, Mapping):
            known = {parameter.lower(): parameter for parameter in order}
            named = {known.get(key.lower(), key): value for key, value in arguments.items()}
        else:
            named = dict(zip(order, arguments))
        with self.machine.world.lock:
            return wmi_class.methods[name](self.machine, row, named)

    def _namespace(self, namespace: str) -> dict[str, WmiClass]:
        wanted = namespace.replace("/", "\\").strip("\\").lower()
        if not wanted.startswith("root"):
            wanted = "root\\" + wanted
        if wanted not in self._namespaces:
            raise WindowsError("not_found", "Invalid namespace ", INVALID_NAMESPACE)
        return self._namespaces[wanted][1]


def split_path(path: str) -> tuple[str, str, dict[str, Any] | None]:
    """(namespace, class, {key: value} or None) of a WMI path; a key without a name is the empty string."""
    text = path.strip()
    match = re.match(r"(?:[\\/]{2}[^\\/]+[\\/])?(?:(root[^:]*|[^:.=\"']*?):)?([A-Za-z_]\w*)(.*)$", text, re.I | re.S)
    if match is None:
        raise WindowsError("invalid_argument", "Invalid object path ", 0x8004103A)
    namespace, name, rest = match.groups()
    if not rest:
        return namespace or r"root\cimv2", name, None
    if rest == "=@":
        return namespace or r"root\cimv2", name, {}
    keys: dict[str, Any] = {}
    for key, double, single, number in re.findall(
        r"""[.,]?\s*(\w*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^,"']+))""", rest
    ):
        text = double or single
        keys[key] = number if number else re.sub(r"\\(.)", r"\1", text)
    return namespace or r"root\cimv2", name, keys


def dmtf(moment: datetime) -> str:
    """A DMTF date, as WMI writes dates (UTC)."""
    return moment.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S.%f") + "+000"


def from_dmtf(text: str) -> datetime | None:
    """The moment of a DMTF date; None when the text is none."""
    match = re.fullmatch(r"(\d{14})\.(\d{6})([+-]\d{3})", text)
    if match is None:
        return None
    moment = datetime.strptime(match.group(1), "%Y%m%d%H%M%S").replace(
        microsecond=int(match.group(2)), tzinfo=timezone.utc
    )
    return datetime.fromtimestamp(moment.timestamp() - 60 * int(match.group(3)), timezone.utc)


def _get(row: Row, name: str) -> Any:
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.lower() == name.lower()), None)


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if isinstance(one, (int, float)):
        try:
            return one == float(other)
        except (TypeError, ValueError):
            return False
    return str(one).lower() == str(other).lower()


class _Condition:
    """A WHERE clause, as a function of a row."""

    _TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|<=|>=|<>|!=|[=<>()]|[\w.\-]+)""")

    def __init__(self, text: str):
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = self._TOKEN.match(text, position)
            if match is None:
                raise WindowsError("invalid_argument", "Invalid query ", INVALID_QUERY)
            self._tokens.append(match.group(1))
            position = match.end()

    def parse(self) -> Callable[[Row], bool]:
        condition = self._either()
        if self._tokens:
            raise WindowsError("invalid_argument", "Invalid query ", INVALID_QUERY)
        return condition

    def _peek(self) -> str:
        return self._tokens[0].lower() if self._tokens else ""

    def _take(self) -> str:
        if not self._tokens:
            raise WindowsError("invalid_argument", "Invalid query ", INVALID_QUERY)
        return self._tokens.pop(0)

    def _either(self) -> Callable[[Row], bool]:
        parts = [self._all()]
        while self._peek() == "or":
            self._take()
            parts.append(self._all())
        return lambda row: any(part(row) for part in parts)

    def _all(self) -> Callable[[Row], bool]:
        parts = [self._one()]
        while self._peek() == "and":
            self._take()
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Callable[[Row], bool]:
        if self._peek() == "not":
            self._take()
            inner = self._one()
            return lambda row: not inner(row)
        if self._peek() == "(":
            self._take()
            inner = self._either()
            self._take()
            return inner
        name, operator = self._take(), self._take().lower()
        if operator == "is":
            negative = self._peek() == "not"
            if negative:
                self._take()
            self._take()
            return lambda row: (_get(row, name) is None) != negative
        value = _literal(self._take())
        if operator == "=":
            return lambda row: _equal(_get(row, name), value)
        if operator in ("<>", "!="):
            return lambda row: not _equal(_get(row, name), value)
        if operator == "like":
            pattern = re.compile(
                "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(value)), re.I | re.S
            )
            return lambda row: pattern.fullmatch(str(_get(row, name) or "")) is not None
        if operator in ("<", ">", "<=", ">="):
            return lambda row: _compare(_get(row, name), value, operator)
        raise WindowsError("invalid_argument", "Invalid query ", INVALID_QUERY)


def _literal(token: str) -> Any:
    if token[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token.lower() in ("true", "false"):
        return token.lower() == "true"
    if token.lower() == "null":
        return None
    return int(token) if re.fullmatch(r"-?\d+", token) else token


def _compare(one: Any, other: Any, operator: str) -> bool:
    if one is None or other is None:
        return False
    numbers = isinstance(one, (int, float)) or (isinstance(other, int) and str(one).isdigit())  # uint64 is text
    if numbers:
        try:
            one, other = float(one), float(other)
        except ValueError:
            return False
    else:
        one, other = str(one).lower(), str(other).lower()
    return {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[operator]
