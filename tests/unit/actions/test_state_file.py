"""A file of the controller beside the journal: kept, found again, and never mistaken for another. And the journal itself."""

from __future__ import annotations

import hashlib

import pytest

HOST = "OM01"
pytestmark = pytest.mark.parametrize("bench", ["single-simple"], indirect=True)


@pytest.fixture()
def kept(bench, tmp_path):
    """A file that was kept on the server."""
    path = tmp_path / "approved-plan.json"
    path.write_text('{"plan": "' + "x" * 50_000 + '"}\n', encoding="utf-8")
    bench.quartet("state_file", HOST, path=str(path), state="kept")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_the_controller_lost_comes_back(bench, kept):
    path, digest = kept
    content = path.read_bytes()
    path.unlink()
    recorded = len(bench.events())
    found = bench.run("state_file", HOST, path=str(path), state="fetched", sha256=digest)
    assert (found["found"], found["sha256"], found["changed"]) == (True, digest, False)
    assert path.read_bytes() == content
    assert bench.events()[recorded:] == []


def test_the_server_is_not_asked_for_what_the_controller_has(bench, kept):
    path, digest = kept
    assert bench.run("state_file", HOST, path=str(path), state="fetched", sha256=digest)["found"]
    assert bench.connection.commands == 0


def test_another_file_is_not_taken_for_the_one_that_was_kept(bench, kept):
    path, _digest = kept
    found = bench.run("state_file", HOST, path=str(path), state="fetched", sha256="0" * 64)
    assert not found["found"] and "another" in found["reason"]


def test_a_file_that_nobody_has_is_said_to_be_missing(bench, tmp_path):
    found = bench.run("state_file", HOST, path=str(tmp_path / "nothing.json"), state="fetched")
    assert not found["found"] and "nothing.json" in found["reason"] and not found.get("failed")
    lost = bench.run("state_file", HOST, path=str(tmp_path / "nothing.json"), state="kept")
    assert lost["failed"] and "nothing.json" in lost["msg"]


def entry(event, data, by=None, step=None):
    """An entry for the journal."""
    return {"step": step, "event": event, "data": data, "by": by}


def test_the_journal_keeps_every_change_of_mind_about_an_approval(bench):
    first, second = entry("approved", {"hash": "a" * 64}, "A"), entry("approved", {"hash": "b" * 64}, "A")
    assert [bench.run("journal", HOST, entries=[one])["changed"] for one in (first, first, second, first)] == [
        True,
        False,
        True,
        True,
    ]
    other = bench.run("journal", HOST, entries=[entry("approved", {"hash": "a" * 64}, "B")])
    assert other["changed"] and [one["by"] for one in other["entries"]] == ["A", "A", "A", "B"]


def test_other_entries_are_written_once(bench):
    saved = entry("saved", {"subscriptions": []}, step="quiesce.subscriptions")
    assert [bench.run("journal", HOST, entries=[one])["changed"] for one in (saved, entry("started", {}), saved)] == [
        True,
        True,
        False,
    ]
