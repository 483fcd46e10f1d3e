"""Conversations, and the import of past messages and calls (docs/highlevel.md#activities).

The only place where a time can be back-dated; needs a conversation provider in the
sub-account. `POST /conversations/messages` SENDS, and is therefore not here. A message can be
neither changed nor deleted through the API; a conversation can be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from flitstack_pipeline.highlevel.answer_types import Message
from flitstack_pipeline.highlevel.api.base import Family, Record, RecordList, rows
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, BadRequest, UnexpectedAnswer
from flitstack_pipeline.highlevel.models import IsoText, WireModel
from flitstack_pipeline.highlevel.reading import read_message, total_of

MessageType = Literal[
    "SMS", "RCS", "Email", "WhatsApp", "GMB", "IG", "FB", "Custom", "WebChat", "Live_Chat",
    "Call", "IVR_Call", "Campaign_Call", "Campaign_VoiceMail",
]  # fmt: skip
CallStatus = Literal[
    "pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"
]
LIST_PAGE, EXPORT_PAGE = 100, 500
_SEARCH = "/conversations/search"


class CallDetails(WireModel):
    """Who called whom; one number must be an existing contact's. There is no place for a length."""

    to: str | None = None
    from_: str | None = None
    status: CallStatus = "completed"

    def wire(self, clear: object = ()) -> dict[str, Any]:
        """Return the wire form; `from` is a word of Python's."""
        named = {"to": self.to, "from": self.from_, "status": self.status}
        return {name: value for name, value in named.items() if value is not None}


class InboundMessage(WireModel):
    """A past message, of either direction unless it is an outbound call."""

    type: MessageType
    conversation_id: str
    contact_id: str
    conversation_provider_id: str
    date: IsoText
    direction: Literal["inbound", "outbound"] | None = None
    message: str | None = None
    html: str | None = None
    subject: str | None = None
    attachments: list[str] | None = None
    alt_id: str | None = None
    email_from: str | None = None
    email_to: str | None = None
    call: CallDetails | None = None


class OutboundCall(WireModel):
    """A past outbound call."""

    type: Literal["Call"] = "Call"
    conversation_id: str
    conversation_provider_id: str
    date: IsoText
    call: CallDetails
    alt_id: str | None = None
    attachments: list[str] | None = None


class Conversations(Family):
    """`/conversations`; `locationId` in the body of create, in the query of searches."""

    def create(self, contact_id: str) -> Record:
        """Open the one conversation of a contact. Raises BadRequest when there is one already."""
        body = {"locationId": self.location_id, "contactId": contact_id}
        return self._record("POST", "/conversations/", "conversation", json=body)

    def get(self, conversation_id: str) -> Record:
        """Read a conversation."""
        route, path = "/conversations/{conversationId}", {"conversationId": conversation_id}
        return self._record("GET", route, "conversation", path=path)

    def find(self, contact_id: str) -> Record | None:
        """The conversation of a contact, by a search that trails writes; None when not seen."""
        params = {"locationId": self.location_id, "contactId": contact_id, "limit": LIST_PAGE}

        def read(answer: Answer) -> Record | None:
            found = rows(answer.body, "conversations", f"GET {_SEARCH}")
            theirs = next((c for c in found if c.get("contactId") == contact_id), None)
            if found and theirs is None:  # not the conversations that were asked for
                raise UnexpectedAnswer("GET", _SEARCH, messages=["conversations of other contacts"])
            return theirs

        return self._read("GET", _SEARCH, read, params=params)

    def total(self) -> int:
        """How many conversations the sub-account has, as the search sees them."""
        params = {"locationId": self.location_id, "limit": 1}

        def read(answer: Answer) -> int:
            shown = rows(answer.body, "conversations", f"GET {_SEARCH}")
            told = total_of(answer.body)
            if told is None or told < len(shown):
                raise UnexpectedAnswer("GET", _SEARCH, messages=["no count of conversations"])
            return told

        return self._read("GET", _SEARCH, read, params=params)

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation."""
        path = {"conversationId": conversation_id}
        self._call("DELETE", "/conversations/{conversationId}", path=path)

    # --- messages --------------------------------------------------------------------------------

    def messages(self, conversation_id: str) -> Iterator[Message]:
        """Yield the messages of a conversation, newest first, page by page.

        The list stands in the answer itself (OpenAPI) or one level down, as seen live.
        """
        last = ""
        while True:
            params = {"limit": LIST_PAGE, **({"lastMessageId": last} if last else {})}
            route, path = (
                "/conversations/{conversationId}/messages",
                {"conversationId": conversation_id},
            )
            page, body = self._read("GET", route, _messages_in, path=path, params=params)
            yield from map(read_message, page)
            if not page or not body.get("nextPage", len(page) == LIST_PAGE):
                return
            before, last = last, str(body.get("lastMessageId") or page[-1].get("id") or "")
            if last in ("", before):
                raise UnexpectedAnswer("GET", route, messages=["no way to the next page"])

    def iterate_all(self, *channels: str, page_size: int = EXPORT_PAGE) -> Iterator[Message]:
        """Yield the sub-account's messages, 500 a request; e-mails only when the channel is named.

        Without a channel all but e-mails come, activities of the system among them (OpenAPI,
        "Export messages by location ID").
        """
        route = "/conversations/messages/export"
        for channel in channels or ("",):
            cursor = ""
            while True:
                params = {"locationId": self.location_id, "limit": page_size}
                params |= {"channel": channel} if channel else {}
                params |= {"cursor": cursor} if cursor else {}
                page, answer = self._rows("GET", route, "messages", params=params)
                yield from map(read_message, page)
                before, cursor = cursor, str(answer.get("nextCursor") or "")
                if not page or not cursor:
                    break
                if cursor == before:
                    raise UnexpectedAnswer("GET", route, messages=["no way to the next page"])

    def message(self, message_id: str) -> Record:
        """Read one message."""
        route, path = "/conversations/messages/{id}", {"id": message_id}
        return self._record("GET", route, "message", path=path)

    def email(self, email_id: str) -> Record:
        """Read one e-mail with its subject and `altId`; `email_id` is the e-mail's own id."""
        route, path = "/conversations/messages/email/{id}", {"id": email_id}
        return self._record("GET", route, "emailMessage", path=path)

    def import_message(self, message: InboundMessage) -> Record:
        """Record a past message at its own time: `{messageId, conversationId, dateAdded}`."""
        body = message.wire()
        if message.call:
            body["call"] = message.call.wire()
        return self._imported("/conversations/messages/inbound", body)

    def import_outbound_call(self, call: OutboundCall) -> Record:
        """Record a past outbound call at its own time."""
        body = {**call.wire(), "call": call.call.wire()}
        return self._imported("/conversations/messages/outbound", body)

    def _imported(self, route: str, body: Record) -> Record:
        """Send; a success that names no message did happen, but its id is unknown."""
        answer = self._call("POST", route, json=body)
        if not answer.get("messageId"):
            unusable = UnexpectedAnswer("POST", route, messages=["no messageId in the answer"])
            raise AmbiguousOutcome("POST", route, unusable)
        return answer


def _messages_in(answer: Answer) -> tuple[RecordList, Record]:
    """(the messages, the part of the answer that tells of further pages)."""
    body = answer.body if isinstance(answer.body, dict) else {}
    inner = body.get("messages")
    body = inner if isinstance(inner, dict) else body
    return rows(body, "messages", f"GET {answer.route}"), body


def exists_already(error: BadRequest) -> bool:
    """Whether HighLevel refuses a second conversation of a contact (docs repository, issue 5)."""
    return "already exists" in str(error).lower()
