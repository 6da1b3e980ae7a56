"""System views: what SQL Server tells of itself, read from the model each time."""

from __future__ import annotations

from .tables import Table

STATE_NUMBERS = {"ONLINE": 0, "RESTORING": 1, "SUSPECT": 4, "EMERGENCY": 5, "OFFLINE": 6}
ACCESS = {"MULTI_USER": 0, "SINGLE_USER": 1, "RESTRICTED_USER": 2}
RECOVERY = {"FULL": 1, "BULK_LOGGED": 2, "SIMPLE": 3}


def databases(instance):
    """sys.databases."""
    for d in sorted(instance.databases.values(), key=lambda d: d.id):
        yield (
            d.name,
            d.id,
            d.created,
            100,
            d.collation,
            ACCESS[d.user_access],
            d.user_access,
            int(d.read_only),
            STATE_NUMBERS.get(d.state, 0),
            d.state,
            RECOVERY[d.recovery],
            d.recovery,
            int(d.full_text),
            int(d.broker),
            d.broker_guid or "00000000-0000-0000-0000-000000000000",
            "sa",
            0,
            0,
            1,
        )


DATABASE_COLUMNS = (
    "name database_id:int create_date:datetime compatibility_level:int collation_name user_access:int "
    "user_access_desc is_read_only:bit state:int state_desc recovery_model:int recovery_model_desc "
    "is_fulltext_enabled:bit is_broker_enabled:bit service_broker_guid:uniqueidentifier owner_sid "
    "is_in_standby:bit is_auto_shrink_on:bit is_trustworthy_on:bit"
)


def files_of(database):
    """(common columns of sys.database_files) of one database; sizes in pages of 8 KB."""
    for f in database.files:
        yield (
            f.id,
            int(f.kind == "LOG"),
            f.kind,
            int(f.kind == "ROWS"),
            f.name,
            f.path,
            0,
            "ONLINE",
            int(f.size_mb * 128),
            -1,
            int(f.growth_mb * 128),
            0,
        )


FILE_COLUMNS = (
    "file_id:int type:int type_desc data_space_id:int name physical_name state:int state_desc size:int max_size:int "
    "growth:int is_percent_growth:bit"
)


