# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.journal`."""

from __future__ import annotations

import base64
import json

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction
from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import JOURNAL, JOURNAL_PATH, read_journal

LATEST = ("approved",)  # the newest entry holds, so that going back to an earlier one is an entry of its own
NAMED = ("approved", "signed_off")


class ActionModule(HostAction):
    """Appends entries to the upgrade's journal on a server."""

    MODULE = "journal"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        known, system = self.remote.run(
            [
                {"id": "journal", "op": "file.tail", "args": dict(JOURNAL)},
                {"id": "system", "op": "system.info", "args": {}},
            ]
        )
        entries = read_journal(known)
        written = {self._key(entry) for entry in entries}
        newest = {entry.get("event"): self._key(entry) for entry in entries}
        fresh = []
        for entry in arguments["entries"]:
            entry = {
                "time": system.get()["time"],
                "step": entry["step"],
                "event": entry["event"],
                "host": entry["host"],
                "data": entry["data"],
                "by": entry["by"],
            }
            there = newest.get(entry["event"]) == self._key(entry)
            if not (there if entry["event"] in LATEST else self._key(entry) in written):
                fresh.append(entry)
        result = {"changed": bool(fresh), "entries": entries + fresh}
        if fresh and not self.checking:
            text = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in fresh)
            size = known.value["size"] if known.ok and known.value.get("exists") else 0
            self.remote.run(
                [
                    {
                        "id": "write",
                        "op": "file.write",
                        "args": {
                            "path": JOURNAL_PATH,
                            "offset": size,
                            "data": base64.b64encode(text.encode("ascii")).decode("ascii"),
                            "create_directory": True,
                        },
                    }
                ]
            )[0].get()
        return result

    @staticmethod
    def _key(entry):
        """What makes two entries the same. Who approved or signed counts, who ran a step does not."""
        who = entry.get("by") if entry.get("event") in NAMED else None
        return (entry.get("step"), entry.get("event"), json.dumps(entry.get("data"), sort_keys=True), who)
