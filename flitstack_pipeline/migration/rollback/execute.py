"""Undoes a migration: deletes what we created, restores what we changed, in reverse order.

What belongs here: the order of a rollback, from survey to proof. What does not: single records
(rollback/records.py), what goes with one request (rollback/bulk.py), the schema we provisioned
(rollback/schema.py), the read-back (rollback/prove.py). Records edited in HighLevel since our last
write are left and reported, unless forced. A rollback may be killed and started again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.migration import snapshot
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.inflight_recovery import resume
from flitstack_pipeline.migration.journal.history import Scope, resolve_runs
from flitstack_pipeline.migration.journal.store import Journal, Run
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.migration.record_types import HANDLERS, UNDO_ORDER
from flitstack_pipeline.migration.record_types.base import Context, LoadOptions
from flitstack_pipeline.migration.rollback.bulk import whole_associations, whole_pipelines
from flitstack_pipeline.migration.rollback.opt_outs import lift_left
from flitstack_pipeline.migration.rollback.prove import prove, prove_whole
from flitstack_pipeline.migration.rollback.records import OPT_OUT_STAYS, Undo
from flitstack_pipeline.migration.rollback.result import Listener, RollbackResult, Tally
from flitstack_pipeline.migration.rollback.schema import remove_schema
from flitstack_pipeline.migration.rollback.survey import survey
from flitstack_pipeline.migration.sending import LoadResult, Sender

IN_FLIGHT = 16

__all__ = ["RollbackResult", "rollback"]


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
    on_record: Listener | None = None,
) -> RollbackResult:
    """Undo everything, or only what a run or an object type wrote; returns what was done.

    `run_id` is a run's id, the start of one, or a stage (`delta`): creates of those runs are
    deleted, changes of theirs are given back as they were before. `force` undoes records edited
    since as well: all of them, or those whose record key, source key, HighLevel id or object type
    it holds (`all`: every one).
    The provisioned schema goes too when nothing was asked to stay and nothing had to be left.
    `on_record` hears what became of each record. Raises UnknownRun, RunInProgress, Unauthorized,
    JournalFailed.
    """
    ctx = Context(hl, catalog, journal, run, options or LoadOptions())
    scope = Scope(resolve_runs(journal, hl.location_id, run_id), object_key or None)
    result = RollbackResult(dry_run=dry_run)
    tell = log or (lambda _: None)
    with (
        exclusive(journal.engine, hl.location_id, "rollback") as lock,
        ThreadPoolExecutor(min(ctx.options.workers, IN_FLIGHT), "rollback") as pool,
        _ending_waits(hl),
    ):
        if not dry_run:
            _settle_open_attempts(ctx, pool)
        seen = survey(ctx, scope)
        result.checklist += seen.caveats
        undo = Undo(ctx, scope, seen, Tally(result, on_record), force, dry_run=dry_run)
        lift_left(undo, OPT_OUT_STAYS)
        whole_associations(undo)
        for kind in UNDO_ORDER:
            if kind == "opportunity":
                whole_pipelines(undo)
            undo.kind(kind, pool, lock.check)
            for rider in (k for k in UNDO_ORDER if HANDLERS[k].goes_with == kind):
                undo.riders(rider, pool)
            if result.by_kind.get(kind):
                tell(f"{kind}: {result.by_kind[kind]} {'to undo' if dry_run else 'undone'}")
        journal.flush()
        if not dry_run:
            prove(ctx, result, undo.deleted, undo.restored)
            if scope.everything:
                _finish(ctx, undo, result)
        journal.flush()
    return result


@contextmanager
def _ending_waits(hl: HighLevel) -> Iterator[None]:
    """When the block is interrupted nothing more leaves, and nobody waits for the pace."""
    try:
        yield
    except BaseException:
        hl.client.stop()
        raise


def _settle_open_attempts(ctx: Context, pool: ThreadPoolExecutor) -> None:
    """What a killed run left open is found first, and belongs to the run that meant it."""
    intents = ctx.journal.open_intents(ctx.location)
    resume(Sender(ctx, LoadResult()), intents, pool)
    meant = {i.record_key: i.run_id for i in intents if i.operation == "create"}
    for key, entry in ctx.journal.entries(ctx.location, meant).items():
        if entry.run_id == ctx.run.id:
            ctx.journal.put_entry(replace(entry, run_id=meant[key]))


def _finish(ctx: Context, undo: Undo, result: RollbackResult) -> None:
    """Take the schema away when no record of ours is left, and prove the whole."""
    if result.left or result.failed or result.not_proven:
        result.checklist.append(
            "Fields, pipeline and associations stay as long as records of ours do. Settle those "
            "above (or --force them), then roll back again."
        )
        return
    remove_schema(ctx, undo.seen, result)
    prove_whole(ctx, result)
    if result.clean:
        snapshot.forget(ctx.hl, ctx.journal)
