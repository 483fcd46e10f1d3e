"""Calls, texts and e-mails as messages of a conversation, at their own time.

Facts: docs/highlevel.md#activities.
HighLevel's lists show neither our `altId` nor a call's numbers. A text or e-mail is found again by
its last line, "Contractor+ ref: …"; a call, which has no text, by its moment: the export knows
seconds at best, so the thousandths are ours, derived from the source key. Nothing is ever sent to
anyone: the import records, `POST /conversations/messages` is not used. A message can be neither
changed nor deleted through the API (OpenAPI: neither operation exists).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.answer_types import Message
from flitstack_pipeline.highlevel.api.conversations import CallDetails, InboundMessage, OutboundCall
from flitstack_pipeline.highlevel.errors import HighLevelError, NotFound
from flitstack_pipeline.migration.journal.history import owners_of
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import (
    Context,
    Found,
    Item,
    Logical,
    Written,
    named,
    only,
)
from flitstack_pipeline.migration.record_types.child_records import ListedHandler
from flitstack_pipeline.migration.record_types.references import reference
from flitstack_pipeline.migration.record_types.timestamps import utc

CALL, SMS, EMAIL = "Call", "SMS", "Email"
OUTBOUND = "outbound"
#: Lines HighLevel itself writes into conversations ("opportunity moved", "appointment booked").
ACTIVITIES = "TYPE_ACTIVITY"


class MessageHandler(ListedHandler):
    """`message` rows: fields type, direction, date (UTC), status of calls, subject; and a body."""

    kind = "message"
    endpoint = "POST /conversations/messages/inbound"
    holder = "conversation"
    inside = "conversation"
    stays_because = "HighLevel's API cannot delete a message, and its conversation is not ours"
    unchangeable = "HighLevel's API cannot change a message"
    fixed_to = "its API cannot move a message"

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Record one message at its own time."""
        item = only(items)
        provider = named(
            ctx.options.conversation_provider_id,
            "conversation provider",
            "HIGHLEVEL_CONVERSATION_PROVIDER_ID",
        )
        payload = self.intended(ctx, item)
        fields: dict[str, Any] = payload["fields"]
        common: dict[str, Any] = {
            "conversation_id": item.parents["conversation"],
            "conversation_provider_id": provider,
            "alt_id": item.row.source_key,
            "date": stamped(fields["date"], item.row.source_key),
        }
        if fields["type"] == CALL and fields["direction"] == OUTBOUND:
            call = _call(ctx, item, fields)
            answer = ctx.hl.conversations.import_outbound_call(OutboundCall(call=call, **common))
        else:
            answer = ctx.hl.conversations.import_message(
                InboundMessage(
                    type=fields["type"],
                    contact_id=item.parents["contact"],
                    direction=fields["direction"],
                    call=_call(ctx, item, fields) if fields["type"] == CALL else None,
                    subject=fields.get("subject"),
                    html=payload.get("body") if fields["type"] == EMAIL else None,
                    message=payload.get("body") if fields["type"] == SMS else None,
                    **common,
                )
            )
        return [self.written(ctx, item, {"id": answer["messageId"]})]

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload; a call has no text, and no message an owner."""
        payload = item.row.payload
        if payload["fields"]["type"] == CALL:
            return {"fields": dict(payload["fields"])}
        return super().intended(ctx, item)

    def written(self, ctx: Context, item: Item, record: Mapping[str, Any]) -> Written:
        """Keep the conversation it is in."""
        details = {role: item.parents[role] for role in ("contact", "conversation")}
        return Written(record["id"], self.intended(ctx, item), details)

    def is_ours(self, ctx: Context, item: Item, record: Mapping[str, Any]) -> bool:
        """By the last line of its text; without one, by its moment, unless it is another's."""
        told = reference(record.get("body"))
        if told:
            return told == item.row.source_key
        fields = item.row.payload["fields"]
        meant = Stamp.of(item.parents["contact"], fields, item.row.source_key)
        if not meant.matches(record):
            return False
        known = owners_of(ctx.journal, ctx.location, self.kind, [record["id"]])
        keys = {entry.record_key for entry in known.get(record["id"], [])}
        return keys <= {item.row.record_key}

    def listed(self, ctx: Context, holder_id: str) -> Iterable[Message]:
        """The messages of one conversation."""
        return ctx.hl.conversations.messages(holder_id)

    def logical(self, ctx: Context, record: Mapping[str, Any]) -> Logical:
        """A message in the payload's form; an e-mail's subject takes a request of its own."""
        kind = type_of(record)
        meta = record.get("meta") or {}
        fields: Logical = {
            "type": kind,
            "direction": record.get("direction") or "",
            "date": utc(record.get("dateAdded")),
        }
        if kind == CALL:
            fields["status"] = meta.get("callStatus") or ""
            return {"fields": fields}
        ids = (meta.get("email") or {}).get("messageIds") if kind == EMAIL else None
        if ids:
            fields["subject"] = ctx.hl.conversations.email(ids[0]).get("subject") or ""
        return {"fields": fields, "body": record.get("body") or ""}

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Refuse: raises ValueError."""
        raise ValueError(self.unchangeable)

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Refuse: raises ValueError."""
        raise ValueError(self.stays_because)

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Our messages, by the paged export; and second copies of them, should there be any.

        Those the export does not show are looked for in their conversations, one request each.
        """
        known = _Known(ctx, self.kind)
        seen: set[str] = set()
        for record in _exported(ctx, known):
            source_id = known.source_of(record)
            if record["id"] not in seen and (record["id"] in known.conversations or source_id):
                seen.add(record["id"])
                yield self._found(ctx, record, source_id)
        unseen = {talk: None for hl_id, talk in known.conversations.items() if hl_id not in seen}
        for conversation in unseen:
            for record in _listed(ctx, conversation):
                if record["id"] in known.conversations and record["id"] not in seen:
                    seen.add(record["id"])
                    yield self._found(ctx, record, known.source_of(record))

    def still_there(self, ctx: Context, target: str, ids: set[str]) -> set[str]:
        """Those of these messages the paged export still shows."""
        return {r["id"] for r in ctx.hl.conversations.iterate_all("", EMAIL) if r["id"] in ids}

    def _found(self, ctx: Context, record: Mapping[str, Any], source_id: str) -> Found:
        details = {
            "contact": record.get("contactId"),
            "conversation": record.get("conversationId"),
        }
        values = self.logical(ctx, record)
        return Found(self.kind, self.kind, record["id"], values, source_id, details)


# --- the moment that tells a call ----------------------------------------------------------------


def thousandths(source_key: str) -> int:
    """The milliseconds a message of this source key is stamped with, 1-999."""
    digest = hashlib.blake2b(source_key.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 999 + 1


def stamped(moment: str, source_key: str) -> str:
    """A moment to the second, `…Z`, with our thousandths."""
    return f"{moment.removesuffix('Z')}.{thousandths(source_key):03d}Z"


@dataclass(frozen=True)
class Stamp:
    """What tells a message without words: its contact, type, direction and moment."""

    contact: str
    type: str
    direction: str
    second: str
    thousandths: int

    @classmethod
    def of(cls, contact: str, fields: Logical, source_key: str) -> Stamp:
        """The stamp of a message of ours."""
        return cls(
            contact, fields["type"], fields["direction"], utc(fields["date"]),
            thousandths(source_key),
        )  # fmt: skip

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Stamp:
        """The stamp of a message as read."""
        text = str(record.get("dateAdded") or "")
        fraction = text.rpartition(".")[2].rstrip("Z")
        return cls(
            str(record.get("contactId") or ""), type_of(record),
            str(record.get("direction") or ""), utc(text),
            int(fraction) if "." in text and fraction.isdigit() else 0,
        )  # fmt: skip

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether a message as read has this stamp; the thousandths only when they were kept."""
        other = Stamp.read(record)
        same = (self.type, self.direction, self.second) == (
            other.type, other.direction, other.second,
        )  # fmt: skip
        return same and other.thousandths in (0, self.thousandths)


