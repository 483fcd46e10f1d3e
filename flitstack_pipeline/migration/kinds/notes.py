"""Notes on contacts (reference 2.5), found again by their last line, "Contractor+ ref: …"."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.contacts import NoteBody
from flitstack_pipeline.highlevel.errors import HighLevelError, NotFound
from flitstack_pipeline.migration.journal import Entry
from flitstack_pipeline.migration.journal_history import owners_of
from flitstack_pipeline.migration.kinds.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    only,
    owner_id,
)
from flitstack_pipeline.migration.kinds.media import shown_images
from flitstack_pipeline.migration.kinds.references import reference, with_reference


class NoteHandler(Handler):
    """`note` rows."""

    kind = "note"
    endpoint = "POST /contacts/{contactId}/notes"
    goes_with = "contact"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Write one note."""
        item = only(items)
        payload = self.intended(ctx, item)
        images = shown_images(ctx, payload["body"], item.row.payload.get("images") or {})
        body = _with_images(payload["body"], images)
        note = NoteBody(body=body, user_id=ctx.catalog.user(payload.get("owner")))
        record = ctx.hl.contacts.create_note(item.parents["contact"], note)
        return [Written(record["id"], payload, _details(item, images))]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload, with the line by which the note is found again."""
        payload = item.row.payload
        intended: Logical = {"body": with_reference(payload.get("body"), item.row.source_key)}
        if ctx.catalog.user(payload.get("owner")):
            intended["owner"] = payload["owner"]
        return intended

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the contact's notes: is one ours?"""
        intended = self.intended(ctx, item)
        wanted = reference(intended["body"])
        for record in ctx.hl.contacts.list_notes(item.parents["contact"]):
            if reference(record.get("body")) == wanted:
                addresses = item.row.payload.get("images") or {}
                images = shown_images(ctx, intended["body"], addresses)
                return Written(record["id"], intended, _details(item, images))
        return None

    def read(self, ctx: Context, entry: Entry) -> Logical | None:
        """The note as it is now."""
        return self.read_many(ctx, [entry])[entry.record_key]

    def undo_key(self, entry: Entry) -> Hashable:
        """The notes of one contact are read together."""
        return self.kind, entry.details["contact"]

    def read_many(self, ctx: Context, entries: Sequence[Entry]) -> dict[str, Logical | None]:
        """The notes of one contact, in one request."""
        held = {f.hl_id: f.logical for f in self.of_contact(ctx, entries[0].details["contact"])}
        return {
            e.record_key: as_marked(held[e.hl_id], e) if e.hl_id in held else None for e in entries
        }

    def change(self, ctx: Context, entry: Entry, payload: Logical, clear: Logical) -> None:
        """Write the note's text or author anew."""
        written = entry.last_written or {}
        body = str(payload.get("body") or written.get("body") or "")
        user = owner_id(ctx, payload.get("owner") or written.get("owner"))
        images = {**shown_images(ctx, body, {}), **(entry.details.get("images") or {})}
        note = NoteBody(body=_with_images(body, images), user_id=user)
        ctx.hl.contacts.update_note(entry.details["contact"], entry.hl_id, note)

    def delete(self, ctx: Context, entry: Entry) -> None:
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
            notes = ctx.hl.contacts.list_notes(contact_id)
        except NotFound:
            return
        for note in notes:
            yield self._found(ctx, note, contact_id)

    def _found(self, ctx: Context, note: dict[str, Any], contact_id: str) -> Found:
        source_id = reference(note.get("body"))
        details = {"contact": contact_id, "created": note.get("dateAdded")}
        return Found(self.kind, "note", note["id"], _logical(ctx, note), source_id, details)


def _details(item: Item, images: dict[str, str]) -> Logical:
    return {"contact": item.parents["contact"]} | ({"images": images} if images else {})


def _with_images(body: str, images: dict[str, str]) -> str:
    for mark, html in images.items():
        body = body.replace(mark, html)
    return body


def as_marked(logical: Logical, entry: Entry) -> Logical:
    """A note as read with our images as marks again, so that it compares with what was meant."""
    body = logical["body"]
    for mark, html in (entry.details.get("images") or {}).items():
        body = body.replace(html, mark)
    return {**logical, "body": body}


def _logical(ctx: Context, note: dict[str, str]) -> Logical:
    values: Logical = {"body": note.get("body") or ""}
    if note.get("userId"):
        values["owner"] = ctx.catalog.user_key(note["userId"]) or note["userId"]
    return values
