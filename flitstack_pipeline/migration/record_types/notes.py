"""Notes on contacts, found again by their last line, "Contractor+ ref: …".

Facts: docs/highlevel.md#notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.api.contacts import NoteBody
from flitstack_pipeline.highlevel.errors import HighLevelError, NotFound
from flitstack_pipeline.migration.journal.history import owners_of
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Item,
    Logical,
    Written,
    only,
    owner_id,
)
from flitstack_pipeline.migration.record_types.child_records import ListedHandler
from flitstack_pipeline.migration.record_types.media import shown_images
from flitstack_pipeline.migration.record_types.references import reference


class NoteHandler(ListedHandler):
    """`note` rows."""

    kind = "note"
    endpoint = "POST /contacts/{contactId}/notes"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Write one note."""
        item = only(items)
        payload = self.intended(ctx, item)
        body = _with_images(payload["body"], _images(ctx, item))
        note = NoteBody(body=body, user_id=ctx.catalog.user(payload.get("owner")))
        record = ctx.hl.contacts.create_note(item.parents["contact"], note)
        return [self.written(ctx, item, record)]

    def written(self, ctx: Context, item: Item, record: Mapping[str, Any]) -> Written:
        """Keep how the images of the note look, so that it is compared with its marks."""
        done, images = super().written(ctx, item, record), _images(ctx, item)
        return replace(done, details={**done.details, "images": images}) if images else done

    def listed(self, ctx: Context, holder_id: str) -> Iterable[Mapping[str, Any]]:
        """The notes of one contact."""
        return ctx.hl.contacts.list_notes(holder_id)

    def logical(self, ctx: Context, record: Mapping[str, Any]) -> Logical:
        """A note in the payload's form."""
        return {"body": record.get("body") or ""} | self.owner_of(ctx, record.get("userId"))

    def read_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> dict[str, Logical | None]:
        """The notes of one contact, with our images as marks again."""
        held = super().read_many(ctx, entries)
        marked = {e.record_key: e for e in entries}
        return {k: as_marked(v, marked[k]) if v else None for k, v in held.items()}

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write the note's text or author anew."""
        written = entry.last_written or {}
        body = str(payload.get("body") or written.get("body") or "")
        user = owner_id(ctx, payload.get("owner") or written.get("owner"))
        images = {**shown_images(ctx, body, {}), **(entry.details.get("images") or {})}
        note = NoteBody(body=_with_images(body, images), user_id=user)
        ctx.hl.contacts.update_note(entry.details["contact"], entry.hl_id, note)

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the note."""
        ctx.hl.contacts.delete_note(entry.details["contact"], entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """The notes of every contact we wrote notes on, by paged search.

        Notes the search does not show (it trails writes, and may not know every note) are looked
        for on their contacts, one request per contact.
        """
        ours = {e.hl_id: e.details["contact"]
                for e in ctx.journal.iterate_entries(ctx.location, kind=self.kind)}  # fmt: skip
        found = list(self._searched(ctx, set(ours.values()))) if ours else []
        seen = {f.hl_id for f in found}
        unseen = dict.fromkeys(contact for hl_id, contact in ours.items() if hl_id not in seen)
        notes = [f for f in found if f.details["contact"] not in unseen]
        for contact in unseen:
            notes += self.of_contact(ctx, contact)
        own = owners_of(ctx.journal, ctx.location, self.kind, [note.hl_id for note in notes])
        for note in notes:
            known = own.get(note.hl_id)
            yield replace(note, logical=as_marked(note.logical, known[0])) if known else note

    def _searched(self, ctx: Context, contacts: set[str]) -> Iterator[Found]:
        """What the search shows of the notes of these contacts; nothing when it does not work."""
        try:
            for note in ctx.hl.notes.iterate_all():
                ends = {relation.get("recordId") for relation in note.get("relations") or ()}
                for contact in sorted(ends & contacts):
                    yield self._found(ctx, note, contact)
        except HighLevelError:
            return  # a scope is missing, or the answer has another shape

    def of_contact(self, ctx: Context, contact_id: str) -> Iterator[Found]:
        """The notes of one contact."""
        try:
            notes = self.listed(ctx, contact_id)
        except NotFound:
            return
        for note in notes:
            yield self._found(ctx, note, contact_id)

    def _found(self, ctx: Context, note: Mapping[str, Any], contact_id: str) -> Found:
        source_id = reference(note.get("body"))
        details = {"contact": contact_id, "created": note.get("dateAdded")}
        return Found(self.kind, "note", note["id"], self.logical(ctx, note), source_id, details)


def _images(ctx: Context, item: Item) -> dict[str, str]:
    """How the images of a note are shown, by their marks."""
    body = item.row.payload.get("body") or ""
    return shown_images(ctx, body, item.row.payload.get("images") or {})


def _with_images(body: str, images: dict[str, str]) -> str:
    for mark, html in images.items():
        body = body.replace(mark, html)
    return body


def as_marked(logical: Logical, entry: IdMapRow) -> Logical:
    """A note as read with our images as marks again, so that it compares with what was meant."""
    body = logical["body"]
    for mark, html in (entry.details.get("images") or {}).items():
        body = body.replace(html, mark)
    return {**logical, "body": body}
