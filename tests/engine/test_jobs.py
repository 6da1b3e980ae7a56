"""Jobs from start to end, over the embedded engine and, where it is found, over the real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils import job as jobs
from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire
from tests.lab.engine import find_pwsh
from tests.lab.world.processes import FOREVER, Call, Result

from . import harness

REAL = pytest.param(
    True,
    id="powershell",
    marks=[
        pytest.mark.engine,
        pytest.mark.skipif(find_pwsh() is None, reason="no PowerShell engine: neither pwsh on the PATH nor ../shared/powershell/pwsh"),
    ],
)
ACCOUNT: dict[str, Any] = {"account": r"PARITY\scomadmin", "password": "Lab-Upgr4de"}
SECRET = "s3cret \"quoted\" \\ 'x' %TEMP%"
FOLDER = r"C:\ProgramData\scom.upgrade\jobs"

pytestmark = pytest.mark.xdist_group("engine")


@pytest.fixture(scope="module", params=[pytest.param(False, id="embedded"), REAL])
def face(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Face]:
    """A small group, with three tools on its root management server."""
    found = harness.Face(tmp_path_factory.mktemp("jobs"), "estate_2007.yml", request.param)
    machine = found.world.machines["RMS01"]
    with found.world.building():
        for name in ("long.exe", "hang.exe", "echo.exe"):
            machine.files.write(rf"C:\Tools\{name}", b"MZ")
    machine.programs.update({"long.exe": long_tool, "hang.exe": hang_tool, "echo.exe": echo_tool})
    yield found
    found.close()


def long_tool(call: Call) -> Generator[float, None, Result]:
    """Twenty minutes of work, with output and a log in the account's profile."""
    log = call.machine.local_app_data(call.user) + r"\SCOM\Logs\OpsMgrSetupWizard.log"
    call.write("one\r\n")
    call.machine.files.write(log, b"log one\r\n")
    yield 600.0
    call.write("two\r\n")
    call.machine.files.append(log, b"log two\r\n")
    yield 600.0
    return Result(7, "three\r\n", "trouble\r\n")


def hang_tool(call: Call) -> Generator[float, None, Result]:
    """It never ends."""
    call.write("hanging\r\n")
    yield FOREVER
    return Result(0)


def echo_tool(call: Call) -> Result:
    """What it was given."""
    return Result(0, "|".join([call.user, *call.arguments, call.stdin]))


def runner(face: harness.Face, **options: Any) -> jobs.JobRunner:
    return jobs.JobRunner(face.remote("RMS01"), poll_seconds=0.2, timeout=120, **options)


def until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for something that another thread does."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def test_output_log_and_exit_code_come_back(face: harness.Face) -> None:
    told: list[str] = []
    outcome = runner(face, narrate=told.append).run(
        "long", r"C:\Tools\long.exe", ["/x"], log=r"%LOCALAPPDATA%\SCOM\Logs\OpsMgrSetupWizard.*", **ACCOUNT)
    assert (outcome.state, outcome.rc) == ("finished", 7)
    assert outcome.stdout.split() == ["one", "two", "three", "trouble"]
    assert outcome.log == "log one\r\nlog two\r\n"
    assert outcome.log_path == r"C:\Users\scomadmin\AppData\Local\SCOM\Logs\OpsMgrSetupWizard.log"
    assert outcome.seconds is not None and outcome.seconds >= 1200
    assert told[0] == "started" and told[-1] == "ended with exit code 7"
    machine = face.world.machines["RMS01"]
    assert not machine.files.exists(FOLDER + r"\long") and machine.tasks.get(r"\scom.upgrade\long") is None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_secrets_reaches_the_program_whole(face: harness.Face, count: int) -> None:
    """One alone is the case that PowerShell likes to take out of its list."""
    words = [f"/Password{number}:{SECRET}" for number in range(count)]
    outcome = runner(face).run("count", r"C:\Tools\echo.exe", [jobs.secret(word) for word in words], **ACCOUNT)
    assert outcome.rc == 0
    assert all(word in outcome.stdout for word in words)


