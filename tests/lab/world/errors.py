"""What Windows answers when it refuses."""

from __future__ import annotations

from typing import Any


class WindowsError(Exception):
    """A refusal of the machine. The faces (operations, PowerShell bridge, programs) translate it.

    kind: an error kind of the wire (`not_found`, `access_denied`, `invalid_argument`, `unsupported`, `timeout`,
    `sql`, `opsmgr`, `io`, `internal`). message: Windows' own sentence. code: the Win32 or HRESULT number, or None.
    detail: what the kind needs besides (number, state, procedure ... for `sql`).
    """

    def __init__(self, kind: str, message: str, code: int | None = None, detail: dict[str, Any] | None = None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code
        self.detail = detail or {}

    def __repr__(self) -> str:
        return f"WindowsError({self.kind!r}, {self.message!r}, {self.code!r})"


# The Win32 errors that the model itself answers: code -> (kind, message).
_WIN32 = {
    2: ("not_found", "The system cannot find the file specified"),
    3: ("not_found", "The system cannot find the path specified"),
    5: ("access_denied", "Access is denied"),
    32: ("io", "The process cannot access the file because it is being used by another process"),
    53: ("not_found", "The network path was not found"),
    67: ("not_found", "The network name cannot be found"),
    80: ("io", "The file exists"),
    87: ("invalid_argument", "The parameter is incorrect"),
    112: ("io", "There is not enough space on the disk"),
    123: ("invalid_argument", "The filename, directory name, or volume label syntax is incorrect"),
    145: ("io", "The directory is not empty"),
    183: ("io", "Cannot create a file when that file already exists"),
    267: ("not_found", "The directory name is invalid"),
    1051: ("io", "A stop control has been sent to a service that other running services are dependent on"),
    1052: ("invalid_argument", "The requested control is not valid for this service"),
    1053: ("timeout", "The service did not respond to the start or control request in a timely fashion"),
    1056: ("io", "An instance of the service is already running"),
    1058: (
        "io",
        "The service cannot be started, either because it is disabled or because it has no enabled devices "
        "associated with it",
    ),
    1060: ("not_found", "The specified service does not exist as an installed service"),
    1062: ("io", "The service has not been started"),
    1068: ("io", "The dependency service or group failed to start"),
    1072: ("io", "The specified service has been marked for deletion"),
    1073: ("io", "The specified service already exists"),
    1115: ("io", "A system shutdown is in progress"),
    1326: ("access_denied", "Logon failure: unknown user name or bad password"),
    1332: ("not_found", "No mapping between account names and security IDs was done"),
}


def win32(code: int, about: str = "") -> WindowsError:
    """The WindowsError of a Win32 code, with `about` (a path, a service's name) added to its message."""
    kind, message = _WIN32[code]
    return WindowsError(kind, f"{message}: {about}" if about else message, code)
