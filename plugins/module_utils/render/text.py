# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan in a terminal: path and why, verdicts, blockers with remedies, phases with their steps."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

from . import words
from .digest import count_outcomes, read_report
from .digest_types import Digest, Finding, Group, Phase
from .safe import clean, shorten
from .verdict import notes, verdict_text, window_text

NARROWEST, WIDEST = 72, 200
_MARKS = {"done": "✔", "running": "▶", "failed": "✘", "blocked": "■", "ready": "○", "waiting": "·", "planned": "·"}
# What a reason tells in brackets: the names behind a number. A rejected path is told without them.
_ASIDE = re.compile(r" \([^()]*\)")
_OUTCOME_MARKS = {"block": "✘", "error": "!", "manual": "?", "warn": "▲", "note": "i", "pass": "✔", "waived": "~"}


def text(report: object, width: int = 100, list_agents: bool = False) -> str:
    """The plan and its readiness as text of at most ``width`` columns (72 to 200)."""
    width = min(max(int(width), NARROWEST), WIDEST)
    digest = read_report(report, list_agents)
    lines = _head(digest, width)
    lines += _choice(digest, width)
    lines += _figures(digest, width)
    lines += ["", *findings_lines(digest.findings, width)]
    lines += _phases(digest, width)
    lines += _foot(digest, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def findings_text(findings: object, width: int = 100) -> str:
    """Only the findings, a list or a report, as text: counts, what did not run, then each that needs attention."""
    width = min(max(int(width), NARROWEST), WIDEST)
    digest = read_report(findings if isinstance(findings, Mapping) else {"plan": {"phases": []}, "findings": findings})
    selected = [note for note in notes(digest) if note.kind == "warn"]
    lines = [line for note in selected for line in _wrap(note.label, note.text, width)]
    lines += findings_lines(digest.findings, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrap(label: str, content: object, width: int, indent: int = 11) -> list[str]:
    """A label in the left margin and wrapped text beside it."""
    return textwrap.wrap(
        clean(content) or "-",
        width,
        initial_indent=shorten(label, indent - 1).ljust(indent),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _bullets(items: Iterable[str], width: int, indent: int = 11, mark: str = "- ") -> list[str]:
    lines: list[str] = []
    for item in items:
        first, rest = " " * indent + mark, " " * (indent + len(mark))
        lines += textwrap.wrap(clean(item), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return lines


def _head(digest: Digest, width: int) -> list[str]:
    title = f"{clean(digest.group)}  ·  Operations Manager 2007 R2 → System Center 2012"
    return [shorten(title, width), "═" * width, ""]


def _choice(digest: Digest, width: int) -> list[str]:
    where = f", group upgrade on {digest.run_from}" if digest.run_from else ""
    lines = _wrap("Path", words.label(words.PATHS, digest.path) + where, width)
    for choice in digest.choices:
        if choice.chosen:
            lines += _bullets((reason.text for reason in choice.reasons), width)
    if digest.run_from_why:
        lines += _wrap("Runs on", digest.run_from, width)
        lines += _bullets((reason.text for reason in digest.run_from_why), width)
    for (machine, by), roles in _handovers(digest).items():
        lines += _wrap("Hands over", f"{machine} to {by or 'NOBODY'}: {', '.join(roles)}", width)
    for choice in digest.choices:
        if not choice.chosen:
            reason = _ASIDE.sub("", choice.reasons[0].text) if choice.reasons else "rejected"
            more = len(choice.reasons) - 1
            tail = f" (and {words.count(more, 'more reason')})" if more > 0 else ""
            name = words.label(words.PATHS, choice.name)
            room = 2 * (width - 13) - len(name) - len(tail)
            lines += _wrap("Rejected", f"{name}: {shorten(reason, room)}{tail}", width)
    if digest.retire:
        lines += _wrap("Leave", f"{', '.join(digest.retire)} (no longer part of the group afterwards)", width)
    return lines


def _handovers(digest: Digest) -> dict[tuple[str, str], list[str]]:
    """What goes from which machine to which, one entry a pair."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in digest.takeovers:
        roles = found.setdefault((one.machine, one.by), [])
        roles += [label for role in one.roles if (label := words.label(words.ROLES, role)) not in roles]
    return found


def _figures(digest: Digest, width: int) -> list[str]:
    lines = [""]
    lines += _wrap("Verdict", verdict_text(digest), width)
    for note in notes(digest):
        lines += _wrap(note.label, f"{note.text} {note.remedy}", width)
    lines += _wrap("Takes", words.between(digest.elapsed), width)
    lines += _wrap("Downtime", f"{words.between(digest.downtime)} in which monitoring stands still", width)
    if digest.window is not None:
        lines += _wrap("Window", window_text(digest), width)
    for step in digest.no_return:
        where = f" ({', '.join(step.hosts)})" if not any(host in step.title for host in step.hosts) else ""
        begins = "" if step.state == "done" else f", {words.duration(step.start)} after the start as expected"
        lines += _wrap(
            "No return",
            f"{step.title}{where}{begins}. Up to there every step says how it is undone, or that no source tells.",
            width,
        )
        lines += _bullets([f"The only way back: {step.undo or 'none is known.'}"], width)
    return lines


def findings_lines(findings: tuple[Finding, ...], width: int) -> list[str]:
    """Counts by outcome and every finding that needs somebody's attention."""
    parts = words.outcome_counts(count_outcomes(findings))
    lines = _wrap("Findings", " · ".join(parts) or "no rule was run", width)
    for finding in findings:
        if finding.waived is None and finding.outcome in ("pass", "not_applicable"):
            continue
        lines += _finding(finding, width)
    return lines


def _finding(finding: Finding, width: int) -> list[str]:
    waived = finding.waived is not None
    mark = _OUTCOME_MARKS.get("waived" if waived else finding.outcome, "!")
    head = f" {mark} {shorten(finding.id, 12).ljust(6)}"
    impact = words.label(words.IMPACTS, finding.impact)
    title = finding.message or finding.title
    if impact and finding.outcome in ("block", "warn") and not waived:
        title = f"{title} ({impact})"
    margin = " " * len(head)
    lines = textwrap.wrap(clean(title), width, initial_indent=head, subsequent_indent=margin, break_on_hyphens=False)
    if waived:
        entry = finding.waived or {}
        said = ", ".join(clean(entry.get(key)) for key in ("owner", "reason") if entry.get(key))
        until = f", until {clean(entry.get('expires'))}" if entry.get("expires") else ""
        lines += textwrap.wrap(
            f"~ waived: {said}{until}", width, initial_indent=margin, subsequent_indent=margin + "  "
        )
    elif finding.remedy and finding.outcome != "note":
        lines += textwrap.wrap(
            f"→ {finding.remedy}", width, initial_indent=margin, subsequent_indent=margin + "  ", break_on_hyphens=False
        )
    return lines


def _phases(digest: Digest, width: int) -> list[str]:
    lines: list[str] = []
    columns = _columns(digest, width)
    for phase in digest.phases:
        lines += ["", _phase_head(phase, width)]
        for group in phase.groups:
            if group.point_of_no_return:
                lines.append("   " + " POINT OF NO RETURN: from here on, forward or restore ".center(width - 3, "▼"))
            lines.append(_row(group, columns))
    return lines


def _columns(digest: Digest, width: int) -> tuple[int, int, int]:
    """Widths of title, hosts and who does it; what else is in a row takes 28 columns."""
    longest = max((len(_hosts(group)) for group in digest.groups), default=4)
    who = max((len(_who(group)) for group in digest.groups), default=0)
    left = width - 28 - who
    hosts = min(max(longest, 4), max(left // 4, 10))
    return left - hosts - 2, hosts, who


def _hosts(group: Group) -> str:
    hosts = group.hosts
    if not hosts:
        return "-"
    return clean(hosts[0]) if len(hosts) == 1 else (
        " ".join(clean(host) for host in hosts) if len(hosts) == 2 else f"{len(hosts):,} hosts"
    )  # fmt: skip


def _who(group: Group) -> str:
    return shorten(words.label(words.MODE_FLAGS, group.first.mode), 7)


def _phase_head(phase: Phase, width: int) -> str:
    right = f"{words.duration(phase.elapsed.likely)}"
    if phase.downtime.high:
        right += f", down {words.duration(phase.downtime.likely)}"
    left = f"{shorten(phase.title.upper(), width - 45)}  {words.count(len(phase.steps), 'step')} "
    return left + "─" * max(width - len(left) - len(right) - 1, 1) + " " + right


def _row(group: Group, columns: tuple[int, int, int]) -> str:
    title, hosts, who = columns
    state = shorten(words.label(words.STATES, group.state), 9)
    if not group.single and len(group.states) > 1:
        state = f"{group.states.get('done', 0):,}/{len(group.steps):,} done"
    flags = _who(group).ljust(who) + ("↓" if group.downtime else " ")
    mark = _MARKS.get(group.state, "·")
    likely = words.duration(group.took)
    return (
        f" {mark} {shorten(group.title, title).ljust(title)} {shorten(_hosts(group), hosts).ljust(hosts)} "
        f"{flags} {likely.rjust(10)}  {state}"
    )


def _foot(digest: Digest, width: int) -> list[str]:
    lines = ["", "─" * width]
    if digest.steps:
        lines.append("✔ done  ▶ running  ○ ready  · waiting  ■ blocked  ✘ failed")
        lines += ["by hand  a person does it  via  through another host  ↓ no monitoring", ""]
    if digest.hash:
        lines += _wrap("Plan", digest.hash, width)
    if digest.approval:
        by, when = clean(digest.approval.get("by")), clean(digest.approval.get("time"))
        same = "" if not digest.approval.get("hash") or digest.approval["hash"] == digest.hash else " (ANOTHER PLAN)"
        lines += _wrap("Approved", f"by {by or '?'} at {when or '?'}{same}", width)
    elif digest.steps:
        lines += _wrap("Approved", "not yet", width)
    if digest.collected or digest.generated:
        lines += _wrap("Facts of", digest.collected or digest.generated, width)
    return lines
