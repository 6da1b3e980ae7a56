# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page's parts about the decision: why this path, who takes over, and where there is no way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from . import words
from .digest_types import Digest, PathChoice, Reason, Step
from .html_parts import grade, reason, step_link, table, tag
from .safe import Safe, el, join

SHOWN_REASONS = 3


def paths(digest: Digest) -> Safe:
    """The chosen path, where it runs, who takes over from whom, and why the other paths were rejected."""
    return join(el("div", [_path(choice, digest) for choice in digest.choices], class_="paths"), takeovers(digest))


def takeovers(digest: Digest) -> Optional[Safe]:
    """Which machine takes over from which, and why that must be."""
    if not digest.takeovers:
        return None
    rows = [
        el(
            "tr",
            el("th", one.machine, scope="row"),
            el("td", ", ".join(words.label(words.ROLES, role) for role in one.roles)),
            el(
                "td",
                el("strong", one.by) if one.by else tag("nobody can", "block"),
                " (joins for it)" if one.new else None,
            ),
            el("td", [el("p", reason(why), class_="why") for why in one.reasons]),
        )
        for one in digest.takeovers
    ]
    return join(el("h3", "Who takes over"), table(("Machine", "Cannot keep", "Goes to", "Because"), rows))


def _where(digest: Digest) -> Optional[Safe]:
    """Where the group upgrade runs."""
    parts: list[Optional[Safe]] = []
    if digest.run_from and digest.run_from_why:
        parts.append(el("p", el("strong", f"The group upgrade runs on {digest.run_from} because")))
        parts.append(reasons_table(digest.run_from_why))
    return join(*parts) if parts else None


def _in_short(digest: Digest) -> Optional[Safe]:
    """What the path means for this group: who leaves, who joins, where the group upgrade runs, what a person does."""
    joining = list(dict.fromkeys(one.by for one in digest.takeovers if one.new and one.by))
    leave, join_ = ("leaves" if len(digest.retire) == 1 else "leave"), ("joins" if len(joining) == 1 else "join")
    said = [f"{', '.join(joining)} {join_} the group"] if joining else []
    said += [f"{', '.join(digest.retire)} {leave} it"] if digest.retire else []
    said += [f"the group upgrade runs on {digest.run_from}"] if digest.run_from else []
    said += (
        [f"a person does {len(digest.by_hand):,} of the {words.count(len(digest.steps), 'step')}"]
        if digest.by_hand
        else []
    )
    return el("p", el("strong", "Here: "), "; ".join(said) + ".") if digest.takeovers and said else None


def reasons_table(reasons: Sequence[Reason]) -> Safe:
    """Facts one below the other: what is so, where it was read, and how sure the rule behind it is."""
    rows = [
        el(
            "tr",
            el("td", one.text),
            el("td", el("code", one.fact) if one.fact else None),
            el("td", " · ".join(part for part in (one.rule, one.evidence, one.source) if part), class_="grade"),
        )
        for one in reasons
    ]
    return table(("Because", "Fact", "Rule · evidence · source"), rows, class_="reasons")


def _path(choice: PathChoice, digest: Digest) -> Safe:
    if choice.chosen:
        return el(
            "div",
            el("p", "Chosen", class_="over"),
            el("h3", words.label(words.PATHS, choice.name)),
            el("p", words.PATH_MEANINGS.get(choice.name, "")),
            _in_short(digest),
            reasons_table(choice.reasons) if choice.reasons else None,
            _where(digest),
            class_="path is-chosen",
        )
    shown, more = choice.reasons[:SHOWN_REASONS], choice.reasons[SHOWN_REASONS:]
    return el(
        "div",
        el("p", "Rejected", class_="over"),
        el("h3", words.label(words.PATHS, choice.name)),
        el("p", words.PATH_MEANINGS.get(choice.name, "")),
        el("ul", [el("li", one.text, " ", grade(one)) for one in shown], class_="plain") if shown else None,
        el(
            "details",
            el("summary", words.count(len(more), "more reason")),
            el("ul", [el("li", one.text, " ", grade(one)) for one in more], class_="plain"),
        )
        if more
        else None,
        class_="path is-rejected",
    )


def no_return(digest: Digest) -> Safe:
    """Where there is no way back, what must stand before it, and what remains afterwards."""
    if not digest.no_return:
        return el("p", "No step of this plan is a point of no return.")
    return join(*[_no_return(digest, step) for step in digest.no_return])


def _no_return(digest: Digest, step: Step) -> Safe:
    before = [digest.step(name) for name in step.requires]
    before_all = len(digest.all_before(step))
    checked = [one for one in before if one is not None and one.kind not in ("agents.approve", "agent.upgrade")]
    where = f" on {', '.join(step.hosts)}" if step.hosts and not any(host in step.title for host in step.hosts) else ""
    return el(
        "div",
        el("h3", f"{step.title}{where}"),
        el("p", el("strong", "Why there is no way back: "), words.NO_RETURN[step.kind]) if step.kind in words.NO_RETURN else None,
        el("p", "Before it, the upgrade can be stopped at any step, and every step says how it is undone, or that no source "
                "tells. From its first minute there are only two ways: forward, or the restore that is written here."),
        el("p", el("strong", "The only way back: "), step.undo or "none is known."),
        el("p", el("strong", "It starts only when all of these steps are done:")) if checked else None,
        el("ul", [el("li", step_link(one, digest), " ", tag(words.label(words.STATES, one.state), one.state)) for one in checked],
           class_="plain") if checked else None,
        el("p", f"With what these need in turn, that is {words.count(before_all, 'step')} of {len(digest.steps):,}.")
        if before_all > len(step.requires) else None,
        _demanded(digest, step),
        el("p", f"As expected it begins {words.duration(step.start)} after the start and takes "
                f"{words.between(step.estimate)}."),
        class_="pnr",
    )  # fmt: skip


def _demanded(digest: Digest, step: Step) -> Optional[Safe]:
    """The evidence that is asked for beside the steps, with what was seen of it when the facts were read."""
    proofs = digest.proofs.get(step.id, ())
    items = [
        el("li", proof.text, " ", tag("there", "done") if proof.holds else tag("not yet", "wait"), " ",
           None if proof.holds else proof.remedy)
        for proof in proofs
    ] or [el("li", text) for text in words.DEMANDED.get(step.kind, ())]  # fmt: skip
    if not items:
        return None
    who = words.demands(step.by_hand)
    return join(el("p", el("strong", "And it demands this evidence. "), who), el("ul", items, class_="plain"))
