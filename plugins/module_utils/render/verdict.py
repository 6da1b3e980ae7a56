# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the upgrade stands, in the same sentences for every view: the verdict, and what has to be read beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..selection import rules_text
from ..what_if import said
from . import words
from .digest_types import Digest, Step, tally


@dataclass(frozen=True)
class Note:
    """A line that stands near the verdict. ``kind`` is ``block``, ``hand`` or ``warn``."""

    kind: str
    label: str
    text: str
    remedy: str = ""


def verdict_text(digest: Digest) -> str:
    """One sentence on where the upgrade stands, its first words in capitals and followed by a colon."""
    done, total = digest.states.get("done", 0), len(digest.steps)
    steps = words.count(total, "step")
    if digest.verdict == "blocked":
        return f"NOT READY: {_in_the_way(digest)} must be cleared before anything changes"
    if digest.verdict == "what_if":
        return f"WHAT IF: {steps} would be to do{_by_hand(digest)}; nothing can start while a machine is only assumed"
    if digest.verdict == "nothing":
        return "NOTHING TO DO: every step of the upgrade is done"
    if digest.verdict == "failed":
        return f"FAILED: {words.count(digest.states.get('failed', 0), 'step')} failed, {done:,} of {total:,} done"
    if digest.verdict == "running":
        return f"UNDER WAY: {done:,} of {steps} done"
    if digest.verdict == "unjudged":
        return f"NOT JUDGED: {steps} to do, and no rule was run, so nobody knows whether anything blocks"
    ready = "READY, PARTLY BY HAND" if digest.by_hand else "READY"
    return f"{ready}: {steps} to do{_by_hand(digest)}, nothing blocks{_looks(digest)}"


def _by_hand(digest: Digest) -> str:
    hand = len(digest.by_hand)
    return "" if not hand else ", all by hand" if hand == len(digest.steps) else f", {hand:,} of them by hand"


def _in_the_way(digest: Digest) -> str:
    findings, others = len(digest.blockers), len(digest.obstacles_alone)
    parts = [words.count(findings, "finding")] if findings else []
    parts += [words.count(others, "obstacle")] if others or not findings else []
    return " and ".join(parts)


def _looks(digest: Digest) -> str:
    manual, warn = digest.outcomes.get("manual", 0), digest.outcomes.get("warn", 0)
    looks = [f"{manual:,} to check by hand"] if manual else []
    looks += [words.count(warn, "warning")] if warn else []
    return f" ({', '.join(looks)})" if looks else ""


def window_text(digest: Digest) -> str:
    """Whether the plan fits the window that was given."""
    given = words.duration((digest.window or {}).get("seconds"))
    verdicts = {
        "yes": f"fits: even at worst ({words.duration(digest.elapsed.high)}) it ends within {given}",
        "likely": f"fits as expected, but not at worst: {words.duration(digest.elapsed.high)} against {given}",
        "no": f"does not fit: {words.duration(digest.elapsed.likely)} expected against {given}",
    }
    return verdicts.get(digest.fits, "no window given")


def notes(digest: Digest) -> tuple[Note, ...]:
    """What a reader of the verdict has to know with it: obstacles, work for people, rules that did not run or ran anyway."""
    found = [Note("block", "In the way", one.text, one.remedy) for one in digest.obstacles]
    if digest.assumed:
        found.insert(0, Note("warn", "What if", said(digest.assumed)))
    if digest.by_hand:
        found.append(Note("hand", "By hand", by_hand_text(digest)))
    if digest.left_out:
        found.append(Note("warn", "Left out", f"{rules_text(digest.left_out)} did not run, as the selection asks."))
    if digest.kept:
        them = "them out: what they find" if len(digest.kept) > 1 else "it out: what it finds"
        text = f"{rules_text(digest.kept)} ran although the selection leaves {them} would break the upgrade."
        found.append(Note("warn", "Run anyway", text))
    return tuple(found)


def by_hand_text(digest: Digest) -> str:
    """How many steps a person does, where they are, and which of them only because no role of this version does them."""
    left, hand = digest.left_to_people, digest.by_hand
    others = len(hand) - len(left)
    parts = []
    if left:
        first = " Nothing else starts before those of the first phase are done." if left[0].phase == "prepare" else ""
        parts.append(f"This version plans {_counted(left)} and leaves {_them(left)} to a person.{first}")
    if others:
        why = "their machines cannot be worked on from here, or nobody but a person can do them"
        parts.append(f"{words.count(others, 'more step' if left else 'step')}: {why}.")
    return " ".join(parts)


def _them(steps: Sequence[Step]) -> str:
    return "it" if len(steps) == 1 else "them"


def _counted(steps: Sequence[Step]) -> str:
    """``13 steps (11 in Prepare servers, 2 in Features)``."""
    phases = tally((step.phase for step in steps), list(words.PHASES))
    places = ", ".join(f"{number:,} in {words.label(words.PHASES, phase)}" for phase, number in phases.items())
    return f"{words.count(len(steps), 'step')} ({places})"
