"""Loads mapped rows into HighLevel: nothing lost, nothing doubled, no request wasted.

What belongs here: the order of a load, deciding per row, keeping many requests in flight. What does
not: one attempt (sending.py), ambiguous ones (resolving.py), duplicates, updates.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import HighLevelError, NotFound, Unauthorized
from flitstack_pipeline.migration.catalog import Catalog
from flitstack_pipeline.migration.duplicates import ExistingRecords, settle_existing
from flitstack_pipeline.migration.journal import Entry, Journal, Run
from flitstack_pipeline.migration.kinds import HANDLERS
from flitstack_pipeline.migration.kinds.base import Context, Item, LoadOptions
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.migration.parents import ParentFinder
from flitstack_pipeline.migration.resolving import SEARCHED, find, resolve, resume
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.sending import (
    CredentialsFailed,
    LoadResult,
    RunStopped,
    Sender,
    Suspect,
    reason_of,
)
from flitstack_pipeline.migration.update import apply_update

Progress = Callable[[int, LoadResult], None]
__all__ = ["CredentialsFailed", "LoadOptions", "LoadResult", "RunStopped", "load"]


def load(
    hl: HighLevel,
    journal: Journal,
    catalog: Catalog,
    rows: Iterable[MappedRow],
    run: Run,
    *,
    on_progress: Progress | None = None,
    options: LoadOptions | None = None,
) -> LoadResult:
    """Write the rows, in the order of their phases; returns what became of them.

    Rows whose payload hash is in the id map are skipped, so a second load writes nothing. May be
    killed at any moment and started again. `on_progress(rows done, result)` after each chunk.
    Raises RunInProgress, CredentialsFailed, RunStopped, JournalFailed.
    """
    ctx = Context(hl, catalog, journal, run, options or LoadOptions())
    started = time.monotonic()
    result = LoadResult()
    what = f"{run.stage} {run.object_key}".strip()
    with (
        exclusive(journal.engine, hl.location_id, what) as lock,
        ThreadPoolExecutor(ctx.options.workers, "load") as pool,
    ):
        loader = _Loader(ctx, result, pool, lock.check)
        try:
            loader.resume()
            loader.run(rows, on_progress)
        finally:
            result.seconds = time.monotonic() - started
            journal.flush()
    return result


class _Loader:
    def __init__(
        self,
        ctx: Context,
        result: LoadResult,
        pool: ThreadPoolExecutor,
        check: Callable[[], None],
    ) -> None:
        self.ctx, self.result, self.pool, self.check = ctx, result, pool, check
        self.sender = Sender(ctx, result)
        self.existing: dict[tuple[str, str], ExistingRecords] = {}
        letters = ctx.journal.dead_letters(ctx.location)
        self.refused_before = {x["record_key"] for x in letters if x["status"]}

    def resume(self) -> None:
        """Settle what an interrupted run left open."""
        intents = self.ctx.journal.open_intents(self.ctx.location)
        if intents:
            resume(self.sender, intents, self.pool)

    def run(self, rows: Iterable[MappedRow], on_progress: Progress | None) -> None:
        done, last_phase = 0, -1
        for phase, group in itertools.groupby(rows, key=lambda row: row.phase):
            if phase < last_phase:
                raise ValueError("rows must come in the order of their phases")
            last_phase = phase
            suspects: list[Suspect] = []
            for chunk in _chunks(group, self.ctx.options.chunk):
                self.check()
                suspects += self._chunk(chunk)
                done += len(chunk)
                if on_progress:
                    on_progress(done, self.result)
            resolve(self.sender, suspects, self.pool)
            self.ctx.journal.flush()

    # --- one chunk -----------------------------------------------------------------------------

    def _chunk(self, rows: list[MappedRow]) -> list[Suspect]:
        self.ctx.journal.flush()
        location = self.ctx.location
        known = self.ctx.journal.entries(location, [row.record_key for row in rows])
        parents = ParentFinder(self.ctx, self.sender, rows)
        tasks: list[Callable[[], list[Suspect]]] = []
        fresh: list[Item] = []
        for row in rows:
            entry = known.get(row.record_key)
            if entry is not None and entry.payload_hash == row.payload_hash:
                self.sender.count("unchanged")
                continue
            item = parents.item(row)
            if item is None:
                continue
            if entry is not None:
                tasks.append(lambda i=item, e=entry: self._update(i, e))  # type: ignore[misc]
            else:
                fresh.append(item)
        self._read_existing(fresh)
        tasks += [lambda b=batch: self._create(b) for batch in _batches(fresh)]  # type: ignore[misc]
        return self._all(tasks)

    def _read_existing(self, items: list[Item]) -> None:
        """Read what was there before, once per kind, page by page."""
        for kind, target in {(i.row.kind, i.row.target) for i in items}:
            if kind in SEARCHED and (kind, target) not in self.existing:
                where = target if kind == "record" else ""
                try:
                    self.existing[(kind, target)] = ExistingRecords(self.ctx, kind, where)
                except Unauthorized as error:
                    raise self.sender._stop(error) from error

    def _all(self, tasks: list[Callable[[], list[Suspect]]]) -> list[Suspect]:
        """Run tasks with a bounded number in flight; the first failure stops the rest."""
        suspects: list[Suspect] = []
        running: set[Future[list[Suspect]]] = set()
        failure: BaseException | None = None
        for task in tasks:
            if failure is not None or self.sender.stopped.is_set():
                break
            running.add(self.pool.submit(task))
            if len(running) >= 2 * self.ctx.options.workers:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                failure = _gather(finished, suspects) or failure
        failure = _gather(wait(running).done, suspects) or failure
        if failure is not None:
            raise failure
        return suspects

    def _create(self, items: list[Item]) -> list[Suspect]:
        left = []
        for item in items:
            existing = self.existing.get((item.row.kind, item.row.target))
            if existing is not None and self._settled(item, existing):
                continue
            if item.row.record_key in self.refused_before and self._found(item):
                continue
            left.append(item)
        return self.sender.send(left) if left else []

    def _settled(self, item: Item, existing: ExistingRecords) -> bool:
        try:
            return settle_existing(self.sender, item, existing)
        except Unauthorized as error:
            raise self.sender._stop(error) from error
        except (HighLevelError, ValueError) as error:
            self.sender.dead_letter(item, reason_of(error), error)
            return True

    def _found(self, item: Item) -> bool:
        """A record refused before may be there all the same (a 422 after create)."""
        from flitstack_pipeline.migration.journal import new_id

        written = find(self.sender, item)
        if written is None:
            return False
        entry = self.sender.entry(item, written, "created", new_id())
        self.ctx.journal.conclude([], [entry])
        self.sender.count("created")
        return True

    def _update(self, item: Item, entry: Entry) -> list[Suspect]:
        handler = HANDLERS[entry.kind]
        try:
            if not handler.editable:
                return self._replace(item, entry)
            verdict, requests = apply_update(self.ctx, item, entry)
        except Unauthorized as error:
            raise self.sender._stop(error) from error
        except (HighLevelError, ValueError) as error:
            self.sender.dead_letter(item, reason_of(error), error)
            return []
        self.sender.count("requests", requests)
        name = {"unchanged": "unchanged", "updated": "updated"}.get(verdict, "conflicts")
        self.sender.count(name)
        return []

    def _replace(self, item: Item, entry: Entry) -> list[Suspect]:
        """Links and files have no values to change: take the old one away, make the new one."""
        handler = HANDLERS[entry.kind]
        ends = {k: v for k, v in item.parents.items() if k in entry.details}
        same_ends = all(entry.details[k] == v for k, v in ends.items())
        payload, last = item.row.payload, entry.last_written or {}
        if same_ends and all(last.get(k) == v for k, v in payload.items() if k in last):
            from dataclasses import replace

            hashed = replace(entry, payload_hash=item.row.payload_hash)
            self.ctx.journal.conclude([], [hashed])
            self.sender.count("unchanged")
            return []
        if entry.origin != "matched":
            with contextlib.suppress(NotFound):
                handler.delete(self.ctx, entry)
            self.sender.count("requests")
        self.ctx.journal.forget_entry(entry.location, entry.record_key)
        return self.sender.send([item])


def _gather(
    finished: Iterable[Future[list[Suspect]]], suspects: list[Suspect]
) -> BaseException | None:
    failure: BaseException | None = None
    for future in finished:
        error = future.exception()
        if error is None:
            suspects += future.result()
        else:
            failure = failure or error
    return failure


def _chunks(rows: Iterable[MappedRow], size: int) -> Iterator[list[MappedRow]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    """Items that may share a request together, in order of appearance."""
    groups: dict[Any, list[Item]] = {}
    for item in items:
        key = (item.row.kind, HANDLERS[item.row.kind].batch_key(item))
        groups.setdefault(key, []).append(item)
    for (kind, _), group in groups.items():
        limit = HANDLERS[kind].batch_limit
        for start in range(0, len(group), limit):
            yield group[start : start + limit]
