"""Figures: what was measured, against the limit that was promised.

`record("plan: 15,000 agents", 3.2, "s", 10)` keeps the newest value of a figure in .build/figures.json. The tests and
the demonstration print the table at their end; `python -m tests.tools.figures --write` puts it into docs/figures.md.
"""

from __future__ import annotations

import argparse
import datetime
import fcntl
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / ".build" / "figures.json"
PAGE = ROOT / "docs" / "figures.md"

INTRODUCTION = """\
# Figures

Measured by the project's own tests and its demonstration, on the machine named below. `make demo` and `make test` print
the same table; `make docs` writes this page from the newest values.

"""


@contextmanager
def locked() -> Iterator[None]:
    """Tests run in several processes, and they share one file."""
    STORE.parent.mkdir(parents=True, exist_ok=True)
    with open(STORE.with_suffix(".lock"), "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def load() -> dict[str, dict[str, Any]]:
    try:
        return json.loads(STORE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def record(name: str, value: float, unit: str = "", limit: Optional[float] = None) -> bool:
    """Keep a figure; answer whether it is within its limit (the limit is the largest value allowed)."""
    entry = {
        "value": value,
        "unit": unit,
        "limit": limit,
        "measured": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
    with locked():
        figures = load()
        figures[name] = entry
        fresh = STORE.with_suffix(".new")
        fresh.write_text(json.dumps(figures, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(STORE)
    return limit is None or value <= limit


def clear() -> None:
    with locked():
        STORE.unlink(missing_ok=True)


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value != int(value):
        return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{int(value):,}" if isinstance(value, (int, float)) else str(value)


def rows() -> list[tuple[str, str, str, str]]:
    return [
        (
            name,
            f"{text(entry['value'])} {entry['unit']}".strip(),
            f"{text(entry['limit'])} {entry['unit']}".strip() if entry["limit"] is not None else "",
            "" if entry["limit"] is None else "yes" if entry["value"] <= entry["limit"] else "NO",
        )
        for name, entry in sorted(load().items())
    ]


def table() -> str:
    """The figures as a Markdown table whose columns also line up on a terminal."""
    lines = [("figure", "measured", "limit", "kept"), *rows()]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    rule = f"| {'-' * widths[0]} | {'-' * (widths[1] - 1)}: | {'-' * (widths[2] - 1)}: | {'-' * widths[3]} |"
    body = [
        f"| {name.ljust(widths[0])} | {value.rjust(widths[1])} | {limit.rjust(widths[2])} | {kept.ljust(widths[3])} |"
        for name, value, limit, kept in lines
    ]
    return "\n".join([body[0], rule, *body[1:]]) + "\n"


def page() -> str:
    days = sorted({entry["measured"] for entry in load().values()})
    machine = (
        f"Machine: {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}; "
        f"measured {' to '.join(sorted({days[0], days[-1]}))}.\n\n"
        if days
        else "Nothing has been measured yet.\n\n"
    )
    return INTRODUCTION + machine + (table() if days else "")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="figures", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/figures.md instead of printing the table")
    parser.add_argument("--clear", action="store_true", help="forget all values")
    options = parser.parse_args(arguments)
    if options.clear:
        clear()
    elif options.write:
        PAGE.write_text(page(), encoding="utf-8")
        sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    elif load():
        sys.stdout.write(f"\n{table()}")
        return 1 if any(row[3] == "NO" for row in rows()) else 0
    else:
        sys.stdout.write("no figures were recorded\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
