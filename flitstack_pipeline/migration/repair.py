"""Brings a journal restored from a copy up to what HighLevel holds now.

What belongs here: records made or changed since the copy. What does not: choosing the copy
(journal/copies.py), records without an entry (adopted_entries.py), the step
(services/repairing.py). Nothing is written to HighLevel.

A record made since gets its entry by its mark. One that was there before, and that was first
written since, has lost what it held: its rollback is refused by name. One changed since keeps the
before-image of the copy; what HighLevel holds as the exports mean it counts as written by us.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flitstack_pipeline.migration.adopted_entries import Adopter, Lost
from flitstack_pipeline.migration.adoption import Adoption, Exports, adopt
from flitstack_pipeline.migration.field_values import joined, parts_of, same
from flitstack_pipeline.migration.inflight_recovery import SEARCHED
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Found, Item
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.update import BEFORE_BY_ID, BEFORE_LOST


@dataclass
class Repaired:
    """What was missing since the copy, by record key where a person must know the name."""

    adopted: int = 0
    caught_up: int = 0
    differing: int = 0
    before_lost: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    refusal: str = ""


def catch_up(ctx: Context, exports: Exports, lost: Lost) -> Repaired:
    """Read the account back and complete the id map; nothing is written to HighLevel.

    Args:
        ctx: the account, and the journal restored from its copy.
        exports: what this folder plans and knows.
        lost: what our own mark tells of the beginning.

    Returns:
        What was completed, and what is lost; its `refusal` says why nothing was done.

    Raises:
        HighLevelError: the account could not be read; asked again it goes on.
    """
    before = {e.record_key for e in ctx.journal.iterate_entries(ctx.location)}
    repaired = Repaired()

    def repairer(*parts: Any) -> _Repairer:
        return _Repairer(*parts, repaired)

    result: Adoption = adopt(ctx, exports, lost, repairer)
    repaired.adopted, repaired.differing = result.adopted, result.differing
    repaired.refusal = result.refusal
    for entry in ctx.journal.iterate_entries(ctx.location):
        is_new = entry.record_key not in before
        if is_new and (entry.details or {}).get(BEFORE_LOST):
            repaired.before_lost.append(entry.record_key)
    return repaired


class _Repairer(Adopter):
    """Takes up records without an entry like an adoption, and brings the others up to date."""

    def __init__(self, *parts: Any) -> None:
        *inherited, self._repaired = parts
        super().__init__(*inherited)

    def take(self, rows: Sequence[MappedRow]) -> None:
        """Bring known records up to date, then look for the others."""
        journal = self.ctx.journal
        searched = [row for row in rows if row.kind in SEARCHED]
        ends = {p["record_key"] for row in searched for p in row.parents}
        known = journal.entries(self.ctx.location, [*ends, *(r.record_key for r in searched)])
        for row in searched:
            if row.record_key in known:
                parents = {p["role"]: known[p["record_key"]].hl_id for p in row.parents
                           if p["record_key"] in known}  # fmt: skip
                self._bring_up_to_date(Item(row, parents), known[row.record_key])
        super().take(rows)

    def take_unplanned(self, found: Iterable[Found]) -> None:
        """Those that the journal does not know."""
        loose = list(found)
        ids = {one.hl_id for one in loose}
        known = {e.hl_id for e in self.ctx.journal.iterate_entries(self.ctx.location)
                 if e.hl_id in ids}  # fmt: skip
        super().take_unplanned(one for one in loose if one.hl_id not in known)

    def _bring_up_to_date(self, item: Item, entry: IdMapRow) -> None:
        """Count as written what is as the exports mean it, and was not when the copy was made."""
        row = item.row
        found = self.held.marked(row)
        if found is None:
            self._repaired.gone.append(row.record_key)
            return
        if found.hl_id != entry.hl_id or entry.payload_hash == row.payload_hash:
            return
        meant = parts_of(HANDLERS[row.kind].intended(self.ctx, item))
        last, now = parts_of(entry.last_written), parts_of(found.logical)
        news = {
            part: value
            for part, value in meant.items()
            if part in now and self._agrees(part, value, now[part])
            and not same(last.get(part), value)
        }  # fmt: skip
        if not news:
            return
        details = dict(entry.details or {})
        if entry.origin == "matched" and not details.get(BEFORE_BY_ID):
            details[BEFORE_LOST] = True
            self._repaired.before_lost.append(row.record_key)
        self._repaired.caught_up += 1
        self.ctx.journal.conclude(
            [], [replace(entry, last_written=joined(last | news), details=details)]
        )
