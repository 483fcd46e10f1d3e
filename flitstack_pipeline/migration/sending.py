"""Sends items: intent durable, request, outcome; and says what a refusal means.

What belongs here: one attempt and its consequences. What does not: which rows to send (load.py),
looking up what became of an ambiguous attempt (inflight_recovery.py), duplicates (duplicates.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from flitstack_pipeline.errors import Exit, Stopped
from flitstack_pipeline.highlevel.client import Exchange
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    DuplicateContact,
    DuplicateOpportunity,
    Forbidden,
    HighLevelError,
    RateLimited,
    Unauthorized,
    Unreachable,
    ValidationRejected,
    redact,
)
from flitstack_pipeline.highlevel.pacing import PacerClosed
from flitstack_pipeline.migration.attempts import outcomes_of
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent, Outcome
from flitstack_pipeline.migration.lock import LockLost
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Handler, Item, Written


class RunStopped(Stopped):
    """The run cannot go on: every further row would fail for the same reason."""


class CredentialsFailed(RunStopped):
    """HighLevel refuses the token or its scopes."""

    exit_code = Exit.PREFLIGHT_FAILED


@dataclass
class LoadResult:
    """What a load did; counts are records, `rows` those it was given.

    `requests` are HTTP attempts of every kind, `throttled` those answered 429; `floor` is the
    fewest requests that what was written could have taken.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    adopted: int = 0
    matched: int = 0
    rejected: int = 0
    conflicts: int = 0
    missing_parents: int = 0
    requests: int = 0
    throttled: int = 0
    floor: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __add__(self, other: LoadResult) -> LoadResult:
        names = [f.name for f in fields(self)]
        return LoadResult(**{n: getattr(self, n) + getattr(other, n) for n in names})

    @property
    def complete(self) -> bool:
        """Whether every row is in HighLevel as meant."""
        return not (self.rejected or self.conflicts or self.missing_parents)

    def facts(self) -> dict[str, Any]:
        """What a person reads of it."""
        counts = {
            name.replace("_", " "): value
            for name, value in vars(self).items()
            if name not in ("rows", "problems", "seconds", "floor", "throttled")
        }
        if self.floor:
            counts["fewest possible"] = self.floor
            counts["requests per possible"] = round(self.requests / self.floor, 3)
        return counts


@dataclass
class UnconfirmedWrite:
    """An item whose last attempt may have made its record.

    `failed_at` is when that attempt ended (seconds since 1970); `refused` what HighLevel said when
    it said no, which does not rule out that the record was made. `sent` is the item as it was then,
    when it differs from the one to send now.
    """

    item: Item
    failed_at: float
    refused: HighLevelError | None = None
    sent: Item | None = None


