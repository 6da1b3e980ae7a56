"""System-state backups of one machine, as Windows Server Backup (2003: NTBackup) keeps and tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machine import Machine


class SystemBackups:
    """When the system state was backed up. A new one is a `backup` event and entries in the event logs."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._times: list[datetime] = []

    def versions(self) -> list[datetime]:
        """The backups' times (UTC), oldest first."""
        return [*self._times]

    def add(self, time: datetime | None = None, *, file: str = r"D:\WindowsImageBackup") -> datetime:
        """A backup was made, now or at a time."""
        machine = self.machine
        moment = time or machine.world.clock.utc()
        with machine.world.lock:
            self._times = sorted([*self._times, moment])
            machine.record("backup", what="system_state", file=file, verified=None, exit=0)
            if machine.os.is_2003:
                machine.eventlog.write(
                    "Application",
                    "NTBackup",
                    "information",
                    8001,
                    "End Backup of 'System State' 'Warnings or "
                    "errors were encountered: none.' Verify: Off Mode: Append Type: Normal",
                    time=moment,
                )
            else:
                machine.eventlog.write(
                    "Microsoft-Windows-Backup",
                    "Microsoft-Windows-Backup",
                    "information",
                    4,
                    "The backup operation has finished successfully.",
                    time=moment,
                )
        return moment
