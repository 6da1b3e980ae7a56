# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Readiness as JUnit XML: one test case a rule, so that a pipeline shows it like any other test."""

from __future__ import annotations

from . import words
from .digest import ReportError, read_report
from .digest_types import Digest, Finding
from .safe import Safe, el, join, plain
from .verdict import notes, verdict_text

SHOWN_ROWS = 50
FAIL_ON = ("block", "warn")


def junit(report: object, fail_on: str = "block") -> str:
    """JUnit XML of the findings. What blocks fails, and with ``fail_on="warn"`` what warns does too.

    A rule that broke is an error; what is waived, not applicable or left to a person is skipped and says so.
    """
    if fail_on not in FAIL_ON:
        raise ReportError(f"fail_on: expected one of {', '.join(FAIL_ON)}, found {plain(fail_on, 40)}")
    digest = read_report(report)
    failing = ("block",) if fail_on == "block" else ("block", "warn")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _suite(digest, failing) + "\n"


def _suite(digest: Digest, failing: tuple[str, ...]) -> Safe:
    kinds = [_kind(finding, failing) for finding in digest.findings]
    kinds += ["failure"] * len(digest.obstacles) + ["skipped"] * len(digest.left_out)
    kinds += ["error"] if digest.verdict == "unjudged" else []
    counts = {
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "skipped": kinds.count("skipped"),
        "time": f"{sum(finding.seconds for finding in digest.findings):.3f}",
    }
    stamp = (digest.collected or digest.generated)[:19] or None
    facts = (
        ("verdict", verdict_text(digest)),
        ("path", digest.path),
        ("run_from", digest.run_from),
        ("plan", digest.hash),
        *((note.label.lower().replace(" ", "_"), note.text) for note in notes(digest) if note.kind != "block"),
    )
    properties = el("properties", [el("property", name=name, value=value) for name, value in facts])
    cases = [_case(finding, kind, digest.group) for finding, kind in zip(digest.findings, kinds)]
    cases += _other_cases(digest)
    suite = el(
        "testsuite",
        Safe("\n"),
        properties,
        Safe("\n"),
        cases,
        name=f"readiness of {digest.group}",
        timestamp=stamp,
        **counts,
    )
    return el("testsuites", Safe("\n"), suite, Safe("\n"), name="scom.upgrade", **counts)


def _kind(finding: Finding, failing: tuple[str, ...]) -> str:
    if finding.waived is not None:
        return "skipped"
    if finding.outcome in failing:
        return "failure"
    if finding.outcome == "error":
        return "error"
    return "skipped" if finding.outcome in ("manual", "not_applicable") else "passed"


def _other_cases(digest: Digest) -> list[Safe]:
    """What is in the way beside the findings, the rules that were left out, and that no rule was run at all."""
    told = [
        (f"Obstacle: {one.text}", el("failure", one.remedy, message=one.text, type="obstacle"))
        for one in digest.obstacles
    ]
    told += [(name, el("skipped", message="left out: the selection did not ask for it")) for name in digest.left_out]
    if digest.verdict == "unjudged":
        told.append(("Rules were run", el("error", message="No rule was run.", type="unjudged")))
    return [
        join(el("testcase", child, classname=f"readiness.{digest.group}", name=name, time="0.000"), Safe("\n"))
        for name, child in told
    ]


def _case(finding: Finding, kind: str, group: str) -> Safe:
    children = []
    message = finding.message or finding.title
    if kind in ("failure", "error"):
        children.append(el(kind, _body(finding), message=message, type=finding.outcome))
    elif kind == "skipped":
        children.append(el("skipped", message=_skipped(finding)))
    elif finding.outcome != "pass":
        children.append(
            el("system-out", f"{words.label(words.OUTCOMES, finding.outcome)}: {message}", Safe("\n"), _body(finding))
        )
    return join(
        el(
            "testcase",
            children,
            classname=f"readiness.{group}",
            name=f"{finding.id} {finding.title}",
            time=f"{finding.seconds:.3f}",
        ),
        Safe("\n"),
    )


def _skipped(finding: Finding) -> str:
    if finding.waived is not None:
        said = (
            f"{key} {plain(finding.waived[key])}" for key in ("owner", "reason", "expires") if finding.waived.get(key)
        )
        return "waived: " + ", ".join(said)
    return f"{words.label(words.OUTCOMES, finding.outcome)}: {finding.message or finding.title}"


def _body(finding: Finding) -> Safe:
    """Remedy, evidence and the first affected objects, one a line."""
    lines = [f"Remedy: {finding.remedy}"] if finding.remedy else []
    rests_on = ", ".join(part for part in (finding.evidence, finding.source) if part)
    lines += [f"Evidence: {rests_on}"] if rests_on else []
    lines += [" | ".join(finding.columns)] if finding.rows and finding.columns else []
    lines += [" | ".join(plain(cell) for cell in row) for row in finding.rows[:SHOWN_ROWS]]
    left = len(finding.rows) - SHOWN_ROWS
    lines += [f"... and {left:,} more"] if left > 0 else []
    return join(*[part for line in lines for part in (line, Safe("\n"))])
