"""BACKUP, RESTORE, ALTER DATABASE, sp_configure and the other statements of those who look after a server.

A backup is a real file on the machine: one line of JSON (what it is of), a checksum, and the packed content. Its size as
Windows tells it is a twentieth of what the database uses: the lab's disks are small.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import zlib
from dataclasses import dataclass

from tests.lab.world.errors import WindowsError

from . import script
from .errors import SqlError, no_database, syntax
from .results import Column, ResultSet, encode, to_datetime
from .script import name_of
from .tables import Col, Procedure, Table

MAGIC = b"TAPE-SQL\n"
SPEED_MB = 90.0  # a second, backup and restore
PACKED = 0.05  # size of a backup against what the database uses
_ids = itertools.count(1)


@dataclass
class Backup:
    """One row of the history of backups."""

    id: int
    database: str
    file: str
    started: str
    finished: str
    size: int
    recovery: str = "SIMPLE"
    name: str = ""
    user: str = "sa"
    copy_only: bool = False
    checksum: bool = False
    verified: bool = False


def next_id():
    """The number of a new backup set."""
    return next(_ids)


# ---- reading a statement --------------------------------------------------------------------------------------


class Reader:
    """Reads the tokens of a statement; expressions may be literals, names or variables."""

    def __init__(self, session, node):
        self.session = session
        self.node = node
        self.tokens = node.tokens
        self.i = 0

    def word(self, ahead=0):
        j = self.i + ahead
        return self.tokens[j].upper if j < len(self.tokens) else ""

    def take(self, *expected):
        """The next token; a syntax error when it is none of ``expected``."""
        if self.i >= len(self.tokens) or (expected and self.word() not in expected):
            near = self.tokens[min(self.i, len(self.tokens) - 1)].text
            raise syntax(near, self.node.line)
        self.i += 1
        return self.tokens[self.i - 1]

    def value(self):
        """A literal, a name, or the value of a variable."""
        token = self.take()
        if token.kind == "variable":
            return self.session.value(token.text.lower())
        if token.kind == "string":
            text = token.text.lstrip("Nn") if token.text[0] in "Nn" else token.text
            return text[1:-1].replace("''", "'")
        if token.kind == "number":
            number = token.text
            following = self.tokens[self.i] if self.i < len(self.tokens) else None
            if (following is not None and following.upper in ("KB", "MB", "GB", "TB")) or self.word() == "%":
                return number + self.take().upper
            return float(number) if "." in number else int(number)
        if token.text == "-":
            return -self.value()
        return name_of(token)

    def options(self, follow=()):
        """``WITH a, b = 1, MOVE 'x' TO 'y'`` as {NAME: value or True}; MOVE as a dictionary."""
        found = {}
        if self.word() != "WITH":
            return found
        self.take()
        while self.i < len(self.tokens):
            name = self.take().upper
            if name == "MOVE":
                logical = self.value()
                self.take("TO")
                found.setdefault("MOVE", {})[str(logical).lower()] = self.value()
            elif self.word() == "=":
                self.take()
                found[name] = self.value()
            elif name == "ROLLBACK" and self.word() in ("IMMEDIATE", "AFTER"):
                self.take()
                while self.i < len(self.tokens) and self.word() != ",":
                    self.take()
                found[name] = True
            else:
                found[name] = True
            if self.word() == ",":
                self.take()
                continue
            break
        return found

    def devices(self, keyword):
        """The files of ``TO DISK = ... [, DISK = ...]``."""
        self.take(keyword)
        files = []
        while True:
            self.take("DISK")
            self.take("=")
            files.append(self.value())
            if self.word() == "," and self.word(1) == "DISK":
                self.take()
                continue
            return files


def on_disk(instance, path):
    """The full path of a backup file: a bare name lies in the instance's backup folder."""
    path = str(path or "")
    return path if re.match(r"(?i)[a-z]:\\|\\\\", path) else rf"{instance.folder}\Backup\{path}"


def place(session, path, line, creating):
    """(file system, path on it) of a backup file, or errors 3201."""
    machine = session.instance.server.machine
    full = on_disk(session.instance, path)
    device = f"Cannot open backup device '{full}'. Operating system error "
    try:
        files, local = machine.open_path(full, "service")
        parent = local.rsplit("\\", 1)[0]
        if len(parent) == 2:
            parent += "\\"
        if not files.is_directory(parent):
            raise SqlError(3201, device + "3(The system cannot find the path specified.).", line=line)
        if not creating and not files.exists(local):
            raise SqlError(3201, device + "2(The system cannot find the file specified.).", line=line)
        if files.is_directory(local):
            raise SqlError(3201, device + "5(Access is denied.).", line=line)
    except WindowsError as error:
        if isinstance(error, SqlError):
            raise
        raise SqlError(3201, f"{device}{error.code or 5}({error.message}.).", line=line) from None
    return files, local


