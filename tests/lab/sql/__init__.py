"""SQL Server: T-SQL is executed, on an embedded database, not recognised by its text.

Each instance has one embedded connection; a table of any of its databases is one table there, so that queries across
databases need nothing special. Tables that show the state of a model (``tables.Table`` with a ``source``) are filled
before a statement reads them, and what a statement changes in them goes back to the model.
"""

from .errors import SqlError
from .results import Column, ResultSet, ResultSets
from .server import Database, DatabaseFile, Instance, SqlServer, find_server, install, install_reporting, open_session
from .session import Session
from .tables import Function, Procedure, Table, columns

__all__ = [
    "Column",
    "Database",
    "DatabaseFile",
    "Function",
    "Instance",
    "Procedure",
    "ResultSet",
    "ResultSets",
    "Session",
    "SqlError",
    "SqlServer",
    "Table",
    "columns",
    "find_server",
    "install",
    "install_reporting",
    "open_session",
]
