"""Activities: notes, calls, e-mails, meetings and tasks of the record they name."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    RECORD,
    WORKSPACE,
    column,
    columns,
)
from flitstack_pipeline.catalog.model import BOOL, DATE, INT, TEXT, Dataset, Field, ObjectType
from flitstack_pipeline.catalog.statuses import ACTIVITY, closed

ACTIVITIES = ObjectType(
    "activities",
    "Notes, calls, e-mails, meetings",
    "Contact notes with original time, author and kind",
    ("clients", "jobs", "estimates", "invoices"),
    (
        Dataset(
            "activities",
            "Notes, calls, e-mails, meetings",
            (
                column("activity_id: Activity ID|note id|id"),
                *RECORD,
                *columns(
                    """
                    date: Date|created date|occurred at|timestamp|date time; (day)
                    author: Author|created by|user|by; one_line; ; display name as read
                    kind: Kind|type|activity type
                    subject: Subject|title
                    text: Text|note|body|content|notes|message
                    duration: Duration|minutes
                    due_date: Due Date|due|due on|due by|deadline|task due date; (day)
                    done: Completed|done|is completed|is done|task completed
                    """
                ),
                WORKSPACE,
            ),
            ("activity_id",),
            ("record_type", "record_number", "kind", "text"),
            ("notes", "activities", "calls", "emails"),
            ("activity", "note"),
            ("record_type", "record_number", "text|subject"),
            derived_id=("record_type", "record_number", "date", "kind", "author", "text"),
            tells="any: record text record_type,record_number; date date; subject; text",
            further=(
                Field("record_type", TEXT, "object type key it hangs on", required=True),
                Field("record_ref", TEXT, "record number or id as read", required=True),
                Field("kind", TEXT, "closed vocabulary", isin=closed(ACTIVITY)),
                Field("kind_text", TEXT, "kind as read"),
                Field("occurred", DATE, "day"),
                Field("occurred_at", TEXT, "exact moment, ISO 8601 with offset"),
                Field("subject", TEXT, "subject"),
                Field("text", TEXT, "sanitised HTML or text; inline images as {{image:SHA256}}"),
                Field("duration_minutes", INT, "length of a call or meeting"),
                Field("due", DATE, "day a task is due"),
                Field("due_at", TEXT, "exact moment a task is due, ISO 8601 with offset"),
                Field(
                    "done", BOOL, "whether a task is completed; empty when the export does not tell"
                ),
            ),
        ),
    ),
)
