"""Jobs: work that outlives the connection."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils import job as jobs
from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire

from .fakes import Connection, remote


class Host:
    """A host with one job. polls: its states, look by look; the last one stays."""

    def __init__(self, *polls: dict[str, Any], exists: bool = False):
        self.polls, self.exists = list(polls), exists
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((op, args))
        if op == "job.start":
            attached, self.exists = self.exists, True
            return {"state": "running", "attached": attached, "directory": "C:\\j"}
        if op == "job.poll":
            poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
            return {"state": "running", "rc": None, "started": "2012-05-12T18:00:00Z", "finished": None, "stdout": "",
                    "next_offset": args["offset"], "log": None, **poll}
        return {"state": "finished"}

    def count(self, op: str) -> int:
        return sum(1 for name, _args in self.calls if name == op)


DONE = {"state": "finished", "rc": 0, "finished": "2012-05-12T18:10:00Z"}


def test_a_job_is_started_waited_for_and_cleared_away() -> None:
    host = Host({"stdout": "one\n", "next_offset": 4}, {"stdout": "two\n", "next_offset": 8}, {**DONE, "next_offset": 8})
    told: list[str] = []
    link = remote(Connection(host))
    outcome = jobs.JobRunner(link, poll_seconds=5, narrate=told.append).run(
        "setup-1", "C:\\setup.exe", ["/silent", jobs.secret("pw")], account="D\\a", password="pw", stdin="yes")
    assert (outcome.state, outcome.rc, outcome.stdout, outcome.seconds) == ("finished", 0, "one\ntwo\n", 600)
    assert told == ["started", "one", "two", "ended with exit code 0"]
    start = host.calls[0][1]
    assert start["arguments"] == ["/silent", {"secret": "pw"}] and start["input"] == {"secret": "yes"}
    assert [args["offset"] for op, args in host.calls if op == "job.poll"] == [0, 4, 8, 8]
    assert host.calls[-1][0] == "job.remove"


def test_the_product_s_log_is_followed_also_into_a_newer_file() -> None:
    host = Host({"log": {"path": "a.log", "text": "A1\n", "next_offset": 3}}, {"log": {"path": "b.log", "text": "?", "next_offset": 9}},
                {**DONE, "log": {"path": "b.log", "text": "B1\n", "next_offset": 3}},
                {**DONE, "log": {"path": "b.log", "text": "", "next_offset": 3}})
    outcome = jobs.JobRunner(remote(Connection(host))).run("x", "y", log="%LOCALAPPDATA%\\*.log")
    assert (outcome.log, outcome.log_path, outcome.log_tail) == ("A1\nB1\n", "b.log", "A1\nB1\n")
    assert [args["log_offset"] for op, args in host.calls if op == "job.poll"][:3] == [0, 3, 0]


def test_a_controller_that_comes_back_attaches_and_takes_the_outcome_nobody_has_seen() -> None:
    host = Host({**DONE, "rc": 14}, exists=True)
    told: list[str] = []
    outcome = jobs.JobRunner(remote(Connection(host)), narrate=told.append).run("x", "y")
    assert outcome.attached and outcome.rc == 14
    assert told[0].startswith("attached")
    assert host.count("job.remove") == 1


@pytest.mark.parametrize("losses", [1, 3])
def test_a_lost_connection_and_a_restart_are_lived_through(losses: int) -> None:
    host = Host({}, DONE)
    connection = Connection(host, script=(None, None, *[ConnectionResetError("gone")] * losses, None))
    outcome = jobs.JobRunner(remote(connection), poll_seconds=10).run("x", "y")
    assert outcome.rc == 0 and outcome.lost_connections == 1
    assert host.count("job.start") == 1


def test_a_connection_lost_while_starting_does_not_start_twice() -> None:
    host = Host(DONE)
    outcome = jobs.JobRunner(remote(Connection(host, script=(ConnectionResetError("gone"),)))).run("x", "y")
    assert outcome.rc == 0 and host.count("job.start") == 0  # this fake lost the request; the poll found the job all the same


def test_a_start_that_never_arrived_is_told() -> None:
    host = Host({"state": "absent"})
    with pytest.raises(jobs.JobFailed, match="did not start"):
        jobs.JobRunner(remote(Connection(host, script=(ConnectionResetError("gone"),)))).run("x", "y")
    assert host.count("job.remove") == 0


def test_a_host_that_stays_away_is_given_up() -> None:
    connection = Connection(Host({}), script=(None, None, *[ConnectionResetError("gone")] * 500))
    with pytest.raises(wire.HostUnreachable, match="away for 100 seconds while job x was under way"):
        jobs.JobRunner(remote(connection), poll_seconds=10, reconnect=100).run("x", "y")


def test_a_lost_job_is_an_error_and_makes_room_for_the_next_run() -> None:
    host = Host({"state": "lost", "stdout": "half\n"})
    with pytest.raises(jobs.JobFailed, match=r"was lost.*Its last words: half") as caught:
        jobs.JobRunner(remote(Connection(host))).run("x", "y")
    assert "half" in caught.value.detail["stdout"]
    assert host.count("job.remove") == 1


def test_waiting_ends_and_the_job_goes_on() -> None:
    host = Host({})
    with pytest.raises(wire.DeadlineExceeded, match=r"still runs after 60 seconds.*run again to wait"):
        jobs.JobRunner(remote(Connection(host)), poll_seconds=20, timeout=60).run("x", "y")
    assert host.count("job.remove") == host.count("job.stop") == 0


def test_a_job_that_is_refused_is_not_waited_for() -> None:
    host = Connection(lambda op, args: {"kind": "access_denied", "message": "Logon failure", "detail": {}})
    with pytest.raises(wire.OperationFailed, match="Logon failure"):
        jobs.JobRunner(remote(host)).run("x", "y")
    assert [item["op"] for batch in host.batches for item in batch] == ["job.start"]


@pytest.mark.parametrize("id", ["", "a b", "../x", "x" * 65, "a\\b", "-x"])
def test_an_id_is_a_file_name(id: str) -> None:
    with pytest.raises(ValueError, match="no job id"):
        jobs.Job(remote(Connection()), id)
