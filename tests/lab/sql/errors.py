"""What SQL Server answers when it refuses: numbers, classes and texts of the product."""

from __future__ import annotations

from tests.lab.world.errors import WindowsError


class SqlError(WindowsError):
    """One error of SQL Server, shaped like ``System.Data.SqlClient.SqlException``.

    ``partial`` holds what the batch had produced before it failed (a ``ResultSets``), or None.
    """

    def __init__(self, number, message, *, class_=16, state=1, procedure="", line=1, server=""):
        super().__init__("sql", message, number)
        self.number = number
        self.class_ = class_
        self.state = state
        self.procedure = procedure
        self.line = line
        self.server = server
        self.partial = None
        self.__dict__.pop("detail", None)

    @property
    def detail(self):
        """The fields an operation's error carries."""
        return {
            "number": self.number,
            "state": self.state,
            "class": self.class_,
            "procedure": self.procedure,
            "line": self.line,
            "server": self.server,
        }

    @detail.setter
    def detail(self, value):
        """The base class sets this; the fields themselves are the truth."""


def syntax(near, line=1):
    """102: the batch cannot be parsed."""
    return SqlError(102, f"Incorrect syntax near '{near}'.", class_=15, line=line)


def invalid_object(name, line=1):
    """208: no such table or view."""
    return SqlError(208, f"Invalid object name '{name}'.", line=line)


def invalid_column(name, line=1):
    """207: no such column."""
    return SqlError(207, f"Invalid column name '{name}'.", line=line)


def no_procedure(name, line=1):
    """2812: no such stored procedure."""
    return SqlError(2812, f"Could not find stored procedure '{name}'.", state=62, line=line)


def no_database(name, line=1):
    """911: a database named in a statement does not exist."""
    return SqlError(911, f"Database '{name}' does not exist. Make sure that the name is entered correctly.", line=line)


def cannot_open(name, login):
    """4060: the database asked for at connection time cannot be opened."""
    return SqlError(
        4060,
        f'Cannot open database "{name}" requested by the login. The login failed.\r\n'
        f"Login failed for user '{login}'.",
        class_=11,
    )


def login_failed(login):
    """18456: the server does not let this account in."""
    return SqlError(18456, f"Login failed for user '{login}'.", class_=14)


def no_connection(code=53):
    """53 or -1: nothing answers there."""
    return SqlError(
        code,
        "A network-related or instance-specific error occurred while establishing a connection to SQL Server. "
        "The server was not found or was not accessible. Verify that the instance name is correct and that SQL "
        "Server is configured to allow remote connections.",
        class_=20,
        state=0,
        line=0,
    )


def permission(what, name, database, line=1):
    """229: the login lacks a right on an object."""
    return SqlError(
        229,
        f"The {what} permission was denied on the object '{name}', database '{database}', schema 'dbo'.",
        class_=14,
        state=5,
        line=line,
    )
