# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The published JSON Schemas. That of the snapshot is written from the collection's own description of it.

``PYTHONPATH=playbooks/collections python -m tests.unit.render.schemas`` writes ``docs/schema/snapshot.schema.json`` anew;
a test says when that is due.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.scom.upgrade.plugins.module_utils import facts

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ADDRESS = "https://github.com/scom-upgrade/scom.upgrade/blob/main/docs/schema/"
PARTS = {"host": facts.HOST, "group": facts.GROUP, "entry": facts.ENTRY}


def published(name: str) -> dict[str, Any]:
    """A schema as it stands in ``docs/schema``."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def snapshot_schema() -> dict[str, Any]:
    """The schema of a snapshot, from the tables that check one."""
    parts = {name: _mapping(spec) for name, spec in PARTS.items()}
    parts["group"]["properties"]["agents"] = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"enum": list(facts.AGENT_COLUMNS)}},
            "rows": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["columns", "rows"],
        "additionalProperties": False,
    }
    whole = _mapping(facts.SNAPSHOT)
    whole["properties"]["schema"] = {"const": facts.SCHEMA}
    return {
        "$schema": DIALECT,
        "$id": ADDRESS + "snapshot.schema.json",
        "title": "What the collection knows of a management group",
        "description": "Explained in docs/snapshot.md. A fact that could not be read is null.",
        **whole,
        "$defs": parts,
    }


def _schema(spec: Any) -> dict[str, Any]:
    for name, known in PARTS.items():
        if spec is known:
            return {"$ref": f"#/$defs/{name}"}
    if isinstance(spec, facts.Leaf):
        return _leaf(spec)
    if isinstance(spec, list):
        return {"type": "array", "items": _schema(spec[0])}
    if isinstance(spec, facts.Named):
        inner = _schema(spec.value)
        return {
            "type": "object",
            "additionalProperties": _or_null(inner) if isinstance(spec.value, facts.Leaf) else inner,
        }
    return _mapping(spec)


def _leaf(spec: facts.Leaf) -> dict[str, Any]:
    if spec.choices:
        return {"enum": list(spec.choices)}
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    kinds = [names[kind] for kind in spec.types if kind in names]
    if "number" in kinds:
        kinds = ["number"]
    return {"type": kinds[0]} if kinds else {}


def _mapping(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    required = []
    for key, value in spec.items():
        inner = _schema(value)
        found["properties"][key.rstrip("!")] = inner if key.endswith("!") else _or_null(inner)
        required += [key.rstrip("!")] if key.endswith("!") else []
    return {**found, "required": required} if required else found


def _or_null(inner: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [inner, {"type": "null"}]} if inner else inner


if __name__ == "__main__":
    text = json.dumps(snapshot_schema(), indent=2) + "\n"
    (FOLDER / "snapshot.schema.json").write_text(text, encoding="utf-8")
