# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A management group drawn: who holds which role, who reports to whom, and what changes."""

from __future__ import annotations

from collections.abc import Sequence

from . import words
from .safe import Safe, el
from .svg import badge, box, drawing, line, words_at
from .topology import AgentGroup, Machine, Topology

WIDTH = 1120.0
MARGIN = 118.0
COLUMNS = 4
GAP = 14.0
CARD = (WIDTH - MARGIN - GAP * (COLUMNS - 1) - 2) / COLUMNS  # the last card needs room for its border
INDENT = 16.0
CHIP = 22.0
MOST_CHILDREN = 8
MOST_CHIPS = 6

_BANDS = (
    ("servers", "Management", "servers"),
    ("data", "Databases,", "reporting"),
    ("others", "Consoles", ""),
    ("spare", "Without", "a role"),
    ("left", "Out of", "the group"),
)
_BADGES = (
    ("rms", "RMS"),
    ("emulator", "RMS emulator"),
    ("run_from", "runs the group upgrade"),
    ("new", "new"),
    ("leaving", "will leave"),
    ("left", "left the group"),
    ("spare", "spare"),
    ("idle", "no longer used"),
    ("node", "cluster node"),
)


def topology_svg(topology: Topology, name: str) -> Safe:
    """The picture of a topology; ``name`` keeps its ids apart from those of other drawings."""
    parts: list[Safe] = []
    y = 0.0
    below = topology.gateways()
    for band, first, second in _BANDS:
        machines = sorted(topology.band(band), key=lambda one: not {"rms", "run_from"} & set(one.marks))
        if not machines:
            continue
        height, drawn = _flow(machines, y, below)
        parts.append(words_at(0, y + 20, first, "band-label"))
        parts.append(words_at(0, y + 36, second, "band-label"))
        parts += drawn
        y += height + 18
        parts.append(line(0, y - 9, WIDTH, y - 9, "band-line"))
    if below.get(""):
        height, drawn = _flow(below[""], y, below)
        parts.append(words_at(0, y + 20, "Gateways with", "band-label"))
        parts.append(words_at(0, y + 36, "unknown parent", "band-label"))
        parts += drawn
        y += height + 18
    return drawing(name, topology.title, describe(topology), WIDTH, max(y - 9, 20), parts)


def describe(topology: Topology) -> str:
    """The picture in words, for those who cannot see it."""
    sentences = []
    for machine in topology.machines[:60]:
        roles = ", ".join(words.label(words.ROLES, role) for role in machine.roles) or "no role"
        marks = [text for mark, text in _BADGES if mark in machine.marks]
        agents = words.count(machine.agent_count, "agent") if machine.agent_count else ""
        parent = f"reports to {machine.parent}" if machine.parent else ""
        extra = ", ".join(part for part in (*marks, machine.system, machine.version, parent, agents) if part)
        sentences.append(f"{machine.name}: {roles}{'; ' + extra if extra else ''}.")
    left = len(topology.machines) - 60
    return " ".join(sentences) + (f" And {left} more machines." if left > 0 else "")


def _flow(machines: Sequence[Machine], top: float, below: dict[str, list[Machine]]) -> tuple[float, list[Safe]]:
    """Cards side by side, in as many rows as they need; the height and the drawing."""
    parts: list[Safe] = []
    y = top
    for start in range(0, len(machines), COLUMNS):
        tallest = 0.0
        for column, machine in enumerate(machines[start : start + COLUMNS]):
            height, drawn = _tree(machine, MARGIN + column * (CARD + GAP), y, CARD, below, 0)
            parts.append(drawn)
            tallest = max(tallest, height)
        y += tallest + GAP
    return y - top - GAP, parts


