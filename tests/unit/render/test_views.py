# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each view says, and that each is well-formed in its own format."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.render.digest_types import ReportError
from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from ansible_collections.scom.upgrade.plugins.module_utils.render.json_view import to_json
from ansible_collections.scom.upgrade.plugins.module_utils.render.junit import junit
from ansible_collections.scom.upgrade.plugins.module_utils.render.markdown import markdown
from ansible_collections.scom.upgrade.plugins.module_utils.render.sarif import sarif
from ansible_collections.scom.upgrade.plugins.module_utils.render.summary import summary
from ansible_collections.scom.upgrade.plugins.module_utils.render.text import findings_text, text
from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS, Options, render, render_all, same
from tests.unit.render.sample import finding, findings, plan_of, report_of, step

ESSENTIALS = ("TAILSPIN", "TSMS2", "Distributed upgrade (complex)", "2012 exists for x64 only", "Full-text search is missing",
              "Add full-text search", "TSRMS", "TSGW1")  # fmt: skip


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
@pytest.mark.parametrize("list_agents", [False, True])
def test_text_keeps_to_its_columns(report: dict[str, Any], width: int, list_agents: bool) -> None:
    said = text(report, width, list_agents)
    assert max(map(len, said.splitlines())) <= width
    assert all(line == line.rstrip() for line in said.splitlines())


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_the_essentials_are_in_every_view_for_people(report: dict[str, Any], name: str) -> None:
    said = " ".join(render(name, report).split())
    for word in ESSENTIALS:
        assert word in said, f"{name} lacks {word}"
    assert "point of no return" in said.lower()
    assert re.search("restoring the\\s+operational database", said)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_is_a_pure_function(name: str) -> None:
    assert render(name, report_of()) == render(name, report_of())


@pytest.mark.parametrize("name", sorted(VIEWS))
@pytest.mark.parametrize("plan", [{}, {"phases": []}, {"phases": [{"name": "prepare", "steps": [{"id": "x"}]}]}])
def test_little_to_show_is_shown(name: str, plan: dict[str, Any]) -> None:
    assert render(name, {"plan": plan})


@pytest.mark.parametrize("list_agents", [False, True])
def test_reading_once_gives_the_same_as_reading_for_each(list_agents: bool) -> None:
    given = Options(list_agents=list_agents)
    assert render_all(VIEWS, report_of(), given) == {name: render(name, report_of(), given) for name in VIEWS}


def test_an_unknown_view_names_the_known_ones(report: dict[str, Any]) -> None:
    with pytest.raises(ReportError, match="known: text, markdown"):
        render("pdf", report)


def test_how_long_rules_took_is_no_difference() -> None:
    slower = [{**one, "seconds": 2.5} for one in findings()]
    for name in VIEWS:
        assert same(name, render(name, report_of()), render(name, report_of(findings=slower))), name
    assert not same("json", render("json", report_of()), render("json", report_of(findings=[])))


def test_json_is_canonical_and_leaves_the_snapshot_out(report: dict[str, Any]) -> None:
    report["snapshot"] = {"schema": 1}
    said = to_json(report)
    found = json.loads(said)
    assert "snapshot" not in found
    assert found["plan"] == report["plan"]
    assert said.isascii()
    assert said == json.dumps(found, sort_keys=True, indent=2) + "\n"


def test_the_summary_adds_up(report: dict[str, Any]) -> None:
    told = summary(report)
    assert told["verdict"] == "blocked"
    assert told["blockers"] == ["R07", "R38", "No spare can take over from TSX."]
    assert told["obstacles"] == [{"rule": "R05", "text": "No spare can take over from TSX.", "remedy": "Add one."}]
    assert told["by_hand"] == ["prepare.database", "post_upgrade.leave.TSRMS"] == told["left_to_people"]
    assert told["waived"] == ["R34"]
    assert sum(told["outcomes"].values()) == len(report["findings"])
    assert sum(phase["steps"]["total"] for phase in told["phases"]) == told["steps"]["total"]
    assert told["points_of_no_return"] == ["management_group.upgrade"]
    assert told["critical_path"][-1] == "post_upgrade.health"
    assert told["elapsed"]["low"] < told["elapsed"]["likely"] < told["elapsed"]["high"]


def test_junit_has_one_case_a_rule_and_counts_that_hold(report: dict[str, Any]) -> None:
    for fail_on, failures in (("block", 2), ("warn", 4)):
        tree = ElementTree.fromstring(junit(report, fail_on).encode())
        suite = tree.find("testsuite")
        assert tree.tag == "testsuites" and suite is not None
        cases = suite.findall("testcase")
        assert len(cases) == len(report["findings"]) + 1 == int(suite.attrib["tests"])
        assert cases[-1].attrib["name"] == "Obstacle: No spare can take over from TSX."
        assert len(suite.findall("testcase/failure")) == failures == int(suite.attrib["failures"])
        assert len(suite.findall("testcase/error")) == 1 == int(suite.attrib["errors"])
        assert len(suite.findall("testcase/skipped")) == 3 == int(suite.attrib["skipped"])
        assert [child.tag for child in suite] == ["properties"] + ["testcase"] * len(cases)
    message = tree.find(".//testcase[@name='R34 The database upgrade was not rehearsed']/skipped")
    assert message is not None and "dba@tailspin.test" in message.attrib["message"]
    with pytest.raises(ReportError, match="fail_on"):
        junit(report, "everything")


