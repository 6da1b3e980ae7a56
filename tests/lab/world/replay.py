"""Replay: the state before, and the events since, make the state after.

A status is a plain JSON object. What a host is stands in its `machines` (by name: `Machine.status()`), and perhaps in its
`servers` and `agents` too (lists whose entries have a `name`); a section that a status lacks is left alone. Whoever writes
a kind of event registers how it changes a status.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Status = dict[str, Any]
Event = dict[str, Any]
Handler = Callable[[Status, Event], None]

_HANDLERS: dict[str, list[Handler]] = {}
_NEVER_RUN, _RUNS_NOW = 267011, 267009


def register_replay(*kinds: str) -> Callable[[Handler], Handler]:
    """Register a function(status, event) that changes the status as an event of these kinds says."""

    def register(function: Handler) -> Handler:
        for kind in kinds:
            _HANDLERS.setdefault(kind, []).append(function)
        return function

    return register


def replay(status: Status, events: Iterable[Event]) -> Status:
    """A copy of a status with events applied, in their order."""
    status = copy.deepcopy(status)
    for event in events:
        for function in _HANDLERS.get(event["kind"], ()):
            function(status, event)
    return status


def entries(status: Status, host: str | None) -> Iterator[dict[str, Any]]:
    """Every object of a status that describes a host."""
    if host is None:
        return
    machine = status.get("machines", {}).get(host)
    if machine is not None:
        yield machine
    for section in ("servers", "agents"):
        for entry in status.get(section) or []:
            if isinstance(entry, dict) and entry.get("name") == host:
                yield entry


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two statuses differ, one line a place."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in [*one, *(key for key in other if key not in one)]:
            inner = f"{place}.{key}" if place else str(key)
            if key not in other:
                found.append(f"{inner}: only in the first ({one[key]!r})")
            elif key not in one:
                found.append(f"{inner}: only in the second ({other[key]!r})")
            else:
                found += differences(one[key], other[key], inner)
        return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [line for i, (a, b) in enumerate(zip(one, other)) for line in differences(a, b, f"{place}[{i}]")]
    return [] if one == other else [f"{place}: {one!r} / {other!r}"]


def _sections(status: Status, event: Event, name: str) -> Iterator[dict[str, Any]]:
    for entry in entries(status, event["host"]):
        if isinstance(entry.get(name), dict):
            yield entry[name]


@register_replay("service")
def _service(status: Status, event: Event) -> None:
    for services in _sections(status, event, "services"):
        if event["to"] is None:
            services.pop(event["service"], None)
        else:
            services[event["service"]] = {"state": event["to"], "start_mode": event["start_mode"]}


@register_replay("task")
def _task(status: Status, event: Event) -> None:
    if event.get("folder"):
        return
    for tasks in _sections(status, event, "tasks"):
        if event["change"] == "deleted":
            tasks.pop(event["name"], None)
            continue
        task = tasks.setdefault(event["name"], {"state": "ready", "result": _NEVER_RUN})
        task["state"] = event["state"]
        if event["change"] == "created" or ("program" in event and event["change"] == "changed"):
            task["result"] = _NEVER_RUN
        elif event["change"] == "started":
            task["result"] = _RUNS_NOW
        elif "result" in event:
            task["result"] = event["result"]


@register_replay("process")
def _process(status: Status, event: Event) -> None:
    for processes in _sections(status, event, "processes"):
        if event["change"] == "started":
            processes[str(event["pid"])] = event["name"]
        else:
            processes.pop(str(event["pid"]), None)


@register_replay("file")
def _file(status: Status, event: Event) -> None:
    for files in _sections(status, event, "files"):
        if event["change"] == "deleted":
            files.pop(event["path"], None)
        elif event.get("directory"):
            files[event["path"]] = None
        else:
            files[event["path"]] = {key: event[key] for key in ("bytes", "hash", "version") if key in event}


@register_replay("registry")
def _registry(status: Status, event: Event) -> None:
    path, change = event["path"], event["change"]
    if event.get("name") == "PendingFileRenameOperations":
        for entry in entries(status, event["host"]):
            if "pending_reboot" in entry:
                entry["pending_reboot"] = bool(change != "deleted" and event["to"]["data"])
    for registry in _sections(status, event, "registry"):
        if "name" not in event:
            if change == "created":
                parts = path.split("\\")
                for length in range(1, len(parts) + 1):
                    registry.setdefault("\\".join(parts[:length]), {})
            else:
                for key in [key for key in registry if key == path or key.startswith(path + "\\")]:
                    del registry[key]
        elif change == "deleted":
            registry[path].pop(event["name"], None)
        else:
            registry.setdefault(path, {})[event["name"]] = event["to"]


@register_replay("eventlog")
def _eventlog(status: Status, event: Event) -> None:
    for logs in _sections(status, event, "eventlogs"):
        logs[event["log"]] = logs.get(event["log"], 0) + 1


@register_replay("disk")
def _disk(status: Status, event: Event) -> None:
    for disks in _sections(status, event, "disks"):
        disks[event["drive"]] = {"free_mb": event["free_mb"]}


@register_replay("share")
def _share(status: Status, event: Event) -> None:
    for shares in _sections(status, event, "shares"):
        shares[event["name"]] = event["path"]


@register_replay("feature")
def _feature(status: Status, event: Event) -> None:
    for features in _sections(status, event, "features"):
        if event["change"] == "installed":
            features[str(event["id"])] = event["name"]
        else:
            features.pop(str(event["id"]), None)


@register_replay("reboot")
def _reboot(status: Status, event: Event) -> None:
    for entry in entries(status, event["host"]):
        if "up" in entry:
            entry["up"] = False


@register_replay("boot")
def _boot(status: Status, event: Event) -> None:
    for entry in entries(status, event["host"]):
        if "up" in entry:
            entry["up"] = True
        if "boot_time" in entry:
            entry["boot_time"] = event["boot_time"]
