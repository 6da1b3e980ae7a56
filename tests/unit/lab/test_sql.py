"""T-SQL is executed: what is right gives rows, what is wrong gives SQL Server's own error."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.lab import sql
from tests.lab.sql.script import parse
from tests.lab.world import HostSpec, ManualClock, World


@pytest.fixture
def server(tmp_path):
    world = World(tmp_path, clock=ManualClock(), dns_domain="contoso.test")
    one = world.add_machine(HostSpec("SQL01", "sql01.contoso.test", "contoso.test"))
    two = world.add_machine(HostSpec("APP01", "app01.contoso.test", "contoso.test"))
    with world.building():
        instance = sql.install(one, reporting=True)
        two.sql = lambda name=".", user="", logon="network": sql.open_session(two, name, user, logon)
        database = instance.add_database("Shop", data_mb=1000, used_percent=40, log_mb=500)
        database.add(
            sql.Table(
                "Item",
                "Id:int Name Sold:bit At:datetime Price:float",
                rows=[
                    (1, "Bolt", 1, "2012-05-01 08:00:00.000", 1.5),
                    (2, "nut", 0, None, 2.0),
                    (3, "100%", 0, None, 0.5),
                ],
            )
        )
        database.add(sql.Function("fn_Two", lambda s: 2))
        one.files.mkdir(r"C:\Backup")
    yield one
    world.close()


def run(machine, text, parameters=None, database="Shop", user="Administrator", logon="network", instance="."):
    return machine.sql(instance, user, logon).execute(text, parameters or {}, database)


def rows(machine, text, parameters=None, **more):
    return run(machine, text, parameters, **more).first.rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT TOP 1 Name FROM Item ORDER BY Id DESC", [["100%"]]),
        ("SELECT TOP (@n) Id FROM dbo.Item ORDER BY Id", [[1]]),
        ("SELECT Id FROM [dbo].[Item] WHERE Name = 'NUT'", [[2]]),
        ("SELECT Id FROM Shop.dbo.Item WITH (NOLOCK) WHERE Name LIKE N'%o_t'", [[1]]),
        ("SELECT Id FROM Shop..Item WHERE Name LIKE '%[%]'", [[3]]),
        ("SELECT Name + '-' + CAST(Id AS varchar(10)) FROM Item WHERE Id = dbo.fn_Two()", [["nut-2"]]),
        ("SELECT ISNULL(At, '2000-01-01') FROM Item WHERE Id = 2", [[dt.datetime(2000, 1, 1)]]),
        ("SELECT Sold, At FROM Item WHERE Id = 1", [[True, dt.datetime(2012, 5, 1, 8)]]),
        ("SELECT COUNT(*) AS n, SUM(Price) FROM Item", [[3, 4.0]]),
        (
            "SELECT DATEDIFF(hour, '2012-05-12 15:59', GETDATE()), DATEADD(month, 1, '2012-01-31')",
            [[3, dt.datetime(2012, 2, 29)]],
        ),
        (
            "SELECT LEN('abc  '), SUBSTRING('abcdef', 2, 3), CHARINDEX('c', 'abc'), REPLACE('aXa', 'x', 'y'), UPPER('q'), LEFT('abc', 2)",
            [[3, "bcd", 3, "aYa".replace("Y", "y"), "Q", "ab"]],
        ),
        ("SELECT 7 / 2, 7 % 4, 7 / 2.0, 1 + '1'", [[3, 3, 3.5, 2]]),
        (
            "SELECT CONVERT(varchar(10), CAST('2012-05-12' AS datetime), 112), CONVERT(varchar(19), GETDATE(), 120)",
            [["20120512", "2012-05-12 18:00:00"]],
        ),
        ("SELECT CASE WHEN EXISTS (SELECT 1 FROM Item WHERE Id > 9) THEN 'y' ELSE 'n' END", [["n"]]),
        ("SELECT a.Id FROM Item a JOIN Item b ON a.Id = b.Id + 1 WHERE b.Id = 1 UNION ALL SELECT 9", [[2], [9]]),
        ("WITH x AS (SELECT Id FROM Item WHERE Id > 1) SELECT MAX(Id) FROM x", [[3]]),
        ("SELECT QUOTENAME('a]b'), PARSENAME('a.b.c', 1), STUFF('abc', 2, 1, 'XX')", [["[a]]b]", "c", "aXXc"]]),
        (
            "SELECT name FROM sys.databases WHERE database_id > 4 ORDER BY name",
            [["ReportServer"], ["ReportServerTempDB"], ["Shop"]],
        ),
        (
            "SELECT OBJECT_ID('dbo.Nothing'), OBJECT_ID(N'tempdb..#x'), DB_NAME(), DB_ID('Shop') - DB_ID()",
            [[None, None, "Shop", 0]],
        ),
        ("SELECT size/128.0 - FILEPROPERTY(name,'SpaceUsed')/128.0 FROM sys.database_files WHERE type = 0", [[600.0]]),
        (
            "SELECT SERVERPROPERTY('IsClustered'), IS_SRVROLEMEMBER('sysadmin'), SUSER_SNAME()",
            [[0, 1, "SQL01\\Administrator"]],
        ),
        ("SELECT value_in_use FROM sys.configurations WHERE name = 'allow updates'", [[0]]),
        ("SELECT Name FROM Item ORDER BY CASE WHEN Id = 2 THEN 0 ELSE 1 END, Id", [["nut"], ["Bolt"], ["100%"]]),
    ],
)
def test_queries(server, text, expected):
    assert rows(server, text, {"n": 1}) == expected


def test_types_of_columns(server):
    found = run(server, "SELECT *, NULL AS x FROM Item WHERE Id = 1").first
    assert [(c.name, c.type) for c in found.columns][:4] == [
        ("Id", "int"),
        ("Name", "nvarchar"),
        ("Sold", "bit"),
        ("At", "datetime"),
    ]


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        ("SELECT * FROM Nothing", 208, "Invalid object name 'Nothing'."),
        ("SELECT * FROM Nowhere.dbo.Item", 208, "Invalid object name 'Nowhere.dbo.Item'."),
        ("SELECT Nothing FROM Item", 207, "Invalid column name 'Nothing'."),
        ("SELECT [No thing] FROM Item", 207, "Invalid column name 'No thing'."),
        ("SELECT 1 FROM", 102, "Incorrect syntax"),
        ("SELECT (1", 102, "Incorrect syntax"),
        ("IF 1 = 1", 102, "Incorrect syntax"),
        ("BEGIN SELECT 1", 102, "Incorrect syntax"),
        ("SELECT 'abc", 105, "Unclosed quotation"),
        ("EXEC p_Nothing 1", 2812, "Could not find stored procedure 'p_Nothing'."),
        ("Frobnicate", 2812, "Frobnicate"),
        ("SELECT dbo.fn_Nothing()", 4121, "fn_Nothing"),
        ("SELECT nothing(1)", 195, "not a recognized"),
        ("USE Nowhere", 911, "Nowhere"),
        ("SELECT @x", 137, '"@x"'),
        ("SELECT CAST('x' AS int)", 245, "Conversion failed"),
        ("SELECT 1/0", 8134, "Divide by zero"),
        ("UPDATE sys.databases SET name = 'x'", 259, "Ad hoc updates"),
        ("EXEC sp_configure 'allow updates', 1 RECONFIGURE", 5808, "Ad hoc update"),
        ("ALTER DATABASE Nowhere SET ENABLE_BROKER", 5011, "Nowhere"),
        ("ALTER DATABASE Shop SET NONSENSE", 102, "NONSENSE"),
        ("ALTER DATABASE Shop MODIFY FILE (NAME = Shop, SIZE = 10MB)", 5039, "MODIFY FILE failed"),
        ("BACKUP DATABASE Nowhere TO DISK = 'x'", 911, "Nowhere"),
        (r"BACKUP DATABASE Shop TO DISK = 'Q:\x.bak'", 3201, "system error 3"),
        (r"RESTORE VERIFYONLY FROM DISK = 'C:\Backup\none.bak'", 3201, "system error 2"),
        ("RAISERROR('oh %s', 16, 1, 'no')", 50000, "oh no"),
    ],
)
def test_errors(server, text, number, message):
    with pytest.raises(sql.SqlError) as caught:
        run(server, text)
    assert caught.value.number == number and message in caught.value.message
    assert caught.value.kind == "sql" and caught.value.detail["server"] == "SQL01"


def test_control_flow_and_variables(server):
    found = run(
        server,
        """
        SET NOCOUNT ON
        DECLARE @i int = 0, @text nvarchar(100), @sql nvarchar(max)
        WHILE @i < 5 BEGIN SET @i = @i + 1; IF @i = 3 BREAK END
        SELECT @text = Name FROM Item WHERE Id = @i - 1
        IF @text IS NULL PRINT 'none' ELSE PRINT 'found ' + @text
        SET @sql = N'SELECT Id FROM ' + QUOTENAME('Item') + N' WHERE Id = @p'
        EXEC sp_executesql @sql, N'@p int', @p = @i
        BEGIN TRY SELECT * FROM Nothing END TRY
        BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH
        CREATE TABLE #t (a int); INSERT INTO #t VALUES (1), (2)
        SELECT @@ROWCOUNT AS r
        SELECT SUM(a) AS s FROM #t
        DROP TABLE #t
        IF OBJECT_ID('tempdb..#t') IS NULL SELECT 'gone' AS g
        """,
    )
    assert found.messages == ["found nut"]
    assert [s.rows for s in found.sets] == [[[3]], [[208]], [[2]], [[3]], [["gone"]]]


def test_statements_are_told_apart_without_semicolons():
    heads = [
        n.head
        for n in parse(
            "SELECT 1 UNION ALL SELECT 2 INSERT INTO t SELECT 3 UPDATE t SET a = 1 DELETE t EXEC p 1, 2 "
            "ALTER DATABASE x SET SINGLE_USER WITH ROLLBACK IMMEDIATE USE y"
        )
    ]
    assert heads == ["SELECT", "INSERT", "UPDATE", "DELETE", "EXEC", "ALTER", "USE"]


def test_parameters_are_bound_and_never_spliced(server):
    evil = "x'; DELETE FROM Item; --"
    assert rows(server, "SELECT @a AS a, COUNT(*) FROM Item WHERE Name = @a", {"a": evil}) == [[evil, 0]]
    assert rows(server, "SELECT COUNT(*) FROM Item") == [[3]]


def test_changes_are_recorded_and_transactions_undone(server):
    record = server.world.record
    run(server, "BEGIN TRANSACTION UPDATE Item SET Price = 9 ROLLBACK TRANSACTION")
    assert rows(server, "SELECT MAX(Price) FROM Item") == [[2.0]]
    found = run(server, "UPDATE i SET Price = 7 FROM Item i WHERE i.Id < @n; DELETE FROM Item WHERE Id = 3", {"n": 3})
    assert found.affected == 3
    assert rows(server, "SELECT Price FROM Item") == [[7.0], [7.0]]
    assert [(e["rows"], e["database"]) for e in record.events if e["kind"] == "sql"][-2:] == [(2, "Shop"), (1, "Shop")]


def test_a_live_table_shows_and_changes_its_model(server):
    model = {"a": 1, "b": 2}

    class Writer:
        def deleted(self, row):
            del model[row["Name"]]

        def updated(self, old, new):
            model[new["Name"]] = new["Value"]

    database = server.extra["sql"].default.databases["Shop"]
    database.add(sql.Table("Live", "Name Value:int", source=lambda: list(model.items()), writer=Writer()))
    run(server, "UPDATE Live SET Value = 5 WHERE Name = 'a'; DELETE FROM Live WHERE Name = 'b'")
    assert model == {"a": 5}
    model["c"] = 7
    assert rows(server, "SELECT Name FROM Live ORDER BY Name") == [["a"], ["c"]]
    with pytest.raises(sql.SqlError) as caught:
        run(server, "INSERT INTO Live VALUES ('d', 1)")
    assert caught.value.number == 229


def test_who_comes_in(server):
    other = server.world.machines["APP01"]
    admin = "CONTOSO\\scomadmin"
    for logon, number in (("network", 18456), ("batch", None)):
        if number:
            with pytest.raises(sql.SqlError) as caught:
                run(other, "SELECT 1", user=admin, logon=logon, instance="SQL01")
            assert caught.value.number == number and "ANONYMOUS LOGON" in caught.value.message
        else:
            assert rows(other, "SELECT SUSER_SNAME()", user=admin, logon=logon, instance="sql01.contoso.test") == [
                [admin]
            ]
    for instance in ("NOWHERE", "SQL01\\NONE", "."):
        with pytest.raises(sql.SqlError) as caught:
            run(other, "SELECT 1", user=admin, logon="batch", instance=instance)
        assert caught.value.class_ == 20
    with pytest.raises(sql.SqlError) as caught:
        run(server, "SELECT 1", database="Nowhere")
    assert caught.value.number == 4060
    with pytest.raises(sql.SqlError) as caught:
        run(server, "SELECT 1", user="CONTOSO\\scomdr")
    assert caught.value.number == 18456
    server.services.stop("MSSQLSERVER", force=True)
    with pytest.raises(sql.SqlError) as caught:
        run(server, "SELECT 1")
    assert caught.value.class_ == 20


def test_backup_verify_and_restore(server):
    world = server.world
    run(
        server,
        r"BACKUP DATABASE @d TO DISK = @f WITH INIT, CHECKSUM, STATS = 10",
        {"d": "Shop", "f": r"C:\Backup\Shop.bak"},
    )
    assert world.clock.now() > 4
    assert server.files.exists(r"C:\Backup\Shop.bak")
    found = rows(
        server,
        "SELECT s.database_name, s.type, f.physical_device_name FROM msdb.dbo.backupset s JOIN "
        "msdb.dbo.backupmediafamily f ON f.media_set_id = s.media_set_id",
    )
    assert found == [["Shop", "D", r"C:\Backup\Shop.bak"]]
    assert "valid" in run(server, r"RESTORE VERIFYONLY FROM DISK = 'C:\Backup\Shop.bak'").messages[0]
    run(server, "DELETE FROM Item")
    run(server, r"RESTORE DATABASE Shop FROM DISK = 'C:\Backup\Shop.bak' WITH REPLACE", database="master")
    assert rows(server, "SELECT COUNT(*) FROM Item") == [[3]]
    files = rows(server, r"RESTORE FILELISTONLY FROM DISK = 'C:\Backup\Shop.bak'")
    assert [f[0] for f in files] == ["Shop", "Shop_log"]
    with pytest.raises(sql.SqlError) as caught:
        run(server, r"RESTORE DATABASE Other FROM DISK = 'C:\Backup\Shop.bak'", database="master")
    assert caught.value.number == 1834
    data = server.files.read(r"C:\Backup\Shop.bak")
    server.files.write(r"C:\Backup\Shop.bak", data[:-9] + b"corrupted")
    with pytest.raises(sql.SqlError) as caught:
        run(server, r"RESTORE VERIFYONLY FROM DISK = 'C:\Backup\Shop.bak'")
    assert caught.value.number == 3203
    events = [(e["verified"], e["exit"]) for e in world.record.events if e["kind"] == "backup"]
    assert events == [(False, 0), (True, 0), (False, 3203)]


def test_options_of_a_database(server):
    run(
        server,
        "ALTER DATABASE Shop SET SINGLE_USER WITH ROLLBACK IMMEDIATE; ALTER DATABASE Shop SET ENABLE_BROKER; "
        "ALTER DATABASE Shop SET MULTI_USER; ALTER DATABASE Shop SET RECOVERY FULL",
    )
    assert rows(
        server, "SELECT is_broker_enabled, recovery_model_desc, user_access_desc FROM sys.databases WHERE name = 'Shop'"
    ) == [[True, "FULL", "MULTI_USER"]]
    run(server, "ALTER DATABASE Shop MODIFY FILE (NAME = N'Shop_log', SIZE = 1GB)")
    assert rows(server, "SELECT size / 128 FROM sys.master_files WHERE name = 'Shop_log'") == [[1024]]
    run(server, "EXEC sp_configure 'allow updates', 1 RECONFIGURE WITH OVERRIDE")
    assert rows(server, "SELECT value_in_use FROM sys.configurations WHERE name = 'allow updates'") == [[1]]
    run(server, "ALTER DATABASE Shop SET OFFLINE", database="master")
    with pytest.raises(sql.SqlError) as caught:
        run(server, "SELECT 1", database="Shop")
    assert caught.value.number == 4060


def test_the_instance_is_in_registry_and_services(server):
    key = r"HKLM\SOFTWARE\Microsoft\Microsoft SQL Server"
    assert server.registry.get(rf"{key}\Instance Names\SQL", "MSSQLSERVER") == "MSSQL10_50.MSSQLSERVER"
    assert server.registry.get(rf"{key}\MSSQL10_50.MSSQLSERVER\Setup", "Version") == "10.50.2500.0"
    assert {"MSSQLSERVER", "SQLSERVERAGENT", "ReportServer"} <= {s.name for s in server.services.list() if s.running}


LOGIN = "EXEC master..xp_logininfo @acctname = @account, @option = 'all'"


@pytest.mark.parametrize(
    ("account", "privileges"),
    [
        (r"CONTOSO\scomadmin", ["admin"]),
        (r"contoso\SCOMADMIN", ["admin"]),
        (r"CONTOSO\scomdas", []),
        (r"CONTOSO\reader", ["user"]),
        (r"NT AUTHORITY\SYSTEM", ["admin"]),
    ],
)
def test_xp_logininfo_tells_the_privilege_of_an_account(server, account, privileges):
    server.world.accounts.add("reader", "x", domain="CONTOSO")
    server.extra["sql"].default.logins.add(r"contoso\reader")
    assert [row[2] for row in rows(server, LOGIN, {"account": account})] == privileges


@pytest.mark.parametrize("account", [r"CONTOSO\nobody", "scomadmin", ""])
def test_xp_logininfo_refuses_a_name_that_is_no_account(server, account):
    with pytest.raises(sql.SqlError) as caught:
        rows(server, LOGIN, {"account": account})
    assert (caught.value.number, caught.value.procedure) == (15404, "xp_logininfo")


def test_xp_logininfo_wants_a_sysadmin(server):
    server.world.accounts.add("reader", "x", domain="CONTOSO")
    server.extra["sql"].default.logins.add(r"contoso\reader")
    with pytest.raises(sql.SqlError) as caught:
        rows(server, LOGIN, {"account": r"CONTOSO\scomadmin"}, user=r"CONTOSO\reader", database="master")
    assert caught.value.number == 229
