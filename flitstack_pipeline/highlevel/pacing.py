"""Keeping to HighLevel's allowance while using all of it.

What belongs here: the `Pacer` protocol and its implementations: waiting for a moment to send,
learning from answers. What does not: the arithmetic (window.py), the storage (pace_store.py).

`SharedPacer` takes moments from the shared bucket in blocks of up to half a second, so that the
database is asked a few times a second, whatever the pace. What a thread does with its moment is
reported with the next block: moments used late are corrected, unused ones returned.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from flitstack_pipeline.highlevel.clock import Clock, SystemClock
from flitstack_pipeline.highlevel.pace_store import PaceStore
from flitstack_pipeline.highlevel.window import DAY_SPENT, Bucket, day_of, next_midnight

HORIZON_S = 0.5
LATE_S = 0.002
BLOCK_MOST = 4096
RECHECK_S, SOON_S = 60.0, 1.0
NO_LIMIT = 1_000_000
RESERVE = 0.05  # of the day's quota, kept for the delta


@dataclass(frozen=True)
class PaceSnapshot:
    """The state of the budget, for people and plans. Moments are seconds since 1970."""

    limit: int
    window_s: float
    used_today: int
    daily_limit: int
    paused_until: float | None = None
    pause_reason: str = ""
    daily_reserve: int = 0
    foreign: int = 0
    margin_s: float = 0.0
    rate_per_s: float = float("inf")

    @property
    def unlimited(self) -> bool:
        """Whether there is no allowance worth speaking of."""
        return self.limit == 0 or self.limit >= NO_LIMIT

    @property
    def left_today(self) -> int:
        """Requests an ordinary load may still send today."""
        return max(0, self.daily_limit - self.daily_reserve - self.used_today)


class Pacer(Protocol):
    """Says when a request may leave, and learns from every answer."""

    def acquire(self, n: int = 1, reserve: bool = False) -> float:
        """Wait until `n` requests may leave; return the seconds waited."""

    def observe(self, headers: Mapping[str, str], status: int) -> None:
        """Learn from an answer to a request the calling thread acquired."""

    def snapshot(self) -> PaceSnapshot:
        """Return the state of the budget."""

    @property
    def rate_per_s(self) -> float:
        """Requests per second allowed in steady state, as known here: asks nobody."""

    def close(self) -> None:
        """End every wait."""


class PacerClosed(RuntimeError):
    """The pacer was closed while a request waited for its moment."""


class UnlimitedPacer:
    """No budget at all: for a sandbox without limits."""

    rate_per_s = float("inf")

    def __init__(self) -> None:
        self._used = 0
        self._closed = False

    def acquire(self, n: int = 1, reserve: bool = False) -> float:
        """Return at once. Raises PacerClosed after `close`."""
        if self._closed:
            raise PacerClosed("the pacer was closed")
        self._used += n
        return 0.0

    def close(self) -> None:
        """Let nothing more pass."""
        self._closed = True

    def observe(self, headers: Mapping[str, str], status: int) -> None:
        """Learn nothing."""

    def snapshot(self) -> PaceSnapshot:
        """Return the count of this object's requests."""
        return PaceSnapshot(0, 0.0, self._used, 0)


@dataclass(frozen=True)
class Slot:
    """A moment to send, and how many of our requests the server should then have counted."""

    at: float
    own: int


@dataclass(frozen=True)
class Reading:
    """The rate headers of one answer; None where one is missing or unreadable."""

    limit: int | None
    interval_s: float | None
    remaining: int | None
    daily_limit: int | None
    daily_remaining: int | None
    retry_after_s: float | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Reading:
        """Read HighLevel's five headers and Retry-After (docs/highlevel.md#limits)."""
        interval = _number(headers.get("X-RateLimit-Interval-Milliseconds"))
        retry_after = _number(headers.get("Retry-After"))
        return cls(
            _number(headers.get("X-RateLimit-Max")),
            interval / 1000 if interval else None,
            _number(headers.get("X-RateLimit-Remaining")),
            _number(headers.get("X-RateLimit-Limit-Daily")),
            _number(headers.get("X-RateLimit-Daily-Remaining")),
            float(retry_after) if retry_after is not None else None,
        )


def bucket_key(token: str, location_id: str, host: str = "") -> str:
    """Name the bucket of an app (its token) and a sub-account; the token cannot be read from it."""
    app = hashlib.sha256(token.encode()).hexdigest()[:12]
    return f"{app}:{location_id}@{host}" if host else f"{app}:{location_id}"


