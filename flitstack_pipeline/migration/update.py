"""Changes records we wrote before, without touching what somebody else changed since.

What belongs here: the three-way comparison of wanted (the export now), last written (the export
before) and current (HighLevel now), and writing what follows. What does not: deciding which rows
changed (load.py), reading current values by pages (drift_detection.py), a person's decisions
(conflict_resolution.py). A field changed on one side merges; one changed on both to different
values is a conflict for a person, never an overwrite.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.migration.attempts import attempt
from flitstack_pipeline.migration.existing import ASK, OPT_OUT, TAGS, TOGETHER, take_existing
from flitstack_pipeline.migration.field_values import Part, joined, parts_of, same
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent
from flitstack_pipeline.migration.owners import as_if_not_shared
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Item, Logical
from flitstack_pipeline.migration.refused_values import (
    KEPT_BESIDE,
    kept_beside,
    refused_part,
)
from flitstack_pipeline.migration.rows import MappedRow

#: The payload hash of a record that was there before, until our values are written.
TAKEN_OVER = "before"
KEPT, DELETED = "kept", "deleted"
#: In the details of a record that was there before: what told that it is the same one.
MATCHED_BY = "matched_by"
#: Likewise: its before-image is complete, because it was read by its id.
BEFORE_BY_ID = "before_by_id"
#: Likewise: it was, or may have been, there before a journal that was lost, before-image and all.
BEFORE_LOST = "before_lost"
#: Lists that people and automations add to: both sides' changes are merged item by item.
MERGED = frozenset({("fields", "tags")})


@dataclass
class Decision:
    """What to do about one record, by field.

    `write` and `clear`: our changes; `kept`: theirs, which stay; `conflicts`: what we wanted where
    both changed.
    """

    write: dict[Part, Any] = field(default_factory=dict)
    clear: dict[Part, Any] = field(default_factory=dict)
    kept: dict[Part, Any] = field(default_factory=dict)
    conflicts: dict[Part, Any] = field(default_factory=dict)


def decide(wanted: dict[Part, Any], last: dict[Part, Any], current: dict[Part, Any]) -> Decision:
    """Compare what we want, what we last wrote and what is there now (pure).

    An opt-out the export no longer says is never lifted by itself: it becomes a conflict.
    """
    decision = Decision()
    for key, value in wanted.items():
        now = current.get(key)
        if same(value, now):
            continue
        if same(value, last.get(key)):
            decision.kept[key] = now  # nothing new from the source; an edit in HighLevel stays
        elif key in MERGED and isinstance(value, list) and isinstance(now, list):
            decision.write[key] = merged_lists(value, last.get(key, []), now)
        elif same(last.get(key), now):
            decision.write[key] = value
        else:
            decision.conflicts[key] = value
    for key, value in last.items():
        if key in wanted or key not in current:
            continue
        if same(value, current.get(key)) and key[0] != OPT_OUT:
            decision.clear[key] = value
        else:
            decision.conflicts[key] = None
    return decision


def merged_lists(wanted: list[Any], last: list[Any], now: list[Any]) -> list[Any]:
    """Three lists of tags merged: what either side added is there, what either took away is not."""
    before, current = {_folded(x) for x in last}, {_folded(x) for x in now}
    gone = before - current
    kept = [x for x in wanted if _folded(x) not in gone]
    ours = {_folded(x) for x in kept}
    theirs = [x for x in now if _folded(x) not in before | ours]
    return kept + theirs


def _folded(tag: Any) -> str:
    return str(tag).strip().casefold()


def kept_name(key: Part) -> str:
    """How a field is named among the kept edits of an entry's details: `fields.city`."""
    return f"{key[0]}.{key[1]}"


def with_kept(entry: IdMapRow, kept: dict[Part, Any], settled: Collection[Part] = ()) -> IdMapRow:
    """The entry with edits noted as kept, and those of `settled` fields forgotten."""
    noted = dict((entry.details or {}).get(KEPT) or {})
    for key in settled:
        noted.pop(kept_name(key), None)
    noted |= {kept_name(key): value for key, value in kept.items()}
    details = {k: v for k, v in (entry.details or {}).items() if k != KEPT}
    return replace(entry, details={**details, KEPT: noted} if noted else details)


