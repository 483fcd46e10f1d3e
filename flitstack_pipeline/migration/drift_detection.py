"""Looks at HighLevel before a delta: what people changed, added and deleted there since we wrote.

What belongs here: one paged pass over everything, noting edits as kept, keeping the current values
of records whose export changed too, and finding what is gone. What does not: writing any of it to
HighLevel (update.py), a person's decisions (conflict_resolution.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.migration.expected_records import Planned, PlannedRecords
from flitstack_pipeline.migration.field_values import Part, parts_of, same
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.owners import as_if_not_shared
from flitstack_pipeline.migration.parent_changes import MOVED, settle_if_moved
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Found
from flitstack_pipeline.migration.update import (
    deleted_conflict,
    deletion_kept,
    kept_name,
    with_kept,
)

CHUNK = 500
LISTED = 2_000


@dataclass
class Observation:
    """What was found: edits that stay, records people added, records that are gone."""

    edited: list[dict[str, Any]] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    settled: int = 0
    read: int = 0


def observe(
    ctx: Context, planned: PlannedRecords, found: Iterable[Found], alias: str = "main"
) -> Observation:
    """Compare what was read back of one sub-account (`alias` in the map) with what we last wrote.

    Edits of fields that the export did not change are noted in the id map as kept; the current
    values of records that the export changed stay in `planned` for the loader. A record that is
    gone becomes a conflict. Raises HighLevelError while making sure that one is gone.
    """
    seen = _Observer(ctx, planned, alias)
    iterator = iter(found)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        seen.take(chunk)
    seen.finish()
    ctx.journal.flush()
    return seen.result


class _Observer:
    def __init__(self, ctx: Context, planned: PlannedRecords, alias: str) -> None:
        self.ctx, self.planned, self.alias, self.result = ctx, planned, alias, Observation()
        self.kinds: set[str] = set()
        self.open = _by_record(ctx.journal.conflicts(ctx.location))

    def take(self, chunk: list[Found]) -> None:
        """Look at a chunk of records."""
        for kind in {f.kind for f in chunk}:
            if HANDLERS[kind].editable:
                self._kind(kind, [f for f in chunk if f.kind == kind])

    def _kind(self, kind: str, several: list[Found]) -> None:
        self.kinds.add(kind)
        self.result.read += len(several)
        known = self.planned.of_ids(kind, [f.hl_id for f in several])
        keys = [p.row.record_key for p in known.values()]
        entries = self.ctx.journal.entries(self.ctx.location, keys)
        ours = [(known[f.hl_id], f) for f in several if f.hl_id in known]
        for planned, one in ours:
            entry = entries.get(planned.row.record_key)
            if entry is not None:
                self._edits(planned, entry, one)
        self.planned.seen((str(f.details.get("created") or ""), p.row.record_key) for p, f in ours)
        self.planned.keep_current((p.row.record_key, f.logical) for p, f in ours if p.changed)
        self.planned.add_extra(
            (kind, f.target, f.hl_id, f.source_id, "", str(f.details.get("created") or ""), "")
            for f in several
            if f.hl_id not in known
        )

    def _edits(self, planned: Planned, entry: IdMapRow, found: Found) -> None:
        """Note edits that stay; settle conflicts that a person settled in HighLevel itself."""
        logical = as_if_not_shared(self.ctx, entry, found.logical)
        last, now = parts_of(entry.last_written), parts_of(logical)
        wanted = parts_of(planned.row.payload)
        edited = {k: now.get(k) for k, v in last.items() if not same(v, now.get(k))}
        kept = {k: v for k, v in edited.items() if _unchanged(k, wanted, last)}
        news = {k: v for k, v in kept.items() if planned.kept.get(kept_name(k), _NOTHING) != v}
        back = [k for k in last if kept_name(k) in planned.kept and k not in edited]
        if news or back:
            self.ctx.journal.conclude([], [with_kept(entry, kept, back)])
        for key in kept:
            if len(self.result.edited) < LISTED:
                self.result.edited.append(
                    {"record": planned.row.label or entry.record_key, "field": key[1],
                     "last written": last[key], "in HighLevel": now.get(key),
                     "record_key": entry.record_key, "hl_id": entry.hl_id}
                )  # fmt: skip
        for conflict in self.open.get(entry.record_key, ()):
            if conflict["reason"] == MOVED:
                self.result.settled += settle_if_moved(self.ctx, entry, conflict, found.details)
            else:
                self._look_again(conflict, now)

    def _look_again(self, conflict: dict[str, Any], now: dict[Part, Any]) -> None:
        current = next((v for (_, name), v in now.items() if name == conflict["field"]), None)
        if conflict["reason"] == "edited" and same(conflict["wanted"], current):
            self.ctx.journal.settle_conflict(
                self.ctx.location, conflict["record_key"], conflict["field"]
            )
            self.result.settled += 1
        elif conflict["reason"] == "edited" and current != conflict["found"]:
            self.ctx.journal.put_conflict({**conflict, "found": current})

    def finish(self) -> None:
        """What was not seen, and what nobody planned."""
        for planned in list(self._unseen()):
            self._gone(planned)
        since = self.planned.first_created()
        for extra in self.planned.extras(since):
            if not extra["source_id"] and len(self.result.added) < LISTED * 10:
                self.result.added[extra["hl_id"]] = extra["kind"]

    def _unseen(self) -> Iterator[Planned]:
        for planned in self.planned.unseen():
            kind = planned.row.kind
            here = planned.hl_id and planned.row.location == self.alias
            if here and (kind in self.kinds or kind in _ALWAYS_READ):
                yield planned

    def _gone(self, planned: Planned) -> None:
        """Make sure that a record is gone (searches trail writes), then leave it to a person."""
        entry = self.ctx.journal.entry(self.ctx.location, planned.row.record_key)
        if entry is None or not HANDLERS[entry.kind].editable or deletion_kept(entry):
            return
        current = HANDLERS[entry.kind].read(self.ctx, entry)
        if current is not None:
            self.planned.keep_current([(entry.record_key, current)])
            return
        row = planned.row
        self.ctx.journal.put_conflict(deleted_conflict(self.ctx, entry, row.label, row.payload))
        self.result.deleted.append(
            {"record": row.label or row.record_key, "record_key": row.record_key,
             "hl_id": entry.hl_id}
        )  # fmt: skip


_NOTHING = object()
_ALWAYS_READ = frozenset({"contact", "company", "opportunity", "record"})


def _unchanged(key: Part, wanted: dict[Part, Any], last: dict[Part, Any]) -> bool:
    """Whether the export says the same as when we last wrote, or the sub-account cannot hold it."""
    return same(wanted.get(key), last.get(key)) or (key not in wanted and key[1] == "owner")


def _by_record(conflicts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for conflict in conflicts:
        found.setdefault(conflict["record_key"], []).append(conflict)
    return found
