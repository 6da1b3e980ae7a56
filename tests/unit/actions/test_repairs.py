"""Repairs: each is predicted, predicting changes nothing, it is done as predicted, and a repeat changes nothing."""

import pytest
import yaml

from .conftest import ESTATES, Bench

GONE = "gone01.fabrikam.test"
DATABASE = {"instance": "MSSQLSERVER", "database": "OperationsManager"}


@pytest.fixture()
def broken(tmp_path):
    """single-simple with a full database, allow updates on, and a pending row that no console shows."""
    estate = yaml.safe_load((ESTATES / "single-simple.yml").read_text(encoding="utf-8"))
    estate["databases"]["operational"]["used_percent"] = 72
    estate["servers"][0]["sql"]["allow_updates"] = 1
    estate["pending"] = [
        {"agent": GONE, "type": "PushInstallFailed", "hidden": True},
        {"agent": "new01.fabrikam.test", "type": "ManualApproval"},
    ]
    (tmp_path / "broken.yml").write_text(yaml.safe_dump(estate), encoding="utf-8")
    return Bench(tmp_path / "broken", tmp_path / "state")


def facts(bench):
    """What discovery reads of the server."""
    return bench.run("host_facts", "OM01")["facts"]


def size(bench):
    """Megabytes of data and log, by the facts."""
    row = next(one for one in facts(bench)["sql"][0]["databases"] if one["name"] == "OperationsManager")
    return row["data_mb"], row["log_mb"]


def hidden_rows(bench):
    """The hidden row, as a plan names it."""
    return [
        {key: row[key] for key in ("id", "agent", "type")}
        for row in facts(bench)["opsdb"]["pending"]
        if row["agent"] == GONE
    ]


def kinds(bench):
    """What was recorded of the group and its databases."""
    return [event["kind"] for event in bench.events() if event["kind"] not in ("command", "file")]


def test_database_files(broken):
    applied = broken.quartet("database_files", "OM01", data_mb=29493, log_mb=14747, step="a.step", **DATABASE)
    assert (applied["data_mb"], applied["log_mb"], applied["step"]) == (29493, 14747, "a.step")
    assert size(broken) == (29493, 14747)
    assert kinds(broken) == ["database", "database"]


def test_database_files_grows_only_what_is_asked_for_and_never_shrinks(broken):
    data, log = size(broken)
    assert not broken.run("database_files", "OM01", data_mb=data - 1, log_mb=log, **DATABASE)["changed"]
    broken.quartet("database_files", "OM01", log_mb=log + 100, **DATABASE)
    assert size(broken) == (data, log + 100)


def test_the_growth_is_split_neither_by_files_nor_lost_to_a_limit(broken, monkeypatch):
    from ansible_collections.scom.upgrade.plugins.action import database_files

    page = database_files.PAGES
    listed = [
        {"name": "A", "type_desc": "ROWS", "state_desc": "ONLINE", "physical_name": "a", "size": 10 * page, "max_size": -1},
        {"name": "B", "type_desc": "ROWS", "state_desc": "ONLINE", "physical_name": "b", "size": 30 * page, "max_size": 35 * page},
        {"name": "C", "type_desc": "ROWS", "state_desc": "OFFLINE", "physical_name": "c", "size": 90 * page, "max_size": -1},
        {"name": "L", "type_desc": "LOG", "state_desc": "ONLINE", "physical_name": "l", "size": 5 * page, "max_size": 6 * page},
    ]  # fmt: skip
    monkeypatch.setattr(database_files.ActionModule, "query", lambda self, *given, **more: listed)
    near = broken.run("database_files", "OM01", check=True, data_mb=134, **DATABASE)
    far = broken.run("database_files", "OM01", check=True, data_mb=150, **DATABASE)
    assert [{one["name"]: one["size_mb"] for one in found["files"]} for found in (near, far)] == [
        {"A": 10, "B": 34, "C": 90, "L": 5},
        {"A": 30, "B": 30, "C": 90, "L": 5},
    ]
    refused = broken.run("database_files", "OM01", log_mb=50, **DATABASE)
    assert refused["failed"] and "MAXSIZE" in refused["msg"] and "L at most 6 MB" in refused["msg"]


