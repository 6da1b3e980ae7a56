# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report as canonical JSON: sorted keys, ASCII, the same bytes for the same report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .digest import read_report
from .summary import summary_of


def to_json(report: Any) -> str:
    """Plan, path, findings, approval, journal and the summary; the snapshot has a file of its own and stays out."""
    digest = read_report(report)
    kept: Mapping[str, Any] = {key: value for key, value in digest.given.items() if key != "snapshot"}
    path = digest.given["plan"].get("decision")
    parts = {"path": path, "findings": [], "approval": digest.approval, "journal": list(digest.journal)}
    document = {"schema": 1, **parts, **kept, "summary": summary_of(digest)}
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False, default=str) + "\n"
