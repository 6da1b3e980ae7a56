# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What machines could hide that are not known well enough: a rule about what is not seen says ``manual``, and names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .engine import BLOCK, MANUAL, WARN, Context, Finding
from .text import listed

LOOK = (
    "Make the host reachable and discover again, or say in scom_role what it is (agent for one that is an agent only);"
    " what stays unreachable a person looks at."
)


def could_be(context: Context, what: str, columns: int, findings: Iterable[Finding] = ()) -> list[Finding]:
    """The findings of a rule, and one more where a machine could hold a feature without anybody knowing.

    ``what`` is the feature with its article, ``columns`` the width of the rule's table.
    """
    return _with_unseen(context.group.unread, "Nobody knows what is on {}; it could be {}.", what, columns, findings)


def could_have(context: Context, what: str, columns: int, findings: Iterable[Finding] = ()) -> list[Finding]:
    """The findings of a rule, and one more where a machine could be in a state that the rule would find if it were known."""
    return _with_unseen(
        context.group.half_known, "Not enough is known of {}; it could have {}.", what, columns, findings
    )


def _with_unseen(
    machines: Mapping[str, str], text: str, what: str, columns: int, findings: Iterable[Finding]
) -> list[Finding]:
    found = list(findings)
    told = {str(row[0]) for one in found if one.outcome in (BLOCK, WARN, MANUAL) for row in one.rows if row}
    left = {name: why for name, why in machines.items() if name not in told}
    if not left:
        return found
    said = text.format(listed(left), what)
    if len(left) > 1:
        said = said.replace("; it could", "; each could")
    blank = ("",) * (columns - 2)
    rows = tuple((name, *blank, why)[:columns] for name, why in left.items())
    return [*found, Finding(MANUAL, said, rows, remedy=LOOK)]
