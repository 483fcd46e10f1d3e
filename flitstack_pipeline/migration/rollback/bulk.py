"""The cheap ways: one request that takes many records of ours, when everything in it is ours.

Deleting an association deletes its relations, deleting a pipeline its opportunities
(docs/highlevel.md#associations, #pipelines). What belongs here: deciding whether that is safe,
doing it, noting every record. What does not: schema that holds no records (rollback/schema.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    Forbidden,
    Unauthorized,
    ValidationRejected,
)
from flitstack_pipeline.migration.attempts import attempt
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent
from flitstack_pipeline.migration.rollback.records import PAGE, Undo
from flitstack_pipeline.migration.rollback.survey import survey

ENDPOINTS = {
    "association": "DELETE /associations/{associationId}",
    "pipeline": "DELETE /opportunities/pipelines/{pipelineId}",
}


def whole_associations(undo: Undo) -> None:
    """Delete the associations we made and whose relations are all ours to undo."""
    if undo.seen.edited_ids:
        return  # a link between two records that stay must stay
    for item in _made(undo, "association"):
        if not undo.seen.foreign["association", item["hl_id"]]:
            _take(undo, item, "relation", undo.ctx.hl.associations.delete)


def whole_pipelines(undo: Undo) -> None:
    """Delete the pipelines we made and whose opportunities are all ours and as we wrote them."""
    if not _made(undo, "pipeline"):
        return
    now = undo.seen if undo.dry_run else survey(undo.ctx, undo.scope, only=("opportunity",))
    edited = {key for key in now.edited if key.startswith("opportunity:")}
    if not edited:
        for item in _made(undo, "pipeline"):
            if not now.foreign["pipeline", item["hl_id"]]:
                _take(undo, item, "opportunity", undo.ctx.hl.pipelines.delete)


def _made(undo: Undo, kind: str) -> list[dict[str, Any]]:
    if not undo.scope.everything:
        return []
    items = undo.ctx.journal.schema_items(undo.ctx.location)
    return [item for item in items if item["kind"] == kind and item["origin"] == "created"]


def _take(undo: Undo, item: dict[str, Any], kind: str, delete: Callable[[str], None]) -> None:
    """Delete the container; note every record of ours that went with it."""
    ctx, name = undo.ctx, item["item_key"].split(":", 1)[1]
    entries = [
        e for e in ctx.journal.iterate_entries(ctx.location, kind=kind, newest_first=True)
        if e.target.casefold() == name.casefold() and not e.details.get("existed")
    ]  # fmt: skip
    if not entries or any(e.origin != "created" for e in entries):
        return
    if not undo.dry_run and not _deleted(undo, item, delete):
        return
    undo.tally.result.bulk.append(f"{item['kind']} {name}: {len(entries)} {kind} records at once")
    for start in range(0, len(entries), PAGE):
        _forget(undo, entries[start : start + PAGE], f"with the {item['kind']} {name}")
    if not undo.dry_run:
        ctx.journal.forget_schema_item(ctx.location, item["item_key"])
        undo.tally.result.schema_removed.append(item["item_key"])


def _forget(undo: Undo, entries: list[IdMapRow], why: str) -> None:
    for entry in entries:
        undo.mark_deleted(entry)
    undo.forget(entries, why)


def _deleted(undo: Undo, item: dict[str, Any], delete: Callable[[str], None]) -> bool:
    """Whether the container is gone; False when HighLevel refuses it: then one by one."""
    ctx = undo.ctx
    intent = Intent.for_schema(
        item["item_key"], run=ctx.run, kind=item["kind"], operation="unprovision",
        endpoint=ENDPOINTS[item["kind"]], request={"hl_id": item["hl_id"]},
    )  # fmt: skip
    try:
        done = attempt(
            ctx.journal, ctx.hl.client, intent, lambda: delete(item["hl_id"]),
            attempts=ctx.options.attempts, absent_is_done=True, asked=undo.tally.requests,
        )  # fmt: skip
    except (AmbiguousOutcome, Unauthorized, Forbidden, BadRequest, ValidationRejected) as error:
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise
        return False
    ctx.journal.conclude([replace(done.outcome, hl_id=item["hl_id"])], wait=True)
    return True
