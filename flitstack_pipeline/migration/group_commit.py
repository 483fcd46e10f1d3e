"""Many threads' writes in one durable transaction.

What belongs here: the writer thread. What does not: what is written (journal/store.py). A write to
disk costs milliseconds whatever its size, so whoever comes while one is under way shares the next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from flitstack_pipeline.errors import Stopped

MOST_PER_BATCH = 2000
Row = dict[str, Any]


class JournalFailed(Stopped):
    """The journal could not be written (disk full?): nothing may be sent any more."""


@dataclass(frozen=True)
class Change:
    """One row to insert, to put in place of the one with its key, or to delete by its key."""

    verb: str  # insert, upsert, delete
    table: sa.Table
    row: Row


@dataclass
class _Request:
    changes: Sequence[Change]
    done: Future[None] = field(default_factory=Future)


class GroupCommit:
    """A writer thread on one engine; `write` waits until the changes are on disk."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._broken: BaseException | None = None
        self.transactions, self.cpu_s = 0, 0.0
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, changes: Sequence[Change]) -> None:
        """Write and wait until durable. Raises JournalFailed."""
        self.submit(changes).result()

    def submit(self, changes: Sequence[Change]) -> Future[None]:
        """Write soon; the future ends when durable. Raises JournalFailed when broken before."""
        if self._broken is not None:
            raise JournalFailed(_sentence(self._broken)) from self._broken
        request = _Request(changes)
        self._queue.put(request)
        return request.done

    @property
    def is_broken(self) -> bool:
        """Whether a write failed: every later one is refused."""
        return self._broken is not None

    def flush(self) -> None:
        """Wait until everything submitted so far is durable. Raises JournalFailed."""
        self.write([])

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._queue.put(None)
        self._thread.join()

    # --- the writer ----------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch, last = self._batch(first)
            self._commit(batch)
            self.cpu_s = time.thread_time()
            if last:
                return

    def _batch(self, first: _Request) -> tuple[list[_Request], bool]:
        batch, size = [first], len(first.changes)
        while size < MOST_PER_BATCH:
            try:
                request = self._queue.get_nowait()
            except Empty:
                return batch, False
            if request is None:
                return batch, True
            batch.append(request)
            size += len(request.changes)
        return batch, False

    def _commit(self, batch: list[_Request]) -> None:
        changes = [change for request in batch for change in request.changes]
        try:
            if self._broken is not None:
                raise self._broken
            if changes:
                with self._engine.begin() as con:
                    apply_changes(con, changes)
                self.transactions += 1
        except BaseException as error:  # whatever it is, the callers must know
            self._broken = error
            for request in batch:
                failure = JournalFailed(_sentence(error))
                failure.__cause__ = error
                request.done.set_exception(failure)
        else:
            for request in batch:
                request.done.set_result(None)


def apply_changes(con: sa.Connection, changes: Sequence[Change]) -> None:
    """Apply changes, alike ones together: inserts, then upserts, then deletes."""
    for verb in ("insert", "upsert", "delete"):
        alike: dict[tuple[str, frozenset[str]], list[Change]] = {}
        for change in changes:
            if change.verb == verb:
                columns = frozenset(change.row)
                alike.setdefault((change.table.name, columns), []).append(change)
        for group in alike.values():
            _apply(con, verb, group[0].table, [change.row for change in group])


def _apply(con: sa.Connection, verb: str, table: sa.Table, rows: list[Row]) -> None:
    if verb == "delete":
        keys = [c for c in table.primary_key.columns if c.name in rows[0]]
        where = sa.and_(*(c == sa.bindparam(f"k_{c.name}") for c in keys))
        con.execute(
            table.delete().where(where), [{f"k_{c.name}": r[c.name] for c in keys} for r in rows]
        )
        return
    if verb == "insert":
        con.execute(table.insert(), rows)
        return
    dialect = postgresql if con.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table)
    names = [c.name for c in table.primary_key.columns]
    rest = {name: insert.excluded[name] for name in rows[0] if name not in names}
    con.execute(insert.on_conflict_do_update(index_elements=names, set_=rest), rows)


def _sentence(error: BaseException) -> str:
    return (
        f"The journal cannot be written ({type(error).__name__}: {error}). Nothing more was sent. "
        "Make room on its disk, or reach its database again, and start the run again: it goes on "
        "where it was."
    )
