"""What notes, tasks, messages and appointments share: their text ends in the source key.

What belongs here: that line, and for those that no search finds, because only the record they hang
on lists them, finding one and reading all of one holder in one request. What does not: one kind's
fields (notes.py, tasks.py, messages.py, appointments.py).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
)
from flitstack_pipeline.migration.record_types.references import reference, with_reference


class WordedHandler(Handler):
    """A kind whose records have a text, by whose last line they are found again."""

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload with the line by which the record is found again."""
        payload = item.row.payload
        intended: Logical = {"body": with_reference(payload.get("body"), item.row.source_key)}
        if "fields" in payload:
            intended["fields"] = dict(payload["fields"])
        if ctx.catalog.user(payload.get("owner")):
            intended["owner"] = payload["owner"]
        return intended

    def owner_of(self, ctx: Context, user_id: str | None) -> Logical:
        """The owner part of a record as read, by the source's name for the user; else nothing."""
        return {"owner": ctx.catalog.user_key(user_id) or user_id} if user_id else {}


class ListedHandler(WordedHandler):
    """A kind whose records hang on a `holder` (a parent's role) and are read from its list."""

    goes_with = "contact"
    holder: str = "contact"

    def listed(self, ctx: Context, holder_id: str) -> Iterable[Mapping[str, Any]]:
        """The records that hang on one holder. Raises NotFound when that is gone."""
        raise NotImplementedError

    def logical(self, ctx: Context, record: Mapping[str, Any]) -> Logical:
        """A record as read, in the payload's form."""
        raise NotImplementedError

    def written(self, ctx: Context, item: Item, record: Mapping[str, Any]) -> Written:
        """What the id map keeps of a record of ours."""
        details = {"contact": item.parents["contact"]}
        return Written(record["id"], self.intended(ctx, item), details)

    def is_ours(self, ctx: Context, item: Item, record: Mapping[str, Any]) -> bool:
        """Whether a record as read is the one an item stands for."""
        return reference(record.get("body")) == reference(self.intended(ctx, item)["body"])

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the holder's list: is one of them ours?"""
        for record in self.listed(ctx, item.parents[self.holder]):
            if self.is_ours(ctx, item, record):
                return self.written(ctx, item, record)
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The record as it is now."""
        return self.read_many(ctx, [entry])[entry.record_key]

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the holder's own list shows the record."""
        try:
            found = self.listed(ctx, seen.details[self.holder])
        except NotFound:
            return False
        return any(record["id"] == seen.hl_id for record in found)

    def undo_key(self, entry: IdMapRow) -> Hashable:
        """The records of one holder are read together."""
        return self.kind, entry.details[self.holder]

    def read_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> dict[str, Logical | None]:
        """The records of one holder, in one request."""
        wanted = {entry.hl_id for entry in entries}
        try:
            found = list(self.listed(ctx, entries[0].details[self.holder]))
        except NotFound:
            found = []
        held = {r["id"]: self.logical(ctx, r) for r in found if r["id"] in wanted}
        return {entry.record_key: held.get(entry.hl_id) for entry in entries}
