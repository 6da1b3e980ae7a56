"""Log-ons are tried with jobs that leave nothing behind, and SQL Server is asked; nothing of it is a change."""

import json

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils.job import Job
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import Remote
from tests.lab.world.processes import Result

ACCOUNT = {"input": "account", "name": r"CONTOSO\scomadmin", "password": "Lab-Upgr4de"}
ACCESS = {"input": "data_access_account", "name": r"CONTOSO\scomdas", "password": "Lab-Serv1ce"}
READER = {"input": "data_reader_account", "name": r"CONTOSO\scomdr", "password": "Lab-Serv1ce"}
QUICK = {"poll_seconds": 0.05, "timeout": 30}
JOBS = r"C:\ProgramData\scom.upgrade\jobs"


def probe(bench, host="MS02", check=False, **given):
    result = bench.run("account_probe", host, check=check, **QUICK, **given)
    assert not result.get("failed"), result.get("msg")
    assert result["changed"] is False
    told = json.dumps(result)
    assert not any(one.get("password", "\0") in told for one in given.get("accounts", ()))
    return result


def logon(bench, one, host="MS02"):
    return probe(bench, host, accounts=[one])["accounts"][0]


def left(bench, host="MS02"):
    """Tasks and files of jobs on a host."""
    machine = bench.world.machines[host]
    files = [item.path for item in machine.files.list(JOBS, "*", recurse=True)] if machine.files.exists(JOBS) else []
    return [task.path for task in machine.tasks.list()], files


def test_an_account_logs_on_and_its_groups_are_told(bench):
    found = logon(bench, ACCOUNT)
    assert (found["host"], found["input"], found["account"]) == ("MS02", "account", ACCOUNT["name"])
    assert (found["logs_on"], found["batch"], found["administrator"], found["error"]) == (True, True, True, None)
    assert {r"BUILTIN\Administrators", r"CONTOSO\Domain Users", r"NT AUTHORITY\BATCH"} <= set(found["groups"])
    tasks = [event for event in bench.events() if event["kind"] == "task" and not event.get("folder")]
    assert [event["change"] for event in tasks] == ["created", "started", "ended", "deleted"]
    assert left(bench) == ([], [])
    assert bench.connection.commands <= 4


def test_prediction_tries_nothing_and_a_repeat_says_the_same(bench):
    before = bench.status()
    given = {"accounts": [ACCOUNT], "sql_accounts": [ACCOUNT["name"]], "instances": ["MSSQLSERVER"]}
    predicted = probe(bench, "SQL01", check=True, **given)
    assert predicted["accounts"][0] == {
        "host": "SQL01",
        "input": "account",
        "account": ACCOUNT["name"],
        "logs_on": None,
        "batch": None,
        "administrator": None,
        "groups": None,
        "error": "not tried in check mode",
    }
    assert bench.status() == before
    assert not [event for event in bench.events() if event["kind"] in ("task", "process", "file")]
    applied = probe(bench, "SQL01", **given)
    assert applied["sql"] == predicted["sql"]
    assert probe(bench, "SQL01", **given) == applied
    assert bench.status() == before


def test_a_wrong_password_is_refused_and_leaves_nothing(bench):
    found = logon(bench, {**ACCOUNT, "password": "not-It"})
    assert (found["logs_on"], found["batch"], found["administrator"], found["groups"]) == (False, None, None, None)
    assert "Logon failure" in found["error"]
    assert left(bench) == ([], [])


def test_an_account_that_nobody_knows_is_refused(bench):
    assert logon(bench, {**ACCOUNT, "name": r"CONTOSO\nobody"})["logs_on"] is False


@pytest.mark.parametrize(("one", "logs_on"), [({**READER, "input": "account"}, False), (READER, None)])
def test_no_right_to_a_batch_job_refuses_the_account_that_runs_setup_only(bench, one, logs_on):
    found = logon(bench, one)
    assert (found["logs_on"], found["batch"], found["groups"]) == (logs_on, False, None)
    assert "password is right" in found["error"] and "1385" in found["error"]
    assert left(bench) == ([], [])


def test_a_failure_that_is_not_the_accounts_refuses_nobody(bench, monkeypatch):
    machine = bench.world.machines["MS02"]
    monkeypatch.delitem(machine.programs, "whoami.exe")
    machine.files.delete(r"C:\Windows\System32\whoami.exe")
    found = logon(bench, ACCOUNT)
    assert found["logs_on"] is None and found["error"]
    assert left(bench) == ([], [])


def test_a_program_that_does_not_end_is_ended(bench, monkeypatch):
    monkeypatch.setitem(bench.world.machines["MS02"].programs, "whoami.exe", forever)
    result = bench.run("account_probe", "MS02", accounts=[ACCOUNT], poll_seconds=0.05, timeout=0)
    found = result["accounts"][0]
    assert (found["logs_on"], found["administrator"]) == (True, None)
    assert "is running" in found["error"]
    assert left(bench) == ([], [])


