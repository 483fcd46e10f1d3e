"""Undoes records, kind by kind: deletes what we made, gives back what we changed.

What belongs here: what happens to one record, or to several that one request undoes. What does not:
the order of a rollback and its proof (rollback/execute.py), the schema (rollback/schema.py),
whether a record was edited (rollback/changes.py), whose is what (rollback/survey.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    HighLevelError,
    Unauthorized,
)
from flitstack_pipeline.migration.attempts import Attempted, attempt, outcome_now
from flitstack_pipeline.migration.existing import OPT_OUT
from flitstack_pipeline.migration.field_values import Part
from flitstack_pipeline.migration.journal.history import (
    Scope,
    changed_in,
    entries_in,
    made_before,
    owners_of,
    touches,
)
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent, Outcome
from flitstack_pipeline.migration.owners import as_if_not_shared, is_shared
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Item, Logical
from flitstack_pipeline.migration.rollback.changes import (
    Restoration,
    give_owner_back,
    restoration,
    restored_entry,
)
from flitstack_pipeline.migration.rollback.dependents import Hanging, place_of
from flitstack_pipeline.migration.rollback.opt_outs import remember_left
from flitstack_pipeline.migration.rollback.result import Tally
from flitstack_pipeline.migration.rollback.survey import Survey, changed_since
from flitstack_pipeline.migration.update import BEFORE_LOST

R = TypeVar("R")
PAGE = 1000
UNIT = 50
#: Payload hash of a record whose values were given back: the next load writes it anew.
ROLLED_BACK = "rolled back"
#: The name that forces every record.
EVERYTHING = "all"
#: The name that gives back every opt-out we brought.
OPT_OUTS = "opt-outs"
EDITED = "edited in HighLevel since our last write"
LOST = (
    "it was, or may have been, there before an earlier journal that was lost, and what it held "
    "then is lost too: it is left as it is"
)
UNKNOWN = "the journal does not hold what it was before"
OPT_OUT_STAYS = "an opt-out we brought stays; --force KEY#FIELD or --force opt-outs lifts it"


class Undo:
    """Undoes the records of one scope; safe to use from many threads."""

    def __init__(
        self,
        ctx: Context,
        scope: Scope,
        seen: Survey,
        tally: Tally,
        force: bool | Collection[str],
        *,
        dry_run: bool,
    ) -> None:
        self.ctx, self.scope, self.seen, self.tally = ctx, scope, seen, tally
        self.force, self.dry_run = force, dry_run
        self.deleted: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.restored: list[tuple[IdMapRow, Restoration]] = []
        self.hanging = Hanging(ctx, scope, seen, self.deleted, tally)

    # --- one kind --------------------------------------------------------------------------------

    def kind(self, kind: str, pool: Executor, check: Callable[[], None]) -> None:
        """Undo every record of a kind, except those that go with a parent that goes later."""
        self.hanging.prepare(kind)
        changed = changed_in(self.ctx.journal, self.ctx.location, kind, self.scope)
        for page in _pages(changed):
            list(pool.map(self._guarded, [[entry] for entry in page]))
        parent = HANDLERS[kind].goes_with
        for page in _pages(entries_in(self.ctx.journal, self.ctx.location, kind, self.scope)):
            check()
            if self.dry_run:  # what would go with its association or pipeline
                page = [e for e in page if e.hl_id not in self.deleted.get(place_of(e), ())]
            page = self._not_inside(page, HANDLERS[kind].inside)
            alone = self._without_riders(page, parent) if parent else page
            list(pool.map(self._guarded, _units(alone)))
            self.ctx.journal.flush()

    def _not_inside(self, page: list[IdMapRow], holder: str) -> list[IdMapRow]:
        """The records that did not go with the holder they are in (messages: a conversation)."""
        gone = self.deleted[(holder, holder)] if holder else set()
        went = [entry for entry in page if entry.details.get(holder) in gone]
        self.forget(went, f"with its {holder}")
        return [entry for entry in page if entry.details.get(holder) not in gone]

    def riders(self, kind: str, pool: Executor) -> None:
        """Settle the records of a kind that were to go with their parent."""
        parent = HANDLERS[kind].goes_with
        gone = self.deleted[(parent, parent)]
        for page in _pages(entries_in(self.ctx.journal, self.ctx.location, kind, self.scope)):
            went = [entry for entry in page if entry.details.get(parent) in gone]
            self.forget(went, f"with its {parent}")
            rest = [e for e in page if e.details.get(parent) not in gone]
            if HANDLERS[kind].editable and not HANDLERS[kind].stays_because:
                list(pool.map(self._guarded, _units(self._not_done(rest))))
                continue
            why = HANDLERS[kind].stays_because
            for entry in self._not_done(rest):
                self.tally.note(entry, "stays" if why else "left", why or f"its {parent} stays")

    def forget(self, entries: Sequence[IdMapRow], why: str) -> None:
        """Note that records went with something else."""
        if not entries:
            return
        if not self.dry_run:
            gone = [(entry.location, entry.record_key) for entry in entries]
            self.ctx.journal.conclude([], gone=gone, wait=True)
        for entry in entries:
            self.tally.note(entry, "deleted", why)
            if HANDLERS[entry.kind].inside:
                self.mark_deleted(entry)

    def _without_riders(self, page: list[IdMapRow], parent: str) -> list[IdMapRow]:
        """The records whose parent we did not make, or must not touch now."""
        parents = owners_of(
            self.ctx.journal, self.ctx.location, parent,
            [str(entry.details.get(parent)) for entry in page],
        )  # fmt: skip
        return [
            entry
            for entry in page
            if not any(
                p.origin == "created" and self.scope.holds(p)
                for p in parents.get(str(entry.details.get(parent)), [])
            )
        ]

    def _not_done(self, entries: list[IdMapRow]) -> list[IdMapRow]:
        """The records whose parent is one of ours: the others were undone in their own turn."""
        parent = HANDLERS[entries[0].kind].goes_with if entries else ""
        if not parent:
            return entries
        alone = {entry.record_key for entry in self._without_riders(entries, parent)}
        return [entry for entry in entries if entry.record_key not in alone]

    # --- one unit: the records that are read and undone together ---------------------------------

    def _guarded(self, entries: Sequence[IdMapRow]) -> None:
        try:
            self._unit(entries)
        except Unauthorized:
            raise
        except (HighLevelError, ValueError, KeyError) as error:
            for entry in entries:
                self.tally.note(entry, "failed", str(error))

    def _unit(self, entries: Sequence[IdMapRow]) -> None:
        ours = [e for e in entries if e.origin == "created" and self.scope.holds(e)]
        for entry in entries:
            if entry not in ours:
                self._give_back(entry)
        ours = [e for e in ours if not self._existed(e)]
        if not ours:
            return
        handler = HANDLERS[ours[0].kind]
        if handler.stays_because:
            for entry in ours:
                self.tally.note(entry, "stays", handler.stays_because)
            return
        current: dict[str, Logical | None] = {}
        if handler.read_before_undo:
            current = handler.read_many(self.ctx, ours)
            self.tally.requests()
        going = [e for e in ours if self._may_go(e, current)]
        if self.dry_run:
            for entry in going:
                self._undone(entry)
        elif len(going) > 1 and handler.deletes_together:
            self._delete_together(going)
        else:
            for entry in going:
                self._delete(entry)

    def _existed(self, entry: IdMapRow) -> bool:
        """A link or conversation that was there before we meant to make it: it stays."""
        if not entry.details.get("existed"):
            return False
        if not self.dry_run:
            self.ctx.journal.forget_entry(entry.location, entry.record_key)
        self.tally.note(entry, "kept", HANDLERS[entry.kind].existed_because)
        return True

    def _may_go(self, entry: IdMapRow, current: dict[str, Logical | None]) -> bool:
        """Whether a record we made may be deleted; if not, says why."""
        held = current.get(entry.record_key)
        if entry.record_key in current and held is None:
            self._gone(entry)
            return False
        if entry.hl_id in self.hanging.kept_files:
            self.tally.note(entry, "left", "its opportunity stays")
            return False
        hanging = self.hanging.on(entry)
        if hanging:
            why = f"it holds {', '.join(hanging)}; deleting it would take them along"
            self.tally.note(entry, "left", why)
            return False
        edited = list(self.seen.edited.get(entry.record_key, []))
        if held is not None:
            edited = changed_since(self.ctx, entry, held)
            edited += self.hanging.strangers(entry, held, self.forced)
        if edited and not self.forced(entry):
            self.tally.note(entry, "left", EDITED, edited)
            return False
        return not (entry.kind == "relation" and self._joins_what_stays(entry))

    def _joins_what_stays(self, entry: IdMapRow) -> bool:
        ends = {entry.details.get("first"), entry.details.get("second")}
        stays = bool(ends) and ends <= self.seen.edited_ids
        if stays:
            self.tally.note(entry, "left", "both records it joins were edited and stay")
        return stays

    # --- deleting --------------------------------------------------------------------------------

    def _delete_together(self, entries: Sequence[IdMapRow]) -> None:
        """One write for several records; when it is refused, one for each."""
        intents = [self.intent(entry, "delete") for entry in entries]
        self.ctx.journal.intend(intents)
        self.tally.requests()
        try:
            HANDLERS[entries[0].kind].delete_many(self.ctx, entries)
        except Unauthorized:
            raise
        except (HighLevelError, ValueError) as error:
            failed = "ambiguous" if isinstance(error, AmbiguousOutcome) else "refused"
            told = [outcome_now(self.ctx.hl.client, i, failed, error=error) for i in intents]
            again = [Outcome(i.id, "repeated") for i in intents if failed == "ambiguous"]
            self.ctx.journal.conclude(told + again)
            for entry in entries:
                self._delete(entry)
            return
        self._concluded([outcome_now(self.ctx.hl.client, i, "done") for i in intents], entries)

    def _delete(self, entry: IdMapRow) -> None:
        """Delete one record and what links it; a lost answer is asked for again: twice is once."""
        for link in self.hanging.links_to(entry):
            self._delete(link)
        done = self._attempt(
            self.intent(entry, "delete"), lambda: HANDLERS[entry.kind].delete(self.ctx, entry),
            absent_is_done=True,
        )  # fmt: skip
        self._concluded([done.outcome], [entry])

    def _attempt(self, intent: Intent, send: Callable[[], R], **how: Any) -> Attempted[R]:
        ctx, asked = self.ctx, self.tally.requests
        return attempt(
            ctx.journal, ctx.hl.client, intent, send, attempts=ctx.options.attempts, asked=asked,
            **how,
        )  # fmt: skip

    def _concluded(self, outcomes: Sequence[Outcome], entries: Sequence[IdMapRow]) -> None:
        outcomes = [replace(o, hl_id=e.hl_id) for o, e in zip(outcomes, entries, strict=True)]
        gone = [(entry.location, entry.record_key) for entry in entries]
        self.ctx.journal.conclude(outcomes, gone=gone)
        for entry in entries:
            self._undone(entry)
            self._put_back_what_it_replaced(entry)

    def mark_deleted(self, entry: IdMapRow) -> None:
        """Remember a record's id: the proof looks whether it is gone."""
        self.deleted[place_of(entry)].add(entry.hl_id)

    def _undone(self, entry: IdMapRow) -> None:
        self.mark_deleted(entry)
        behind = HANDLERS[entry.kind].leaves_behind
        if behind:
            self.tally.note(entry, "stays", f"{entry.details.get('name')}: {behind}")
        else:
            self.tally.note(entry, "deleted")

    def _gone(self, entry: IdMapRow) -> None:
        """Somebody deleted it before us."""
        if not self.dry_run:
            self.ctx.journal.forget_entry(entry.location, entry.record_key)
        self.mark_deleted(entry)
        self.tally.note(entry, "gone")

    def _put_back_what_it_replaced(self, entry: IdMapRow) -> None:
        """A link or file the undone runs put in an older one's place: write the older one again."""
        handler = HANDLERS[entry.kind]
        if self.scope.runs is None or handler.editable:
            return
        older = made_before(self.ctx.journal, entry.location, entry.record_key, self.scope.runs)
        if older is None:
            return
        item = Item.from_intent(older)
        intent = self.intent(entry, "create")
        intent = replace(intent, request=item.request(), payload_hash=older.payload_hash)
        done = self._attempt(
            intent, lambda: handler.write(self.ctx, [item])[0],
            on_ambiguous=lambda: handler.find(self.ctx, item),
        )  # fmt: skip
        written = done.result
        assert written is not None
        back = replace(
            entry,
            hl_id=written.hl_id,
            payload_hash=older.payload_hash or ROLLED_BACK,
            last_written=written.payload,
            details=written.details,
            run_id=older.run_id,
            sequence=done.intent.id,
        )
        self.ctx.journal.conclude([replace(done.outcome, hl_id=written.hl_id)], [back])
        self.tally.note(back, "restored", "as it was before the run")

    # --- giving back -----------------------------------------------------------------------------

    def _give_back(self, entry: IdMapRow) -> None:
        """Restore what we changed of a record we did not make (or, for a run, made before it)."""
        if (entry.details or {}).get(BEFORE_LOST):
            self.tally.note(entry, "left", LOST)
            return
        handler = HANDLERS[entry.kind]
        current = handler.read(self.ctx, entry)
        self.tally.requests()
        if current is None:
            self._gone(entry)
            return
        ours = touches(self.ctx.journal, entry.location, entry.record_key)
        held = as_if_not_shared(self.ctx, entry, current)
        plan = restoration(
            self.ctx.catalog, entry, held, ours, self.scope, partial(self.forced_field, entry)
        )
        if held is not current and is_shared(self.ctx, entry, current.get("owner")):
            give_owner_back(plan, entry, current.get("owner"))
        if self.dry_run or (plan.partial and not plan.goal):
            self._noted(entry, plan)
        else:
            self.give_back(entry, plan, current)

    def give_back(self, entry: IdMapRow, plan: Restoration, current: Logical) -> None:
        """Write what a plan gives back; `current` is the record as it is now."""
        if plan.back or plan.clear:
            held = replace(entry, last_written=current)
            self._change(held, plan)
        else:
            intent = self.intent(entry, "restore")
            self.ctx.journal.intend([intent])
            self._settle(Outcome(intent.id, "done"), entry, plan)
        self.restored.append((entry, plan))
        self._noted(entry, plan)

    def _noted(self, entry: IdMapRow, plan: Restoration) -> None:
        if plan.edited:
            self.tally.note(entry, "left", EDITED, plan.edited)
        if plan.unknown:
            self.tally.note(entry, "left", UNKNOWN, plan.unknown)
        if plan.opt_outs:
            self.tally.note(entry, "stays", OPT_OUT_STAYS, plan.opt_outs)
        if plan.later:
            self.tally.note(entry, "kept", "a later run wrote these again", plan.later)
        if plan.back or plan.clear:
            fields = sorted(part[1] for part in {**plan.back, **plan.clear})
            self.tally.note(entry, "restored", "as it was before us", fields)
        elif not plan.kept:
            self.tally.note(entry, "kept", "it was there before us and holds nothing of ours")

    def _change(self, entry: IdMapRow, plan: Restoration) -> None:
        """Write the values back; the same values again change nothing."""
        request = {"payload": plan.payload, "clear": plan.emptied}
        done = self._attempt(
            replace(self.intent(entry, "restore"), request=request),
            lambda: HANDLERS[entry.kind].change(self.ctx, entry, plan.payload, plan.emptied),
        )  # fmt: skip
        self._settle(done.outcome, entry, plan)

    def _settle(self, outcome: Outcome, entry: IdMapRow, plan: Restoration) -> None:
        """The record is no longer ours, or (for a run) ours as it was before the run."""
        outcome = replace(outcome, hl_id=entry.hl_id)
        known = self.ctx.journal.entry(entry.location, entry.record_key) or entry
        if self.scope.holds(entry) and not plan.partial:
            if plan.opt_outs:
                remember_left(self.ctx.journal, entry, plan.opt_outs)
            gone = [(entry.location, entry.record_key)]
            self.ctx.journal.conclude([outcome], gone=gone)
            return
        back = replace(known, last_written=restored_entry(known, plan), payload_hash=ROLLED_BACK)
        self.ctx.journal.conclude([outcome], [back])

    # --- small things ----------------------------------------------------------------------------

    def forced(self, entry: IdMapRow) -> bool:
        """Whether a person named the record to be undone whatever was done to it since.

        By its record key, source key or HighLevel id, or with all of its object type, or with all.
        """
        if isinstance(self.force, bool):
            return self.force
        names = {entry.record_key, entry.source_key, entry.hl_id, entry.object_key, EVERYTHING}
        return not names.isdisjoint(self.force)

    def forced_field(self, entry: IdMapRow, part: Part) -> bool:
        """Whether a person named a field (`KEY#FIELD`), or its whole record, to be given back.

        Opt-outs are given back only where they are named: `KEY#FIELD`, or `opt-outs` for all.
        """
        names = set() if isinstance(self.force, bool) else set(self.force)
        keys = (entry.record_key, entry.source_key, entry.hl_id)
        if names & {f"{key}#{part[1]}" for key in keys}:
            return True
        return OPT_OUTS in names if part[0] == OPT_OUT else self.forced(entry)

    def intent(self, entry: IdMapRow, operation: str) -> Intent:
        """The intent of undoing a record."""
        verb = {"delete": "DELETE", "restore": "PUT", "create": "POST"}[operation]
        path = HANDLERS[entry.kind].endpoint.partition(" ")[2]
        return Intent.for_entry(
            entry, run=self.ctx.run, operation=operation, endpoint=f"{verb} {path}",
            request={"hl_id": entry.hl_id},
        )  # fmt: skip


def _pages(entries: Iterable[IdMapRow]) -> Iterator[list[IdMapRow]]:
    iterator = iter(entries)
    while page := list(itertools.islice(iterator, PAGE)):
        yield page


def _units(entries: Iterable[IdMapRow]) -> list[list[IdMapRow]]:
    """The entries that are undone together, at most UNIT of them."""
    groups: dict[Any, list[IdMapRow]] = defaultdict(list)
    for entry in entries:
        groups[HANDLERS[entry.kind].undo_key(entry)].append(entry)
    return [group[i : i + UNIT] for group in groups.values() for i in range(0, len(group), UNIT)]
