"""Tasks on contacts (reference 2.5): due date and completion are the source's own.

HighLevel sets the day a task is made itself, so the original time, kind and author stand in the
task's text. Found again by the text's last line.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from flitstack_pipeline.highlevel.contacts import TaskCreate, TaskUpdate
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal import Entry
from flitstack_pipeline.migration.kinds.base import (
    Context,
    Found,
    Handler,
    Item,
    Logical,
    Written,
    only,
    owner_id,
)
from flitstack_pipeline.migration.kinds.moments import utc
from flitstack_pipeline.migration.kinds.references import reference, with_reference


class TaskHandler(Handler):
    """`task` rows: fields title, dueDate (ISO 8601) and completed (yes or no), and a body."""

    kind = "task"
    endpoint = "POST /contacts/{contactId}/tasks"
    goes_with = "contact"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Write one task."""
        item = only(items)
        payload = self.intended(ctx, item)
        fields = payload["fields"]
        task = TaskCreate(
            title=fields["title"],
            due_date=fields["dueDate"],
            completed=fields["completed"] == "yes",
            body=payload["body"],
            assigned_to=ctx.catalog.user(payload.get("owner")),
        )
        record = ctx.hl.contacts.create_task(item.parents["contact"], task)
        return [self._written(item, record, payload)]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload with the line by which the task is found again."""
        payload = item.row.payload
        body = with_reference(payload.get("body"), item.row.source_key)
        intended: Logical = {"fields": dict(payload["fields"]), "body": body}
        if ctx.catalog.user(payload.get("owner")):
            intended["owner"] = payload["owner"]
        return intended

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read the contact's tasks: is one ours?"""
        intended = self.intended(ctx, item)
        wanted = reference(intended["body"])
        for record in ctx.hl.contacts.list_tasks(item.parents["contact"]):
            if reference(record.get("body")) == wanted:
                return self._written(item, record, intended)
        return None

    def read(self, ctx: Context, entry: Entry) -> Logical | None:
        """The task as it is now."""
        return self.read_many(ctx, [entry])[entry.record_key]

    def undo_key(self, entry: Entry) -> Hashable:
        """The tasks of one contact are read together."""
        return self.kind, entry.details["contact"]

    def read_many(self, ctx: Context, entries: Sequence[Entry]) -> dict[str, Logical | None]:
        """The tasks of one contact, in one request."""
        try:
            held = ctx.hl.contacts.list_tasks(entries[0].details["contact"])
        except NotFound:
            held = []
        by_id = {record["id"]: _logical(ctx, record) for record in held}
        return {entry.record_key: by_id.get(entry.hl_id) for entry in entries}

    def change(self, ctx: Context, entry: Entry, payload: Logical, clear: Logical) -> None:
        """Write changed values."""
        fields = payload.get("fields", {})
        done = fields.get("completed")
        task = TaskUpdate(
            title=fields.get("title"),
            due_date=fields.get("dueDate"),
            completed=None if done is None else done == "yes",
            body=payload.get("body"),
            assigned_to=owner_id(ctx, payload.get("owner")),
        )
        ctx.hl.contacts.update_task(entry.details["contact"], entry.hl_id, task)

    def delete(self, ctx: Context, entry: Entry) -> None:
        """Delete the task."""
        ctx.hl.contacts.delete_task(entry.details["contact"], entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every task of the sub-account, page by page."""
        for record in ctx.hl.locations.iterate_tasks():
            details = {"contact": record.get("contactId")}
            source_id = reference(record.get("body"))
            yield Found(
                self.kind, self.kind, record["id"], _logical(ctx, record), source_id, details
            )

    def _written(self, item: Item, record: dict[str, Any], payload: Logical) -> Written:
        return Written(record["id"], payload, {"contact": item.parents["contact"]})


def _logical(ctx: Context, record: dict[str, Any]) -> Logical:
    fields = {
        "title": record.get("title") or "",
        "dueDate": utc(record.get("dueDate")),
        "completed": "yes" if record.get("completed") else "no",
    }
    values: Logical = {"fields": fields, "body": record.get("body") or ""}
    owner = record.get("assignedTo")
    if owner:
        values["owner"] = ctx.catalog.user_key(owner) or owner
    return values
