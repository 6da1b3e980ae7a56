# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work on a host that takes minutes or hours and outlives connection and controller.

A job is a directory on the host and a scheduled task (docs/wire.md, Jobs). Starting one whose id exists attaches to it.
While it is waited for, lost connections and restarts of the host are lived through. Private to this collection.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import (
    AuthenticationRejected,
    DeadlineExceeded,
    HostUnreachable,
    OperationFailed,
    PowerShellMissing,
    WireError,
)

ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
TAIL = 20_000  # characters of output and log that are kept


def secret(text):
    """An argument or input that is stored on the host only encrypted, and nowhere else."""
    return {"secret": text}


@dataclass
class Outcome:
    """How a job stands. state: `absent`, `running`, `finished`, `lost` (its task is gone and it wrote no end).

    rc: exit code when finished. stdout: the tail of what the program wrote. log, log_path: the tail of the product's own log
    and the file it was found in. attached: it had been started before. timed_out: waiting was given up; the job goes on.
    started, finished: times of the host. lost_connections: how often the connection was lost while waiting.
    """

    state: str = "absent"
    rc: int | None = None
    stdout: str = ""
    log: str = ""
    log_path: str | None = None
    started: str | None = None
    finished: str | None = None
    attached: bool = False
    timed_out: bool = False
    lost_connections: int = 0

    @property
    def done(self):
        """Whether nothing more will come."""
        return self.state in ("finished", "lost", "absent")

    @property
    def log_tail(self):
        """The tail of the product's log, else of the program's own output."""
        return self.log or self.stdout

    @property
    def seconds(self):
        """How long it ran by the host's clock; None while that is not known."""
        if not self.started or not self.finished:
            return None
        return int((_time(self.finished) - _time(self.started)).total_seconds())

    def last_words(self):
        """The last line that was written."""
        lines = [line.strip() for line in self.log_tail.splitlines() if line.strip()]
        return f"Its last words: {lines[-1]}" if lines else ""


