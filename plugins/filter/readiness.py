# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters `readiness` and `readiness_summary`: the findings about a snapshot, and a few lines of them for people."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.scom.upgrade.plugins.module_utils.readiness import assess, summary


def readiness(snapshot, inputs=None, select=None, waivers=None, repairs=None):
    """The findings about a snapshot, with counts and what blocks."""
    try:
        return assess(snapshot, inputs, wanted=select, waivers=waivers, repairs=repairs).to_dict()
    except ValueError as error:
        raise AnsibleFilterError(f"readiness: {error}") from error


def readiness_summary(report):
    """A few lines for people."""
    try:
        return summary(report)
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError("readiness_summary: expected what the filter readiness returns") from error


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Filters by name."""
        return {"readiness": readiness, "readiness_summary": readiness_summary}
