# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small pieces that all parts of the page share: tags, tables, reasons, links to steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from .digest_types import Digest, Reason, Step
from .safe import Safe, el, join


def tag(text: str, kind: str) -> Safe:
    """A small coloured word."""
    return el("span", text, class_=f"tag is-{kind}")


def table(columns: Sequence[str], rows: Iterable[Safe], caption: str = "", class_: str = "") -> Safe:
    """A table that may scroll sideways on a narrow screen; rows are built by the caller."""
    head = el("thead", el("tr", [el("th", column, scope="col") for column in columns]))
    said = el("caption", caption) if caption else None
    return el("div", el("table", said, head, el("tbody", rows), class_=class_ or None), class_="scroll")


def reason(one: Reason) -> Safe:
    """A reason with what it rests on."""
    fact = el("code", one.fact) if one.fact and one.fact not in one.text else None
    return join(one.text, " " if fact else None, fact, " ", grade(one))


def grade(one: Reason) -> Optional[Safe]:
    """Rule, evidence and source in square brackets."""
    rests_on = " · ".join(part for part in (one.rule, one.evidence, one.source) if part)
    return el("span", f"[{rests_on}]", class_="grade") if rests_on else None


def step_link(step: Step, digest: Digest) -> Safe:
    """A link to the row that shows the step."""
    return el("a", step.title, href=f"#{anchor(digest.line_of(step.id))}")


def phase_anchor(name: str) -> str:
    """The id of a phase's section."""
    return f"phase-{anchor(name)}"


def anchor(name: str) -> str:
    """The id that stands for the key of a step or group."""
    return "step-" + "".join(c if c.isascii() and (c.isalnum() or c in "._-") else f"_{ord(c):x}" for c in name)
