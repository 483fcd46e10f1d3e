"""What the journal keeps, as values: runs, entries of the id map, intents, outcomes.

What belongs here: the records and their ids. What does not: reading or writing them
(journal/store.py), their tables (journal/tables.py).
"""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flitstack_pipeline.migration.rows import MappedRow

_counter = itertools.count()
_PROCESS = secrets.token_hex(3)


def new_id(prefix: str = "") -> str:
    """An id that sorts by the time it was made and is unique across processes."""
    return f"{prefix}{time.time_ns():016x}{next(_counter) % 65536:04x}{_PROCESS}"


@dataclass(frozen=True)
class Run:
    """One run of a step on one sub-account (`location` is HighLevel's location id)."""

    id: str
    location: str
    stage: str
    object_key: str = ""
    #: What is kept of it when it ends; filled meanwhile.
    summary: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class IdMapRow:
    """A row of the id map: which HighLevel record a record key is."""

    location: str
    record_key: str
    source_key: str
    object_key: str
    kind: str
    target: str
    hl_id: str
    origin: str
    payload_hash: str
    last_written: dict[str, Any]
    before_image: dict[str, Any] | None
    details: dict[str, Any]
    run_id: str
    sequence: str
    written_at: float


@dataclass(frozen=True)
class Intent:
    """One request we are about to send for one record."""

    run_id: str
    location: str
    object_key: str
    record_key: str
    source_key: str
    kind: str
    target: str
    operation: str
    endpoint: str
    payload_hash: str | None = None
    request: dict[str, Any] | None = None
    attempt: int = 1
    id: str = field(default_factory=new_id)
    at: float = field(default_factory=time.time)

    @classmethod
    def for_row(
        cls, row: MappedRow, *, run: Run, operation: str, endpoint: str,
        request: dict[str, Any], attempt: int = 1,
    ) -> Intent:  # fmt: skip
        """What a run is about to do for a mapped row."""
        return cls(
            run.id, run.location, row.object_key or run.object_key, row.record_key,
            row.source_key, row.kind, row.target, operation, endpoint, row.payload_hash, request,
            attempt,
        )  # fmt: skip

    @classmethod
    def for_entry(
        cls, entry: IdMapRow, *, run: Run, operation: str, endpoint: str, request: dict[str, Any],
        payload_hash: str | None = None,
    ) -> Intent:  # fmt: skip
        """What a run is about to do to a record of the id map."""
        return cls(
            run.id, entry.location, entry.object_key, entry.record_key, entry.source_key,
            entry.kind, entry.target, operation, endpoint, payload_hash or entry.payload_hash,
            request,
        )  # fmt: skip

    @classmethod
    def for_schema(
        cls, item_key: str, *, run: Run, kind: str, operation: str, endpoint: str,
        request: dict[str, Any] | None,
    ) -> Intent:  # fmt: skip
        """What a run is about to do to a thing of the sub-account's schema."""
        return cls(
            run.id, run.location, "schema", item_key, item_key, kind, "schema", operation,
            endpoint, None, request,
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of an intent (the values of `result`: journal/tables.py)."""

    intent_id: str
    result: str
    status: int | None = None
    hl_id: str | None = None
    trace_id: str | None = None
    latency_ms: float | None = None
    message: str | None = None
    at: float = field(default_factory=time.time)
