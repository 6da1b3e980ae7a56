"""T-SQL's built-in functions, as Python functions that the embedded engine calls.

A function gets its arguments as stored values. Those that need to know where they run (database, login, clock) take the
running session first; ``CONTEXT`` lists them.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid

from .results import encode, to_datetime

UNITS = {
    "year": "year",
    "yy": "year",
    "yyyy": "year",
    "quarter": "quarter",
    "qq": "quarter",
    "month": "month",
    "mm": "month",
    "m": "month",
    "day": "day",
    "dd": "day",
    "d": "day",
    "dayofyear": "day",
    "week": "week",
    "wk": "week",
    "ww": "week",
    "weekday": "weekday",
    "dw": "weekday",
    "hour": "hour",
    "hh": "hour",
    "minute": "minute",
    "mi": "minute",
    "n": "minute",
    "second": "second",
    "ss": "second",
    "s": "second",
    "millisecond": "millisecond",
    "ms": "millisecond",
}
SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1, "millisecond": 0.001}


def add(a, b):
    """T-SQL's plus: joins texts, adds numbers; a number wins over a text."""
    if a is None or b is None:
        return None
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    if isinstance(a, bytes) or isinstance(b, bytes):
        return bytes(a) + bytes(b)
    return number(a) + number(b)


def divide(a, b):
    """Division: whole numbers give a whole number."""
    if a is None or b is None:
        return None
    a, b = number(a), number(b)
    if b == 0:
        raise ValueError("8134:Divide by zero error encountered.")
    if isinstance(a, int) and isinstance(b, int):
        return int(a / b) if abs(a) < 2**52 else a // b
    return a / b


def remainder(a, b):
    """The remainder, with the sign of the dividend."""
    if a is None or b is None:
        return None
    return number(a) - number(b) * divide(int(number(a)), int(number(b)))


def to_stamp(text):
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", text))


def number(value):
    """A value as a number, as T-SQL converts it without being asked."""
    if isinstance(value, str):
        if to_stamp(value):
            return (to_datetime(value) - dt.datetime(1900, 1, 1)).total_seconds() / 86400
        text = value.strip() or "0"
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            raise ValueError(
                f"245:Conversion failed when converting the varchar value '{value}' to data type int."
            ) from None
    return value


