"""Calendars, and appointments in them (docs/highlevel.md#activities)."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import iso, now_ms, parse_moment, short_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Flag, Obj, Rule, Text, query

READ, READ_EVENTS, WRITE_EVENTS = (
    "calendars.readonly", "calendars/events.readonly", "calendars/events.write",
)  # fmt: skip
STATUSES = (
    "new", "confirmed", "cancelled", "showed", "noshow", "invalid", "completed", "active",
)  # fmt: skip
SLOT_MS = 30 * 60_000
_COMMON: dict[str, Rule] = {
    "title": Text(), "appointmentStatus": Text(one_of=STATUSES), "assignedUserId": Text(),
    "address": Text(), "description": Text(), "endTime": Text(moment=True),
    "ignoreDateRange": Flag(), "ignoreFreeSlotValidation": Flag(), "toNotify": Flag(),
    "meetingLocationType": Text(), "meetingLocationId": Text(), "rrule": Text(),
    "overrideLocationConfig": Flag(),
}  # fmt: skip
_CREATE = Obj({
    **_COMMON, "calendarId": Text(required=True), "locationId": Text(required=True),
    "contactId": Text(required=True), "startTime": Text(required=True, moment=True),
})  # fmt: skip
_UPDATE = Obj({**_COMMON, "calendarId": Text(), "startTime": Text(moment=True)})
_NOT_KEPT = ("ignoreDateRange", "ignoreFreeSlotValidation", "locationId")


@endpoint("GET", "/calendars/", scope=READ,
          query=query(["locationId"], ["groupId", "showDrafted"]))  # fmt: skip
def calendars(call: Call) -> Json:
    """The calendars of the sub-account."""
    return {"calendars": [_calendar(e) for e in call.state.listed("calendar", call.location)]}


def _calendar(entry: Entry) -> Json:
    return {**entry.doc, "locationId": entry.location}


@endpoint(
    "GET", "/calendars/events", scope=READ_EVENTS,
    query=query(["locationId", "startTime", "endTime"], ["userId", "calendarId", "groupId"]),
)  # fmt: skip
def events(call: Call) -> Json:
    """Appointments that begin in a span of time, of one calendar or user."""
    start, end = parse_moment(call.query["startTime"]), parse_moment(call.query["endTime"])
    if start is None or end is None:
        raise unprocessable("startTime and endTime must be in milliseconds")
    if not {"userId", "calendarId", "groupId"} & call.query.keys():
        raise unprocessable("either of calendarId, userId or groupId is required")
    found = [
        entry
        for entry in call.state.listed("appointment", call.location)
        if call.query.get("calendarId", entry.doc["calendarId"]) == entry.doc["calendarId"]
        and start <= (parse_moment(entry.doc["startTime"]) or 0) <= end
    ]
    return {"events": [shown(e) for e in found]}


@endpoint("POST", "/calendars/events/appointments", creates=True, scope=WRITE_EVENTS, body=_CREATE)
def create_appointment(call: Call) -> Json:
    """Create an appointment; the past needs `ignoreDateRange`."""
    call.entry("contact", call.body["contactId"], "Contact")
    call.entry("calendar", call.body["calendarId"], "Calendar")
    entry = call.state.create(
        "appointment", call.location, {"id": short_id(), **_kept(call, call.body)}
    )
    return {**shown(entry), "appointmentStatus": entry.doc["appointmentStatus"]}


def _kept(call: Call, doc: Json) -> Json:
    """What is stored of an appointment. Raises when it may not stand where it is meant."""
    start = parse_moment(doc["startTime"]) or 0
    end = parse_moment(doc.get("endTime")) or start + SLOT_MS
    if end <= start:
        raise bad_request("The end time must be after the start time.")
    if start < now_ms() and not call.body.get("ignoreDateRange"):
        raise bad_request("The slot you have selected is no longer available.")
    user = doc.get("assignedUserId")
    if user and call.state.get("user", user) is None:
        raise bad_request(f"assignedUserId: no user {user}")
    kept = {k: v for k, v in doc.items() if k not in _NOT_KEPT}
    return {"appointmentStatus": "confirmed", **kept, "startTime": iso(start), "endTime": iso(end)}


def shown(entry: Entry) -> Json:
    """An appointment in its read shape."""
    doc = {k: v for k, v in entry.doc.items() if k not in ("toNotify", "overrideLocationConfig")}
    blank = {"title": "", "groupId": "", "assignedUserId": "", "users": []}
    return {**blank, **doc, "locationId": entry.location, **stamps(entry)}


def _entry(call: Call) -> Entry:
    return call.entry("appointment", call.path["eventId"], "Appointment")


@endpoint("GET", "/calendars/events/appointments/{eventId}", scope=READ_EVENTS)
def get_appointment(call: Call) -> Json:
    """One appointment."""
    return {"event": shown(_entry(call))}


@endpoint("PUT", "/calendars/events/appointments/{eventId}", scope=WRITE_EVENTS, body=_UPDATE)
def update_appointment(call: Call) -> Json:
    """Change an appointment."""
    entry = _entry(call)
    doc = {**entry.doc, **call.body}
    return shown(call.state.update(entry, _kept(call, doc)))


@endpoint("DELETE", "/calendars/events/{eventId}", status=201, scope=WRITE_EVENTS, body=Obj())
def delete_appointment(call: Call) -> Json:
    """Delete an appointment."""
    call.state.delete(_entry(call))
    return {"succeeded": True}


@endpoint("GET", "/calendars/{calendarId}", scope=READ)
def get_calendar(call: Call) -> Json:
    """One calendar."""
    return {"calendar": _calendar(call.entry("calendar", call.path["calendarId"], "Calendar"))}
