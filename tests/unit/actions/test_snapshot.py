"""The snapshot of a run, and what it takes over from the one that is there."""

from __future__ import annotations

import copy
import json

import pytest

from tests.unit.decide.estates import snapshot_from_estate

TRIED = {"ports": [{"from": "MS02", "to": "SQL01", "port": 1433, "open": True, "error": None}], "accounts": [], "sql": []}
LATER = "2012-05-13T06:00:00Z"


@pytest.fixture
def parts():
    """What discovery gives the action, from an estate."""
    whole = snapshot_from_estate("distributed-simple")
    return {key: whole[key] for key in ("hosts", "group", "inventory", "collected")}


def write(bench, dest, parts, check=False, **more):
    """Run the action; its result."""
    return bench.run("snapshot", "RMS01", check=check, dest=str(dest), **copy.deepcopy(parts), **more)


def read(dest):
    return json.loads(dest.read_text(encoding="utf-8"))


def test_what_was_tried_has_the_time_of_its_facts_and_outlives_later_discoveries(bench, tmp_path, parts):
    dest = tmp_path / "snapshot.json"
    write(bench, dest, parts)
    assert read(dest)["probes"] is None
    write(bench, dest, parts, probes=TRIED)
    assert read(dest)["probes"] == {**TRIED, "collected": parts["collected"]}
    write(bench, dest, {**parts, "collected": LATER})
    assert (read(dest)["collected"], read(dest)["probes"]["collected"]) == (LATER, parts["collected"])
    write(bench, dest, {**parts, "collected": LATER}, probes={"ports": []})
    assert read(dest)["probes"] == {"ports": [], "collected": LATER}


def test_what_was_tried_in_another_group_is_not_taken_over(bench, tmp_path, parts):
    dest = tmp_path / "snapshot.json"
    write(bench, dest, parts, probes=TRIED)
    write(bench, dest, {**parts, "group": {**parts["group"], "name": "ANOTHER"}})
    assert read(dest)["probes"] is None


def test_an_unreadable_file_is_replaced(bench, tmp_path, parts):
    dest = tmp_path / "snapshot.json"
    dest.write_text("{half", encoding="utf-8")
    write(bench, dest, parts)
    assert read(dest)["probes"] is None


def test_check_mode_writes_nothing(bench, tmp_path, parts):
    result = write(bench, tmp_path / "snapshot.json", parts, check=True)
    assert result["changed"] and not (tmp_path / "snapshot.json").exists()


def test_answers_of_the_wrong_shape_are_named(bench, tmp_path, parts):
    with pytest.raises(Exception, match=r"probes\.ports\[0\]\.port: expected a whole number"):
        write(bench, tmp_path / "snapshot.json", parts, probes={"ports": [{"from": "A", "to": "B", "port": "1433"}]})
