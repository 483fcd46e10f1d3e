"""Loads mapped rows into HighLevel: nothing lost, nothing doubled, no request wasted.

What belongs here: the order of a load, deciding per row, keeping many requests in flight. What does
not: one attempt (sending.py), ambiguous ones (inflight_recovery.py), duplicates, updates.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.concurrency import InFlight
from flitstack_pipeline.highlevel.errors import (
    Forbidden,
    HighLevelError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.duplicates import (
    ExistingRecords,
    keeps_their_company,
    settle_existing,
)
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.inflight_recovery import SEARCHED, recover, resolve, settle
from flitstack_pipeline.migration.journal.store import IdMapRow, Journal, Run
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.migration.parent_changes import may_be_replaced, moved_role, tell_move
from flitstack_pipeline.migration.parents import ParentFinder
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Item, LoadOptions
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.sending import (
    CredentialsFailed,
    LoadResult,
    RunStopped,
    Sender,
    UnconfirmedWrite,
    reason_of,
)
from flitstack_pipeline.migration.update import apply_update
from flitstack_pipeline.migration.users import with_known_owners

#: The number of rows it deals with, and what it does.
Task = tuple[int, Callable[[], list[UnconfirmedWrite]]]
#: Called with the rows done so far, and the result so far.
Progress = Callable[[int, LoadResult], None]
TICK_S = 0.5
#: New contacts of a delta that wait until the known ones are changed.
MOST_WAITING = 50_000
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
    killed at any moment and started again. `on_progress` is called about twice a second.
    Raises RunInProgress, CredentialsFailed, RunStopped, JournalFailed, LockLost.
    """
    ctx = Context(hl, catalog, journal, run, options or LoadOptions())
    result = LoadResult()
    what = f"{run.stage} {run.object_key}".strip()
    with (
        exclusive(journal.engine, hl.location_id, what) as lock,
        ThreadPoolExecutor(ctx.options.workers, "load") as pool,
    ):
        loader = _Loader(ctx, result, pool, lock.check, on_progress)
        try:
            loader.run(with_known_owners(rows, catalog))
        except BaseException:
            loader.stop()
            raise
        finally:
            loader.progress.tick(now=True)
    return result