def deletion_kept(entry: IdMapRow) -> bool:
    """Whether a person decided that the record, deleted in HighLevel, stays deleted."""
    return ((entry.details or {}).get(KEPT) or {}).get("") == DELETED


def apply_update(ctx: Context, item: Item, entry: IdMapRow) -> tuple[str, int]:
    """Bring a record we know up to its row: (unchanged | updated | conflict | gone, requests).

    Raises HighLevelError when HighLevel refuses.
    """
    wanted = parts_of(_intended(ctx, item))
    if wanted == parts_of(entry.last_written) or deletion_kept(entry):
        ctx.journal.conclude([], [replace(entry, payload_hash=item.row.payload_hash)])
        return "unchanged", 0
    current, requests = _current(ctx, entry, wanted)
    if current is None:
        gone = deleted_conflict(ctx, entry, item.row.label, item.row.payload)
        ctx.journal.put_conflict(gone)
        return "gone", requests
    clash = bool(_decision(ctx, wanted, entry, current).conflicts)
    requests += write_changes(ctx, item, entry, current)
    return ("conflict" if clash else "updated"), requests


def _current(ctx: Context, entry: IdMapRow, wanted: dict[Part, Any]) -> tuple[Logical | None, int]:
    """The record as it is now, and the requests it took.

    What the pages read before show is enough where nothing is to be written. A record about to be
    written is read by its id: pages trail edits by seconds, and time has passed since they were
    read; a single record's read does not trail.
    """
    seen = ctx.options.current(entry.record_key) if ctx.options.current is not None else None
    if seen is not None:
        seen = as_if_not_shared(ctx, entry, seen)
        decision = _decision(ctx, wanted, entry, seen)
        if not (decision.write or decision.clear):
            return seen, 0
    now = HANDLERS[entry.kind].read(ctx, entry)
    return (as_if_not_shared(ctx, entry, now) if now is not None else None), 1


def _decision(ctx: Context, wanted: dict[Part, Any], entry: IdMapRow, current: Logical) -> Decision:
    """What to do about a record; one taken over from before by the map's policy for those.

    A change that the API cannot make is a person's to know: a conflict.
    """
    now = parts_of(current)
    if entry.payload_hash == TAKEN_OVER:
        return _taking_over(ctx, wanted, entry, now)
    found = decide(wanted, parts_of(entry.last_written), now)
    _keep_theirs(found, entry)
    _keep_gaps(found, (entry.details or {}).get(KEPT) or {})
    if HANDLERS[entry.kind].unchangeable:
        refused = found.conflicts | found.write | dict.fromkeys(found.clear)
        return Decision(kept=found.kept, conflicts=refused)
    return found


def _keep_theirs(found: Decision, entry: IdMapRow) -> None:
    """Empty nothing that was there before us: the export no longer says it, but it is theirs.

    Where it is lost what was there before, a person decides.
    """
    before = parts_of(entry.before_image)
    lost = bool((entry.details or {}).get(BEFORE_LOST))
    for part, value in list(found.clear.items()):
        if same(before.get(part), value):
            found.kept[part] = found.clear.pop(part)
        elif lost:
            found.conflicts[part] = None
            del found.clear[part]


def _keep_gaps(found: Decision, noted: Mapping[str, Any]) -> None:
    """Leave what is empty in another's name or address empty, later too: it was kept so."""
    for group in TOGETHER:
        for part in group & found.write.keys():
            if noted.get(kept_name(part), "") is None:
                del found.write[part]
                found.kept[part] = None


