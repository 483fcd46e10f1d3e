"""The one conversation of a contact, opened to hold its past messages.

Facts: docs/highlevel.md#activities.
A contact has one; HighLevel refuses a second and does not name the first (docs repository, issue
5), which is then looked for by a search that trails writes. A conversation that holds messages
already was there before us, and stays when ours is undone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from flitstack_pipeline.highlevel.api.conversations import exists_already
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, BadRequest, NotFound
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    only,
)


class ConversationHandler(Handler):
    """`conversation` rows: nothing but the contact they belong to."""

    kind = "conversation"
    endpoint = "POST /conversations/"
    editable = False
    read_before_undo = False
    goes_with = "contact"
    existed_because = "the contact had this conversation before us"

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """HighLevel refuses the second one."""
        return True

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Open the conversation; when there is one already, take that."""
        item = only(items)
        try:
            record = ctx.hl.conversations.create(item.parents["contact"])
        except BadRequest as error:
            if not exists_already(error):
                raise
            found = self.find(ctx, item)
            if found is None:  # the search does not show it yet
                raise AmbiguousOutcome("POST", "/conversations/", error) from error
            return [found]
        return [_written(item, record["id"])]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Search by contact. One with messages in it is not the one we meant to open."""
        record = ctx.hl.conversations.find(item.parents["contact"])
        if record is None:
            return None
        found = _written(item, record["id"])
        if next(iter(ctx.hl.conversations.messages(record["id"])), None) is not None:
            found.details["existed"] = True
        return found

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """Nothing to compare; None when it is gone."""
        return None if _standing(ctx, entry.hl_id) is None else {}

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the conversation, and with it the messages we put into it."""
        ctx.hl.conversations.delete(entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every conversation we know."""
        return unseen(ctx, ())


def unseen(ctx: Context, seen: Collection[str]) -> Iterator[Found]:
    """The conversations we know that are not among `seen`, a request each: no list pages surely."""
    known = [e.hl_id for e in ctx.journal.iterate_entries(ctx.location, kind="conversation")]
    for conversation_id in known:
        record = None if conversation_id in seen else _standing(ctx, conversation_id)
        if record is not None:
            yield conversation_found(conversation_id, str(record.get("contactId") or ""))


def _standing(ctx: Context, conversation_id: str) -> dict[str, Any] | None:
    """A conversation as it is now; None when it is gone."""
    try:
        record = ctx.hl.conversations.get(conversation_id)
    except NotFound:
        return None
    return None if record.get("deleted") else record


def conversation_found(conversation_id: str, contact_id: str) -> Found:
    """A conversation as one of its messages shows it, or as read itself."""
    kind = ConversationHandler.kind
    return Found(kind, kind, conversation_id, {}, "", {"contact": contact_id})


def _written(item: Item, conversation_id: str) -> Written:
    return Written(conversation_id, {}, {"contact": item.parents["contact"]})
