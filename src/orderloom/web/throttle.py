"""A brake on repeated attempts, by key, over a sliding window."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

from orderloom.base.refusals import Problem
from orderloom.web.problems import TooMany

KEYS_MOST = 10_000


class Throttle:
    """Counts attempts in this process; the oldest keys are forgotten when there are too many."""

    def __init__(self, *, attempts: int, window_seconds: float) -> None:
        self.attempts = attempts
        self.window_seconds = window_seconds
        self.times: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str, *, now: float | None = None) -> None:
        """Count an attempt; refused with 429 when the window is full."""
        now = time.monotonic() if now is None else now
        times = self.times.setdefault(key, deque(maxlen=self.attempts))
        self.times.move_to_end(key)
        while len(self.times) > KEYS_MOST:
            self.times.popitem(last=False)
        if len(times) == self.attempts and now - times[0] < self.window_seconds:
            minutes = max(1, round((self.window_seconds - (now - times[0])) / 60))
            raise TooMany([Problem("too_many_attempts", f"Too many attempts; try again in {minutes} minutes.")])
        times.append(now)

    def forget(self, key: str) -> None:
        """The attempts led somewhere; begin to count anew."""
        self.times.pop(key, None)
