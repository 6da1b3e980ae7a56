# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Collations per installed language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .settings import Settings

#: The only collation Microsoft's text for English accepts.
ENGLISH = "SQL_Latin1_General_CP1_CI_AS"


@dataclass(frozen=True)
class Collation:
    """The collation the databases of one installed language must have."""

    language: str
    codes: tuple[str, ...]
    collation: str
    evidence: str
    source: str


COLLATIONS: tuple[Collation, ...] = (
    Collation("English", ("en", "enu", "eng"), ENGLISH, "field", "S17 (E6), hh205986"),
    Collation("French", ("fr", "fra"), "French_CI_AS", "recalled", "product-reference 1.2"),
    Collation("Russian", ("ru", "rus"), "Cyrillic_General_CI_AS", "recalled", "product-reference 1.2"),
    Collation(
        "Chinese (PRC)", ("zh", "zh-cn", "chs", "zh-hans"), "Chinese_PRC_CI_AS", "recalled", "product-reference 1.2"
    ),
    Collation("Japanese", ("ja", "jpn", "jp"), "Japanese_CI_AS", "recalled", "product-reference 1.2"),
    Collation("Spanish", ("es", "esn", "esp", "spa"), "Traditional_Spanish_CI_AS", "recalled", "product-reference 1.2"),
    Collation("any other language", (), "Latin1_General_CI_AS", "recalled", "product-reference 1.2"),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a collation fits a language: ``supported``, ``doubtful`` (only a weaker source has it) or ``wrong``."""

    outcome: str
    expected: str
    evidence: str
    source: str


def row_of(language: Optional[str]) -> Collation:
    """The row of a language code: ``en``, ``en-US`` and ``ENU`` are all English."""
    code = (language or "en").strip().lower().replace("_", "-")
    by_code: dict[str, Collation] = {one: row for row in COLLATIONS for one in row.codes}
    return by_code.get(code) or by_code.get(code.split("-")[0]) or COLLATIONS[-1]


def judge(collation: str, language: Optional[str], settings: Optional[Settings] = None) -> Verdict:
    """What the reference says of a collation under a language.

    For English one collation is right and every other one wrong. For other languages the list is recalled, and an older
    Microsoft text asked for the English collation everywhere: that one is doubtful there, not wrong.
    """
    row = row_of(language)
    further = (settings or Settings())["collations"]
    own = list(further.get(language or "en", ())) + list(further.get(row.codes[0] if row.codes else "other", ()))
    wanted = row.collation.lower()
    if collation.lower() == wanted or collation.lower() in [str(one).lower() for one in own]:
        outcome = "supported"
    elif collation.lower() == ENGLISH.lower():
        outcome = "doubtful"
    else:
        outcome = "wrong"
    return Verdict(outcome, row.collation, row.evidence, row.source)