def _taking_over(
    ctx: Context, wanted: dict[Part, Any], entry: IdMapRow, now: dict[Part, Any]
) -> Decision:
    """What may be written to a record that was there before; what stays theirs is kept."""
    by_phone_alone = (entry.details or {}).get(MATCHED_BY, "email") in ("phone", "")
    policy = ctx.options.existing_policy
    taking = take_existing(wanted, now, policy, by_phone_alone=by_phone_alone)
    tags = taking.write.get(TAGS)
    if isinstance(tags, list) and isinstance(now.get(TAGS), list):
        taking.write[TAGS] = merged_lists(tags, [], now[TAGS])
    # The rest of another address stays empty, and is kept so: ours would mix two of them.
    kept = {key: now.get(key) for key in taking.conflicts if key in now or policy != ASK}
    return Decision(write=taking.write, kept=kept, conflicts=taking.conflicts)


def write_changes(ctx: Context, item: Item, entry: IdMapRow, current: Logical) -> int:
    """Write what differs, report conflicts, and put the entry in place; returns the requests.

    What the export says counts as written even where tags of both sides were merged: the next
    comparison must see theirs as theirs.
    """
    wanted, last = parts_of(_intended(ctx, item)), parts_of(entry.last_written)
    now, decision = parts_of(current), _decision(ctx, wanted, entry, current)
    if ctx.journal.has_conflicts(ctx.location, entry.record_key):
        ctx.journal.forget_conflicts(ctx.location, entry.record_key)
    for key, value in decision.conflicts.items():
        ctx.journal.put_conflict(
            value_conflict(ctx, entry, key, value, now.get(key), item.row.label)
        )
    written = {k: v for k, v in last.items() if k not in decision.clear} | decision.write
    written |= {k: v for k, v in wanted.items() if k not in decision.conflicts}
    settled = decision.write.keys() | decision.clear.keys()
    after = replace(
        with_kept(entry, decision.kept, settled),
        last_written=joined(written),
        payload_hash=item.row.payload_hash,
        written_at=time.time(),
    )
    if not decision.write and not decision.clear:
        ctx.journal.conclude([], [after])
        return 0
    return _send_without_refused(ctx, item.row, entry, decision, after, current)


def _send_without_refused(
    ctx: Context,
    row: MappedRow,
    entry: IdMapRow,
    decision: Decision,
    after: IdMapRow,
    current: Logical,
) -> int:
    """Write a decision; a value HighLevel refuses is left out, kept beside and listed.

    Returns the requests. Raises HighLevelError when it is refused as a whole.
    """
    requests = 0
    while True:
        try:
            return requests + send_change(ctx, row, entry, decision, after, current)
        except HighLevelError as error:
            if entry.kind != "contact":
                raise
            part = refused_part(error, decision.write, entry.hl_id, partial(_holder, ctx))
            if part is None:
                raise
            requests += 1
            decision, after = _without(ctx, row, decision, after, part, current)


def _holder(ctx: Context, name: str, value: Any) -> str | None:
    """The contact that has an e-mail or a phone; None where there is none or no answer."""
    asked = {"email": value} if name == "email" else {"number": value}
    try:
        found = ctx.hl.contacts.find_duplicate(**asked)
    except HighLevelError:
        return None
    return found["id"] if found is not None else None


def _without(
    ctx: Context,
    row: MappedRow,
    decision: Decision,
    after: IdMapRow,
    part: Part,
    current: Logical,
) -> tuple[Decision, IdMapRow]:
    """The decision and the entry without one refused value, which goes into the originals."""
    now, value = parts_of(current), decision.write[part]
    write = {key: v for key, v in decision.write.items() if key != part}
    last = {key: v for key, v in parts_of(after.last_written).items() if key != part}
    kept = {part: now.get(part)}
    if ctx.catalog.has_field("contact", KEPT_BESIDE[1]):
        write[KEPT_BESIDE] = kept[KEPT_BESIDE] = kept_beside(write, now, part, value)
        last[KEPT_BESIDE] = write[KEPT_BESIDE]
    message = (
        f"{row.label or row.record_key}: HighLevel refused the {part[1]} (another contact has it, "
        f"or it takes it for invalid). Everything else was written; the {part[1]} is kept in "
        f"{KEPT_BESIDE[1]}. Correct it in HighLevel if it is meant for this contact."
    )
    ctx.journal.put_conflict(
        _conflict(ctx, after, part[1], "shared_field", value, now.get(part), message)
    )
    settled = replace(with_kept(after, kept), last_written=joined(last))
    return replace(decision, write=write), settled


