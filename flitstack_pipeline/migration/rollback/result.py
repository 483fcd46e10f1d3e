"""What a rollback did, or would do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from flitstack_pipeline.highlevel.errors import AmbiguousOutcome
from flitstack_pipeline.migration.journal.store import IdMapRow

#: A line per record: record_key, kind, hl_id, what, why, fields. Called from many threads, one
#: at a time.
Listener = Callable[[dict[str, str]], None]


@dataclass
class RollbackResult:
    """What a rollback did (or, with dry_run, would do).

    `deleted`, `restored`, `already_gone` and `kept` count records; `requests` are HTTP calls.
    `left` are records somebody edited since or that other records need; `failed` are those
    HighLevel refused; `stays` those the API has no way to take away. `bulk` names what went with
    one request; `proof` is the read-back.
    """

    deleted: int = 0
    restored: int = 0
    already_gone: int = 0
    kept: int = 0
    requests: int = 0
    left: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    stays: list[dict[str, Any]] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=dict)
    bulk: list[str] = field(default_factory=list)
    schema_removed: list[str] = field(default_factory=list)
    checklist: list[str] = field(default_factory=list)
    proof: list[dict[str, Any]] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    dry_run: bool = False

    def __add__(self, other: RollbackResult) -> RollbackResult:
        names = [f.name for f in fields(self)]
        parts = {name: _joined(getattr(self, name), getattr(other, name)) for name in names}
        return RollbackResult(**{**parts, "dry_run": self.dry_run})

    @property
    def clean(self) -> bool:
        """Whether everything that can be undone was, and proven so by reading back."""
        return not (self.left or self.failed or self.not_proven)

    def not_taken_back(self, item: Mapping[str, Any], error: Exception) -> None:
        """Note a part of the schema that stays; without an answer nobody knows, so it failed."""
        line = f"{item['item_key']} could not be taken back: {error}"
        self.checklist.append(line)
        if isinstance(error, AmbiguousOutcome):
            failed = {"record_key": item["item_key"], "kind": item["kind"], "what": "failed"}
            failed |= {"hl_id": item.get("hl_id") or "", "why": str(error), "fields": ""}
            self.failed.append(failed)


def _joined(one: Any, other: Any) -> Any:
    """Counts added, lists appended, counts by name added name by name."""
    if isinstance(one, dict):
        return {k: one.get(k, 0) + other.get(k, 0) for k in {**one, **other}}
    return one + other


COUNTS = {"deleted": "deleted", "restored": "restored", "gone": "already_gone", "kept": "kept"}


class Tally:
    """Keeps a result's counts and lists from many threads."""

    def __init__(self, result: RollbackResult, listener: Listener | None) -> None:
        self.result, self._listener = result, listener
        self._lock = threading.Lock()

    def requests(self, by: int = 1) -> None:
        """Count requests."""
        with self._lock:
            self.result.requests += by

    def note(
        self, entry: IdMapRow, what: str, why: str = "", fields: list[str] | None = None
    ) -> None:
        """Note what became of a record: deleted, restored, gone, kept, left, stays or failed."""
        line = {
            "record_key": entry.record_key,
            "kind": entry.kind,
            "hl_id": entry.hl_id,
            "what": what,
            "why": why,
            "fields": ", ".join(fields or ()),
        }
        with self._lock:
            if what in COUNTS:
                name = COUNTS[what]
                setattr(self.result, name, getattr(self.result, name) + 1)
            else:
                getattr(self.result, what).append(line)
            if what in ("deleted", "restored"):
                done = self.result.by_kind
                done[entry.kind] = done.get(entry.kind, 0) + 1
            if self._listener:
                self._listener(line)
