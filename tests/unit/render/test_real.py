# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The real plans of all public estates, in every view, against the published schemas."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache
from html import unescape
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude
from ansible_collections.scom.upgrade.plugins.module_utils.gate import NotYet, gate
from ansible_collections.scom.upgrade.plugins.module_utils.render.compose import compose
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest import read_report
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest_types import ReportError
from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from ansible_collections.scom.upgrade.plugins.module_utils.render.machines import fates
from ansible_collections.scom.upgrade.plugins.module_utils.render.summary import summary
from ansible_collections.scom.upgrade.plugins.module_utils.render.topology_facts import topologies
from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS, render_all
from tests.unit.decide.estates import inputs_from_estate, load_estate, public_estates, snapshot_from_estate
from tests.unit.render.test_hostile import check_page
from tests.unit.render.test_schemas import errors

ESTATES = public_estates()


@cache
def report(estate: str) -> dict[str, Any]:
    return compose(snapshot_from_estate(estate), inputs_from_estate(estate, window=8 * 3600))


CIRCLE = "These gateways report to each other in a circle: GW01, GW02."


def circle() -> dict[str, Any]:
    """Two gateways that report to each other: a plan could be wrong, and no rule blocks."""
    estate = load_estate("distributed-simple")
    gateway = next(one for one in estate["servers"] if one["name"] == "GW01")
    gateway["reports_to"] = "GW02"
    estate["servers"].append({**gateway, "name": "GW02", "reports_to": "GW01"})
    return compose(snapshot_from_estate(estate), inputs_from_estate(estate))


def unasked() -> dict[str, Any]:
    """A group that could not be asked, so that nothing is known of what is to be done."""
    snapshot = {**snapshot_from_estate("distributed-simple"), "group": None}
    return compose(snapshot, inputs_from_estate("distributed-simple"))


@pytest.mark.parametrize(
    ("made", "said", "remedy"),
    [
        (circle, CIRCLE, "Give one of them a management server as its parent."),
        (unasked, "The management group itself could not be asked.", "Make the root management server reachable"),
    ],
)
def test_what_stops_the_gate_is_in_every_view(made: Callable[[], dict[str, Any]], said: str, remedy: str) -> None:
    found = made()
    with pytest.raises(NotYet, match=re.escape(said)):
        gate(found["snapshot"], found["plan"]["inputs"], phase="pre_upgrade", steps=())
    told = summary(found)
    assert told["verdict"] == "blocked" and said in told["blockers"]
    for name, view in render_all(VIEWS, found).items():
        view = " ".join(unescape(view).replace("\\", "").split())
        assert "READY:" not in view.replace("NOT READY:", ""), name
        assert "NOTHING TO DO" not in view, name
        assert said in view and remedy in view, name


def test_the_views_judge_as_the_gate_does() -> None:
    """One way from facts to verdict: the report is what every phase concludes before it starts."""
    for estate in ("distributed-simple", "not-ready"):
        concluded = conclude(snapshot_from_estate(estate), inputs_from_estate(estate, window=8 * 3600)).to_dict()
        mine = report(estate)
        assert {**mine["plan"], "findings": None} == {**concluded["plan"], "findings": None}
        assert mine["readiness"].keys() == concluded["readiness"].keys()


def test_what_no_role_carries_out_is_by_hand_in_every_view() -> None:
    found = report("distributed-complex-32bit")
    told = summary(found)
    prepare = next(phase for phase in found["plan"]["phases"] if phase["name"] == "prepare")
    mine = {step["id"] for step in prepare["steps"]}
    assert mine and mine <= set(told["left_to_people"]) <= set(told["by_hand"])
    shown = render_all(VIEWS, found)
    assert "READY, PARTLY BY HAND" in shown["text"]
    for name in ("text", "markdown", "html", "junit"):
        assert f"plans {len(told['left_to_people'])} steps ({len(mine)} in Prepare servers" in " ".join(
            shown[name].replace("\\", "").split()
        ), name
    page = words_of(shown["html"])
    for sentence in (
        "Who does what",
        "First a person does every step of the phase Prepare servers.",
        "is run by a person",
        "A person does, by hand",
        "The collection does",
    ):
        assert sentence in page, sentence
    rows = shown["html"][shown["html"].index('id="steps"') :]
    assert rows.count('<span class="tag is-hand">by hand</span>') >= len(mine)
    assert len(re.findall(r" by hand↓? ", shown["text"])) >= len(told["by_hand"])


def test_nobody_is_told_of_work_by_hand_where_there_is_none() -> None:
    page = html(report("single-simple"))
    assert summary(report("single-simple"))["by_hand"] == []
    assert 'id="who"' not in page and 'href="#who"' not in page


