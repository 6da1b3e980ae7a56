# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as one self-contained page: a reader who has nothing else understands what happens, why, and what cannot be undone.

No network, no inline handlers, no inline styles: a content security policy in the page allows only this page's own script
and style, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Optional

from ..catalog.sources import EVIDENCE, cited
from . import html_plan, html_who, html_why, words
from .digest import read_report
from .digest_types import Digest
from .html_findings import findings
from .html_parts import step_link, table
from .html_top import PARTS, header, top_bar
from .machines import agents_text, fates
from .safe import Safe, clean, el, join, plain
from .script import SCRIPT
from .style import STYLE
from .svg_timeline import timeline_svg
from .svg_topology import topology_svg
from .topology import Topology
from .topology_facts import topologies

SHOWN_JOURNAL = 50


def html(report: object, list_agents: bool = False) -> str:
    """The whole page. ``list_agents`` names every agent where the page otherwise counts them."""
    digest = read_report(report)
    before, after = topologies(digest)
    found = fates(digest, before, after)
    numbers = {fate.name: number for number, fate in enumerate(found)}
    lookup = {**{name.upper(): number for name, number in numbers.items()}, **numbers}
    body = join(
        el("a", "Skip to the plan", href="#steps", class_="skip"),
        header(digest),
        top_bar(digest, numbers),
        el(
            "main",
            _section("why", html_why.paths(digest)),
            _section("who", html_who.who(digest)) if digest.by_hand else None,
            _section("no-return", html_why.no_return(digest)),
            _section("topology", _pictures(digest, before, after)),
            el(
                "section",
                _title("machines"),
                html_plan.machines(found, digest, numbers, agents_text(before)),
                data_holds="machines",
            ),
            _section("timeline", _timeline(digest)),
            el("section", _title("steps"), _steps_intro(digest), html_plan.phases(digest, numbers, list_agents)),
            el(
                "section",
                _title("findings"),
                _outcomes(digest),
                findings(digest, lookup, list_agents),
                data_holds="findings",
            ),
            _journal(digest),
        ),
        _footer(digest),
        el("script", Safe(SCRIPT)),
    )
    return (
        "<!DOCTYPE html>\n"
        + el("html", _head(digest), el("body", body), lang="en")
        + "\n"
    )  # fmt: skip


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _head(digest: Digest) -> Safe:
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    meta = Safe('<meta http-equiv="Content-Security-Policy" content="' + policy + '">')
    return el(
        "head",
        el("meta", charset="utf-8"),
        meta,
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"Upgrade of {clean(digest.group)} to System Center 2012"),
        el("style", Safe(STYLE)),
    )


def _title(part: str) -> Safe:
    return el("h2", dict(PARTS)[part], id=part)


def _section(part: str, *children: Optional[Safe]) -> Safe:
    return el("section", _title(part), children, aria_labelledby=part)


def _pictures(digest: Digest, before: Optional[Topology], after: Optional[Topology]) -> Safe:
    if before is None or after is None:
        return el("p", "No snapshot was given, so the group itself cannot be drawn.")
    return join(
        el("figure", el("figcaption", "Before ", el("small", "as the facts say")), topology_svg(before, "before")),
        el("figure", el("figcaption", "After ", el("small", "when every step is done")), topology_svg(after, "after")),
    )


def _timeline(digest: Digest) -> Safe:
    if not digest.steps or digest.elapsed.likely <= 0:
        return el("p", "Nothing is left to do.")
    path = [
        el("li", step_link(step, digest), f" {words.duration(step.end - step.start)}")
        for step in digest.critical_path[:60]
    ]
    return join(
        el(
            "p",
            "Each bar begins as soon as what it waits for is done and its host is free, with times as expected. Strong bars are the "
            "critical path: a delay there delays the end. Behind the shaded stretches monitoring stands still.",
            " What a person does is violet, and says so." if digest.by_hand else None,
        ),
        el("figure", timeline_svg(digest)),
        el(
            "details",
            el("summary", f"The critical path as a list ({words.count(len(path), 'step')})"),
            el("ol", path, class_="plain"),
        ),
    )


def _steps_intro(digest: Digest) -> Safe:
    order = (
        "Agents follow the group: nothing could upgrade them before it."
        if digest.agents_after_group
        else "Agents go before the group, because the group upgrade requires them."
    )
    return el("p", "A step starts only when everything it requires is observed to be done. ", order)


def _outcomes(digest: Digest) -> Safe:
    return el("p", "; ".join(words.outcome_counts(digest.outcomes)) + "." if digest.outcomes else "")


def _journal(digest: Digest) -> Optional[Safe]:
    if not digest.journal:
        return None
    rows = [
        el("tr", [el("td", plain(entry.get(key))) for key in ("time", "event", "step", "host", "by")],
           el("td", plain(entry.get("data"), 160)))
        for entry in digest.journal[-SHOWN_JOURNAL:]
    ]  # fmt: skip
    left = len(digest.journal) - SHOWN_JOURNAL
    caption = f"the last {SHOWN_JOURNAL} of {len(digest.journal):,} entries" if left > 0 else ""
    entries = table(("Time", "Event", "Step", "Host", "By", "Data"), rows, caption)
    return el("section", el("h2", "Journal", id="journal"), entries)


def _footer(digest: Digest) -> Safe:
    texts = [one.source for choice in digest.choices for one in choice.reasons]
    texts += [one.source for step in digest.steps[:2000] for one in step.why]
    texts += [finding.source for finding in digest.findings]
    sources = cited(" , ".join(dict.fromkeys(text for text in texts if text)))
    return el(
        "footer",
        el("h2", "How to read this page"),
        el("h3", "How sure it is"),
        _legend(list(EVIDENCE.items())),
        el("h3", "Sources") if sources else None,
        _legend([(key, f"{title} ({where})") for key, title, where in sources]) if sources else None,
        el("h3", "The plan"),
        _legend(
            [
                ("Hash", digest.hash or "none"),
                ("Facts of", digest.collected or "not given"),
                ("Report of", digest.generated or "not given"),
                *((key, plain(value)) for key, value in sorted(digest.inputs.items(), key=str)[:60]),
            ]
        ),
    )


def _legend(pairs: Sequence[tuple[str, str]]) -> Safe:
    return el("dl", [(el("dt", key), el("dd", text)) for key, text in pairs], class_="legend")
