"""One connection to one instance: runs batches."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3

from . import maintenance, script
from .errors import SqlError, cannot_open, invalid_column, invalid_object, no_database, no_procedure, permission, syntax
from .functions import cast, number
from .results import STAMP, Column, ResultSet, ResultSets, decode, encode, type_of
from .script import Assign, Block, Declare, If, Statement, While, name_of
from .tables import Col, Procedure, Table
from .translate import Translator


class _Return(Exception):
    """RETURN: the batch ends."""

    def __init__(self, value=0):
        super().__init__()
        self.value = value


class _Break(Exception):
    """BREAK."""


class _Continue(Exception):
    """CONTINUE."""


class Session:
    """A connection. ``login`` is the name the server knows; ``client`` the machine that connected.

    ``execute(text, parameters, database)`` runs a batch in a fresh scope (temporary tables stay) and answers a
    ``ResultSets``. A failure is a ``SqlError`` with what had been produced before in ``partial``.
    """

    def __init__(self, instance, login, client=None):
        self.instance = instance
        self.login = login
        self.client = client
        self.world = instance.server.machine.world
        self.database = instance.databases["master"]
        self.temporary = {}
        self.variables = {}
        self.types = {}
        self.row_count = 0
        self.error_number = 0
        self.identity = None
        self.transactions = 0
        self.pending = []
        self.caught = None
        self.count_rows = True
        self.function_error = None
        self.out = ResultSets()
        self.line = 1
        self.depth = 0

    # ---- the outside ------------------------------------------------------------------------------------------

    def now(self):
        """The server's own time, without a zone (the lab's servers run on UTC)."""
        return self.world.clock.utc().replace(tzinfo=None)

    def execute(self, text, parameters=None, database=None):
        """Run a batch. ``parameters`` maps names (with or without ``@``) to values; they are bound, never spliced."""
        self.instance.check_running()
        self.out = ResultSets()
        self.variables, self.types = {}, {}
        for name, value in (parameters or {}).items():
            key = name.lower() if name.startswith("@") else "@" + name.lower()
            self.variables[key] = encode(value)
        try:
            if database:
                self.open(database)
            self.run_body(script.parse(text))
        except _Return:
            pass
        except SqlError as error:
            self.fill(error)
            error.partial = self.out
            raise
        finally:
            if not self.transactions:
                self.pending = []
        self.out.outputs = {
            name: decode(value, "datetime" if isinstance(value, str) and STAMP.match(value) else None)
            for name, value in self.variables.items()
        }
        return self.out

    def open(self, name):
        """Make a database the current one, as a connection string asks (4060 when it can't be)."""
        found = self.instance.databases.get(name)
        if found is None or not found.online or not self.allowed(found):
            raise cannot_open(name, self.login)
        self.database = found

    def close(self):
        """End the connection; what was not committed is undone."""
        if self.transactions:
            self.rollback()
        for table in self.temporary.values():
            self.instance.drop_store(table)
        self.temporary = {}

    def allowed(self, database):
        """Whether the login may use a database."""
        return (
            bool(self.instance.role_member("sysadmin", self.login))
            or database.name in ("master", "tempdb", "msdb")
            or (self.login.lower() in database.users)
        )

    def fill(self, error):
        """Name the server in an error that does not do so yet."""
        error.server = error.server or self.instance.full_name

    # ---- control flow -----------------------------------------------------------------------------------------

    def run_body(self, body):
        for statement in body:
            self.run(statement)

    def run(self, node):
        """Run one node of a parsed batch."""
        self.line = node.line
        if isinstance(node, Statement):
            try:
                self.statement(node)
                self.error_number = 0
            except SqlError as error:
                self.error_number = error.number
                if error.line in (0, 1):
                    error.line = node.line
                raise
        elif isinstance(node, If):
            if self.condition(node.condition):
                self.run(node.then)
            elif node.otherwise is not None:
                self.run(node.otherwise)
        elif isinstance(node, While):
            for _unused in range(1_000_000):
                if not self.condition(node.condition):
                    break
                try:
                    self.run(node.body)
                except _Break:
                    break
                except _Continue:
                    continue
        elif isinstance(node, Block):
            self.block(node)
        elif isinstance(node, Declare):
            self.declare(node)
        elif isinstance(node, Assign):
            expression = node.expression
            if node.operator != "=":
                expression = f"{node.name} {node.operator[0]} ({expression})"
            self.set_variable(node.name, self.evaluate(expression))

    def block(self, node):
        if node.catch is None:
            self.run_body(node.body)
            return
        try:
            self.run_body(node.body)
        except SqlError as error:
            if error.class_ >= 20 or error.number in (102, 105):
                raise
            self.fill(error)
            before, self.caught = self.caught, error
            try:
                self.run_body(node.catch)
            finally:
                self.caught = before

    def declare(self, node):
        for name, kind, initial in node.variables:
            words = kind.split("(")[0].strip().lower()
            if words == "table":
                cols = re.findall(r"[(,]\s*\[?(\w+)\]?\s+(\w+)", kind)
                self.temporary[name] = table = Table(name, [Col(c, t.lower()) for c, t in cols], rows=[])
                self.instance.make_store(table, self.instance.databases["tempdb"], f"{id(self)}.{name}")
                continue
            self.types[name] = self.type_parts(kind)
            self.variables[name] = None
            if initial is not None:
                self.set_variable(name, self.evaluate(initial))

    def type_parts(self, kind):
        match = re.match(r"\s*\[?(\w+)\]?\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?", kind)
        length = match.group(2)
        return match.group(1), int(length) if (length or "").isdigit() else None, match.group(3)

    def set_variable(self, name, value):
        if name not in self.variables:
            raise SqlError(137, f'Must declare the scalar variable "{name}".', class_=15, state=2, line=self.line)
        if name in self.types and value is not None:
            kind, length, scale = self.types[name]
            try:
                value = cast(value, kind, length, scale) if kind.lower() not in ("sql_variant", "xml") else value
            except ValueError as error:
                code, _unused, message = str(error).partition(":")
                raise SqlError(int(code), message, line=self.line) from None
        self.variables[name] = value

    def condition(self, text):
        """Whether a condition holds."""
        return bool(self.rows_of(f"SELECT CASE WHEN {text} THEN 1 ELSE 0 END AS x")[0][0])

    def evaluate(self, text):
        """The (stored) value of an expression."""
        rows = self.rows_of(f"SELECT {text} AS x")
        return rows[0][0] if rows else None

    def rows_of(self, text):
        query = Translator(self).translate(text, self.line)
        return self.perform(query).fetchall()

    # ---- statements -------------------------------------------------------------------------------------------

    def statement(self, node):
        head = node.head
        if head in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            return self.query(node)
        method = getattr(self, "do_" + head.lower(), None)
        if method is not None:
            return method(node)
        found = maintenance.STATEMENTS.get(head)
        if found is not None:
            return found(self, node)
        if node.tokens[0].kind in ("word", "quoted") and head not in script.STARTS:
            return self.procedure_call(node, node.tokens)
        raise syntax(node.tokens[0].text, node.line)

    def query(self, node):
        if node.head == "INSERT":
            for i, token in enumerate(node.tokens):
                if token.upper in ("EXEC", "EXECUTE"):
                    return self.insert_exec(node, i)
        if node.head == "SELECT" and "INTO" in [t.upper for t in node.tokens]:
            text = self.without_temporary_marks(node.text)
        else:
            text = node.text
        query = Translator(self).translate(text, node.line)
        if query.kind == "into":
            return self.select_into(query)
        if query.kind == "select":
            return self.select(query)
        return self.change(query, node.text)

    def without_temporary_marks(self, text):
        """sqlglot drops the # of SELECT INTO's target; keep it as a quoted name."""
        return re.sub(r"(?i)(\bINTO\s+)(#\w+)", r"\1[\2]", text)

    def select(self, query):
        cursor = self.perform(query)
        rows = cursor.fetchall()
        if query.assign:
            if rows:
                for name, value in zip(query.assign, rows[-1]):
                    self.set_variable(name, value)
            self.row_count = len(rows)
            return
        names = [d[0] for d in cursor.description]
        columns = []
        star = any(name == "*" for name, _unused in query.outputs) or len(query.outputs) != len(names)
        for i, name in enumerate(names):
            if star:
                shown, kind = name, query.types.get(name.lower())
            else:
                shown, kind = query.outputs[i]
            kind = kind or type_of(row[i] for row in rows)
            columns.append(Column(shown, kind))
        plain = [[decode(value, columns[i].type) for i, value in enumerate(row)] for row in rows]
        self.out.sets.append(ResultSet(columns, plain))
        self.row_count = len(rows)

    def select_into(self, query):
        cursor = self.perform(query)
        rows = cursor.fetchall()
        cols = []
        for i, d in enumerate(cursor.description):
            kind = query.types.get(d[0].lower()) or type_of(row[i] for row in rows)
            cols.append(Col(d[0], kind))
        target = query.into
        name = target.name
        if target.this.args.get("temporary") and not name.startswith("#"):
            name = "#" + name
        if name.startswith("#"):
            self.make_temporary(name, cols)
            table = self.temporary[name.lower()]
        else:
            database = self.database_of(target)
            table = self.new_table(database, target.args.get("db").name if target.args.get("db") else "dbo", name, cols)
        marks = ", ".join("?" * len(cols))
        self.instance.connection.executemany(f"INSERT INTO `{table.stored}` VALUES ({marks})", rows)
        self.row_count = len(rows)
        self.counted(len(rows))
        if not name.startswith("#"):
            self.world_event(f"SELECT INTO {name}", len(rows), database)

    def database_of(self, node):
        catalog = node.args.get("catalog")
        if catalog is None:
            return self.database
        found = self.instance.databases.get(catalog.name)
        if found is None:
            raise invalid_object(node.sql(dialect="tsql"), self.line)
        return found

    def make_temporary(self, name, cols):
        if name.lower() in self.temporary:
            raise SqlError(2714, f"There is already an object named '{name}' in the database.", state=6, line=self.line)
        table = Table(name, cols, rows=[])
        self.instance.make_store(table, self.instance.databases["tempdb"], f"{id(self)}.{name}")
        self.temporary[name.lower()] = table

    def new_table(self, database, schema, name, cols):
        if database.find(schema, name):
            raise SqlError(2714, f"There is already an object named '{name}' in the database.", state=6, line=self.line)
        table = Table(name, cols, schema=schema, rows=[])
        database.add(table)
        return table

    def change(self, query, text):
        """INSERT, UPDATE, DELETE: run it, hand what changed to the model, record it."""
        table = query.target
        if table.live and table.writer is None:
            raise SqlError(259, "Ad hoc updates to system catalogs are not allowed.", line=self.line)
        database = self.instance.owner_of(table)
        if database is not None and database.read_only:
            raise SqlError(
                3906, f'Failed to update database "{database.name}" because the database is read-only.', line=self.line
            )
        if table.live:
            self.instance.refresh(table, self)
        before = self.snapshot(table) if table.live else None
        cursor = self.perform(query, keep=table)
        count = max(cursor.rowcount, 0)
        self.identity = cursor.lastrowid if query.kind == "insert" else self.identity
        self.row_count = count
        self.counted(count)
        if count == 0:
            return
        if table.live:
            after = self.snapshot(table)
            changes = difference(before, after)
            if self.transactions:
                self.pending.append((table, changes))
            else:
                self.apply(table, changes)
        if database is not None and not table.name.startswith(("#", "@")):
            self.world_event(text, count, database, table)

    def apply(self, table, changes):
        table.created = None
        for kind, old, new in changes:
            method = getattr(table.writer, {"delete": "deleted", "update": "updated", "insert": "inserted"}[kind], None)
            if method is None:
                raise permission(kind.upper(), table.name, self.database.name, self.line)
            method(*[row for row in (old, new) if row is not None])

    def snapshot(self, table):
        names = [c.name for c in table.columns]
        listed = ", ".join(f"`{n}`" for n in names)
        rows = self.instance.connection.execute(f"SELECT rowid, {listed} FROM `{table.stored}`").fetchall()
        return {row[0]: {n: decode(v, c.type) for n, v, c in zip(names, row[1:], table.columns)} for row in rows}

    def world_event(self, text, rows, database=None, table=None):
        database = database or self.database
        bound = {name: value for name, value in self.variables.items() if name in text.lower()}
        fields = {"database": database.name, "text": text, "rows": rows, "instance": self.instance.name}
        if table is not None:
            fields["table"] = table.name
            if table.live:
                fields["content"] = dict(database.content)
            else:
                fields["rows_now"] = self.instance.connection.execute(
                    f"SELECT COUNT(*) FROM `{table.stored}`"
                ).fetchone()[0]
        if bound:
            fields["parameters"] = bound
        self.instance.server.machine.record("sql", **fields)

    def counted(self, count):
        if self.count_rows:
            self.out.affected = count if self.out.affected < 0 else self.out.affected + count

    def insert_exec(self, node, at):
        before, self.out = self.out, ResultSets()
        self.procedure_call(node, node.tokens[at + 1 :])
        inner, self.out = self.out, before
        head = node.text[: node.tokens[at].start - node.tokens[0].start]
        total = 0
        for result in inner.sets:
            for row in result.rows:
                names = {}
                for i, value in enumerate(row):
                    names[f"@insert_exec_{i}"] = encode(value)
                self.variables.update(names)
                query = Translator(self).translate(f"{head} SELECT {', '.join(names)}", node.line)
                self.perform(query)
                for name in names:
                    del self.variables[name]
                total += 1
        self.row_count = total

    # ---- running a translated query ---------------------------------------------------------------------------

    def perform(self, query, keep=None):
        """Run a Query on the embedded engine; answers the cursor. ``keep`` is not read from its model again."""
        with self.world.lock:
            for table in [*query.tables, query.target]:
                if table is not None and table is not keep:
                    self.instance.refresh(table, self)
            values = {}
            for name in set(query.names) | set(re.findall(r":v_(\w+)", query.sql)):
                if not name.startswith("@"):
                    name = "@@" + name[4:] if name.startswith("sys_") else "@" + name
                values["v_" + name.replace("@@", "sys_").lstrip("@").replace("#", "_").replace("$", "_")] = self.value(
                    name
                )
            self.instance.current.append(self)
            self.function_error = None
            try:
                cursor = self.instance.connection.execute(query.sql, values)
                if query.kind == "select":
                    return _Fetched(cursor)
                return cursor
            except sqlite3.Error as error:
                raise self.translate_error(error, query) from None
            finally:
                self.instance.current.pop()

    def value(self, name):
        """The value of a variable or a system variable."""
        if name.startswith("@@"):
            return self.system_value(name[2:])
        if name not in self.variables:
            raise SqlError(137, f'Must declare the scalar variable "{name}".', class_=15, state=2, line=self.line)
        return self.variables[name]

    def system_value(self, name):
        values = {
            "rowcount": self.row_count,
            "error": self.error_number,
            "servername": self.instance.full_name,
            "version": self.instance.banner,
            "spid": 52 + id(self) % 100,
            "trancount": self.transactions,
            "identity": self.identity,
            "servicename": self.instance.name,
            "language": "us_english",
            "datefirst": 7,
            "max_connections": 32767,
            "nestlevel": self.depth,
            "fetch_status": -1,
            "options": 5496,
            "microsoftversion": 0,
        }
        if name not in values:
            raise SqlError(137, f'Must declare the scalar variable "@@{name}".', class_=15, state=2, line=self.line)
        return values[name]

    def translate_error(self, error, query):
        text = str(error)
        if self.function_error:
            code, _unused, message = self.function_error.partition(":")
            if code.isdigit():
                return SqlError(int(code), message, line=self.line)
        found = re.match(r"no such column: (?:.*\.)?(.+)$", text)
        if found:
            return invalid_column(found.group(1).strip('`"'), self.line)
        found = re.match(r"no such table: (.+)$", text)
        if found:
            return invalid_object(found.group(1), self.line)
        found = re.match(r"no such function: (.+)$", text)
        if found:
            return SqlError(
                195,
                f"'{found.group(1)}' is not a recognized built-in function name.",
                class_=15,
                state=10,
                line=self.line,
            )
        found = re.search(r"has no column named (.+)$", text)
        if found:
            return invalid_column(found.group(1), self.line)
        found = re.match(r"ambiguous column name: (?:.*\.)?(.+)$", text)
        if found:
            return SqlError(209, f"Ambiguous column name '{found.group(1)}'.", line=self.line)
        found = re.search(r'near "(.+?)"', text)
        return syntax(found.group(1) if found else text, self.line)

    # ---- names ------------------------------------------------------------------------------------------------

    def resolve(self, node, line=1):
        """The Table of a sqlglot table node."""
        name = node.name
        catalog = node.args.get("catalog").name if node.args.get("catalog") else None
        schema = node.args.get("db").name if node.args.get("db") else None
        if isinstance(node.this, type(None)):
            raise invalid_object(node.sql(dialect="tsql"), line)
        shown = ".".join(p for p in (catalog, schema, name) if p is not None)
        found = self.lookup(catalog, schema, name, node)
        if found is None or not isinstance(found, Table):
            raise invalid_object(shown, line)
        return found

    def lookup(self, catalog, schema, name, node=None):
        marked = name if name.startswith(("#", "@")) else None
        if marked is None and node is not None and self.temporary:
            text = node.this.sql(dialect="tsql") if node.this is not None else name
            if text.startswith("#") or (node.this is not None and node.this.args.get("temporary")):
                marked = "#" + name.lstrip("#")
            elif text.startswith("@"):
                marked = "@" + name.lstrip("@")
        if marked is not None:
            return self.temporary.get(marked.lower())
        if catalog:
            database = self.instance.databases.get(catalog)
            if database is None:
                return None
            if not database.online:
                raise SqlError(
                    942,
                    f"Database '{catalog}' cannot be opened because it is offline.",
                    class_=14,
                    state=4,
                    line=self.line,
                )
            if not self.allowed(database):
                raise SqlError(
                    916,
                    f'The server principal "{self.login}" is not able to access the database "{catalog}" '
                    "under the current security context.",
                    class_=14,
                    line=self.line,
                )
        else:
            database = self.database
        return database.find(schema or None, name)

    def find_object(self, name):
        """An object by a (possibly qualified, possibly quoted) name, or None."""
        parts = [p.strip('[]"') for p in re.findall(r"\[[^\]]*\]|\"[^\"]*\"|[^.\[\]\"]+|(?<=\.)(?=\.)", str(name))]
        if not parts:
            return None
        if parts[0].startswith("tempdb") or parts[-1].startswith("#"):
            return self.temporary.get(parts[-1].lower())
        try:
            return self.lookup(
                parts[-3] if len(parts) > 2 else None, (parts[-2] or "dbo") if len(parts) > 1 else None, parts[-1]
            )
        except SqlError:
            return None

    def store(self, table):
        """The name of a table in the embedded engine."""
        return table.stored

    # ---- small statements -------------------------------------------------------------------------------------

    def do_use(self, node):
        """USE database."""
        if len(node.tokens) < 2:
            raise syntax("USE", node.line)
        name = name_of(node.tokens[1])
        found = self.instance.databases.get(name)
        if found is None:
            raise no_database(name, node.line)
        if not found.online:
            raise SqlError(
                942, f"Database '{name}' cannot be opened because it is offline.", class_=14, state=4, line=node.line
            )
        if not self.allowed(found):
            raise SqlError(
                916,
                f'The server principal "{self.login}" is not able to access the database "{name}" under '
                "the current security context.",
                class_=14,
                line=node.line,
            )
        self.database = found
        self.out.messages.append(f"Changed database context to '{found.name}'.")

    def do_set(self, node):
        """SET of an option: only NOCOUNT matters here."""
        words = [t.upper for t in node.tokens]
        if words[1:2] == ["NOCOUNT"]:
            self.count_rows = words[2:3] != ["ON"]

    def do_print(self, node):
        value = self.evaluate(node.text[node.tokens[1].start - node.tokens[0].start :])
        self.out.messages.append("" if value is None else str(cast(value, "nvarchar")))

    def do_return(self, node):
        value = 0
        if len(node.tokens) > 1:
            value = number(self.evaluate(node.text[node.tokens[1].start - node.tokens[0].start :]) or 0)
        raise _Return(value)

    def do_break(self, node):
        raise _Break

    def do_continue(self, node):
        raise _Continue

    def do_raiserror(self, node):
        """RAISERROR(text, severity, state, arguments...)."""
        inner = node.text[node.text.index("(") + 1 : node.text.rindex(")")] if "(" in node.text else ""
        arguments = [self.evaluate(part) for part in split_arguments(inner)]
        if not arguments:
            raise syntax("RAISERROR", node.line)
        message, severity = arguments[0], int(arguments[1]) if len(arguments) > 1 else 16
        rest = [a if a is not None else "(null)" for a in arguments[3:]]
        text = re.sub(r"%[sdiu]", lambda m: str(rest.pop(0)) if rest else m.group(), str(message)).replace("%%", "%")
        if severity <= 10:
            self.out.messages.append(text)
            return
        raise SqlError(
            50000, text, class_=severity, state=int(arguments[2]) if len(arguments) > 2 else 1, line=node.line
        )

    def do_throw(self, node):
        if self.caught is not None:
            raise self.caught
        raise syntax("THROW", node.line)

    def do_waitfor(self, node):
        found = re.search(r"'(\d+):(\d+)(?::(\d+))?", node.text)
        if found:
            h, m, s = (int(g or 0) for g in found.groups())
            self.world.clock.sleep(dt.timedelta(hours=h, minutes=m, seconds=s).total_seconds())

    def do_begin(self, node):
        """BEGIN TRANSACTION."""
        if self.transactions == 0:
            self.instance.connection.execute("BEGIN")
        self.transactions += 1

    def do_commit(self, node):
        if not self.transactions:
            raise SqlError(
                3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.", line=node.line
            )
        self.transactions -= 1
        if self.transactions == 0:
            self.instance.connection.execute("COMMIT")
            pending, self.pending = self.pending, []
            for table, changes in pending:
                self.apply(table, changes)

    def do_rollback(self, node):
        if not self.transactions:
            raise SqlError(
                3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.", line=node.line
            )
        self.rollback()

    def rollback(self):
        self.instance.connection.execute("ROLLBACK")
        self.transactions, self.pending = 0, []

    def do_save(self, node):
        """SAVE TRANSACTION: accepted."""

    def do_checkpoint(self, node):
        """CHECKPOINT: nothing to write."""

    def do_grant(self, node):
        """GRANT: remembered as users of the database."""
        names = [name_of(t) for i, t in enumerate(node.tokens) if node.tokens[i - 1].upper == "TO"]
        for name in names:
            self.database.users.add(name.lower())
        self.world_event(node.text, 0)

    def do_deny(self, node):
        self.world_event(node.text, 0)

    do_revoke = do_deny

    def do_truncate(self, node):
        table = self.find_object(node.text[node.tokens[2].start - node.tokens[0].start :])
        if table is None or not isinstance(table, Table) or table.live:
            raise SqlError(
                4701,
                f'Cannot find the object "{node.tokens[-1].text}" because it does not exist or you do not '
                "have permissions.",
                line=node.line,
            )
        count = self.instance.connection.execute(f"DELETE FROM `{table.stored}`").rowcount
        self.world_event(node.text, count, table=table)

    def do_create(self, node):
        """CREATE TABLE / LOGIN / USER / DATABASE."""
        what = node.tokens[1].upper if len(node.tokens) > 1 else ""
        if what == "TABLE":
            opening = node.text.find("(")
            if opening < 0:
                raise syntax(node.tokens[-1].text, node.line)
            name = node.text[node.tokens[1].end - node.tokens[0].start : opening].strip()
            cols = []
            for part in split_arguments(node.text[opening + 1 : node.text.rindex(")")]):
                match = re.match(r"\s*\[?([\w$#@]+)\]?\s+\[?(\w+)\]?", part)
                if match and match.group(1).upper() not in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
                    cols.append(Col(match.group(1), match.group(2).lower()))
            if name.startswith("#"):
                self.make_temporary(name, cols)
                return
            parts = [p.strip("[]") for p in name.split(".")]
            database = self.database if len(parts) < 3 else self.instance.databases.get(parts[0])
            self.new_table(database, parts[-2] if len(parts) > 1 and parts[-2] else "dbo", parts[-1], cols)
            self.world_event(node.text, 0, database)
            return
        if what in ("LOGIN", "USER"):
            name = name_of(node.tokens[2])
            (self.instance.logins if what == "LOGIN" else self.database.users).add(name.lower())
            self.world_event(node.text, 0)
            return
        if what == "DATABASE":
            maintenance.create_database(self, node)
            return
        if what in ("INDEX", "UNIQUE", "CLUSTERED", "NONCLUSTERED", "STATISTICS"):
            return
        raise syntax(what, node.line)

    def do_drop(self, node):
        """DROP TABLE / DATABASE."""
        what = node.tokens[1].upper if len(node.tokens) > 1 else ""
        name = node.text[node.tokens[2].start - node.tokens[0].start :] if len(node.tokens) > 2 else ""
        if what == "TABLE":
            table = self.find_object(name)
            if table is None or not isinstance(table, Table):
                raise SqlError(
                    3701,
                    f"Cannot drop the table '{name}', because it does not exist or you do not have permission.",
                    class_=11,
                    state=5,
                    line=node.line,
                )
            if name.startswith("#"):
                self.instance.drop_store(self.temporary.pop(name.lower()))
                return
            owner = self.instance.owner_of(table)
            owner.remove(table)
            self.world_event(node.text, 0, owner)
            return
        if what == "DATABASE":
            maintenance.drop_database(self, node)
            return
        raise syntax(what, node.line)

    # ---- procedures -------------------------------------------------------------------------------------------

    def do_exec(self, node):
        tokens = node.tokens[1:]
        if not tokens:
            raise syntax(node.tokens[0].text, node.line)
        if tokens[0].text == "(":
            text = node.text[tokens[0].end - node.tokens[0].start : node.text.rindex(")")]
            return self.nested(str(self.evaluate(text) or ""))
        return self.procedure_call(node, tokens)

    do_execute = do_exec

    def nested(self, text, variables=None, types=None):
        """Run a text as an inner batch, with variables of its own; answers them."""
        if self.depth > 32:
            raise SqlError(
                217,
                "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
                line=self.line,
            )
        saved = self.variables, self.types, self.line, self.database
        self.variables, self.types = variables or {}, types or {}
        self.depth += 1
        try:
            self.run_body(script.parse(text))
        except _Return:
            pass
        finally:
            inner = self.variables
            self.variables, self.types, self.line, self.database = saved
            self.depth -= 1
        return inner

    def procedure_call(self, node, tokens):
        """EXEC [@result =] name arguments."""
        result_in = None
        if tokens[0].kind == "variable" and len(tokens) > 2 and tokens[1].text == "=":
            result_in, tokens = tokens[0].text.lower(), tokens[2:]
        parts, i = [], 0
        while i < len(tokens):
            parts.append(name_of(tokens[i]) if tokens[i].kind in ("word", "quoted") else "")
            if tokens[i].kind == "variable" and i == 0:
                parts[-1] = str(self.value(tokens[i].text.lower()))
            if tokens[i].text == ".":
                parts.pop()
                i += 1
                continue
            if i + 1 < len(tokens) and tokens[i + 1].text == ".":
                i += 2
                continue
            i += 1
            break
        name = parts[-1]
        arguments, outputs = self.arguments(node, tokens[i:])
        full = ".".join(parts)
        procedure = self.find_procedure(parts)
        if procedure is None:
            raise no_procedure(full, node.line)
        values = {}
        for index, (given, value) in enumerate(arguments):
            if given is None:
                if index >= len(procedure.parameters) and procedure.parameters and procedure.parameters[-1] != "*":
                    raise SqlError(
                        8144, f"Procedure or function {name} has too many arguments specified.", state=2, line=node.line
                    )
                given = procedure.parameters[index] if index < len(procedure.parameters) else f"@p{index}"
            elif (
                procedure.parameters
                and "*" not in procedure.parameters
                and given not in [p.lower() for p in procedure.parameters]
            ):
                raise SqlError(8145, f"{given} is not a parameter for procedure {name}.", line=node.line)
            values[given.lower()] = value
        try:
            code = procedure.call(self, values)
        except SqlError as error:
            error.procedure = error.procedure or name
            raise
        for given, variable_ in outputs:
            if given.lower() in values:
                self.set_variable(variable_, values[given.lower()])
        if result_in:
            self.set_variable(result_in, int(code or 0))

    def arguments(self, node, tokens):
        """[(name or None, value)] and [(name, variable)] of the OUTPUT ones."""
        arguments, outputs, i = [], [], 0
        groups, current, depth = [], [], 0
        for token in tokens:
            if token.text == "," and depth == 0:
                groups.append(current)
                current = []
                continue
            depth += token.text == "("
            depth -= token.text == ")"
            current.append(token)
        if current:
            groups.append(current)
        base = node.tokens[0].start
        for i, group in enumerate(groups):
            if not group:
                raise syntax(",", node.line)
            name = None
            if len(group) > 2 and group[0].kind == "variable" and group[1].text == "=":
                name, group = group[0].text.lower(), group[2:]
            if group[-1].upper in ("OUTPUT", "OUT") and group[0].kind == "variable":
                outputs.append((name or f"#{i}", group[0].text.lower()))
                group = group[:-1]
            text = node.text[group[0].start - base : group[-1].end - base]
            if len(group) == 1 and group[0].kind == "word" and group[0].upper not in ("NULL", "DEFAULT"):
                value = group[0].text
            elif group[0].upper == "DEFAULT":
                continue
            else:
                value = self.evaluate(text)
            arguments.append((name, value))
        return arguments, outputs

    def find_procedure(self, parts):
        name = parts[-1].lower()
        if name in maintenance.PROCEDURES:
            return maintenance.PROCEDURES[name]
        catalog = parts[-3] if len(parts) > 2 else None
        found = self.lookup(catalog or None, None, parts[-1])
        return found if isinstance(found, Procedure) else None


class _Fetched:
    """Rows read at once, so that functions run while their session is the current one."""

    def __init__(self, cursor):
        self.rows = cursor.fetchall()
        self.description = cursor.description
        self.rowcount = len(self.rows)
        self.lastrowid = None

    def fetchall(self):
        return self.rows


def split_arguments(text):
    """The parts of a list, at commas outside parentheses and texts."""
    parts, depth, start = [], 0, 0
    for token in script.tokenize(text):
        depth += token.text == "("
        depth -= token.text == ")"
        if token.text == "," and depth == 0:
            parts.append(text[start : token.start])
            start = token.end
    parts.append(text[start:])
    return [p for p in parts if p.strip()]


def difference(before, after):
    """[(insert|update|delete, old, new)] between two snapshots by row id."""
    changes = [("delete", row, None) for key, row in before.items() if key not in after]
    changes += [("update", before[key], row) for key, row in after.items() if key in before and before[key] != row]
    changes += [("insert", None, row) for key, row in after.items() if key not in before]
    return changes
