"""What carries its own time: v3 notes, conversations, imported messages, appointments."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import iso, mongo_id, now_ms, parse_moment, short_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Anything, Flag, ListOf, Obj, Text, body, query

_RELATION = Obj({"objectKey": Text(required=True), "recordId": Text(required=True)})


def shown_note(entry: Entry) -> Json:
    """A v3 note."""
    return {**entry.doc, "locationId": entry.location, **stamps(entry)}


@endpoint(
    "POST", "/notes/", status=201, v3_only=True, scope="notes.write", query=query(["locationId"]),
    creates=True,
    body=body(body=Text(required=True), userId=Text(required=True), title=Text(), color=Text(),
              pinned=Flag(), relations=ListOf(_RELATION, required=True, least=1)),
)  # fmt: skip
def create_note(call: Call) -> Json:
    """One note on several records."""
    return {
        "note": shown_note(
            call.state.create("note", call.location, {"id": mongo_id(), **call.body})
        )
    }


@endpoint(
    "POST", "/notes/search", status=200, v3_only=True, scope="notes.readonly",
    body=body(locationId=Text(required=True), query=Text(), sources=ListOf(Text()),
              createdByUserId=Text(), limit=Anything(), skip=Anything(), sortBy=Text(),
              sortOrder=Text(), count=Flag(), relations=ListOf(Text()),
              includeRelationRecords=Flag()),
)  # fmt: skip
def search_notes(call: Call) -> Json:
    """Notes of every record, oldest first, a page at a time."""
    limit, skip = int(call.body.get("limit") or 20), int(call.body.get("skip") or 0)
    wanted = set(call.body.get("relations") or ())
    notes = [e for kind in ("contact_note", "note") for e in call.state.all(kind, call.location)]
    notes = [e for e in notes if not wanted or wanted & _hangs_on(e)]
    page = sorted(notes, key=lambda e: (e.created, e.seq))[skip : skip + limit]
    return {"notes": [shown_note(e) for e in page], "count": len(notes)}


def _hangs_on(note: Entry) -> set[str]:
    return {relation["recordId"] for relation in note.doc.get("relations", ())}


def _note(call: Call) -> Entry:
    return call.entry("note", call.path["id"], "Note")


@endpoint("GET", "/notes/{id}", v3_only=True, query=query([], ["locationId"]))
def get_note(call: Call) -> Json:
    """One note."""
    return {"note": shown_note(_note(call))}


@endpoint("DELETE", "/notes/{id}", v3_only=True, query=query([], ["locationId"]))
def delete_note(call: Call) -> Json:
    """Delete a note."""
    call.state.delete(_note(call))
    return {"success": True, "id": call.path["id"]}


@endpoint(
    "POST", "/conversations/", status=201, creates=True, scope="conversations.write",
    body=body(locationId=Text(required=True), contactId=Text(required=True)),
)  # fmt: skip
def create_conversation(call: Call) -> Json:
    """The conversation of a contact; there is one."""
    call.entry("contact", call.body["contactId"], "Contact")
    if call.state.find("conversation", call.location, "contactId", call.body["contactId"]):
        raise bad_request("Conversation already exists")
    doc = {"id": short_id(), "contactId": call.body["contactId"]}
    entry = call.state.create("conversation", call.location, doc)
    shown = {
        **entry.doc,
        "locationId": call.location,
        "deleted": False,
        "lastMessageDate": stamps(entry)["dateAdded"],
        **stamps(entry),
    }
    return {"success": True, "conversation": shown}


_MESSAGE = Obj(
    {
        "type": Text(required=True), "conversationId": Text(required=True), "contactId": Text(),
        "conversationProviderId": Text(), "message": Text(), "html": Text(), "subject": Text(),
        "attachments": ListOf(Text()), "altId": Text(), "direction": Text(),
        "date": Text(moment=True),
        "call": Anything(), "emailFrom": Text(), "emailTo": Text(),
    }
)  # fmt: skip


def _import(call: Call, direction: str) -> Json:
    conversation = call.entry("conversation", call.body["conversationId"], "Conversation")
    if call.body["type"] in ("Call", "Custom") and not call.body.get("conversationProviderId"):
        raise unprocessable("conversationProviderId should not be empty")
    moment = parse_moment(call.body.get("date")) or now_ms()
    doc = {
        **call.body, "id": short_id(), "contactId": conversation.doc["contactId"],
        "direction": call.body.get("direction") or direction, "dateAdded": iso(moment),
    }  # fmt: skip
    entry = call.state.create("message", call.location, doc, parent=conversation.id)
    return {"success": True, "conversationId": conversation.id, "messageId": entry.id,
            "dateAdded": doc["dateAdded"]}  # fmt: skip


@endpoint("POST", "/conversations/messages/inbound", body=_MESSAGE, creates=True)
def inbound(call: Call) -> Json:
    """Import a message with its original time."""
    return _import(call, "inbound")


@endpoint("POST", "/conversations/messages/outbound", body=_MESSAGE, creates=True)
def outbound(call: Call) -> Json:
    """Import an outbound call with its original time."""
    if call.body["type"] != "Call":
        raise unprocessable("type must be Call")
    return _import(call, "outbound")


@endpoint(
    "GET",
    "/conversations/{conversationId}/messages",
    query=query([], ["lastMessageId", "limit", "type"]),
)
def messages(call: Call) -> Json:
    """Messages of a conversation."""
    conversation = call.entry("conversation", call.path["conversationId"], "Conversation")
    found = call.state.listed("message", call.location, parent=conversation.id, newest_first=True)
    return {"messages": {"lastMessageId": found[-1].id if found else "", "nextPage": False,
                         "messages": [e.doc for e in found]}}  # fmt: skip


@endpoint(
    "POST", "/calendars/events/appointments", creates=True, scope="calendars/events.write",
    body=Obj({
        "calendarId": Text(required=True), "locationId": Text(required=True),
        "contactId": Text(required=True), "startTime": Text(required=True, moment=True),
        "endTime": Text(moment=True), "title": Text(), "appointmentStatus": Text(),
        "assignedUserId": Text(), "address": Text(), "description": Text(),
        "ignoreDateRange": Flag(), "ignoreFreeSlotValidation": Flag(), "toNotify": Flag(),
        "meetingLocationType": Text(), "meetingLocationId": Text(), "rrule": Text(),
        "overrideLocationConfig": Flag(),
    }),
)  # fmt: skip
def create_appointment(call: Call) -> Json:
    """Create an appointment; the past needs `ignoreDateRange`."""
    call.entry("contact", call.body["contactId"], "Contact")
    start = parse_moment(call.body["startTime"]) or 0
    if start < now_ms() and not call.body.get("ignoreDateRange"):
        raise bad_request("The slot you have selected is no longer available.")
    kept = {k: v for k, v in call.body.items() if not k.startswith("ignore")}
    return call.state.create("appointment", call.location, {"id": short_id(), **kept}).doc


@endpoint("GET", "/calendars/events/appointments/{eventId}")
def get_appointment(call: Call) -> Json:
    """One appointment."""
    return {"appointment": call.entry("appointment", call.path["eventId"], "Appointment").doc}


@endpoint("DELETE", "/calendars/events/{eventId}", body=Obj())
def delete_appointment(call: Call) -> Json:
    """Delete an appointment."""
    call.state.delete(call.entry("appointment", call.path["eventId"], "Appointment"))
    return {"succeeded": True}
