"""Conversations, and messages and calls imported with their original time.

Facts: docs/highlevel.md#activities.
A message can be neither changed nor deleted; `POST /conversations/messages`, which sends, is not
served. Lists show what the official description lists: no `altId`, and no numbers of a call.
"""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import e164, iso, now_ms, parse_moment, short_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.search_index import Search
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import ListOf, Obj, Rule, Text, body, query

READ, WRITE = "conversations.readonly", "conversations.write"
READ_MESSAGES, WRITE_MESSAGES = "conversations/message.readonly", "conversations/message.write"
INBOUND_TYPES = (
    "SMS", "RCS", "Email", "WhatsApp", "GMB", "IG", "FB", "Custom", "WebChat", "Live_Chat",
    "Call", "IVR_Call", "Campaign_Call", "Campaign_VoiceMail", "TIKTOK", "ALL_IN_ONE_CHAT",
    "FORM_SUBMISSION",
)  # fmt: skip
CALL_STATUSES = (
    "pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail",
)  # fmt: skip
CHANNELS = {"Call": "TYPE_CALL", "SMS": "TYPE_SMS", "Email": "TYPE_EMAIL",
            "WhatsApp": "TYPE_WHATSAPP"}  # fmt: skip
NUMBERS = {"TYPE_CALL": 1, "TYPE_SMS": 2, "TYPE_EMAIL": 3}
_CALL = Obj({"to": Text(), "from": Text(), "status": Text(one_of=CALL_STATUSES)})
_MESSAGE: dict[str, Rule] = {
    "conversationId": Text(required=True), "conversationProviderId": Text(required=True),
    "attachments": ListOf(Text()), "altId": Text(), "date": Text(moment=True), "call": _CALL,
}  # fmt: skip
_INBOUND: dict[str, Rule] = {
    "type": Text(required=True, one_of=INBOUND_TYPES), "contactId": Text(required=True),
    "message": Text(), "html": Text(), "subject": Text(), "emailFrom": Text(), "emailTo": Text(),
    "emailCc": ListOf(Text()), "emailBcc": ListOf(Text()), "emailMessageId": Text(),
    "direction": Text(one_of=("inbound", "outbound")),
}  # fmt: skip


# --- conversations -------------------------------------------------------------------------------


@endpoint(
    "POST", "/conversations/", status=201, creates=True, scope=WRITE,
    body=body(locationId=Text(required=True), contactId=Text(required=True)),
)  # fmt: skip
def create(call: Call) -> Json:
    """Open the conversation of a contact; there is one, and the refusal does not name it."""
    contact = call.body["contactId"]
    call.entry("contact", contact, "Contact")
    if call.state.find("conversation", call.location, "contactId", contact):
        raise bad_request(f"Conversation with the contact id:{contact} already exists!")
    doc = {"id": short_id(), "contactId": contact}
    entry = call.state.create("conversation", call.location, doc)
    times = stamps(entry)
    shown = {**entry.doc, "locationId": call.location, "deleted": False,
             "lastMessageDate": times["dateAdded"], **times}  # fmt: skip
    return {"success": True, "conversation": shown}


@endpoint(
    "GET", "/conversations/search", scope=READ,
    query=query(["locationId"], ["contactId", "id", "limit", "sort", "sortBy", "startAfterDate",
                                 "query", "status", "assignedTo"], limit=100),
)  # fmt: skip
def search(call: Call) -> Json:
    """Conversations as the lagging index sees them (docs repository, issue 5)."""
    wanted = [
        {"field": name, "operator": "eq", "value": call.query[name]}
        for name in ("contactId", "id")
        if call.query.get(name)
    ]
    limit = call.shorten(call.number("limit", 20))
    hits, total = call.state.index.search(
        Search("conversation", call.location, filters=wanted, limit=limit)
    )
    found = [call.state.get("conversation", hit.id) for hit in call.arrange(hits)]
    return {"conversations": [_listed(call, entry) for entry in found if entry], "total": total}


def _listed(call: Call, entry: Entry) -> Json:
    said = _newest_first(call, entry.id)
    contact = call.state.get("contact", entry.doc["contactId"])
    person = contact.doc if contact else {}
    name = " ".join(person[k] for k in ("firstName", "lastName") if person.get(k))
    last = said[0].doc if said else {}
    return {
        "id": entry.id, "contactId": entry.doc["contactId"], "locationId": call.location,
        "lastMessageBody": str(last.get("message") or last.get("html") or ""),
        "lastMessageType": _type_of(last) if last else "TYPE_SMS", "type": "TYPE_PHONE",
        "unreadCount": _unread(said), "fullName": name, "contactName": name,
        "email": person.get("email") or "", "phone": person.get("phone") or "",
    }  # fmt: skip


