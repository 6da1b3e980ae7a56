"""Windows paths over a real folder a drive: `<state>/hosts/<name>/C/...` is `C:\\...` of that machine.

The real PowerShell engine uses the same folders, so what it writes is found by `rescan()`. Times are simulated: every
entry's real modification time is set to the simulated moment.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import ntpath
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import WindowsError, win32

if TYPE_CHECKING:
    from .machine import Machine

_BAD = set('<>|?*"')
_HASH_LIMIT = 1 << 18
_HEADER = b"LAB PROGRAM FILE\n"


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


@dataclass
class Disk:
    """A drive. free_mb: at the start; what is written since counts against it."""

    letter: str
    size_mb: int
    free_mb: int
    label: str = ""
    file_system: str = "NTFS"
    used: int = 0  # bytes written since the start


class FileSystem:
    """Files of one machine. Paths are Windows' (`C:\\Backup\\x.bak`), any case. Changes write `file` events.

    Refusals are WindowsError: 2/3 not found, 5 denied (UNC paths too: see `Machine.open_path`), 112 disk full, 123 bad path.
    """

    def __init__(self, machine: Machine):
        self.machine = machine
        self.root = machine.world.state_dir / "hosts" / machine.name
        self.disks: dict[str, Disk] = {}
        self._lock = machine.world.lock
        self._versions: dict[str, Version] = {}  # lower path -> what set_version said
        self._sizes: dict[str, int] = {}  # lower path -> size to tell
        self._index: dict[str, tuple[str, bool, int, int]] = {}  # lower path -> (path, directory, size, mtime_ns)

    # -- drives ----------------------------------------------------------------------------------------------

    def add_drive(self, letter: str, size_mb: int, free_mb: int, label: str = "") -> Disk:
        """Give the machine a drive."""
        with self._lock:
            disk = self.disks[letter.upper()] = Disk(letter.upper(), size_mb, free_mb, label)
            self._folder(disk.letter).mkdir(parents=True, exist_ok=True)
            return disk

    def drives(self) -> dict[str, Path]:
        """Letter -> real folder."""
        return {letter: self._folder(letter) for letter in self.disks}

    def free_mb(self, drive: str) -> int:
        """Free megabytes of a drive (`C:` or `C`)."""
        disk = self.disks[drive[:1].upper()]
        return max(0, disk.free_mb - disk.used // 1048576)

    def set_free_mb(self, drive: str, free_mb: int) -> None:
        """Set what is free now (a disk filled up, or was enlarged)."""
        disk = self.disks[drive[:1].upper()]
        disk.free_mb, disk.used = free_mb, 0
        self.machine.record("disk", drive=f"{disk.letter}:", free_mb=free_mb)

    # -- paths -----------------------------------------------------------------------------------------------

    def normal(self, path: str) -> str:
        """The full Windows path, without `..`, with backslashes and a capital drive; WindowsError for a bad one."""
        text = path.strip().strip('"').replace("/", "\\")
        if text.startswith("\\\\?\\"):
            text = text[4:]
        if text.startswith("\\\\"):
            raise win32(5, path)
        if len(text) < 2 or text[1] != ":" or not text[0].isalpha():
            raise win32(123, path)
        if len(text) == 2:
            text += "\\"
        if text[2] != "\\" or any(c in _BAD or ord(c) < 32 for c in text) or ":" in text[2:]:
            raise win32(123, path)
        text = ntpath.normpath(text)
        if text[0].upper() not in self.disks:
            raise win32(3, path)
        return text[0].upper() + text[1:]

    def local_path(self, path: str) -> Path:
        """The real path of a Windows path (existing spelling where it exists)."""
        normal = self.normal(path)
        local = self._folder(normal[0])
        for part in [part for part in normal[3:].split("\\") if part]:
            local = _child(local, part)
        return local

    def windows_path(self, local: Path) -> str:
        """The Windows path of a real one below a drive's folder."""
        parts = local.relative_to(self.root).parts
        return f"{parts[0]}:\\" + "\\".join(parts[1:])

    # -- reading ---------------------------------------------------------------------------------------------

    def exists(self, path: str) -> bool:
        with self._lock:
            return self._local_if_any(path) is not None

    def is_directory(self, path: str) -> bool:
        with self._lock:
            local = self._local_if_any(path)
            return local is not None and local.is_dir()

    def stat(self, path: str) -> FileStat | None:
        """The entry, or None when there is none."""
        with self._lock:
            local = self._local_if_any(path)
            return self._stat(local) if local is not None else None

    def list(self, path: str, pattern: str = "*", recurse: bool = False) -> list[FileStat]:
        """What a directory holds, by name (WindowsError 3 when it is none). The pattern matches names, without case."""
        with self._lock:
            local = self._require(path, directory=True)
            found = []
            for folder, folders, files in os.walk(local):
                folders.sort(key=str.lower)
                for name in sorted([*folders, *files], key=str.lower):
                    if pattern in ("*", "*.*") or fnmatch.fnmatchcase(name.lower(), pattern.lower()):
                        found.append(self._stat(Path(folder, name)))
                if not recurse:
                    break
            return found

    def read(self, path: str, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes of a file; WindowsError 2 when there is none, 5 for a directory."""
        with self._lock, open(self._require(path), "rb") as stream:
            stream.seek(offset)
            return stream.read() if length is None else stream.read(length)

    def read_text(self, path: str) -> str:
        """The whole text: by its byte order mark, else UTF-8."""
        data = self.read(path)
        for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
            if data.startswith(mark):
                return data.decode(encoding, "replace")
        return data.decode("utf-8", "replace")

    def version(self, path: str) -> Version | None:
        """What a program file says of its version; None when it says nothing. WindowsError 2 when there is none."""
        with self._lock:
            local = self._require(path)
            known = self._versions.get(self.windows_path(local).lower())
            return known or _header_version(local)

    # -- writing ---------------------------------------------------------------------------------------------

    def write(
        self, path: str, data: bytes, offset: int = 0, *, truncate: bool = True, create_directory: bool = True
    ) -> bool:
        """Write at an offset (truncate: end the file there); False when that changed nothing."""
        with self._lock:
            local = self.local_path(path)
            if local.is_dir():
                raise win32(5, path)
            if not local.parent.is_dir():
                if not create_directory:
                    raise win32(3, path)
                self.mkdir(ntpath.dirname(self.normal(path)))
                local = self.local_path(path)
            existed = local.exists()
            before = local.read_bytes() if existed else b""
            after = before[:offset].ljust(offset, b"\0") + data + (b"" if truncate else before[offset + len(data) :])
            if existed and after == before:
                return False
            windows = self.windows_path(local)
            self._charge(windows, len(after) - self._told_size(windows, len(before)))
            local.write_bytes(after)
            self._forget(windows)
            self._stamp(local, "changed" if existed else "created")
            return True

    def write_text(self, path: str, text: str) -> bool:
        return self.write(path, text.encode("utf-8"))

    def append(self, path: str, data: bytes | str) -> None:
        """Add to the end of a file (made when missing)."""
        with self._lock:
            found = self.stat(path)
            raw = data.encode("utf-8") if isinstance(data, str) else data
            self.write(path, raw, found.size if found else 0)

    def put(
        self,
        path: str,
        data: bytes | str | None = None,
        *,
        version: str | None = None,
        product: str | None = None,
        product_name: str | None = None,
        company: str | None = None,
        description: str | None = None,
        size: int | None = None,
        modified: datetime | None = None,
    ) -> None:
        """Lay a whole file with what it tells of itself, as one event (installers and builders).

        Without data it becomes a small stand-in that carries its version in its content, so that copies keep it.
        """
        with self._lock:
            said = Version(version, product or version, product_name, company, description)
            raw = data.encode("utf-8") if isinstance(data, str) else data
            local = self.local_path(path)
            if not local.parent.is_dir():
                self.mkdir(ntpath.dirname(self.normal(path)))
                local = self.local_path(path)
            existed, windows = local.exists(), self.windows_path(local)
            raw = _header(ntpath.basename(windows), said) if raw is None else raw
            same = existed and local.read_bytes() == raw
            before = self._described(windows, local) if existed else None
            self._charge(
                windows,
                (len(raw) if size is None else size)
                - (self._told_size(windows, local.stat().st_size) if existed else 0),
            )
            if not same:
                local.write_bytes(raw)
            self._forget(windows)
            if version and not raw.startswith(_HEADER):
                self._versions[windows.lower()] = said
            if size is not None:
                self._sizes[windows.lower()] = size
            if same and before == self._described(windows, local) and modified is None:
                return
            self._stamp(local, "changed" if existed else "created", modified)

    def set_version(
        self,
        path: str,
        file: str | None,
        product: str | None = None,
        *,
        product_name: str | None = None,
        company: str | None = None,
        description: str | None = None,
    ) -> None:
        """Say what an existing file's version is."""
        with self._lock:
            local = self._require(path)
            said = Version(file, product or file, product_name, company, description)
            if self.version(path) != said:
                self._versions[self.windows_path(local).lower()] = said
                self._stamp(local, "changed")

    def set_size(self, path: str, size: int | None) -> None:
        """A size to tell instead of the real one (a backup of gigabytes is a small file here)."""
        with self._lock:
            local = self._require(path)
            windows, real = self.windows_path(local), local.stat().st_size
            before = self._told_size(windows, real)
            self._charge(windows, (real if size is None else size) - before)
            if size is None:
                self._sizes.pop(windows.lower(), None)
            else:
                self._sizes[windows.lower()] = size
            if self._told_size(windows, real) != before:
                self._stamp(local, "changed")

    def set_modified(self, path: str, time: datetime) -> None:
        """Set an entry's modification time."""
        with self._lock:
            local = self._require(path, directory=None)
            if self._stat(local).modified != time:
                self._stamp(local, "changed", time)

    def delete(self, path: str, *, recurse: bool = False) -> bool:
        """Delete a file or directory; False when there was none; 145 when not empty."""
        with self._lock:
            local = self._local_if_any(path)
            if local is None:
                return False
            if local.is_dir():
                if any(local.iterdir()):
                    if not recurse:
                        raise win32(145, path)
                    for child in sorted(local.iterdir()):
                        self.delete(self.windows_path(child), recurse=True)
                if local == self._folder(self.normal(path)[0]):
                    return True
                local.rmdir()
                self._gone(self.windows_path(local), directory=True, size=0)
            else:
                windows = self.windows_path(local)
                size = self._told_size(windows, local.stat().st_size)
                local.unlink()
                self._charge(windows, -size)
                self._gone(windows, directory=False, size=size)
            self._touch_parent(local)
            return True

    def mkdir(self, path: str) -> bool:
        """Make a directory and its ancestors; False when it was there; 183 when a file is."""
        with self._lock:
            local = self.local_path(path)
            if local.is_dir():
                return False
            if local.exists():
                raise win32(183, path)
            if not local.parent.is_dir():
                self.mkdir(ntpath.dirname(self.normal(path)))
                local = self.local_path(path)
            local.mkdir()
            self._stamp(local, "created")
            return True

    def copy(self, path: str, to: str) -> None:
        """Copy a file, with its version and its time."""
        with self._lock:
            local = self._require(path)
            source, stat = self.windows_path(local), self._stat(local)
            target = ntpath.join(to, stat.name) if self.is_directory(to) else to
            version, size = self._versions.get(source.lower()), self._sizes.get(source.lower())
            said = asdict(version) if version else {}
            said["version"] = said.pop("file", None)
            self.put(target, local.read_bytes(), size=size, modified=stat.modified, **said)

    def move(self, path: str, to: str) -> None:
        """Move a file or a directory."""
        with self._lock:
            if self.is_directory(path):
                self.mkdir(to)
                for entry in self.list(path):
                    self.move(entry.path, ntpath.join(to, entry.name))
                self.delete(path)
            else:
                self.copy(path, to)
                self.delete(path)

    def rescan(self) -> int:
        """Find what changed behind its back (a program outside wrote to the real folders); how many events that were."""
        with self._lock:
            seen: set[str] = set()
            count = 0
            for letter in self.disks:
                for folder, folders, files in os.walk(self._folder(letter)):
                    folders.sort()
                    for name in [*folders, *sorted(files)]:
                        local = Path(folder, name)
                        windows, stat = self.windows_path(local), local.stat()
                        key, directory = windows.lower(), local.is_dir()
                        seen.add(key)
                        known = self._index.get(key)
                        size = 0 if directory else stat.st_size
                        if known is None:
                            change = "created"
                        elif directory or (known[2] == size and known[3] == stat.st_mtime_ns):
                            continue
                        else:
                            change = "changed"
                            self._forget(windows)
                        self._charge(windows, size - (known[2] if known else 0), check=False)
                        self._stamp(local, change)
                        count += 1
            for key in sorted(set(self._index) - seen, reverse=True):
                path, directory, size, _unused = self._index[key]
                told = self._told_size(path, size)
                self._charge(path, -told, check=False)
                self._gone(path, directory, told)
                count += 1
            return count

    def tree(self) -> dict[str, Any]:
        """Every entry: path -> {size, hash, version} or None for a directory; for status."""
        with self._lock:
            return {
                path: None if directory else self._described(path, self.local_path(path))
                for path, directory, _unused, _unused in sorted(self._index.values())
            }

    # -- inside ----------------------------------------------------------------------------------------------

    def _folder(self, letter: str) -> Path:
        return self.root / letter

    def _local_if_any(self, path: str) -> Path | None:
        """The real path of an entry; None when there is none, for a bad path or a drive that is not there too."""
        try:
            local = self.local_path(path)
        except WindowsError as error:
            if error.code in (3, 123):
                return None
            raise
        return local if local.exists() else None

    def _require(self, path: str, directory: bool | None = False) -> Path:
        local = self._local_if_any(path)
        if local is None:
            self.normal(path)
            raise win32(3 if directory or not self.local_path(path).parent.is_dir() else 2, path)
        if directory is not None and local.is_dir() != directory:
            raise win32(267 if directory else 5, path)
        return local

    def _stat(self, local: Path) -> FileStat:
        stat, windows = local.stat(), self.windows_path(local)
        directory = local.is_dir()
        size = 0 if directory else self._told_size(windows, stat.st_size)
        name = windows.rsplit("\\", 1)[-1] or windows
        return FileStat(
            windows, name, directory, size, datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1e6, timezone.utc)
        )

    def _described(self, windows: str, local: Path) -> dict[str, Any]:
        """What status and events tell of a file: its size, a hash of small ones, its version."""
        size = local.stat().st_size
        found: dict[str, Any] = {"bytes": self._told_size(windows, size)}
        if size <= _HASH_LIMIT:
            found["hash"] = hashlib.sha1(local.read_bytes()).hexdigest()[:16]
        version = self._versions.get(windows.lower()) or _header_version(local)
        if version and version.file:
            found["version"] = version.file
        return found

    def _told_size(self, windows: str, real: int) -> int:
        return self._sizes.get(windows.lower(), real)

    def _charge(self, windows: str, size: int, *, check: bool = True) -> None:
        """Take room from the drive, or give it back; the state at the start costs nothing."""
        if self.machine.world.record.is_muted:
            return
        disk = self.disks[windows[0]]
        if check and size > 0 and disk.used + size > disk.free_mb * 1048576:
            raise win32(112, windows)
        disk.used += size

    def _forget(self, windows: str) -> None:
        self._versions.pop(windows.lower(), None)
        self._sizes.pop(windows.lower(), None)

    def _stamp(self, local: Path, change: str, modified: datetime | None = None) -> None:
        """Give an entry its simulated time, remember it, and write the event."""
        moment = modified or self.machine.world.clock.utc()
        nanoseconds = int(moment.timestamp() * 1000000) * 1000
        os.utime(local, ns=(nanoseconds, nanoseconds))
        if change == "created":
            self._touch_parent(local)
        windows, directory = self.windows_path(local), local.is_dir()
        size = 0 if directory else local.stat().st_size
        self._index[windows.lower()] = (windows, directory, size, nanoseconds)
        described = {"bytes": 0, "directory": True} if directory else self._described(windows, local)
        self.machine.record("file", path=windows, change=change, **described)

    def _gone(self, windows: str, directory: bool, size: int) -> None:
        self._forget(windows)
        self._index.pop(windows.lower(), None)
        self.machine.record(
            "file", path=windows, change="deleted", bytes=size, **({"directory": True} if directory else {})
        )

    def _touch_parent(self, local: Path) -> None:
        if local.parent != self.root:
            nanoseconds = int(self.machine.world.clock.utc().timestamp() * 1000000) * 1000
            with contextlib.suppress(FileNotFoundError):
                os.utime(local.parent, ns=(nanoseconds, nanoseconds))

    def destroy(self) -> None:
        """Remove the real folders (the machine is gone)."""
        shutil.rmtree(self.root, ignore_errors=True)


def _child(folder: Path, name: str) -> Path:
    """The entry of a folder by its name without case; the name as given when there is none."""
    exact = folder / name
    if exact.exists():
        return exact
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return exact
    wanted = name.lower()
    return next((folder / found for found in names if found.lower() == wanted), exact)


def _header(name: str, version: Version) -> bytes:
    lines = [f"name: {name}", *(f"{key}: {value}" for key, value in asdict(version).items() if value)]
    return _HEADER + "\n".join(lines).encode("utf-8") + b"\n"


def _header_version(local: Path) -> Version | None:
    with open(local, "rb") as stream:
        start = stream.read(2048)
    if not start.startswith(_HEADER):
        return None
    pairs = dict(
        line.split(": ", 1) for line in start[len(_HEADER) :].decode("utf-8", "replace").split("\n") if ": " in line
    )
    said = Version(**{key: pairs[key] for key in asdict(Version()) if key in pairs})
    return said if said.file else None
