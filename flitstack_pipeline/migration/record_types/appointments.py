"""Meetings as appointments of a calendar, at their own time; nobody is told.

Facts: docs/highlevel.md#activities.
Past ones need `ignoreDateRange`, and `toNotify: false` keeps automations from running (OpenAPI).
Found again by the last line of the description. Can be changed and deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flitstack_pipeline.highlevel.answer_types import Appointment
from flitstack_pipeline.highlevel.api.calendars import AppointmentCreate, AppointmentUpdate
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Item,
    Logical,
    Written,
    named,
    only,
    owner_id,
)
from flitstack_pipeline.migration.record_types.child_records import WordedHandler
from flitstack_pipeline.migration.record_types.references import reference
from flitstack_pipeline.migration.record_types.timestamps import utc

#: How long we take an appointment to be of which no end is shown; no source tells HighLevel's own.
USUAL_LENGTH = timedelta(minutes=30)


class AppointmentHandler(WordedHandler):
    """`appointment` rows: fields title, startTime, endTime, status; a body, an owner."""

    kind = "appointment"
    endpoint = "POST /calendars/events/appointments"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create one appointment."""
        item = only(items)
        calendar = named(ctx.options.calendar_id, "calendar", "HIGHLEVEL_CALENDAR_ID")
        payload = self.intended(ctx, item)
        appointment = AppointmentCreate(
            calendar_id=calendar, contact_id=item.parents["contact"], **_wire(ctx, payload)
        )
        record = ctx.hl.calendars.create_appointment(appointment)
        return [self._written(ctx, item, record["id"], calendar)]

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Read what the calendar holds at that time: is one ours?"""
        calendar = ctx.options.calendar_id
        start = item.row.payload["fields"]["startTime"]
        for record in ctx.hl.calendars.events(calendar, *_around(start, start)):
            if reference(record["description"]) == item.row.source_key:
                return self._written(ctx, item, record["id"], calendar)
        return None

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The appointment as it is now.

        A user the calendar assigned by itself, where we named none, is nobody's edit.
        """
        try:
            record = ctx.hl.calendars.get_appointment(entry.hl_id)
        except NotFound:
            return None
        if record["deleted"]:
            return None
        values = self.logical(ctx, record)
        if "owner" not in (entry.last_written or {}):
            values.pop("owner", None)
        return values

    def logical(self, ctx: Context, record: Appointment) -> Logical:
        """An appointment as read, in the payload's form."""
        fields = {
            "title": record["title"],
            "startTime": utc(record["startTime"]),
            "endTime": utc(record["endTime"]),
            "status": record["appointmentStatus"],
        }
        values: Logical = {"fields": fields, "body": record["description"]}
        return values | self.owner_of(ctx, record["assignedUserId"])

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write changed values; nobody is told. One that moves keeps its length."""
        wire = _wire(ctx, payload)
        if wire["start_time"] and not wire["end_time"]:
            wire["end_time"] = self._end(ctx, entry, wire["start_time"])
        ctx.hl.calendars.update_appointment(entry.hl_id, AppointmentUpdate(**wire))

    def _end(self, ctx: Context, entry: IdMapRow, start: str) -> str:
        """The end as last written; one we never wrote is as far from the start as it is now.

        Where none is shown either, `USUAL_LENGTH`: an old end before the new start is refused.
        """
        written = ((entry.last_written or {}).get("fields") or {}).get("endTime")
        if written:
            return str(written)
        now = self.logical(ctx, ctx.hl.calendars.get_appointment(entry.hl_id))["fields"]
        length = USUAL_LENGTH
        if now["startTime"] and now["endTime"]:
            length = _moment(now["endTime"]) - _moment(now["startTime"])
        return utc((_moment(start) + length).isoformat())

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Delete the appointment."""
        ctx.hl.calendars.delete_event(entry.hl_id)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """What the calendars we wrote to hold in the time our appointments are in."""
        spans: dict[str, tuple[str, str]] = {}
        for entry in ctx.journal.iterate_entries(ctx.location, kind=self.kind):
            start = ((entry.last_written or {}).get("fields") or {}).get("startTime")
            if start:
                calendar = str(entry.details.get("calendar"))
                first, last = spans.get(calendar, (start, start))
                spans[calendar] = (min(first, start), max(last, start))
        for calendar, (first, last) in sorted(spans.items()):
            for record in ctx.hl.calendars.events(calendar, *_around(first, last)):
                if not record["deleted"]:
                    details = {"contact": record["contactId"], "calendar": calendar,
                               "created": record["dateAdded"]}  # fmt: skip
                    source_id = reference(record["description"])
                    values = self.logical(ctx, record)
                    yield Found(self.kind, self.kind, record["id"], values, source_id, details)

    def still_there(self, ctx: Context, target: str, ids: set[str]) -> set[str]:
        """Ask for each: a calendar's list shows a span of time, and ours is known no more."""
        return {hl_id for hl_id in ids if self._stands(ctx, hl_id)}

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether the appointment can be read by its id and is not marked as deleted."""
        return self._stands(ctx, seen.hl_id)

    def _stands(self, ctx: Context, hl_id: str) -> bool:
        try:
            return not ctx.hl.calendars.get_appointment(hl_id)["deleted"]
        except NotFound:
            return False

    def _written(self, ctx: Context, item: Item, hl_id: str, calendar: str) -> Written:
        details = {"contact": item.parents["contact"], "calendar": calendar}
        return Written(hl_id, self.intended(ctx, item), details)


def _wire(ctx: Context, payload: Logical) -> dict[str, Any]:
    """The arguments of a request model from a payload, or from the changed part of one."""
    fields = payload.get("fields", {})
    return {
        "title": fields.get("title"),
        "start_time": fields.get("startTime"),
        "end_time": fields.get("endTime"),
        "appointment_status": fields.get("status"),
        "description": payload.get("body"),
        "assigned_user_id": owner_id(ctx, payload.get("owner")),
    }


def _around(first: str, last: str) -> tuple[int, int]:
    """From a second before the first moment to a second after the last, in milliseconds."""
    second = timedelta(seconds=1)
    return _ms(_moment(first) - second), _ms(_moment(last) + second)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