def _unread(messages: list[Entry]) -> int:
    return sum(m.doc["direction"] == "inbound" for m in messages)


# --- importing -----------------------------------------------------------------------------------


@endpoint("POST", "/conversations/messages/inbound", scope=WRITE_MESSAGES, creates=True,
          body=Obj({**_INBOUND, **_MESSAGE}))  # fmt: skip
def inbound(call: Call) -> Json:
    """Import a message with its original time; outbound unless it says otherwise."""
    return _imported(call, str(call.body.get("direction") or "outbound"))


@endpoint("POST", "/conversations/messages/outbound", scope=WRITE_MESSAGES, creates=True,
          body=Obj({"type": Text(required=True, one_of=("Call",)), **_MESSAGE}))  # fmt: skip
def outbound(call: Call) -> Json:
    """Import an outbound call with its original time."""
    return _imported(call, "outbound")


def _imported(call: Call, direction: str) -> Json:
    conversation = call.entry("conversation", call.body["conversationId"], "Conversation")
    contact = call.entry("contact", conversation.doc["contactId"], "Contact")
    if call.body.get("contactId", contact.id) != contact.id:
        raise bad_request("The conversation does not belong to the contact")
    location = call.state.get("location", call.location)
    providers = location.doc.get("conversationProviders", ()) if location else ()
    if call.body["conversationProviderId"] not in providers:
        raise bad_request("No conversation provider found for the given conversationProviderId")
    if call.body["type"] == "Call":
        _refuse_strange_numbers(call, contact)
    moment = parse_moment(call.body.get("date"))
    moment = now_ms() if moment is None else moment
    doc = {**call.body, "id": short_id(), "contactId": contact.id, "direction": direction,
           "dateAdded": iso(moment), "moment": moment}  # fmt: skip
    if doc["type"] == "Email":
        doc["emailMessageId"] = short_id()
    entry = call.state.create("message", call.location, doc, parent=conversation.id)
    answer = {"success": True, "conversationId": conversation.id, "messageId": entry.id,
              "message": "Message queued successfully.", "contactId": contact.id,
              "dateAdded": doc["dateAdded"]}  # fmt: skip
    return answer | {k: doc[k] for k in ("emailMessageId",) if k in doc}


def _refuse_strange_numbers(call: Call, contact: Entry) -> None:
    """One of a call's numbers must be the contact's (docs/highlevel.md#activities)."""
    numbers = call.body.get("call") or {}
    known = e164(str(contact.doc.get("phone") or ""))
    if not numbers:
        raise unprocessable("call should not be empty")
    if known is None or known not in [e164(str(numbers.get(k) or "")) for k in ("from", "to")]:
        raise bad_request("No contact found with the given phone numbers")


# --- reading -------------------------------------------------------------------------------------


@endpoint(
    "GET", "/conversations/messages/export", scope=READ_MESSAGES,
    query=query(["locationId"], ["limit", "cursor", "sortBy", "sortOrder", "conversationId",
                                 "contactId", "channel", "startDate", "endDate"], limit=500),
)  # fmt: skip
def export(call: Call) -> Json:
    """Messages of the sub-account, newest first; e-mails only when their channel is named."""
    if call.number("limit", 100) < 10:
        raise unprocessable("limit must not be less than 10")
    channel = call.query.get("channel")
    found = [
        entry
        for entry in call.state.all("message", call.location)
        if _in_channel(entry, channel)
        and call.query.get("contactId", entry.doc["contactId"]) == entry.doc["contactId"]
        and call.query.get("conversationId", entry.parent) == entry.parent
    ]
    found.sort(key=lambda e: (e.doc["moment"], e.seq), reverse=True)
    start, limit = int(call.query.get("cursor") or 0), call.shorten(call.number("limit", 100))
    page = found[start : start + limit]
    more = {"nextCursor": str(start + len(page))} if start + len(page) < len(found) else {}
    return {"messages": [shown(e) for e in page], "total": len(found), **more}


def _in_channel(entry: Entry, channel: str | None) -> bool:
    kind = _type_of(entry.doc)
    return kind != "TYPE_EMAIL" if not channel else kind == CHANNELS.get(channel)


