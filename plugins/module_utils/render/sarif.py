# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Readiness as SARIF 2.1.0, for tools that collect findings of many sources."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import words
from .digest import read_report
from .digest_types import Digest, Finding, Obstacle
from .safe import clean, plain
from .verdict import notes, verdict_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION = "https://github.com/scom-upgrade/scom.upgrade"
SHOWN_LOCATIONS = 100
_LEVELS = {"block": "error", "warn": "warning", "note": "note"}
OBSTACLE = "obstacle"
_KINDS = {"pass": "pass", "manual": "review", "not_applicable": "notApplicable", "error": "open"}


_OBSTACLE_RULE = {
    "id": OBSTACLE,
    "name": "NothingStandsInTheWayOfThePlan",
    "shortDescription": {"text": "Nothing stands in the way of the plan"},
    "fullDescription": {
        "text": "What inventory and group disagree on must not make the plan wrong, and the path must be open."
    },
    "help": {"text": "Each result names its remedy."},
    "defaultConfiguration": {"level": "error"},
}


def sarif(report: object, version: str = "1.0.0", artifact: str = "snapshot.json") -> str:
    """SARIF 2.1.0 of the findings: one rule and one result each, affected objects as logical locations.

    ``artifact`` is the address of the file with the facts, which every result points at.
    """
    digest = read_report(report)
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(digest, version, artifact)]}
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(digest: Digest, version: str, artifact: str) -> dict[str, Any]:
    rules: dict[str, int] = {}
    descriptors: list[dict[str, Any]] = []
    for finding in digest.findings:
        if finding.id not in rules:
            rules[finding.id] = len(descriptors)
            descriptors.append(_rule(finding))
    if digest.obstacles:
        rules[OBSTACLE] = len(descriptors)
        descriptors.append(_OBSTACLE_RULE)
    broken = [_notification(finding, rules) for finding in digest.findings if finding.outcome == "error"]
    invocation: dict[str, Any] = {
        "executionSuccessful": not broken and digest.verdict != "unjudged",
        "toolExecutionNotifications": broken,
        "toolConfigurationNotifications": _configuration(digest),
    }
    return {
        "tool": {
            "driver": {
                "name": "scom.upgrade readiness",
                "version": clean(version),
                "informationUri": INFORMATION,
                "rules": descriptors,
            }
        },
        "invocations": [invocation],
        "artifacts": [{"location": {"uri": _uri(artifact)}, "description": {"text": "facts the findings rest on"}}],
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"scom.upgrade/{clean(digest.group)}/"},
        "results": [
            *(_result(finding, rules[finding.id], digest.group, artifact) for finding in digest.findings),
            *(_obstacle(one, rules[OBSTACLE], digest.group, artifact) for one in digest.obstacles),
        ],
        "properties": {
            "verdict": clean(verdict_text(digest)),
            "path": clean(digest.path),
            "runFrom": clean(digest.run_from),
            "plan": clean(digest.hash),
            "leftOut": [clean(name) for name in digest.left_out],
            "kept": [clean(name) for name in digest.kept],
        },
    }


def _uri(text: str) -> str:
    """A relative reference: everything but plain characters is percent-encoded."""
    keep = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"
    encoded = clean(text).encode("utf-8", "replace")
    return "".join(chr(byte) if chr(byte) in keep else f"%{byte:02X}" for byte in encoded) or "snapshot.json"


def _rule(finding: Finding) -> dict[str, Any]:
    remedy = finding.remedy or "Nothing to do."
    return {
        "id": clean(finding.id),
        "name": "".join(
            word.capitalize() for word in "".join(c if c.isalnum() else " " for c in finding.title).split()
        ),
        "shortDescription": {"text": clean(finding.title)},
        "fullDescription": {"text": clean(finding.title)},
        "help": {"text": remedy},
        "defaultConfiguration": {"level": _LEVELS.get(finding.outcome, "warning")},
        "properties": {"evidence": finding.evidence, "source": finding.source, "impact": clean(finding.impact)},
    }


def _result(finding: Finding, index: int, group: str, artifact: str) -> dict[str, Any]:
    level = _LEVELS.get(finding.outcome, "none")
    message = finding.message or finding.title
    result: dict[str, Any] = {
        "ruleId": clean(finding.id),
        "ruleIndex": index,
        "kind": "fail" if level != "none" else _KINDS.get(finding.outcome, "open"),
        "level": level,
        "message": {"text": f"{message} Remedy: {finding.remedy}" if finding.remedy else message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(artifact), "index": 0}},
                "logicalLocations": _objects(finding, group),
            }
        ],
        "partialFingerprints": {"finding/v1": _fingerprint(finding, group)},
        "properties": {
            "outcome": clean(finding.outcome),
            "affected": len(finding.rows),
            "impact": clean(finding.impact),
        },
    }
    if finding.repair:
        result["properties"]["repair"] = finding.repair
    if finding.waived is not None:
        said = [
            f"{key}: {plain(finding.waived[key])}" for key in ("owner", "reason", "expires") if finding.waived.get(key)
        ]
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": ", ".join(said) or "waived"}
        ]
    return result


def _obstacle(obstacle: Obstacle, index: int, group: str, artifact: str) -> dict[str, Any]:
    """What is in the way beside the findings, as a result that fails."""
    return {
        "ruleId": OBSTACLE,
        "ruleIndex": index,
        "kind": "fail",
        "level": "error",
        "message": {"text": f"{obstacle.text} Remedy: {obstacle.remedy}" if obstacle.remedy else obstacle.text},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(artifact), "index": 0}},
                "logicalLocations": [{"name": clean(group), "kind": "managementGroup"}],
            }
        ],
        "partialFingerprints": {
            "finding/v1": hashlib.sha256(json.dumps([group, OBSTACLE, obstacle.text]).encode()).hexdigest()
        },
        "properties": {"outcome": "block", "rule": obstacle.rule},
    }


def _configuration(digest: Digest) -> list[dict[str, Any]]:
    """What the selection of the rules has to do with the verdict."""
    told = [f"{note.label}: {note.text}" for note in notes(digest) if note.kind == "warn"]
    told += ["No rule was run."] if digest.verdict == "unjudged" else []
    return [{"level": "warning", "message": {"text": clean(text)}} for text in told]


def _objects(finding: Finding, group: str) -> list[dict[str, Any]]:
    found = [{"name": clean(group), "kind": "managementGroup"}]
    for row in finding.rows[:SHOWN_LOCATIONS]:
        name = plain(row[0]) if row else ""
        if name:
            whole = ", ".join(plain(cell) for cell in row)
            kind = clean(finding.columns[0]) if finding.columns else "object"
            place = {"name": name, "fullyQualifiedName": f"{clean(group)}/{whole}", "kind": kind}
            if place not in found:  # the standard wants each of them once
                found.append(place)
    return found


def _fingerprint(finding: Finding, group: str) -> str:
    """The same for the same rule on the same objects, whatever the wording."""
    objects = sorted(plain(row[0]) for row in finding.rows if row)
    return hashlib.sha256(json.dumps([group, finding.id, objects]).encode()).hexdigest()


def _notification(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"{words.label(words.OUTCOMES, finding.outcome)}: {finding.message or finding.title}"},
        "associatedRule": {"id": clean(finding.id), "index": rules[finding.id]},
    }
