"""Takes away the schema we provisioned, where the API can and nothing foreign hangs on it.

What belongs here: fields, folders, associations, pipeline, products, tags. What does not: records
(rollback/execute.py). Deleting a pipeline deletes every opportunity in it
(docs/highlevel.md#pipelines), so it goes only when it is empty; custom objects go on the checklist
(docs/highlevel.md#objects).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.errors import HighLevelError, Unauthorized
from flitstack_pipeline.migration import snapshot
from flitstack_pipeline.migration.adoption import ADOPTED_TAGS
from flitstack_pipeline.migration.attempts import attempt
from flitstack_pipeline.migration.journal.history import created_payloads, taken_away
from flitstack_pipeline.migration.journal.store import Intent
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rollback.options import take_options_back
from flitstack_pipeline.migration.rollback.result import RollbackResult
from flitstack_pipeline.migration.rollback.survey import Survey

ENDPOINTS = {
    "price": "DELETE /products/{productId}/price/{priceId}",
    "product": "DELETE /products/{productId}",
    "association": "DELETE /associations/{associationId}",
    "pipeline": "DELETE /opportunities/pipelines/{pipelineId}",
    "tag": "DELETE /locations/{locationId}/tags/{tagId}",
    "field_v1": "DELETE /locations/{locationId}/customFields/{id}",
    "field_v2": "DELETE /custom-fields/{id}",
    "folder": "DELETE /custom-fields/folder/{id}",
    "marker": "DELETE /locations/{locationId}/customValues/{id}",
}
ORDER = tuple(ENDPOINTS)


def remove_schema(ctx: Context, seen: Survey, result: RollbackResult) -> None:
    """Delete what provisioning created; what must stay is told in `result.checklist`."""
    take_options_back(ctx, result)
    items = ctx.journal.schema_items(ctx.location)
    for kind in ORDER:
        for item in reversed([i for i in items if i["kind"] == kind]):
            if item["origin"] == "created":
                _remove(ctx, seen, result, item)
            else:
                ctx.journal.forget_schema_item(ctx.location, item["item_key"])
    for item in items:
        if item["kind"] == "object" and item["origin"] == "created":
            result.checklist.append(
                f"Custom object {item['item_key'].split(':', 1)[1]}: empty now, but the API cannot "
                "delete objects. Settings → Objects → Delete."
            )
    for tag in _tags_of_our_writes(ctx, seen):
        _remove(ctx, seen, result, tag)


def _tags_of_our_writes(ctx: Context, seen: Survey) -> list[dict[str, Any]]:
    """Unused tags HighLevel made when a contact named them (docs/highlevel.md#sub-account)."""
    then = snapshot.before(ctx.hl, ctx.journal)
    if then is None:
        return []
    now = {str(t["name"]).lower(): str(t["id"]) for t in ctx.hl.locations.list_tags()}
    new = now.keys() - {name.lower() for name in then["tags"]} - seen.used_tags
    if not new:
        return []
    written = set(ctx.journal.get_setting(f"{ADOPTED_TAGS}:{ctx.location}", []))
    for payload in created_payloads(ctx.journal, ctx.location, "contact"):
        written |= {str(tag).lower() for tag in payload.get("fields", {}).get("tags") or ()}
    return [
        {"item_key": f"tag:{name}", "kind": "tag", "hl_id": now[name], "details": {}}
        for name in sorted(new & written)
    ]


def _remove(ctx: Context, seen: Survey, result: RollbackResult, item: dict[str, Any]) -> None:
    reason = _must_stay(ctx, seen, item)
    if reason:
        result.checklist.append(f"{item['item_key']} stays: {reason}")
        return
    intent = Intent.for_schema(
        item["item_key"], run=ctx.run, kind=item["kind"], operation="unprovision",
        endpoint=ENDPOINTS[item["kind"]], request={"hl_id": item["hl_id"]},
    )  # fmt: skip

    def asked() -> None:
        result.requests += 1

    try:
        done = attempt(
            ctx.journal, ctx.hl.client, intent, lambda: _delete(ctx, item),
            attempts=ctx.options.attempts, absent_is_done=True, asked=asked,
        )  # fmt: skip
    except (HighLevelError, ValueError) as error:
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise
        result.not_taken_back(item, error)
        return
    ctx.journal.conclude([replace(done.outcome, hl_id=item["hl_id"])])
    ctx.journal.forget_schema_item(ctx.location, item["item_key"])
    result.schema_removed.append(item["item_key"])


def _must_stay(ctx: Context, seen: Survey, item: dict[str, Any]) -> str:
    """Why an item must not be deleted; empty when it may."""
    kind, name = item["kind"], item["item_key"].split(":", 1)[1]
    if kind == "pipeline":
        handler = HANDLERS["opportunity"]
        deleted = taken_away(ctx.journal, ctx.location, handler.kind)
        for shown in handler.scan(ctx, ""):
            if shown.details["pipeline_id"] != item["hl_id"]:
                continue
            if shown.hl_id not in deleted or handler.is_there(ctx, shown):
                return "it holds opportunities that are not ours; deleting it would delete them"
    if kind == "association" and seen.foreign["association", item["hl_id"]]:
        return "it holds links that are not ours; deleting it would delete them"
    if kind == "tag" and name.lower() in seen.used_tags:
        return "contacts that are not ours carry it"
    if kind in ("field_v1", "field_v2"):
        target, _, label = name.partition(":")
        if (target, label.casefold()) in seen.used_fields:
            return "records that are not ours have values in it; deleting it would delete them"
    return ""


def _delete(ctx: Context, item: dict[str, Any]) -> None:
    hl, hl_id, kind = ctx.hl, item["hl_id"], item["kind"]
    if kind == "price":
        hl.products.delete_price(item["details"]["product_id"], hl_id)
    elif kind == "product":
        hl.products.delete(hl_id)
    elif kind == "association":
        hl.associations.delete(hl_id)
    elif kind == "pipeline":
        hl.pipelines.delete(hl_id)
    elif kind == "tag":
        hl.locations.delete_tag(hl_id)
    elif kind == "field_v1":
        hl.custom_fields.v1.delete(hl_id)
    elif kind == "field_v2":
        hl.custom_fields.v2.delete(hl_id)
    elif kind == "marker":
        hl.locations.delete_custom_value(hl_id)
    else:
        hl.custom_fields.v2.delete_folder(hl_id)