class _Loader:
    """One load under way: what is held back, what is in flight, how far it is."""

    def __init__(
        self,
        ctx: Context,
        result: LoadResult,
        pool: ThreadPoolExecutor,
        check: Callable[[], None],
        on_progress: Progress | None,
    ) -> None:
        self.ctx, self.result, self.pool, self.check = ctx, result, pool, check
        self.sender = Sender(ctx, result)
        self.in_flight = InFlight(
            limit_max=ctx.options.workers, rate_per_s=ctx.hl.client.pacer.rate_per_s
        )
        self.progress = _Ticker(ctx, result, on_progress)
        self.existing: dict[tuple[str, str], ExistingRecords] = {}
        self.held: dict[str, UnconfirmedWrite] = {}
        letters = ctx.journal.dead_letters(ctx.location)
        self.refused_before = {
            x["record_key"]: float(x["at"]) for x in letters if x["status"] in (400, 422)
        }

    def run(self, rows: Iterable[MappedRow]) -> None:
        """Take up what a dead run left, then write the rows phase by phase."""
        self._take_up()
        last_phase = -1
        for phase, group in itertools.groupby(rows, key=lambda row: row.phase):
            if phase < last_phase:
                raise ValueError("rows must come in the order of their phases")
            last_phase = phase
            self._phase(group)
        settle(self.sender, list(self.held.values()), self.pool)
        self.ctx.journal.flush()
        self.ctx.journal.close_dead_runs(self.ctx.location, but=self.ctx.run.id)

    def stop(self) -> None:
        """Let nothing more leave, and end every wait: the run goes on another time."""
        self.sender.stopped.set()
        self.ctx.hl.client.stop()
        with contextlib.suppress(JournalFailed):
            self.ctx.journal.flush()

    def _take_up(self) -> None:
        """Settle what an interrupted run left open of these objects, as far as one look tells."""
        wanted = self.ctx.run.object_key
        intents = [
            intent
            for intent in self.ctx.journal.open_intents(self.ctx.location)
            if not wanted or intent.object_key == wanted
        ]
        if intents:
            self.held = recover(self.sender, intents, self.pool)

    def _phase(self, rows: Iterable[MappedRow]) -> None:
        suspects: list[UnconfirmedWrite] = []
        changed_since: list[MappedRow] = []
        later: list[MappedRow] = []
        for chunk in _chunks(rows, self.ctx.options.chunk):
            self.check()
            changed_since += [row for row in chunk if row.record_key in self.held]
            suspects += self._chunk(chunk, later)
        for chunk in _chunks(later, self.ctx.options.chunk):
            self.check()
            suspects += self._chunk(chunk)
        resolve(self.sender, suspects, self.pool)
        self.ctx.journal.flush()
        self._bring_up_to_date(changed_since)

    def _bring_up_to_date(self, rows: list[MappedRow]) -> None:
        """Rows that changed between the attempt of a dead run and now."""
        entries = self.ctx.journal.entries(self.ctx.location, [row.record_key for row in rows])
        hashes = {key: entry.payload_hash for key, entry in entries.items()}
        stale = [r for r in rows if hashes.get(r.record_key, r.payload_hash) != r.payload_hash]
        if stale:
            resolve(self.sender, self._chunk(stale), self.pool)

    # --- one chunk -----------------------------------------------------------------------------

    def _chunk(
        self, rows: list[MappedRow], later: list[MappedRow] | None = None
    ) -> list[UnconfirmedWrite]:
        """Write a chunk; new contacts of a delta go to `later`, where one is given."""
        self.ctx.journal.flush()
        location = self.ctx.location
        known = self.ctx.journal.entries(location, [row.record_key for row in rows])
        parents = ParentFinder(self.ctx, self.sender, rows)
        tasks: list[Task] = []
        fresh: list[Item] = []
        suspects: list[UnconfirmedWrite] = []
        for row in rows:
            entry = known.get(row.record_key)
            if entry is not None and entry.payload_hash == row.payload_hash:
                self.sender.count("unchanged")
                self.progress.done += 1
                continue
            if entry is None and later is not None and self._may_wait(row, later):
                later.append(row)
                continue
            item = parents.item(row, is_there=entry is not None)
            if item is None:
                self.progress.done += 1
            elif entry is not None:
                tasks.append((1, partial(self._update, item, entry)))
            elif (suspect := self._suspected(item)) is not None:
                suspects.append(suspect)
                self.progress.done += 1
            else:
                fresh.append(item)
        self._read_existing(fresh)
        tasks += [(len(batch), partial(self._create, batch)) for batch in _batches(fresh)]
        return suspects + self._all(tasks)

    def _may_wait(self, row: MappedRow, later: list[MappedRow]) -> bool:
        """Whether a new contact is made after the known ones are changed.

        A merge that was taken apart gives an e-mail or a phone from one contact to another, and
        HighLevel refuses the second while the first holds it.
        """
        return (
            self.ctx.run.stage == "delta"
            and row.kind == "contact"
            and len(later) < MOST_WAITING
            and row.record_key not in self.held
            and row.record_key not in self.refused_before
        )

    def _suspected(self, item: Item) -> UnconfirmedWrite | None:
        """An item whose record may be there already, from an attempt of an earlier run."""
        key = item.row.record_key
        held = self.held.pop(key, None)
        if held is not None:
            item.attempt = 0
            return replace(held, item=item)
        refused_at = self.refused_before.pop(key, None)
        if refused_at is not None:  # a 422 may come after the record was made
            item.attempt = 0
            return UnconfirmedWrite(item, refused_at)
        return None

    def _read_existing(self, items: list[Item]) -> None:
        """Read what was there before, once per kind, page by page."""
        for kind, target in {(i.row.kind, i.row.target) for i in items}:
            if kind in SEARCHED and (kind, target) not in self.existing:
                where = target if kind == "record" else ""
                try:
                    self.existing[(kind, target)] = ExistingRecords(self.ctx, kind, where)
                except HighLevelError as error:
                    raise self.sender.stop(error) from error

    def _all(self, tasks: list[Task]) -> list[UnconfirmedWrite]:
        """Run tasks, as many in flight as rate and latency ask for; a failure stops the rest."""
        running: list[Future[list[UnconfirmedWrite]]] = []
        for size, task in tasks:
            while not self.in_flight.enter(TICK_S):
                self.progress.tick()
            if self.sender.stopped.is_set():
                self.in_flight.leave()
                break
            running.append(self.pool.submit(self._one, size, task))
            self.progress.tick()
        wait(running)
        return [suspect for future in running for suspect in future.result()]

    def _one(self, size: int, task: Callable[[], list[UnconfirmedWrite]]) -> list[UnconfirmedWrite]:
        client = self.ctx.hl.client
        before = client.last_exchange
        try:
            return task()
        except BaseException:
            self.sender.stopped.set()
            raise
        finally:
            exchange = client.last_exchange
            if exchange is not None and exchange is not before:
                self.in_flight.observe(exchange.latency_ms / 1000, client.pacer.rate_per_s)
            self.in_flight.leave()
            self.progress.add(size)

    def _create(self, items: list[Item]) -> list[UnconfirmedWrite]:
        left = []
        for item in items:
            existing = self.existing.get((item.row.kind, item.row.target))
            if item.row.kind == "company_link" and keeps_their_company(self.sender, item):
                continue
            if existing is None or not self._settled(item, existing):
                left.append(item)
        return self.sender.send(left) if left else []

    def _settled(self, item: Item, existing: ExistingRecords) -> bool:
        try:
            return settle_existing(self.sender, item, existing)
        except (Unauthorized, Forbidden, Unreachable, RateLimited) as error:
            raise self.sender.stop(error) from error
        except (HighLevelError, ValueError) as error:
            self.sender.dead_letter(item, reason_of(error), error)
            return True

    def _update(self, item: Item, entry: IdMapRow) -> list[UnconfirmedWrite]:
        handler = HANDLERS[entry.kind]
        try:
            if not handler.editable:
                return self._replace(item, entry)
            role = moved_role(item, entry)
            if role and may_be_replaced(self.ctx, entry):
                return self._replace(item, entry)
            verdict, _ = apply_update(self.ctx, item, entry)
            if role and verdict != "gone" and tell_move(self.ctx, item, entry, role):
                verdict = "conflict"
        except (Unauthorized, Forbidden, Unreachable, RateLimited) as error:
            raise self.sender.stop(error) from error
        except (HighLevelError, ValueError) as error:
            self.sender.dead_letter(item, reason_of(error), error)
            return []
        self.sender.count("floor", verdict == "updated")
        name = {"unchanged": "unchanged", "updated": "updated"}.get(verdict, "conflicts")
        self.sender.count(name)
        return []

    def _replace(self, item: Item, entry: IdMapRow) -> list[UnconfirmedWrite]:
        """Links and files have no values to change: take the old one away, make the new one."""
        handler = HANDLERS[entry.kind]
        ends = {k: v for k, v in item.parents.items() if k in entry.details}
        same_ends = all(entry.details[k] == v for k, v in ends.items())
        payload, last = item.row.payload, entry.last_written or {}
        if same_ends and all(last.get(k) == v for k, v in payload.items() if k in last):
            hashed = replace(entry, payload_hash=item.row.payload_hash)
            self.ctx.journal.conclude([], [hashed])
            self.sender.count("unchanged")
            return []
        if entry.origin != "matched":
            with contextlib.suppress(NotFound):
                handler.delete(self.ctx, entry)
            self.sender.count("floor")
        self.ctx.journal.forget_entry(entry.location, entry.record_key)
        return self.sender.send([item])


class _Ticker:
    """Tells how far a load is, about twice a second."""

    def __init__(self, ctx: Context, result: LoadResult, on_progress: Progress | None) -> None:
        self.done = 0
        self._client, self._result, self._on_progress = ctx.hl.client, result, on_progress
        self._before, self._started = self._client.usage, time.monotonic()
        self._told = 0.0
        self._lock = threading.Lock()

    def add(self, rows: int) -> None:
        """So many rows more are dealt with; from any thread."""
        with self._lock:
            self.done += rows

    def tick(self, *, now: bool = False) -> None:
        """Bring the result's totals up to date, and tell, when it is time."""
        moment = time.monotonic()
        if not now and moment - self._told < TICK_S:
            return
        self._told = moment
        used = self._client.usage.since(self._before)
        self._result.requests, self._result.throttled = used.requests, used.throttled
        self._result.seconds, self._result.rows = moment - self._started, self.done
        if self._on_progress:
            self._on_progress(self.done, self._result)


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
