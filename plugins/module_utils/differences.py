# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How two plans differ, in words: the way first, then the facts behind it, then the steps.

What a fact was is told from the facts themselves where both snapshots are at hand. Where they are not, it is told from the
reasons that the plans give, and what nobody knows is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .facts import canonical
from .plan import Difference, Plan, Step, stale
from .relevant import AGENT_KEYS, relevant
from .why import Why

Facts = Mapping[str, Any]
#: What a plan is as a whole: a change of it explains most others, so it comes first.
WAY = ("path", "run_from", "retire")
#: Reasons that tell of no fact of a snapshot.
NO_FACTS = ("inputs.", "path.", "position.", "journal")
#: More changes of one kind than this are counted.
EACH = 3


class Rows(dict[str, Any]):
    """Rows by their names: their places are written with brackets, and many of a kind are counted."""


@dataclass(frozen=True)
class Change:
    """A place at which facts differ: the keys that lead to it, those of rows in brackets."""

    keys: tuple[str, ...]
    was: Any
    now: Any

    @property
    def place(self) -> str:
        """The place as one text."""
        return ".".join(self.keys).replace(".[", "[")

    @property
    def row(self) -> str:
        """The name of the first row on the way to the place; empty without any."""
        return next((key[1:-1] for key in self.keys if _is_row(key)), "")

    @property
    def kind_keys(self) -> tuple[str, ...]:
        """The keys without those of rows."""
        return tuple(key for key in self.keys if not _is_row(key))

    @property
    def kind(self) -> str:
        """The place without the names of rows."""
        return ".".join(self.kind_keys)

    def __str__(self) -> str:
        """The change as one line."""
        if isinstance(self.was, list) and isinstance(self.now, list):
            return lists(self.was, self.now, self.place)
        if _came_or_went(self):
            return f"{self.place}: {'came' if self.was is None else 'went'}"
        return f"{self.place}: was {_fact(self.was)}, is {_fact(self.now)}"


def explain(approved: Plan, current: Plan, then: Optional[Facts] = None, now: Optional[Facts] = None) -> list[str]:
    """Why what remains is not what was approved, one text each; empty where it is.

    ``then`` and ``now`` are the snapshots of both plans, where they are at hand.
    """
    steps = stale(approved, current)
    if not steps:
        return []
    reasons = [*_choices(approved, current), *_reasons(approved, current, steps)]
    return [*way(approved, current), *_behind(reasons, then, now), *_steps(steps)]


def differences(was: Plan, now: Plan, then: Optional[Facts] = None, facts: Optional[Facts] = None) -> list[str]:
    """How a plan differs from one that was shown before, one text each: also by steps that are no more, and by every fact.

    ``then`` and ``facts`` are the snapshots of both plans, where they are at hand.
    """
    steps = stale(was, now)
    if then is not None and facts is not None:
        behind = _lines(changes(_tree(then), _tree(facts)))
    else:
        behind = _behind([*_choices(was, now), *_reasons(was, now, steps)], None, None)
    left, before = ({step.id for step in plan.steps} for plan in (now, was))
    told = {one.step for one in steps}
    gone = [f"{step.id}: no step any more ({step.title})" for step in was.steps if step.id not in left]
    new = [f"{one.id}: a new step ({one.title})" for one in now.steps if one.id not in before and one.id not in told]
    return [*way(was, now), *behind, *_steps(steps), *gone, *new]


def way(was: Plan, now: Plan) -> list[str]:
    """How the path, the server that runs the group upgrade, and the machines that leave differ."""
    pairs = [(name, getattr(was, name), getattr(now, name)) for name in WAY]
    return [f"{name}: was {_short(before)}, is {_short(after)}" for name, before, after in pairs if before != after]


def _steps(found: Iterable[Difference]) -> list[str]:
    """The differences in steps and inputs; what is told as the plan's way is left out."""
    return [said(one) for one in found if one.what not in WAY]


def said(difference: Difference) -> str:
    """One difference between plans as a line; of two lists, what went and what came."""
    was, now = difference.was, difference.now
    if isinstance(was, (list, tuple)) and isinstance(now, (list, tuple)):
        return lists(list(was), list(now), f"{difference.step or 'plan'}: {difference.what}") or str(difference)
    return str(difference)


# --- facts


def changes(was: Any, now: Any, keys: tuple[str, ...] = ()) -> Iterator[Change]:
    """The places in which two sets of facts differ."""
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        rows = isinstance(was, Rows)
        for key in sorted({*was, *now}, key=str):
            yield from changes(was.get(key), now.get(key), (*keys, f"[{key}]" if rows else str(key)))
        return
    if isinstance(was, list) and isinstance(now, list):
        gone, come = _apart(was, now)
        if len(gone) == len(come) == 1:
            name = _named(come[0])
            yield from changes(gone[0], come[0], (*keys, f"[{name}]") if name else keys)
        elif gone or come:
            yield Change(keys, gone, come)
        return
    yield Change(keys, was, now)


def _is_row(key: str) -> bool:
    return key.startswith("[")


