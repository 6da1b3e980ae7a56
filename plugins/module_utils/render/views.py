# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The views by name, the endings of their files, and when two files say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .digest import read_report
from .digest_types import ReportError
from .html import html
from .json_view import to_json
from .junit import junit
from .markdown import markdown
from .sarif import sarif
from .text import text

# The views that show every agent as a line of its own when asked; the page names them inside its lines instead.
LISTING = ("text", "markdown")


@dataclass(frozen=True)
class Options:
    """What a caller may say about views; each view takes what concerns it."""

    list_agents: bool = False
    width: int = 100
    fail_on: str = "block"
    artifact: str = "snapshot.json"


@dataclass(frozen=True)
class View:
    """One way to show a report."""

    name: str
    ending: str
    make: Callable[[Any, Options], str]
    # What differs between two runs over the same facts and means nothing: how long rules took.
    volatile: str = ""


VIEWS: Mapping[str, View] = {
    view.name: view
    for view in (
        View("text", ".txt", lambda report, given: text(report, given.width, given.list_agents)),
        View("markdown", ".md", lambda report, given: markdown(report, given.list_agents)),
        View("html", ".html", lambda report, given: html(report, given.list_agents)),
        View("json", ".json", lambda report, given: to_json(report), r'"seconds": [-+.e0-9]+'),
        View("junit", ".junit.xml", lambda report, given: junit(report, given.fail_on), r' time="[.0-9]+"'),
        View("sarif", ".sarif", lambda report, given: sarif(report, artifact=given.artifact)),
    )
}


def render(name: str, report: Any, options: Optional[Options] = None) -> str:
    """A report in the named view."""
    if name not in VIEWS:
        raise ReportError(f"no view is called {name!r}; known: {', '.join(VIEWS)}")
    return VIEWS[name].make(report, options or Options())


def render_all(names: Iterable[str], report: Any, options: Optional[Options] = None) -> dict[str, str]:
    """A report in several views, read once."""
    chosen = options or Options()
    digest = read_report(report)
    each = read_report(report, True) if chosen.list_agents else digest
    return {name: render(name, each if name in LISTING else digest, chosen) for name in dict.fromkeys(names)}


def same(name: str, old: str, new: str) -> bool:
    """Whether two texts of one view say the same."""
    volatile = VIEWS[name].volatile
    return old == new or (bool(volatile) and re.sub(volatile, "", old) == re.sub(volatile, "", new))
