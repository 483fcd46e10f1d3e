"""Records that belong to another parent in the newer export: moved, or named where they cannot be.

What belongs here: noticing that a parent changed, telling a person of what HighLevel's API cannot
move, settling it once they moved it or left it. What does not: taking the old record away and
making the new one (load.py), changed values (update.py).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from flitstack_pipeline.migration.field_values import parts_of, same
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Item

#: The reason of a conflict about a parent that the API cannot change.
MOVED = "moved"
#: In the details of a record: the parent by role that a person left it without.
LEFT = "left without"


def moved_role(item: Item, entry: IdMapRow) -> str:
    """The role of the parent that is another one now; "" when all are as they were written."""
    details = entry.details or {}
    left = details.get(LEFT) or {}
    for role, parent in item.parents.items():
        written = details.get(role)
        if isinstance(written, str) and written != parent and left.get(role) != parent:
            return role
    return ""


def may_be_replaced(ctx: Context, entry: IdMapRow) -> bool:
    """Whether the record can be made anew below its new parent: nobody has edited it."""
    handler = HANDLERS[entry.kind]
    if handler.fixed_to or entry.origin == "matched":
        return False
    now = handler.read(ctx, entry)
    if now is None:
        return False
    held = parts_of(now)
    return all(same(value, held.get(key)) for key, value in parts_of(entry.last_written).items())


def tell_move(ctx: Context, item: Item, entry: IdMapRow, role: str) -> bool:
    """Make a conflict of a parent that cannot be changed; False when a person has changed it."""
    wanted = item.parents[role]
    held = HANDLERS[entry.kind].parent_now(ctx, entry, role)
    if held == wanted:
        ctx.journal.flush()
        now = ctx.journal.entry(ctx.location, entry.record_key) or entry
        ctx.journal.conclude([], [replace(now, details={**(now.details or {}), role: wanted})])
        return False
    ctx.journal.put_conflict(
        {
            "location": ctx.location,
            "record_key": entry.record_key,
            "field": role,
            "object_key": entry.object_key,
            "hl_id": entry.hl_id,
            "reason": MOVED,
            "wanted": wanted,
            "found": held,
            "last_written": (entry.details or {}).get(role),
            "message": _message(ctx, item, entry, role),
            "run_id": ctx.run.id,
        }
    )
    return True


def _message(ctx: Context, item: Item, entry: IdMapRow, role: str) -> str:
    named = f"{item.row.label or entry.kind} ({entry.source_key})"
    key = next((p["record_key"] for p in item.row.parents if p["role"] == role), "")
    why = (
        HANDLERS[entry.kind].fixed_to or "somebody edited it in HighLevel, so it was not made anew"
    )
    return (
        f"{named}: its {role} cannot be changed in HighLevel. The export says that it belongs to "
        f"{_name(ctx, key)} now; {why}. Move it by hand in HighLevel, then decide theirs; deciding "
        "theirs without that leaves it where it is."
    )


def _name(ctx: Context, key: str) -> str:
    """How a person knows a parent: its name as written, and its key."""
    parent = ctx.journal.entry(ctx.location, key) if key else None
    fields = ((parent.last_written or {}).get("fields") or {}) if parent else {}
    name = " ".join(str(fields[k]) for k in ("firstName", "lastName") if fields.get(k))
    return f"{name} ({key})" if name else key


def settle_move(ctx: Context, choice: str, entry: IdMapRow, conflict: dict[str, Any]) -> str:
    """Apply a person's decision about a parent that cannot be changed; says what came of it.

    Raises ValueError for another decision than theirs.
    """
    role, wanted = conflict["field"], conflict["wanted"]
    if choice != "theirs":
        raise ValueError(
            f"its {role} cannot be changed in HighLevel; move it by hand, then decide theirs"
        )
    held = HANDLERS[entry.kind].parent_now(ctx, entry, role)
    details = dict(entry.details or {})
    if held == wanted:
        details[role] = wanted
    else:
        details[LEFT] = {**(details.get(LEFT) or {}), role: wanted}
    after = replace(entry, details=details, written_at=time.time())
    ctx.journal.conclude([], [after])
    ctx.journal.settle_conflict(ctx.location, entry.record_key, role)
    return f"its {role} is the export's" if held == wanted else f"it stays with its {role}"


def settle_if_moved(
    ctx: Context, entry: IdMapRow, conflict: dict[str, Any], details: dict[str, Any]
) -> bool:
    """Settle the conflict when a person moved the record, as its `details` read back show."""
    role = conflict["field"]
    if details.get(role) != conflict["wanted"]:
        return False
    settle_move(ctx, "theirs", entry, conflict)
    return True