def test_a_disk_that_is_full_is_named_with_the_file(broken):
    result = broken.run("database_files", "OM01", data_mb=90_000_000, **DATABASE)
    assert result["failed"] and "not enough space" in result["msg"] and "run again" in result["msg"]
    assert size(broken)[0] == 20480


@pytest.mark.parametrize("name", ["Odd]; DROP DATABASE OperationsManagerDW --", 'O\'Brien [x] "y"'])
def test_names_of_databases_and_files_are_only_names(broken, name):
    instance = broken.world.machines["OM01"].sql_session(".", "Administrator").instance
    before = set(instance.databases)
    database = instance.add_database(name, data_mb=100, used_percent=5, log_mb=50)
    database.files[0].name = name
    broken.quartet("database_files", "OM01", instance=".", database=name, data_mb=200, log_mb=100)
    assert (database.data_mb, database.log_mb) == (200, 100) and set(instance.databases) == before | {name}


def test_sql_option(broken):
    applied = broken.quartet("sql_option", "OM01", instance="MSSQLSERVER", name="allow updates", value=0)
    assert applied["before"] == {"configured": 1, "in_use": 1} and applied["after"] == {"configured": 0, "in_use": 0}
    assert facts(broken)["sql"][0]["allow_updates"] == 0


def test_an_unknown_option_is_named_and_nothing_changes(broken):
    result = broken.run("sql_option", "OM01", name="allow'; updates", value=0)
    assert result["failed"] and "no option allow'; updates" in result["msg"] and kinds(broken) == []


def test_pending_rows_are_deleted_after_a_verified_backup(broken):
    rows = hidden_rows(broken)
    applied = broken.quartet("pending_rows", "OM01", rows=rows, path=r"D:\Backup", **DATABASE)
    assert applied["verified"] and applied["finished"] and applied["file"].startswith(r"D:\Backup\OperationsManager_")
    assert [row["agent"] for row in applied["rows"]] == [GONE]
    assert kinds(broken)[:2] == ["backup", "backup"], "first the backup, which is then read back"
    assert "backup" not in kinds(broken)[2:], "a repeat takes no other one"
    assert [row["agent"] for row in facts(broken)["opsdb"]["pending"]] == ["new01.fabrikam.test"]


def test_pending_rows_without_a_backup_where_one_was_taken(broken):
    applied = broken.quartet("pending_rows", "OM01", rows=hidden_rows(broken), backup_first=False, **DATABASE)
    assert applied["file"] is None and "backup" not in kinds(broken)


def test_a_backup_that_fails_deletes_nothing(broken):
    rows = hidden_rows(broken)
    result = broken.run("pending_rows", "OM01", rows=rows, path=r"Q:\Backup", **DATABASE)
    assert result["failed"] and "Nothing has been changed" in result["msg"]
    assert hidden_rows(broken) == rows


def test_a_row_of_another_agent_is_refused(broken):
    rows = [dict(hidden_rows(broken)[0], agent="web01.fabrikam.test")]
    result = broken.run("pending_rows", "OM01", rows=rows, path=r"D:\Backup", **DATABASE)
    assert result["failed"] and GONE in result["msg"] and kinds(broken) == []


class Marked(int):
    """A number as newer versions of Ansible hand it over: with marks of where it came from."""


def test_a_number_that_ansible_has_marked_is_a_number(broken):
    result = broken.run("sql_option", "OM01", check=True, name="allow updates", value=Marked(0))
    assert result["changed"] and not isinstance(result["after"]["in_use"], Marked) and "in_use: 0" in result["diff"]["after"]
