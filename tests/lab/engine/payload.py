"""What travels: command lines, the batch on the standard input, the frame of the answer. As docs/wire.md tells."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass
class Payload:
    """A batch as it arrived."""

    nonce: str
    script: str
    batch: dict[str, Any]

    @property
    def operations(self) -> list[dict[str, Any]]:
        return list(self.batch.get("operations") or [])

    def encode(self) -> bytes:
        """The standard input that would bring this payload."""
        batch = json.dumps(self.batch, separators=(",", ":"))
        return f"{self.nonce}.{_pack(self.script)}.{_pack(batch)}.{self.nonce}".encode("ascii")


def script_of(command: str) -> str:
    """The PowerShell text of a command line with `-EncodedCommand`; any other text as it is."""
    found = re.search(r"(?i)powershell\S*\s.*-e(?:nc|ncodedcommand)?\s+([A-Za-z0-9+/=]+)[\s\"]*$", command)
    if not found:
        return command
    try:
        return base64.b64decode(found.group(1), validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return command


def read(stdin: bytes) -> Payload | None:
    """The payload on a standard input; None when it is something else. A cut-off one raises ValueError."""
    text = re.sub(rb"[^A-Za-z0-9+/=.]", b"", stdin).decode("ascii")
    parts = text.split(".")
    if len(parts) < 2:
        return None
    if len(parts) != 4 or parts[0] != parts[3]:
        raise ValueError("The standard input was cut off on its way.")
    try:
        return Payload(parts[0], _unpack(parts[1]), json.loads(_unpack(parts[2])))
    except (binascii.Error, OSError, EOFError, ValueError):
        return None


def frame(nonce: str, answer: dict[str, Any]) -> bytes:
    """The answer as remote.ps1 prints it."""
    text = _pack(json.dumps(answer, ensure_ascii=True, separators=(",", ":")))
    lines = [
        f"----BEGIN {nonce}",
        *(text[start : start + 76] for start in range(0, len(text), 76)),
        f"----END {nonce}",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def unframe(stdout: bytes, nonce: str) -> dict[str, Any] | None:
    """The answer in a frame; None when there is none."""
    found = re.search(rf"----BEGIN {nonce}(.*?)----END {nonce}", stdout.decode("ascii", "replace"), re.S)
    return json.loads(_unpack("".join(found.group(1).split()))) if found else None


def _pack(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 6, mtime=0)).decode("ascii")


def _unpack(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode("utf-8-sig")