@endpoint("GET", "/conversations/messages/email/{id}", scope=READ_MESSAGES)
def email(call: Call) -> Json:
    """One e-mail, by its own id: the only place that shows subject and `altId`."""
    found = call.state.find("message", call.location, "emailMessageId", call.path["id"])
    if not found:
        raise bad_request(f"Email with id {call.path['id']} not found")
    doc, contact = found[0].doc, call.state.get("contact", found[0].doc["contactId"])
    theirs = str(contact.doc.get("email") or "") if contact else ""
    sent = doc["direction"] == "outbound"
    shown_email = {
        "id": doc["emailMessageId"], "altId": doc.get("altId"), "threadId": found[0].id,
        "locationId": call.location, "contactId": doc["contactId"],
        "conversationId": found[0].parent, "dateAdded": doc["dateAdded"],
        "subject": doc.get("subject"), "body": doc.get("html") or doc.get("message") or "",
        "direction": doc["direction"], "status": "delivered", "contentType": "text/html",
        "from": "" if sent else theirs, "to": [theirs] if sent else [],
        "conversationProviderId": doc["conversationProviderId"],
    }  # fmt: skip
    return {k: v for k, v in shown_email.items() if v is not None}


@endpoint("GET", "/conversations/messages/{id}", scope=READ_MESSAGES)
def message(call: Call) -> Json:
    """One message."""
    return shown(call.entry("message", call.path["id"], "Message"))


@endpoint(
    "GET", "/conversations/{conversationId}/messages", scope=READ_MESSAGES,
    query=query([], ["lastMessageId", "limit", "type"], limit=100),
)  # fmt: skip
def messages(call: Call) -> Json:
    """A page of a conversation's messages, newest first, after `lastMessageId`."""
    conversation = call.entry("conversation", call.path["conversationId"], "Conversation")
    found = _newest_first(call, conversation.id)
    last = call.query.get("lastMessageId")
    start = next((n for n, e in enumerate(found, 1) if e.id == last), 0) if last else 0
    page = found[start : start + call.number("limit", 20)]
    return {
        "lastMessageId": page[-1].id if page else "",
        "nextPage": start + len(page) < len(found),
        "messages": [shown(e) for e in page],
    }


def _newest_first(call: Call, conversation_id: str) -> list[Entry]:
    found = call.state.listed("message", call.location, parent=conversation_id)
    return sorted(found, key=lambda e: (e.doc["moment"], e.seq), reverse=True)


def shown(entry: Entry) -> Json:
    """A message as lists show it."""
    doc, kind = entry.doc, _type_of(entry.doc)
    meta: Json = {}
    if kind == "TYPE_CALL":
        meta = {"callStatus": (doc.get("call") or {}).get("status", "completed")}
    elif kind == "TYPE_EMAIL":
        meta = {"email": {"messageIds": [doc["emailMessageId"]]}}
    body_text = "" if kind == "TYPE_CALL" else doc.get("html") or doc.get("message") or ""
    return {
        "id": entry.id, "type": NUMBERS.get(kind, 0), "messageType": kind,
        "locationId": entry.location, "contactId": doc["contactId"],
        "conversationId": entry.parent, "dateAdded": doc["dateAdded"], "body": body_text,
        "direction": doc["direction"], "status": "delivered",
        "contentType": "text/html" if kind == "TYPE_EMAIL" else "text/plain",
        "attachments": doc.get("attachments") or [], "meta": meta, "source": "api",
        "conversationProviderId": doc["conversationProviderId"],
    }  # fmt: skip


def _type_of(doc: Json) -> str:
    return CHANNELS.get(doc["type"]) or f"TYPE_{doc['type'].upper()}"


# --- one conversation ----------------------------------------------------------------------------


@endpoint("GET", "/conversations/{conversationId}", scope=READ)
def get(call: Call) -> Json:
    """One conversation."""
    entry = call.entry("conversation", call.path["conversationId"], "Conversation")
    return {
        "contactId": entry.doc["contactId"], "locationId": call.location, "deleted": False,
        "inbox": True, "type": 1, "unreadCount": _unread(_newest_first(call, entry.id)),
        "id": entry.id, "starred": False,
    }  # fmt: skip


@endpoint("DELETE", "/conversations/{conversationId}", scope=WRITE)
def delete(call: Call) -> Json:
    """Delete a conversation with its messages."""
    drop(call, call.entry("conversation", call.path["conversationId"], "Conversation"))
    return {"success": True}


def drop(call: Call, conversation: Entry) -> None:
    """Remove a conversation and what was said in it."""
    for said in call.state.listed("message", call.location, parent=conversation.id):
        call.state.delete(said)
    call.state.delete(conversation)
