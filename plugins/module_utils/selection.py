# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One way to say which checks, snapshots or reports are wanted, used wherever something is chosen by name.

A selection is a list (or one text, separated by commas) of

* ``all``, or a name: ``R09``;
* ``@tag``: everything that carries the tag;
* ``!R34``, ``!@sql``: not that one;
* ``{R09: {option: value}}``: that one, with options.

What is excluded stays excluded wherever the exclusion stands. A selection that only excludes begins with ``all``.
Names and tags are not case-sensitive. An unknown name, tag or option is an error that lists the known ones, and so is a
selection that leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

#: Up to how many rules that were left out, or run all the same, are named.
MOST_NAMES = 12


class SelectionError(ValueError):
    """A selection that names something nobody knows, or that cannot be read."""


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen: its name, its tags and the options it takes."""

    name: str
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """What was chosen, in the order of the catalogue, and what was left out."""

    names: tuple[str, ...]
    excluded: tuple[str, ...]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        """Whether a name was chosen."""
        return name in self.names


Wanted = Union[str, Mapping[str, Any], Iterable[Union[str, Mapping[str, Any]]], None]


def select(wanted: Wanted, choices: Iterable[Choice]) -> Selection:
    """Read a selection against what can be chosen; ``None`` and an empty list mean everything."""
    known = list(choices)
    names = {choice.name.lower(): choice for choice in known}
    tags: dict[str, list[str]] = {}
    for choice in known:
        for tag in choice.tags:
            tags.setdefault(tag.lower(), []).append(choice.name)

    chosen: set[str] = set()
    excluded: set[str] = set()
    options: dict[str, dict[str, Any]] = {}
    positive = False
    for text, given in _items(wanted):
        negative = text.startswith("!")
        word = text[1:].strip() if negative else text
        if word.lower() == "all":
            found = [choice.name for choice in known]
        elif word.startswith("@"):
            if word[1:].lower() not in tags:
                raise SelectionError(f"unknown tag {word}; known: {_list('@' + tag for tag in tags)}")
            found = tags[word[1:].lower()]
        else:
            if word.lower() not in names:
                raise SelectionError(f"unknown name {word!r}; known: {_list(choice.name for choice in known)}")
            found = [names[word.lower()].name]
        if negative:
            excluded.update(found)
            continue
        positive = True
        chosen.update(found)
        if given is not None:
            if word.startswith("@") or word.lower() == "all":
                raise SelectionError(f"options belong to one name, not to {word}")
            options[found[0]] = _options(names[word.lower()], given)
    if not positive:
        chosen = {choice.name for choice in known}
    chosen -= excluded
    if known and not chosen:
        raise SelectionError(f"the selection {_said(wanted)} leaves nothing; choose at least one, or all")
    return Selection(
        names=tuple(choice.name for choice in known if choice.name in chosen),
        excluded=tuple(choice.name for choice in known if choice.name not in chosen),
        options={name: value for name, value in options.items() if name in chosen},
    )


def _said(wanted: Any) -> str:
    return wanted if isinstance(wanted, str) else ", ".join(str(item) for item in wanted)


def _items(wanted: Wanted) -> list[tuple[str, Any]]:
    if wanted is None:
        return []
    if isinstance(wanted, str):
        wanted = [part for part in wanted.split(",") if part.strip()]
    if isinstance(wanted, Mapping):
        wanted = [wanted]
    items: list[tuple[str, Any]] = []
    for item in wanted:
        if isinstance(item, str):
            if not item.strip() or item.strip() in ("!", "@", "!@"):
                raise SelectionError(f"cannot read {item!r} in a selection")
            items.append((item.strip(), None))
        elif isinstance(item, Mapping):
            for name, given in item.items():
                if str(name).startswith("!"):
                    raise SelectionError(f"{name} is left out and takes no options")
                items.append((str(name).strip(), {} if given is None else given))
        else:
            raise SelectionError(f"cannot read {item!r} in a selection: expected a name or a mapping of options")
    return items


def _options(choice: Choice, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise SelectionError(f"options of {choice.name}: expected a mapping, got {given!r}")
    unknown = [str(name) for name in given if name not in choice.options]
    if unknown:
        known = _list(choice.options) or "none"
        raise SelectionError(f"{choice.name} has no option {', '.join(sorted(unknown))}; known: {known}")
    return dict(given)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def rules_text(names: Sequence[str]) -> str:
    """Rules by name where they are few, else how many they are."""
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names):,} rules"
