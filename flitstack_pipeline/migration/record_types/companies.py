"""Companies and their links to contacts.

Facts: docs/highlevel.md#companies, #contacts.
A company is written through the records door, which takes standard and custom fields in one
request; contacts are linked up to 50 at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence

from flitstack_pipeline.highlevel.answer_types import ObjectRecord
from flitstack_pipeline.highlevel.api.contacts import BULK_MOST
from flitstack_pipeline.highlevel.api.records import RecordCreate, RecordUpdate
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal.history import owners_of
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    can_be_read,
    decode_v2,
    encode_v2,
    only,
    with_source_id,
)
from flitstack_pipeline.migration.record_types.records import PAGE, with_links
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

BUSINESS = "business"
FIELDS = (
    "name", "phone", "email", "website", "address", "city", "state", "postalcode", "country",
    "description",
)  # fmt: skip


class CompanyHandler(Handler):
    """`company` rows."""

    kind = "company"
    endpoint = "POST /objects/business/records"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create one company."""
        item = only(items)
        payload = self.intended(ctx, item)
        properties = {**payload["fields"], **encode_v2(ctx, BUSINESS, payload["custom"])}
        body = RecordCreate(properties=properties, owners=None, followers=None)
        record = ctx.hl.records.create(BUSINESS, body)
        return [Written(record["id"], payload)]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload with the source key."""
        payload = item.row.payload
        custom = with_source_id(ctx, BUSINESS, item.row, payload.get("custom", {}))
        return {"fields": dict(payload.get("fields", {})), "custom": custom}

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Find the company that carries our source key."""
        ref = ctx.catalog.field(BUSINESS, SOURCE_ID_LABEL)
        for record in ctx.hl.records.find_by_property(BUSINESS, ref.key, item.row.source_id):
            if logical(ctx, record)["custom"].get(SOURCE_ID_LABEL) == item.row.source_id:
                return Written(record["id"], self.intended(ctx, item))
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The company as it is now."""
        try:
            return logical(ctx, ctx.hl.records.get(BUSINESS, entry.hl_id))
        except NotFound:
            return None

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write changed values; those named in `clear` are emptied."""
        properties = {**payload.get("fields", {}), **dict.fromkeys(clear.get("fields", {}))}
        properties |= encode_v2(ctx, BUSINESS, dict.fromkeys(clear.get("custom", {})))
        before = (entry.last_written or {}).get("custom", {})
        for label, value in payload.get("custom", {}).items():
            ref, held = ctx.catalog.field(BUSINESS, label), before.get(label)
            properties[ref.key] = ref.encode(value, held if isinstance(held, list) else None)
        ctx.hl.records.update(BUSINESS, entry.hl_id, RecordUpdate(properties=properties))

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the company; its contacts stay."""
        ctx.hl.records.delete(BUSINESS, entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every company; `details` holds its relations."""
        rows = ctx.hl.records.iterate_all(BUSINESS)
        while page := list(itertools.islice(rows, PAGE)):
            yield from (self._found(ctx, record) for record in with_links(ctx, BUSINESS, page))

    def scan_rows(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every company, without looking for links its row does not show."""
        for record in ctx.hl.records.iterate_all(BUSINESS):
            yield self._found(ctx, record)

    def _found(self, ctx: Context, record: ObjectRecord) -> Found:
        values = logical(ctx, record)
        source_id = str(values["custom"].get(SOURCE_ID_LABEL) or "")
        details = {"relations": record["relations"], "created": record["createdAt"]}
        return Found(self.kind, BUSINESS, record["id"], values, source_id, details)

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the company can be read by its id."""
        return can_be_read(lambda: ctx.hl.records.get(BUSINESS, seen.hl_id))


def logical(ctx: Context, record: ObjectRecord) -> Logical:
    """A company as read, in the payload's form."""
    properties = record["properties"]
    standard = {name: properties[name] for name in FIELDS if properties.get(name)}
    rest = {k: v for k, v in properties.items() if k.rsplit(".", 1)[-1] not in FIELDS}
    custom, _ = decode_v2(ctx, BUSINESS, rest)
    return {"fields": standard, "custom": custom}


class CompanyLinkHandler(Handler):
    """`company_link` rows: the id of a link is its contact's id."""

    kind = "company_link"
    endpoint = "POST /contacts/bulk/business"
    batch_limit = BULK_MOST
    editable = False
    goes_with = "contact"
    deletes_together = True

    def batch_key(self, item: Item) -> Hashable:
        """Contacts of one company go together."""
        return item.parents["company"]

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """Linking twice changes nothing."""
        return True

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Link up to 50 contacts to their company."""
        company = items[0].parents["company"]
        ctx.hl.contacts.bulk_link_business(company, [i.parents["contact"] for i in items])
        return [self._written(item) for item in items]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the contact: is it linked?"""
        try:
            record = ctx.hl.contacts.get(item.parents["contact"])
        except NotFound:
            return None
        linked = record.get("businessId") == item.parents["company"]
        return self._written(item) if linked else None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The company a contact is linked to now; None when to none."""
        try:
            company = ctx.hl.contacts.get(entry.hl_id).get("businessId")
        except NotFound:
            return None
        return {"company": company} if company else None

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Link the contact to another company, or to none."""
        ctx.hl.contacts.bulk_link_business(payload.get("company"), [entry.hl_id])

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Unlink the contact; one that was there before gets its old company back."""
        self.delete_many(ctx, [entry])

    def undo_key(self, entry: IdMapRow) -> Hashable:
        """Contacts go up to fifty at a time."""
        return self.kind

    def delete_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> None:
        """Give every contact the company it had before us, most of them none."""
        contacts = owners_of(ctx.journal, ctx.location, "contact", [e.hl_id for e in entries])
        by_company: dict[str | None, list[str]] = {}
        for entry in entries:
            images = [e.before_image or {} for e in contacts.get(entry.hl_id, [])]
            before = next((i["company"] for i in images if i.get("company")), None)
            by_company.setdefault(before, []).append(entry.hl_id)
        for company, ids in by_company.items():
            for start in range(0, len(ids), BULK_MOST):
                ctx.hl.contacts.bulk_link_business(company, ids[start : start + BULK_MOST])

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every contact that is linked to a company."""
        for record in ctx.hl.contacts.iterate_rows():
            if record.get("businessId"):
                logical_link = {"company": record["businessId"]}
                yield Found(self.kind, "company_link", record["id"], logical_link)

    def _written(self, item: Item) -> Written:
        contact, company = item.parents["contact"], item.parents["company"]
        return Written(contact, {"company": company}, {"contact": contact, "company": company})