def snapshot_of(bucket: Bucket, now: float, reserve_fraction: float = RESERVE) -> PaceSnapshot:
    """The state of a bucket for people, `now` in seconds since 1970."""
    bucket.turn_day(now)
    paused = bucket.paused_until > now
    return PaceSnapshot(
        bucket.limit,
        bucket.window_s,
        bucket.used_today,
        bucket.daily_limit,
        bucket.paused_until if paused else None,
        bucket.pause_reason if paused else "",
        int(bucket.daily_limit * reserve_fraction),
        bucket.foreign,
        bucket.margin_s,
        bucket.rate_per_s,
    )


class SharedPacer:
    """One bucket per (app, sub-account), shared by everyone who names the same key.

    `limit`, `window_s` and `daily` are first guesses: the headers overrule them.
    `reserve_fraction` of the daily quota is kept for `acquire(reserve=True)` (the delta).
    """

    def __init__(
        self,
        engine: sa.Engine,
        key: str,
        limit: int = 100,
        window_s: float = 10.0,
        daily: int = 200_000,
        *,
        reserve_fraction: float = RESERVE,
        clock: Clock | None = None,
    ) -> None:
        self._clock: Clock = clock or SystemClock()
        first = Bucket(limit, window_s, daily, margin_s=0.01 * window_s)
        self._store = PaceStore(engine, key, first)
        self._reserve_fraction = reserve_fraction
        self._lock = threading.Lock()
        self._local = threading.local()
        self._slots: dict[bool, deque[Slot]] = {False: deque(), True: deque()}
        self._moved: list[tuple[float, float]] = []
        self._unused: list[float] = []
        self._waiting = 0
        self._block = 1
        self._paused_until = 0.0
        self._penalty_s = 0.0
        self._closed = False
        self._seen = self._store.read()
        self._surplus: deque[int] = deque(maxlen=20)
        self._news: Reading | None = None
        self._heard, self._asked_at = False, 0.0

    # --- the protocol --------------------------------------------------------------------------

    def acquire(self, n: int = 1, reserve: bool = False) -> float:
        """Wait until `n` requests may leave; return the seconds waited.

        Raises PacerClosed when the pacer is closed meanwhile.
        """
        started = self._now()
        for _ in range(n):
            while True:
                slot = self.take(reserve)
                self._wait_until(slot.at)
                if self.settle(slot):
                    break
        return max(0.0, self._now() - started)

    def observe(self, headers: Mapping[str, str], status: int) -> None:
        """Follow the rate headers: allowance, other apps' use, the day, a refusal."""
        reading = Reading.of(headers)
        now = self._now()
        with self._lock:
            self._heard = True
            slot: Slot | None = getattr(self._local, "slot", None)
            if slot is not None and day_of(slot.at) == day_of(now):
                self._news = reading
            if status == 429:
                if slot is not None:
                    self._unused.append(slot.at)  # the server did not count it either
                    self._local.slot = None
                self._refused(reading, now)
            else:
                self._penalty_s = 0.0
                self._count_foreign(reading, slot)
            changed = reading.limit not in (None, self._seen.limit) or reading.interval_s not in (
                None,
                self._seen.window_s,
            )
            if changed:
                self._surplus.clear()
                self._drop_slots()
                self._commit(now)

    def snapshot(self) -> PaceSnapshot:
        """Return the state of the shared budget."""
        return snapshot_of(self._store.read(), self._now(), self._reserve_fraction)

    @property
    def rate_per_s(self) -> float:
        """Requests per second allowed in steady state, as of the last block taken."""
        return self._seen.rate_per_s

    def close(self) -> None:
        """Return unused moments and end every wait."""
        with self._lock:
            self._closed = True
            self._clock.wake()
            self._drop_slots()
            self._commit(self._now())

    # --- moments -------------------------------------------------------------------------------

    def take(self, reserve: bool = False) -> Slot:
        """Return the next moment to send; waits only while the day or a pause forbids any."""
        with self._lock:
            self._waiting += 1
        try:
            while True:
                with self._lock:
                    if self._closed:
                        raise PacerClosed("the pacer was closed")
                    slot = self._pop(reserve) or self._lease(reserve)
                    if isinstance(slot, Slot):
                        return slot
                self._wait_until(min(slot, self._now() + self._recheck_s()))
        finally:
            with self._lock:
                self._waiting -= 1

    def settle(self, slot: Slot) -> bool:
        """Report that a request leaves now on this slot; False when a pause came between."""
        now = self._now()
        with self._lock:
            if self._closed:
                raise PacerClosed("the pacer was closed")
            if self._paused_until > now:
                self._unused.append(slot.at)
                return False
            if now - slot.at > LATE_S:
                self._moved.append((slot.at, now))
                if now - slot.at > self._seen.margin_s / 4:
                    self._commit(now)  # too late to be covered by the margin: tell the others
                slot = Slot(now, slot.own)
        self._local.slot = slot
        return True

    def _pop(self, reserve: bool) -> Slot | None:
        now, queue = self._now(), self._slots[reserve]
        oldest = max(now - self._seen.margin_s / 4, self._paused_until)
        while queue:
            slot = queue.popleft()
            if slot.at >= oldest:
                return slot
            self._unused.append(slot.at)
        return None

    def _lease(self, reserve: bool) -> Slot | float:
        """Take a block of moments from the shared bucket, or return when to ask again."""
        wanted, unused, now = max(self._block, self._waiting), len(self._unused), self._now()

        def step(bucket: Bucket) -> list[Slot]:
            room = bucket.room_today(self._kept_back(bucket, reserve))
            if self._may_ask(bucket, room):
                self._asked_at = now
                bucket.paused_until, bucket.pause_reason = 0.0, ""
                return [Slot(now, 1)]
            if bucket.paused_until > now + HORIZON_S or room == 0:
                return []
            most = max(1, int(bucket.rate_per_s * HORIZON_S))
            moments = bucket.grant(now, min(wanted, most, room), HORIZON_S)
            return [Slot(moment, bucket.in_window(moment)) for moment in moments]

        granted = self._commit(now, step)
        # blocks grow while they are used up, and shrink when moments come back
        self._block = max(1, self._block // 2) if unused else min(2 * self._block, BLOCK_MOST)
        if granted:
            self._slots[reserve].extend(granted[1:])
            return granted[0]
        return self._paused_until if self._paused_until > now else next_midnight(now)

    def _recheck_s(self) -> float:
        """How long a wait lasts at most: the answer to a question may end it soon."""
        return SOON_S if self._now() - self._asked_at < RECHECK_S else RECHECK_S

    def _may_ask(self, bucket: Bucket, room: int) -> bool:
        """Whether to send one request on a day we believe spent, to hear whether it still is.

        What is kept of the day may be out of date when a process starts: another day there, a
        higher quota, another account behind the same address. One request may come out of what is
        kept for the delta: without it, a load would wait for midnight on an old belief.
        """
        spent = bucket.pause_reason == DAY_SPENT or room == 0
        return spent and not (self._heard or self._asked_at)

    def _commit(self, now: float, step: Callable[[Bucket], list[Slot]] | None = None) -> list[Slot]:
        """Bring what this process learned into the shared bucket, then apply `step` to it."""

        def both(bucket: Bucket) -> list[Slot]:
            self._sync(bucket, now)
            return step(bucket) if step else []

        result = self._store.change(both)
        self._unused.clear()
        self._moved.clear()
        self._news = None
        self._paused_until = self._seen.paused_until
        return result

    def _sync(self, bucket: Bucket, now: float) -> None:
        """Tell the bucket what this process learned since the last time."""
        bucket.turn_day(now)
        for planned, actual in self._moved:
            bucket.move(planned, actual)
        for moment in self._unused:
            bucket.give_back(moment)
        news = self._news
        if news is not None and news.limit and news.interval_s:
            bucket.allow(news.limit, news.interval_s)
        if news is not None and news.daily_limit and news.daily_remaining is not None:
            bucket.follow_day(news.daily_limit, news.daily_remaining)
        if len(self._surplus) == self._surplus.maxlen:
            surplus = min(self._surplus)
            bucket.foreign = surplus if surplus > tolerance(bucket.limit) else 0
        self._seen = bucket

    # --- learning ------------------------------------------------------------------------------

    def _refused(self, reading: Reading, now: float) -> None:
        """Pause the shared bucket after a 429."""
        window_s = self._seen.window_s
        spent = reading.daily_remaining == 0
        self._penalty_s = min(max(2 * self._penalty_s, 0.03 * window_s), window_s)
        wait = reading.retry_after_s if reading.retry_after_s is not None else self._penalty_s

        def step(bucket: Bucket) -> list[Slot]:
            if spent:
                bucket.spend_day(now, reading.retry_after_s)
            else:
                bucket.throttled()
                bucket.pause(now + wait, "HighLevel answered 429")
            return []

        self._drop_slots()
        self._commit(now, step)

    def _count_foreign(self, reading: Reading, slot: Slot | None) -> None:
        """Compare the server's count with ours: what is over is another app's."""
        if slot is None or reading.limit is None or reading.remaining is None:
            return
        self._surplus.append(reading.limit - reading.remaining - slot.own)

    def _drop_slots(self) -> None:
        for queue in self._slots.values():
            self._unused.extend(slot.at for slot in queue)
            queue.clear()

    def _kept_back(self, bucket: Bucket, reserve: bool) -> int:
        return 0 if reserve else int(bucket.daily_limit * self._reserve_fraction)

    # --- time ----------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.now() + self._store.clock_offset_s

    def _wait_until(self, moment: float) -> None:
        self._clock.sleep(moment - self._now())


def tolerance(limit: int) -> int:
    """How far the server's count may exceed ours before another app is suspected."""
    return max(2, limit * 3 // 100)


def _number(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except ValueError:
        return None
