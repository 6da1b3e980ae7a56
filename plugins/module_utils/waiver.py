# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers: a finding somebody takes upon themselves, with a name, a reason and a day on which it ends.

A waiver never hides a finding: the finding keeps its outcome and shows who waived it. On the day after ``expires`` the
finding counts again. What breaks the upgrade cannot be waived.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional


class WaiverError(ValueError):
    """A waiver that cannot be read, or that names a rule nobody knows."""


class UnwaivableError(WaiverError):
    """A waiver for a rule whose finding breaks the upgrade."""


@dataclass(frozen=True)
class Waiver:
    """One waiver; without objects it covers the whole finding."""

    rule: str
    owner: str
    reason: str
    expires: datetime.date
    objects: tuple[str, ...] = ()

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day has passed."""
        return today > self.expires

    def covers(self, row: Iterable[Any]) -> bool:
        """Whether one of its objects stands in a row of affected objects; FQDN and short name are the same object."""
        if not self.objects:
            return True
        cells = {str(cell).lower() for cell in row}
        cells |= {cell.split(".")[0] for cell in cells if not cell.replace(".", "").isdigit()}
        return any(wanted.lower() in cells for wanted in self.objects)

    def to_dict(self) -> dict[str, Any]:
        """As reports show it."""
        shown: dict[str, Any] = {"owner": self.owner, "reason": self.reason, "expires": self.expires.isoformat()}
        if self.objects:
            shown["objects"] = list(self.objects)
        return shown


KEYS = ("rule", "objects", "owner", "reason", "expires")


def parse_waivers(given: Optional[Iterable[Any]], rules: Mapping[str, bool]) -> list[Waiver]:
    """Read waivers; *rules* says of every rule id whether it can be waived."""
    waivers = []
    known = {name.lower(): name for name in rules}
    for number, item in enumerate(given or (), 1):
        place = f"waiver {number}"
        if not isinstance(item, Mapping):
            raise WaiverError(f"{place}: expected a mapping with {', '.join(KEYS)}, got {item!r}")
        unknown = sorted(str(key) for key in item if key not in KEYS)
        if unknown:
            raise WaiverError(f"{place}: unknown key {', '.join(unknown)}; known: {', '.join(KEYS)}")
        rule = known.get(str(item.get("rule") or "").strip().lower())
        if rule is None:
            raise WaiverError(f"{place}: unknown rule {item.get('rule')!r}; known: {', '.join(sorted(rules))}")
        if not rules[rule]:
            raise UnwaivableError(
                f"{place}: {rule} cannot be waived, because what it finds breaks the upgrade; follow its remedy instead"
            )
        for key in ("owner", "reason"):
            if not str(item.get(key) or "").strip():
                raise WaiverError(f"{place} ({rule}): {key} is missing; a waiver needs a name and a reason")
        waivers.append(
            Waiver(
                rule=rule,
                owner=str(item["owner"]).strip(),
                reason=str(item["reason"]).strip(),
                expires=_date(item.get("expires"), f"{place} ({rule})"),
                objects=_objects(item.get("objects"), f"{place} ({rule})"),
            )
        )
    return waivers


def _date(value: Any, place: str) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value).strip())
    except ValueError:
        raise WaiverError(f"{place}: expires must be a day such as 2012-06-30, got {value!r}") from None


def _objects(value: Any, place: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise WaiverError(f"{place}: objects must be a list of names, got {value!r}")
    names = tuple(str(name).strip() for name in value if str(name).strip())
    if not names:
        raise WaiverError(f"{place}: objects is empty; leave it out to waive the whole finding")
    return names
