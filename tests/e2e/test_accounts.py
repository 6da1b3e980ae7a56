"""Accounts tried from end to end: over the real wire, with nothing left on the hosts and no password anywhere."""

from __future__ import annotations

import json

import pytest

from .harness import Lab

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("accounts")]

PASSWORDS = ("Lab-Upgr4de", "Lab-Serv1ce")
WRONG = "N0t-Th1s-One"


@pytest.fixture()
def lab(tmp_path):
    """A lab of no-warehouse, the smallest group with two servers."""
    with Lab("no-warehouse", tmp_path / "lab") as running:
        yield running


def kept(lab):
    """The probes in the snapshot."""
    return json.loads((lab.reports / "snapshot.json").read_text(encoding="utf-8")).get("probes") or {}


def tasks(run):
    """What was made and deleted of scheduled tasks, by host."""
    told = [event for event in run.events if event["kind"] == "task" and not event.get("folder")]
    return sorted((event["host"], event["name"], event["change"]) for event in told)


def written(lab):
    """Everything that the run left on the controller and in the lab's record, as text."""
    files = [path for path in (*lab.reports.rglob("*"), lab.state / "events.jsonl") if path.is_file()]
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


def test_accounts_are_tried_and_leave_nothing(lab):
    check = lab.play("probe", check=True)
    assert tasks(check) == [] and kept(lab) == {}

    before = lab.status()
    run = lab.play("probe", "-vvvv")
    found = kept(lab)
    assert {one["input"] for one in found["accounts"]} == {
        "account", "data_access_account", "data_reader_account", "data_writer_account",
    }  # fmt: skip
    for one in found["accounts"]:
        if one["input"] in ("account", "data_access_account"):
            assert one["logs_on"] and one["administrator"], one
        else:
            assert one["logs_on"] is None and "password is right" in one["error"], one
    assert found["sql"] and all(one["sysadmin"] for one in found["sql"])

    made = [(host, name) for host, name, change in tasks(run) if change == "created"]
    assert made and sorted(made) == sorted((host, name) for host, name, change in tasks(run) if change == "deleted")
    left = lab.status()
    for state in (before, left):
        state.pop("time")
    assert left == before
    assert not [word for word in PASSWORDS if word in run.output + written(lab)]

    lab.play("probe")
    again = kept(lab)
    assert [again[part] for part in ("accounts", "sql")] == [found[part] for part in ("accounts", "sql")]


def test_a_wrong_password_is_found_on_one_host_and_blocks(lab):
    run = lab.play("probe", "-vvvv", "-e", json.dumps({"scom_upgrade_account_password": WRONG}), expect=None)
    refused = [one for one in kept(lab)["accounts"] if one["input"] == "account"]
    assert [one["logs_on"] for one in refused] == [False], "one host alone tries it, or the account is locked"
    assert "Accounts that cannot log on" in run.output
    assert WRONG not in run.output.replace(json.dumps({"scom_upgrade_account_password": WRONG}), "")
    assert WRONG not in written(lab)
