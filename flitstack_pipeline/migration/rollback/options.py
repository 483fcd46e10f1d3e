"""Takes the options back that provisioning added to somebody else's custom fields.

What belongs here: contact and opportunity fields, whose list of options can be replaced. Options
of an object's field cannot be removed through the API (docs/highlevel.md#object-fields): they go on
the checklist. A field of our own is deleted as a whole (rollback/schema.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.api.custom_fields import FieldUpdateV1
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.migration.account_schema import V1_TARGETS
from flitstack_pipeline.migration.attempts import attempt
from flitstack_pipeline.migration.journal.store import Intent
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rollback.result import RollbackResult

ENDPOINT = "PUT /locations/{locationId}/customFields/{id}"


def take_options_back(ctx: Context, result: RollbackResult) -> None:
    """Remove the options we added, where the field was there before us."""
    items = ctx.journal.schema_items(ctx.location)
    ours = {i["hl_id"] for i in items if i["kind"].startswith("field") and i["origin"] == "created"}
    for item in items:
        if item["kind"] != "options":
            continue
        if item["details"]["field_id"] not in ours:
            _take_back(ctx, result, item)
        ctx.journal.forget_schema_item(ctx.location, item["item_key"])


def _take_back(ctx: Context, result: RollbackResult, item: dict[str, Any]) -> None:
    target, label = item["item_key"].split(":")[1:3]
    added = item["details"]["added"]
    if target not in V1_TARGETS:
        result.checklist.append(
            f"{target} field {label} keeps the options {', '.join(added)}: the API cannot remove "
            "them. Settings → Custom Fields → Edit."
        )
        return
    fields = ctx.hl.custom_fields.v1.list("all")
    field = next((f for f in fields if f["id"] == item["details"]["field_id"]), None)
    if field is None:
        return  # a person deleted it meanwhile
    left = [option for option in field["picklistOptions"] if option not in added]
    intent = Intent.for_schema(
        item["item_key"], run=ctx.run, kind="options", operation="unprovision", endpoint=ENDPOINT,
        request={"hl_id": field["id"], "options": left},
    )  # fmt: skip
    body = FieldUpdateV1(name=field["name"], options=left)
    try:
        done = attempt(
            ctx.journal, ctx.hl.client, intent,
            lambda: ctx.hl.custom_fields.v1.update(field["id"], body),
            attempts=ctx.options.attempts,
        )  # fmt: skip
    except HighLevelError as error:
        result.not_taken_back(item, error)
        return
    ctx.journal.conclude([replace(done.outcome, hl_id=field["id"])])
    result.schema_removed.append(item["item_key"])
