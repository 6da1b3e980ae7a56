# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The selection dialect."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.selection import Choice, SelectionError, rules_text, select

CHOICES = [
    Choice("R01", ("server", "agent")),
    Choice("R09", ("database", "sql"), ("percent",)),
    Choice("R21", ("database",)),
    Choice("R34", ("backup",)),
]
EVERYTHING = ("R01", "R09", "R21", "R34")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (None, EVERYTHING),
        ([], EVERYTHING),
        ("", EVERYTHING),
        ("all", EVERYTHING),
        (["all", "!R34"], ("R01", "R09", "R21")),
        (["!R34", "all"], ("R01", "R09", "R21")),
        (["!R34"], ("R01", "R09", "R21")),
        ("R34, R01", ("R01", "R34")),
        ("r09", ("R09",)),
        (["@database"], ("R09", "R21")),
        (["@DATABASE", "!@sql"], ("R21",)),
        ([{"R09": {"percent": 40}}, "R01"], ("R01", "R09")),
        ({"R09": {"percent": 40}}, ("R09",)),
        ([{"R09": None}], ("R09",)),
    ],
)
def test_what_is_chosen(wanted: Any, names: tuple[str, ...]) -> None:
    chosen = select(wanted, CHOICES)
    assert chosen.names == names
    assert set(chosen.excluded) == set(EVERYTHING) - set(names)
    assert all(name in chosen for name in names)


def test_options_come_along() -> None:
    assert select(["all", {"R09": {"percent": 40}}], CHOICES).options == {"R09": {"percent": 40}}
    assert select(["R01", {"R09": {"percent": 40}}, "!R09"], CHOICES).options == {}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["R99"], "unknown name 'R99'; known: R01, R09, R21, R34"),
        (["@sqll"], "unknown tag @sqll; known: @agent, @backup, @database, @server, @sql"),
        (["!R99"], "unknown name 'R99'"),
        ([{"R09": {"procent": 40}}], "R09 has no option procent; known: percent"),
        ([{"R21": {"percent": 40}}], "R21 has no option percent; known: none"),
        ([{"R09": 40}], "options of R09: expected a mapping, got 40"),
        ([{"@sql": {"percent": 40}}], "options belong to one name, not to @sql"),
        ([{"!R09": {}}], "!R09 is left out and takes no options"),
        ([7], "cannot read 7"),
        (["!"], "cannot read '!'"),
        (["R09", "!R09"], "the selection R09, !R09 leaves nothing; choose at least one, or all"),
        ("!all", "the selection !all leaves nothing"),
    ],
)
def test_what_cannot_be_read_says_what_could(wanted: Any, message: str) -> None:
    with pytest.raises(SelectionError, match="^" + message.replace("(", r"\(")):
        select(wanted, CHOICES)


def test_rules_are_named_where_they_are_few() -> None:
    assert rules_text(["R01", "R02"]) == "R01, R02"
    assert rules_text([f"R{number:02}" for number in range(13)]) == "13 rules"
