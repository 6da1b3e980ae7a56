"""Objects of a database: stored tables, tables that show the state of a model, functions and procedures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Callable, Optional

_ids = itertools.count(2105058535, 16)

SQLITE_TYPES = {
    "int": "INTEGER",
    "bigint": "INTEGER",
    "smallint": "INTEGER",
    "tinyint": "INTEGER",
    "bit": "INTEGER",
    "float": "REAL",
    "decimal": "REAL",
    "numeric": "REAL",
    "varbinary": "BLOB",
    "image": "BLOB",
}


@dataclass
class Col:
    """A column: name and SQL Server type name."""

    name: str
    type: str = "nvarchar"

    @property
    def declaration(self):
        """The column in the embedded engine's own language."""
        kind = SQLITE_TYPES.get(self.type, "TEXT")
        return f"`{self.name}` {kind}" + (" COLLATE NOCASE" if kind == "TEXT" else "")


def columns(text):
    """``"Id:int Name When:datetime"`` as a list of columns; a column without a type is nvarchar."""
    result = []
    for item in text.split():
        name, _unused, kind = item.partition(":")
        result.append(Col(name, kind or "nvarchar"))
    return result


class Table:
    """A table or view.

    ``source`` (live tables) answers the present rows as tuples; it is asked again whenever ``revision()`` has changed.
    ``writer`` gets what a statement did: ``writer.deleted(row)``, ``.updated(old, new)``, ``.inserted(row)`` with rows
    as dictionaries. A live table without a writer can't be written.
    """

    def __init__(self, name, cols, *, schema="dbo", rows=None, source=None, revision=None, writer=None, view=False):
        self.name = name
        self.schema = schema
        self.columns = columns(cols) if isinstance(cols, str) else list(cols)
        self.rows = [tuple(r) for r in rows or ()]
        self.source: Optional[Callable[[], Any]] = source
        self.revision: Callable[[], Any] = revision or (lambda: None)
        self.writer = writer
        self.view = view
        self.object_id = next(_ids)
        self.stored = None
        self.created = None

    @property
    def live(self):
        """Whether the rows come from a model."""
        return self.source is not None

    @property
    def kinds(self):
        """SQL Server's letters for this kind of object."""
        return ("V", "VIEW") if self.view else ("U", "IT", "TABLE")


class Function:
    """A scalar function of a database: ``call(session, *arguments)``."""

    kinds = ("FN",)
    columns = ()

    def __init__(self, name, call, schema="dbo"):
        self.name = name
        self.call = call
        self.schema = schema
        self.object_id = next(_ids)


class Procedure:
    """A stored procedure: ``call(session, arguments) -> int``; ``parameters`` names them in order, with ``@``."""

    kinds = ("P",)
    columns = ()

    def __init__(self, name, parameters, call, schema="dbo"):
        self.name = name
        self.parameters = parameters.split() if isinstance(parameters, str) else list(parameters)
        self.call = call
        self.schema = schema
        self.object_id = next(_ids)