def forever(call):
    """A program that hangs."""
    while True:
        yield 3600.0


def test_a_long_list_of_groups_is_read_to_its_end(bench, monkeypatch):
    rows = [f'"CONTOSO\\Group {n:05}","Group","S-1-5-21-1-2-3-{n}","An attribute, and another"' for n in range(2500)]
    rows.append('"VORDEFINIERT\\Administratoren","Alias","S-1-5-32-544","Verbindliche Gruppe"')

    def program(call):
        return Result(0, "\r\n".join(rows) + "\r\n")

    monkeypatch.setitem(bench.world.machines["MS02"].programs, "whoami.exe", program)
    found = logon(bench, ACCOUNT)
    assert len(found["groups"]) == 2501 and found["groups"][-1] == "VORDEFINIERT\\Administratoren"
    assert found["administrator"] is True


@pytest.mark.parametrize(
    ("name", "administrator"),
    [("LocalSystem", True), (r"NT AUTHORITY\NETWORK SERVICE", False), ("LocalService", False)],
)
def test_built_in_accounts_need_no_trial(bench, name, administrator):
    found = logon(bench, {"input": "data_access_account", "name": name})
    assert (found["logs_on"], found["administrator"], found["error"]) == (True, administrator, None)
    assert bench.events() == []


def test_an_account_without_a_password_is_not_tried(bench):
    found = logon(bench, {"input": "account", "name": ACCOUNT["name"]})
    assert (found["logs_on"], found["error"]) == (None, "not tried without a password")
    assert bench.events() == []


def test_one_account_of_two_inputs_is_tried_once(bench):
    found = probe(bench, accounts=[ACCOUNT, {**ACCOUNT, "input": "data_access_account"}, ACCESS])["accounts"]
    assert [(one["input"], one["logs_on"]) for one in found] == [
        ("account", True),
        ("data_access_account", True),
        ("data_access_account", True),
    ]
    created = [event for event in bench.events() if event["kind"] == "task" and event["change"] == "created"]
    assert len([event for event in created if not event.get("folder")]) == 2


def test_what_an_interrupted_probe_left_is_not_taken_for_an_answer(bench):
    whoami = bench.world.machines["MS02"].programs["whoami.exe"]
    bench.world.machines["MS02"].programs["whoami.exe"] = forever
    assert probe(bench, check=True)["accounts"] == []  # makes a connection
    old = Job(Remote(bench.connection, "MS02"), "account-probe-1")
    old.start(r"%SystemRoot%\System32\whoami.exe", account=ACCOUNT["name"], password=ACCOUNT["password"])
    bench.world.machines["MS02"].programs["whoami.exe"] = whoami
    assert logon(bench, ACCOUNT)["administrator"] is True
    assert left(bench) == ([], [])


def test_windows_server_2003_refuses_a_wrong_password_as_well(bench):
    machine = next(m for m in bench.world.machines.values() if m.os.is_2003 and m.spec.powershell and m.domain_joined)
    assert logon(bench, ACCOUNT, machine.name)["logs_on"] is True
    assert logon(bench, {**ACCOUNT, "password": "not-It"}, machine.name)["logs_on"] is False


def test_sql_server_tells_who_is_a_sysadmin(bench):
    bench.world.accounts.add("stranger", "x", domain="CONTOSO")
    names = [ACCOUNT["name"], r"CONTOSO\stranger", r"CONTOSO\nobody"]
    found = probe(bench, "SQL01", sql_accounts=names, instances=["MSSQLSERVER", "OTHER"])["sql"]
    assert [(one["instance"], one["account"], one["sysadmin"]) for one in found[:3]] == [
        ("MSSQLSERVER", names[0], True),
        ("MSSQLSERVER", names[1], False),
        ("MSSQLSERVER", names[2], None),
    ]
    assert found[0]["error"] is None and "Could not obtain information" in found[2]["error"]
    assert all(one["sysadmin"] is None and one["error"] for one in found[3:])
    assert {one["host"] for one in found} == {"SQL01"}
    assert bench.connection.commands == 1


def test_a_login_that_is_no_sysadmin_is_none(bench):
    found = probe(bench, "SQL01", sql_accounts=[ACCESS["name"]], instances=["MSSQLSERVER"])["sql"]
    assert found[0]["sysadmin"] is False and found[0]["error"] is None


def test_a_job_that_cannot_be_looked_at_leaves_the_answer_open_and_goes(bench):
    bench.world.faults.add(host="MS02", operation="job.poll", effect="fail", message="No.")
    found = logon(bench, ACCOUNT)
    assert (found["administrator"], found["error"]) == (None, "No.")
    assert left(bench) == ([], [])
