"""The record of everything that changes: `events.jsonl`, as docs/lab-events.md says. Only the model writes it."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .clock import Clock

BLANK = "********"
_SWITCH = re.compile(r"""(?ix)(\w*(?:password|passwd|pwd|passphrase)\w*\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s"';,]+)""")


class Record:
    """Writes one JSON object a line: n (gapless), t (simulated seconds), host, kind, and the kind's fields."""

    def __init__(self, path: Path | None, clock: Clock):
        self.path = path
        self.clock = clock
        self.events: list[dict[str, Any]] = []
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self._secrets: set[str] = set()
        self._lock = threading.RLock()
        self._muted = 0
        self._file = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115 - open as long as the lab

    def write(self, host: str | None, kind: str, **fields: Any) -> dict[str, Any]:
        """Append and flush one event; answers it. A trailing underscore of a field's name is dropped (`from_`)."""
        with self._lock:
            event: dict[str, Any] = {
                "n": len(self.events) + 1,
                "t": round(self.clock.now(), 3),
                "host": host,
                "kind": kind,
            }
            event.update((name.rstrip("_"), self.plain(value)) for name, value in fields.items())
            if self._muted:
                return event
            self.events.append(event)
            if self._file:
                self._file.write(json.dumps(event, ensure_ascii=True) + "\n")
                self._file.flush()
            for listener in self.listeners:
                listener(event)
            return event

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Write nothing inside the block: the world is being built."""
        with self._lock:
            self._muted += 1
        try:
            yield
        finally:
            with self._lock:
                self._muted -= 1

    @property
    def is_muted(self) -> bool:
        """Whether the world is being built."""
        return self._muted > 0

    def add_secret(self, text: str) -> None:
        """A text that never appears in the record."""
        if text and len(text) >= 4:
            with self._lock:
                self._secrets.add(text)

    def blank(self, text: str) -> str:
        """`text` with every known secret, and whatever looks like a password switch's value, blanked."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, BLANK)
        return _SWITCH.sub(lambda match: match.group(1) + BLANK, text)

    def since(self, n: int = 0) -> list[dict[str, Any]]:
        """The events after number `n`."""
        with self._lock:
            return self.events[n:]

    def close(self) -> None:
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None

    def plain(self, value: Any) -> Any:
        """A value as JSON has it, secrets blanked."""
        if isinstance(value, str):
            return self.blank(value)
        if isinstance(value, bytes):
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        if isinstance(value, dict):
            return {str(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
        if isinstance(value, Path):
            return self.blank(str(value))
        return value


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a record's file."""
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]
