"""Windows machines at the level of Windows' own interfaces, the clock, the record."""

from .accounts import LOCAL_SERVICE, NETWORK_SERVICE, SYSTEM, Account, Accounts
from .clock import START, Clock, ManualClock
from .errors import WindowsError, win32
from .eventlog import Entry
from .files import FileStat, FileSystem
from .machine import Machine
from .processes import Call, Process, Result
from .record import Record, read_events
from .registry import Key, Registry
from .services import Service, Services
from .spec import ClusterSpec, HostSpec, OperatingSystem, OsSpec
from .tasks import Task, Tasks
from .wmi import Wmi
from .world import World

__all__ = [
    "LOCAL_SERVICE",
    "NETWORK_SERVICE",
    "START",
    "SYSTEM",
    "Account",
    "Accounts",
    "Call",
    "Clock",
    "ClusterSpec",
    "Entry",
    "FileStat",
    "FileSystem",
    "HostSpec",
    "Key",
    "Machine",
    "ManualClock",
    "OperatingSystem",
    "OsSpec",
    "Process",
    "Record",
    "Registry",
    "Result",
    "Service",
    "Services",
    "Task",
    "Tasks",
    "WindowsError",
    "Wmi",
    "World",
    "read_events",
    "win32",
]
