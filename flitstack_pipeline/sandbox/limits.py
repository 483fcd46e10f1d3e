"""The request allowance: a sliding window and a daily quota per sub-account.

What belongs here: counting, and the five headers. What does not: the answer to a refused
request (the pipeline's). The daily counter lives in the state file, so it survives a restart;
the ten-second window does not need to.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

UNLIMITED = 1_000_000_000


@dataclass(frozen=True)
class Rate:
    """How many requests in how many seconds; `requests=0` means no limit."""

    requests: int = 100
    seconds: float = 10.0

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read `N/SECONDS`, `0` or `none`; raise ValueError for anything else."""
        if text.strip().lower() in ("0", "none", "unlimited"):
            return cls(0)
        requests, _, seconds = text.partition("/")
        if not requests.strip().isdigit() or (seconds and float(seconds) <= 0):
            raise ValueError(f"rate {text!r} is not N/SECONDS, 0 or none")
        return cls(int(requests), float(seconds or 10))


@dataclass
class _Window:
    moments: deque[float] = field(default_factory=deque)


class Limits:
    """Counts what each sub-account has used and says whether a request may pass."""

    def __init__(self, rate: Rate, daily: int, used_today: Callable[[str, str], int]) -> None:
        """Take the allowance and a reader of the persisted daily count (key, day → count)."""
        self.rate = rate
        self.daily = daily
        self.daily_override: int | None = None
        self.throttled = 0
        self.max_in_window = 0
        self._windows: dict[str, _Window] = {}
        self._read_used = used_today
        self._used: dict[tuple[str, str], int] = {}

    @staticmethod
    def today() -> str:
        """Return the day the quota belongs to (UTC; HighLevel does not document its zone)."""
        return datetime.now(UTC).strftime("%Y-%m-%d")

    @property
    def allowed_daily(self) -> int:
        """Return the daily quota in force, a fault's override first."""
        if self.daily_override is not None:
            return self.daily_override
        return self.daily or UNLIMITED

    def used(self, key: str) -> int:
        """Return how many requests of today are counted for this sub-account."""
        day = self.today()
        if (key, day) not in self._used:
            self._used = {pair: n for pair, n in self._used.items() if pair[1] == day}
            self._used[key, day] = self._read_used(key, day)
        return self._used[key, day]

    def admit(self, key: str) -> bool:
        """Count one request of this sub-account, or refuse it (a refusal is not counted)."""
        now = time.monotonic()
        window = self._windows.setdefault(key, _Window())
        span = self.rate.seconds
        while window.moments and window.moments[0] <= now - span:
            window.moments.popleft()
        full = bool(self.rate.requests) and len(window.moments) >= self.rate.requests
        if full or self.used(key) >= self.allowed_daily:
            self.throttled += 1
            return False
        window.moments.append(now)
        self._used[key, self.today()] = self.used(key) + 1
        self.max_in_window = max(self.max_in_window, len(window.moments))
        return True

    def headers(self, key: str, *, exhausted: bool = False) -> list[tuple[bytes, bytes]]:
        """Return HighLevel's five rate headers; `exhausted` shows an empty window."""
        most = self.rate.requests or UNLIMITED
        in_window = len(self._windows[key].moments) if key in self._windows else 0
        remaining = 0 if exhausted else max(0, most - in_window)
        daily = self.allowed_daily
        values = {
            b"x-ratelimit-limit-daily": daily,
            b"x-ratelimit-daily-remaining": max(0, daily - self.used(key)),
            b"x-ratelimit-interval-milliseconds": int(self.rate.seconds * 1000),
            b"x-ratelimit-max": most,
            b"x-ratelimit-remaining": remaining,
        }
        return [(name, str(value).encode()) for name, value in values.items()]

    def forget(self) -> None:
        """Start counting anew (after a reset of the sandbox)."""
        self._windows.clear()
        self._used.clear()
        self.throttled = 0
        self.max_in_window = 0
