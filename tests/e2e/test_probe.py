"""What reading cannot tell is tried: ports and accounts, and every plan judges the answers until they are old."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from .harness import Lab

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("probe")]

PASSWORD = "wrong-on-purpose"


def snapshot(lab):
    """The snapshot that is there now."""
    return json.loads((lab.reports / "snapshot.json").read_text(encoding="utf-8"))


def findings(lab):
    """Outcome and message of the rules that judge what was tried, as the last plan has them."""
    with open(lab.reports / "upgrade-plan.json", encoding="utf-8") as file:
        found = json.load(file)["findings"]
    return {one["id"]: (one["outcome"], one["message"]) for one in found if one["id"] in ("R69", "R70")}


def upgraded(status):
    """The world without its clock and its counters of commands."""
    return {key: value for key, value in status.items() if key in ("servers", "agents", "databases", "subscriptions")}


def test_ports_and_accounts_are_tried_and_judged(tmp_path):
    with Lab("distributed-simple", tmp_path / "lab") as lab:
        lab.play("plan")
        assert {name: outcome for name, (outcome, _text) in findings(lab).items()} == {"R69": "manual", "R70": "manual"}
        plan = json.loads((lab.reports / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]["hash"]
        before = upgraded(lab.status())

        # A dry run tries no log-on and keeps nothing.
        dry = lab.play("probe", check=True)
        assert (dry.kinds(), snapshot(lab)["probes"]) == (Counter(), None)

        lab.fault("add", "--host", "SQL01", "--operation", "tcp:1433", "--effect", "drop", "--count", "0")
        lab.play("probe")
        lab.play("plan")
        assert findings(lab)["R70"] == ("warn", "Closed: MS02 to SQL01, MS03 to SQL01 and RMS01 to SQL01.")
        lab.fault("clear")

        run = lab.play("probe")
        assert upgraded(lab.status()) == before
        assert set(run.kinds()) == {"file", "task"}, "jobs come, and leave nothing behind"
        lab.play("plan")
        assert findings(lab)["R69"] == ("pass", "Every account logs on and has its rights.")
        outcome, text = findings(lab)["R70"]
        assert outcome == "manual" and text.startswith("Not tried"), "the warehouse's named instance has no port of its own"
        assert json.loads((lab.reports / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]["hash"] == plan, (
            "what was tried changes no step"
        )


def test_a_wrong_password_is_refused_once_and_stops_the_upgrade_before_anything_changes(tmp_path):
    with Lab("distributed-simple", tmp_path / "lab") as lab:
        wrong = "-e", json.dumps({"scom_upgrade_account_password": PASSWORD})
        probe = lab.play("probe", *wrong, "-vvv")
        refused = [one for one in snapshot(lab)["probes"]["accounts"] if one["logs_on"] is False]
        assert [(one["host"], one["input"]) for one in refused] == [("RMS01", "account")]
        assert PASSWORD not in probe.output.replace(wrong[1], ""), "a password is never shown"

        run = lab.play("upgrade", *wrong, expect=2)
        assert not run.kinds() and "R69 Accounts for the upgrade" in run.output, run.tail()

        lab.play("probe")
        lab.play("plan")
        assert findings(lab)["R69"][0] == "pass"
