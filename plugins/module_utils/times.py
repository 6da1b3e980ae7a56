# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as people and hosts write them."""

from __future__ import annotations

import datetime
from typing import Any, Optional


def moment(given: Any) -> Optional[datetime.datetime]:
    """An ISO 8601 time with its zone, UTC where it names none; None for anything else. YAML may have read it already."""
    if isinstance(given, datetime.date):
        given = given.isoformat()
    if not isinstance(given, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(given.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)