def date_add(unit, amount, value):
    """DATEADD."""
    moment = to_datetime(value)
    if moment is None or amount is None:
        return None
    unit, amount = UNITS.get(str(unit).lower(), "day"), int(number(amount))
    if unit in SECONDS:
        return encode(moment + dt.timedelta(seconds=amount * SECONDS[unit]))
    months = amount * {"year": 12, "quarter": 3, "month": 1}.get(unit, 0)
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    last = (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return encode(moment.replace(year=year, month=month + 1, day=min(moment.day, last)))


def date_diff(unit, first, second):
    """DATEDIFF: boundaries crossed, not time gone by."""
    a, b = to_datetime(first), to_datetime(second)
    if a is None or b is None:
        return None
    unit = UNITS.get(str(unit).lower(), "day")
    if unit in ("year", "quarter", "month"):
        months = (b.year - a.year) * 12 + b.month - a.month
        if unit == "month":
            return months
        return (
            b.year - a.year if unit == "year" else (b.year * 4 + (b.month - 1) // 3) - (a.year * 4 + (a.month - 1) // 3)
        )
    if unit in ("day", "weekday"):
        return (b.date() - a.date()).days
    if unit == "week":
        return (b.date() - a.date()).days // 7
    cut = {
        "hour": lambda x: x.replace(minute=0, second=0, microsecond=0),
        "minute": lambda x: x.replace(second=0, microsecond=0),
        "second": lambda x: x.replace(microsecond=0),
        "millisecond": lambda x: x,
    }[unit]
    return int((cut(b) - cut(a)).total_seconds() / SECONDS[unit])


def date_part(unit, value):
    """DATEPART, YEAR, MONTH, DAY."""
    moment = to_datetime(value)
    if moment is None:
        return None
    unit = UNITS.get(str(unit).lower(), "day")
    if unit == "weekday":
        return moment.isoweekday() % 7 + 1
    if unit == "quarter":
        return (moment.month - 1) // 3 + 1
    if unit == "week":
        return int(moment.strftime("%U")) + 1
    if unit == "millisecond":
        return moment.microsecond // 1000
    return getattr(moment, unit)


STYLES = {
    100: "%b %d %Y %I:%M%p",
    101: "%m/%d/%Y",
    102: "%Y.%m.%d",
    103: "%d/%m/%Y",
    104: "%d.%m.%Y",
    108: "%H:%M:%S",
    111: "%Y/%m/%d",
    112: "%Y%m%d",
    120: "%Y-%m-%d %H:%M:%S",
    23: "%Y-%m-%d",
    8: "%H:%M:%S",
}


def cast(value, type_name, length=None, style=None):
    """CAST and CONVERT."""
    if value is None:
        return None
    name = str(type_name).lower()
    if name in ("char", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname"):
        if isinstance(value, str) and to_stamp(value) and (style is not None or name in ("char", "varchar")):
            moment = to_datetime(value)
            style = int(style) if style is not None else 100
            if style in (126, 127):
                text = moment.strftime("%Y-%m-%dT%H:%M:%S") + (
                    f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
                )
                value = text + ("Z" if style == 127 else "")
            elif style in (21, 25, 121):
                value = value + ""
            else:
                value = moment.strftime(STYLES.get(style, STYLES[100]))
        elif isinstance(value, bytes):
            value = "0x" + value.hex().upper() if style in (1, 2) else value.decode("latin-1")
        elif isinstance(value, float):
            value = f"{value:.6f}".rstrip("0").rstrip(".") or "0"
        else:
            value = str(value)
        limit = None if length in (None, -1, "max") else int(length)
        return value if limit is None else value[:limit]
    if name in ("int", "bigint", "smallint", "tinyint"):
        result = number(value)
        if isinstance(value, str) and not isinstance(result, int):
            raise ValueError(f"245:Conversion failed when converting the varchar value '{value}' to data type {name}.")
        return int(result)
    if name == "bit":
        text = str(value).lower()
        return {"true": 1, "false": 0}.get(text) if text in ("true", "false") else int(bool(number(value)))
    if name in ("decimal", "numeric", "float", "real", "money", "double"):
        scale = style if name in ("decimal", "numeric") else None
        result = float(number(value))
        return round(result, int(scale)) if scale is not None else result
    if name in ("datetime", "datetime2", "smalldatetime", "date", "timestamp"):
        moment = to_datetime(value)
        if moment is None:
            raise ValueError("241:Conversion failed when converting date and/or time from character string.")
        return encode(moment.replace(hour=0, minute=0, second=0, microsecond=0) if name == "date" else moment)
    if name in ("uniqueidentifier", "uuid"):
        try:
            return str(uuid.UUID(str(value)))
        except ValueError:
            raise ValueError(
                "8169:Conversion failed when converting from a character string to uniqueidentifier."
            ) from None
    if name in ("varbinary", "binary", "image"):
        return value if isinstance(value, bytes) else str(value).encode("utf-16-le")
    return value


def like(pattern, value, escape=None):
    """LIKE, with T-SQL's wildcards and without regard to case."""
    if pattern is None or value is None:
        return None
    out, i, pattern = "", 0, str(pattern)
    while i < len(pattern):
        c = pattern[i]
        if escape and c == escape and i + 1 < len(pattern):
            i += 1
            out += re.escape(pattern[i])
        elif c == "%":
            out += ".*"
        elif c == "_":
            out += "."
        elif c == "[" and "]" in pattern[i + 1 :]:
            end = pattern.index("]", i + 1)
            body = pattern[i + 1 : end].replace("\\", "\\\\")
            out += f"[{body}]" if body not in ("", "^") else re.escape(body)
            i = end
        else:
            out += re.escape(c)
        i += 1
    return int(re.fullmatch(out, str(value), re.S | re.I) is not None)


def text(value):
    """A value as text, for the string functions."""
    return None if value is None else value if isinstance(value, str) else cast(value, "nvarchar")


def null_safe(function):
    """Null in, null out."""

    def wrapped(*arguments):
        return None if any(a is None for a in arguments) else function(*arguments)

    return wrapped


def quotename(value, quote="["):
    """QUOTENAME."""
    if quote in ("'", '"'):
        return quote + value.replace(quote, quote * 2) + quote
    return "[" + value.replace("]", "]]") + "]"


def parsename(value, part):
    """PARSENAME: one part of a dotted name, counted from the right."""
    parts = [p.strip("[]") for p in value.split(".")]
    return parts[-int(part)] if int(part) <= len(parts) else None


def charindex(needle, haystack, start=1):
    """CHARINDEX."""
    return haystack.lower().find(needle.lower(), max(int(start), 1) - 1) + 1


def patindex(pattern, value):
    """PATINDEX, for patterns of the form %text%."""
    body = pattern.strip("%")
    for i in range(len(value)):
        if like(body + "%", value[i:]):
            return i + 1
    return 0


PLAIN = {
    "tsql_add": add,
    "tsql_cast": cast,
    "tsql_div": divide,
    "tsql_mod": remainder,
    "dateadd": date_add,
    "datediff": date_diff,
    "datepart": date_part,
    "datename": lambda u, v: None if v is None else str(date_part(u, v)),
    "len": null_safe(lambda v: len(text(v).rstrip(" "))),
    "datalength": null_safe(lambda v: len(v) if isinstance(v, bytes) else len(text(v)) * 2),
    "tsql_part": null_safe(lambda v, n: (v.split(".") + [None] * int(n))[int(n) - 1]),
    "tsql_left": null_safe(lambda v, n: text(v)[: int(n)]),
    "tsql_right": null_safe(lambda v, n: text(v)[-int(n) :] if int(n) else ""),
    "substring": null_safe(lambda v, s, n: v[max(int(s) - 1, 0) : int(s) - 1 + int(n)]),
    "upper": null_safe(lambda v: text(v).upper()),
    "lower": null_safe(lambda v: text(v).lower()),
    "ltrim": null_safe(lambda v: text(v).lstrip(" ")),
    "rtrim": null_safe(lambda v: text(v).rstrip(" ")),
    "replicate": null_safe(lambda v, n: v * int(n)),
    "reverse": null_safe(lambda v: text(v)[::-1]),
    "space": null_safe(lambda n: " " * int(n)),
    "charindex": null_safe(charindex),
    "patindex": null_safe(patindex),
    "replace": null_safe(lambda v, a, b: re.sub(re.escape(a), b.replace("\\", r"\\"), text(v), flags=re.I) if a else v),
    "stuff": null_safe(lambda v, s, n, r: v[: int(s) - 1] + r + v[int(s) - 1 + int(n) :]),
    "quotename": null_safe(quotename),
    "parsename": null_safe(parsename),
    "str": null_safe(lambda v, n=10, d=0: f"{number(v):.{int(d)}f}".rjust(int(n))),
    "ascii": null_safe(lambda v: ord(v[0])),
    "nchar": null_safe(lambda v: chr(int(v))),
    "ceiling": null_safe(lambda v: int(-(-number(v) // 1))),
    "floor": null_safe(lambda v: int(number(v) // 1)),
    "power": null_safe(lambda a, b: number(a) ** number(b)),
    "isnumeric": lambda v: int(bool(re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", str(v)))) if v is not None else 0,
    "isdate": lambda v: int(to_datetime(v) is not None) if v is not None else 0,
    "newid": lambda: str(uuid.uuid4()),
    "nullif_": lambda a, b: None if a == b else a,
    "like": like,
}


def server_property(session, name):
    """SERVERPROPERTY."""
    instance = session.instance
    host = instance.server.machine.name.upper()
    level = instance.level
    return {
        "productversion": instance.version,
        "productlevel": level,
        "edition": f"{instance.edition} Edition"
        + (" (64-bit)" if instance.server.machine.os.architecture == "x64" else ""),
        "engineedition": {"Enterprise": 3, "Developer": 3, "Express": 4}.get(instance.edition, 2),
        "editionid": {"Enterprise": 1804890536, "Standard": -1534726760}.get(instance.edition, 0),
        "collation": instance.collation,
        "isclustered": int(bool(instance.clustered)),
        "isfulltextinstalled": int(bool(instance.full_text)),
        "isintegratedsecurityonly": 1,
        "issingleuser": 0,
        "machinename": host,
        "computernamephysicalnetbios": host,
        "servername": instance.full_name,
        "instancename": None if instance.is_default else instance.name,
        "processid": 1432,
        "resourceversion": instance.version,
    }.get(str(name).lower())


def database_property(session, name, what):
    """DATABASEPROPERTYEX."""
    database = session.instance.databases.get(name)
    if database is None:
        return None
    return {
        "collation": database.collation,
        "status": database.state,
        "recovery": database.recovery,
        "updateability": "READ_ONLY" if database.read_only else "READ_WRITE",
        "useraccess": database.user_access,
        "isfulltextenabled": int(database.full_text),
        "version": 661,
    }.get(str(what).lower())


def object_id(session, name, kind=None):
    """OBJECT_ID."""
    found = session.find_object(name)
    if found is None or (kind and kind.strip().upper() not in found.kinds):
        return None
    return found.object_id


def object_property(session, object_id_, what):
    """OBJECTPROPERTY, for what a caller probes: kinds of objects."""
    for database in session.instance.databases.values():
        for found in database.objects.values():
            if found.object_id == object_id_:
                wanted = {
                    "isscalarfunction": "FN",
                    "istable": "U",
                    "isusertable": "U",
                    "isview": "V",
                    "isprocedure": "P",
                }
                kind = wanted.get(str(what).lower())
                return None if kind is None else int(kind in found.kinds)
    return None


def file_property(session, name, what):
    """FILEPROPERTY(name, 'SpaceUsed'), in pages."""
    for file in session.database.files:
        if file.name.lower() == str(name).lower():
            return {
                "spaceused": int(file.used_mb * 128),
                "isprimaryfile": int(file.kind == "ROWS"),
                "islogfile": int(file.kind == "LOG"),
                "isreadonly": 0,
            }.get(str(what).lower())
    return None


def col_length(session, table, column):
    """COL_LENGTH: null where the column is missing."""
    found = session.find_object(table)
    if found is None:
        return None
    for col in found.columns:
        if col.name.lower() == str(column).lower():
            return {"int": 4, "bigint": 8, "bit": 1, "datetime": 8, "uniqueidentifier": 16}.get(col.type, 512)
    return None


def db_id(session, name=None):
    database = session.database if name is None else session.instance.databases.get(name)
    return database.id if database else None


def db_name(session, number_=None):
    if number_ is None:
        return session.database.name
    return next((d.name for d in session.instance.databases.values() if d.id == number_), None)


CONTEXT = {
    "getdate": lambda s: encode(s.now()),
    "getutcdate": lambda s: encode(s.now()),
    "sysdatetime": lambda s: encode(s.now()),
    "sysutcdatetime": lambda s: encode(s.now()),
    "serverproperty": server_property,
    "databasepropertyex": database_property,
    "databaseproperty": database_property,
    "fulltextserviceproperty": lambda s, n: (
        int(bool(s.instance.full_text)) if str(n).lower() == "isfulltextinstalled" else None
    ),
    "fileproperty": file_property,
    "object_id": object_id,
    "objectproperty": object_property,
    "object_name": lambda s, i: next((o.name for o in s.database.objects.values() if o.object_id == i), None),
    "schema_name": lambda s, i=1: {1: "dbo", 4: "sys"}.get(i, "dbo"),
    "schema_id": lambda s, n="dbo": {"dbo": 1, "sys": 4}.get(str(n).lower()),
    "col_length": col_length,
    "db_id": db_id,
    "db_name": db_name,
    "original_db_name": lambda s: s.database.name,
    "has_dbaccess": lambda s, n: int(s.instance.databases[n].online) if n in s.instance.databases else None,
    "is_srvrolemember": lambda s, role, login=None: s.instance.role_member(str(role), login or s.login),
    "is_member": lambda s, role: int(s.instance.role_member("sysadmin", s.login) and str(role).lower() == "db_owner"),
    "has_perms_by_name": lambda s, *a: s.instance.role_member("sysadmin", s.login),
    "suser_sname": lambda s, sid=None: s.login,
    "suser_name": lambda s, sid=None: s.login,
    "system_user": lambda s: s.login,
    "original_login": lambda s: s.login,
    "session_user": lambda s: "dbo",
    "user_name": lambda s, i=None: "dbo",
    "host_name": lambda s: s.client.name if s.client else s.instance.server.machine.name,
    "app_name": lambda s: ".Net SqlClient Data Provider",
    "scope_identity": lambda s: s.identity,
    "error_message": lambda s: s.caught.message if s.caught else None,
    "error_number": lambda s: s.caught.number if s.caught else None,
    "error_severity": lambda s: s.caught.class_ if s.caught else None,
    "error_state": lambda s: s.caught.state if s.caught else None,
    "error_line": lambda s: s.caught.line if s.caught else None,
    "error_procedure": lambda s: (s.caught.procedure or None) if s.caught else None,
    "xact_state": lambda s: int(s.transactions > 0),
}


def register(connection, current):
    """Make every function known to an embedded connection; ``current()`` answers the running session."""

    def guarded(function):
        def call(*arguments):
            try:
                return encode(function(*arguments))
            except ValueError as error:
                current().function_error = str(error)
                raise
            except TypeError as error:
                current().function_error = f"8116:Argument data type is invalid ({error})."
                raise

        return call

    for name, function in PLAIN.items():
        connection.create_function(name, -1, guarded(function))
    for name, function in CONTEXT.items():
        connection.create_function(name, -1, guarded(lambda *a, f=function: f(current(), *a)))
