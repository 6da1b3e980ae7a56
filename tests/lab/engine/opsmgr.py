"""`opsmgr.run`: placeholder until the product's shells are there."""

from __future__ import annotations

from typing import Any

from .operations import Answer, Interpreter, Refused, operation


@operation("opsmgr.run")
def opsmgr_run(run: Interpreter, args: dict[str, Any]) -> Answer:
    raise Refused("unsupported", "No shell.")
