"""One journalled attempt: intent, request, outcome; and outcomes from what was seen on the wire.

What belongs here: `attempt`, which every single write but a record's creation goes through, and
turning exchanges and errors into outcomes. What does not: creating records, many at once and looked
up by their source key (sending.py, inflight_recovery.py). One intent may be several attempts on the
wire: an answer 429 was not processed and a request without a connection never left, so the client
repeats both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from flitstack_pipeline.highlevel.client import Exchange, HighLevelClient
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    HighLevelError,
    NotFound,
    redact,
)
from flitstack_pipeline.migration.journal.store import Intent, Journal, Outcome, new_id

LONGEST_MESSAGE = 2000
R = TypeVar("R")


@dataclass(frozen=True)
class Attempted(Generic[R]):
    """A request that was done: its outcome is the caller's to conclude, with what it means.

    `result` is what was answered or found (None where the thing to delete was not there),
    `requests` how often it was sent.
    """

    intent: Intent
    outcome: Outcome
    result: R | None
    requests: int


def attempt(
    journal: Journal,
    client: HighLevelClient,
    intent: Intent,
    send: Callable[[], R],
    *,
    attempts: int,
    on_ambiguous: Callable[[], R | None] | None = None,
    absent_is_done: bool = False,
    asked: Callable[[], object] = lambda: None,
) -> Attempted[R]:
    """Send one write, its intent durable before it leaves, until it is known what became of it.

    Args:
        journal: where intents and the outcomes of failures are written.
        client: whose latest request `send` makes.
        intent: what is meant; each attempt has one of its own, numbered.
        send: makes the request.
        attempts: how often it is sent at most.
        on_ambiguous: looks whether a request nobody answered was done; None: it is sent again,
            because doing it twice does it once.
        absent_is_done: whether "not found" is what was wanted (deleting).
        asked: told of each request.

    Returns:
        What was done, not yet concluded.

    Raises:
        AmbiguousOutcome: no answer, and nothing found, in as many attempts.
        HighLevelError, ValueError: it was refused; the outcome is in the journal.
    """
    number = 0
    while True:
        number += 1
        intent = replace(intent, id=new_id(), at=time.time(), attempt=number)
        journal.intend([intent])
        asked()
        result: R | None = None
        try:
            result = send()
        except AmbiguousOutcome as error:
            told = outcome_now(client, intent, "ambiguous", error=error)
            found = on_ambiguous() if on_ambiguous is not None else None
            if found is not None:
                journal.conclude([told])
                return Attempted(intent, Outcome(intent.id, "found"), found, number)
            last = number == attempts
            unanswered = "given up" if last else "repeated"
            settled = "absent" if on_ambiguous is not None else unanswered
            journal.conclude([told, Outcome(intent.id, settled)])
            if last:
                raise
            continue
        except (HighLevelError, ValueError) as error:
            if not (absent_is_done and isinstance(error, NotFound)):
                journal.conclude([outcome_now(client, intent, "refused", error=error)])
                raise
        return Attempted(intent, outcome_now(client, intent, "done"), result, number)


def outcomes_of(
    intents: Sequence[Intent],
    exchanges: Sequence[Exchange],
    result: str,
    *,
    hl_ids: Sequence[str | None] = (),
    error: BaseException | None = None,
) -> list[Outcome]:
    """The outcomes of intents that went in one request, one per attempt on the wire.

    `exchanges` are what was seen meanwhile; `result` is what the last write among them came to.
    """
    writes = [exchange for exchange in exchanges if exchange.write]
    last = writes[-1] if writes else None
    outcomes = []
    for intent, hl_id in zip(intents, hl_ids or [None] * len(intents), strict=True):
        outcomes += [_repeated(intent, exchange) for exchange in writes[:-1]]
        outcomes.append(_answered(intent, last, result, hl_id, error))
    return outcomes


def outcome_now(
    client: HighLevelClient,
    intent: Intent,
    result: str,
    *,
    hl_id: str | None = None,
    error: BaseException | None = None,
) -> Outcome:
    """The outcome of an intent whose request was the calling thread's latest."""
    exchange = client.last_exchange
    return _answered(intent, exchange, result, hl_id, error)


def _repeated(intent: Intent, exchange: Exchange) -> Outcome:
    result = "unsent" if exchange.status is None else "throttled"
    return Outcome(
        intent.id, result, exchange.status, None, exchange.trace_id, exchange.latency_ms,
        at=exchange.at,
    )  # fmt: skip


def _answered(
    intent: Intent,
    exchange: Exchange | None,
    result: str,
    hl_id: str | None,
    error: BaseException | None,
) -> Outcome:
    status = exchange.status if exchange else getattr(error, "status", None)
    trace_id = exchange.trace_id if exchange else getattr(error, "trace_id", None)
    return Outcome(
        intent.id,
        result,
        status,
        hl_id,
        trace_id or getattr(error, "trace_id", None),
        exchange.latency_ms if exchange else None,
        redact(str(error))[:LONGEST_MESSAGE] if error else None,
    )
