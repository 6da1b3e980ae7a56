"""Result sets, and how values travel between Python, T-SQL and the embedded engine.

Values in rows are None, bool (``bit``), int, float, str, bytes and naive ``datetime`` (the server's own clock, which in
the lab is UTC). A ``uniqueidentifier`` is its lower-case text.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Optional

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\Z")


@dataclass
class Column:
    """One column of a result set; ``type`` is a SQL Server type name."""

    name: str
    type: str


@dataclass
class ResultSet:
    """What one SELECT returned."""

    columns: list
    rows: list

    def dicts(self):
        """The rows as dictionaries."""
        names = [c.name for c in self.columns]
        return [dict(zip(names, row)) for row in self.rows]


@dataclass
class ResultSets:
    """Everything one batch gave: result sets in order, messages, rows affected (-1: nothing was counted)."""

    sets: list = field(default_factory=list)
    messages: list = field(default_factory=list)
    affected: int = -1
    outputs: dict = field(default_factory=dict)

    def __iter__(self):
        return iter(self.sets)

    @property
    def first(self) -> Optional[ResultSet]:
        """The first result set, or None."""
        return self.sets[0] if self.sets else None

    def scalar(self) -> Any:
        """The first value of the first row, or None."""
        return self.sets[0].rows[0][0] if self.sets and self.sets[0].rows else None


def encode(value):
    """A Python value as the embedded engine stores it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, dt.date):
        return value.strftime("%Y-%m-%d 00:00:00.000")
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return value


def to_datetime(value) -> Optional[dt.datetime]:
    """Read what T-SQL takes for a time, or None."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, (int, float)):
        return dt.datetime(1900, 1, 1) + dt.timedelta(days=value)
    if not isinstance(value, str):
        return None
    text = value.strip().rstrip("Z").replace("T", " ")
    if re.fullmatch(r"\d{8}.*", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def decode(value, type_name):
    """A stored value as the caller of the session gets it."""
    if value is None:
        return None
    if type_name == "bit":
        return bool(value)
    if type_name == "datetime":
        return to_datetime(value)
    if type_name == "uniqueidentifier" and isinstance(value, str):
        return value.lower()
    return value


def type_of(values):
    """The SQL type that a column of computed values shows."""
    for value in values:
        if value is None:
            continue
        if isinstance(value, bool):
            return "bit"
        if isinstance(value, int):
            return "int" if abs(value) < 2**31 else "bigint"
        if isinstance(value, float):
            return "numeric"
        if isinstance(value, bytes):
            return "varbinary"
        if isinstance(value, str):
            return "datetime" if STAMP.match(value) else "nvarchar"
    return "int"
