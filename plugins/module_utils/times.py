# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as people and hosts write them."""

from __future__ import annotations

import datetime
import re
from typing import Any, Optional

#: Left out, since Python 3.9 reads three or six digits only, and nothing here hangs on less than a second.
FRACTION = re.compile(r"\.\d+")


def moment(given: Any) -> Optional[datetime.datetime]:
    """An ISO 8601 time with its zone, UTC where it names none; None for anything else. YAML may have read it already."""
    if isinstance(given, datetime.date):
        given = given.isoformat()
    if not isinstance(given, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(FRACTION.sub("", given.strip()).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)
