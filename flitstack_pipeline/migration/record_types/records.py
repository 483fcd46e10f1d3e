"""Records of custom objects (docs/highlevel.md#records): values by label, written as properties."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flitstack_pipeline.highlevel.answer_types import Link, ObjectRecord
from flitstack_pipeline.highlevel.api.records import Membership, RecordCreate, RecordUpdate
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
    decode_v2,
    encode_v2,
    only,
    owner_id,
    with_source_id,
)
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

PAGE, IN_FLIGHT = 100, 8


class RecordHandler(Handler):
    """`record` rows; their target is the object's key, such as `custom_objects.invoice`."""

    kind = "record"
    endpoint = "POST /objects/{schemaKey}/records"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create one record."""
        item = only(items)
        target, payload = item.row.target, self.intended(ctx, item)
        owner = ctx.catalog.user(payload.get("owner"))
        body = RecordCreate(
            properties=encode_v2(ctx, target, payload["fields"]),
            owners=[owner] if owner else None,
            followers=None,
        )
        record = ctx.hl.records.create(target, body)
        return [Written(record["id"], payload)]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload as it can be written."""
        row = item.row
        fields = with_source_id(ctx, row.target, row, row.payload.get("fields", {}))
        intended: Logical = {"fields": fields}
        if ctx.catalog.user(row.payload.get("owner")):
            intended["owner"] = row.payload["owner"]
        return intended

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Find the record that carries our source key."""
        target = item.row.target
        ref = ctx.catalog.field(target, SOURCE_ID_LABEL)
        for record in ctx.hl.records.find_by_property(target, ref.key, item.row.source_id):
            if logical(ctx, target, record)["fields"].get(SOURCE_ID_LABEL) == item.row.source_id:
                return Written(record["id"], self.intended(ctx, item))
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The record as it is now."""
        try:
            return logical(ctx, entry.target, ctx.hl.records.get(entry.target, entry.hl_id))
        except NotFound:
            return None

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write changed values; several options are replaced, not added to."""
        properties = self._properties(ctx, entry, payload.get("fields", {}))
        for label in clear.get("fields", {}):
            properties[ctx.catalog.field(entry.target, label).key] = None
        body = RecordUpdate(properties=properties, owners=self._owners(ctx, entry, payload, clear))
        ctx.hl.records.update(entry.target, entry.hl_id, body)

    def _properties(self, ctx: Context, entry: IdMapRow, values: Logical) -> dict[str, Any]:
        before = (entry.last_written or {}).get("fields", {})
        properties = {}
        for label, value in values.items():
            ref = ctx.catalog.field(entry.target, label)
            current = before.get(label)
            properties[ref.key] = ref.encode(value, current if isinstance(current, list) else None)
        return properties

    def _owners(
        self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical
    ) -> Membership | None:
        old = owner_id(ctx, (entry.last_written or {}).get("owner"))
        new = owner_id(ctx, payload.get("owner"))
        if not new and "owner" not in clear:
            return None
        gone = [old] if old and old != new else None
        return Membership(add=[new] if new else None, remove=gone)

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the record."""
        ctx.hl.records.delete(entry.target, entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every record of the object `target`; `details` holds its relations."""
        rows = ctx.hl.records.iterate_all(target)
        while page := list(itertools.islice(rows, PAGE)):
            yield from (
                self._found(ctx, target, record) for record in with_links(ctx, target, page)
            )

    def scan_rows(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every record of the object `target`, without looking for links its row does not show."""
        for record in ctx.hl.records.iterate_all(target):
            yield self._found(ctx, target, record)

    def _found(self, ctx: Context, target: str, record: ObjectRecord) -> Found:
        values = logical(ctx, target, record)
        source_id = str(values["fields"].get(SOURCE_ID_LABEL) or "")
        details = {
            "relations": record["relations"],
            MISSING: record["missing"],
            "created": record["createdAt"],
        }
        return Found(self.kind, target, record["id"], values, source_id, details)

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the record can be read by its id."""
        return can_be_read(lambda: ctx.hl.records.get(seen.target, seen.hl_id))


def with_links(ctx: Context, target: str, records: Sequence[ObjectRecord]) -> list[ObjectRecord]:
    """Records with their links; where rows do not show any, they are asked for one by one.

    Rows of searches may leave links out (live: L16). Nothing is asked of an object that no
    association joins, nor of a row that shows an empty list where others of the page show links.

    Args:
        ctx: the account and its associations.
        target: the object the records are of.
        records: a page of them, as read.
    """
    joined = any(target in (a.first, a.second) for a in ctx.catalog.associations.values())
    left = [r for r in records if "relations" in r["missing"]]
    if len(left) < len(records):
        left = [r for r in left if not r["has_relations"]]
    if not joined or not left:
        return list(records)
    with ThreadPoolExecutor(min(IN_FLIGHT, len(left))) as pool:
        found = dict(
            zip(
                (r["id"] for r in left), pool.map(lambda r: _links(ctx, r["id"]), left), strict=True
            )
        )
    return [{**r, "relations": found.get(r["id"], r["relations"])} for r in records]


def _links(ctx: Context, record_id: str) -> list[Link]:
    """The links of one record, in the form its search row would show them."""
    try:
        relations = ctx.hl.associations.list_relations(record_id)
    except NotFound:
        return []
    return [
        {
            "relationId": relation["id"],
            "associationId": relation["associationId"],
            "recordId": relation["secondRecordId"]
            if relation["firstRecordId"] == record_id
            else relation["firstRecordId"],
            "objectKey": None,
        }
        for relation in relations
    ]


def logical(ctx: Context, target: str, record: ObjectRecord) -> Logical:
    """A record as read, in the payload's form."""
    fields, _ = decode_v2(ctx, target, record["properties"])
    values: Logical = {"fields": fields}
    owner = next(iter(record["owners"]), None)
    if owner:
        values["owner"] = ctx.catalog.user_key(owner) or owner
    return values