def test_sarif_has_the_structure_the_standard_asks_for(report: dict[str, Any]) -> None:
    report["findings"][1]["affected"]["rows"] *= 2
    found = json.loads(sarif(report))
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(report["findings"]) + 1
    assert run["results"][-1]["level"] == "error" and "No spare can take over" in run["results"][-1]["message"]["text"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] in ("pass", "open", "informational", "notApplicable", "review", "fail")
        assert (result["kind"] == "fail") == (result["level"] in ("error", "warning", "note"))
        assert result["message"]["text"]
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["finding/v1"])
        for location in result["locations"]:
            objects = [json.dumps(one, sort_keys=True) for one in location["logicalLocations"]]
            assert len(set(objects)) == len(objects)
            assert location["physicalLocation"]["artifactLocation"]["index"] < len(run["artifacts"])
    by_rule = {result["ruleId"]: result for result in run["results"]}
    assert by_rule["R34"]["suppressions"][0]["kind"] == "external"
    assert by_rule["R07"]["locations"][0]["logicalLocations"][1]["name"] == "TSDB"
    assert len(by_rule["R22"]["locations"][0]["logicalLocations"]) == 101
    assert run["invocations"][0]["executionSuccessful"] is False


def test_findings_alone_can_be_shown() -> None:
    said = findings_text(findings(), 80)
    assert "1 blocking" in said and "→ Add full-text search to the instance" in said and "R01" not in said
    assert findings_text([], 80) == "Findings   no rule was run\n"


def test_markdown_names_what_must_stand_before_the_point_of_no_return(report: dict[str, Any]) -> None:
    said = markdown(report)
    part = said[said.index("## Point of no return") : said.index("## Readiness")]
    assert "Back up the operational database again" in part


SELECTED = {"left_out": ["R72", "R73"], "kept": ["R09", "R11"]}


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_every_view_tells_which_rules_did_not_run_and_which_ran_anyway(report: dict[str, Any], name: str) -> None:
    said = " ".join(render(name, {**report, "readiness": SELECTED}).split())
    if name == "json":
        assert json.loads(said)["summary"]["left_out"] == SELECTED["left_out"]
        assert json.loads(said)["summary"]["kept"] == SELECTED["kept"]
        return
    assert "R72, R73 did not run, as the selection asks" in said
    assert "R09, R11 ran although the selection leaves them out" in said


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_what_is_in_the_way_stands_by_the_verdict(report: dict[str, Any], name: str) -> None:
    said = " ".join(re.sub("<[^>]+>", " ", render(name, report)).replace("**", "").split())
    verdict = said.index("NOT READY")
    assert "2 findings and 1 obstacle must be cleared" in said[verdict:]
    assert 0 < said.index("No spare can take over from TSX", verdict) - verdict < 200
    assert "Add one." in said[verdict : verdict + 300]


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_no_view_says_ready_where_no_rule_was_run(name: str) -> None:
    said = render(name, {"plan": plan_of([step("prepare.a", "x", "A", [], 1)])})
    assert not re.search(r"\bREADY\b", said) and '"verdict": "ready"' not in said
    assert re.search("no rule was run|No rule was run|unjudged", said)
    if name == "junit":
        assert ElementTree.fromstring(said.encode()).attrib["errors"] == "1"
    if name == "sarif":
        assert json.loads(said)["runs"][0]["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_no_view_says_ready_of_a_plan_that_only_assumes_a_machine(name: str) -> None:
    plan = plan_of([step("prepare.a", "x", "A", [], 1)], assumed=["NEWMS"])
    said = render(name, {"plan": plan, "findings": [finding("R01", "pass", "x")]})
    assert not re.search(r"\bREADY\b", said) and '"verdict": "ready"' not in said
    assert re.search("WHAT IF|what_if", said) and "NEWMS" in said


def test_evidence_stands_beside_the_point_of_no_return(report: dict[str, Any]) -> None:
    proofs = [
        {"name": "backup", "holds": True, "text": "A verified backup is 2 hours old.", "remedy": ""},
        {"name": "media", "holds": False, "text": "setup.exe is not seen.", "remedy": "Copy the media there."},
    ]
    report["evidence"] = {"management_group.upgrade": proofs}
    for show in (html, markdown):
        said = " ".join(re.sub("<[^>]+>", " ", show(report)).split()).replace("\\", "")
        assert "A verified backup is 2 hours old." in said and "Copy the media there." in said
    del report["evidence"]
    for show in (html, markdown):
        assert "A backup of the encryption key, newer than the last update" in show(report)


def test_another_plan_than_the_approved_one_is_called_so(report: dict[str, Any]) -> None:
    report["approval"] = {**report["approval"], "hash": "ab" * 32}
    assert "ANOTHER PLAN" in text(report)
    assert "ANOTHER plan was approved" in html(report)


def test_the_page_is_self_contained(report: dict[str, Any]) -> None:
    page = html(report)
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"\sstyle=", page)


def test_agents_are_counted_in_the_page_and_named_when_asked() -> None:
    report = report_of(manual=300, pushed=5900)
    page = html(report)
    assert "C0299" not in page and "300 manually installed agents" in page and "5,900 pushed agents" in page
    assert "C0299" in html(report, list_agents=True)


def test_views_are_fast_and_small_enough_for_many_agents() -> None:
    """15,000 agents, half of them installed by hand: all views in a few seconds, the page below two megabytes."""
    report = report_of(manual=7500, pushed=7500)
    started = time.process_time()
    sizes = {name: len(said) for name, said in render_all(VIEWS, report, Options()).items()}
    spent = time.process_time() - started
    assert sizes["html"] < 2_000_000
    assert spent < 10, f"{spent:.1f} s"
