"""What the journal keeps, as values: runs, entries of the id map, intents, outcomes.

What belongs here: the records and their ids. What does not: reading or writing them (journal.py),
their tables (journal_tables.py).
"""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

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
class Entry:
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


@dataclass(frozen=True)
class Outcome:
    """What became of an intent (the values of `result`: journal_tables.py)."""

    intent_id: str
    result: str
    status: int | None = None
    hl_id: str | None = None
    trace_id: str | None = None
    latency_ms: float | None = None
    message: str | None = None
    at: float = field(default_factory=time.time)
