# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as Markdown for a change ticket: what, why, when, the risk, and how to get back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import words
from .digest import read_report
from .digest_types import Digest, Finding, Group, Reason
from .safe import markdown as md
from .safe import plain
from .verdict import notes, verdict_text, window_text

SHOWN_ROWS = 20


def markdown(report: object, list_agents: bool = False) -> str:
    """The plan and its readiness as GitHub-flavoured Markdown, without any raw HTML."""
    digest = read_report(report, list_agents)
    lines = [f"# Upgrade of {md(digest.group)} to System Center 2012 – Operations Manager", ""]
    lines += _summary(digest)
    lines += _path(digest)
    lines += _no_return(digest)
    lines += _findings(digest, list_agents)
    lines += _plan(digest)
    lines += _foot(digest)
    return "\n".join(lines).rstrip() + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; cells must be escaped already."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(cell or " " for cell in row) + " |" for row in rows]
    return [*lines, ""]


def _summary(digest: Digest) -> list[str]:
    rows = [
        ("Path", md(words.label(words.PATHS, digest.path))),
        ("Group upgrade runs on", md(digest.run_from) or "–"),
        ("Leave the group", md(", ".join(digest.retire)) or "none"),
        ("Verdict", f"**{md(verdict_text(digest))}**"),
        *((note.label, md(f"{note.text} {note.remedy}".strip())) for note in notes(digest)),
        ("Takes", words.between(digest.elapsed)),
        ("Monitoring stands still", words.between(digest.downtime)),
    ]
    if digest.window is not None:
        rows.append(("Window", md(window_text(digest))))
    if digest.approval:
        rows.append(("Approved", md(f"by {plain(digest.approval.get('by'))} at {plain(digest.approval.get('time'))}")))
    if digest.hash:
        rows.append(("Plan", f"`{digest.hash}`" if digest.hash.isalnum() else md(digest.hash)))
    return table(("", ""), rows)


def _reason(reason: Reason) -> str:
    rests_on = [part for part in (reason.rule, reason.evidence, reason.source) if part]
    tail = f" ({md(', '.join(rests_on))})" if rests_on else ""
    return f"- {md(reason.text)}{tail}"


def _path(digest: Digest) -> list[str]:
    lines = ["## Why this path", ""]
    for choice in digest.choices:
        verb = "Chosen" if choice.chosen else "Rejected"
        meaning = words.PATH_MEANINGS.get(choice.name, "")
        lines += [f"**{verb}: {md(words.label(words.PATHS, choice.name))}.** {meaning}".rstrip(), ""]
        lines += [_reason(reason) for reason in choice.reasons]
        lines += [""] if choice.reasons else []
        lines += _where(digest) if choice.chosen else []
    if digest.takeovers:
        rows = (
            (
                md(one.machine),
                md(", ".join(words.label(words.ROLES, role) for role in one.roles)),
                md(one.by) or "**nobody can**",
                md("; ".join(reason.text for reason in one.reasons)),
            )
            for one in digest.takeovers
        )
        lines += ["### Who takes over", "", *table(("Machine", "Cannot keep", "Goes to", "Because"), rows)]
    return lines


def _where(digest: Digest) -> list[str]:
    """Where the group upgrade runs."""
    lines: list[str] = []
    if digest.run_from and digest.run_from_why:
        lines += [f"**The group upgrade runs on {md(digest.run_from)}.**", ""]
        lines += [*(_reason(reason) for reason in digest.run_from_why), ""]
    return lines


def _no_return(digest: Digest) -> list[str]:
    lines = ["## Point of no return", ""]
    if not digest.no_return:
        return [*lines, "No step of this plan is one.", ""]
    for step in digest.no_return:
        lines += [f"**{md(step.title)}** on {md(', '.join(step.hosts)) or '–'}. {md(step.undo)}".rstrip(), ""]
        before = [f"- {md(digest.title_of(name))}" for name in step.requires[:SHOWN_ROWS]]
        if before:
            lines += ["It starts only after:", "", *before, ""]
        proofs = [
            f"- {md(proof.text)}{'' if proof.holds else f' **Not yet.** {md(proof.remedy)}'}".rstrip()
            for proof in digest.proofs.get(step.id, ())
        ]
        demanded = proofs or [f"- {md(text)}" for text in words.DEMANDED.get(step.kind, ())]
        if demanded:
            lines += [f"And it demands this evidence. {words.demands(step.by_hand)}", "", *demanded, ""]
    return lines


