# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as one self-contained page: a reader who has nothing else understands what happens, why, and what cannot be undone.

No network, no inline handlers, no inline styles: a content security policy in the page allows only this page's own script
and style, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Optional

from ..catalog.sources import EVIDENCE, cited
from ..names import natural
from . import html_plan, words
from .digest import read_report
from .digest_types import Digest, Phase, Range
from .html_findings import findings
from .machines import agents_text, fates
from .safe import Safe, clean, el, join, plain
from .script import SCRIPT
from .style import STYLE
from .svg_timeline import timeline_svg
from .svg_topology import topology_svg
from .text import verdict_text, window_text
from .topology import Topology
from .topology_facts import topologies

SHOWN_JOURNAL = 50
_PARTS = (
    ("why", "Why this path"),
    ("no-return", "Point of no return"),
    ("topology", "Before and after"),
    ("machines", "Machines"),
    ("timeline", "Timeline"),
    ("steps", "Steps"),
    ("findings", "Readiness"),
)


def html(report: object, list_agents: bool = False) -> str:
    """The whole page. ``list_agents`` names every agent where the page otherwise counts them."""
    digest = read_report(report)
    before, after = topologies(digest)
    found = fates(digest, before, after)
    numbers = {fate.name: number for number, fate in enumerate(found)}
    lookup = {**{name.upper(): number for name, number in numbers.items()}, **numbers}
    body = join(
        el("a", "Skip to the plan", href="#steps", class_="skip"),
        _header(digest),
        _bar(digest, numbers),
        el(
            "main",
            _section("why", html_plan.paths(digest)),
            _section("no-return", html_plan.no_return(digest)),
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
    return el("h2", dict(_PARTS)[part], id=part)


def _section(part: str, *children: Optional[Safe]) -> Safe:
    return el("section", _title(part), children, aria_labelledby=part)


def _header(digest: Digest) -> Safe:
    verdict, said = verdict_text(digest).split(":", 1)
    when = digest.collected or digest.generated
    return el(
        "header",
        el("p", "Upgrade plan", class_="over"),
        el("h1", digest.group),
        el(
            "p",
            "From Operations Manager 2007 R2 to System Center 2012 – Operations Manager",
            f" · facts of {plain(when, 40)}" if when else None,
            class_="sub",
        ),
        el(
            "div",
            el("strong", verdict),
            el("span", said.strip().capitalize() + "."),
            class_=f"verdict is-{digest.verdict}",
        ),
        _figures(digest),
        _strip(digest),
        class_="top",
    )


def _figures(digest: Digest) -> Safe:
    states = digest.states
    no_return = digest.no_return[0] if digest.no_return else None
    cells: list[tuple[str, str, str]] = [
        (
            "Path",
            words.label(words.PATHS, digest.path),
            f"group upgrade on {digest.run_from}" if digest.run_from else "",
        ),
        ("Steps", f"{len(digest.steps):,}", f"{states.get('done', 0):,} done"),
        ("Takes, as expected", words.duration(digest.elapsed.likely), _range(digest.elapsed)),
        ("Monitoring stands still", words.duration(digest.downtime.likely), _range(digest.downtime)),
    ]
    if digest.window is not None:
        verdict = {"yes": "Fits", "likely": "Fits, if nothing takes long", "no": "Does not fit"}.get(digest.fits, "?")
        cells.append(("Maintenance window", verdict, window_text(digest)))
    cells.append(
        (
            "Point of no return",
            no_return.title if no_return else "None",
            ", ".join(no_return.hosts) if no_return else "",
        )
    )
    cells.append(("Leave the group", ", ".join(digest.retire) or "No machine", ""))
    cells.append(("Approval", *_approval(digest)))
    return el(
        "dl",
        [el("div", el("dt", k), el("dd", v, el("small", extra) if extra else None)) for k, v, extra in cells],
        class_="figures",
    )


def _range(value: Range) -> str:
    return f"{words.duration(value.low)} at best, {words.duration(value.high)} at worst" if value.high else "none"


def _approval(digest: Digest) -> tuple[str, str]:
    if not digest.approval:
        return "Not approved yet", f"plan {digest.hash[:12]}" if digest.hash else ""
    other = digest.approval.get("hash") not in (None, "", digest.hash)
    who, when = plain(digest.approval.get("by")), plain(digest.approval.get("time"))
    return ("ANOTHER plan was approved" if other else who or "Approved"), when


def _strip(digest: Digest) -> Optional[Safe]:
    """The phases in their order, at a glance."""
    return (
        el("ol", [_strip_item(phase) for phase in digest.phases], class_="strip", aria_label="Phases")
        if digest.phases
        else None
    )


def _strip_item(phase: Phase) -> Safe:
    classes = ["is-pnr"] if phase.point_of_no_return else ["is-down"] if phase.downtime.high else []
    if phase.state == "done":
        classes.append("is-done")
    notes = el("em", "No way back") if phase.point_of_no_return else None
    facts = f"{words.count(len(phase.steps), 'step')}, {words.duration(phase.elapsed.likely)}"
    link = el("a", el("b", phase.title), el("span", facts), notes, href=f"#{html_plan.phase_anchor(phase.name)}")
    return el("li", link, class_=" ".join(classes) or None)


def _bar(digest: Digest, numbers: Mapping[str, int]) -> Safe:
    """Stays in view: where to go, and what to show."""
    links = [el("a", text, href=f"#{part}") for part, text in _PARTS]
    status = el("p", id="status", role="status", aria_live="polite")
    return el(
        "div",
        el("div", el("nav", links, aria_label="Parts of the page"), status),
        _filters(digest, numbers),
        class_="bar",
    )


def _filters(digest: Digest, numbers: Mapping[str, int]) -> Safe:
    names = {**words.OUTCOMES, "waived": "Waived"}
    outcomes = [
        el(
            "button",
            words.label(names, name),
            " ",
            el("b", f"{number:,}"),
            type="button",
            data_choose=name,
            aria_pressed="false",
        )
        for name, number in digest.outcomes.items()
    ]
    phases = [el("option", phase.title, value=phase.name) for phase in digest.phases]
    hosts = [
        el("option", name, value=str(number))
        for name, number in sorted(numbers.items(), key=lambda one: natural(one[0]))
    ]
    return el(
        "div",
        el("input", type="search", id="search", placeholder="Search ( / )", autocomplete="off", aria_label="Search"),
        el("select", el("option", "All phases", value=""), phases, id="phase", aria_label="Phase"),
        el("select", el("option", "All machines", value=""), hosts, id="host", aria_label="Machine"),
        el("div", outcomes, role="group", aria_label="Findings by outcome", class_="outcomes") if outcomes else None,
        el("button", "Show all", type="button", id="reset"),
        class_="filters scripted",
        hidden=True,
        role="search",
        aria_label="Filter machines, steps and findings",
    )


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
        el("li", html_plan.step_link(step, digest), f" {words.duration(step.end - step.start)}")
        for step in digest.critical_path[:60]
    ]
    return join(
        el(
            "p",
            "Each bar begins as soon as what it waits for is done, with times as expected. Strong bars are the critical path: a "
            "delay there delays the end. Behind the shaded stretches monitoring stands still.",
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
    table = html_plan.table(("Time", "Event", "Step", "Host", "By", "Data"), rows, caption)
    return el("section", el("h2", "Journal", id="journal"), table)


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
