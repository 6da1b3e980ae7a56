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
from tests.unit.rules.cases import CASES, WAYS, Case, hidden, judged

RED = ("block", "warn", "manual")
#: Cases in which the management group itself, which is still heard, says what the host that is hidden contradicted.
GROUP_SAYS = ("R01", "R23", "R24", "R25")
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


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.outcome in RED], ids=lambda case: f"{case.rule}-{case.outcome}-{case.estate}"
)
def test_no_rule_turns_green_because_a_host_does_not_tell(case: Case) -> None:
    """What a rule finds, or asks a person for, never becomes a pass where a host is hidden; hiding all of them neither."""
    snapshot = case.snapshot()
    for how in WAYS:
        everyone = snapshot
        for host in snapshot["hosts"]:
            everyone = hidden(everyone, host, how)
            if not excused(case, snapshot, host):
                assert_not_green(case, hidden(snapshot, host, how), f"{host} {how}")
        if case.rule not in GROUP_SAYS and "confirmed" not in case.given:
            assert_not_green(case, everyone, f"all {how}")


def excused(case: Case, snapshot: Any, host: str) -> bool:
    """A spare that is not known is no part of the plan any more, whatever was wrong with it; a person's word stands."""
    return (
        case.rule in GROUP_SAYS or "confirmed" in case.given or bool(snapshot["inventory"].get(host, {}).get("spare"))
    )


def assert_not_green(case: Case, snapshot: Any, what: str) -> None:
    (found,) = judged(snapshot, case.given, [case.rule]).results
    assert found.outcome in RED, (what, found.outcome, found.message)


@pytest.mark.parametrize("place", ["opsmgr", "registry.setup", "registry.reporting", "opsmgr.web_console"])
def test_a_host_that_kept_what_is_on_it_to_itself_could_be_anything(place: str) -> None:
    snapshot = copy.deepcopy(whole("distributed-simple"))
    snapshot["hosts"]["WEB01"].update(opsmgr=None, unknown={place: "access denied"})
    found = {one.rule.id: one for one in readiness.assess(snapshot, {}).results}
    for name in ("R28", "R32", "R42", "R43"):
        assert found[name].outcome == "manual" and "WEB01" in str(found[name].rows), name
    assert ("WEB01", "access denied") in found["R42"].rows
    assert "scom_role" in found["R42"].remedy


def test_agents_that_do_not_answer_are_no_possible_servers() -> None:
    snapshot = snapshot_from_estate("distributed-simple", agent_hosts="all")
    known = {one.rule.id: one.outcome for one in readiness.assess(snapshot, {}).results}
    for name in [name for name, entry in snapshot["inventory"].items() if name.startswith(("APP", "DC"))]:
        del snapshot["hosts"][name]
        snapshot["inventory"][name]["fqdn"] = None
        snapshot["unreachable"][name] = "no answer"
    found = {one.rule.id: one.outcome for one in readiness.assess(snapshot, {}).results}
    for name in ("R03", "R05", "R28", "R32", "R42", "R43", "R45", "R50", "R64"):
        assert found[name] == known[name], name
