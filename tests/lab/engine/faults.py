"""Faults of the lab at the operations of a batch: the same for both engines.

An operation that a fault strikes is taken out of the batch before the engine sees it and answered here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HANG = 3600.0


class Dropped(ConnectionError):
    """A fault drops the connection: no answer leaves the machine."""


def around(machine: Any, batch: dict[str, Any], run: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Run a batch with the world's faults: answers what `run` answers, the struck operations' errors in their places."""
    operations = batch.get("operations") or []
    struck = {}
    for index, item in enumerate(operations):
        fault = machine.world.faults.strike(machine.name, str(item.get("op")))
        if fault is None:
            continue
        error = _effect(machine, fault)
        if error:
            struck[index] = {"id": str(item.get("id") or item.get("op")), "ok": False, "ms": 0, "error": error}
            if batch.get("stop_on_error"):
                operations = operations[: index + 1]
                break
    if not struck:
        return run(batch)
    kept = [item for index, item in enumerate(operations) if index not in struck]
    answer = run(dict(batch, operations=kept))
    if "results" not in answer:
        return answer
    rest = iter(answer["results"])
    results = [struck.get(index) or next(rest) for index in range(len(operations))]
    return dict(answer, results=_skip(batch, results))


def _skip(batch: dict[str, Any], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With stop_on_error, what follows the first failure was skipped."""
    if not batch.get("stop_on_error"):
        return results
    failed, found = False, []
    for index, item in enumerate(batch["operations"]):
        if failed:
            found.append(
                {
                    "id": str(item.get("id") or item.get("op")),
                    "ok": False,
                    "ms": 0,
                    "error": {"kind": "skipped", "message": "An earlier operation failed.", "detail": {}},
                }
            )
            continue
        found.append(results[index])
        failed = not results[index]["ok"]
    return found


def _effect(machine: Any, fault: Any) -> dict[str, Any] | None:
    """Wait, drop, or give the error that the fault wants."""
    if fault.effect == "delay":
        machine.world.clock.sleep(fault.seconds or 0.0)
        return None
    if fault.effect == "hang":
        machine.world.clock.wait_for(lambda: not machine.up, real_timeout=fault.seconds or HANG)
    if fault.effect in ("drop", "hang", "die"):
        time.sleep(0)
        raise Dropped(f"a fault dropped {fault.operation}")
    detail = {"number": fault.code} if fault.kind == "sql" and fault.code is not None else {}
    return {"kind": fault.kind, "message": fault.message, "detail": detail}
