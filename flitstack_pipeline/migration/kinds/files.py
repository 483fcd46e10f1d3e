"""Files in FILE_UPLOAD fields of contacts and opportunities (reference 9).

A contact's file is uploaded straight into its field, under an id derived from its record key, so
that it is found again. An opportunity's file is uploaded first and hangs on nothing; its address
goes into the opportunity's create (kinds/opportunities.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from flitstack_pipeline.highlevel.contacts import ContactUpdate
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.highlevel.files import FieldFile, Uploaded
from flitstack_pipeline.highlevel.models import CustomFieldValue
from flitstack_pipeline.migration.file_source import local_file, sha256_of
from flitstack_pipeline.migration.journal import Entry
from flitstack_pipeline.migration.kinds.base import (
    NULL,
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    cell_value,
)

NAMESPACE = uuid.UUID("6f1d3f0e-4d0b-5b0e-9c3c-0a6c5b1f7d21")
FILES_PER_UPLOAD = 10


def file_id(record_key: str) -> str:
    """The id a file has in HighLevel, derived from its record key."""
    return str(uuid.uuid5(NAMESPACE, record_key))


@contextmanager
def opened(ctx: Context, items: Sequence[Item]) -> Iterator[list[tuple[Item, FieldFile]]]:
    """The files to send, fetched and checked, each content once. Raises ValueError.

    Names that meet in one upload are told apart: HighLevel answers by name.
    """
    names: set[str] = set()
    with ExitStack() as stack:
        found = []
        for item in items:
            payload, options = item.row.payload, ctx.options
            source = local_file(payload, options.files_root, options.allowed_hosts)
            path = stack.enter_context(source)
            name = _free_name(str(payload["file_name"]), names)
            file = FieldFile(path, name, payload.get("content_type"), file_id(item.row.record_key))
            found.append((item, file))
        yield found


def _free_name(name: str, taken: set[str]) -> str:
    stem, dot, extension = name.rpartition(".")
    number, free = 2, name
    while free.casefold() in taken:
        free, number = (
            f"{stem or extension} ({number}){dot if stem else ''}{extension if stem else ''}",
            number + 1,
        )
    taken.add(free.casefold())
    return free


def _distinct(
    files: Sequence[tuple[Item, FieldFile]],
) -> tuple[list[FieldFile], dict[str, FieldFile]]:
    """(each content once, which file stands for each record key)."""
    by_content: dict[str, FieldFile] = {}
    stands_for = {}
    for item, file in files:
        first = by_content.setdefault(sha256_of(file.path), file)
        stands_for[item.row.record_key] = first
    return list(by_content.values()), stands_for


class ContactFileHandler(Handler):
    """`contact_file` rows: several per request."""

    kind = "contact_file"
    endpoint = "POST /forms/upload-custom-files"
    batch_limit = FILES_PER_UPLOAD
    editable = False
    goes_with = "contact"
    deletes_together = True

    def batch_key(self, item: Item) -> Hashable:
        """Files of one field of one contact go together."""
        return item.parents["contact"], item.row.payload["field"]

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Upload the files into the contact's field."""
        contact, label = items[0].parents["contact"], items[0].row.payload["field"]
        ref = ctx.catalog.field("contact", label)
        with opened(ctx, items) as files:
            distinct, stands_for = _distinct(files)
            ctx.hl.files.upload_to_contact(contact, ref.id, distinct)
        return [
            self._written(item, ref.id, stands_for[item.row.record_key].file_id) for item in items
        ]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the contact: is the file in its field?"""
        ref = ctx.catalog.field("contact", item.row.payload["field"])
        held = _held(ctx, item.parents["contact"], ref.id)
        return self._written(item, ref.id) if file_id(item.row.record_key) in held else None

    def read(self, ctx: Context, entry: Entry) -> Logical | None:
        """What we wrote, when the file is still there."""
        held = _held(ctx, entry.details["contact"], entry.details["field_id"])
        return dict(entry.last_written or {}) if entry.hl_id in held else None

    def delete(self, ctx: Context, entry: Entry) -> None:
        """Take the file out of the field: the others are written back."""
        self.delete_many(ctx, [entry])

    def undo_key(self, entry: Entry) -> Hashable:
        """The files of one field go together: two threads would write each other's files back."""
        return self.kind, entry.details["contact"], entry.details["field_id"]

    def read_many(self, ctx: Context, entries: Sequence[Entry]) -> dict[str, Logical | None]:
        """The files of one field, in one request."""
        held = _held(ctx, entries[0].details["contact"], entries[0].details["field_id"])
        return {e.record_key: dict(e.last_written or {}) if e.hl_id in held else None
                for e in entries}  # fmt: skip

    def delete_many(self, ctx: Context, entries: Sequence[Entry]) -> None:
        """Take files of one field out of it in one write."""
        contact, field_id = entries[0].details["contact"], entries[0].details["field_id"]
        held = _held(ctx, contact, field_id)
        gone = {entry.hl_id for entry in entries}
        if not gone & held.keys():
            return
        rest = {key: value for key, value in held.items() if key not in gone}
        value = CustomFieldValue(id=field_id, field_value=rest or NULL)
        ctx.hl.contacts.update(contact, ContactUpdate(custom_fields=[value]))

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every file in a FILE_UPLOAD field of a contact."""
        fields = {r.id: r for r in ctx.catalog.of_target("contact") if r.data_type == "FILE_UPLOAD"}
        for record in ctx.hl.contacts.iterate_all():
            yield from files_of(self.kind, record, fields)

    def _written(self, item: Item, field_id: str, hl_id: str = "") -> Written:
        payload = item.row.payload
        logical = {name: payload.get(name) for name in ("field", "file_name", "size_bytes")}
        details = {"contact": item.parents["contact"], "field_id": field_id}
        return Written(hl_id or file_id(item.row.record_key), logical, details)


class OpportunityFileHandler(Handler):
    """`opportunity_file` rows: uploaded first, named by their opportunity's create."""

    kind = "opportunity_file"
    endpoint = "POST /locations/{locationId}/customFields/upload"
    editable = False
    read_before_undo = False
    # OpenAPI: the answer has an address and no id; DELETE /medias/{id} is the media library's
    leaves_behind = (
        "nothing refers to the upload any more, but HighLevel keeps it at its address: the API "
        "deletes files of the media library only"
    )

    batch_limit = FILES_PER_UPLOAD

    def batch_key(self, item: Item) -> Hashable:
        """The files of one opportunity go together."""
        return item.row.payload.get("of") or item.row.record_key

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """An upload that hangs on nothing is no record: doing it twice doubles nothing."""
        return True

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Upload the files of one opportunity, each content once."""
        ref = ctx.catalog.field("opportunity", items[0].row.payload["field"])
        with opened(ctx, items) as files:
            distinct, stands_for = _distinct(files)
            answered = ctx.hl.files.upload_for_field(ref.id, distinct)
            by_name = {uploaded.name: uploaded for uploaded in answered}
            return [
                self._uploaded(item, file, by_name[str(file.name)])
                for item, file in ((item, stands_for[item.row.record_key]) for item in items)
            ]

    def _uploaded(self, item: Item, file: FieldFile, uploaded: Uploaded) -> Written:
        payload = item.row.payload
        details = {
            "field": payload["field"],
            "url": uploaded.url,
            "name": file.name,
            "content_type": payload.get("content_type") or uploaded.meta["mimetype"],
            "size_bytes": file.path.stat().st_size,
            "file_id": file.file_id,
        }
        return Written(file.file_id, {"field": payload["field"]}, details)

    def find(self, ctx: Context, item: Item) -> Written | None:
        """An upload cannot be looked up; it is sent again."""
        return None

    def read(self, ctx: Context, entry: Entry) -> Logical | None:
        """What we uploaded; it lives as long as its opportunity's value names it."""
        return dict(entry.last_written or {})

    def delete(self, ctx: Context, entry: Entry) -> None:
        """Nothing to do: the file goes with the opportunity that names it (no API deletes it)."""

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every file in a FILE_UPLOAD field of an opportunity."""
        refs = ctx.catalog.of_target("opportunity")
        fields = {r.id: r for r in refs if r.data_type == "FILE_UPLOAD"}
        for record in ctx.hl.opportunities.iterate_all():
            yield from files_of(self.kind, record, fields)


def files_of(kind: str, record: dict[str, Any], fields: dict[str, Any]) -> Iterator[Found]:
    """The files a contact or opportunity holds, by the field they are in."""
    for cell in record.get("customFields") or []:
        ref = fields.get(str(cell.get("id")))
        if ref is None:
            continue
        for file in ref.decode(cell_value(cell)) or []:
            logical = {"field": ref.label, "file_name": file.get("name")}
            logical["size_bytes"] = file.get("size")
            held = {"record": record["id"], "url": file.get("url")}
            yield Found(kind, "file", str(file.get("uuid") or ""), logical, "", held)


def _held(ctx: Context, contact_id: str, field_id: str) -> dict[str, Any]:
    """The raw value of a contact's FILE_UPLOAD field: files by id."""
    try:
        record = ctx.hl.contacts.get(contact_id)
    except NotFound:
        return {}
    for cell in record.get("customFields") or []:
        value = cell.get("value", cell.get("fieldValue"))
        if cell.get("id") == field_id and isinstance(value, dict):
            return value
    return {}
