# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page's part about readiness: every finding with its remedy, what it rests on, whom it concerns, who waived it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from . import words
from .digest_types import Digest, Finding
from .html_parts import table, tag
from .safe import Safe, el, join, plain

SHOWN_ROWS = 40
FOLDED_FROM = 6
SEARCHED_ROWS = 2000


def findings(digest: Digest, numbers: Mapping[str, int], list_agents: bool) -> Safe:
    """All findings, the most urgent first; what passed is folded into one table."""
    told = [f for f in digest.findings if f.waived is not None or f.outcome not in ("pass", "not_applicable")]
    quiet = [f for f in digest.findings if f.waived is None and f.outcome in ("pass", "not_applicable")]
    if not digest.findings:
        return el("p", "No rule was run.")
    parts: list[Optional[Safe]] = [_finding(finding, numbers, list_agents) for finding in told]
    if quiet:
        rows = [
            el(
                "tr",
                el("th", finding.id, scope="row"),
                el("td", tag(words.label(words.OUTCOMES, finding.outcome), finding.outcome)),
                el("td", finding.title),
                el("td", finding.message),
                data_item="finding",
                data_outcome=finding.outcome,
                data_hosts="",
            )
            for finding in quiet
        ]
        listed = el(
            "div",
            el("h3", "What passed"),
            table(("Rule", "Outcome", "Looks at", "Found"), rows),
            data_holds="findings",
        )
        parts.append(listed)
    return join(*parts)


def _finding(finding: Finding, numbers: Mapping[str, int], list_agents: bool) -> Safe:
    kind = "waived" if finding.waived is not None else finding.outcome
    impact = words.label(words.IMPACTS, finding.impact)
    rests_on = ", ".join(part for part in (finding.evidence, finding.source) if part)
    return el(
        "article",
        el(
            "h3",
            finding.id,
            " ",
            tag(words.label(words.OUTCOMES, finding.outcome), finding.outcome),
            join(" ", tag("waived", "waived")) if finding.waived is not None else None,
            " ",
            finding.title,
        ),
        el(
            "p",
            finding.message,
            el("span", f" It {impact}.", class_="more") if impact and kind in ("block", "warn") else None,
        ),
        el("p", el("strong", "Remedy: "), finding.remedy, class_="remedy") if finding.remedy else None,
        el("p", el("strong", "Repair on request: "), finding.repair, class_="more") if finding.repair else None,
        _waiver(finding.waived) if finding.waived is not None else None,
        _affected(finding, list_agents),
        el("p", f"Evidence: {rests_on}", class_="more") if rests_on else None,
        class_=f"finding is-{kind}",
        data_item="finding",
        data_outcome=kind,
        data_hosts=_hosts(finding, numbers),
    )


def _waiver(waived: Mapping[str, object]) -> Safe:
    said = [f"{key}: {plain(waived[key])}" for key in ("owner", "reason", "expires", "objects") if waived.get(key)]
    return el("p", el("strong", "Waived. "), " · ".join(said))


def _affected(finding: Finding, list_agents: bool) -> Optional[Safe]:
    if not finding.rows:
        return None
    most = len(finding.rows) if list_agents else SHOWN_ROWS
    wide = max((len(row) for row in finding.rows[:most]), default=1)
    columns = finding.columns or tuple("object" for _number in range(wide))
    rows = [
        el("tr", [el("td", plain(cell)) for cell in row[: len(columns)]], [el("td")] * (len(columns) - len(row)))
        for row in finding.rows[:most]
    ]
    left = len(finding.rows) - most
    more = el("p", f"and {left:,} more", class_="more") if left > 0 else None
    said = words.count(len(finding.rows), "affected object")
    if len(finding.rows) > FOLDED_FROM:
        return el("details", el("summary", said), table(columns, rows, "", "small"), more)
    return table(columns, rows, said, "small")


def _hosts(finding: Finding, numbers: Mapping[str, int]) -> str:
    """The machines that the affected objects name, short or fully qualified."""
    found: dict[int, None] = {}
    for row in finding.rows[:SEARCHED_ROWS]:
        for cell in row:
            if isinstance(cell, str):
                number = numbers.get(cell, numbers.get(cell.split(".")[0].upper()))
                if number is not None:
                    found[number] = None
    return " ".join(str(number) for number in found)
