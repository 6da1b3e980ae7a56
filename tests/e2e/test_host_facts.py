"""Facts that a rule and the gate need, read over the wire by discovery."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest
import yaml

from .harness import ROOT, Lab

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


FOLDER = "C:\\Program Files\\System Center Operations Manager 2007"


def test_an_open_console_and_an_open_file_are_warned_of(tmp_path):
    estate = yaml.safe_load((ROOT / "tests" / "estates" / "single-simple.yml").read_text(encoding="utf-8"))
    server = next(one for one in estate["servers"] if one["name"] == "OM01")
    server["open_programs"] = [FOLDER + "\\Microsoft.MOM.UI.Console.exe"]
    server["open_files"] = [{"path": FOLDER + "\\Health Service State\\a.log", "by": "ada"}]
    file = tmp_path / "held-open.yml"
    file.write_text(yaml.safe_dump(estate), encoding="utf-8")
    with Lab(str(file), tmp_path / "lab") as lab:
        run = lab.play("plan")
        needed = Counter(event["host"] for event in run.events if "opsmgr.run" not in event["operations"])
        assert set(needed.values()) == {1}
        found = finding(lab, "R67")
    assert (found["outcome"], found["message"]) == ("warn", "Something has the program folders open on OM01.")
    rows = [[str(cell) for cell in row] for row in found["affected"]["rows"]]
    assert rows[0][0] == "OM01" and rows[0][1].startswith("Microsoft.MOM.UI.Console.exe (process ")
    assert rows[0][2] == FOLDER + "\\Microsoft.MOM.UI.Console.exe"
    assert rows[1] == ["OM01", FOLDER + "\\Health Service State\\a.log", "over a share: ada"]
