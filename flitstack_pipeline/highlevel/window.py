"""The request budget as pure arithmetic: moments of sending, and the day's count.

What belongs here: the state of one bucket and every rule that changes it. What does not: where
the state is kept (pace_store.py), waiting, threads (pacing.py).

The server counts arrivals in a sliding window: at most `limit` in any `window_s` seconds
(docs/highlevel.md#limits). So the state holds the very moments of the last requests, and the next
moment is never earlier than `window_s + margin_s` after the `limit`-th before it. The margin stands
for the jitter between sending and arriving; it grows after a 429 and shrinks back by itself.
Moments are kept a little apart, so that a pause is made good without a burst.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

MARGIN = 0.01  # of the window: at most 99 % of the allowance is used
MARGIN_MOST = 0.05
SPACING = 0.6  # of the even distance between two requests
EVEN = 5_000  # an allowance so wide is spread evenly: keeping its moments would cost too much
PROBE_FIRST_S, PROBE_MOST_S = 60.0, 1800.0


@dataclass
class Bucket:
    """All that is known of one bucket. Moments are seconds since 1970."""

    limit: int = 100
    window_s: float = 10.0
    daily_limit: int = 200_000
    margin_s: float = 0.1
    margin_at: float = 0.0
    foreign: int = 0
    paused_until: float = 0.0
    pause_reason: str = ""
    day: str = ""
    used_today: int = 0
    strikes: int = 0
    slots: list[float] = field(default_factory=list)

    @property
    def budget(self) -> int:
        """Requests per window that are ours: the allowance less what other apps use."""
        return max(1, self.limit - self.foreign)

    @property
    def rate_per_s(self) -> float:
        """Requests per second in steady state."""
        return self.budget / (self.window_s + self.margin_s)

    # --- moments -------------------------------------------------------------------------------

    def grant(self, now: float, wanted: int, horizon_s: float) -> list[float]:
        """Take up to `wanted` moments from `now` on, none but the first beyond the horizon."""
        self._forget(now)
        even = self.budget >= EVEN
        period = self.window_s + self.margin_s
        spacing = (period if even else SPACING * self.window_s) / self.budget
        granted: list[float] = []
        for _ in range(wanted):
            moment = max(now, self.paused_until)
            if self.slots:
                moment = max(moment, self.slots[-1] + spacing)
            if len(self.slots) >= self.budget:
                moment = max(moment, self.slots[-self.budget] + period)
            if granted and moment > now + horizon_s:
                break
            if even:
                self.slots.clear()
            self.slots.append(moment)
            granted.append(moment)
        self.used_today += len(granted)
        return granted

    def move(self, planned: float, actual: float) -> None:
        """Correct a moment: the request left later than planned."""
        if self._remove(planned):
            insort(self.slots, actual)

    def give_back(self, moment: float) -> None:
        """Return a moment that no request used."""
        if self._remove(moment) or self.budget >= EVEN:
            self.used_today = max(0, self.used_today - 1)

    def in_window(self, moment: float) -> int:
        """Count our own requests that a server sees in the window ending at `moment`."""
        if self.budget >= EVEN:
            return self.limit  # not counted: nobody else can be made out
        first = bisect_left(self.slots, moment - self.window_s)
        return bisect_left(self.slots, moment) - first + 1

    def _remove(self, moment: float) -> bool:
        place = bisect_left(self.slots, moment)
        if place < len(self.slots) and self.slots[place] == moment:
            del self.slots[place]
            return True
        return False

    def _forget(self, now: float) -> None:
        period = self.window_s + self.margin_s
        del self.slots[: bisect_left(self.slots, now - period)]
        # a clock set back leaves moments far ahead: they are of no use
        del self.slots[bisect_left(self.slots, now + 3 * period) :]
        if self.margin_at and now > self.margin_at:
            least = MARGIN * self.window_s
            shrink = 0.98 ** ((now - self.margin_at) / self.window_s)
            self.margin_s = max(least, least + (self.margin_s - least) * shrink)
        self.margin_at = now

    # --- what answers tell ---------------------------------------------------------------------

    def allow(self, limit: int, window_s: float) -> None:
        """Follow the allowance the server states."""
        if window_s != self.window_s:
            self.margin_s = MARGIN * window_s
        self.limit, self.window_s = max(1, limit), window_s
        self.foreign = min(self.foreign, self.limit - 1)

    def throttled(self) -> None:
        """A 429 came although we kept to the budget: keep more distance."""
        self.margin_s = min(self.margin_s * 1.5, MARGIN_MOST * self.window_s)

    def pause(self, until: float, reason: str) -> None:
        """Send nothing before `until`."""
        if until > self.paused_until:
            self.paused_until, self.pause_reason = until, reason

    # --- the day -------------------------------------------------------------------------------

    def turn_day(self, now: float) -> None:
        """Start counting anew when a UTC day has begun."""
        today = day_of(now)
        if today != self.day:
            self.day, self.used_today, self.strikes = today, 0, 0

    def room_today(self, reserve: int) -> int:
        """Requests left today, the reserve kept back."""
        return max(0, self.daily_limit - reserve - self.used_today)

    def follow_day(self, daily_limit: int, remaining: int) -> None:
        """Follow the server's count of the day.

        Ours may be ahead by what is in flight; further apart, the server is right.
        """
        self.daily_limit = daily_limit
        counted = max(0, daily_limit - remaining)
        if counted > self.used_today or self.used_today - counted > self.limit:
            self.used_today = counted
        if remaining > 0 and self.pause_reason == DAY_SPENT:
            self.paused_until, self.pause_reason, self.strikes = 0.0, "", 0

    def spend_day(self, now: float, retry_after_s: float | None) -> None:
        """The server says the day's quota is spent: wait for the next day.

        The hour of the reset is not documented. When the server refuses although our count of
        this UTC day is low, its day is another: ask again, at growing distances.
        """
        midnight = next_midnight(now)
        until = midnight
        if retry_after_s:
            until = now + retry_after_s
        elif self.used_today < self.daily_limit // 2:
            until = min(midnight, now + min(PROBE_FIRST_S * 2**self.strikes, PROBE_MOST_S))
        self.strikes += 1
        self.pause(until, DAY_SPENT)


DAY_SPENT = "the daily quota is spent"


def day_of(moment: float) -> str:
    """The UTC day of a moment, YYYY-MM-DD."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def next_midnight(moment: float) -> float:
    """The next UTC midnight after a moment, and a second for clocks that differ."""
    today = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp() + 1.0
