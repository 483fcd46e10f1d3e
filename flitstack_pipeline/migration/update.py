"""Changes records we wrote before, without touching what somebody else changed since.

What belongs here: comparing wanted, last written and current values, writing the difference. What
does not: deciding which rows changed (load.py, delta.py). A value that is neither what we last
wrote nor what we want is a conflict for a person, never an overwrite.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, HighLevelError
from flitstack_pipeline.migration.attempts import outcome_now
from flitstack_pipeline.migration.compare import Verdict, compare_value
from flitstack_pipeline.migration.journal import Entry, Intent, Outcome
from flitstack_pipeline.migration.kinds import HANDLERS
from flitstack_pipeline.migration.kinds.base import Context, Item, Logical

Part = tuple[str, str]
PARTS = ("fields", "custom")
#: The payload hash of a record that was there before, until our values are written.
TAKEN_OVER = "before"


@dataclass
class Decision:
    """What to do about one record: values to write, to empty, and conflicts by field."""

    write: dict[Part, Any] = field(default_factory=dict)
    clear: dict[Part, Any] = field(default_factory=dict)
    conflicts: dict[Part, Any] = field(default_factory=dict)


def parts_of(payload: Logical | None) -> dict[Part, Any]:
    """A payload's values by (part, name); the part of top-level values is empty."""
    found: dict[Part, Any] = {}
    for name, value in (payload or {}).items():
        if name in PARTS and isinstance(value, dict):
            found |= {(name, inner): v for inner, v in value.items() if v not in (None, "", [])}
        elif name not in PARTS and value not in (None, "", []):
            found[("", name)] = value
    return found


def joined(parts: dict[Part, Any]) -> Logical:
    """The payload form of values by (part, name)."""
    payload: Logical = {}
    for (part, name), value in parts.items():
        if part:
            payload.setdefault(part, {})[name] = value
        else:
            payload[name] = value
    return payload


def same(expected: Any, found: Any) -> bool:
    """Whether two values are the same, HighLevel's own rewriting allowed for."""
    if expected in (None, "", []) or found in (None, "", []):
        return expected in (None, "", []) and found in (None, "", [])
    return compare_value(expected, found)[0] in (Verdict.SAME, Verdict.BY_RULE)


def decide(
    wanted: dict[Part, Any], last: dict[Part, Any], current: dict[Part, Any], keep_rest: bool
) -> Decision:
    """Compare what we want, what we last wrote and what is there now (pure).

    With `keep_rest` values we do not want are left alone (a matched record's own).
    """
    decision = Decision()
    for key, value in wanted.items():
        now = current.get(key)
        if same(value, now):
            continue
        if same(value, last.get(key)) and not keep_rest:
            continue  # nothing new from the source; an edit in HighLevel stays
        if same(last.get(key), now):
            decision.write[key] = value
        else:
            decision.conflicts[key] = value
    for key, value in last.items():
        if keep_rest or key in wanted or key not in current:
            continue
        if same(value, current.get(key)):
            decision.clear[key] = value
        else:
            decision.conflicts[key] = None
    return decision


def apply_update(ctx: Context, item: Item, entry: Entry) -> tuple[str, int]:
    """Bring a record we know up to its row: (unchanged | updated | conflict | gone, requests).

    Raises HighLevelError when HighLevel refuses.
    """
    handler = HANDLERS[entry.kind]
    wanted = parts_of(_intended(ctx, item))
    if wanted == parts_of(entry.last_written):
        ctx.journal.conclude([], [replace(entry, payload_hash=item.row.payload_hash)])
        return "unchanged", 0
    current = handler.read(ctx, entry)
    if current is None:
        _conflict(ctx, item, entry, "", "deleted", None, None, "it was deleted in HighLevel")
        return "gone", 1
    clash = bool(_decision(wanted, entry, current).conflicts)
    requests = 1 + write_changes(ctx, item, entry, current)
    return ("conflict" if clash else "updated"), requests


def _decision(wanted: dict[Part, Any], entry: Entry, current: Logical) -> Decision:
    """What to do about a record: one taken over from before is compared with itself."""
    if entry.payload_hash == TAKEN_OVER:
        return decide(wanted, parts_of(current), parts_of(current), keep_rest=True)
    return decide(wanted, parts_of(entry.last_written), parts_of(current), keep_rest=False)


def write_changes(ctx: Context, item: Item, entry: Entry, current: Logical) -> int:
    """Write what differs, report conflicts, and put the entry in place; returns the requests."""
    wanted = parts_of(_intended(ctx, item))
    last = parts_of(entry.last_written)
    decision = _decision(wanted, entry, current)
    for key, value in decision.conflicts.items():
        found = parts_of(current).get(key)
        _conflict(ctx, item, entry, key[1], "edited", value, found, "it was edited in HighLevel")
    written = {k: v for k, v in last.items() if k not in decision.clear} | decision.write
    written |= {k: v for k, v in wanted.items() if k not in decision.conflicts}
    after = replace(
        entry,
        last_written=joined(written),
        payload_hash=item.row.payload_hash,
        written_at=time.time(),
    )
    if not decision.write and not decision.clear:
        ctx.journal.conclude([], [after])
        return 0
    return _send(ctx, item, entry, decision, after)


def _send(ctx: Context, item: Item, entry: Entry, decision: Decision, after: Entry) -> int:
    handler, row = HANDLERS[entry.kind], item.row
    payload, clear = joined(decision.write), joined(decision.clear)
    for attempt in range(1, ctx.options.attempts + 1):
        intent = Intent(
            ctx.run.id, ctx.location, row.object_key or ctx.run.object_key, row.record_key,
            row.source_key, row.kind, row.target, "update", "PUT " + handler.endpoint[5:],
            row.payload_hash, {"payload": payload, "clear": clear}, attempt,
        )  # fmt: skip
        ctx.journal.intend([intent])
        try:
            handler.change(ctx, entry, payload, clear)
        except AmbiguousOutcome as error:  # writing the same values again changes nothing
            last = attempt == ctx.options.attempts
            told = outcome_now(ctx.hl.client, intent, "ambiguous", error=error)
            ctx.journal.conclude([told, Outcome(intent.id, "given up" if last else "repeated")])
            if last:
                raise
        except (HighLevelError, ValueError) as error:
            ctx.journal.conclude([outcome_now(ctx.hl.client, intent, "refused", error=error)])
            raise
        else:
            done = outcome_now(ctx.hl.client, intent, "done", hl_id=entry.hl_id)
            ctx.journal.conclude([done], [after])
            return attempt
    return ctx.options.attempts


def _intended(ctx: Context, item: Item) -> Logical:
    intended = getattr(HANDLERS[item.row.kind], "intended", None)
    return intended(ctx, item) if intended else item.row.payload


def _conflict(
    ctx: Context,
    item: Item,
    entry: Entry,
    name: str,
    reason: str,
    wanted: Any,
    found: Any,
    why: str,
) -> None:
    ctx.journal.put_conflict(
        {
            "location": ctx.location,
            "record_key": entry.record_key,
            "field": name,
            "object_key": entry.object_key,
            "hl_id": entry.hl_id,
            "reason": reason,
            "wanted": wanted,
            "found": found,
            "last_written": parts_of(entry.last_written).get(("fields", name))
            or parts_of(entry.last_written).get(("custom", name)),
            "message": f"{item.row.label or entry.record_key}: {name or 'record'} was left as it "
            f"is, because {why} since our last write.",
            "run_id": ctx.run.id,
        }
    )
