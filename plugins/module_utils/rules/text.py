# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How rules word what they found: counts, lists of names, and tables that stay short for thousands of agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

Row = tuple[Any, ...]
#: From how many rows on agents are grouped instead of listed.
GROUPED = 50
#: How many names of a group are shown.
SHOWN = 5


def counted(number: int, one: str, several: Optional[str] = None) -> str:
    """``1 agent``, ``3 agents``, ``15,000 agents``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def sizes_text(sizes: Mapping[str, Any]) -> str:
    """``30720 MB data and 15360 MB log``, or one of them, from ``data_mb`` and ``log_mb``."""
    known = ((name, sizes.get(f"{name}_mb")) for name in ("data", "log"))
    return " and ".join(f"{size} MB {name}" for name, size in known if size is not None)


def every(number: int, one: str, several: str, verbs: tuple[str, str]) -> str:
    """``The only agent is``, ``All 3 agents are``; ``verbs`` for one and for several."""
    return f"The only {one} {verbs[0]}" if number == 1 else f"All {number:,} {several} {verbs[1]}"


def listed(names: Iterable[str], most: int = SHOWN) -> str:
    """``A``, ``A and B``, ``A, B, C, D, E and 12 more``."""
    known = [str(name) for name in names]
    if len(known) > most:
        return ", ".join(known[:most]) + f" and {len(known) - most:,} more"
    return " and ".join(filter(None, (", ".join(known[:-1]), known[-1]))) if known else "none"


def agent_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows whose first cell is a name; many of them are grouped by their other cells."""
    if len(rows) <= GROUPED:
        return tuple(rows)
    groups: dict[Row, list[str]] = {}
    for row in rows:
        groups.setdefault(row[1:], []).append(str(row[0]))
    return tuple((_group(names), *rest) for rest, names in groups.items())


def _group(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names):,}: {listed(names)}"
