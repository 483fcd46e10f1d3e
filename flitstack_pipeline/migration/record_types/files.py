"""Files in FILE_UPLOAD fields of contacts and opportunities (docs/highlevel.md#files).

Files are uploaded first and hang on nothing. A contact's field is then written as the full set of
what it holds and the new ones, each under an id derived from its record key, so that it is found
again; the door that uploads straight into the field replaces what is there (live: L6). An
opportunity's files go into its create (kinds/opportunities.py).
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from flitstack_pipeline.file_kinds import suffix_of
from flitstack_pipeline.highlevel.answer_types import Contact, Opportunity
from flitstack_pipeline.highlevel.api.contacts import ContactUpdate
from flitstack_pipeline.highlevel.api.files import FieldFile, Uploaded
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.highlevel.models import CustomFieldValue
from flitstack_pipeline.highlevel.values import FileValue, held_files, made_up_id, whole_number
from flitstack_pipeline.migration.file_source import NAMED_BY_SERVER, local_file, sha256_of
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    NULL,
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
)

NAMESPACE = uuid.UUID("6f1d3f0e-4d0b-5b0e-9c3c-0a6c5b1f7d21")
FILES_PER_UPLOAD = 10
#: Upload, read what the field holds, write all of it.
CONTACT_FILE_REQUESTS = 3
#: Why a file is found under another name than the export's.
NUMBERED = "another file of that name is on the record: numbered"
JOINED = "the same content as another file of the record: kept once"


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
            root = options.images_root if payload.get("inline") else options.files_root
            source = local_file(payload, root, options.allowed_hosts)
            local = stack.enter_context(source)
            name = _free_name(local.name, names)
            file_key = file_id(item.row.record_key)
            found.append((item, FieldFile(local.path, name, local.content_type, file_key)))
        yield found


def _sent_as(item: Item, file: FieldFile) -> dict[str, str]:
    """The name a file was sent under and why, where a comparison must know it."""
    name, meant = str(file.name), str(item.row.payload["file_name"])
    if file.file_id != file_id(item.row.record_key):
        return {"sent_as": name, "sent_why": JOINED}
    if name == meant:
        return {}
    numbered = suffix_of(name) == suffix_of(meant)
    return {"sent_as": name, "sent_why": NUMBERED if numbered else NAMED_BY_SERVER}


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


class _OneAtATime:
    """A lock for each contact: two threads would write each other's files away."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def __call__(self, contact_id: str) -> threading.Lock:
        with self._guard:
            return self._locks[contact_id]


class ContactFileHandler(Handler):
    """`contact_file` rows: several per request."""

    kind = "contact_file"
    endpoint = "PUT /contacts/{contactId}"
    batch_limit = FILES_PER_UPLOAD
    requests_each = CONTACT_FILE_REQUESTS
    editable = False
    goes_with = "contact"
    deletes_together = True
    _lock = _OneAtATime()

    def batch_key(self, item: Item) -> Hashable:
        """Files of one field of one contact go together."""
        return item.parents["contact"], item.row.payload["field"]

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """The field is written whole, each file under its own id: twice is once."""
        return True

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Upload the files, then write the field with what it holds and them."""
        contact, label = items[0].parents["contact"], items[0].row.payload["field"]
        ref = ctx.catalog.field("contact", label)
        with opened(ctx, items) as files:
            distinct, stands_for = _distinct(files)
            uploaded = ctx.hl.files.upload_for_field(ref.id, distinct)
            new = [_file_value(file, done) for file, done in zip(distinct, uploaded, strict=True)]
        with self._lock(contact):
            held = _held(ctx.hl.contacts.get(contact), ref.id)
            self._put(ctx, contact, ref.id, held | held_files(ref.encode(new)))
        urls = {str(file["uuid"]): file["url"] for file in new}
        written = []
        for item in items:
            file = stands_for[item.row.record_key]
            done = self._written(item, ref.id, file.file_id, urls[file.file_id])
            written.append(replace(done, details={**done.details, **_sent_as(item, file)}))
        return written

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the contact: is the file in its field?"""
        ref = ctx.catalog.field("contact", item.row.payload["field"])
        held = self._read(ctx, item.parents["contact"], ref.id)
        meant = self._written(item, ref.id)
        key = _key_of(held, meant.hl_id, "", meant.payload)
        return self._written(item, ref.id, url=held[key]["url"]) if key else None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """What we wrote, when the file is still there."""
        return self.read_many(ctx, [entry])[entry.record_key]

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Take the file out of the field: the others are written back."""
        self.delete_many(ctx, [entry])

    def undo_key(self, entry: IdMapRow) -> Hashable:
        """The files of one field go together: two threads would write each other's files back."""
        return self.kind, entry.details["contact"], entry.details["field_id"]

    def read_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> dict[str, Logical | None]:
        """The files of one field, in one request."""
        held = self._read(ctx, entries[0].details["contact"], entries[0].details["field_id"])
        return {e.record_key: dict(e.last_written or {}) if _entry_key(held, e) else None
                for e in entries}  # fmt: skip

    def delete_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> None:
        """Take files of one field out of it in one write."""
        contact, field_id = entries[0].details["contact"], entries[0].details["field_id"]
        with self._lock(contact):
            held = self._read(ctx, contact, field_id)
            gone = {_entry_key(held, entry) for entry in entries}
            if gone & held.keys():
                rest = {key: value for key, value in held.items() if key not in gone}
                self._put(ctx, contact, field_id, rest)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every file in a FILE_UPLOAD field of a contact."""
        fields = {r.id: r for r in ctx.catalog.of_target("contact") if r.data_type == "FILE_UPLOAD"}
        for record in ctx.hl.contacts.completing().every(frozenset({"customFields"})):
            yield from files_of(ctx, self.kind, record, fields)

    def _read(self, ctx: Context, contact_id: str, field_id: str) -> dict[str, Any]:
        try:
            return _held(ctx.hl.contacts.get(contact_id), field_id)
        except NotFound:
            return {}

    def _put(self, ctx: Context, contact_id: str, field_id: str, files: dict[str, Any]) -> None:
        value = CustomFieldValue(id=field_id, field_value=files or NULL)
        ctx.hl.contacts.update(contact_id, ContactUpdate(custom_fields=[value]))

    def _written(self, item: Item, field_id: str, hl_id: str = "", url: str = "") -> Written:
        payload = item.row.payload
        logical = {name: payload.get(name) for name in ("field", "file_name", "size_bytes")}
        details = {"contact": item.parents["contact"], "field_id": field_id, "url": url}
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
            by_id = {file.file_id: done for file, done in zip(distinct, answered, strict=True)}
            return [
                self._uploaded(item, file, by_id[file.file_id])
                for item, file in ((item, stands_for[item.row.record_key]) for item in items)
            ]

    def _uploaded(self, item: Item, file: FieldFile, uploaded: Uploaded) -> Written:
        payload = item.row.payload
        details = {
            "field": payload["field"],
            "url": uploaded.url,
            "name": file.name,
            "content_type": file.content_type or uploaded.meta.get("mimetype"),
            "size_bytes": file.path.stat().st_size,
            "file_id": file.file_id,
            **_sent_as(item, file),
        }
        return Written(file.file_id, {"field": payload["field"]}, details)

    def find(self, ctx: Context, item: Item) -> Written | None:
        """An upload cannot be looked up; it is sent again."""
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """What we uploaded; it lives as long as its opportunity's value names it."""
        return dict(entry.last_written or {})

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Nothing to do: the file goes with the opportunity that names it (no API deletes it)."""

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every file in a FILE_UPLOAD field of an opportunity."""
        refs = ctx.catalog.of_target("opportunity")
        fields = {r.id: r for r in refs if r.data_type == "FILE_UPLOAD"}
        for record in ctx.hl.opportunities.iterate_all():
            yield from files_of(ctx, self.kind, record, fields)


