# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small pieces all drawings share. Text never decides the layout: it is cut to the room it has."""

from __future__ import annotations

import textwrap

from .safe import Child, Safe, clean, el, shorten

# Average advance of a character of the page's sans-serif face, in parts of the font size; bold runs a little wider.
ADVANCE = 0.52
BOLD_ADVANCE = 0.57


def drawing(name: str, title: str, description: str, width: float, height: float, *children: Child) -> Safe:
    """An ``svg`` element with a name for those who cannot see it; ``name`` must be unique in the page."""
    return el(
        "svg",
        el("title", title, id=f"{name}-title"),
        el("desc", description, id=f"{name}-desc"),
        children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="drawing",
    )


def number(value: float) -> str:
    """A coordinate without needless digits."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def fit(value: object, width: float, size: float, bold: bool = False) -> str:
    """Text cut to what fits into ``width``."""
    return shorten(value, max(int(width / (size * (BOLD_ADVANCE if bold else ADVANCE))), 1))


def in_lines(value: object, width: float, size: float, most: int) -> list[str]:
    """Bold text in at most so many lines; the last takes what is left."""
    room = max(int(width / (size * BOLD_ADVANCE)), 1)
    lines = textwrap.wrap(clean(value), room, break_on_hyphens=False) or [""]
    return lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])]


def measure(value: object, size: float, bold: bool = False) -> float:
    """About how wide text is."""
    return len(clean(value)) * size * (BOLD_ADVANCE if bold else ADVANCE)


def words_at(
    x: float, y: float, value: object, class_: str, width: float = 0, size: float = 12, **more: object
) -> Safe:
    """A line of text at a baseline; with ``width`` it is cut, and the whole text becomes its tooltip."""
    bold = "strong" in class_.split()
    shown = fit(value, width, size, bold) if width else clean(value)
    whole = el("title", clean(value)) if shown != clean(value) else None
    return el("text", whole, shown, x=number(x), y=number(y), class_=class_, **more)


def box(x: float, y: float, width: float, height: float, class_: str, radius: float = 6, **more: object) -> Safe:
    """A rectangle with round corners."""
    return el(
        "rect",
        x=number(x),
        y=number(y),
        width=number(width),
        height=number(height),
        rx=number(radius),
        class_=class_,
        **more,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Safe:
    """A straight line."""
    return el("line", x1=number(x1), y1=number(y1), x2=number(x2), y2=number(y2), class_=class_)


def badge(x: float, y: float, value: str, class_: str) -> tuple[Safe, float]:
    """A small label in a box, and its width."""
    width = measure(value, 10, True) + 12
    return el(
        "g", box(x, y, width, 16, "badge-box", 8), words_at(x + 6, y + 11.5, value, "badge-text"), class_=class_
    ), width