class Sender:
    """Sends items from many threads and keeps count."""

    def __init__(self, ctx: Context, result: LoadResult) -> None:
        self.ctx, self.result = ctx, result
        self.stopped = threading.Event()
        self._unsettled: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def count(self, name: str, by: int = 1) -> None:
        """Add to a count of the result."""
        with self._lock:
            setattr(self.result, name, getattr(self.result, name) + by)

    def send(self, items: Sequence[Item]) -> list[UnconfirmedWrite]:
        """Create the items in one request; what may or may not have happened comes back.

        Raises RunStopped when going on makes no sense, JournalFailed, and LockLost.
        """
        if self.stopped.is_set():
            return []
        handler = HANDLERS[items[0].row.kind]
        intents = [self.intent(handler, item) for item in items]
        self.ctx.journal.intend(intents)
        with self.ctx.hl.client.recording() as seen:
            try:
                written = handler.write(self.ctx, items)
            except AmbiguousOutcome as error:
                self._conclude(intents, seen, "ambiguous", error)
                return self._ambiguous(handler, items, intents)
            except (Unauthorized, Forbidden, Unreachable, RateLimited, PacerClosed) as error:
                self._conclude(intents, seen, "refused", error)
                self._put_aside_unauthorized(items, error)
                raise self.stop(error) from error
            except LockLost as error:  # it never left
                self._conclude(intents, seen, "refused", error)
                self.stopped.set()
                raise
            except (HighLevelError, ValueError) as error:
                return self._refused(items, intents, seen, error)
        self._landed(items, intents, written, seen)
        return []

    def intent(self, handler: Handler, item: Item) -> Intent:
        """The intent of creating an item."""
        return Intent.for_row(
            item.row, run=self.ctx.run, operation="create", endpoint=handler.endpoint,
            request=item.request(), attempt=item.attempt,
        )  # fmt: skip

    def _landed(
        self,
        items: Sequence[Item],
        intents: Sequence[Intent],
        written: Sequence[Written],
        seen: Sequence[Exchange],
    ) -> None:
        """Write down that the items are in HighLevel."""
        ids = [done.hl_id for done in written]
        outcomes = outcomes_of(intents, seen, "done", hl_ids=ids)
        entries = []
        for item, intent, done in zip(items, intents, written, strict=True):
            outcomes += self.settled(item, "repeated")
            entries.append(self.entry(item, done, "created", intent.id))
        self.ctx.journal.conclude(outcomes, entries)
        self.count("created", len(items))
        self.count("floor", HANDLERS[items[0].row.kind].requests_each)

    def remember(self, record_key: str, intent_ids: Sequence[str]) -> None:
        """Keep intents nobody knows the outcome of, until `settled` tells it."""
        with self._lock:
            self._unsettled.setdefault(record_key, []).extend(intent_ids)

    def settled(self, item: Item, result: str, hl_id: str | None = None) -> list[Outcome]:
        """Final outcomes for an item's earlier intents of unknown outcome."""
        with self._lock:
            earlier = self._unsettled.pop(item.row.record_key, [])
        return [Outcome(intent_id, result, hl_id=hl_id) for intent_id in earlier]

    def entry(
        self,
        item: Item,
        written: Written,
        origin: str,
        sequence: str,
        before_image: dict[str, Any] | None = None,
    ) -> IdMapRow:
        """The id map's row of an item."""
        row = item.row
        return IdMapRow(
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
        self.ctx.journal.put_dead_letter(self._letter(item, reason_class, error))
        self.count("rejected")

    def _letter(self, item: Item, reason_class: str, error: BaseException | str) -> dict[str, Any]:
        row = item.row
        messages = getattr(error, "messages", None) or [redact(str(error))]
        return {
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
            "at": time.time(),
        }

    # --- what a failure means ------------------------------------------------------------------

    def _ambiguous(
        self, handler: Handler, items: Sequence[Item], intents: Sequence[Intent]
    ) -> list[UnconfirmedWrite]:
        now = time.time()
        for item, intent in zip(items, intents, strict=True):
            self.remember(item.row.record_key, [intent.id])
        attempt = items[0].attempt
        repeatable = all(handler.safe_to_repeat(self.ctx, item) for item in items)
        if repeatable and attempt < self.ctx.options.attempts:
            for item in items:
                item.attempt = attempt + 1
            return self.send(items)
        return [UnconfirmedWrite(item, now) for item in items]

    def _refused(
        self,
        items: Sequence[Item],
        intents: Sequence[Intent],
        seen: Sequence[Exchange],
        error: HighLevelError | ValueError,
    ) -> list[UnconfirmedWrite]:
        if len(items) > 1:  # one bad apple: send each alone
            self._conclude(intents, seen, "refused", error)
            return [suspect for item in items for suspect in self.send([item])]
        (item,) = items
        if isinstance(error, DuplicateContact | DuplicateOpportunity):
            self._conclude(intents, seen, "refused", error)
            return self._settle_duplicate(item, error)
        # in one transaction: a refusal without its dead letter would be sent again unlooked-for
        self.ctx.journal.conclude(
            outcomes_of(intents, seen, "refused", error=error) + self.settled(item, "absent"),
            letters=[self._letter(item, reason_of(error), error)],
        )
        self.count("rejected")
        if isinstance(error, ValidationRejected | BadRequest):
            return [
                UnconfirmedWrite(item, time.time(), error)
            ]  # it may have been made all the same
        return []

    def _settle_duplicate(
        self, item: Item, refusal: DuplicateContact | DuplicateOpportunity
    ) -> list[UnconfirmedWrite]:
        """Deal with a record that is there already; what fails at it puts this one aside."""
        from flitstack_pipeline.migration.duplicates import settle_duplicate

        try:
            return settle_duplicate(self, item, refusal)
        except (Unauthorized, Forbidden, Unreachable, RateLimited, PacerClosed) as error:
            raise self.stop(error) from error
        except (HighLevelError, ValueError) as error:
            self.dead_letter(item, reason_of(error), error)
            return []

    def _conclude(
        self,
        intents: Sequence[Intent],
        seen: Sequence[Exchange],
        result: str,
        error: BaseException,
    ) -> None:
        self.ctx.journal.conclude(outcomes_of(intents, seen, result, error=error))

    def _put_aside_unauthorized(self, items: Sequence[Item], error: BaseException) -> None:
        if isinstance(error, Unauthorized | Forbidden):
            for item in items:
                self.dead_letter(item, "credentials", error)

    def stop(self, error: BaseException) -> RunStopped:
        """Let nothing more leave; returns what to raise."""
        self.stopped.set()
        if isinstance(error, Unauthorized | Forbidden):
            missing = "lacks a scope it needs" if error.scope_missing else "is refused"
            return CredentialsFailed(
                f"The HighLevel token {missing}: {error}. Nothing more was sent. Make a token with "
                "the scopes of the preflight, set HIGHLEVEL_TOKEN, and start again."
            )
        return RunStopped(
            f"The run stopped ({error}). Start it again when HighLevel answers: it goes on where "
            "it was."
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