def type_of(record: Mapping[str, Any]) -> str:
    """A message's type as imported: HighLevel names a provider's own TYPE_CUSTOM_PROVIDER_SMS."""
    name = str(record.get("messageType") or "").upper()
    return next((kind for kind in (CALL, SMS, EMAIL) if name.endswith(kind.upper())), name)


# --- reading -------------------------------------------------------------------------------------


class _Known:
    """The messages of the id map: which conversation each is in, and by which stamp it is told."""

    def __init__(self, ctx: Context, kind: str) -> None:
        self.conversations: dict[str, str] = {}
        self.types: set[str] = set()
        self._stamps: dict[Stamp, str] = {}
        for entry in ctx.journal.iterate_entries(ctx.location, kind=kind):
            fields = (entry.last_written or {}).get("fields") or {}
            self.conversations[entry.hl_id] = str(entry.details.get("conversation"))
            if fields:
                self.types.add(fields["type"])
                stamp = Stamp.of(str(entry.details.get("contact")), fields, entry.source_key)
                self._stamps[stamp] = entry.source_key

    def source_of(self, record: Mapping[str, Any]) -> str:
        """The source key a message was made for; empty when it is none of ours."""
        return reference(record.get("body")) or self._stamps.get(Stamp.read(record), "")


def _exported(ctx: Context, known: _Known) -> Iterator[Message]:
    """The export of the channels our messages are in; nothing when it does not work."""
    channels = [""] if known.types - {EMAIL} else []
    channels += [EMAIL] if EMAIL in known.types else []
    try:
        if channels:
            yield from ctx.hl.conversations.iterate_all(*channels)
    except HighLevelError:
        return  # a scope is missing, or the answer has another shape


def _listed(ctx: Context, conversation_id: str) -> Iterator[Message]:
    try:
        yield from ctx.hl.conversations.messages(conversation_id)
    except NotFound:
        return


def _call(ctx: Context, item: Item, fields: Logical) -> CallDetails:
    """Whose number called whose; one must be the contact's. Raises ValueError."""
    theirs = _phone(ctx, item)
    if not theirs:
        raise ValueError("the contact has no phone number in HighLevel: a call cannot name it")
    ours = str(ctx.catalog.location.get("phone") or "") or None
    if fields["direction"] == OUTBOUND:
        return CallDetails(to=theirs, from_=ours, status=fields["status"])
    return CallDetails(to=ours, from_=theirs, status=fields["status"])


def _phone(ctx: Context, item: Item) -> str:
    """The contact's phone as it was written, by the id map."""
    keys = [p["record_key"] for p in item.row.parents if p["role"] == "contact"]
    entry = ctx.journal.entry(ctx.location, keys[0]) if keys else None
    return str(((entry.last_written or {}).get("fields") or {}).get("phone") or "") if entry else ""