def files_of(
    ctx: Context, kind: str, record: Contact | Opportunity, fields: dict[str, Any]
) -> Iterator[Found]:
    """The files a contact or opportunity holds, by the field they are in.

    Args:
        ctx: the account; its journal tells which file is ours where HighLevel shows no id.
        kind: contact_file or opportunity_file.
        record: the record as read.
        fields: the FILE_UPLOAD fields, by id.
    """
    for cell in record["customFields"]:
        ref = fields.get(cell["id"])
        if ref is None:
            continue
        for file in ref.decode(cell["value"]) or []:
            logical = {"field": ref.label, "file_name": file.get("name")}
            logical["size_bytes"] = file.get("size")
            held = {"record": record["id"], "url": file.get("url")}
            hl_id = str(file.get("uuid") or "") or _ours(ctx, kind, record["id"], file)
            yield Found(kind, "file", hl_id or str(file.get("url")), logical, "", held)


def _ours(ctx: Context, kind: str, record_id: str, file: dict[str, Any]) -> str:
    """The id of a file of ours that HighLevel shows without one; empty when it is not ours."""
    for entry in ctx.journal.iterate_entries(ctx.location, kind=kind):
        if entry.details.get("url") and entry.details["url"] == file.get("url"):
            return entry.hl_id
        here = entry.details.get("contact") == record_id
        if here and _alike(_as_sent(entry), file.get("name"), file.get("size")):
            return entry.hl_id
    return ""


def _as_sent(entry: IdMapRow) -> dict[str, Any]:
    """What we wrote of a file, under the name it was sent with."""
    written = entry.last_written or {}
    sent_as = entry.details.get("sent_as")
    return {**written, "file_name": sent_as} if sent_as else written


def _alike(written: dict[str, Any], name: Any, size: Any) -> bool:
    """Whether a file without an id is the one we wrote: same name and size."""
    return bool(name) and (written.get("file_name"), written.get("size_bytes")) == (name, size)


def _file_value(file: FieldFile, done: Uploaded) -> FileValue:
    """An uploaded file as a FILE_UPLOAD value names it."""
    return {
        "url": done.url,
        "name": str(file.name or file.path.name),
        "mimetype": file.content_type or str(done.meta.get("mimetype") or ""),
        "size": file.path.stat().st_size,
        "uuid": file.file_id,
    }


def _entry_key(held: dict[str, Any], entry: IdMapRow) -> str:
    return _key_of(held, entry.hl_id, entry.details.get("url") or "", _as_sent(entry))


def _key_of(held: dict[str, Any], hl_id: str, url: str, written: dict[str, Any]) -> str:
    """Under which key a field holds a file of ours: its id, else its address, else its looks."""
    if hl_id in held:
        return hl_id
    for key, file in held.items():
        meta = file.get("meta") or {}
        if url and file.get("url") == url:
            return key
        if key == made_up_id(str(file.get("url"))) and _alike(
            written, meta.get("originalname"), whole_number(meta.get("size"))
        ):
            return key
    return ""


def _held(record: Contact, field_id: str) -> dict[str, Any]:
    """What a contact's FILE_UPLOAD field holds, by id, as it is written again."""
    for cell in record["customFields"]:
        if cell["id"] == field_id:
            return held_files(cell["value"])
    return {}