def _findings(digest: Digest, everything: bool) -> list[str]:
    counts = ", ".join(words.outcome_counts(digest.outcomes))
    lines = ["## Readiness", "", md(counts) or "No rule was run.", ""]
    told = [f for f in digest.findings if f.waived is not None or f.outcome not in ("pass", "not_applicable")]
    if told:
        lines += table(
            ("Rule", "Outcome", "Finding", "Remedy", "Evidence"),
            ((md(f.id), _outcome(f), _finding(f), md(f.remedy), md(", ".join(p for p in (f.evidence, f.source) if p)))
             for f in told),
        )  # fmt: skip
    for finding in told:
        if len(finding.rows) > 1:
            lines += _affected(finding, len(finding.rows) if everything else SHOWN_ROWS)
    return lines


def _outcome(finding: Finding) -> str:
    if finding.waived is not None:
        return "waived"
    name = words.label(words.OUTCOMES, finding.outcome).lower()
    return f"**{name}**" if finding.outcome in ("block", "error") else md(name)


def _finding(finding: Finding) -> str:
    parts = [md(finding.message or finding.title)]
    if finding.waived:
        said = {
            key: plain(finding.waived.get(key)) for key in ("owner", "reason", "expires") if finding.waived.get(key)
        }
        parts.append("waived: " + md(", ".join(said.values())))
    if len(finding.rows) == 1:
        parts.append(md(", ".join(plain(cell) for cell in finding.rows[0])))
    return ". ".join(part.rstrip(".") for part in parts)


def _affected(finding: Finding, most: int) -> list[str]:
    columns = [md(column) for column in finding.columns] or ["object"]
    rows = []
    for row in finding.rows[:most]:
        cells = [md(plain(cell)) for cell in row][: len(columns)]
        rows.append(cells + [""] * (len(columns) - len(cells)))
    lines = [f"### {md(finding.id)}: {words.count(len(finding.rows), 'affected object')}", "", *table(columns, rows)]
    left = len(finding.rows) - most
    return [*lines, f"… and {left:,} more", ""] if left > 0 else lines


def _plan(digest: Digest) -> list[str]:
    lines = ["## Plan", ""]
    if not digest.phases:
        return [*lines, "Nothing is left to do.", ""]
    lines += table(
        ("Phase", "Steps", "Done", "Takes", "Monitoring stands still"),
        (
            (
                md(p.title),
                f"{len(p.steps):,}",
                f"{p.states.get('done', 0):,}",
                words.between(p.elapsed),
                words.between(p.downtime),
            )
            for p in digest.phases
        ),
    )
    for phase in digest.phases:
        lines += [f"### {md(phase.title)}", ""]
        lines += table(("Step", "On", "How", "Takes", "Undo", "State"), (_row(group) for group in phase.groups))
    return lines


def _row(group: Group) -> tuple[str, ...]:
    hosts = group.hosts
    where = ", ".join(hosts) if len(hosts) <= 3 else f"{len(hosts):,} hosts"
    state = ", ".join(f"{n:,} {words.label(words.STATES, s)}" for s, n in group.states.items())
    first = group.first
    title = f"**{md(group.title)} – POINT OF NO RETURN**" if group.point_of_no_return else md(group.title)
    undo = first.undo if first.reversibility != "reversible" or first.undo else words.REVERSIBILITY["reversible"]
    return (
        title,
        md(where),
        f"**{words.MODES['manual']}**" if first.by_hand else md(words.label(words.MODES, first.mode)),
        words.duration(group.took),
        md(undo),
        md(words.label(words.STATES, group.state) if group.single else state),
    )


def _foot(digest: Digest) -> list[str]:
    when = digest.collected or digest.generated
    return [f"Facts of {md(when)}."] if when else []
