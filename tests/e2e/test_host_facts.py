"""Facts that a rule and the gate need, read over the wire by discovery."""

from __future__ import annotations

import hashlib
import json

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("host-facts")]


def finding(lab, rule):
    """A finding of the last plan."""
    with open(lab.reports / "upgrade-plan.json", encoding="utf-8") as file:
        findings = json.load(file)["findings"]
    return next(one for one in findings if one["id"] == rule)


def settings(**hashes):
    """The setting of expected hashes as extra variables."""
    return "-e", json.dumps({"scom_upgrade_settings": {"media_hashes": hashes}})


def test_a_hash_that_differs_stops_before_anything_changes(lab):
    right = hashlib.sha256(b"MZsetup.exe").hexdigest()
    lab.play("plan", *settings(**{"SETUP.EXE": right.upper()}))
    with open(lab.reports / "snapshot.json", encoding="utf-8") as file:
        files = json.load(file)["hosts"]["OM01"]["media"]["files"]
    assert files["setup.exe"]["sha256"] == right
    assert finding(lab, "R68")["outcome"] == "pass"

    lab.play("plan", *settings(**{"setup.exe": "0" * 64}))
    found = finding(lab, "R68")
    assert (found["outcome"], found["message"]) == ("block", "Media differs from its expected hash on OM01.")
    run = lab.play("upgrade", *settings(**{"setup.exe": "0" * 64}), expect=2)
    assert not run.kinds()
    assert "R68 The media is there and is what it should be: Media differs from its expected hash on OM01." in run.output
