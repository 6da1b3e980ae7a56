"""One T-SQL query -> the embedded engine's SQL, through sqlglot's syntax tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import SqlglotError

from .errors import SqlError, invalid_object, syntax
from .tables import Col


class Embedded(SQLite):
    """SQLite with back quotes: an unknown column in double quotes would silently become a text there."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS = ["`"]  # noqa: RUF012 - sqlglot's way


@dataclass
class Query:
    """A translated query."""

    sql: str
    kind: str  # select, insert, update, delete, into
    tables: list
    target: object = None
    types: dict = field(default_factory=dict)  # lower-case column -> type
    outputs: list = field(default_factory=list)  # (name or None, type or None) of each output column
    assign: list = field(default_factory=list)  # variables that a SELECT sets
    names: set = field(default_factory=set)  # @variables used
    into: object = None


CAST_NAMES = {
    "TEXT": "nvarchar",
    "UUID": "uniqueidentifier",
    "BOOLEAN": "bit",
    "DOUBLE": "float",
    "TIMESTAMP": "datetime",
    "DATETIME2": "datetime",
    "TIMESTAMPTZ": "datetime",
    "INTEGER": "int",
    "DECIMAL": "decimal",
    "UTINYINT": "tinyint",
}


# Functions of the standard that the embedded engine has in its own way; sqlglot writes them.
KEPT_FUNCTIONS = (
    exp.AggFunc,
    exp.Case,
    exp.Coalesce,
    exp.Exists,
    exp.If,
    exp.And,
    exp.Or,
    exp.Nullif,
    exp.Abs,
    exp.Round,
    exp.RowNumber,
    exp.Array,
    exp.Anonymous,
)


def anonymous(name, *arguments):
    """A call of one of our own functions."""
    return exp.Anonymous(this=name, expressions=[a if isinstance(a, exp.Expression) else literal(a) for a in arguments])


def literal(value):
    """A literal of a Python value."""
    if value is None:
        return exp.Null()
    return exp.Literal.number(value) if isinstance(value, (int, float)) else exp.Literal.string(str(value))


def data_type(node):
    """(name, length, scale) of a CAST's target."""
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    name = CAST_NAMES.get(name.upper(), name.lower())
    sizes = [p.this.name if isinstance(p, exp.DataTypeParam) else str(p) for p in node.expressions]
    sizes = [int(s) if str(s).isdigit() else None for s in sizes]
    return name, (sizes[0] if sizes else None), (sizes[1] if len(sizes) > 1 else None)


def variable(node):
    """The lower-case name of a variable node, ``@x`` or ``@@x``."""
    inner = node.this
    if isinstance(inner, exp.Parameter):
        return "@@" + inner.name.lower()
    return "@" + (inner.name if isinstance(inner, exp.Expression) else str(inner)).lower()


class Translator:
    """Translates for one session (it resolves names)."""

    def __init__(self, session):
        self.session = session

    def translate(self, text, line=1):
        """A Query for the text of one SELECT, INSERT, UPDATE, DELETE or WITH statement."""
        self.line = line
        self.tables, self.names, self.scope = [], set(), []
        limit = None
        match = re.match(r"(?is)\s*(DELETE|UPDATE)\s+TOP\s*\(?\s*(@?\w+)\s*\)?\s+(?:FROM\s+)?", text)
        if match:
            limit = match.group(2)
            text = f"{match.group(1)} {'FROM ' if match.group(1).upper() == 'DELETE' else ''}{text[match.end() :]}"
        try:
            trees = sqlglot.parse(text, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
        except SqlglotError as error:
            errors = getattr(error, "errors", None) or [{}]
            near = errors[0].get("highlight") or (text.split() or [""])[-1]
            raise syntax(near, line) from None
        if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Command):
            raise syntax(text.split()[0], line)
        tree = trees[0]
        if isinstance(tree, exp.Create):
            return self.into(tree)
        method = {exp.Insert: self.insert, exp.Update: self.update, exp.Delete: self.delete}.get(type(tree))
        if method:
            return method(tree, limit)
        if isinstance(tree, (exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery)):
            return self.select(tree)
        raise syntax(text.split()[0], line)

    # ---- statements -------------------------------------------------------------------------------------------

    def select(self, tree):
        """A query that returns rows, sets variables, or makes a table (INTO)."""
        into = tree.args.get("into") if isinstance(tree, exp.Select) else None
        if into is not None:
            tree.set("into", None)
        assign = []
        top = tree
        while not isinstance(top, exp.Select) and isinstance(top.this, exp.Expression):
            top = top.this
        projections = top.expressions if isinstance(top, exp.Select) else []
        setting = [p for p in projections if self.assignment(p)]
        if setting:
            if len(setting) != len(projections):
                raise SqlError(
                    141,
                    "A SELECT statement that assigns a value to a variable must not be combined with "
                    "data-retrieval operations.",
                    class_=15,
                    line=self.line,
                )
            assign = [variable(self.assignment(p)[0]) for p in projections]
            top.set("expressions", [self.assignment(p)[1].copy() for p in projections])
        self.prepare(tree)
        query = Query("", "select", self.tables, types=self.type_map(), assign=assign, names=self.names)
        query.outputs = [self.output(p, query.types) for p in (top.expressions if isinstance(top, exp.Select) else [])]
        query.sql = self.render(tree)
        if into is not None:
            query.kind, query.into = "into", into.this
        return query

    def assignment(self, node):
        """(variable, expression) of ``@x = expr`` in a select list, or None."""
        if isinstance(node, exp.EQ) and isinstance(node.this, exp.Parameter):
            return node.this, node.expression
        if isinstance(node, exp.PropertyEQ) and isinstance(node.this, exp.Parameter):
            return node.this, node.expression
        return None

    def into(self, tree):
        raise syntax(tree.sql(dialect="tsql").split()[0], self.line)

    def insert(self, tree, _limit):
        target = tree.this
        schema_columns = None
        if isinstance(target, exp.Schema):
            schema_columns = [c.name for c in target.expressions]
            target = target.this
        table = self.resolve(target)
        source = tree.expression
        if source is not None:
            self.prepare(source)
        names = schema_columns or [c.name for c in table.columns]
        body = self.render(source) if source is not None else "DEFAULT VALUES"
        ctes = ""
        with_ = tree.args.get("with_") or tree.args.get("with")
        if with_ is not None:
            self.prepare(with_)
            ctes = self.render(with_) + " "
        listed = "" if source is None else " (" + ", ".join(f"`{n}`" for n in names) + ")"
        sql = f"{ctes}INSERT INTO `{self.session.store(table)}`{listed} {body}"
        return Query(sql, "insert", self.tables, target=table, names=self.names)

    def targets(self, tree):
        """(target table, its alias, FROM text or None) of an UPDATE or DELETE, before names are rewritten."""
        target = tree.this
        from_ = tree.args.get("from_") or tree.args.get("from")
        using = tree.args.get("tables")
        if using:
            target = using[0]
        if isinstance(tree, exp.Delete) and using:
            source = tree.this
        else:
            source = from_.this if from_ is not None else None
        return target, source, from_

    def update(self, tree, limit):
        target, source, from_ = self.targets(tree)
        sets = tree.expressions
        where = tree.args.get("where")
        joins = []
        if source is not None:
            joins = list(source.args.get("joins") or []) + list(from_.args.get("joins") or [])
            every = [source, *[j.this for j in joins]]
            alias, table_node = self.pick(target, every)
        else:
            alias, table_node = None, target
        table = self.session.resolve(table_node, self.line)
        alias = alias or table_node.alias_or_name
        select = exp.select("*").from_(
            source.copy()
            if source is not None
            else exp.alias_(target.copy(), alias, table=True)
            if not target.alias
            else target.copy()
        )
        if where is not None:
            select.set("where", where.copy())
        self.prepare(select)
        assigned = []
        for item in sets:
            column = item.this.name
            value = self.wrap(item.expression)
            assigned.append((column, value))
        from_sql, where_sql = self.from_and_where(select)
        store = self.session.store(table)
        many = limit_clause(limit)
        chosen = f"SELECT `{alias}`.rowid FROM {from_sql}{where_sql}{many}"
        if source is None:
            pairs = ", ".join(f"`{c}` = {v}" for c, v in assigned)
            sql = f"UPDATE `{store}` AS `{alias}` SET {pairs} WHERE rowid IN ({chosen})"
        else:
            pairs = ", ".join(
                f"`{c}` = (SELECT {v} FROM {from_sql}{where_sql}{' AND ' if where_sql else ' WHERE '}"
                f"`{alias}`.rowid = `{store}`.rowid LIMIT 1)"
                for c, v in assigned
            )
            sql = f"UPDATE `{store}` SET {pairs} WHERE rowid IN ({chosen})"
        return Query(sql, "update", self.tables, target=table, names=self.names)

    def delete(self, tree, limit):
        target, source, _unused = self.targets(tree)
        where = tree.args.get("where")
        if source is not None and source is not target:
            joins = list(source.args.get("joins") or [])
            alias, table_node = self.pick(target, [source, *[j.this for j in joins]])
            body = source
        else:
            alias, table_node, body = None, target, target
        table = self.session.resolve(table_node, self.line)
        alias = alias or table_node.alias_or_name
        select = exp.select("*").from_(body.copy())
        if where is not None:
            select.set("where", where.copy())
        self.prepare(select)
        from_sql, where_sql = self.from_and_where(select)
        sql = (
            f"DELETE FROM `{self.session.store(table)}` WHERE rowid IN "
            f"(SELECT `{alias}`.rowid FROM {from_sql}{where_sql}{limit_clause(limit)})"
        )
        return Query(sql, "delete", self.tables, target=table, names=self.names)

    def pick(self, target, sources):
        """The source that a target names by alias or name."""
        for source in sources:
            if (
                isinstance(source, exp.Table)
                and source.alias_or_name.lower() == target.name.lower()
                and not target.args.get("db")
            ):
                return source.alias_or_name, source
        for source in sources:
            if isinstance(source, exp.Table) and source.name.lower() == target.name.lower():
                return source.alias_or_name, source
        raise invalid_object(target.sql(dialect="tsql"), self.line)

    def from_and_where(self, select):
        from_ = select.args.get("from_") or select.args.get("from")
        joins = "".join(" " + self.render(j) for j in select.args.get("joins") or [])
        where = select.args.get("where")
        return self.render(from_.this) + joins, (" " + self.render(where)) if where is not None else ""

    # ---- names and functions ----------------------------------------------------------------------------------

    def wrap(self, node):
        """One expression, prepared and rendered (names of the surrounding FROM are known by alias)."""
        holder = exp.Paren(this=node.copy())
        self.prepare(holder)
        return self.render(holder)

    def resolve(self, node):
        table = self.session.resolve(node, self.line)
        if table not in self.tables:
            self.tables.append(table)
        return table

    def prepare(self, tree):
        """Rewrite names, variables and functions in place."""
        ctes = {c.alias.lower() for c in tree.find_all(exp.CTE)}
        for node in list(tree.find_all(exp.Table)):
            if node.name.lower() in ctes and not node.args.get("db"):
                continue
            if isinstance(node.this, exp.Anonymous) or not node.name:
                raise invalid_object(node.sql(dialect="tsql"), self.line)
            table = self.resolve(node)
            alias = node.alias_or_name
            self.scope.append((alias.lower(), table))
            new = exp.Table(this=exp.to_identifier(self.session.store(table), quoted=True))
            new.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
            for key in ("joins", "laterals", "pivots"):
                if node.args.get(key):
                    new.set(key, node.args[key])
            node.replace(new)
        for node in list(tree.find_all(exp.Column)):
            node.set("db", None)
            node.set("catalog", None)
        self.walk(tree)

    def walk(self, node):
        """Rewrite bottom-up (sqlglot's own transform does not look into what it has replaced)."""
        for child in list(node.iter_expressions()):
            self.walk(child)
        new = self.rewrite(node)
        if new is not node and node.parent is not None:
            node.replace(new)

    def rewrite(self, node):
        if isinstance(node, exp.Parameter):
            if isinstance(node.parent, exp.Parameter):
                return node
            name = variable(node)
            self.names.add(name)
            return exp.Placeholder(
                this="v_" + name.replace("@@", "sys_").lstrip("@").replace("#", "_").replace("$", "_")
            )
        if isinstance(node, exp.National):
            return exp.Literal.string(node.name)
        if isinstance(node, exp.HexString):
            return node
        if isinstance(node, (exp.Cast, exp.TryCast)):
            if node.args.get("_type") or isinstance(node, exp.TryCast):
                pass
            name, length, scale = data_type(node.args["to"])
            return anonymous("tsql_cast", node.this, name, length, scale)
        if isinstance(node, exp.Convert):
            name, length, scale = data_type(node.this)
            style = node.args.get("style")
            return anonymous("tsql_cast", node.expression, name, length, style if style is not None else scale)
        if isinstance(node, exp.Add):
            if (
                isinstance(node.this, exp.Literal)
                and isinstance(node.expression, exp.Literal)
                and not node.this.is_string
                and not node.expression.is_string
            ):
                return node
            return anonymous("tsql_add", node.this, node.expression)
        if isinstance(node, exp.Div):
            return anonymous("tsql_div", node.this, node.expression)
        if isinstance(node, exp.Mod):
            return anonymous("tsql_mod", node.this, node.expression)
        if isinstance(node, (exp.DPipe, exp.SafeConcat if hasattr(exp, "SafeConcat") else exp.DPipe)):
            return anonymous("tsql_add", node.this, node.expression)
        if isinstance(node, exp.CurrentTimestamp):
            return anonymous("getdate")
        if isinstance(node, (exp.TimeStrToTime, exp.TsOrDsToDate, exp.TsOrDsToTimestamp)):
            return node.this
        if isinstance(node, (exp.DateAdd, exp.TsOrDsAdd)):
            return anonymous("dateadd", node.text("unit") or "day", node.expression, node.this)
        if isinstance(node, (exp.DateDiff, exp.TsOrDsDiff)):
            return anonymous("datediff", node.text("unit") or "day", node.expression, node.this)
        for kind, unit in ((exp.Year, "year"), (exp.Month, "month"), (exp.Day, "day")):
            if isinstance(node, kind):
                return anonymous("datepart", unit, node.this)
        if isinstance(node, exp.Extract):
            return anonymous("datepart", node.name, node.expression)
        if isinstance(node, (exp.TimeToStr, exp.DatePart if hasattr(exp, "DatePart") else exp.TimeToStr)):
            return anonymous("datepart", unit_of(node), node.this)
        if isinstance(node, exp.Length):
            inner = node.this
            if isinstance(inner, exp.Anonymous) and inner.name == "tsql_cast":
                inner = inner.expressions[0]
            elif isinstance(inner, exp.Cast):
                inner = inner.this
            return anonymous("len", inner)
        if isinstance(node, exp.Substring):
            return anonymous("substring", node.this, node.args.get("start"), node.args.get("length"))
        if isinstance(node, exp.StrPosition):
            extra = [node.args["position"]] if node.args.get("position") is not None else []
            return anonymous("charindex", node.args.get("substr"), node.this, *extra)
        if isinstance(node, exp.SplitPart):  # sqlglot's reading of PARSENAME
            return anonymous("tsql_part", node.this, node.args.get("part_index"))
        for kind, name in ((exp.Left, "tsql_left"), (exp.Right, "tsql_right")):
            if isinstance(node, kind):
                return anonymous(name, node.this, node.expression)
        if isinstance(node, exp.Upper):
            return anonymous("upper", node.this)
        if isinstance(node, exp.Lower):
            return anonymous("lower", node.this)
        if isinstance(node, exp.Stuff):
            return anonymous("stuff", node.this, node.args.get("start"), node.args.get("length"), node.expression)
        if isinstance(node, exp.Collate):
            return node.this
        if isinstance(node, (exp.Dot,)) and isinstance(node.expression, exp.Anonymous):
            return self.own_function(node)
        if isinstance(node, exp.Anonymous) and isinstance(node.parent, exp.Dot):
            return node
        if isinstance(node, exp.Anonymous):
            return self.known_function(node)
        if isinstance(node, exp.Func) and not isinstance(node, KEPT_FUNCTIONS):
            name = node.sql_name().lower()
            if name in self.session.instance.function_names:
                return anonymous(
                    name, *[a for a in node.args.values() if isinstance(a, exp.Expression)], *node.expressions
                )
            current = {
                "current_user": "suser_sname",
                "currentuser": "suser_sname",
                "session_user": "user_name",
                "trim": "ltrim",
                "ceil": "ceiling",
                "pow": "power",
                "repeat": "replicate",
                "uuid": "newid",
                "current_schema": "schema_name",
                "space": "space",
                "reverse": "reverse",
                "unicode": "ascii",
                "byte_length": "datalength",
                "parse_name": "parsename",
                "current_date": "getdate",
            }.get(name)
            if current:
                arguments = [node.this] if isinstance(node.this, exp.Expression) else []
                if isinstance(node.expression, exp.Expression):
                    arguments.append(node.expression)
                return anonymous(current, *arguments)
        return node

    def known_function(self, node):
        name = node.name.lower()
        if name.startswith("tsql_") or name in self.session.instance.function_names:
            if name in ("datepart", "datename", "datediff", "dateadd") and node.expressions:
                first = node.expressions[0]
                if isinstance(first, exp.Column):
                    first.replace(exp.Literal.string(first.name))
            node.set("this", name)
            return node
        if name in (
            "count_big",
            "checksum_agg",
            "min",
            "max",
            "sum",
            "avg",
            "total",
            "coalesce",
            "ifnull",
            "nullif",
            "abs",
            "round",
            "sign",
        ):
            return node
        if name == "isnull":
            return exp.Coalesce(this=node.expressions[0], expressions=node.expressions[1:])
        raise SqlError(
            195, f"'{node.name}' is not a recognized built-in function name.", class_=15, state=10, line=self.line
        )

    def own_function(self, node):
        """``dbo.fn_Something(...)`` of a database."""
        call = node.expression
        prefix = node.this.sql(dialect="tsql")
        found = self.session.find_object(f"{prefix}.{call.name}")
        if found is None or "FN" not in found.kinds:
            raise SqlError(
                4121,
                f'Cannot find either column "{prefix}" or the user-defined function or aggregate '
                f'"{prefix}.{call.name}", or the name is ambiguous.',
                line=self.line,
            )
        return anonymous("tsql_own", found.object_id, *[e.copy() for e in call.expressions])

    # ---- types ------------------------------------------------------------------------------------------------

    def type_map(self):
        types = {}
        for _unused, table in self.scope:
            for col in table.columns:
                types.setdefault(col.name.lower(), col.type)
        return types

    def output(self, node, types):
        """(name or None, type or None) of one projection."""
        name = node.alias if isinstance(node, exp.Alias) else node.name if isinstance(node, exp.Column) else ""
        inner = node.this if isinstance(node, exp.Alias) else node
        if isinstance(inner, exp.Star) or (isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star)):
            return ("*", None)
        return (name, self.kind_of(inner, types))

    def kind_of(self, node, types):
        if isinstance(node, exp.Column):
            return types.get(node.name.lower())
        if isinstance(node, exp.Paren):
            return self.kind_of(node.this, types)
        if isinstance(node, exp.Anonymous):
            if node.name == "tsql_cast":
                kind = node.expressions[1].name
                return kind if kind not in ("datetime2", "smalldatetime", "date") else "datetime"
            return {
                "getdate": "datetime",
                "getutcdate": "datetime",
                "dateadd": "datetime",
                "newid": "uniqueidentifier",
            }.get(node.name)
        if isinstance(node, (exp.Max, exp.Min, exp.Coalesce)) and isinstance(node.this, exp.Expression):
            return self.kind_of(node.this, types)
        if isinstance(node, exp.Literal) and node.is_string:
            return "nvarchar"
        return None

    def render(self, tree):
        return tree.sql(dialect=Embedded, identify=True)


def unit_of(node):
    return node.text("unit") or node.text("format") or "day"


def limit_clause(limit):
    if limit is None:
        return ""
    return f" LIMIT :v_{limit[1:].lower()}" if limit.startswith("@") else f" LIMIT {int(limit)}"


def table_columns(cursor_description, types):
    """Columns for a table made by SELECT INTO."""
    return [Col(d[0], types.get(d[0].lower(), "nvarchar")) for d in cursor_description]
