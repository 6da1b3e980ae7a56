"""Windows paths over a real folder a drive: `<state>/hosts/<name>/C/...` is `C:\\...` of that machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine


@dataclass(frozen=True)
class FileStat:
    """path: as the disk spells it; modified: UTC (simulated); size: bytes (0 for a directory)."""

    path: str
    name: str
    directory: bool
    size: int
    modified: datetime


@dataclass(frozen=True)
class Version:
    """What a program file says of itself."""

    file: str | None = None
    product: str | None = None
    product_name: str | None = None
    company: str | None = None
    description: str | None = None


class FileSystem:
    """Files of one machine. Paths are Windows' (`C:\\Backup\\x.bak`), any case. Changes write `file` events.

    Refusals are WindowsError: 2/3 not found, 5 denied (UNC paths too: see `Machine.open_path`), 112 disk full, 123 bad path.
    """

    def __init__(self, machine: Machine):
        self.machine = machine

    def exists(self, path: str) -> bool: ...
    def is_directory(self, path: str) -> bool: ...
    def stat(self, path: str) -> FileStat | None:
        """The entry, or None when there is none."""
    def list(self, path: str, pattern: str = "*", recurse: bool = False) -> list[FileStat]:
        """What a directory holds (WindowsError 3 when it is none)."""
    def read(self, path: str, offset: int = 0, length: int | None = None) -> bytes: ...
    def read_text(self, path: str) -> str:
        """The whole text: by its byte order mark, else UTF-8."""
    def write(self, path: str, data: bytes, offset: int = 0, *, truncate: bool = True, create_directory: bool = True) -> bool:
        """Write at an offset (truncate: end the file there); False when that changed nothing."""
    def write_text(self, path: str, text: str) -> bool: ...
    def append(self, path: str, data: bytes | str) -> None: ...
    def delete(self, path: str, *, recurse: bool = False) -> bool:
        """Delete a file or directory; False when there was none; 145 when not empty."""
    def mkdir(self, path: str) -> bool:
        """Make a directory and its ancestors; False when it was there."""
    def move(self, path: str, to: str) -> None: ...
    def copy(self, path: str, to: str) -> None: ...
    def version(self, path: str) -> Version | None:
        """What `set_version` said of this file; None without."""
    def set_version(self, path: str, file: str | None, product: str | None = None, *, product_name: str | None = None,
                    company: str | None = None, description: str | None = None) -> None: ...
    def set_modified(self, path: str, time: datetime) -> None: ...
    def set_size(self, path: str, size: int | None) -> None:
        """A size to tell instead of the real one (a backup of gigabytes is a small file here)."""
    def local_path(self, path: str) -> Path:
        """The real path of a Windows path (existing spelling where it exists)."""
    def windows_path(self, local: Path) -> str: ...
    def free_mb(self, drive: str) -> int: ...
    def drives(self) -> dict[str, Path]:
        """Letter -> real folder."""
    def rescan(self) -> int:
        """Find what changed behind its back (a program outside wrote to the real folder), write the `file` events."""