def what_of(database):
    """What a database is for the record."""
    return database.role or database.name


# ---- backup ---------------------------------------------------------------------------------------------------


def backup(session, node):
    """BACKUP DATABASE | LOG."""
    read = Reader(session, node)
    read.take("BACKUP")
    kind = read.take("DATABASE", "LOG").upper
    name = str(read.value())
    instance = session.instance
    database = instance.databases.get(name)
    if database is None:
        error = no_database(name, node.line)
        session.out.messages.append(f"BACKUP {kind} is terminating abnormally.")
        raise error
    files = read.devices("TO")
    options = read.options()
    if read.i < len(read.tokens):
        raise syntax(read.tokens[read.i].text, node.line)
    machine = instance.server.machine
    path = on_disk(instance, files[0])
    try:
        check_backup(session, database, kind, options, node.line)
        target, local = place(session, files[0], node.line, creating=True)
        free = target.free_mb(local[:2])
        if kind == "DATABASE" and free is not None and free < database.used_mb * PACKED:
            raise SqlError(
                3202, f'Write on "{path}" failed: 112(There is not enough space on the disk.)', line=node.line
            )
    except SqlError as error:
        machine.record("backup", what=what_of(database), file=path, verified=False, exit=error.number, database=name)
        session.out.messages.append(f"BACKUP {kind} is terminating abnormally.")
        raise
    started = encode(session.now())
    seconds = max(1.0, database.used_mb / SPEED_MB)
    if "STATS" in options:
        step = max(1, int(options["STATS"]) if options["STATS"] is not True else 10)
        session.out.messages += [f"{p} percent processed." for p in range(step, 101, step)]
    session.world.clock.sleep(seconds)
    struck = fault(machine, "sql.backup")
    if struck:
        machine.record("backup", what=what_of(database), file=path, verified=False, exit=3202, database=name)
        raise SqlError(3202, f'Write on "{path}" failed: {struck}', line=node.line)
    with session.world.lock:
        size = int(database.used_mb * PACKED * 1048576)
        data = pack(database, session.now(), options)
        target.write(local, data)
        target.set_size(local, size)
        entry = Backup(
            next_id(),
            database.name,
            path,
            started,
            encode(session.now()),
            size,
            database.recovery,
            str(options.get("NAME", "")),
            session.login,
            "COPY_ONLY" in options,
            "CHECKSUM" in options,
        )
        instance.backups.append(entry)
        machine.record(
            "backup",
            what=what_of(database),
            file=path,
            verified=False,
            exit=0,
            database=database.name,
            instance=instance.name,
            finished=entry.finished,
            copy_only=entry.copy_only,
        )
    pages = int(database.used_mb * 128)
    session.out.messages.append(
        f"Processed {pages} pages for database '{database.name}', file '{database.files[0].name}' on file 1."
    )
    session.out.messages.append(
        f"BACKUP {kind} successfully processed {pages} pages in {seconds:.3f} seconds ({SPEED_MB:.3f} MB/sec)."
    )


def check_backup(session, database, kind, options, line):
    """What refuses a backup before it starts."""
    if not database.online:
        raise SqlError(
            942, f"Database '{database.name}' cannot be opened because it is offline.", class_=14, state=4, line=line
        )
    if database.name == "tempdb":
        raise SqlError(3147, "Backup and restore operations are not allowed on database tempdb.", line=line)
    if kind == "LOG" and database.recovery == "SIMPLE":
        raise SqlError(
            4208,
            "The statement BACKUP LOG is not allowed while the recovery model is SIMPLE. Use BACKUP DATABASE or "
            "change the recovery model using ALTER DATABASE.",
            line=line,
        )
    if "COMPRESSION" in options:
        line_of = session.instance.line
        if line_of == "9.00":
            raise SqlError(155, "'COMPRESSION' is not a recognized BACKUP option.", class_=15, line=line)
        if line_of == "10.0" and session.instance.edition not in ("Enterprise", "Developer"):
            raise SqlError(
                1844,
                f"BACKUP DATABASE WITH COMPRESSION is not supported on {session.instance.edition} Edition.",
                line=line,
            )


def fault(machine, operation):
    """The text of an injected fault, or None."""
    check = getattr(machine.world.faults, "strike", None)
    if check is None:
        return None
    found = check(machine.name, operation)
    if found is None:
        return None
    if found.effect == "delay":
        machine.world.clock.sleep(found.seconds or 60.0)
        return None
    return found.message


