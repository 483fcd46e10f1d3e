"""Conversations, and the import of past messages and calls (reference 11).

The only place where a time can be back-dated; needs a conversation provider in the
sub-account. `POST /conversations/messages` SENDS, and is therefore not here.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.family import Family, Record
from flitstack_pipeline.highlevel.models import IsoText, WireModel

MessageType = Literal[
    "SMS", "RCS", "Email", "WhatsApp", "GMB", "IG", "FB", "Custom", "WebChat", "Live_Chat",
    "Call", "IVR_Call", "Campaign_Call", "Campaign_VoiceMail",
]  # fmt: skip
CallStatus = Literal[
    "pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"
]


class CallDetails(WireModel):
    """Who called whom; one number must be an existing contact's."""

    to: str
    from_: str
    status: CallStatus = "completed"

    def wire(self, clear: object = ()) -> dict[str, str]:
        """Return the wire form; `from` is a word of Python's."""
        return {"to": self.to, "from": self.from_, "status": self.status}


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
    """`/conversations`; `locationId` in the body of create."""

    def create(self, contact_id: str) -> Record:
        """Open the one conversation of a contact."""
        body = {"locationId": self.location_id, "contactId": contact_id}
        return self._record("POST", "/conversations/", "conversation", json=body)

    def get(self, conversation_id: str) -> Record:
        """Read a conversation."""
        route, path = "/conversations/{conversationId}", {"conversationId": conversation_id}
        return self._record("GET", route, "conversation", path=path)

    def messages(self, conversation_id: str) -> list[Record]:
        """Read the latest hundred messages of a conversation."""
        answer = self._call(
            "GET",
            "/conversations/{conversationId}/messages",
            path={"conversationId": conversation_id},
            params={"limit": 100},
        )
        found = answer.get("messages")
        if isinstance(found, dict):
            found = found.get("messages")
        return found or []

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation with its messages."""
        path = {"conversationId": conversation_id}
        self._call("DELETE", "/conversations/{conversationId}", path=path)

    def import_message(self, message: InboundMessage) -> Record:
        """Record a past message at its own time: `{messageId, conversationId, dateAdded}`."""
        body = message.wire()
        if message.call:
            body["call"] = message.call.wire()
        return self._call("POST", "/conversations/messages/inbound", json=body)

    def import_outbound_call(self, call: OutboundCall) -> Record:
        """Record a past outbound call at its own time."""
        body = {**call.wire(), "call": call.call.wire()}
        return self._call("POST", "/conversations/messages/outbound", json=body)