def test_secrets_reach_the_program_and_nothing_else(face: harness.Face) -> None:
    machine = face.world.machines["RMS01"]
    before = len(face.world.record.events)
    outcome = runner(face).run("secret", r"C:\Tools\echo.exe", ["plain one", jobs.secret(SECRET), "NAME=a b", "/dir:C:\\a b\\", ""],
                               stdin="line\r\n" + SECRET, **ACCOUNT)
    user, *arguments, text = outcome.stdout.split("|")
    assert user == r"PARITY\scomadmin"
    assert arguments == ["plain one", SECRET, "NAME=a b", "/dir:C:\\a b\\", ""]
    assert text == "line\r\n" + SECRET
    told = [event for event in face.world.record.events[before:] if event["kind"] == "task"]
    assert told and not any("s3cret" in str(event) or ACCOUNT["password"] in str(event) for event in told)
    job = jobs.Job(face.remote("RMS01"), "secret2")
    job.start(r"C:\Tools\hang.exe", [jobs.secret(SECRET)], **ACCOUNT)
    files = {item.name: machine.files.read(item.path) for item in machine.files.list(FOLDER + r"\secret2")}
    assert "secrets" not in files and "key" not in files
    assert not any(b"s3cret" in data or ACCOUNT["password"].encode() in data for data in files.values())
    assert job.remove() == "running"


def test_a_second_start_attaches(face: harness.Face) -> None:
    first, second = (jobs.Job(face.remote("RMS01"), "again") for _number in range(2))
    assert first.start(r"C:\Tools\hang.exe").attached is False
    assert second.start(r"C:\Tools\hang.exe").attached is True
    assert second.attach().state == "running"
    assert second.poll().stdout in ("", "hanging\r\n")
    assert len([p for p in face.world.machines["RMS01"].processes.list() if p.name == "hang.exe"]) == 1
    assert first.stop() == "finished"
    assert second.poll().rc == 1
    assert first.remove() == "finished"
    assert second.attach().state == "absent"


def test_two_controllers_at_the_same_time_start_it_once(face: harness.Face) -> None:
    answers: list[bool] = []

    def start() -> None:
        answers.append(jobs.Job(face.remote("RMS01"), "race").start(r"C:\Tools\hang.exe").attached)

    threads = [threading.Thread(target=start) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [False, True, True]
    assert len([p for p in face.world.machines["RMS01"].processes.list() if p.name == "hang.exe"]) == 1
    assert jobs.Job(face.remote("RMS01"), "race").remove() == "running"
    until(lambda: not [p for p in face.world.machines["RMS01"].processes.list() if p.name == "hang.exe"])


def test_a_restart_in_the_middle_loses_the_job_and_says_so(face: harness.Face) -> None:
    machine, link = face.world.machines["RMS01"], face.remote("RMS01")
    before = link.call("system.info")["boot_time"]
    jobs.Job(link, "restart").start(r"C:\Tools\hang.exe", **ACCOUNT)
    machine.restart()
    until(lambda: machine.up and machine.boots > 1)
    assert link.wait_for_reboot(before, timeout=30, interval=0.2)["boot_time"] != before
    with pytest.raises(jobs.JobFailed, match="was lost"):
        runner(face).run("restart", r"C:\Tools\hang.exe", **ACCOUNT)
    assert jobs.Job(link, "restart").attach().state == "absent"


def test_a_wrong_password_leaves_nothing_behind(face: harness.Face) -> None:
    machine = face.world.machines["RMS01"]
    with pytest.raises(wire.OperationFailed, match="Logon failure") as caught:
        runner(face).run("denied", r"C:\Tools\echo.exe", account=r"PARITY\scomadmin", password="wrong")
    assert caught.value.kind == "access_denied"
    assert "wrong" not in str(caught.value)
    assert not machine.files.exists(FOLDER + r"\denied") and machine.tasks.get(r"\scom.upgrade\denied") is None
    assert runner(face).run("denied", r"C:\Tools\echo.exe", ["ok"], **ACCOUNT).rc == 0
