# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Callback `scom.upgrade.progress`: the plan's steps as they are done."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
short_description: Show the plan's steps as they are done
version_added: 1.0.0
description:
  - Prints one line for every step of the plan that a run carries out, or in check mode would carry out, with how many of
    the plan's steps are done and how long the rest is estimated to take.
  - Writes the same as JSON lines to a file, which is what compares a check run with the run that follows it.
  - Needs to be named in C(callbacks_enabled). The C(ansible.cfg) of this collection does so.
author:
  - The scom.upgrade maintainers (@scom-upgrade)
options:
  steps_file:
    description: File for the JSON lines. Without it none is written.
    type: path
    env:
      - name: SCOM_UPGRADE_STEPS_FILE
    ini:
      - section: callback_scom_upgrade_progress
        key: steps_file
"""

import json
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Follows the results that name a step."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "scom.upgrade.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.estimates = {}
        self.done = {}
        self.started = time.monotonic()

    def v2_runner_on_ok(self, result):
        """A task ended well: remember the plan where it brings one, and tell a step."""
        self._note(result, failed=False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """A task failed."""
        self._note(result, failed=not ignore_errors)

    def _note(self, result, failed):
        data = result._result
        plan = data.get("plan")
        if isinstance(plan, dict) and "phases" in plan:
            self._learn(plan)
        for item in data.get("results") or [data]:
            if isinstance(item, dict) and item.get("step") and not item.get("skipped"):
                self._step(item, result, failed or bool(item.get("failed")))

    def _learn(self, plan):
        for phase in plan["phases"]:
            for step in phase["steps"]:
                self.estimates.setdefault(step["id"], (step.get("estimate") or {}).get("likely", 0))

    def _step(self, item, result, failed):
        step, check = item["step"], bool(result._task.check_mode)
        if not failed and step in self.done:
            return
        changed = bool(item.get("changed"))
        if not failed:
            self.done[step] = changed
        host = result._host.get_name()
        left = sum(seconds for name, seconds in self.estimates.items() if name not in self.done)
        state = (
            "failed" if failed else "would be done" if check and changed else "done" if changed else "was done already"
        )
        count = f"{len(self.done)}/{max(len(self.estimates), len(self.done))}"
        color = "red" if failed else "yellow" if changed else "green"
        self._display.display(f"  [{count}] {step} on {host}: {state}; about {_minutes(left)} left", color=color)
        self._write(
            {
                "step": step,
                "host": host,
                "changed": changed,
                "failed": failed,
                "check": check,
                "task": result._task.get_name(),
                "at": round(time.monotonic() - self.started, 1),
                "msg": item.get("msg") if failed else None,
            }
        )

    def _write(self, record):
        path = self.get_option("steps_file")
        if not path:
            return
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record, sort_keys=True) + "\n")


def _minutes(seconds):
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