def words_of(page: str) -> str:
    """What a reader of the page reads, drawings included."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style)>.*?</\1>", "", page))).split())


@pytest.mark.parametrize("estate", ESTATES)
def test_plans_and_findings_validate(estate: str) -> None:
    assert errors("plan", report(estate)["plan"]) == []
    assert errors("findings", report(estate)["findings"]) == []


@pytest.mark.parametrize("estate", ESTATES)
def test_every_view_shows_it(estate: str) -> None:
    shown = render_all(VIEWS, report(estate))
    assert max(map(len, shown["text"].splitlines())) <= 100
    check_page(shown["html"])
    said = words_of(shown["html"])
    for phase in report(estate)["plan"]["phases"]:
        for step in phase["steps"]:
            if step["kind"] not in ("agent.upgrade", "acs_forwarder.enable"):
                assert step["title"] in said


@pytest.mark.parametrize("estate", ESTATES)
def test_the_summary_agrees_with_plan_and_readiness(estate: str) -> None:
    told, plan = summary(report(estate)), report(estate)["plan"]
    for mine, theirs in (("elapsed", "total"), ("downtime", "downtime")):
        assert told[mine] == pytest.approx(plan["estimate"][theirs], abs=60)
    assert told["fits"] == plan["estimate"]["fits"]
    assert set(told["critical_path"]) <= set(plan["estimate"]["critical_path"]) or told["elapsed"]["likely"] == 0
    assert (told["verdict"] == "blocked") == report(estate)["readiness"]["blocked"]
    assert told["blockers"] == report(estate)["readiness"]["blocked_by"]


@pytest.mark.parametrize("estate", ESTATES)
def test_no_machine_and_no_agent_is_lost_between_the_pictures(estate: str) -> None:
    digest = read_report(report(estate))
    before, after = topologies(digest)
    assert before and after
    assert {one.name for one in before.machines} == {one.name for one in after.machines}
    counts = [sum(one.agent_count for one in picture.machines) for picture in (before, after)]
    assert counts[0] == counts[1] == len(report(estate)["snapshot"]["group"]["agents"]["rows"])
    left = {one.name for one in after.machines if "left" in one.marks}
    assert left == set(digest.retire)
    assert not any(one.agent_count for one in after.machines if "left" in one.marks)
    assert "" not in after.gateways(), "a gateway hangs below no server"
    holders = [one.name for one in after.machines if "run_from" in one.marks]
    assert holders == [digest.run_from] and [one.name for one in after.machines if "emulator" in one.marks] == holders
    for role in ("operational_database", "data_warehouse"):
        assert sum(role in one.roles for one in after.machines) == 1, role
    assert all(fate.sentence for fate in fates(digest, before, after) if fate.before)


def test_the_page_of_the_complex_group_explains_itself() -> None:
    """To a reader who has only the page: why complex, what happens to each machine, where there is no way back."""
    page = html(report("distributed-complex-32bit"))
    said = words_of(page)
    for sentence in (
        "Distributed upgrade (complex)",
        "TSRMS runs on x86; the root management server of 2012 exists for x64 only.",
        "TSDB has SQL Server 2005",
        "TSMS2 is a secondary management server that meets the minimum.",
        "Point of no return",
        "The only way back: Restore the operational database",
        "Runs the upgrade of the group. Becomes the RMS emulator.",
        "Joins the group: management server.",
        "Joins the group: gateway.",
        "Joins the group: operational database.",
        "Hands over: operational database. NEWDB takes over: operational database.",
        "Leaves the group. TSMS2 takes over: management server and console.",
        "Why: TSGW1 runs on x86; the gateway of 2012 exists for x64 only.",
        "Why there is no way back: setup converts the databases of the group",
        "Leaves the group.",
        "33 agents: 24 pushed, 9 manual",
    ):
        assert sentence in said, sentence
    machines = page[page.index('id="machines"') : page.index('id="timeline"')]
    for name in ("TSRMS", "TSMS1", "TSMS2", "TSGW1", "TSDB", "TSDW", "NEWMS", "NEWGW", "NEWDB"):
        assert f'<th scope="row">{name}</th>' in machines
    steps = page[page.index('id="steps"') : page.index('id="findings"')]
    assert steps.index("▼ Point of no return ▼") < steps.index('id="step-management_group.upgrade"')


def test_facts_that_cannot_be_used_are_named() -> None:
    snapshot = snapshot_from_estate("single-simple")
    for given, inputs, said in (
        ([], {}, "expected a mapping"),
        ({**snapshot, "schema": 7}, {}, "version 7 is not known here"),
        (snapshot, {"scom_upgrade_media": 1}, "did you mean scom_upgrade_media_path?"),
        (snapshot, {"rules": ["R999"]}, "R999"),
        (snapshot, {"waivers": [{"rule": "R34"}]}, "owner"),
    ):
        with pytest.raises(ReportError, match=re.escape(said)):
            compose(given, inputs)
    with pytest.raises(ReportError, match=r"report\.snapshot"):
        html({"plan": {"phases": []}, "snapshot": {"schema": 1, "hosts": {}, "group": {"name": 5}}})


@pytest.mark.slow
@pytest.mark.parametrize("agents", [1_000, 15_000])
def test_all_views_of_a_large_group(agents: int) -> None:
    """Facts to findings, path, plan and all views, on one core; the page stays small because agents are counted."""
    estate = load_estate("distributed-complex-32bit")
    pushed, manual = estate["agents"][1], estate["agents"][2]
    estate["agents"] = [
        {**pushed, "name": f"B[00001:{agents * 4 // 5:05}]"},
        {**manual, "name": f"C[00001:{agents // 5:05}]"},
    ]
    snapshot, inputs = snapshot_from_estate(estate), inputs_from_estate(estate)
    started = time.process_time()
    found = compose(snapshot, inputs)
    planned = time.process_time()
    shown = render_all(VIEWS, found)
    drawn = time.process_time()
    assert len(shown["html"]) < 2_000_000
    assert drawn - planned < 6, f"views took {drawn - planned:.1f} s"
    assert drawn - started < 30, f"all took {drawn - started:.1f} s"
    assert f"{agents:,} agents" in shown["html"]
