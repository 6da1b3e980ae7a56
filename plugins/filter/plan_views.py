# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that show a plan or its readiness. Each has its documentation beside this file."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.scom.upgrade.plugins.module_utils.render.digest_types import ReportError
from ansible_collections.scom.upgrade.plugins.module_utils.render.html import html
from ansible_collections.scom.upgrade.plugins.module_utils.render.json_view import to_json
from ansible_collections.scom.upgrade.plugins.module_utils.render.junit import junit
from ansible_collections.scom.upgrade.plugins.module_utils.render.markdown import markdown
from ansible_collections.scom.upgrade.plugins.module_utils.render.sarif import sarif
from ansible_collections.scom.upgrade.plugins.module_utils.render.summary import summary
from ansible_collections.scom.upgrade.plugins.module_utils.render.text import findings_text, text


def _named(view):
    """The view as a filter: what is wrong with its input becomes the filter's own error."""

    def shown(value, *args, **kwargs):
        try:
            return view(value, *args, **kwargs)
        except ReportError as problem:
            raise AnsibleFilterError(str(problem)) from problem

    shown.__doc__ = view.__doc__
    return shown


def _report_of(findings):
    """Findings alone, or what the rules returned, as a report."""
    if not isinstance(findings, dict):
        return {"plan": {"phases": []}, "findings": findings}
    if "plan" in findings or "phases" in findings:
        return findings
    return {"plan": {"phases": []}, "findings": findings.get("findings", []), "readiness": findings}


def _findings(view):
    """A view of findings as a filter that takes a list of them, or a whole report."""
    return _named(lambda value, *args, **kwargs: view(_report_of(value), *args, **kwargs))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """The filters by name."""
        return {
            "plan_text": _named(text),
            "plan_markdown": _named(markdown),
            "plan_html": _named(html),
            "plan_json": _named(to_json),
            "plan_summary": _named(summary),
            "findings_text": _findings(findings_text),
            "findings_junit": _findings(junit),
            "findings_sarif": _findings(sarif),
        }
