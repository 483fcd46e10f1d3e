"""Sends items: intent durable, request, outcome; and says what a refusal means.

What belongs here: one attempt and its consequences. What does not: which rows to send (load.py),
looking up what became of an ambiguous attempt (resolving.py), duplicates (duplicates.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    DuplicateContact,
    DuplicateOpportunity,
    Forbidden,
    HighLevelError,
    Unauthorized,
    Unreachable,
    ValidationRejected,
    redact,
)
from flitstack_pipeline.migration.journal import Entry, Intent, Outcome
from flitstack_pipeline.migration.kinds import HANDLERS
from flitstack_pipeline.migration.kinds.base import Context, Handler, Item, Written


class RunStopped(RuntimeError):
    """The run cannot go on: every further row would fail for the same reason."""


class CredentialsFailed(RunStopped):
    """HighLevel refuses the token or its scopes."""


@dataclass
class LoadResult:
    """What a load did; counts are records, `requests` are HTTP attempts."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    adopted: int = 0
    matched: int = 0
    rejected: int = 0
    conflicts: int = 0
    missing_parents: int = 0
    requests: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: LoadResult) -> LoadResult:
        names = [f.name for f in fields(self)]
        return LoadResult(**{n: getattr(self, n) + getattr(other, n) for n in names})

    @property
    def complete(self) -> bool:
        """Whether every row is in HighLevel as meant."""
        return not (self.rejected or self.conflicts or self.missing_parents)


@dataclass
class Suspect:
    """An attempt that may have happened; `refused` when HighLevel said no (422 after create)."""

    item: Item
    intent_id: str
    failed_at: float
    refused: HighLevelError | None = None


