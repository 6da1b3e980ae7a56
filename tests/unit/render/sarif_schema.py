# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the schema of SARIF 2.1.0 (OASIS, errata 01) asks of the objects that the view writes, written down in our own words.

Like the schema, every object refuses what it does not know; properties of the standard that the view has no use for are left
out here, so that using one means to look up first what the standard says of it.
"""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
INDEX = {"type": "integer", "minimum": -1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True, "items": TEXT}}}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**properties, "properties": BAG},
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": unique}


MESSAGE = _object(("text",), text=TEXT)
ARTIFACT_LOCATION = _object(uri={"type": "string", "format": "uri-reference"}, index=INDEX)
LOGICAL_LOCATION = _object(name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)
LOCATION = _object(
    physicalLocation=_object(("artifactLocation",), artifactLocation=ARTIFACT_LOCATION),
    logicalLocations=_list(LOGICAL_LOCATION, unique=True),
)
NOTIFICATION = _object(
    ("message",), level=LEVEL, message=MESSAGE, associatedRule={**_object(id=TEXT, index=INDEX), "minProperties": 1}
)
DESCRIPTOR = _object(
    ("id",),
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=_object(level=LEVEL),
)
SUPPRESSION = _object(
    ("kind",),
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
RESULT = _object(
    ("message",),
    ruleId=TEXT,
    ruleIndex=INDEX,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=_list(SUPPRESSION, unique=True),
)
INVOCATION = _object(
    ("executionSuccessful",),
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=_list(NOTIFICATION),
    toolConfigurationNotifications=_list(NOTIFICATION),
)
DRIVER = _object(
    ("name",),
    name=TEXT,
    version=TEXT,
    informationUri={"type": "string", "format": "uri"},
    rules=_list(DESCRIPTOR, unique=True),
)
RUN = _object(
    ("tool",),
    tool=_object(("driver",), driver=DRIVER),
    invocations=_list(INVOCATION),
    artifacts=_list(_object(location=ARTIFACT_LOCATION, description=MESSAGE), unique=True),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    automationDetails=_object(id=TEXT),
    results=_list(RESULT),
)
SARIF = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        ("version", "runs"),
        version={"const": "2.1.0"},
        runs=_list(RUN),
        **{"$schema": {"type": "string", "format": "uri"}},
    ),
}
