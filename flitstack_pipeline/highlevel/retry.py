"""Trying again: the one place where `backoff` is used.

What belongs here: which failures may be repeated, how long to wait, how often. What does not:
sending (client.py), the request budget (pacing.py).

Three rules. A 429 was not processed, so any request is repeated after the wait it tells; when the
day's quota is spent, until the day has turned, however long that takes. A request that never left
(no connection) is repeated. Otherwise only reads are repeated, on lost connections, 5xx, transient
400s, pages of the proxy and empty answers (live: L11, L14); a write is not, because it may have
happened.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import backoff

from flitstack_pipeline.highlevel.errors import (
    DailyQuotaSpent,
    GarbledAnswer,
    RateLimited,
    ServerFault,
    Unreachable,
)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class RetryPolicy:
    """How patient to be; waits in seconds.

    `tries` bounds lost connections and 5xx of one request, `throttled_tries` its 429s.
    `interval_s` is the wait for a 429 that tells none, `spent_wait_s` that for a spent day before
    the pacer is asked for a moment again: it knows when the next day starts.
    """

    tries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    spent_wait_s: float = 1.0
    throttled_tries: int = 60
    interval_s: float = 10.0


def told_wait(error: Any, policy: RetryPolicy) -> float:
    """Return the seconds a 429 asks for: Retry-After, else the window, else the policy's."""
    if isinstance(error, DailyQuotaSpent):
        return policy.spent_wait_s
    for told in (error.retry_after_s, error.interval_s):
        if told is not None:
            return float(told)
    return policy.interval_s


def retrying(send: Callable[P, R], policy: RetryPolicy) -> Callable[P, R]:
    """Wrap `send`, which raises what `client` raises for one attempt.

    A `ServerFault`, `Unreachable` or `GarbledAnswer` that reaches this seam may be repeated: the
    client turns a write's ambiguous failures into AmbiguousOutcome before. Raises the last failure.
    """

    def wait(error: Any) -> float:
        return told_wait(error, policy)

    def jitter(seconds: float) -> float:
        return seconds * random.uniform(0.5, 1.0)

    patient = backoff.on_exception(
        backoff.expo,
        (ServerFault, Unreachable, GarbledAnswer),
        max_tries=policy.tries,
        factor=policy.first_wait_s,
        max_value=policy.longest_wait_s,
        jitter=jitter,
        logger=None,
    )(send)
    throttled = backoff.on_exception(
        backoff.runtime,
        RateLimited,
        value=wait,
        max_tries=policy.throttled_tries,
        giveup=lambda error: isinstance(error, DailyQuotaSpent),
        jitter=None,
        logger=None,
    )(patient)
    return backoff.on_exception(
        backoff.runtime, DailyQuotaSpent, value=wait, jitter=None, logger=None
    )(throttled)
