# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mistakes in a snapshot are named with their place; a good one comes through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils import facts
from tests.unit.decide import estates


@pytest.fixture(name="snapshot")
def _snapshot() -> dict[str, Any]:
    return estates.snapshot_from_estate("distributed-simple")


def mistake(snapshot: Any) -> str:
    with pytest.raises(facts.SnapshotError) as caught:
        facts.load(snapshot)
    return str(caught.value)


def test_good_snapshots_come_through(snapshot: dict[str, Any]) -> None:
    assert facts.validate(snapshot) == []
    assert facts.load({"schema": 1, "hosts": {}, "group": None})["journal"] == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("schema", 2, "schema: version 2 is not known here"),
        ("schema", 0, "Run playbooks/discover.yml again"),
        ("schema", "1", "schema: expected a whole number"),
        ("hosts", None, "hosts: is missing"),
        ("hosts.RMS01.memory_mb", float("nan"), "hosts.RMS01.memory_mb: expected a number, found the number nan"),
        ("hosts.RMS01.memory_mb", float("inf"), "hosts.RMS01.memory_mb: expected a number, found the number inf"),
        ("hosts.RMS01", [], "hosts.RMS01: expected a mapping, found a list"),
        ("hosts.RMS01.name", None, "hosts.RMS01.name: is missing"),
        (
            "hosts.RMS01.os.service_pack",
            "one",
            "hosts.RMS01.os.service_pack: expected a whole number, found the text 'one'",
        ),
        ("hosts.RMS01.memory_mb", True, "hosts.RMS01.memory_mb: expected a number, found true"),
        ("journal", [{"event": "done", "data": {"duration": [float("nan")]}}], "journal[0].data: expected data without"),
        ("hosts.RMS01.memry_mb", 1, "hosts.RMS01.memry_mb: this key is not known. Did you mean memory_mb?"),
        ("hosts.SQL01.sql", {}, "hosts.SQL01.sql: expected a list"),
        ("hosts.SQL01.services", {"X": 3}, "hosts.SQL01.services.X: expected a mapping"),
        ("group.product", "2016", "group.product: expected '2007 R2' or '2012'"),
        ("group.agents", None, "group.agents: is missing"),
        (
            "group.agents.columns",
            ["name", "nmae"],
            "group.agents.columns: columns version, manual, primary are missing",
        ),
        ("group.agents.rows", 7, "group.agents.rows: expected a list"),
        ("journal", [{"event": "lunch"}], "journal[0].event: expected one of saved"),
        ("inventory", {"RMS01": {"spare": "yes"}}, "inventory.RMS01.spare: expected true or false"),
    ],
)
def test_every_mistake_has_its_place(path: str, value: Any, words: str, snapshot: dict[str, Any]) -> None:
    *parents, last = path.split(".")
    target = snapshot
    for key in parents:
        target = target[key]
    target[last] = value
    assert words in mistake(snapshot)


def test_rows_of_agents_are_checked_by_column(snapshot: dict[str, Any]) -> None:
    rows = snapshot["group"]["agents"]["rows"]
    rows[3][3], rows[4][7], rows[5] = "no", "ms02", rows[5][:4]
    rows[6][0] = None
    text = mistake(snapshot)
    for words in ("rows[3].manual", "rows[4].failover", "rows[5]: expected 10 values", "rows[6].name"):
        assert words in text


def test_what_is_no_snapshot_at_all_is_said() -> None:
    assert "expected a mapping" in mistake([])
    assert "expected a mapping, found nothing" in mistake(None)
    with pytest.raises(facts.SnapshotError, match="snap.json, line 1: is no JSON"):
        facts.parse("{", "snap.json")
    many = {"schema": 1, "hosts": {str(n): {"name": n} for n in range(60)}}
    assert "and 35 more" in mistake(many)


def test_half_read_facts_are_no_mistake(snapshot: dict[str, Any]) -> None:
    for facts_of in snapshot["hosts"].values():
        for key in list(facts_of):
            if key != "name":
                facts_of[key] = None
    assert facts.validate(snapshot) == []


def test_facts_are_put_together(snapshot: dict[str, Any]) -> None:
    entry = {"time": "2", "event": "done", "step": "x"}
    found = facts.assemble(
        snapshot["hosts"], snapshot["group"], {"RMS01": "twice", "GONE": "no answer"}, {"GONE": {"spare": True}},
        [entry, {"time": "1", "event": "saved"}, dict(entry)], "2012-05-12T18:00:00Z", "1.0.0",
    )  # fmt: skip
    assert found["unreachable"] == {"GONE": "no answer"}
    assert [one["time"] for one in found["journal"]] == ["1", "2"]
    assert facts.parse(json.dumps(found)) == found


def test_canonical_json_has_one_form() -> None:
    assert facts.canonical({"b": [1, "ü"], "a": None}) == '{"a":null,"b":[1,"\\u00fc"]}'
    assert facts.digest({"a": 1, "b": 2}) == facts.digest({"b": 2, "a": 1}) and len(facts.digest(1)) == 64
