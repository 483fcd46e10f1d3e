"""Rebuilds the id map of a lost journal from the marks its records carry in HighLevel.

What belongs here: reading the marked records, whether they are this folder's, the entries. What
does not: deciding to do it (steps/others.py). Nothing is written to HighLevel. Before-images are
gone with the lost journal: a record that was there before it is never given back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.migration.existing import TAGS
from flitstack_pipeline.migration.journal import Entry, new_id
from flitstack_pipeline.migration.kinds import HANDLERS
from flitstack_pipeline.migration.kinds.base import Context, Found, Item
from flitstack_pipeline.migration.parts import Part, joined, parts_of, same
from flitstack_pipeline.migration.resolving import SEARCHED
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.update import KEPT, edited_conflict, kept_name

#: In the details of an adopted record that was there before us: it cannot be given back.
BEFORE_LOST = "before_lost"
CHUNK = 500
Key = tuple[str, str, str]
Rows = Callable[[], Iterator[MappedRow]]


@dataclass
class Adoption:
    """What was found: marked records, those no export of this folder has, and what became."""

    marked: int = 0
    strangers: list[str] = field(default_factory=list)
    adopted: int = 0
    before_lost: int = 0
    differing: int = 0

    @property
    def refusal(self) -> str:
        """Why it is not allowed; empty when it is."""
        if not self.strangers:
            return ""
        few = ", ".join(self.strangers[:5])
        return (
            f"{self.marked} records carry a source key, and {len(self.strangers)} of those keys "
            f"are in no export of this folder ({few}). They are another migration's: use its data "
            "folder, or stage its exports here first."
        )


def adopt(ctx: Context, rows: Rows, since: str) -> Adoption:
    """Rebuild the id map; nothing is put into it when a marked record is not this folder's.

    `rows` gives the planned rows in the order of a load, as often as asked; `since` is when the
    lost migration began (ISO 8601), empty when nobody knows. Raises HighLevelError.
    """
    marked = _marked(ctx)
    planned = {_key(row.kind, row.target, row.source_id) for row in rows()}
    strangers = sorted(key[2] for key in marked.keys() - planned)
    result = Adoption(len(marked), strangers)
    if result.refusal:
        return result
    iterator = rows()
    while chunk := list(itertools.islice(iterator, CHUNK)):
        for phase, group in itertools.groupby(chunk, key=lambda row: row.phase):
            _adopt_some(ctx, list(group), marked, since, result)
            del phase
    return result


def _marked(ctx: Context) -> dict[Key, Found]:
    """Every record that carries a source key, by what it is."""
    found: dict[Key, Found] = {}
    custom = [key for key in ctx.catalog.objects if key.startswith("custom_objects.")]
    for kind, target in [*((k, "") for k in ("contact", "company", "opportunity")),
                         *(("record", key) for key in sorted(custom))]:  # fmt: skip
        for one in HANDLERS[kind].scan(ctx, target):
            if one.source_id:
                found.setdefault(_key(kind, one.target, one.source_id), one)
    return found


def _key(kind: str, target: str, source_id: str) -> Key:
    return kind, target if kind == "record" else "", source_id


def _adopt_some(
    ctx: Context, rows: list[MappedRow], marked: dict[Key, Found], since: str, result: Adoption
) -> None:
    """Look for some rows of one phase; their parents are in the id map already."""
    ctx.journal.flush()
    wanted = {p["record_key"] for row in rows for p in row.parents}
    known = ctx.journal.entries(ctx.location, [*wanted, *(row.record_key for row in rows)])
    entries = []
    for row in rows:
        if row.record_key in known:
            continue
        found = marked.get(_key(row.kind, row.target, row.source_id))
        if row.kind in SEARCHED:
            entry = _searched(ctx, row, found, since, result) if found else None
        else:
            entry = _looked_up(ctx, row, known)
        entries += [entry] if entry else []
    result.adopted += len(entries)
    ctx.journal.conclude([], entries)


def _searched(ctx: Context, row: MappedRow, found: Found, since: str, result: Adoption) -> Entry:
    """The entry of a marked record: what it holds as meant was ours, the rest is listed."""
    made = str(found.details.get("created") or "")
    lost = row.kind in ("contact", "company") and not (since and made and made[:19] >= since[:19])
    details: dict[str, Any] = {BEFORE_LOST: True} if lost else {}
    contact = found.details.get("contact")
    details |= {"contact": contact} if contact else {}
    wanted, now = parts_of(row.payload), parts_of(found.logical)
    agreed = {k: v for k, v in wanted.items() if k not in now or _agrees(ctx, k, v, now[k])}
    differing = {k: v for k, v in wanted.items() if k not in agreed}
    if differing:
        details[KEPT] = {kept_name(k): now[k] for k in differing}
    entry = _entry(ctx, row, found.hl_id, joined(agreed), details, "matched" if lost else "created")
    for part, value in differing.items():
        conflict = edited_conflict(ctx, entry, part, value, now[part], row.label)
        ctx.journal.put_conflict(conflict)
    result.before_lost += lost
    result.differing += bool(differing)
    return entry


def _agrees(ctx: Context, part: Part, ours: Any, held: Any) -> bool:
    """Whether HighLevel holds what we mean: two team members may be one user, tags may be more."""
    if part == ("", "owner"):
        return (ctx.catalog.user(ours) or ours) == (ctx.catalog.user(held) or held)
    if part == TAGS and isinstance(held, list):
        return {str(x).casefold() for x in ours} <= {str(x).casefold() for x in held}
    return same(ours, held)


def _looked_up(ctx: Context, row: MappedRow, known: dict[str, Entry]) -> Entry | None:
    """The entry of a note, link or file, found where it must hang; None when it is not there."""
    if any(p["record_key"] not in known for p in row.parents):
        return None
    parents = {p["role"]: known[p["record_key"]].hl_id for p in row.parents}
    written = HANDLERS[row.kind].find(ctx, Item(row, parents))
    if written is None:
        return None
    return _entry(ctx, row, written.hl_id, written.payload, dict(written.details), "created")


def _entry(
    ctx: Context, row: MappedRow, hl_id: str, written: Any, details: dict[str, Any], origin: str
) -> Entry:
    return Entry(
        ctx.location, row.record_key, row.source_key, row.object_key, row.kind, row.target, hl_id,
        origin, row.payload_hash, written, None, details, ctx.run.id, new_id(), 0.0,
    )  # fmt: skip
