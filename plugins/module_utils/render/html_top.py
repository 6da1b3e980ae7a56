# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The top of the page: verdict, figures, phases at a glance, and the bar that stays in view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from ..names import natural
from . import words
from .digest_types import Digest, Phase, Range
from .html_parts import phase_anchor, tag
from .safe import Safe, el, plain
from .verdict import notes, verdict_text, window_text

PARTS = (
    ("why", "Why this path"),
    ("who", "Who does what"),
    ("no-return", "Point of no return"),
    ("topology", "Before and after"),
    ("machines", "Machines"),
    ("timeline", "Timeline"),
    ("steps", "Steps"),
    ("findings", "Readiness"),
)


def parts(digest: Digest) -> list[tuple[str, str]]:
    """The parts that this page has: who does what is only told where a person does something."""
    return [(part, text) for part, text in PARTS if part != "who" or digest.by_hand]


def header(digest: Digest) -> Safe:
    """Whether it may begin, and the figures a reader wants first."""
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
            el("span", said.strip()[:1].upper() + said.strip()[1:] + "."),
            class_=f"verdict is-{'hand' if digest.verdict == 'ready' and digest.left_to_people else digest.verdict}",
        ),
        _notes(digest),
        _figures(digest),
        _strip(digest),
        class_="top",
    )


def _notes(digest: Digest) -> Optional[Safe]:
    """What has to be read with the verdict, one line each."""
    items = [
        el("li", tag(note.label, note.kind), " ", note.text, " ", el("strong", note.remedy) if note.remedy else None)
        for note in notes(digest)
    ]
    return el("ul", items, class_="notes") if items else None


def _figures(digest: Digest) -> Safe:
    states = digest.states
    no_return = digest.no_return[0] if digest.no_return else None
    cells: list[tuple[str, str, str]] = [
        (
            "Path",
            words.label(words.PATHS, digest.path),
            f"group upgrade on {digest.run_from}" if digest.run_from else "",
        ),
        ("Steps", f"{len(digest.steps):,}", f"{states.get('done', 0):,} done, {len(digest.by_hand):,} by hand"),
        ("Takes, as expected", words.duration(digest.elapsed.likely), _range(digest.elapsed)),
        ("Monitoring stands still", words.duration(digest.downtime.likely), _range(digest.downtime)),
    ]
    if digest.window is not None:
        verdict = {"yes": "Fits", "likely": "Fits, if nothing takes long", "no": "Does not fit"}.get(digest.fits, "?")
        cells.append(("Maintenance window", verdict, window_text(digest).split(": ", 1)[-1]))
    cells.append(
        (
            "Point of no return",
            no_return.title if no_return else "None",
            f"as expected {words.duration(no_return.start)} after the start" if no_return else "",
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
    link = el("a", el("b", phase.title), el("span", facts), notes, href=f"#{phase_anchor(phase.name)}")
    return el("li", link, class_=" ".join(classes) or None)


def top_bar(digest: Digest, numbers: Mapping[str, int]) -> Safe:
    """Stays in view: where to go, and what to show."""
    links = [el("a", text, href=f"#{part}") for part, text in parts(digest)]
    status = el("p", id="status", role="status", aria_live="polite")
    return el(
        "div",
        el("div", el("nav", links, aria_label="Parts of the page"), status),
        _filters(digest, numbers),
        class_="toolbar",
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
