"""R69 judges what was tried: log-ons, administrators' rights on hosts, in SQL Server and in the group."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.rules.cases import ACCOUNTS_TRIED, COMPLEX, GIVEN, SIMPLE, judge
from tests.unit.rules.cases import by as confirmed

#: What a probe says where Windows took the password and refused a batch job.
NO_BATCH = {"logs_on": None, "batch": False, "administrator": None, "groups": None, "error": "refused as a batch job (1385)"}
ACCOUNT = GIVEN["account"]


TRIED: Any = object()  # stands for all that was tried, as a mapping is no default of an argument


def found(probes: Any = TRIED, put: Any = None, given: Any = None, estate: str = SIMPLE) -> Any:
    probes = ACCOUNTS_TRIED if probes is TRIED else probes
    (result,) = judge(estate, {"probes": probes, **(put or {})}, given or {}, wanted=["R69"]).results
    return result


def changed(part: str = "accounts", keep: bool = True, where: Any = None, **values: Any) -> Any:
    """The probes with some entries changed, or without them."""
    probes: Any = copy.deepcopy(ACCOUNTS_TRIED)
    wanted = {"input": "account", "host": "MS02"} if where is None else where
    fits = [entry for entry in probes[part] if all(entry[key] == value for key, value in wanted.items())]
    assert fits
    for entry in fits:
        entry.update(values)
    if not keep:
        probes[part] = [entry for entry in probes[part] if entry not in fits]
    return probes


def test_everything_tried_and_fine_needs_no_person() -> None:
    result = found()
    assert (result.outcome, result.message) == ("pass", "Every account logs on and has its rights.")


@pytest.mark.parametrize("name", ["account", "data_access_account", "data_reader_account"])
def test_a_log_on_that_windows_refuses_blocks(name: str) -> None:
    refusal = {"logs_on": False, "administrator": None, "groups": [], "error": "Logon failure"}
    result = found(changed(where={"input": name, "host": "RMS01"}, **refusal))
    assert result.outcome == "block" and GIVEN[name] in result.message
    assert (name, GIVEN[name], "RMS01", "cannot log on: Logon failure") in result.rows
    assert result.evidence == "measured"


def test_a_confirmation_does_not_lift_what_was_tried() -> None:
    assert found(changed(logs_on=False), given=confirmed("R69")).outcome == "block"
    assert found(changed(administrator=False), given=confirmed("R69")).outcome == "block"


def test_setup_without_administrators_rights_blocks() -> None:
    result = found(changed(administrator=False))
    assert result.outcome == "block"
    assert ("account", ACCOUNT, "MS02", "not local administrator") in result.rows


def test_the_data_access_account_is_wanted_as_administrator() -> None:
    result = found(changed(where={"input": "data_access_account", "host": "MS02"}, administrator=False))
    assert result.outcome == "warn" and result.rows[0][2:] == ("MS02", "not local administrator")
    result = found(changed(where={"input": "data_access_account", "host": "MS02"}, **NO_BATCH))
    assert result.outcome == "warn" and "batch" in result.rows[0][3]


def test_a_reader_whose_password_is_right_needs_no_more() -> None:
    assert found(changed(where={"input": "data_reader_account"}, **NO_BATCH)).outcome == "pass"
    worded = {**NO_BATCH, "batch": None}
    assert found(changed(where={"input": "data_reader_account"}, **worded)).outcome == "manual", "no sentence counts"


@pytest.mark.parametrize(("answer", "outcome"), [(False, "warn"), (None, "manual")])
def test_the_privilege_in_sql_server(answer: Any, outcome: str) -> None:
    result = found(changed("sql", where={"host": "SQL01"}, sysadmin=answer, error="no answer"))
    assert result.outcome == outcome
    assert [row[2] for row in result.rows] == ["SQL01\\MSSQLSERVER"]


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ([ACCOUNT.upper()], "pass"),
        (["LAB\\OpsMgr Admins"], "pass"),
        (["lab\\opsmgr admins", "LAB\\somebody"], "pass"),
        (["LAB\\somebody"], "warn"),
        ([], "warn"),
        (None, "manual"),
        (["ms02\\local ones"], "warn"),
        (["BUILTIN\\Administrators"], "pass"),
    ],
)
def test_who_is_operations_manager_administrator(members: Any, outcome: str) -> None:
    assert found(put={"group/administrators": members}).outcome == outcome


def test_local_administrators_of_the_root_server_are_meant() -> None:
    result = found(changed(where={"input": "account", "host": "RMS01"}, keep=False))
    assert result.outcome == "manual"
    assert [row[3] for row in result.rows if "Operations Manager" in row[3]] == [
        "Operations Manager administrator as local administrator of RMS01: not tried there"
    ]


GROUP_DOUBT = "Operations Manager administrator: the account's groups on RMS01 are not known"


@pytest.mark.parametrize("unread", [[], None])
def test_groups_that_were_not_read_rule_nothing_out(unread: Any) -> None:
    probes = changed(where={"input": "account"}, groups=unread, administrator=None)
    result = found(probes, put={"group/administrators": ["LAB\\OpsMgr Admins"]})
    assert result.outcome == "manual"
    assert GROUP_DOUBT in [row[3] for row in result.rows]


def test_only_the_root_server_rules_its_own_groups_out() -> None:
    probes = changed(where={"input": "account", "host": "RMS01"}, keep=False)
    result = found(probes, put={"group/administrators": ["RMS01\\Scom people"]})
    assert result.outcome == "manual"
    assert GROUP_DOUBT in [row[3] for row in result.rows]
    assert found(probes, put={"group/administrators": ["LAB\\OpsMgr Admins"]}).rows == (
        ("account", ACCOUNT, "RMS01", "log-on not tried"),
    ), "a group of the domain is the same everywhere"


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ("accounts", {"input": "account", "host": "MS03"}),
        ("accounts", {"input": "data_access_account", "host": "MS03"}),
        ("accounts", {"input": "data_reader_account"}),
        ("sql", {"host": "SQL02"}),
    ],
)
def test_what_was_not_tried_is_asked_of_a_person(part: str, where: Any) -> None:
    probes = changed(part, keep=False, where=where)
    result = found(probes)
    assert result.outcome == "manual" and len(result.rows) == 1
    assert found(probes, given=confirmed("R69")).outcome == "pass"


def test_what_could_not_be_tried_says_why() -> None:
    result = found(changed(logs_on=None, administrator=None, error="The disk is full"))
    assert result.outcome == "manual"
    assert ("account", ACCOUNT, "MS02", "The disk is full") in result.rows


def test_trials_of_another_account_do_not_count() -> None:
    result = found(given={"account": "LAB\\newcomer"})
    assert result.outcome == "manual"
    assert {row[1] for row in result.rows} == {"LAB\\newcomer"}


def test_old_trials_do_not_count() -> None:
    assert found({**ACCOUNTS_TRIED, "collected": "2012-01-01T00:00:00Z"}).outcome == "manual"


def test_a_root_server_that_leaves_is_still_who_says_it() -> None:
    result = found(None, estate=COMPLEX)
    assert result.outcome == "manual"
    assert any("local administrator of TSRMS" in row[3] for row in result.rows)