def send_change(
    ctx: Context,
    row: MappedRow,
    entry: IdMapRow,
    decision: Decision,
    after: IdMapRow,
    current: Logical,
) -> int:
    """Write a decision in one request, journalled; `after` is the entry when it is done.

    `current` is the record as it is: what is overwritten of it is kept, for a rollback.
    Returns the requests. Raises HighLevelError or ValueError when it cannot be written.
    """
    handler, now = HANDLERS[entry.kind], parts_of(current)
    before = joined({k: now[k] for k in {**decision.write, **decision.clear} if k in now})
    payload, clear = joined(decision.write), joined(decision.clear)
    intent = Intent.for_row(
        row, run=ctx.run, operation="update", endpoint="PUT " + handler.endpoint[5:],
        request={"payload": payload, "clear": clear, "before": before},
    )  # fmt: skip
    done = attempt(
        ctx.journal, ctx.hl.client, intent,
        lambda: handler.change(ctx, entry, payload, clear), attempts=ctx.options.attempts,
    )  # fmt: skip
    ctx.journal.conclude([replace(done.outcome, hl_id=entry.hl_id)], [after])
    return done.requests


def _intended(ctx: Context, item: Item) -> Logical:
    return HANDLERS[item.row.kind].intended(ctx, item)


def value_conflict(
    ctx: Context, entry: IdMapRow, key: Part, wanted: Any, found: Any, label: str
) -> dict[str, Any]:
    """The conflict of a field as the journal keeps it: edited since, or there before us."""
    if entry.payload_hash == TAKEN_OVER:
        message = (
            f"{label or entry.record_key}: {key[1]} was left as it is, because the record was "
            "there before and holds another value. Decide: theirs (nothing more to do), ours, or "
            "a value."
        )
        return _conflict(ctx, entry, key[1], "there before", wanted, found, message)
    return edited_conflict(ctx, entry, key, wanted, found, label)


def edited_conflict(
    ctx: Context, entry: IdMapRow, key: Part, wanted: Any, found: Any, label: str
) -> dict[str, Any]:
    """The conflict of a field that both sides changed, as the journal keeps it."""
    named, refused = label or entry.record_key, HANDLERS[entry.kind].unchangeable
    message = (
        f"{named}: {key[1]} was left as it is, because it was edited in HighLevel since our last "
        "write and the export changed it too. Decide: ours, theirs, or a value."
    )
    if refused:
        message = (
            f"{named}: {key[1]} was left as it is, though the export changed it. {refused}: "
            "decide theirs, or correct it by hand in HighLevel."
        )
    return _conflict(ctx, entry, key[1], "edited", wanted, found, message) | {
        "last_written": parts_of(entry.last_written).get(key)
    }


def deleted_conflict(ctx: Context, entry: IdMapRow, label: str, wanted: Any) -> dict[str, Any]:
    """The conflict of a record that was deleted in HighLevel since we wrote it."""
    message = (
        f"{label or entry.record_key} was deleted in HighLevel since our last write, and was not "
        "made again. Decide: ours (make it again), or theirs (leave it deleted)."
    )
    return _conflict(ctx, entry, "", DELETED, wanted, None, message)


def _conflict(
    ctx: Context, entry: IdMapRow, name: str, reason: str, wanted: Any, found: Any, message: str
) -> dict[str, Any]:
    return {
        "location": ctx.location,
        "record_key": entry.record_key,
        "field": name,
        "object_key": entry.object_key,
        "hl_id": entry.hl_id,
        "reason": reason,
        "wanted": wanted,
        "found": found,
        "last_written": None,
        "message": message,
        "run_id": ctx.run.id,
    }