class Sender:
    """Sends items from many threads and keeps count."""

    def __init__(self, ctx: Context, result: LoadResult) -> None:
        self.ctx, self.result = ctx, result
        self.latest: dict[tuple[str, str], tuple[float, Item]] = {}
        self.earlier: dict[str, list[str]] = {}
        self.stopped = threading.Event()
        self._lock = threading.Lock()

    def count(self, name: str, by: int = 1) -> None:
        """Add to a count of the result."""
        with self._lock:
            setattr(self.result, name, getattr(self.result, name) + by)

    def send(self, items: Sequence[Item]) -> list[Suspect]:
        """Create the items in one request; what may or may not have happened comes back.

        Raises RunStopped when going on makes no sense, and JournalFailed.
        """
        if self.stopped.is_set():
            return []
        handler = HANDLERS[items[0].row.kind]
        intents = [self.intent(handler, item) for item in items]
        self.ctx.journal.intend(intents)
        sent_at = time.time()
        self.count("requests")
        try:
            written = handler.write(self.ctx, items)
        except AmbiguousOutcome as error:
            return self._ambiguous(handler, items, intents, error)
        except (Unauthorized, Forbidden, Unreachable) as error:
            self._conclude_refused(intents, error)
            raise self._stop(error) from error
        except (HighLevelError, ValueError) as error:
            self._conclude_refused(intents, error)
            return self._refused(items, intents, error)
        self.landed(items, intents, written, sent_at)
        return []

    def intent(self, handler: Handler, item: Item) -> Intent:
        """The intent of creating an item."""
        row, run = item.row, self.ctx.run
        return Intent(
            run.id,
            self.ctx.location,
            row.object_key or run.object_key,
            row.record_key,
            row.source_key,
            row.kind,
            row.target,
            "create",
            handler.endpoint,
            row.payload_hash,
            item.request(),
            item.attempt,
        )

    def landed(
        self,
        items: Sequence[Item],
        intents: Sequence[Intent],
        written: Sequence[Written],
        sent_at: float,
    ) -> None:
        """Write down that the items are in HighLevel."""
        exchange = self.ctx.hl.client.last_exchange
        outcomes, entries = [], []
        for item, intent, done in zip(items, intents, written, strict=True):
            outcomes.append(
                Outcome(
                    intent.id,
                    "done",
                    exchange.status if exchange else None,
                    done.hl_id,
                    exchange.trace_id if exchange else None,
                    exchange.latency_ms if exchange else None,
                )
            )
            outcomes += self.settled(item, "repeated")
            entries.append(self.entry(item, done, "created", intent.id))
        self.ctx.journal.conclude(outcomes, entries)
        with self._lock:
            row = items[-1].row
            if self.latest.get((row.kind, row.target), (0.0,))[0] < sent_at:
                self.latest[(row.kind, row.target)] = (sent_at, items[-1])
        self.count("created", len(items))

    def settled(self, item: Item, result: str, hl_id: str | None = None) -> list[Outcome]:
        """Final outcomes for an item's earlier, ambiguous intents."""
        with self._lock:
            earlier = self.earlier.pop(item.row.record_key, [])
        return [Outcome(intent_id, result, hl_id=hl_id) for intent_id in earlier]

    def entry(
        self,
        item: Item,
        written: Written,
        origin: str,
        sequence: str,
        before_image: dict[str, Any] | None = None,
    ) -> Entry:
        """The id map's row of an item."""
        row = item.row
        return Entry(
            self.ctx.location,
            row.record_key,
            row.source_key,
            row.object_key or self.ctx.run.object_key,
            row.kind,
            row.target,
            written.hl_id,
            origin,
            row.payload_hash,
            written.payload,
            before_image,
            written.details,
            self.ctx.run.id,
            sequence,
            time.time(),
        )

    def dead_letter(self, item: Item, reason_class: str, error: BaseException | str) -> None:
        """Put an item aside with everything needed to try it again."""
        row = item.row
        messages = getattr(error, "messages", None) or [redact(str(error))]
        self.ctx.journal.put_dead_letter(
            {
                "location": self.ctx.location,
                "record_key": row.record_key,
                "source_key": row.source_key,
                "object_key": row.object_key or self.ctx.run.object_key,
                "kind": row.kind,
                "label": row.label,
                "reason_class": reason_class,
                "status": getattr(error, "status", None),
                "messages": list(messages),
                "payload": item.request(),
                "attempts": item.attempt,
                "run_id": self.ctx.run.id,
            }
        )
        self.count("rejected")

    # --- what a failure means ------------------------------------------------------------------

    def _ambiguous(
        self,
        handler: Handler,
        items: Sequence[Item],
        intents: Sequence[Intent],
        error: AmbiguousOutcome,
    ) -> list[Suspect]:
        now = time.time()
        self.ctx.journal.conclude([_outcome(i, "ambiguous", error) for i in intents])
        with self._lock:
            for item, intent in zip(items, intents, strict=True):
                self.earlier.setdefault(item.row.record_key, []).append(intent.id)
        attempt = items[0].attempt
        repeatable = all(handler.safe_to_repeat(self.ctx, item) for item in items)
        if repeatable and attempt < self.ctx.options.attempts:
            for item in items:
                item.attempt = attempt + 1
            return self.send(items)
        return [Suspect(item, i.id, now) for item, i in zip(items, intents, strict=True)]

    def _refused(
        self, items: Sequence[Item], intents: Sequence[Intent], error: HighLevelError | ValueError
    ) -> list[Suspect]:
        if len(items) > 1:  # one bad apple: send each alone
            return [suspect for item in items for suspect in self.send([item])]
        (item,), (intent,) = items, intents
        if isinstance(error, DuplicateContact | DuplicateOpportunity):
            from flitstack_pipeline.migration.duplicates import settle_duplicate

            return settle_duplicate(self, item, error)
        self.ctx.journal.conclude(self.settled(item, "absent"))
        self.dead_letter(item, reason_of(error), error)
        if isinstance(
            error, ValidationRejected | BadRequest
        ):  # perhaps it was created all the same
            return [Suspect(item, intent.id, time.time(), error)]
        return []

    def _conclude_refused(self, intents: Sequence[Intent], error: BaseException) -> None:
        self.ctx.journal.conclude([_outcome(i, "refused", error) for i in intents])

    def _stop(self, error: HighLevelError) -> RunStopped:
        self.stopped.set()
        if isinstance(error, Unreachable):
            return RunStopped(
                f"HighLevel cannot be reached ({error}). Start the run again when it can: it goes "
                "on where it was."
            )
        missing = "lacks a scope it needs" if error.scope_missing else "is refused"
        return CredentialsFailed(
            f"The HighLevel token {missing}: {error}. Nothing more was sent. Make a token with the "
            "scopes of the preflight, set HIGHLEVEL_TOKEN, and start again."
        )


def reason_of(error: BaseException) -> str:
    """The class of a dead letter: credentials, validation, conflict, unknown."""
    if isinstance(error, Unauthorized | Forbidden):
        return "credentials"
    if isinstance(error, DuplicateContact | DuplicateOpportunity):
        return "conflict"
    if isinstance(error, ValidationRejected | BadRequest | ValueError):
        return "validation"
    return "unknown"


def _outcome(intent: Intent, result: str, error: BaseException) -> Outcome:
    return Outcome(
        intent.id,
        result,
        getattr(error, "status", None),
        None,
        getattr(error, "trace_id", None),
        None,
        redact(str(error))[:2000],
    )
