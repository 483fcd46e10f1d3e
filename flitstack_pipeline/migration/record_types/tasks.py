"""Tasks on contacts (docs/highlevel.md#notes): due date and completion are the source's own.

HighLevel sets the day a task is made itself, so the original time, kind and author stand in the
task's text. Found again by the text's last line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flitstack_pipeline.highlevel.api.contacts import TaskCreate, TaskUpdate
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Item,
    Logical,
    Written,
    only,
    owner_id,
)
from flitstack_pipeline.migration.record_types.child_records import ListedHandler
from flitstack_pipeline.migration.record_types.references import reference
from flitstack_pipeline.migration.record_types.timestamps import utc


class TaskHandler(ListedHandler):
    """`task` rows: fields title, dueDate (ISO 8601) and completed (yes or no), and a body."""

    kind = "task"
    endpoint = "POST /contacts/{contactId}/tasks"

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
        return [self.written(ctx, item, record)]

    def listed(self, ctx: Context, holder_id: str) -> Iterable[Mapping[str, Any]]:
        """The tasks of one contact."""
        return ctx.hl.contacts.list_tasks(holder_id)

    def logical(self, ctx: Context, record: Mapping[str, Any]) -> Logical:
        """A task in the payload's form."""
        fields = {
            "title": record.get("title") or "",
            "dueDate": utc(record.get("dueDate")),
            "completed": "yes" if record.get("completed") else "no",
        }
        values: Logical = {"fields": fields, "body": record.get("body") or ""}
        return values | self.owner_of(ctx, record.get("assignedTo"))

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
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

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the task."""
        ctx.hl.contacts.delete_task(entry.details["contact"], entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every task of the sub-account, page by page."""
        for record in ctx.hl.locations.iterate_tasks():
            details = {"contact": record.get("contactId")}
            source_id = reference(record.get("body"))
            yield Found(
                self.kind, self.kind, record["id"], self.logical(ctx, record), source_id, details
            )
