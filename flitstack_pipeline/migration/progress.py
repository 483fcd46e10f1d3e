"""How far a load is: what it tells whoever watches, and lines for a log.

What belongs here: the numbers and their sentence. What does not: measuring (load.py), bars
(cli/progress.py).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flitstack_pipeline.highlevel.pacing import PaceSnapshot
from flitstack_pipeline.highlevel.window import next_midnight
from flitstack_pipeline.migration.sending import LoadResult

RECENT_S = 30.0
LINE_EVERY_S = 15.0


@dataclass(frozen=True)
class LoadProgress:
    """One load at one moment; `records_per_s` over the last half minute, `left_s` when known."""

    stage: str
    object_key: str
    done: int
    total: int
    records_per_s: float
    left_s: float | None
    result: LoadResult
    budget: PaceSnapshot

    @property
    def finished(self) -> bool:
        """Whether every row is dealt with."""
        return self.done >= self.total

    def sentence(self) -> str:
        """One line for a log."""
        left = "" if self.left_s is None or self.finished else f", {duration(self.left_s)} left"
        counts = ", ".join(
            f"{n:,} {name}"
            for name in ("created", "updated", "unchanged", "matched", "adopted", "rejected")
            if (n := getattr(self.result, name))
        )
        return (
            f"{self.stage} {self.object_key}: {self.done:,} of {self.total:,} "
            f"({counts or 'nothing yet'}), {self.records_per_s:.1f} records/s{left}; "
            f"{budget_sentence(self.budget)}"
        )


def budget_sentence(budget: PaceSnapshot) -> str:
    """The request budget in a few words."""
    if budget.unlimited:
        return "no request limit"
    text = f"{budget.used_today:,} of {budget.daily_limit:,} requests today"
    until, reason = budget.paused_until, budget.pause_reason
    if not until and budget.daily_limit and not budget.left_today:
        until = next_midnight(time.time())
        reason = f"{budget.daily_reserve:,} are kept for the delta"
    if until:
        moment = datetime.fromtimestamp(until, UTC)
        text += f", paused until {moment:%Y-%m-%d %H:%M:%S} UTC ({reason})"
    return text


Watch = Callable[[LoadProgress], None]


@dataclass
class Meter:
    """Records per second lately, and the time that is left."""

    total: int
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def read(self, done: int, now: float | None = None) -> tuple[float, float | None]:
        """(records per second, seconds left or None) when so many are done."""
        moment = time.monotonic() if now is None else now
        self._seen.append((moment, done))
        while moment - self._seen[0][0] > RECENT_S and len(self._seen) > 2:
            self._seen.popleft()
        first, before = self._seen[0]
        per_s = (done - before) / (moment - first) if moment > first else 0.0
        return per_s, (self.total - done) / per_s if per_s > 0 else None


def log_lines(log: Callable[[str], None], every_s: float = LINE_EVERY_S) -> Watch:
    """A watcher that writes a line every so often, and one at the end of each load."""
    told: dict[tuple[str, str], float] = {}

    def watch(progress: LoadProgress) -> None:
        key, now = (progress.stage, progress.object_key), time.monotonic()
        if progress.finished or now - told.setdefault(key, now) >= every_s:
            told[key] = now
            log(progress.sentence())

    return watch


def duration(seconds: float) -> str:
    """A time span as people say it: 45 s, 12 min, 3 h 20 min, 2 days 4 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"
