# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers: what they need, when they end, what they cannot be for."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.waiver import UnwaivableError, WaiverError, parse_waivers

RULES = {"R10": True, "R09": False}
GOOD = {"rule": "R10", "owner": "Ada", "reason": "disk arrives Monday", "expires": "2012-06-30"}


def test_a_waiver_is_read() -> None:
    (waiver,) = parse_waivers([dict(GOOD, rule="r10", objects=["SQL01"])], RULES)
    assert (waiver.rule, waiver.owner, waiver.expires) == ("R10", "Ada", datetime.date(2012, 6, 30))
    assert waiver.to_dict() == {
        "owner": "Ada",
        "reason": "disk arrives Monday",
        "expires": "2012-06-30",
        "objects": ["SQL01"],
    }


def test_its_last_day_still_counts() -> None:
    (waiver,) = parse_waivers([GOOD], RULES)
    assert not waiver.expired(datetime.date(2012, 6, 30))
    assert waiver.expired(datetime.date(2012, 7, 1))


@pytest.mark.parametrize("day", [datetime.date(2012, 6, 30), datetime.datetime(2012, 6, 30, 12, 0)])
def test_yaml_reads_days_by_itself(day: Any) -> None:
    assert parse_waivers([dict(GOOD, expires=day)], RULES)[0].expires == datetime.date(2012, 6, 30)


def test_objects_match_names_with_and_without_domain() -> None:
    (waiver,) = parse_waivers([dict(GOOD, objects="app01")], RULES)
    assert waiver.covers(("app01.contoso.test", "x")) and waiver.covers(("APP01",))
    assert not waiver.covers(("app011",)) and not waiver.covers(("10.0.0.1",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("R10", "waiver 1: expected a mapping"),
        (dict(GOOD, until="x"), "waiver 1: unknown key until; known: rule, objects, owner, reason, expires"),
        (dict(GOOD, rule="R99"), "waiver 1: unknown rule 'R99'; known: R09, R10"),
        (dict(GOOD, owner=" "), r"waiver 1 \(R10\): owner is missing"),
        (dict(GOOD, reason=None), r"waiver 1 \(R10\): reason is missing"),
        (dict(GOOD, expires="soon"), r"waiver 1 \(R10\): expires must be a day such as 2012-06-30, got 'soon'"),
        (dict(GOOD, expires=None), "expires must be a day"),
        (dict(GOOD, objects=[]), "objects is empty"),
        (dict(GOOD, objects={"a": 1}), "objects must be a list"),
    ],
)
def test_a_waiver_that_cannot_be_read_is_refused(given: Any, message: str) -> None:
    with pytest.raises(WaiverError, match=message):
        parse_waivers([given], RULES)


def test_what_breaks_the_upgrade_cannot_be_waived() -> None:
    with pytest.raises(UnwaivableError, match="waiver 1: R09 cannot be waived, because what it finds breaks the upgrade"):
        parse_waivers([dict(GOOD, rule="R09")], RULES)
