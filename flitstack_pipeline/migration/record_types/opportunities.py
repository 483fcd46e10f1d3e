"""Opportunities: one request each, files inline, because later these cannot change.

Facts: docs/highlevel.md#opportunities, #files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flitstack_pipeline.highlevel.answer_types import Opportunity
from flitstack_pipeline.highlevel.api.opportunities import OpportunityCreate, OpportunityUpdate
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
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

TARGET = "opportunity"
PAGE = 100


class OpportunityHandler(Handler):
    """`opportunity` rows; their target is the pipeline's name."""

    kind = "opportunity"
    endpoint = "POST /opportunities/"
    fixed_to = "its API cannot move an opportunity to another contact"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create one opportunity with stage, status, value, owner, custom fields and files."""
        item = only(items)
        payload = self.intended(ctx, item)
        body = self._body(ctx, item.row.target, payload["fields"])
        custom = {**payload["custom"], **file_values(item)}
        body["customFields"] = encode_v1(ctx, TARGET, custom) or None
        body["assignedTo"] = ctx.catalog.user(payload.get("owner"))
        body["pipelineId"] = ctx.catalog.pipeline(item.row.target).id
        body["contactId"] = item.parents["contact"]
        body.setdefault("status", "open")
        record = ctx.hl.opportunities.create(OpportunityCreate(**body))
        return [Written(record["id"], payload, self._details(item))]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload as it can be written."""
        payload = item.row.payload
        custom = with_source_id(ctx, TARGET, item.row, payload.get("custom", {}))
        intended: Logical = {"fields": dict(payload.get("fields", {})), "custom": custom}
        if ctx.catalog.user(payload.get("owner")):
            intended["owner"] = payload["owner"]
        return intended

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Find the opportunity that carries our source key."""
        ref = ctx.catalog.field(TARGET, SOURCE_ID_LABEL)
        for record in ctx.hl.opportunities.find_by_custom_field(ref.id, item.row.source_id):
            if logical(ctx, record)["custom"].get(SOURCE_ID_LABEL) == item.row.source_id:
                return Written(record["id"], self.intended(ctx, item), self._details(item))
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The opportunity as it is now."""
        try:
            return logical(ctx, ctx.hl.opportunities.get(entry.hl_id))
        except NotFound:
            return None

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write changed values; its contact and its files cannot be changed."""
        body = self._body(ctx, entry.target, payload.get("fields", {}))
        custom = {**payload.get("custom", {}), **dict.fromkeys(clear.get("custom", {}))}
        body["customFields"] = encode_v1(ctx, TARGET, custom) or None
        emptied = [k for k in clear.get("fields", {}) if k == "monetaryValue"]
        if "owner" in payload:
            body["assignedTo"] = owner_id(ctx, payload["owner"])
        elif "owner" in clear:
            emptied.append("assignedTo")
        ctx.hl.opportunities.update(entry.hl_id, OpportunityUpdate(**body), clear=emptied)

    def parent_now(self, ctx: Context, entry: IdMapRow, role: str) -> str | None:
        """The contact that the opportunity has now."""
        try:
            found = ctx.hl.opportunities.get(entry.hl_id).get(f"{role}Id")
        except NotFound:
            return None
        return str(found) if found else None

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the opportunity."""
        ctx.hl.opportunities.delete(entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every opportunity of the pipeline `target`; of all pipelines when it is empty."""
        for record, values in every_opportunity(ctx):
            pipeline, _ = ctx.catalog.stage_name(record.get("pipelineStageId"))
            if target and pipeline != target:
                continue
            yield self._found(pipeline, record, values)

    def scan_rows(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every opportunity with its source key; what rows of ours leave out is not asked for."""
        rows = ctx.hl.opportunities.iterate_rows()
        while page := list(itertools.islice(rows, PAGE)):
            ours = ctx.journal.known_ids(ctx.location, self.kind, [row["id"] for row in page])
            others = [row for row in page if row["id"] not in ours]
            known = [row for row in page if row["id"] in ours]
            for record in [*known, *ctx.hl.opportunities.complete(others)]:
                pipeline, _ = ctx.catalog.stage_name(record.get("pipelineStageId"))
                yield self._found(pipeline, record, logical(ctx, record))

    def _found(self, pipeline: str | None, record: Opportunity, values: Logical) -> Found:
        source_id = str(values["custom"].get(SOURCE_ID_LABEL) or "")
        details = {
            "contact": record.get("contactId"),
            "pipeline_id": record.get("pipelineId"),
            MISSING: record["missing"],
        }
        return Found(self.kind, pipeline or "", record["id"], values, source_id, details)

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the opportunity can be read by its id."""
        return can_be_read(lambda: ctx.hl.opportunities.get(seen.hl_id))

    def _body(self, ctx: Context, pipeline: str, fields: Logical) -> dict[str, Any]:
        body = {k: v for k, v in fields.items() if k != "stage"}
        if fields.get("stage"):
            body["pipelineStageId"] = ctx.catalog.stage(pipeline, fields["stage"])
        return body

    def _details(self, item: Item) -> dict[str, Any]:
        return {"contact": item.parents.get("contact"), "files": item.files}


def file_values(item: Item) -> Logical:
    """FILE_UPLOAD values by field label, from files uploaded before."""
    values: Logical = {}
    seen: set[tuple[str, str]] = set()
    for file in item.files:
        if (file["field"], file["file_id"]) in seen:
            continue  # the same content twice: a photo of the job and of its work order
        seen.add((file["field"], file["file_id"]))
        values.setdefault(file["field"], []).append(
            {
                "url": file["url"],
                "name": file["name"],
                "mimetype": file["content_type"],
                "size": file["size_bytes"],
                "uuid": file["file_id"],
            }
        )
    return values


def every_opportunity(ctx: Context) -> Iterator[tuple[Opportunity, Logical]]:
    """Every opportunity whole, with its values; what we wrote and a row lacks is read by id."""
    rows = ctx.hl.opportunities.iterate_all()
    return confirmed(ctx, TARGET, rows, lambda o: logical(ctx, o), ctx.hl.opportunities.get)


def logical(ctx: Context, record: Opportunity) -> Logical:
    """An opportunity as read, in the payload's form."""
    _, stage = ctx.catalog.stage_name(record.get("pipelineStageId"))
    held: Mapping[str, Any] = record
    fields: Logical = {k: held[k] for k in ("name", "status") if held.get(k)}
    if record.get("monetaryValue") is not None:
        fields["monetaryValue"] = str(record["monetaryValue"])
    if stage:
        fields["stage"] = stage
    values: Logical = {
        "fields": fields,
        "custom": decode_v1(ctx, TARGET, record["customFields"]),
    }
    owner = ctx.catalog.user_key(record.get("assignedTo")) or record.get("assignedTo")
    if owner:
        values["owner"] = owner
    return values
