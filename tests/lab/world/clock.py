"""Simulated time.

It runs 1:1 with real time, and `scale` times as fast while something simulated is at work (a process, an installer, a
boot), so that an upgrade of hours takes seconds and yet no threshold in hours drifts during a test. One thread calls
what is due. `ManualClock` has no thread: tests say `advance(seconds)`, and whoever waits drives it.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

START = datetime(2012, 5, 12, 18, 0, 0, tzinfo=timezone.utc)


class Timer:
    """Something that will be called. `cancel()` forgets it."""

    def __init__(self, clock: Clock, due: float, function: Callable[[], None], work: bool, not_before: float):
        self.due = due
        self.function = function
        self.work = work
        self.not_before = not_before  # real time, as the clock's own source tells it
        self.open = True
        self._clock = clock

    def cancel(self) -> None:
        self._clock._cancel(self)


class Clock:
    """Simulated seconds since the lab started."""

    def __init__(self, scale: float = 600.0, *, start: datetime = START, real: Callable[[], float] = time.monotonic):
        self.start = start
        self.scale = max(1.0, float(scale))
        self._real = real
        self._condition = threading.Condition()
        self._anchor_real = real()
        self._anchor = 0.0
        self._working = 0
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._closed = False
        self._thread: threading.Thread | None = None

    # -- reading ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Simulated seconds since the lab started."""
        with self._condition:
            return self._now()

    def utc(self, at: float | None = None) -> datetime:
        """The simulated date and time (UTC), now or at a given number of seconds."""
        return self.start + timedelta(seconds=self.now() if at is None else at)

    def iso(self, at: float | None = None) -> str:
        """`utc` as ISO 8601 with `Z`, in whole seconds."""
        return self.utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")

    def seconds_of(self, moment: datetime) -> float:
        """The simulated seconds of a date; negative before the start."""
        return (moment - self.start).total_seconds()

    @property
    def working(self) -> bool:
        """Whether something simulated is at work, so that time runs fast."""
        with self._condition:
            return self._working > 0

    # -- waiting ---------------------------------------------------------------------------------------------

    def call_later(
        self, seconds: float, function: Callable[[], None], *, work: bool = False, real_minimum: float = 0.0
    ) -> Timer:
        """Call `function` (in the clock's thread, holding no lock) after simulated seconds.

        work: time runs fast until then. real_minimum: and not before so many real seconds have gone.
        """
        with self._condition:
            timer = Timer(self, self._now() + max(0.0, seconds), function, work, self._real() + real_minimum)
            heapq.heappush(self._timers, (timer.due, next(self._order), timer))
            if work:
                self._change_work(1)
            self._ensure_thread()
            self._condition.notify_all()
            return timer

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Time runs fast inside the block."""
        self.begin_work()
        try:
            yield
        finally:
            self.end_work()

    def begin_work(self) -> None:
        with self._condition:
            self._change_work(1)
            self._condition.notify_all()

    def end_work(self) -> None:
        with self._condition:
            self._change_work(-1)
            self._condition.notify_all()

    def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds that count as work."""
        done = threading.Event()
        self.call_later(seconds, done.set, work=True)
        self.wait_for(done.is_set)

    def wait_for(
        self, predicate: Callable[[], bool], timeout: float | None = None, real_timeout: float | None = None
    ) -> bool:
        """Wait until `predicate()`; give up after simulated `timeout` or `real_timeout` seconds. Answers the predicate.

        Whoever makes a predicate true calls `notify()` (processes, services, boots and timers do).
        """
        limit = None if timeout is None else self.now() + timeout
        real_limit = None if real_timeout is None else self._real() + real_timeout
        while True:
            if predicate():
                return True
            with self._condition:
                if (limit is not None and self._now() >= limit) or self._closed:
                    return predicate()
                left = 0.05
                if limit is not None:
                    left = min(left, (limit - self._now()) / self._rate())
                if real_limit is not None:
                    if self._real() >= real_limit:
                        return predicate()
                    left = min(left, real_limit - self._real())
                self._condition.wait(max(0.001, left))

    def notify(self) -> None:
        """Wake up those who wait."""
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        """Forget everything that is due and end the thread."""
        with self._condition:
            self._closed = True
            self._timers.clear()
            self._condition.notify_all()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(5)

    # -- inside ----------------------------------------------------------------------------------------------

    def _rate(self) -> float:
        return self.scale if self._working else 1.0

    def _now(self) -> float:
        return self._anchor + (self._real() - self._anchor_real) * self._rate()

    def _change_work(self, by: int) -> None:
        moment = self._real()
        self._anchor += (moment - self._anchor_real) * self._rate()
        self._anchor_real = moment
        self._working = max(0, self._working + by)

    def _cancel(self, timer: Timer) -> None:
        with self._condition:
            if timer.open:
                timer.open = False
                if timer.work:
                    self._change_work(-1)
                self._condition.notify_all()

    def _ensure_thread(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="lab-clock", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._condition:
                timer = self._take_due()
                if timer is None:
                    if self._closed:
                        return
                    self._condition.wait(self._pause())
                    continue
            self._call(timer)

    def _take_due(self) -> Timer | None:
        """The earliest timer that is due now, taken out of the queue."""
        while self._timers and not self._timers[0][2].open:
            heapq.heappop(self._timers)
        now, real = self._now(), self._real()
        for entry in sorted(self._timers):
            due, _unused, timer = entry
            if due > now:
                return None
            if timer.open and timer.not_before <= real:
                self._timers.remove(entry)
                heapq.heapify(self._timers)
                return timer
            if timer.open and timer.work:  # only real time is still to pass: nothing simulated works any more
                timer.work = False
                self._change_work(-1)
        return None

    def _pause(self) -> float | None:
        """Real seconds until something may be due; None: until notified."""
        now, rate, real = self._now(), self._rate(), self._real()
        waits = [
            (due - now) / rate if due > now else timer.not_before - real
            for due, _unused, timer in self._timers
            if timer.open
        ]
        return max(0.001, min(waits)) if waits else None

    def _call(self, timer: Timer) -> None:
        with self._condition:
            if not timer.open:
                return
            timer.open = False
        try:
            timer.function()
        except Exception:  # a broken effect must not stop the world's time; the lab's log shows it
            traceback.print_exc(file=sys.stderr)
        with self._condition:
            if timer.work:
                self._change_work(-1)
            self._condition.notify_all()


class ManualClock(Clock):
    """A clock that stands still until it is told. Whoever waits on it moves it to the next thing that is due."""

    def __init__(self, scale: float = 600.0, *, start: datetime = START):
        self._moment = 0.0
        super().__init__(scale, start=start, real=lambda: self._moment)

    def advance(self, seconds: float) -> None:
        """Let simulated seconds go by, calling what falls due in its order."""
        end = self._moment + seconds
        while self._step(end):
            pass
        self._moment = max(self._moment, end)

    def finish(self, limit: float = 7 * 86400) -> None:
        """Go on until nothing simulated is at work any more."""
        end = self._moment + limit
        while self._working and self._step(end):
            pass

    def wait_for(
        self, predicate: Callable[[], bool], timeout: float | None = None, real_timeout: float | None = None
    ) -> bool:
        end = self._moment + (
            timeout if timeout is not None else real_timeout if real_timeout is not None else 7 * 86400
        )
        while not predicate():
            if not self._step(end):
                self._moment = max(self._moment, end)
                return predicate()
        return True

    def _rate(self) -> float:
        return 1.0

    def _ensure_thread(self) -> None:
        pass

    def _step(self, end: float) -> bool:
        """Go to the next timer not later than `end` and call it; False when there is none."""
        with self._condition:
            self._timers = sorted(entry for entry in self._timers if entry[2].open)
            if not self._timers or self._timers[0][0] > end:
                return False
            due, _unused, timer = self._timers.pop(0)
            self._moment = max(self._moment, due)
        self._call(timer)
        return True