def pack(database, when, options=None):
    """The bytes of a backup file."""
    tables = {}
    connection = database.instance.connection
    for item in database.objects.values():
        if isinstance(item, Table) and not item.live and item.stored:
            rows = connection.execute(f"SELECT * FROM `{item.stored}`").fetchall()
            tables[f"{item.schema}.{item.name}"] = {
                "columns": [[c.name, c.type] for c in item.columns],
                "rows": [
                    [{"$bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for v in row]
                    for row in rows
                ],
            }
    head = {
        "database": database.name,
        "server": database.instance.full_name,
        "version": database.instance.version,
        "finished": encode(when),
        "collation": database.collation,
        "recovery": database.recovery,
        "role": database.role,
        "broker_guid": database.broker_guid,
        "full_text": database.full_text,
        "users": sorted(database.users),
        "content": database.content,
        "size": int(database.used_mb * 1048576),
        "files": [[f.name, f.kind, f.path, f.size_mb, f.used_mb, f.growth_mb, f.id] for f in database.files],
    }
    body = base64.b64encode(zlib.compress(json.dumps(tables).encode()))
    text = json.dumps(head).encode()
    return MAGIC + text + b"\n" + hashlib.sha256(text + body).hexdigest().encode() + b"\n" + body


def unpack(data, path, line=1):
    """(head, tables) of a backup file; error 3241 or 3203 when it is none or damaged."""
    if not data.startswith(MAGIC):
        raise SqlError(
            3241,
            f"The media family on device '{path}' is incorrectly formed. SQL Server cannot process this media family.",
            line=line,
        )
    parts = data[len(MAGIC) :].split(b"\n", 2)
    if len(parts) != 3 or hashlib.sha256(parts[0] + parts[2]).hexdigest().encode() != parts[1]:
        raise SqlError(3203, f'Read on "{path}" failed: 13(The data is invalid.)', line=line)
    tables = json.loads(zlib.decompress(base64.b64decode(parts[2])))
    return json.loads(parts[0]), tables


def write_history(instance, database, path, age_hours):
    """A backup that was taken before the lab started: file and history, without an event."""
    from datetime import timedelta

    machine = instance.server.machine
    when = machine.world.clock.utc() - timedelta(hours=age_hours)
    naive = when.replace(tzinfo=None)
    machine.files.write(path, pack(database, naive))
    machine.files.set_size(path, int(database.used_mb * PACKED * 1048576))
    machine.files.set_modified(path, when)
    start = naive - timedelta(seconds=database.used_mb / SPEED_MB)
    instance.backups.append(
        Backup(
            next_id(),
            database.name,
            path,
            encode(start),
            encode(naive),
            int(database.used_mb * PACKED * 1048576),
            database.recovery,
        )
    )


# ---- restore --------------------------------------------------------------------------------------------------


def restore(session, node):
    """RESTORE VERIFYONLY | FILELISTONLY | HEADERONLY | LABELONLY | DATABASE."""
    read = Reader(session, node)
    read.take("RESTORE")
    kind = read.take("VERIFYONLY", "FILELISTONLY", "HEADERONLY", "LABELONLY", "DATABASE", "LOG").upper
    name = str(read.value()) if kind in ("DATABASE", "LOG") else None
    instance, machine = session.instance, session.instance.server.machine
    if kind == "DATABASE" and read.word() in ("", "WITH"):
        return recover_only(session, name, read.options(), node.line)
    files = read.devices("FROM")
    options = read.options()
    path = on_disk(instance, files[0])
    head = None
    try:
        source, local = place(session, files[0], node.line, creating=False)
        head, tables = unpack(source.read(local), path, node.line)
    except SqlError as error:
        if kind == "VERIFYONLY":
            machine.record("backup", what=role_of_file(instance, path), file=path, verified=False, exit=error.number)
        elif kind == "DATABASE":
            machine.record("restore", what=name, file=path, verified=False, exit=error.number)
        session.out.messages.append(
            f"{'VERIFY DATABASE' if kind == 'VERIFYONLY' else 'RESTORE ' + kind} is terminating abnormally."
        )
        raise
    if kind == "VERIFYONLY":
        session.world.clock.sleep(max(1.0, head["size"] / 1048576 / SPEED_MB))
        session.out.messages.append("The backup set on file 1 is valid.")
        for entry in instance.backups:
            entry.verified = entry.verified or entry.file.lower() == path.lower()
        machine.record(
            "backup",
            what=head["role"] or head["database"],
            file=path,
            verified=True,
            exit=0,
            database=head["database"],
            instance=instance.name,
        )
        return None
    if kind in ("FILELISTONLY", "HEADERONLY", "LABELONLY"):
        session.out.sets.append(describe(kind, head))
        return None
    if kind == "LOG":
        raise SqlError(
            3117,
            "The log or differential backup cannot be restored because no files are ready to rollforward.",
            line=node.line,
        )
    return restore_database(session, name, path, head, tables, options, node.line)


def role_of_file(instance, path):
    """What the history says a file was a backup of."""
    for entry in reversed(instance.backups):
        if entry.file.lower() == path.lower():
            found = instance.databases.get(entry.database)
            return what_of(found) if found else entry.database
    return None


def describe(kind, head):
    """The result set of FILELISTONLY or HEADERONLY."""
    if kind == "FILELISTONLY":
        names = (
            ("LogicalName", "nvarchar"),
            ("PhysicalName", "nvarchar"),
            ("Type", "char"),
            ("FileGroupName", "nvarchar"),
            ("Size", "bigint"),
            ("MaxSize", "bigint"),
            ("FileId", "bigint"),
        )
        rows = [
            [
                f[0],
                f[2],
                "D" if f[1] == "ROWS" else "L",
                "PRIMARY" if f[1] == "ROWS" else None,
                int(f[3] * 1048576),
                35184372080640,
                f[6],
            ]
            for f in head["files"]
        ]
    else:
        names = (
            ("BackupName", "nvarchar"),
            ("BackupType", "smallint"),
            ("Position", "smallint"),
            ("ServerName", "nvarchar"),
            ("DatabaseName", "nvarchar"),
            ("BackupSize", "bigint"),
            ("BackupFinishDate", "datetime"),
            ("Collation", "nvarchar"),
            ("SoftwareVersionMajor", "int"),
            ("RecoveryModel", "nvarchar"),
            ("IsDamaged", "bit"),
        )
        rows = [
            [
                None,
                1,
                1,
                head["server"],
                head["database"],
                head["size"],
                to_datetime(head["finished"]),
                head["collation"],
                int(head["version"].split(".")[0]),
                head["recovery"],
                False,
            ]
        ]
    return ResultSet([Column(*n) for n in names], rows)


def recover_only(session, name, options, line):
    """RESTORE DATABASE x WITH RECOVERY: bring a restoring database online."""
    database = session.instance.databases.get(name)
    if database is None:
        raise no_database(name, line)
    if database.state == "RESTORING":
        set_state(session, database, "ONLINE")


def restore_database(session, name, path, head, tables, options, line):
    """RESTORE DATABASE ... FROM DISK."""
    instance, machine = session.instance, session.instance.server.machine
    existing = instance.databases.get(name)
    try:
        if version_key(head["version"]) > version_key(instance.version):
            raise SqlError(
                3169,
                f"The database was backed up on a server running version {head['version']}. That version is "
                f"incompatible with this server, which is running version {instance.version}.",
                line=line,
            )
        if existing is not None:
            if existing.database_in_use() and existing.user_access != "SINGLE_USER":
                raise SqlError(
                    3101, "Exclusive access could not be obtained because the database is in use.", line=line
                )
            if "REPLACE" not in options and head["database"].lower() != name.lower():
                raise SqlError(
                    3154,
                    f"The backup set holds a backup of a database other than the existing '{name}' database.",
                    line=line,
                )
        moved = options.get("MOVE", {})
        for file in head["files"]:
            to = moved.get(file[0].lower(), file[2])
            for other in instance.databases.values():
                if other is not existing and any(f.path.lower() == to.lower() for f in other.files):
                    raise SqlError(
                        1834,
                        f"The file '{to}' cannot be overwritten. It is being used by database '{other.name}'.",
                        line=line,
                    )
            if not machine.files.is_directory(to[:2] + "\\"):
                raise SqlError(
                    5133,
                    f'Directory lookup for the file "{to}" failed with the operating system error 3(The system '
                    "cannot find the path specified.).",
                    line=line,
                )
    except SqlError as error:
        machine.record(
            "restore", what=head["role"] or name, file=path, verified=False, exit=error.number, database=name
        )
        session.out.messages.append("RESTORE DATABASE is terminating abnormally.")
        raise
    session.world.clock.sleep(max(1.0, head["size"] / 1048576 / SPEED_MB))
    from .server import DatabaseFile

    with session.world.lock:
        if existing is not None:
            if session.database is existing:
                session.database = instance.databases["master"]
            existing.clear()
            for item in list(existing.objects.values()):
                existing.remove(item)
            instance.databases.pop(existing.name)
        files = [DatabaseFile(f[0], f[1], moved.get(f[0].lower(), f[2]), f[3], f[4], f[5], f[6]) for f in head["files"]]
        database = instance.add_database(
            name,
            id_=existing.id if existing else None,
            collation=head["collation"],
            recovery=head["recovery"],
            role=head["role"],
            files=files,
        )
        database.broker_guid, database.full_text = head["broker_guid"], bool(instance.full_text)
        database.users = set(head["users"])
        database.content = dict(head["content"])
        if "NORECOVERY" in options:
            database.state = "RESTORING"
        for attach in instance.server.attached:
            attach(database)
        fill_tables(database, tables)
        instance.restores.append((encode(session.now()), name, session.login, None, "D", int("REPLACE" in options)))
        machine.record(
            "restore",
            what=head["role"] or name,
            file=path,
            verified=True,
            exit=0,
            database=name,
            instance=instance.name,
            from_=head["database"],
            state=describe_state(database),
        )
    session.out.messages.append(f"RESTORE DATABASE successfully processed {int(head['size'] / 8192)} pages.")


def describe_state(database):
    """The facts of a database that the record needs to tell its state afterwards."""
    found = {
        "role": database.role,
        "data_mb": round(database.data_mb),
        "used_percent": database.used_percent,
        "log_mb": round(database.log_mb),
        "collation": database.collation,
        "broker": database.broker,
        "recovery": database.recovery,
        "state": database.state,
        "read_only": database.read_only,
        "user_access": database.user_access,
        "full_text": database.full_text,
        "content": dict(database.content),
    }
    if database.role == "operational":
        counted = [database.find("dbo", name) for name in ("LocalizedText", "PublisherMessages")]
        found["rows"] = {
            t.name: database.instance.connection.execute(f"SELECT COUNT(*) FROM `{t.stored}`").fetchone()[0]
            for t in counted
            if isinstance(t, Table)
        }
    return found


def fill_tables(database, tables):
    """Put stored rows back into the tables of a restored database (making those that are unknown)."""
    connection = database.instance.connection
    for key, kept in tables.items():
        rows = kept["rows"]
        schema, _unused, name = key.partition(".")
        table = database.find(schema, name)
        if table is None or not isinstance(table, Table):
            table = Table(name, [Col(*c) for c in kept["columns"]], schema=schema)
            database.add(table)
        if table.live:
            continue
        connection.execute(f"DELETE FROM `{table.stored}`")
        marks = ", ".join("?" * len(table.columns))
        connection.executemany(
            f"INSERT INTO `{table.stored}` VALUES ({marks})",
            [[base64.b64decode(v["$bytes"]) if isinstance(v, dict) else v for v in row] for row in rows],
        )


def version_key(text):
    """The part of a version that decides whether a backup can be restored."""
    return tuple(int(p) for p in text.split(".")[:2])


# ---- ALTER DATABASE and friends -------------------------------------------------------------------------------


def event(session, database, change, detail):
    """A `database` event."""
    session.instance.server.machine.record(
        "database", name=database.name, change=change, detail=detail, instance=session.instance.name
    )


def set_state(session, database, state):
    before, database.state = database.state, state
    if before != state:
        event(session, database, "state", {"from": before, "to": state})


def alter(session, node):
    """ALTER DATABASE; other ALTERs are refused."""
    read = Reader(session, node)
    read.take("ALTER")
    what = read.take().upper
    if what in ("LOGIN", "USER", "AUTHORIZATION", "ROLE", "INDEX"):
        session.world_event(node.text, 0)
        return
    if what != "DATABASE":
        raise syntax(what, node.line)
    if not session.instance.is_sysadmin(session.login):
        raise SqlError(5011, "User does not have permission to alter database.", class_=14, state=5, line=node.line)
    token = read.tokens[read.i] if read.i < len(read.tokens) else None
    name = session.database.name if token is not None and token.upper == "CURRENT" else None
    if name is None:
        if token is None or token.kind not in ("word", "quoted"):
            raise syntax(token.text if token else "DATABASE", node.line)
        name = name_of(token)
    read.take()
    database = session.instance.databases.get(name)
    if database is None:
        raise SqlError(
            5011,
            f"User does not have permission to alter database '{name}', the database does not exist, or the "
            "database is not in a state that allows access checks.",
            class_=14,
            state=5,
            line=node.line,
        )
    action = read.take("SET", "MODIFY", "ADD", "COLLATE", "REMOVE").upper
    with session.world.lock:
        if action == "SET":
            while True:
                set_option(session, database, read, node.line)
                if read.word() == ",":
                    read.take()
                    continue
                break
            read.options()
        elif action == "MODIFY":
            modify(session, database, read, node.line)
        elif action == "COLLATE":
            change(session, database, "collation", read.value())
        else:
            raise syntax(action, node.line)
    if read.i < len(read.tokens):
        raise syntax(read.tokens[read.i].text, node.line)


def change(session, database, attribute, value):
    """Set one attribute, with its event."""
    before = getattr(database, attribute)
    if before == value:
        return
    setattr(database, attribute, value)
    event(session, database, attribute, {"from": before, "to": value})


def set_option(session, database, read, line):
    """One option of ALTER DATABASE ... SET."""
    word = read.take().upper
    if word in ("ENABLE_BROKER", "NEW_BROKER", "DISABLE_BROKER", "ERROR_BROKER_CONVERSATIONS"):
        if not database.online:
            raise SqlError(5069, "ALTER DATABASE statement failed.", line=line)
        if word == "NEW_BROKER":
            database.broker_guid = (
                hashlib.sha256(f"{database.name}{session.now()}".encode()).hexdigest()[:8]
                + "-0000-0000-0000-000000000001"
            )
        if word != "ERROR_BROKER_CONVERSATIONS":
            change(session, database, "broker", word != "DISABLE_BROKER")
    elif word in ("SINGLE_USER", "MULTI_USER", "RESTRICTED_USER"):
        change(session, database, "user_access", word)
    elif word in ("OFFLINE", "ONLINE", "EMERGENCY"):
        set_state(session, database, word)
    elif word in ("READ_ONLY", "READ_WRITE"):
        change(session, database, "read_only", word == "READ_ONLY")
    elif word == "RECOVERY":
        change(session, database, "recovery", read.take("FULL", "SIMPLE", "BULK_LOGGED").upper)
    elif word in (
        "TRUSTWORTHY",
        "AUTO_SHRINK",
        "AUTO_CLOSE",
        "AUTO_CREATE_STATISTICS",
        "AUTO_UPDATE_STATISTICS",
        "PAGE_VERIFY",
        "COMPATIBILITY_LEVEL",
        "ALLOW_SNAPSHOT_ISOLATION",
        "READ_COMMITTED_SNAPSHOT",
        "DB_CHAINING",
        "ARITHABORT",
    ):
        if read.word() == "=":
            read.take()
        value = read.value()
        before = database.content.get(word)
        if before != value:
            database.content[word] = value
            event(session, database, word.lower(), {"from": before, "to": value})
    else:
        raise syntax(word, line)


def size_mb(value):
    """``10GB`` or 100 (MB) as MB."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB|%)?", str(value), re.I)
    factor = {"KB": 1 / 1024, "GB": 1024, "TB": 1048576}.get((match.group(2) or "MB").upper(), 1)
    return float(match.group(1)) * factor


def modify(session, database, read, line):
    """MODIFY FILE (NAME =, SIZE =, FILEGROWTH =, FILENAME =, NEWNAME =) | MODIFY NAME = x."""
    kind = read.take("FILE", "NAME").upper
    if kind == "NAME":
        read.take("=")
        new = str(read.value())
        instance = session.instance
        instance.databases.pop(database.name)
        before, database.name = database.name, new
        instance.databases[new] = database
        event(session, database, "renamed", {"from": before, "to": new})
        return
    read.take("(")
    options = {}
    while True:
        name = read.take().upper
        read.take("=")
        options[name] = read.value()
        if read.take(",", ")").text == ")":
            break
    wanted = str(options.get("NAME", "")).lower()
    file = next((f for f in database.files if f.name.lower() == wanted), None)
    if file is None:
        raise SqlError(5041, f"MODIFY FILE failed. File '{options.get('NAME')}' does not exist.", line=line)
    if "SIZE" in options:
        new = size_mb(options["SIZE"])
        if new <= file.size_mb:
            raise SqlError(5039, "MODIFY FILE failed. Specified size is less than or equal to current size.", line=line)
        machine = session.instance.server.machine
        free = machine.files.free_mb(file.path[:2])
        if free is not None and new - file.size_mb > free:
            raise SqlError(
                5149,
                "MODIFY FILE encountered operating system error 112(There is not enough space on the disk.) while "
                f"attempting to expand the physical file '{file.path}'.",
                line=line,
            )
        before, file.size_mb = file.size_mb, new
        event(
            session,
            database,
            "grown",
            {
                "file": file.name,
                "kind": file.kind,
                "from": round(before),
                "to": round(new),
                "used_percent": database.used_percent,
            },
        )
    if "FILEGROWTH" in options and not str(options["FILEGROWTH"]).endswith("%"):
        before, file.growth_mb = file.growth_mb, int(size_mb(options["FILEGROWTH"]))
        if before != file.growth_mb:
            event(session, database, "file_growth", {"file": file.name, "from": before, "to": file.growth_mb})
    if "FILENAME" in options:
        before, file.path = file.path, options["FILENAME"]
        event(session, database, "file_moved", {"file": file.name, "from": before, "to": file.path})


def create_database(session, node):
    """CREATE DATABASE x."""
    name = name_of(node.tokens[2]) if len(node.tokens) > 2 else ""
    if name in session.instance.databases:
        raise SqlError(
            1801, f"Database '{name}' already exists. Choose a different database name.", state=3, line=node.line
        )
    database = session.instance.add_database(name, data_mb=100, used_percent=5, log_mb=50)
    event(session, database, "created", describe_state(database))


def drop_database(session, node):
    """DROP DATABASE x."""
    name = name_of(node.tokens[2]) if len(node.tokens) > 2 else ""
    database = session.instance.databases.get(name)
    if database is None or database.system:
        raise SqlError(
            3701,
            f"Cannot drop the database '{name}', because it does not exist or you do not have permission.",
            class_=11,
            line=node.line,
        )
    if session.database is database or database.database_in_use():
        raise SqlError(3702, f'Cannot drop database "{name}" because it is currently in use.', state=3, line=node.line)
    for item in list(database.objects.values()):
        database.remove(item)
    session.instance.databases.pop(name)
    event(session, database, "dropped", {})


def reconfigure(session, node):
    """RECONFIGURE [WITH OVERRIDE]: configured values become those in use."""
    override = "OVERRIDE" in [t.upper for t in node.tokens]
    values = session.instance.configuration
    if values["allow updates"][0] == 1 and not override:
        raise SqlError(5808, "Ad hoc update to system catalogs is not supported.", line=node.line)
    for name, pair in values.items():
        if pair[0] != pair[1]:
            before, pair[1] = pair[1], pair[0]
            session.instance.server.machine.record(
                "database",
                name="master",
                change="configuration",
                instance=session.instance.name,
                detail={"option": name, "from": before, "to": pair[1]},
            )


def sp_configure(session, values):
    """sp_configure [name [, value]]."""
    configuration = session.instance.configuration
    wanted = values.get("@configname")
    found = [n for n in configuration if wanted is None or n.lower().startswith(str(wanted).lower())]
    if wanted is not None and not found:
        raise SqlError(
            15123,
            f"The configuration option '{wanted}' does not exist, or it may be an advanced option.",
            line=51,
            procedure="sp_configure",
        )
    if values.get("@configvalue") is None:
        cols = [
            Column("name", "nvarchar"),
            Column("minimum", "int"),
            Column("maximum", "int"),
            Column("config_value", "int"),
            Column("run_value", "int"),
        ]
        session.out.sets.append(ResultSet(cols, [[n, 0, 2147483647, *configuration[n]] for n in sorted(found)]))
        return 0
    if not session.instance.is_sysadmin(session.login):
        raise SqlError(
            15247, "User does not have permission to perform this action.", procedure="sp_configure", line=105
        )
    name = found[0]
    before, configuration[name][0] = configuration[name][0], int(values["@configvalue"])
    session.out.messages.append(
        f"Configuration option '{name}' changed from {before} to {configuration[name][0]}. Run the "
        "RECONFIGURE statement to install."
    )
    return 0


def sp_executesql(session, values):
    """sp_executesql statement, definitions, values."""
    names = list(values)
    statement = values.pop(names[0]) if names else ""
    definitions = ""
    if len(names) > 1:
        definitions = str(values.pop(names[1]) or "")
    declared = re.findall(r"(@\w+)\s+(?:AS\s+)?(\w+(?:\s*\([^)]*\))?)", definitions, re.I)
    rest = list(values.items())
    variables = {}
    for i, (name, _unused) in enumerate(declared):
        if name.lower() in values:
            variables[name.lower()] = values[name.lower()]
        elif i < len(rest) and rest[i][0].startswith("@p"):
            variables[name.lower()] = rest[i][1]
        else:
            variables[name.lower()] = None
    inner = session.nested(str(statement or ""), variables)
    for name in values:
        if name in inner:
            values[name] = inner[name]
    for i, (name, _unused) in enumerate(declared):
        if i < len(rest) and rest[i][0].startswith("@p"):
            values[rest[i][0]] = inner.get(name.lower())
    return 0


def sp_fulltext_database(session, values):
    """sp_fulltext_database 'enable' | 'disable'."""
    change(session, session.database, "full_text", str(values.get("@action", "")).lower() == "enable")
    return 0


def sp_helpdb(session, values):
    cols = [
        Column("name", "nvarchar"),
        Column("db_size", "nvarchar"),
        Column("owner", "nvarchar"),
        Column("dbid", "smallint"),
    ]
    rows = [
        [d.name, f"{d.data_mb + d.log_mb:.2f} MB", "sa", d.id]
        for d in session.instance.databases.values()
        if values.get("@dbname") in (None, d.name)
    ]
    session.out.sets.append(ResultSet(cols, rows))
    return 0


def sp_who(session, values):
    cols = [Column("spid", "smallint"), Column("loginame", "nvarchar"), Column("dbname", "nvarchar")]
    session.out.sets.append(ResultSet(cols, [[52, session.login, session.database.name]]))
    return 0


def sp_addsrvrolemember(session, values):
    name, role = str(values.get("@loginame", "")), str(values.get("@rolename", ""))
    if role.lower() == "sysadmin":
        session.instance.server.extra_sysadmins.add(name.lower())
    session.world_event(f"sp_addsrvrolemember '{name}', '{role}'", 0)
    return 0


def xp_logininfo(session, values):
    """xp_logininfo account [, 'all']: how a Windows account gets in, with which privilege; no row where it does not."""
    name = "xp_logininfo"
    if not session.instance.is_sysadmin(session.login):
        raise SqlError(
            229,
            f"The EXECUTE permission was denied on the object '{name}', database 'mssqlsystemresource', schema 'sys'.",
            class_=14,
            state=5,
            procedure=name,
        )
    given, machine = str(values.get("@acctname") or ""), session.instance.server.machine
    accounts = machine.world.accounts
    if "\\" not in given or (accounts.builtin(given) is None and accounts.find(given, machine) is None):
        text = f"Could not obtain information about Windows NT group/user '{given}', error code 0x534."
        raise SqlError(15404, text, state=11, line=62, procedure=name)
    login = accounts.full_name(given, machine)
    own = login.lower() in session.instance.logins | session.instance.server.extra_sysadmins
    rows = []
    if session.instance.is_sysadmin(login):
        rows.append([login, "user", "admin", login, None if own else "BUILTIN\\Administrators"])
    elif own:
        rows.append([login, "user", "user", login, None])
    names = ("account name", "type", "privilege", "mapped login name", "permission path")
    session.out.sets.append(ResultSet([Column(one, "nvarchar") for one in names], rows))
    return 0


def accepted(session, values):
    """A procedure whose effect nothing here can see; remembered in the record."""
    return 0


PROCEDURES = {
    "sp_configure": Procedure("sp_configure", "@configname @configvalue", sp_configure),
    "sp_executesql": Procedure("sp_executesql", "*", sp_executesql),
    "sp_fulltext_database": Procedure("sp_fulltext_database", "@action", sp_fulltext_database),
    "sp_helpdb": Procedure("sp_helpdb", "@dbname", sp_helpdb),
    "sp_who": Procedure("sp_who", "@loginame", sp_who),
    "sp_who2": Procedure("sp_who2", "@loginame", sp_who),
    "sp_addsrvrolemember": Procedure("sp_addsrvrolemember", "@loginame @rolename", sp_addsrvrolemember),
    "sp_addrolemember": Procedure("sp_addrolemember", "@rolename @membername", accepted),
    "sp_grantlogin": Procedure(
        "sp_grantlogin", "@loginame", lambda s, v: s.instance.logins.add(str(v.get("@loginame")).lower()) or 0
    ),
    "sp_changedbowner": Procedure("sp_changedbowner", "@loginame @map", accepted),
    "xp_logininfo": Procedure("xp_logininfo", "@acctname @option @privilege", xp_logininfo),
    "sp_updatestats": Procedure("sp_updatestats", "@resample", accepted),
}


def dbcc(session, node):
    """DBCC CHECKDB and friends: nothing is wrong."""
    session.out.messages.append(
        "DBCC execution completed. If DBCC printed error messages, contact your system administrator."
    )


def kill(session, node):
    """KILL: the connection is gone."""


STATEMENTS = {
    "BACKUP": backup,
    "RESTORE": restore,
    "ALTER": alter,
    "RECONFIGURE": reconfigure,
    "DBCC": dbcc,
    "KILL": kill,
}

__all__ = ["PROCEDURES", "STATEMENTS", "Backup", "script", "write_history"]
