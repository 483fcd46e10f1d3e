"""Contacts (docs/highlevel.md#contacts): one request each, everything inline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flitstack_pipeline.catalog.targets import ORIGINALS
from flitstack_pipeline.highlevel.answer_types import Contact
from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    MISSING,
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    can_be_read,
    decode_v1,
    encode_v1,
    only,
    owner_id,
    with_source_id,
)
from flitstack_pipeline.migration.record_types.confirmed import confirmed
from flitstack_pipeline.migration.record_types.opt_outs import opt_out_body, read_opt_outs
from flitstack_pipeline.migration.refused_values import with_line
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

FIELDS = (
    "firstName", "lastName", "name", "email", "phone", "address1", "city", "state", "postalCode",
    "country", "website", "companyName", "source", "tags", "dateOfBirth",
)  # fmt: skip
#: What a contact is recognised by (duplicates.py): rows need not tell more.
RECOGNISED_BY = frozenset({"customFields", "email", "phone"})
NOT_IN_UPDATE = frozenset({"companyName", "gender"})


class ContactHandler(Handler):
    """`contact` rows."""

    kind = "contact"
    endpoint = "POST /contacts/"
    create_only = NOT_IN_UPDATE

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """HighLevel itself refuses the second one when it has an e-mail or a phone."""
        fields = {k: v for k, v in item.row.payload.get("fields", {}).items() if v}
        named = {"email", "phone"} & fields.keys() - set(item.left_out)
        return ctx.catalog.refuses_duplicate_contacts and bool(named)

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create one contact."""
        item = only(items)
        payload = self.intended(ctx, item)
        body: dict[str, Any] = dict(payload["fields"])
        body["customFields"] = encode_v1(ctx, "contact", payload["custom"]) or None
        body["assignedTo"] = ctx.catalog.user(payload.get("owner"))
        if payload.get("dnd"):  # in the same request: no moment without the opt-out
            body |= opt_out_body(ctx.hl.client.connection.version, payload["dnd"])
        record = ctx.hl.contacts.create(ContactCreate(**body))
        return [Written(record["id"], payload)]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload as it can be written: owners nobody matched and fields left out are gone."""
        payload = item.row.payload
        fields = payload.get("fields", {})
        kept = {k: v for k, v in fields.items() if k not in item.left_out}
        custom = with_source_id(ctx, "contact", item.row, payload.get("custom", {}))
        if item.left_out and ctx.catalog.has_field("contact", ORIGINALS):
            for name in item.left_out:
                custom[ORIGINALS] = with_line(custom.get(ORIGINALS), name, fields.get(name))
        intended: Logical = {"fields": kept, "custom": custom}
        if payload.get("dnd"):
            intended["dnd"] = dict(payload["dnd"])
        if ctx.catalog.user(payload.get("owner")):
            intended["owner"] = payload["owner"]
        return intended

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Find the contact that carries our source key."""
        ref = ctx.catalog.field("contact", SOURCE_ID_LABEL)
        for record in ctx.hl.contacts.find_by_custom_field(ref.id, item.row.source_id):
            if logical(ctx, record)["custom"].get(SOURCE_ID_LABEL) == item.row.source_id:
                return Written(record["id"], self.intended(ctx, item))
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The contact as it is now."""
        try:
            return logical(ctx, ctx.hl.contacts.get(entry.hl_id))
        except NotFound:
            return None

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write changed values; a field named in `clear` is emptied."""
        fields = {k: v for k, v in payload.get("fields", {}).items() if k not in NOT_IN_UPDATE}
        custom = {**payload.get("custom", {}), **dict.fromkeys(clear.get("custom", {}))}
        emptied = [k for k in clear.get("fields", {}) if k not in NOT_IN_UPDATE and k != "tags"]
        body: dict[str, Any] = dict(fields)
        if "tags" in clear.get("fields", {}):
            body["tags"] = []
        if "owner" in payload:
            body["assignedTo"] = owner_id(ctx, payload["owner"])
        elif "owner" in clear:
            emptied.append("assignedTo")
        body["customFields"] = encode_v1(ctx, "contact", custom) or None
        if payload.get("dnd") or clear.get("dnd"):
            held = ctx.hl.contacts.get(entry.hl_id)
            version = ctx.hl.client.connection.version
            body |= opt_out_body(version, payload.get("dnd", ()), clear.get("dnd", ()), held)
        model = ContactUpdate(**body)
        ctx.hl.contacts.update(entry.hl_id, model, clear=emptied)

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the contact."""
        ctx.hl.contacts.delete(entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every contact, whole; `details` holds the company it is linked to."""
        for record, values in every_contact(ctx):
            yield self._found(ctx, record, values)

    def scan_rows(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every contact with its source key, e-mail and phone; the rest as far as rows tell it."""
        for record in ctx.hl.contacts.completing().every(RECOGNISED_BY):
            yield self._found(ctx, record, logical(ctx, record))

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the contact can be read by its id."""
        return can_be_read(lambda: ctx.hl.contacts.get(seen.hl_id))

    def _found(self, ctx: Context, record: Contact, values: Logical) -> Found:
        source_id = str(values["custom"].get(SOURCE_ID_LABEL) or "")
        details = {
            "business_id": record.get("businessId"),
            "created": record.get("dateAdded"),
            MISSING: record["missing"],
        }
        return Found(self.kind, "contact", record["id"], values, source_id, details)


def every_contact(ctx: Context) -> Iterator[tuple[Contact, Logical]]:
    """Every contact whole, with its values; what we wrote and a row lacks is read by id."""
    rows = ctx.hl.contacts.iterate_all()
    return confirmed(ctx, "contact", rows, lambda c: logical(ctx, c), ctx.hl.contacts.get)


def logical(ctx: Context, record: Contact) -> Logical:
    """A contact as read, in the payload's form."""
    held: Mapping[str, Any] = record
    fields = {name: held[name] for name in FIELDS if held.get(name) not in (None, "", [])}
    values: Logical = {
        "fields": fields,
        "custom": decode_v1(ctx, "contact", record["customFields"]),
    }
    opt_outs = read_opt_outs(record)
    if opt_outs:
        values["dnd"] = opt_outs
    owner = ctx.catalog.user_key(record.get("assignedTo")) or record.get("assignedTo")
    if owner:
        values["owner"] = owner
    if record.get("businessId"):
        values["company"] = record["businessId"]  # what a company link of ours replaces
    return values
