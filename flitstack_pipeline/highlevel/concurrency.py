"""How many requests to keep in flight.

What belongs here: Little's law and a gate whose width follows the measured latency. What does
not: the request budget itself (pacing.py); more requests in flight never beat the bucket, they
only keep it full while answers are slow.
"""

from __future__ import annotations

import math
import threading

HEADROOM = 1.3
# Where the rate is no limit and answers are quick, the threads' own work is: more only contend.
UNBOUNDED, SLOW_S = 16, 0.1


def workers_for(
    rate_per_s: float,
    latency_s: float,
    *,
    headroom: float = HEADROOM,
    at_least: int = 2,
    at_most: int = 64,
) -> int:
    """Return the requests in flight that sustain a rate at a latency (rate x latency x headroom).

    One more is waiting for its moment, so that a free slot never waits for a worker.
    """
    if rate_per_s * latency_s > at_most:
        return at_most if latency_s >= SLOW_S else max(at_least, min(at_most, UNBOUNDED))
    needed = math.ceil(rate_per_s * latency_s * headroom) + 1
    return max(at_least, min(at_most, needed))


class InFlight:
    """A gate for worker threads; its width adapts to the rate and to the latency seen.

    Use as a context manager around one request, `with in_flight: client.call(...)`, or enter it
    where requests are handed out and leave it where they end.
    """

    def __init__(
        self,
        limit_min: int = 2,
        limit_max: int = 64,
        *,
        rate_per_s: float = 10.0,
        latency_s: float = 0.3,
    ) -> None:
        self.limit_min, self.limit_max = limit_min, limit_max
        self._rate, self._latency = rate_per_s, latency_s
        self._running = 0
        self._changed = threading.Condition()
        self._limit = self._width()

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return self._limit

    @property
    def latency_s(self) -> float:
        """The latency seen lately, in seconds (exponential mean of ~20 answers)."""
        return self._latency

    def observe(self, latency_s: float, rate_per_s: float | None = None) -> None:
        """Take note of one answer's latency and, when it changes, of the allowed rate."""
        with self._changed:
            self._latency += (latency_s - self._latency) * 0.05
            if rate_per_s:
                self._rate = rate_per_s
            before, self._limit = self._limit, self._width()
            if self._limit > before:
                self._changed.notify_all()

    def enter(self, timeout_s: float | None = None) -> bool:
        """Wait for a place and take it; False when there was none in time."""
        with self._changed:
            free = self._changed.wait_for(lambda: self._running < self._limit, timeout_s)
            self._running += free
            return free

    def leave(self) -> None:
        """Give a place back, from whatever thread."""
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def __enter__(self) -> InFlight:
        self.enter()
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()

    def _width(self) -> int:
        return workers_for(
            self._rate, self._latency, at_least=self.limit_min, at_most=self.limit_max
        )
