# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters: each works, is documented under its own name with the options it takes, and fails as a filter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.scom.upgrade.plugins.filter.plan_views import FilterModule
from tests.unit.render.sample import findings, report_of

FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "filter"
FILTERS: dict[str, Any] = FilterModule().filters()


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_it_takes_a_report(name: str) -> None:
    assert FILTERS[name](report_of())


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_it_takes_every_option_its_page_names(name: str) -> None:
    page = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    document = page["DOCUMENTATION"]
    assert document["name"] == name
    options = {key: value["default"] for key, value in document["options"].items() if key != "_input"}
    assert FILTERS[name](report_of(), **options) == FILTERS[name](report_of())
    assert FILTERS[name](report_of(), *(options[key] for key in document.get("positional", "").split(", ") if key))
    assert f"scom.upgrade.{name}" in page["EXAMPLES"]


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_nonsense_is_an_error_of_the_filter(name: str) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a"):
        FILTERS[name](5)


def test_findings_filters_take_a_list_or_what_the_rules_returned() -> None:
    for given in (findings(), {"findings": findings(), "blocked": True}, report_of(path={})):
        assert "1 blocking" in FILTERS["findings_text"](given)
        assert len(ElementTree.fromstring(FILTERS["findings_junit"](given)).findall(".//testcase")) == 9
        assert len(json.loads(FILTERS["findings_sarif"](given))["runs"][0]["results"]) == 9


def test_findings_filters_tell_which_rules_did_not_run() -> None:
    returned = {"findings": findings(), "left_out": ["R72", "R73"], "kept": ["R09"]}
    said = FILTERS["findings_text"](returned)
    assert "Left out   R72, R73 did not run" in said and "Run anyway R09 ran although" in said
    for name in ("findings_junit", "findings_sarif"):
        said = FILTERS[name](returned)
        assert "R72" in said and "R09 ran although the selection leaves it out" in said
