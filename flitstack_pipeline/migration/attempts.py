"""What the journal says of an attempt: its outcomes, from what was seen on the wire.

What belongs here: turning exchanges and errors into outcomes. What does not: sending (sending.py),
writing the outcomes (journal.py). One intent may be several attempts on the wire: an answer 429
was not processed and a request without a connection never left, so the client repeats both.
"""

from __future__ import annotations

from collections.abc import Sequence

from flitstack_pipeline.highlevel.client import Exchange, HighLevelClient
from flitstack_pipeline.highlevel.errors import redact
from flitstack_pipeline.migration.journal import Intent, Outcome

LONGEST_MESSAGE = 2000


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
