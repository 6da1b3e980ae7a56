# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`upgrade_report` as Ansible runs it: predicts, writes, repeats without a change, says what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.render.sample import report_of

ROOT = Path(__file__).resolve().parents[3]
MODULE = "ansible_collections.scom.upgrade.plugins.modules.upgrade_report"
ENDINGS = [".html", ".txt", ".md", ".json", ".junit.xml", ".sarif"]


def run(**arguments: Any) -> dict[str, Any]:
    """The module's result, in a process of its own."""
    given = {"ANSIBLE_MODULE_ARGS": {"_ansible_remote_tmp": arguments.pop("tmp", "."), **arguments}}
    path = os.pathsep.join([str(ROOT / "playbooks" / "collections"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def test_check_apply_repeat(tmp_path: Path) -> None:
    dest = tmp_path / "reports"
    given = {"report": report_of(), "dest": str(dest), "tmp": str(tmp_path)}

    predicted = run(**given, _ansible_check_mode=True, _ansible_diff=True)
    assert predicted["changed"] and not dest.exists()

    written = run(**given)
    assert written["changed"] and {one["path"] for one in predicted["files"]} == {
        one["path"] for one in written["files"]
    }
    assert sorted(path.name for path in dest.iterdir()) == sorted("upgrade-plan" + ending for ending in ENDINGS)
    assert all((dest / Path(one["path"]).name).stat().st_size == one["size"] for one in written["files"])
    assert written["summary"]["verdict"] == "blocked"
    assert written["text"].startswith("TAILSPIN")

    before = {path: path.stat().st_mtime_ns for path in dest.iterdir()}
    for check in (False, True):
        again = run(**given, _ansible_check_mode=check)
        assert not again["changed"] and not any(one["changed"] for one in again["files"])
    assert before == {path: path.stat().st_mtime_ns for path in dest.iterdir()}


def test_the_difference_is_shown_and_only_what_changed_is_written(tmp_path: Path) -> None:
    given = {"dest": str(tmp_path), "tmp": str(tmp_path), "formats": ["text", "junit"], "name": "plan"}
    run(report=report_of(), **given)
    other = report_of()
    other["plan"]["management_group"] = "OTHER"
    changed = run(report=other, **given, _ansible_diff=True)
    assert [Path(one["before_header"]).name for one in changed["diff"]] == ["plan.txt", "plan.junit.xml"]
    assert "TAILSPIN" in changed["diff"][0]["before"] and "OTHER" in changed["diff"][0]["after"]


def test_a_report_can_be_read_back_from_its_json(tmp_path: Path) -> None:
    run(report=report_of(), dest=str(tmp_path), tmp=str(tmp_path), formats=["json", "html"])
    page = (tmp_path / "upgrade-plan.html").read_text(encoding="utf-8")
    found = run(
        report_file=str(tmp_path / "upgrade-plan.json"), dest=str(tmp_path / "b"), tmp=str(tmp_path), formats=["html"]
    )
    assert found["changed"]
    assert (tmp_path / "b" / "upgrade-plan.html").read_text(encoding="utf-8") == page


def test_permissions(tmp_path: Path) -> None:
    given = {"report": report_of(), "dest": str(tmp_path), "tmp": str(tmp_path), "formats": ["text"], "mode": "0600"}
    assert run(**given)["changed"]
    assert (tmp_path / "upgrade-plan.txt").stat().st_mode & 0o777 == 0o600
    assert not run(**given)["changed"]
    assert run(**{**given, "mode": "0640"})["changed"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"report": {"plan": {"phases": [5]}}}, "plan.phases[0]: expected a mapping"),
        ({"report_file": "nowhere.json"}, "nowhere.json"),
        ({"path": "nowhere.json"}, "nowhere.json"),
        ({}, "one of the following is required"),
        ({"report": {}, "report_file": "x"}, "mutually exclusive"),
        ({"report": {"plan": {}}, "name": "../x"}, "name: expected a file name without a folder"),
        ({"report": {"plan": {}}, "formats": ["pdf"]}, "value of formats must be one or more of"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    failed = run(dest=str(tmp_path / "x"), tmp=str(tmp_path), **given)
    assert failed["failed"] and said in failed["msg"]
    assert not (tmp_path / "x").exists()


def test_its_documentation_and_its_arguments_agree() -> None:
    import yaml

    from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS
    from ansible_collections.scom.upgrade.plugins.modules import upgrade_report

    options = yaml.safe_load(upgrade_report.DOCUMENTATION)["options"]
    assert set(options["formats"]["choices"]) == set(upgrade_report.FORMATS) == set(VIEWS)
