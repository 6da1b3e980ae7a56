# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan on a time axis: bars as expected, the critical path, downtime, and where there is no way back."""

from __future__ import annotations

from . import words
from .digest_types import Digest, Group, Phase
from .safe import Safe, el
from .svg import box, drawing, line, number, words_at

WIDTH = 1120.0
LABELS = 330.0
ROW = 22.0
HEAD = 44.0
_UNITS = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 172800, 604800)


def timeline_svg(digest: Digest, name: str = "timeline") -> Safe:
    """A Gantt chart of what is left to do, grouped steps as one bar."""
    rows = _rows(digest)
    total = max((group.end for phase, group in rows if group), default=0.0) or 60.0
    scale = (WIDTH - LABELS - 60) / total
    height = HEAD + ROW * len(rows) + 8
    parts: list[Safe] = _axis(total, scale, height)
    parts += _downtime(digest, scale, height)
    for index, (phase, group) in enumerate(rows):
        y = HEAD + index * ROW
        parts.append(_phase_row(phase, y) if group is None else _bar(group, y, scale))
    for index, (_phase, group) in enumerate(rows):
        if group is not None and group.point_of_no_return:
            parts.append(_no_return(group, HEAD + index * ROW, scale, height))
    text = (
        f"{words.count(len(digest.steps), 'step')} in {words.duration(total)} as expected. Critical path: "
        + "; ".join(step.title for step in digest.critical_path[:40])
    )
    return drawing(name, "Timeline of the upgrade", text, WIDTH, height, parts)


def _rows(digest: Digest) -> list[tuple[Phase, Group | None]]:
    """A row per phase with something left, and below it one per group of steps."""
    rows: list[tuple[Phase, Group | None]] = []
    for phase in digest.phases:
        left = [group for group in phase.groups if group.state != "done"]
        if left:
            rows.append((phase, None))
            rows += [(phase, group) for group in left]
    return rows


def _axis(total: float, scale: float, height: float) -> list[Safe]:
    unit = next((unit for unit in _UNITS if unit * scale >= 62), _UNITS[-1])
    parts = []
    for tick in range(int(total // unit) + 1):
        x = LABELS + tick * unit * scale
        parts.append(line(x, HEAD - 12, x, height - 4, "grid"))
        parts.append(
            words_at(x, HEAD - 18, words.duration(tick * unit) if tick else "start", "tick", text_anchor="middle")
        )
    return parts


def _downtime(digest: Digest, scale: float, height: float) -> list[Safe]:
    """The stretches in which monitoring stands still, as one background each."""
    spans = sorted((step.start, step.end) for step in digest.steps if step.downtime and step.end > step.start)
    merged: list[list[float]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [
        el(
            "g",
            el("title", f"Monitoring stands still for {words.duration(end - start)}"),
            box(LABELS + start * scale, HEAD - 8, (end - start) * scale, height - HEAD + 4, "down-band", 2),
        )
        for start, end in merged
    ]


def _phase_row(phase: Phase, y: float) -> Safe:
    return words_at(0, y + 16, phase.title, "gantt-phase strong", LABELS - 12, 12.5)


def _bar(group: Group, y: float, scale: float) -> Safe:
    width = max((group.end - group.start) * scale, 2.5)
    x = LABELS + group.start * scale
    took = words.duration(group.took) + (" by hand" if group.by_hand else "")
    classes = ["bar", f"is-{group.state}"]
    classes += [name for name, on in (("is-critical", group.critical), ("is-down", group.downtime)) if on]
    classes += ["is-hand"] if group.by_hand else []
    classes += ["is-pnr"] if group.point_of_no_return else []
    after = x + width + 6
    label_left = after + 60 > WIDTH
    said = f"{group.title}: {took}, from {words.duration(group.start)} after the start"
    return el(
        "g",
        el("title", said),
        words_at(14, y + 15.5, group.title, "gantt-label", LABELS - 26, 11.5),
        box(x, y + 5, width, ROW - 9, "bar-box", 3),
        words_at(x - 6 if label_left else after, y + 15.5, took, "tick", text_anchor="end" if label_left else "start"),
        class_=" ".join(classes),
    )


def _no_return(group: Group, y: float, scale: float, height: float) -> Safe:
    x = LABELS + group.start * scale
    right = x > WIDTH - 190
    return el(
        "g",
        line(x, HEAD - 12, x, height - 4, "pnr-line"),
        el("path", d=f"M{number(x - 6)} {number(HEAD - 12)}h12l-6 9z", class_="pnr-mark"),
        words_at(x - 10 if right else x + 10, 12, "Point of no return", "pnr-text strong",
                 text_anchor="end" if right else "start"),
    )  # fmt: skip
