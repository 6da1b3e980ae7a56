# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pages that are made from the rules and tables are current."""

from __future__ import annotations

from tests.docs_generator import pages


def test_the_pages_are_current() -> None:
    assert pages.stale() == [], "run python -m tests.docs_generator"


def test_every_rule_is_compared_with_setup() -> None:
    text = pages.comparison(pages.ordered())
    assert all(f"[{one.id}]({one.id}.md)" in text for one in pages.ordered())


def test_a_table_cell_cannot_break_its_table() -> None:
    assert pages.cell("a|b\n<c>") == "a\\|b &lt;c>"