def _lines(found: Iterable[Change]) -> list[str]:
    by_kind: dict[tuple[str, str], list[Change]] = {}
    for one in found:
        verb = ("came" if one.was is None else "went") if _came_or_went(one) else "differ"
        by_kind.setdefault((one.kind, verb), []).append(one)
    lines = []
    for (kind, verb), alike in by_kind.items():
        if len(alike) <= EACH:
            lines += [str(one) for one in alike]
        else:
            names = ", ".join(one.row for one in alike[:EACH])
            lines.append(f"{kind}: {len(alike):,} {verb} ({names}, ...)")
    return lines


def _came_or_went(one: Change) -> bool:
    return isinstance(one.now if one.was is None else one.was, Mapping) and (one.was is None or one.now is None)


def _tree(snapshot: Facts) -> dict[str, Any]:
    """The facts that decide, with servers and agents by name, and the services whose state a step may rest on."""
    found = relevant(snapshot)
    for name, host in found["hosts"].items():
        host["services"] = snapshot["hosts"][name].get("services")
    group = found["group"]
    if group:
        columns = [key for key in AGENT_KEYS if key in snapshot["group"]["agents"]["columns"]]
        group["servers"] = Rows((str(row["name"]), row) for row in group["servers"])
        group["agents"] = Rows((str(row[0]), dict(zip(columns, row))) for row in group["agents"])
    return found


# --- the facts behind what differs


def _choices(was: Plan, now: Plan) -> list[tuple[list[Why], list[Why]]]:
    """Why both plans go their way, where it differs."""
    return [(_choice(was), _choice(now))] if way(was, now) else []


def _choice(plan: Plan) -> list[Why]:
    runs = [Why.from_dict(dict(one)) for one in plan.decision.get("run_from_why") or ()]
    return [why for why in (*plan.why, *runs) if _is_fact(why)]


def _reasons(was: Plan, now: Plan, found: Iterable[Difference]) -> list[tuple[list[Why], list[Why]]]:
    """The reasons of each step that differs, in both plans."""
    names = dict.fromkeys(one.step for one in found if one.step)
    return [(_whys(was.step(name)), _whys(now.step(name))) for name in names]


def _whys(step: Optional[Step]) -> list[Why]:
    return [] if step is None else [why for why in step.why if _is_fact(why)]


def _is_fact(why: Why) -> bool:
    return bool(why.fact) and not why.fact.startswith(NO_FACTS)


def _behind(reasons: list[tuple[list[Why], list[Why]]], then: Optional[Facts], now: Optional[Facts]) -> list[str]:
    """What differs of the facts that are given as reasons."""
    if then is None or now is None:
        return list(dict.fromkeys(line for was, new in reasons for line in _told(was, new)))
    places = {place for was, new in reasons for place in _places(was, new)}
    return _lines(one for one in changes(_tree(then), _tree(now)) if any(_touches(one, place) for place in places))


def _places(was: list[Why], now: list[Why]) -> Iterator[str]:
    """The places of reasons. One with ``*`` stands for every host, so it explains a difference only if it changed itself."""
    for why in (*was, *now):
        if "*" not in why.fact or not (why in was and why in now):
            yield why.fact


def _touches(change: Change, place: str) -> bool:
    """Whether a change is at a place, below it, or above it. A place without a name means every row, ``*`` any key."""
    if "*" in place:
        return all(part in ("*", key) for part, key in zip(place.split("."), change.kind_keys))
    found = change.place if "[" in place else change.kind
    return (
        found == place or found.startswith((f"{place}.", f"{place}[")) or place.startswith((f"{found}.", f"{found}["))
    )


def _told(was: Iterable[Why], now: Iterable[Why]) -> Iterator[str]:
    """What the reasons tell of the facts: both values where both plans give one, else the reason as it stands."""
    before = {why.fact: why for why in was}
    for why in now:
        old = before.get(why.fact)
        if old is None:
            yield f"{why.fact}: {why.text}"
        elif old.value != why.value:
            yield f"{why.fact}: was {_fact(old.value)}, is {_fact(why.value)}"


# --- values


def _apart(was: list[Any], now: list[Any]) -> tuple[list[Any], list[Any]]:
    """What only the first and what only the second of two lists holds."""
    first, second = ({canonical(one) for one in rows} for rows in (was, now))
    return [one for one in was if canonical(one) not in second], [one for one in now if canonical(one) not in first]


def lists(was: list[Any], now: list[Any], place: str) -> str:
    """What two lists do not share; empty where they differ in order only."""
    gone, come = _apart(was, now)
    parts = [f"{len(rows)} {verb} ({_short(rows)})" for rows, verb in ((gone, "went"), (come, "came")) if rows]
    return f"{place}: {', '.join(parts)}" if parts else ""


def _named(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("instance") or value.get("agent") or "")
    return str(value[0]) if isinstance(value, (list, tuple)) and value else ""


def _fact(value: Any) -> str:
    """The value of a fact. Null says that it could not be read, or is not there."""
    return "not known" if value is None else _short(value)


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        names = [_named(one) or str(one) for one in value[:3]]
        text = ", ".join(names) + (", ..." if len(value) > 3 else "") if value else "nothing"
    else:
        text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
