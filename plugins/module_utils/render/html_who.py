# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page's part about who does what: what the collection carries out, what a person does, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from . import words
from .digest_types import Digest, Group, Phase
from .html_parts import anchor, phase_anchor, table, tag
from .safe import Child, Safe, el, join

SHOWN_LINES = 14
#: Lines of a phase with their place in it.
Placed = Sequence[tuple[int, Group]]


def who(digest: Digest) -> Safe:
    """How the turns pass between a person and the collection, and a row a phase, from first to last."""
    rows = [_row(number, phase) for number, phase in enumerate(_open(digest), 1)]
    return join(
        _turns(digest),
        el("p", "The numbers within a phase are the order of its steps, whoever does them.", class_="more"),
        table(("", "Phase", "A person does, by hand", "The collection does", "Takes, as expected"), rows, class_="who"),
    )


def _open(digest: Digest) -> list[Phase]:
    return [phase for phase in digest.phases if phase.state != "done"]


def _turns(digest: Digest) -> Safe:
    """The rules of the game, as far as this plan needs them."""
    prepare = any(step.phase == "prepare" for step in digest.left_to_people)
    last = next((step for step in digest.left_to_people if step.point_of_no_return), None)
    first: Optional[str] = None
    if prepare:
        first = (
            f"First a person does every step of the phase {words.PHASES['prepare']}. Until the facts show all of them as done, every"
            " playbook of the collection stops before it changes anything, and names what is left."
        )
    group = None
    if last is not None:
        where = (
            f" on {', '.join(last.hosts)}" if last.hosts and not any(one in last.title for one in last.hosts) else ""
        )
        before = "Then run" if prepare else "Run"
        group = (
            f"{before} the playbooks of the phases one by one, up to quiesce.yml. The point of no return itself"
            f" ({last.title}{where}) is run by a person."
        )
    told = [
        first,
        group,
        "A step by hand counts as done when the facts show it, whoever did it. Where no fact can show it, a person signs it off"
        " by name (sign_off.yml). What needs it waits until then.",
        "After each turn the collection reads the facts again and goes on from there: run upgrade.yml, which does whatever is"
        " its own and open." if digest.left_to_people else None,
    ]  # fmt: skip
    return el("ol", [el("li", text) for text in told if text], class_="turns")


def _row(number: int, phase: Phase) -> Safe:
    left = list(enumerate((group for group in phase.groups if group.state != "done"), 1))
    hand = [(place, group) for place, group in left if group.by_hand]
    rest = [(place, group) for place, group in left if not group.by_hand]
    return el(
        "tr",
        el("td", f"{number}", class_="number"),
        el("th", el("a", phase.title, href=f"#{phase_anchor(phase.name)}"), scope="row"),
        el("td", _lines(hand), class_="hand" if hand else None),
        el("td", _mine(phase, rest)),
        el("td", words.duration(phase.elapsed.likely)),
        class_="pnr-row" if phase.point_of_no_return else None,
    )


def _mine(phase: Phase, groups: Placed) -> Child:
    if not groups:
        return "\u2013"
    steps = sum(len(group.steps) for _place, group in groups)
    return join(
        el("p", f"{words.count(steps, 'step')} with ", el("code", f"playbooks/{phase.name}.yml"), ":"), _lines(groups)
    )


def _lines(groups: Placed) -> Child:
    if not groups:
        return "\u2013"
    items = [
        el("li", el("a", group.title, href=f"#{anchor(group.key)}"),
           join(" ", tag("point of no return", "pnr")) if group.point_of_no_return else None, value=str(place))
        for place, group in groups[:SHOWN_LINES]
    ]  # fmt: skip
    left = len(groups) - SHOWN_LINES
    return join(
        el("ol", items, class_="plain"), el("p", f"and {left:,} more lines", class_="more") if left > 0 else None
    )
