"""The main job, from end to end: real `ansible-playbook` over real WinRM against the lab."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

import pytest

from tests.tools import figures

from .harness import Lab, not_upgraded

SIMPLE = ["single-simple", "distributed-simple", "no-warehouse"]
PAYLOAD = 100_000

pytestmark = pytest.mark.lab


def largest_payload(events):
    """Bytes of the largest standard input that went to a host."""
    return max(event.get("stdin_bytes", 0) for event in events if event["kind"] == "command")


@pytest.mark.parametrize("estate", SIMPLE)
@pytest.mark.xdist_group("upgrade")
def test_check_predicts_the_run_the_run_upgrades_all_and_a_second_run_changes_nothing(estate, tmp_path):
    with Lab(estate, tmp_path / "lab") as lab:
        before = lab.status()
        check = lab.play("upgrade", check=True)
        assert check.kinds() == Counter(), "a check run left more than commands in the lab's record"
        assert without_time(lab.status()) == without_time(before)
        assert check.changed_steps, "the check run told of no step"

        run = lab.play("upgrade")
        assert run.changed_steps == check.changed_steps
        assert [step for step in run.steps if step["failed"]] == []

        status = lab.status()
        assert not_upgraded(status) == []
        assert status["pending"] == []
        on = {item["name"] for item in before["subscriptions"] if item["enabled"]}
        assert {item["name"] for item in status["subscriptions"] if item["enabled"]} == on
        assert all(item["running"] for item in status["connectors"])

        second = lab.play("upgrade")
        assert second.recap, second.tail()
        assert {host: counts["changed"] for host, counts in second.recap.items()} == dict.fromkeys(second.recap, 0)
        assert second.kinds() == Counter(), "a second run changed something"

        payload = largest_payload(check.events + run.events + second.events)
        assert payload <= PAYLOAD
        figures.record(f"{estate}: upgrade.yml --check", round(check.seconds, 1), "s")
        figures.record(f"{estate}: upgrade.yml", round(run.seconds, 1), "s")
        figures.record(f"{estate}: second run", round(second.seconds, 1), "s")
        figures.record(f"{estate}: largest standard input", payload, "bytes", PAYLOAD)


def without_time(status):
    """A status without the simulated clock."""
    return {key: value for key, value in status.items() if key not in ("time", "clock", "now")}


@pytest.mark.xdist_group("discover")
@pytest.mark.parametrize("lab", ["distributed-simple"], indirect=True)
def test_discovery_is_one_command_a_host(lab):
    run = lab.play("discover")
    needed = Counter(event["host"] for event in run.events if "opsmgr.run" not in event["operations"])
    assert set(needed.values()) == {1}
    assert set(needed) == set(run.recap) - {"localhost"}
    figures.record("host facts: WinRM commands a host", max(needed.values()), "", 1)


@pytest.mark.xdist_group("resume")
@pytest.mark.parametrize("after", ["secondary_servers.upgrade", "quiesce.subscriptions"])
def test_a_run_that_is_killed_half_way_and_started_again_finishes(after, tmp_path):
    with Lab("distributed-simple", tmp_path / "lab") as lab:
        process, steps = lab.start_play("upgrade")
        deadline = time.monotonic() + 300
        while not (steps.exists() and after in steps.read_text(encoding="utf-8")):
            assert process.poll() is None, f"it ended before {after}:\n" + process.stdout.read()[-3000:]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        run = lab.play("upgrade")
        assert not_upgraded(lab.status()) == []
        on = {item["name"] for item in lab.status()["subscriptions"] if item["enabled"]}
        assert on == {"Operators by mail", "DBA on call"}
        installers = Counter(
            (event["host"], event["product"])
            for event in lab.record()
            if event["kind"] == "installer" and event["action"] == "upgrade" and event["exit"] == 0
        )
        assert max(installers.values()) == 1, "something was upgraded twice"
        assert run.code == 0


@pytest.mark.xdist_group("resume")
def test_a_phase_out_of_order_does_not_start_and_names_what_must_go_first(tmp_path):
    with Lab("distributed-simple", tmp_path / "lab") as lab:
        for phase, first in (
            ("gateways", "pre_upgrade"),
            ("management_group", "pre_upgrade"),
            ("features", "pre_upgrade"),
        ):
            run = lab.play(phase, expect=2)
            assert run.kinds() == Counter(), f"{phase} changed something"
            assert first in run.output
            assert "Traceback" not in run.output
