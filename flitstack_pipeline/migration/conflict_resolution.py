"""Carries out what a person decided about conflicts: ours, theirs, or a value.

What belongs here: applying a decision to HighLevel and to the id map, safely: a field that was
edited once more since the conflict was listed is listed anew. What does not: finding conflicts
(update.py, drift_detection.py), the file a person edits (services/conflicts.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.migration.field_values import PARTS, Part, joined, parts_of, same
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.parent_changes import MOVED, settle_move
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.update import DELETED, KEPT, Decision, send_change, with_kept

OURS, THEIRS, VALUE = "ours", "theirs", "value"
CHOICES = (OURS, THEIRS, VALUE)
LINKED = ("relation", "company_link", "note", "contact_file", "opportunity", "conversation",
          "message")  # fmt: skip


@dataclass(frozen=True)
class Resolution:
    """A person's decision about one field of one record; an empty field is the record itself."""

    record_key: str
    field: str
    choice: str
    value: Any = None


@dataclass(frozen=True)
class Applied:
    """What became of a decision: applied, or why not."""

    resolution: Resolution
    done: bool
    message: str


def apply_resolutions(ctx: Context, resolutions: Iterable[Resolution]) -> list[Applied]:
    """Apply each decision to its open conflict; decisions without one are said so."""
    conflicts = {(c["record_key"], c["field"]): c for c in ctx.journal.conflicts(ctx.location)}
    applied = []
    for one in resolutions:
        conflict = conflicts.get((one.record_key, one.field))
        if conflict is None:
            applied.append(Applied(one, False, "there is no such open conflict"))
            continue
        applied.append(_apply(ctx, one, conflict))
        ctx.journal.flush()
    return applied


def _apply(ctx: Context, one: Resolution, conflict: dict[str, Any]) -> Applied:
    entry = ctx.journal.entry(ctx.location, one.record_key)
    if entry is None:
        return Applied(one, False, "the record is not in the id map; run the delta first")
    if conflict["reason"] == DELETED:
        return _deleted(ctx, one, entry)
    if one.choice not in CHOICES:
        return Applied(one, False, f"{one.choice!r} is none of {', '.join(CHOICES)}")
    try:
        if conflict["reason"] == MOVED:
            return Applied(one, True, settle_move(ctx, one.choice, entry, conflict))
        return _field(ctx, one, entry, conflict)
    except (HighLevelError, ValueError) as error:
        refused = "" if conflict["reason"] == MOVED else "HighLevel refused it: "
        return Applied(one, False, f"{refused}{error}")


def _field(ctx: Context, one: Resolution, entry: IdMapRow, conflict: dict[str, Any]) -> Applied:
    current = HANDLERS[entry.kind].read(ctx, entry)
    if current is None:
        return Applied(one, False, "the record was deleted in HighLevel meanwhile")
    now, last = parts_of(current), parts_of(entry.last_written)
    key = _part(entry, one.field, {**now, **last})
    held, wanted = now.get(key), conflict["wanted"]
    goal = {OURS: wanted, THEIRS: held, VALUE: _typed(one.value, wanted)}[one.choice]
    if one.choice != THEIRS and not (same(conflict["found"], held) or same(goal, held)):
        ctx.journal.put_conflict({**conflict, "found": held, "at": time.time()})
        return Applied(
            one, False, f"it was edited again; HighLevel now holds {held!r}. Decide anew"
        )
    last = {k: v for k, v in last.items() if k != key}
    if wanted not in (None, "", []):
        last[key] = wanted  # what the export says is known now, whatever was chosen
    kept = {} if same(goal, wanted) else {key: goal}
    after = replace(
        with_kept(entry, kept, [key]), last_written=joined(last), written_at=time.time()
    )
    if same(goal, held):
        ctx.journal.conclude([], [after])
    else:
        decision = Decision(clear={key: held}) if goal in (None, "", []) else Decision({key: goal})
        send_change(ctx, _row(entry), entry, decision, after, joined({key: held}))
    ctx.journal.settle_conflict(ctx.location, one.record_key, one.field)
    return Applied(one, True, f"{one.field} is now {goal!r}")


def _deleted(ctx: Context, one: Resolution, entry: IdMapRow) -> Applied:
    if one.choice == THEIRS:
        went = [entry, *_hanging_on(ctx, entry)]
        noted = [replace(e, details={**(e.details or {}), KEPT: {"": DELETED}}) for e in went]
        ctx.journal.conclude([], noted, wait=True)
        for each in went:
            ctx.journal.forget_conflicts(ctx.location, each.record_key)
        return Applied(one, True, f"it stays deleted, with {len(went) - 1} that hung on it")
    if one.choice != OURS:
        return Applied(one, False, "a deleted record can be ours (make it again) or theirs")
    forgotten = [entry, *_hanging_on(ctx, entry)]
    ctx.journal.conclude([], [], [(ctx.location, e.record_key) for e in forgotten], wait=True)
    for each in forgotten:
        ctx.journal.forget_conflicts(ctx.location, each.record_key)
    return Applied(one, True, f"{len(forgotten)} records are made again by the next delta")


def _hanging_on(ctx: Context, entry: IdMapRow) -> list[IdMapRow]:
    """Records that went with a deleted one: its links, notes, files, and what hung on those."""
    found: list[IdMapRow] = []
    named = {str(file.get("file_id")) for file in (entry.details or {}).get("files") or ()}
    if named:
        files = ctx.journal.iterate_entries(ctx.location, kind="opportunity_file")
        found += [file for file in files if file.hl_id in named]
    for kind in LINKED:
        for other in ctx.journal.iterate_entries(ctx.location, kind=kind):
            holders = {str(v) for k, v in (other.details or {}).items() if isinstance(v, str)}
            if entry.hl_id in holders and HANDLERS[kind].read(ctx, other) is None:
                found += [other, *_hanging_on(ctx, other)] if kind == "opportunity" else [other]
    return found


def _part(entry: IdMapRow, name: str, known: dict[Part, Any]) -> Part:
    """Where a field of this name stands in the record."""
    for part, other in known:
        if other == name:
            return part, other
    if name in ("owner", "body"):
        return "", name
    return (PARTS[0] if entry.kind == "record" else PARTS[1]), name


def _typed(value: Any, wanted: Any) -> Any:
    """A typed value in the form of the field: several choices are separated by `;`."""
    if isinstance(wanted, list) and isinstance(value, str):
        return [part.strip() for part in value.split(";") if part.strip()]
    return value


def _row(entry: IdMapRow) -> MappedRow:
    return MappedRow(
        entry.record_key, entry.source_key, entry.kind, entry.target, {}, entry.payload_hash,
        object_key=entry.object_key,
    )  # fmt: skip
