"""Relations between records: one request each; a duplicate is a success.

Facts: docs/highlevel.md#associations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flitstack_pipeline.highlevel.api.associations import RelationCreate
from flitstack_pipeline.highlevel.errors import DuplicateRelation, NotFound
from flitstack_pipeline.migration.account_schema import AssociationRef
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
from flitstack_pipeline.migration.record_types.companies import BUSINESS, CompanyHandler
from flitstack_pipeline.migration.record_types.records import RecordHandler


class RelationHandler(Handler):
    """`relation` rows; their target is the association's key."""

    kind = "relation"
    endpoint = "POST /associations/relations"
    editable = False
    read_before_undo = False

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """HighLevel refuses the second one."""
        return True

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Link two records; when they are linked already, take that link."""
        item = only(items)
        association = ctx.catalog.association(item.row.target)
        body = RelationCreate(
            association_id=association.id,
            first_record_id=item.parents["first"],
            second_record_id=item.parents["second"],
        )
        try:
            record = ctx.hl.associations.create_relation(body)
        except DuplicateRelation:
            found = self.find(ctx, item)
            if found is None:
                raise
            if item.attempt == 1:  # not the echo of a lost answer: it was there before us
                found = replace(found, details={**found.details, "existed": True})
            return [found]
        return [self._written(item, record["id"])]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the links of one of the two records (not through the search)."""
        association = ctx.catalog.association(item.row.target)
        wanted = {item.parents["first"], item.parents["second"]}
        side = item.parents["second"]
        for relation in ctx.hl.associations.list_relations(side, [association.id]):
            ends = {relation.get("firstRecordId"), relation.get("secondRecordId")}
            if ends == wanted and relation.get("associationId") in (None, association.id):
                return self._written(item, relation["id"])
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The two records, or None when they are no longer linked."""
        association = ctx.catalog.associations.get(entry.target)
        if association is None:
            return None
        try:
            found = ctx.hl.associations.list_relations(entry.details["second"], [association.id])
        except NotFound:
            return None
        linked = any(relation["id"] == entry.hl_id for relation in found)
        return {k: entry.details[k] for k in ("first", "second")} if linked else None

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Unlink the two records."""
        ctx.hl.associations.delete_relation(entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every relation of one association, from the pages of its custom object's records."""
        association = ctx.catalog.associations.get(target)
        if association is None:
            return
        side = _searchable_side(association)
        seen: set[str] = set()
        handler = CompanyHandler() if side == BUSINESS else RecordHandler()
        for record in handler.scan(ctx, side):
            for link in record.details["relations"]:
                if link.get("associationId") != association.id or link["relationId"] in seen:
                    continue
                seen.add(link["relationId"])
                yield relation_found(association, side, record.hl_id, link)

    def _written(self, item: Item, relation_id: str) -> Written:
        ends = {"first": item.parents["first"], "second": item.parents["second"]}
        return Written(relation_id, dict(ends), dict(ends))


def _searchable_side(association: AssociationRef) -> str:
    """The object of an association whose records can be searched with their relations."""
    for key in (association.second, association.first):
        if key.startswith("custom_objects.") or key == "business":
            return key
    raise ValueError(f"association {association.key} joins no custom object: it cannot be read")


def relation_found(
    association: AssociationRef, side: str, record_id: str, link: dict[str, str]
) -> Found:
    """A relation as one of its records shows it."""
    ends = {"first": link["recordId"], "second": record_id}
    if side != association.second:
        ends = {"first": record_id, "second": link["recordId"]}
    return Found("relation", association.key, link["relationId"], dict(ends), "", dict(ends))
