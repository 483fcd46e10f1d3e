"""Undoes a migration: deletes what we created, restores what we changed, in reverse order.

What belongs here: walking the id map backwards, one record at a time, and proving the result. What
does not: the schema we provisioned (rollback_schema.py). Records edited in HighLevel since our
last write are left and reported, unless forced. A rollback may be killed and started again.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    HighLevelError,
    NotFound,
    Unauthorized,
)
from flitstack_pipeline.migration.catalog import Catalog
from flitstack_pipeline.migration.journal import Entry, Intent, Journal, Outcome, Run
from flitstack_pipeline.migration.kinds import HANDLERS, UNDO_ORDER
from flitstack_pipeline.migration.kinds.base import Context, LoadOptions, Logical
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.migration.resolving import resume
from flitstack_pipeline.migration.rollback_schema import remove_schema
from flitstack_pipeline.migration.sending import LoadResult, Sender
from flitstack_pipeline.migration.update import joined, parts_of, same

SERVER_MAY_FILL = frozenset({"name", "dnd", "country", "source", "companyName", "tags", "timezone"})
PROOF_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
SCANNED = ("contact", "company", "opportunity", "record")


@dataclass
class RollbackResult:
    """What a rollback did (or, with dry_run, would do)."""

    deleted: int = 0
    restored: int = 0
    already_gone: int = 0
    requests: int = 0
    left: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=dict)
    schema_removed: list[str] = field(default_factory=list)
    checklist: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    dry_run: bool = False

    def __add__(self, other: RollbackResult) -> RollbackResult:
        names = [f.name for f in fields(self)]
        parts = {name: _joined(getattr(self, name), getattr(other, name)) for name in names}
        return RollbackResult(**{**parts, "dry_run": self.dry_run})

    @property
    def clean(self) -> bool:
        """Whether everything was undone, and proven so by reading back."""
        return not (self.left or self.failed or self.not_proven)


def _joined(one: Any, other: Any) -> Any:
    """Counts added, lists appended, counts by name added name by name."""
    if isinstance(one, dict):
        return {k: one.get(k, 0) + other.get(k, 0) for k in {**one, **other}}
    return one + other


def rollback(
    hl: HighLevel,
    journal: Journal,
    catalog: Catalog,
    run: Run,
    *,
    run_id: str | None = None,
    object_key: str | None = None,
    dry_run: bool = False,
    force: bool | Collection[str] = False,
    options: LoadOptions | None = None,
    log: Callable[[str], None] | None = None,
) -> RollbackResult:
    """Undo everything, or only what `run_id` or `object_key` wrote; returns what was done.

    `force` undoes records edited since as well: all of them, or those whose keys it holds. The
    provisioned schema goes too when nothing was asked to stay and nothing had to be left.
    Raises RunInProgress, Unauthorized, JournalFailed.
    """
    ctx = Context(hl, catalog, journal, run, options or LoadOptions())
    result = RollbackResult(dry_run=dry_run)
    with (
        exclusive(journal.engine, hl.location_id, "rollback") as lock,
        ThreadPoolExecutor(ctx.options.workers, "rollback") as pool,
    ):
        if not dry_run:
            sender = Sender(ctx, LoadResult())
            resume(sender, journal.open_intents(hl.location_id), pool)
        undo = _Undo(ctx, result, force)
        for kind in UNDO_ORDER:
            lock.check()
            entries = journal.iterate_entries(
                hl.location_id,
                kind=kind,
                object_key=object_key,
                run_id=run_id,
                newest_first=True,
            )
            while page := list(itertools.islice(entries, 1000)):
                done = sum(pool.map(undo.one, page))
                result.by_kind[kind] = result.by_kind.get(kind, 0) + done
            journal.flush()
            if log and result.by_kind.get(kind):
                log(f"{kind}: {result.by_kind[kind]} undone")
        if not dry_run:
            _prove(ctx, undo, result)
            if not (run_id or object_key or result.left or result.failed):
                remove_schema(ctx, result)
        journal.flush()
    return result


class _Undo:
    """Undoes one entry at a time; safe to use from many threads."""

    def __init__(self, ctx: Context, result: RollbackResult, force: bool | Collection[str]) -> None:
        self.ctx, self.result, self.force = ctx, result, force
        self.deleted: dict[tuple[str, str], set[str]] = {}
        self.restored: list[tuple[Entry, Logical]] = []
        self._lock = threading.Lock()

    def one(self, entry: Entry) -> int:
        """Undo one entry; 1 when it is undone (or would be), else 0."""
        try:
            if entry.origin == "created":
                return self._delete(entry)
            if entry.origin == "matched" and entry.before_image is not None:
                return self._restore(entry)
            self._leave(entry, "made by an earlier migration whose journal is not this one", [])
        except Unauthorized:
            raise
        except (HighLevelError, ValueError, KeyError) as error:
            with self._lock:
                self.result.failed.append(_about(entry, str(error)))
        return 0

    # --- created ---------------------------------------------------------------------------------

    def _delete(self, entry: Entry) -> int:
        handler = HANDLERS[entry.kind]
        if handler.editable:
            current = handler.read(self.ctx, entry)
            self._count("requests")
            if current is None:
                return self._gone(entry)
            edited = edits(entry, current)
            if edited and not self._forced(entry):
                self._leave(entry, "edited in HighLevel since our last write", edited)
                return 0
        if self.result.dry_run:
            self._count("deleted")
            return 1
        return self._send_delete(entry)

    def _send_delete(self, entry: Entry) -> int:
        for attempt in range(1, self.ctx.options.attempts + 1):
            intent = self._intent(entry, "delete", "DELETE " + HANDLERS[entry.kind].endpoint[5:])
            self.ctx.journal.intend([intent])
            self._count("requests")
            try:
                HANDLERS[entry.kind].delete(self.ctx, entry)
            except NotFound as error:
                self._conclude(intent, entry, "done", error.status)
                break
            except AmbiguousOutcome as error:  # deleting twice deletes once
                last = attempt == self.ctx.options.attempts
                result = "refused" if last else "repeated"
                outcome = Outcome(intent.id, result, error.status, message=str(error))
                self.ctx.journal.conclude([outcome])
                if last:
                    raise
            except (HighLevelError, ValueError) as error:
                status = getattr(error, "status", None)
                outcome = Outcome(intent.id, "refused", status, message=str(error))
                self.ctx.journal.conclude([outcome])
                raise
            else:
                self._conclude(intent, entry, "done", None)
                break
        with self._lock:
            self.deleted.setdefault((entry.kind, entry.target), set()).add(entry.hl_id)
        self._count("deleted")
        return 1

    def _gone(self, entry: Entry) -> int:
        if not self.result.dry_run:
            self.ctx.journal.forget_entry(entry.location, entry.record_key)
        self._count("already_gone")
        return 0

    # --- matched ---------------------------------------------------------------------------------

    def _restore(self, entry: Entry) -> int:
        handler = HANDLERS[entry.kind]
        current = handler.read(self.ctx, entry)
        self._count("requests")
        if current is None:
            return self._gone(entry)
        before, last, now = (parts_of(x) for x in (entry.before_image, entry.last_written, current))
        edited = [name for (part, name), v in last.items() if not same(v, now.get((part, name)))]
        if edited and not self._forced(entry):
            self._leave(entry, "edited in HighLevel since our last write", edited)
            return 0
        back = {k: before[k] for k in last if k in before and not same(before[k], now.get(k))}
        clear = {k: v for k, v in last.items() if k not in before and k in now}
        if self.result.dry_run:
            self._count("restored")
            return 1
        intent = self._intent(entry, "restore", "PUT " + handler.endpoint[5:])
        self.ctx.journal.intend([intent])
        if back or clear:
            self._count("requests")
            self._change(intent, entry, joined(back), joined(clear))
        self._conclude(intent, entry, "done", 200)
        with self._lock:
            self.restored.append((entry, joined({k: before.get(k) for k in last})))
        self._count("restored")
        return 1

    def _change(self, intent: Intent, entry: Entry, payload: Logical, clear: Logical) -> None:
        for attempt in range(1, self.ctx.options.attempts + 1):
            try:
                HANDLERS[entry.kind].change(self.ctx, entry, payload, clear)
                return
            except AmbiguousOutcome:  # the same values again change nothing
                if attempt == self.ctx.options.attempts:
                    raise

    # --- small things ----------------------------------------------------------------------------

    def _forced(self, entry: Entry) -> bool:
        return self.force if isinstance(self.force, bool) else entry.record_key in self.force

    def _count(self, name: str) -> None:
        with self._lock:
            setattr(self.result, name, getattr(self.result, name) + 1)

    def _leave(self, entry: Entry, why: str, fields: list[str]) -> None:
        with self._lock:
            self.result.left.append({**_about(entry, why), "fields": ", ".join(fields)})

    def _intent(self, entry: Entry, operation: str, endpoint: str) -> Intent:
        return Intent(
            self.ctx.run.id, entry.location, entry.object_key, entry.record_key, entry.source_key,
            entry.kind, entry.target, operation, endpoint, entry.payload_hash,
            {"hl_id": entry.hl_id},
        )  # fmt: skip

    def _conclude(self, intent: Intent, entry: Entry, result: str, status: int | None) -> None:
        outcome = Outcome(intent.id, result, status, entry.hl_id)
        self.ctx.journal.conclude([outcome], gone=[(entry.location, entry.record_key)])


def edits(entry: Entry, current: Logical) -> list[str]:
    """The fields of a record we created that somebody changed or filled in since (pure)."""
    last, now = parts_of(entry.last_written), parts_of(current)
    changed = [
        name for (part, name), value in last.items() if not same(value, now.get((part, name)))
    ]
    added = [
        name for part, name in now
        if (part, name) not in last and name not in SERVER_MAY_FILL and part in ("custom", "fields")
    ]  # fmt: skip
    return changed + [name for name in added if not _is_file(now, name)]


def _is_file(now: dict[tuple[str, str], Any], name: str) -> bool:
    """Files are records of their own: they do not count as an edit of what holds them."""
    value = now.get(("custom", name))
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _prove(ctx: Context, undo: _Undo, result: RollbackResult) -> None:
    """Read back: nothing we deleted is there, everything restored is as it was before."""
    for (kind, target), ids in undo.deleted.items():
        if kind not in SCANNED:
            continue
        still: set[str] = ids
        for pause in PROOF_PAUSES:  # searches trail writes
            time.sleep(pause)
            still = {f.hl_id for f in HANDLERS[kind].scan(ctx, target) if f.hl_id in ids}
            if not still:
                break
        result.not_proven += [f"{kind} {hl_id} is still there" for hl_id in sorted(still)]
    for entry, before in undo.restored:
        now = parts_of(HANDLERS[entry.kind].read(ctx, entry))
        wrong = [name for (part, name), v in parts_of(before).items()
                 if not same(v, now.get((part, name)))]  # fmt: skip
        if wrong:
            result.not_proven.append(f"{entry.record_key} differs from before in {wrong}")


def _about(entry: Entry, why: str) -> dict[str, Any]:
    return {
        "record_key": entry.record_key,
        "kind": entry.kind,
        "hl_id": entry.hl_id,
        "why": why,
    }