def add_system_tables(database):
    """Create the system views a database shows (server-wide ones are visible in each)."""
    instance = database.instance

    def view(name, cols, source, schema="sys"):
        table = Table(name, cols, schema=schema, source=source, view=True)
        table.of_system = True
        database.add(table)

    def objects():
        return [
            o
            for o in database.objects.values()
            if o.schema not in ("sys", "INFORMATION_SCHEMA") and not getattr(o, "of_system", False)
        ]

    view("databases", DATABASE_COLUMNS, lambda: databases(instance))
    view("database_files", FILE_COLUMNS, lambda: files_of(database))
    view(
        "master_files",
        "database_id:int " + FILE_COLUMNS,
        lambda: ((d.id, *row) for d in instance.databases.values() for row in files_of(d)),
    )
    view(
        "sysfiles",
        "fileid:int groupid:int size:int maxsize:int growth:int status:int perf:int name filename",
        lambda: ((r[0], r[3], r[8], r[9], r[10], 2 if r[1] == 0 else 66, 0, r[4], r[5]) for r in files_of(database)),
        "dbo",
    )
    view(
        "configurations",
        "configuration_id:int name value:int minimum:int maximum:int value_in_use:int description "
        "is_dynamic:bit is_advanced:bit",
        lambda: (
            (100 + i, n, v[0], 0, 2147483647, v[1], n, 1, int(n not in ("allow updates", "clr enabled")))
            for i, (n, v) in enumerate(instance.configuration.items())
        ),
    )
    view(
        "sysdatabases",
        "name dbid:int crdate:datetime filename version:int cmptlevel:int",
        lambda: ((d.name, d.id, d.created, d.files[0].path, 661, 100) for d in instance.databases.values()),
        "dbo",
    )

    def principals():
        for i, name in enumerate(sorted(instance.logins | instance.server.extra_sysadmins)):
            kind = (
                ("S", "SQL_LOGIN")
                if name == "sa"
                else ("G", "WINDOWS_GROUP")
                if name.startswith("builtin")
                else ("U", "WINDOWS_LOGIN")
            )
            yield (name, 257 + i, None, kind[0], kind[1], int(name == "sa"))

    view("server_principals", "name principal_id:int sid type type_desc is_disabled:bit", principals)
    view(
        "syslogins",
        "name loginname sysadmin:int hasaccess:int isntname:int isntgroup:int isntuser:int",
        lambda: (
            (
                p[0],
                p[0],
                int(instance.is_sysadmin(p[0]) or p[0].startswith("builtin")),
                1,
                int(p[3] != "S"),
                int(p[3] == "G"),
                int(p[3] == "U"),
            )
            for p in principals()
        ),
        "sys",
    )
    view(
        "server_role_members",
        "role_principal_id:int member_principal_id:int",
        lambda: ((3, p[1]) for p in principals()),
    )
    view(
        "objects",
        "name object_id:int schema_id:int type type_desc create_date:datetime modify_date:datetime",
        lambda: (
            (
                o.name,
                o.object_id,
                1,
                o.kinds[0],
                {"U": "USER_TABLE", "V": "VIEW", "FN": "SQL_SCALAR_FUNCTION", "P": "SQL_STORED_PROCEDURE"}[o.kinds[0]],
                database.created,
                database.created,
            )
            for o in objects()
        ),
    )
    view(
        "tables",
        "name object_id:int schema_id:int type type_desc create_date:datetime",
        lambda: ((o.name, o.object_id, 1, "U", "USER_TABLE", database.created) for o in objects() if o.kinds[0] == "U"),
    )
    view(
        "procedures",
        "name object_id:int schema_id:int",
        lambda: ((o.name, o.object_id, 1) for o in objects() if o.kinds[0] == "P"),
    )
    view(
        "columns",
        "object_id:int name column_id:int type_name",
        lambda: ((o.object_id, c.name, i, c.type) for o in objects() for i, c in enumerate(o.columns, 1)),
    )
    view("schemas", "name schema_id:int", lambda: iter([("dbo", 1), ("INFORMATION_SCHEMA", 3), ("sys", 4)]))
    view(
        "sysobjects",
        "name id:int xtype type crdate:datetime",
        lambda: ((o.name, o.object_id, o.kinds[0], o.kinds[0], database.created) for o in objects()),
        "dbo",
    )
    view(
        "database_principals",
        "name principal_id:int type type_desc",
        lambda: ((u, 5 + i, "U", "WINDOWS_USER") for i, u in enumerate(["dbo", *sorted(database.users)])),
    )
    view(
        "dm_exec_sessions",
        "session_id:int login_name host_name program_name database_id:int",
        lambda: iter([(52, "sa", instance.server.machine.name, ".Net SqlClient Data Provider", 1)]),
    )
    view("sysprocesses", "spid:int dbid:int loginame hostname program_name status", lambda: iter([]), "dbo")
    view(
        "TABLES",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE",
        lambda: (
            (database.name, o.schema, o.name, "VIEW" if o.kinds[0] == "V" else "BASE TABLE")
            for o in objects()
            if o.kinds[0] in ("U", "V")
        ),
        "INFORMATION_SCHEMA",
    )
    view(
        "COLUMNS",
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:int DATA_TYPE",
        lambda: (
            (database.name, o.schema, o.name, c.name, i, c.type)
            for o in objects()
            if o.kinds[0] in ("U", "V")
            for i, c in enumerate(o.columns, 1)
        ),
        "INFORMATION_SCHEMA",
    )
    if database.name == "msdb":
        add_history(database)


def add_history(database):
    """msdb: the history of backups and restores."""
    instance = database.instance

    def view(name, cols, source):
        table = Table(name, cols, source=source)
        table.of_system = True
        database.add(table)

    view(
        "backupset",
        "backup_set_id:int media_set_id:int position:int database_name type backup_start_date:datetime "
        "backup_finish_date:datetime backup_size:bigint compressed_backup_size:bigint is_copy_only:bit has_backup_checksums:bit "
        "server_name machine_name recovery_model name user_name first_lsn:bigint last_lsn:bigint is_damaged:bit",
        lambda: (
            (
                b.id,
                b.id,
                1,
                b.database,
                "D",
                b.started,
                b.finished,
                b.size,
                b.size,
                int(b.copy_only),
                int(b.checksum),
                instance.full_name,
                instance.server.machine.name,
                b.recovery,
                b.name,
                b.user,
                b.id * 1000,
                b.id * 1000 + 1,
                0,
            )
            for b in instance.backups
        ),
    )
    view(
        "backupmediafamily",
        "media_set_id:int family_sequence_number:int physical_device_name device_type:int logical_device_name",
        lambda: ((b.id, 1, b.file, 2, None) for b in instance.backups),
    )
    view(
        "backupmediaset",
        "media_set_id:int software_name",
        lambda: ((b.id, "Microsoft SQL Server") for b in instance.backups),
    )
    view(
        "restorehistory",
        "restore_history_id:int restore_date:datetime destination_database_name user_name backup_set_id:int "
        "restore_type replace:bit",
        lambda: iter([(i, *row) for i, row in enumerate(instance.restores, 1)]),
    )
