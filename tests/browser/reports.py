# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reports whose pages are looked at in a browser."""

from __future__ import annotations

from typing import Any

from tests.unit.render.sample import report_of


def simple_report() -> dict[str, Any]:
    return report_of(13, 43)


def complex_report() -> dict[str, Any]:
    return report_of()


def large_report() -> dict[str, Any]:
    return report_of(1200, 5000)