def _time(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


class JobFailed(OperationFailed):
    """The job cannot be started or was lost."""


class Job:
    """One job on one host.

    remote: the `Remote` to the host. id: letters, digits, `.`, `_`, `-`, at most 64; the same id is the same job. log: path of a
    product's own log to follow, `*` allowed in it. narrate(outcome, new_output, new_log) is called after each look.
    """

    def __init__(self, remote, id, log=None, narrate=None):
        if not ID.match(id):
            raise ValueError(f"{id!r} is no job id: letters, digits, '.', '_' and '-', at most 64")
        self.remote, self.id, self.log = remote, id, log
        self.narrate = narrate or (lambda outcome, output, log: None)
        self.outcome = Outcome()
        self._offset = self._log_offset = 0
        self._log_path = None

    def start(self, path, arguments=(), account="SYSTEM", password=None, directory=None, input=None, time_limit=None,
              check=False):
        """Start the program unless a job of this id exists already; returns the `Outcome` so far.

        Secret arguments and input are given as `secret(text)`. check: only say whether it would be started. Raises
        `OperationFailed`.
        """
        args = {"id": self.id, "path": path, "arguments": list(arguments), "account": account, "password": password,
                "directory": directory, "input": input, "time_limit": time_limit, "check": check or None}
        sent = {"op": "job.start", "args": {name: value for name, value in args.items() if value is not None}}
        answer = self.remote.run([sent])[0].get()
        self.outcome.state, self.outcome.attached = answer["state"], bool(answer["attached"])
        return self.outcome

    def attach(self):
        """Look whether a job of this id exists; returns the `Outcome` (state `absent` when there is none)."""
        self.poll()
        self.outcome.attached = self.outcome.state != "absent"
        return self.outcome

    def poll(self):
        """Read state and new output once; returns the `Outcome`. Raises `WireError` and `OperationFailed`."""
        value = self.remote.call("job.poll", id=self.id, offset=self._offset, log=self.log, log_offset=self._log_offset)
        outcome = self.outcome
        outcome.state, outcome.rc = value["state"], value.get("rc")
        outcome.started, outcome.finished = value.get("started"), value.get("finished")
        text, self._offset = value.get("stdout") or "", value.get("next_offset", self._offset)
        log = self._take_log(value.get("log"))
        outcome.stdout = (outcome.stdout + text)[-TAIL:]
        outcome.log = (outcome.log + log)[-TAIL:]
        self.narrate(outcome, text, log)
        return outcome

    def _take_log(self, log):
        """The new text of the product's log. Another file than before (a newer one of the pattern) begins anew."""
        if not log or not log.get("path"):
            return ""
        if self._log_path not in (None, log["path"]):
            self._log_path, self._log_offset = log["path"], 0
            return ""
        self._log_path = self.outcome.log_path = log["path"]
        self._log_offset = log["next_offset"]
        return log.get("text") or ""

    def wait(self, timeout=14400.0, interval=15.0, reconnect=900.0):
        """Poll until the job is done, or the time is over (`timed_out`; the job goes on and can be attached to later).

        interval: seconds between two looks. reconnect: how long the host may stay away (a restart, a network that is down)
        before `HostUnreachable` is raised.
        """
        remote, ends, away = self.remote, self.remote.clock() + timeout, None
        while True:
            try:
                if away is not None:
                    remote.reset()
                if self.poll().done and self._drained():
                    return self.outcome
                away = None
            except PowerShellMissing:
                raise
            except WireError as error:
                if away is None:
                    away = remote.clock()
                    self.outcome.lost_connections += 1
                if remote.clock() - away >= reconnect:
                    kind = AuthenticationRejected if isinstance(error, AuthenticationRejected) else HostUnreachable
                    raise kind(remote.host, f"away for {reconnect:.0f} seconds while job {self.id} was under way; "
                               f"{error.problem}", "The job may go on there; a later run attaches to it.") from error
            if remote.clock() >= ends:
                self.outcome.timed_out = not self.outcome.done
                return self.outcome
            remote.sleep(min(interval, max(0.0, ends - remote.clock())))

    def _drained(self):
        """Read on while a finished job has output that was not fetched yet."""
        before = (self._offset, self._log_offset)
        self.poll()
        return before == (self._offset, self._log_offset)

    def stop(self):
        """End the job's program; returns its state."""
        return self.remote.call("job.stop", id=self.id)["state"]

    def remove(self):
        """Forget the job: its task and its directory go; returns the state it had. A running one is stopped first."""
        return self.remote.call("job.remove", id=self.id)["state"]


class JobRunner:
    """Start (or attach to) jobs, wait for their end, and clear them away.

    remote: the `Remote` to the host. poll_seconds: between two looks. timeout: seconds until waiting is given up.
    reconnect: seconds that the host may stay away. narrate(text) is called with each new piece of what happens.
    """

    def __init__(self, remote, poll_seconds=15.0, timeout=14400.0, reconnect=1800.0, narrate=None):
        self.remote, self.poll_seconds, self.timeout, self.reconnect = remote, poll_seconds, timeout, reconnect
        self.narrate = narrate or (lambda text: None)

    def run(self, id, path, arguments=(), account="SYSTEM", password=None, directory=None, log=None, stdin=None, time_limit=None):
        """Run a program as a job to its end and return the `Outcome`; its `rc` is for the caller to judge.

        A job of this id that is there already is attached to, also when it ended meanwhile: its outcome, which nobody has seen
        yet, is the answer. Once it is seen the job is removed, so the next run starts a new one. stdin: text for the program,
        treated as a secret. Raises `JobFailed` when the job was lost, `DeadlineExceeded` when it still runs after `timeout`.
        """
        job = Job(self.remote, id, log=log, narrate=self._tell)
        try:
            started = job.start(path, arguments, account=account, password=password, directory=directory, time_limit=time_limit,
                                input=secret(stdin) if stdin is not None else None)
            self.narrate("attached to the job that is there already" if started.attached else "started")
        except HostUnreachable as error:
            # Whether it started is not known. The id tells: waiting attaches to it, or finds none.
            self.narrate(f"the connection was lost while starting ({error.problem})")
            job.outcome.attached = True
        outcome = job.wait(timeout=self.timeout, interval=self.poll_seconds, reconnect=self.reconnect)
        if outcome.timed_out:
            raise DeadlineExceeded(self.remote.host, f"the job {id} still runs after {self.timeout:.0f} seconds.",
                                   "It goes on; run again to wait for it.")
        if outcome.state != "absent":
            self._clear(job)
        if outcome.state != "finished":
            what = "was lost: its program is gone and left no exit code (a restart or an ended task)" if outcome.state == "lost" \
                else "did not start: the connection was lost before it could"
            raise JobFailed({"kind": "io", "message": f"The job {id} {what}. {outcome.last_words()}".strip(),
                             "detail": {"stdout": outcome.stdout, "log": outcome.log}}, "job.poll", id, self.remote.host)
        self.narrate(f"ended with exit code {outcome.rc}")
        return outcome

    def _tell(self, outcome, output, log):
        for line in (output + log).splitlines():
            if line.strip():
                self.narrate(line.strip())

    def _clear(self, job):
        """Remove a job whose outcome is known. Should that fail, the next run sees the same outcome once more."""
        try:
            job.remove()
        except (WireError, OperationFailed) as error:
            self.narrate(f"the job's directory could not be removed: {error}")
