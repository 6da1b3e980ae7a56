# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page's parts about the work: what happens to each machine, and the phases with their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from . import words
from .digest_types import Digest, Group, Phase
from .html_parts import anchor, phase_anchor, reason, step_link, table, tag
from .machines import Fate, agent_lines, roles_text
from .safe import Child, Safe, el, join, plain
from .svg_graph import graph_svg

SHOWN_HOSTS = 40


def machines(found: Sequence[Fate], digest: Digest, numbers: Mapping[str, int], agents_said: str) -> Safe:
    """A row a machine: what it was, what becomes of it, and every line of the plan that touches it."""
    rows = [
        el(
            "tr",
            el("th", fate.name, scope="row"),
            el("td", roles_text(fate.before) or "–"),
            el("td", roles_text(fate.after) or "–"),
            el(
                "td",
                fate.sentence and el("strong", fate.sentence),
                el("p", "Why: ", ". ".join(text.rstrip(".") for text in fate.why) + ".", class_="why")
                if fate.why
                else None,
                _touching(fate.lines),
            ),
            data_item="machine",
            data_hosts=str(numbers.get(fate.name, "")),
            data_phases=" ".join(dict.fromkeys(group.phase for group in fate.lines)),
        )
        for fate in found
    ]
    agents = agent_lines(digest)
    if agents:
        rows.append(
            el(
                "tr",
                el("th", "Agents", scope="row"),
                el("td", agents_said),
                el("td", "the same, upgraded"),
                el("td", _touching(agents)),
                data_item="machine",
                data_hosts="",
                data_phases=" ".join(dict.fromkeys(group.phase for group in agents)),
            )
        )
    return table(
        ("Machine", "Before", "After", "What becomes of it, and the steps that run on it in their order"), rows
    )


def _touching(groups: Sequence[Group]) -> Optional[Safe]:
    if not groups:
        return None
    items = [
        el("li", el("a", group.title, href=f"#{anchor(group.key)}"), " ",
           el("span", words.label(words.PHASES, group.phase).lower(), class_="grade"),
           join(" ", tag("by hand", "hand")) if group.by_hand else None,
           join(" ", tag("point of no return", "pnr")) if group.point_of_no_return else None)
        for group in groups
    ]  # fmt: skip
    return el("ol", items, class_="plain")


def phases(digest: Digest, numbers: Mapping[str, int], list_agents: bool) -> Safe:
    """Every phase with its order as a picture and its steps as a table."""
    return join(*[_phase(phase, digest, numbers, list_agents) for phase in digest.phases])


def _phase(phase: Phase, digest: Digest, numbers: Mapping[str, int], list_agents: bool) -> Safe:
    facts = [words.count(len(phase.steps), "step"), words.between(phase.elapsed)]
    if phase.downtime.high:
        facts.append(f"monitoring stands still {words.duration(phase.downtime.likely)}")
    rows: list[Safe] = []
    for group in phase.groups:
        if group.point_of_no_return:
            rows.append(el("tr", el("td", "▼ Point of no return ▼", colspan=6), class_="pnr-rule"))
        rows.append(_row(group, digest, numbers, list_agents))
    drawing = None
    if len(phase.groups) > 1:
        drawing = el(
            "figure",
            el("figcaption", "Order ", el("small", "what stands lower waits for what it is joined to above")),
            graph_svg(phase, digest, f"graph-{anchor(phase.name)}"),
        )
    return el(
        "section",
        el(
            "header",
            el("h3", phase.title),
            el("p", words.PHASE_MEANINGS.get(phase.name, "")),
            el("p", " · ".join(facts)),
        ),
        drawing,
        table(("State", "Step", "On", "How", "Takes", "Way back"), rows),
        class_="phase",
        id=phase_anchor(phase.name),
        data_holds="steps",
    )


