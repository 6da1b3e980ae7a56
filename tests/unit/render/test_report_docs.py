# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The queries in ``docs/report.md`` run on a real report, and what it names exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml
from ansible.vars.reserved import get_reserved_names

from ansible_collections.scom.upgrade.plugins.filter.plan_views import FilterModule
from ansible_collections.scom.upgrade.plugins.module_utils.render.json_view import to_json
from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS
from tests.unit.render.sample import report_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```jmespath\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def document() -> Any:
    """The JSON view of a report."""
    return json.loads(to_json(report_of()))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_something(document: Any, query: str) -> None:
    assert jmespath.search(query, document), query


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 10


def test_the_playbook_examples_are_yaml_and_their_query_runs(document: Any) -> None:
    tasks = [task for block in re.findall(r"```yaml\n(.*?)\n```", PAGE, re.DOTALL) for task in yaml.safe_load(block)]
    reserved = {"query", *get_reserved_names()}  # older cores do not reserve the names of Jinja's functions
    queries = [query for task in tasks for query in task.get("vars", {}).values()]
    assert queries and all(jmespath.search(query, document["plan"]) for query in queries)
    assert not any(name in reserved for task in tasks for name in task.get("vars", {})), "ansible-core warns of these"


def test_every_view_and_filter_stands_in_the_table() -> None:
    for view in VIEWS.values():
        assert f"`upgrade-plan{view.ending}`" in PAGE
    for name in FilterModule().filters():
        assert f"`{name}`" in PAGE


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