def _tree(
    machine: Machine, x: float, y: float, width: float, below: dict[str, list[Machine]], depth: int
) -> tuple[float, Safe]:
    """A machine with its agents and gateways hanging below it."""
    height, card = _card(machine, x, y, width)
    parts = [card]
    stubs: list[tuple[float, str]] = []
    bottom = y + height
    inner = width - INDENT
    for group in machine.agents[:MOST_CHIPS]:
        parts.append(_chip(group, x + INDENT, bottom + 6, inner))
        stubs.append((bottom + 6 + CHIP / 2, "wire"))
        bottom += 6 + CHIP
    if len(machine.agents) > MOST_CHIPS:
        unseen = sum(group.count for group in machine.agents[MOST_CHIPS:])
        parts.append(_note(f"and {words.count(unseen, 'agent')} of other versions", x + INDENT, bottom + 6, inner))
        bottom += 6 + CHIP
    children = below.get(machine.name, []) if depth < 4 else []
    shown = children if len(children) <= MOST_CHILDREN else children[: MOST_CHILDREN - 1]
    for child in shown:
        tall, drawn = _tree(child, x + INDENT, bottom + 8, inner, below, depth + 1)
        parts.append(drawn)
        stubs.append((bottom + 8 + 20, "wire"))
        bottom += 8 + tall
    if len(shown) < len(children):
        rest = children[len(shown) :]
        agents = words.count(sum(child.agent_count for child in rest), "agent")
        parts.append(_note(f"and {len(rest):,} more gateways, {agents}", x + INDENT, bottom + 6, inner))
        stubs.append((bottom + 6 + CHIP / 2, "wire"))
        bottom += 6 + CHIP
    wires = [line(x + 7, level, x + INDENT, level, kind) for level, kind in stubs]
    if stubs:
        wires.append(line(x + 7, y + height, x + 7, stubs[-1][0], "wire"))
    return bottom - y, el("g", wires, parts)


def _card(machine: Machine, x: float, y: float, width: float) -> tuple[float, Safe]:
    roles = _role_lines(machine, width - 24)
    badges = [
        (mark, text)
        for mark, text in _BADGES
        if mark in machine.marks and not (mark == "rms" and "left" in machine.marks)
    ]
    lines = [("card-role", text) for text in roles]
    lines += [("card-fact", text) for text in (machine.system, machine.version, machine.note) if text]
    kind = "gateway" if machine.is_gateway else "server" if machine.is_server else "other"
    classes = " ".join(["card", f"card-{kind}"] + [f"is-{mark}" for mark in machine.marks])
    parts: list[Safe] = []
    cursor = y + 20
    parts.append(words_at(x + 12, cursor, machine.name, "card-name strong", width - 24, 13.5))
    if badges:
        drawn, rows = _badges(badges, x + 12, cursor + 7, width - 24)
        parts += drawn
        cursor += rows * 20
    for class_, text in lines:
        cursor += 16
        parts.append(words_at(x + 12, cursor, text, class_, width - 24, 11.5))
    height = cursor - y + 11
    back = [box(x, y, width, height, "card-box")]
    if "left" in machine.marks:
        back.append(line(x, y + height, x + width, y, "struck"))
    return height, el("g", el("title", f"{machine.name}: {', '.join(roles)}"), back, parts, class_=classes)


def _badges(badges: Sequence[tuple[str, str]], x: float, y: float, width: float) -> tuple[list[Safe], int]:
    """Badges side by side, wrapped; the drawing and the number of rows."""
    drawn: list[Safe] = []
    cursor, row = x, 0
    for mark, text in badges:
        made, wide = badge(cursor, y + row * 20, text, f"badge is-{mark}")
        if cursor > x and cursor + wide > x + width:
            row, cursor = row + 1, x
            made, wide = badge(cursor, y + row * 20, text, f"badge is-{mark}")
        drawn.append(made)
        cursor += wide + 5
    return drawn, row + 1


def _role_lines(machine: Machine, width: float) -> list[str]:
    """Roles in as few lines as they fit in."""
    names = [words.label(words.ROLES, role) for role in machine.roles]
    most = int(width / (11.5 * 0.53))
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + 2 + len(name) <= most:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return lines


def _chip(group: AgentGroup, x: float, y: float, width: float) -> Safe:
    text = f"{group.count:,} {group.install} agent{'' if group.count == 1 else 's'}"
    said = f"{text} · {group.version}" if group.version else text
    return el(
        "g",
        box(x, y, width, CHIP, "chip-box", 11),
        el("circle", cx=x + 12, cy=y + CHIP / 2, r=4, class_="chip-dot"),
        words_at(x + 22, y + 15, said, "chip-text", width - 28, 11.5),
        class_=f"chip is-{'manual' if group.install == 'manual' else 'pushed'}",
    )


def _note(text: str, x: float, y: float, width: float) -> Safe:
    return words_at(x + 8, y + 15, text, "card-fact", width - 8, 11.5)
