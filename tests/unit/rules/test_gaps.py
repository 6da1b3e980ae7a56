# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever fact is missing, no rule raises, none passes for want of a fact it names, and none makes the group look worse."""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.module_utils import facts, readiness
from tests.unit.decide.estates import load_estate, public_estates, snapshot_from_estate

AWKWARD = ["'; Remove-Item C:\\ -Recurse #", "<script>alert(1)</script>", "Ümläut-服务器", "a|b`c*d", "\u202e", "  "]


@functools.cache
def whole(name: str) -> Any:
    return snapshot_from_estate(name, agent_hosts="all")


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands that may be absent."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        if "agents" not in path and "files" not in path:
            yield from places(value, (*path, key))


def blanked(name: str, chosen: list[tuple[Any, ...]]) -> Any:
    snapshot = copy.deepcopy(whole(name))
    for path in chosen:
        tree = snapshot
        for key in path[:-1]:
            tree = tree[key] if tree is not None else None
        if tree is not None:
            tree[path[-1]] = None
    return snapshot


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(public_estates()), seed=st.integers(0, 10**9), number=st.integers(1, 12))
def test_facts_that_are_missing_never_make_a_rule_raise(name: str, seed: int, number: int) -> None:
    able = [one for one in places(whole(name)) if one[0] in ("hosts", "group") and len(one) > 1]
    snapshot = blanked(name, random.Random(seed).sample(able, number))
    if facts.validate(snapshot):
        return
    found = readiness.assess(snapshot, {})
    assert found.failed == [], [one.message for one in found.results if one.outcome == "error"]


@pytest.mark.parametrize("name", ["distributed-simple", "single-simple", "no-warehouse", "not-ready"])
def test_a_machine_without_any_fact_blocks_nothing_by_itself(name: str) -> None:
    known = set(readiness.assess(whole(name), {}).blocked_by)
    for host in whole(name)["hosts"]:
        snapshot = copy.deepcopy(whole(name))
        del snapshot["hosts"][host]
        snapshot["unreachable"][host] = "no answer"
        found = readiness.assess(snapshot, {})
        assert found.failed == []
        assert set(found.blocked_by) <= known, (host, found.blocked_by)


def test_the_nodes_of_a_cluster_tell_what_its_virtual_server_does_not() -> None:
    snapshot = copy.deepcopy(whole("distributed-complex-clustered-rms"))
    del snapshot["hosts"]["OMRMSV"]
    found = {one.rule.id: one for one in readiness.assess(snapshot, {}).results}
    assert found["R04"].outcome in ("block", "note") and "OMRMSV" in found["R04"].message


@pytest.mark.parametrize("text", AWKWARD)
def test_names_are_only_names(text: str) -> None:
    estate = load_estate("distributed-simple")
    estate["management_group"] = text
    estate["subscriptions"][0]["name"] = text
    estate["connectors"][0]["name"] = text
    estate["management_packs"][0]["name"] = text
    report = readiness.assess(snapshot_from_estate(estate), {})
    assert report.failed == [] and report.blocked_by == []
    shown = [cell for one in report.results for row in one.rows for cell in row]
    assert text in shown


def test_half_a_snapshot() -> None:
    snapshot = {"schema": 1, "hosts": {}}
    found = readiness.assess(snapshot, {})
    assert found.failed == [] and found.by_outcome("manual")