def _row(group: Group, digest: Digest, numbers: Mapping[str, int], list_agents: bool) -> Safe:
    first = group.first
    hosts = group.hosts
    where = ", ".join(hosts) if len(hosts) <= 3 else f"{len(hosts):,} hosts"
    way_back = (
        tag("no way back", "pnr") if group.point_of_no_return else words.label(words.REVERSIBILITY, first.reversibility)
    )
    return el(
        "tr",
        el("td", _states(group), class_="state"),
        el(
            "td",
            el("strong", group.title),
            " ",
            tag("by hand", "hand") if group.by_hand else None,
            " " if group.by_hand else None,
            tag("monitoring stands still", "down") if group.downtime else None,
            [
                el("p", "For example: " if one.fact and not group.single else None, reason(one), class_="why")
                for one in first.why[:6]
            ],
            _details(group, digest, list_agents),
        ),
        el("td", where),
        el("td", words.label(words.MODES, first.mode), class_="state"),
        el("td", words.duration(group.took), el("br"),
           el("span", f"{words.duration(first.estimate.low)} – {words.duration(first.estimate.high)}", class_="grade")
           if group.single else el("span", "together", class_="grade")),
        el("td", way_back),
        id=anchor(group.key),
        class_="pnr-row" if group.point_of_no_return else None,
        data_item="step",
        data_phases=group.phase,
        data_hosts=" ".join(str(numbers[host]) for host in hosts if host in numbers),
    )  # fmt: skip


def _states(group: Group) -> Safe:
    if group.single or len(group.states) == 1:
        return tag(words.label(words.STATES, group.state), group.state)
    return join(*[
        join(tag(f"{number:,} {words.label(words.STATES, state)}", state), el("br"))
        for state, number in group.states.items()
    ])  # fmt: skip


def _details(group: Group, digest: Digest, list_agents: bool) -> Safe:
    """What a reader may want to know of a step, folded away on screen."""
    first = group.first
    facts: list[tuple[str, Child]] = [("Id", el("code", first.id if group.single else group.key))]
    if first.done_when:
        facts.append(("Done when", el("ul", [el("li", text) for text in first.done_when], class_="plain")))
    waits = _waits(group, digest)
    if waits:
        facts.append(("Starts after", waits))
    if first.undo:
        facts.append(("Undo", first.undo))
    if not group.single:
        facts.append(("Hosts", _listed(group.hosts, list_agents)))
        agents = [str(name) for step in group.steps for name in step.parameters.get("agents") or ()]
        if agents:
            facts.append(("Agents", _listed(agents, list_agents)))
    facts += [("With", _parameters(first.parameters, list_agents))] if group.single and first.parameters else []
    return el(
        "details", el("summary", "Done when, undo, order"), el("dl", [(el("dt", k), el("dd", v)) for k, v in facts])
    )


def _waits(group: Group, digest: Digest) -> Safe:
    """Required steps, as links; those of which there are many by the phase they are in."""
    own = {step.id for step in group.steps}
    required = [name for name in group.first.requires if name not in own]
    if len(required) <= 12:
        items = [
            (el("li", step_link(step, digest)) if (step := digest.step(name)) else el("li", name)) for name in required
        ]
    else:
        counts: dict[str, int] = {}
        for name in required:
            step = digest.step(name)
            phase = step.phase if step else "done already"
            counts[phase] = counts.get(phase, 0) + 1
        items = [
            el("li", f"{words.label(words.PHASES, phase)}: {words.count(n, 'step')}") for phase, n in counts.items()
        ]
    return el("ul", items, class_="plain") if items else Safe("")


def _listed(names: Sequence[str], everything: bool) -> Safe:
    shown = names if everything else names[:SHOWN_HOSTS]
    left = len(names) - len(shown)
    return join(", ".join(shown), el("span", f" and {left:,} more", class_="more") if left else None)


def _parameters(parameters: Mapping[str, object], list_agents: bool) -> Safe:
    parts = []
    for key, value in sorted(parameters.items(), key=str)[:20]:
        if not isinstance(value, (list, tuple)) or len(value) <= 3:
            said: Child = plain(value) or "none"
        elif key == "agents":
            said = _listed([str(name) for name in value], list_agents)
        else:
            said = words.count(len(value), "entry", "entries")
        parts.append(el("li", el("code", key), " ", said))
    return el("ul", parts, class_="plain")
