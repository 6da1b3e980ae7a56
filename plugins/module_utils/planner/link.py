# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts stages of steps one after the other: who has to wait for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..plan import Step

#: Above so many pairs, one step waits for the whole stage before and the others of its stage wait for that one.
MOST_PAIRS = 4000


def link(stages: Sequence[Sequence[Step]]) -> list[Step]:
    """All steps with their requirements: a stage begins when the stage before, the last that has any, is over.

    Steps of a stage may require each other already; only those that do not get the new requirements, and only steps that
    no other of their stage requires are waited for.
    """
    found: list[Step] = []
    exits: list[str] = []
    for stage in stages:
        if not stage:
            continue
        linked = _after(stage, exits)
        found += linked
        inner = {other for step in stage for other in step.requires}
        exits = [step.id for step in stage if step.id not in inner]
    return found


def _after(stage: Sequence[Step], before: Sequence[str]) -> list[Step]:
    mine = {step.id for step in stage}
    entries = [step.id for step in stage if not any(other in mine for other in step.requires)]
    if len(entries) * len(before) <= MOST_PAIRS:
        waits = {name: tuple(before) for name in entries}
    else:
        waits = dict.fromkeys(entries, (entries[0],))
        waits[entries[0]] = tuple(before)
    return [
        replace(step, requires=tuple(dict.fromkeys((*waits[step.id], *step.requires)))) if step.id in waits else step
        for step in stage
    ]
