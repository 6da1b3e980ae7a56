"""`sql.query`: T-SQL over the machine's SQL Server."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import re
import uuid
from typing import Any

from ..world.errors import WindowsError
from .operations import Answer, Interpreter, Refused, checking, choice, number, operation, required

INSTANCES = r"HKLM\SOFTWARE\Microsoft\Microsoft SQL Server\Instance Names\SQL"
DATABASES = (
    "SELECT name FROM sys.databases WHERE state = 0 AND database_id > 4 AND HAS_DBACCESS(name) = 1 ORDER BY name"
)


@operation("sql.query")
def sql_query(run: Interpreter, args: dict[str, Any]) -> Answer:
    text, kind = required(args, "text"), choice(args, "kind", ("reader", "nonquery"), "reader")
    instance, database = str(args.get("instance") or "."), str(args.get("database") or "master")
    number(args, "timeout", 60)
    if not all(re.fullmatch(r"@?[A-Za-z_]\w*", name, re.A) for name in args.get("parameters") or {}):
        raise Refused("invalid_argument", "A parameter's name is not valid.")
    if kind == "nonquery" and checking(args):
        return {"results": []}, True
    single = instance != "*" and database != "*"
    results: list[dict[str, Any]] = []
    for name in local_instances(run) if instance == "*" else [instance]:
        results += _on_instance(run, name, database, args, text, kind, single)
    return {"results": results}, kind == "nonquery"


def local_instances(run: Interpreter) -> list[str]:
    """The names of this machine's instances."""
    key = run.machine.registry.read(INSTANCES)
    return sorted(key.values, key=str.lower) if key else []


def _source(run: Interpreter, name: str) -> str:
    """What to connect to: a bare name of a local instance means that instance."""
    if name.lower() in (known.lower() for known in local_instances(run)) and name.lower() != run.machine.name.lower():
        return "." if name.upper() == "MSSQLSERVER" else f".\\{name}"
    return name


def _on_instance(
    run: Interpreter, name: str, database: str, args: dict[str, Any], text: str, kind: str, single: bool
) -> list[dict[str, Any]]:
    try:
        if database != "*":
            databases = [database]
        else:
            listed = _execute(run, name, "master", DATABASES, {}, "reader")
            databases = [row[0] for row in listed[0]["rows"]]
    except Refused as error:
        return [_failed(name, None, error)]
    results: list[dict[str, Any]] = []
    for one in databases:
        try:
            results += _execute(run, name, one, text, args.get("parameters") or {}, kind)
        except Refused as error:
            if single:
                raise
            results.append(_failed(name, one, error))
    return results


def _failed(name: str, database: str | None, error: Refused) -> dict[str, Any]:
    return {
        "instance": name,
        "database": database,
        "columns": [],
        "rows": [],
        "affected": -1,
        "messages": [],
        "error": dict(error.detail, message=error.message),
    }


def _execute(
    run: Interpreter, name: str, database: str, text: str, parameters: dict[str, Any], kind: str
) -> list[dict[str, Any]]:
    try:
        session = run.machine.sql_session(_source(run, name), run.user, run.logon)
        try:
            found = session.execute(text, parameters, database)
        finally:
            session.close()
    except Exception as error:
        raise sql_refused(error) from error
    messages = [str(item["message"] if isinstance(item, dict) else item) for item in found.messages]
    sets = [] if kind == "nonquery" else list(found.sets)
    entries = [
        {
            "columns": [column.name for column in one.columns],
            "rows": [[sql_value(item) for item in row] for row in one.rows],
        }
        for one in sets
    ]
    entries = entries or [{"columns": [], "rows": []}]
    return [
        {
            "instance": name,
            "database": database,
            **entry,
            "affected": found.affected if not index else -1,
            "messages": messages if not index else [],
            "error": None,
        }
        for index, entry in enumerate(entries)
    ]


def sql_refused(error: Exception) -> Refused:
    """SQL Server's refusal, as an operation's error."""
    if getattr(error, "kind", None) != "sql":
        if isinstance(error, WindowsError):
            return Refused(error.kind, error.message, error.detail)
        raise error
    detail = getattr(error, "detail", None) or {}
    wanted = {key: detail.get(key) for key in ("number", "state", "class", "procedure", "line")}
    return Refused("sql", str(getattr(error, "message", error)), dict(wanted, procedure=wanted["procedure"] or ""))


def sql_value(value: Any) -> Any:
    """A value of a row as the wire has it. A datetime has no zone: it is the server's own time, written without Z."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, dt.datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        return text + (f".{value.microsecond // 1000:03d}" if value.microsecond // 1000 else "")
    if isinstance(value, decimal.Decimal):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # .NET writes 2.0 as 2
    if isinstance(value, uuid.UUID):
        return str(value)
    return value
