# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What waits for what, phase by phase: steps as boxes in layers, each below everything it requires."""

from __future__ import annotations

from . import words
from .digest_types import Digest, Group, Phase
from .grouping import group_steps
from .safe import Safe, el
from .svg import box, drawing, in_lines, number, words_at

WIDTH = 1120.0
COLUMNS = 4
GAP_X = 24.0
GAP_Y = 34.0
NODE_W = (WIDTH - GAP_X * (COLUMNS - 1) - 4) / COLUMNS
NODE_H = 66.0


def graph_svg(phase: Phase, digest: Digest, name: str) -> Safe:
    """The steps of one phase; what they require in other phases is said in words in each box."""
    groups = group_steps(phase.name, phase.steps)
    keys = {group.key for group in groups}
    edges = reduce_edges({group.key: [other for other in group.requires if other in keys] for group in groups})
    places, height = _place(groups, edges)
    parts = [_edge(places[before], places[key]) for key, found in edges.items() for before in found]
    parts += [_node(group, *places[group.key], digest) for group in groups]
    text = "; ".join(
        f"{group.title}{' after ' + ', '.join(_title(groups, k) for k in edges[group.key]) if edges[group.key] else ''}"
        for group in groups[:60]
    )
    return drawing(name, f"Order of steps: {phase.title}", text, WIDTH, height, parts)


def _title(groups: tuple[Group, ...], key: str) -> str:
    return next((group.title for group in groups if group.key == key), key)


def layers(edges: dict[str, list[str]]) -> dict[str, int]:
    """How many steps at least come before each; what is in a circle stays in the layer it was found in."""
    depth = dict.fromkeys(edges, 0)
    for _round in range(len(edges)):
        moved = False
        for key, before in edges.items():
            wanted = max((depth[other] + 1 for other in before), default=0)
            if wanted > depth[key] and wanted < len(edges):
                depth[key], moved = wanted, True
        if not moved:
            break
    return depth


def reduce_edges(edges: dict[str, list[str]]) -> dict[str, list[str]]:
    """The edges without those that others already imply, so that the picture stays readable."""
    above: dict[str, set[str]] = {}

    def ancestors(key: str) -> set[str]:
        if key not in above:
            above[key] = set()
            found: set[str] = set()
            for other in edges.get(key, ()):
                found |= {other} | ancestors(other)
            above[key] = found
        return above[key]

    return {
        key: [one for one in before if not any(one in ancestors(other) for other in before if other != one)]
        for key, before in edges.items()
    }


def _place(groups: tuple[Group, ...], edges: dict[str, list[str]]) -> tuple[dict[str, tuple[float, float]], float]:
    """Where each box stands: one layer below the other, wide layers in several rows, each below what it waits for."""
    depth = layers(edges)
    rows: dict[int, list[str]] = {}
    for group in groups:
        rows.setdefault(depth[group.key], []).append(group.key)
    places: dict[str, tuple[float, float]] = {}
    columns: dict[str, int] = {}
    y = 2.0
    for level in sorted(rows):
        keys = rows[level]
        for start in range(0, len(keys), COLUMNS):
            row = keys[start : start + COLUMNS]
            columns.update(_columns(row, edges, columns))
            for key in row:
                places[key] = (2 + columns[key] * (NODE_W + GAP_X), y)
            y += NODE_H + (10 if start + COLUMNS < len(keys) else GAP_Y)
    return places, y - GAP_Y + 4


def _columns(row: list[str], edges: dict[str, list[str]], known: dict[str, int]) -> dict[str, int]:
    """Each box in the column of the first thing it waits for, where that is free."""
    found: dict[str, int] = {}
    for key in row:
        wanted = [known[other] for other in edges.get(key, ()) if other in known]
        if wanted and wanted[0] not in found.values():
            found[key] = wanted[0]
    free = [column for column in range(COLUMNS) if column not in found.values()]
    for key in row:
        if key not in found:
            found[key] = free.pop(0)
    return found


def _edge(start: tuple[float, float], end: tuple[float, float]) -> Safe:
    x1, y1 = start[0] + NODE_W / 2, start[1] + NODE_H
    x2, y2 = end[0] + NODE_W / 2, end[1] - 5
    bend = max((y2 - y1) / 2, 12)
    start_point, end_point = f"{number(x1)} {number(y1)}", f"{number(x2)} {number(y2)}"
    path = f"M{start_point}C{number(x1)} {number(y1 + bend)} {number(x2)} {number(y2 - bend)} {end_point}"
    head = f"M{number(x2 - 4)} {number(y2 - 1)}h8l-4 6z"
    return el("g", el("path", d=path, class_="edge"), el("path", d=head, class_="edge-head"))


def _node(group: Group, x: float, y: float, digest: Digest) -> Safe:
    own = {step.id for step in group.steps}
    outside = [digest.step(name) for step in group.steps[:1] for name in step.requires if name not in own]
    phases = dict.fromkeys(one.phase for one in outside if one is not None and one.phase != group.phase)
    waits = ", ".join(words.label(words.PHASES, phase) for phase in phases)
    facts = [words.duration(group.took)]
    hosts = group.hosts
    facts.insert(0, hosts[0] if len(hosts) == 1 else f"{len(hosts):,} hosts" if hosts else "no host")
    if group.first.mode != "automatic":
        facts.append(words.label(words.MODES, group.first.mode))
    if not group.single:
        facts.append("one by one" if group.one_by_one else "in any order")
    classes = ["node", f"is-{group.state}"]
    classes += [name for name, on in (("is-critical", group.critical), ("is-down", group.downtime)) if on]
    classes += ["is-hand"] if group.by_hand else []
    classes += ["is-pnr"] if group.point_of_no_return else []
    third = "Point of no return" if group.point_of_no_return else f"after: {waits}" if waits else ""
    title = in_lines(group.title, NODE_W - 20, 12, 2)
    return el(
        "g",
        el("title", f"{group.title} ({words.label(words.STATES, group.state)})"),
        box(x, y, NODE_W, NODE_H, "node-box"),
        [words_at(x + 10, y + 17 + 14 * n, said, "node-title strong", NODE_W - 20, 12) for n, said in enumerate(title)],
        words_at(x + 10, y + 18 + 14 * len(title), " · ".join(facts), "node-fact", NODE_W - 20, 11),
        words_at(x + 10, y + 32 + 14 * len(title), third, "node-wait", NODE_W - 20, 11),
        class_=" ".join(classes),
    )
