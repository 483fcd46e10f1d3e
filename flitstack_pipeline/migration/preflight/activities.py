"""Whether messages and appointments can keep their own time in this sub-account.

What belongs here: the conversation provider and the calendar the map's choice of activities needs.
HighLevel has no way to look a provider up (OpenAPI): the sample's first message shows whether it
works. Facts: docs/highlevel.md#activities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import (
    Forbidden,
    HighLevelError,
    NotFound,
    Unauthorized,
    ValidationRejected,
)
from flitstack_pipeline.mapping.document import APPOINTMENT, MESSAGE
from flitstack_pipeline.migration.preflight.access import WHERE
from flitstack_pipeline.migration.preflight.lines import Line, failed, few, passed, warned

OR_NOTES = "or choose note under `activities` in map.yaml"


def messages_line(hl: HighLevel, choices: Mapping[str, str], provider: str) -> Line:
    """Calls, texts and e-mails: is there a provider, and may the token read what it writes?"""
    check = "messages"
    kinds = [kind for kind, form in choices.items() if form == MESSAGE]
    if not kinds:
        hint = "; choose message under `activities` in map.yaml to keep their own time"
        found = "not used: calls, texts and e-mails become notes" + (hint if provider else "")
        return passed(check, found)
    named = ", ".join(kinds)
    if not provider:
        return failed(
            check, f"{named} are to become messages, and no conversation provider is named",
            "Set HIGHLEVEL_CONVERSATION_PROVIDER_ID to the provider's id (Marketplace → your app "
            f"→ Conversation Providers; the app must be installed here), {OR_NOTES}.",
        )  # fmt: skip
    scopes = "conversations.readonly, conversations/message.readonly"
    refused = _refused(check, lambda: _read_messages(hl), scopes)
    if refused is not None:
        return refused
    return warned(
        check, f"{named} become messages of the provider {provider}, which no API can show",
        "Tick conversations.write and conversations/message.write. Inbound messages count as "
        "unread and start workflows that wait for a reply: keep those in draft. No API can change "
        "or delete a message: look at the sample's before you approve it.",
    )  # fmt: skip


def _read_messages(hl: HighLevel) -> None:
    hl.conversations.total()
    next(hl.conversations.iterate_all(page_size=10), None)


def appointments_line(hl: HighLevel, choices: Mapping[str, str], calendar_id: str) -> Line:
    """Meetings: is the calendar there, and may the token read it?"""
    check = "appointments"
    if APPOINTMENT not in choices.values():
        hint = "; choose appointment under `activities` in map.yaml to keep their own time"
        return passed(check, "not used: meetings become notes" + (hint if calendar_id else ""))
    if not calendar_id:
        return failed(
            check, "meetings are to become appointments, and no calendar is named",
            f"Set HIGHLEVEL_CALENDAR_ID (Settings → Calendars → the calendar's id), {OR_NOTES}.",
        )  # fmt: skip
    found: list[str] = []
    refused = _refused(check, lambda: found.append(_name_of(hl, calendar_id)), "calendars.readonly")
    if refused is not None:
        return refused
    if not found[0]:
        return failed(
            check, f"there is no calendar {calendar_id}; {_others(hl)}",
            f"Correct HIGHLEVEL_CALENDAR_ID, {OR_NOTES}.",
        )  # fmt: skip
    return passed(
        check,
        f"meetings become appointments of the calendar {found[0]!r}; nobody is told. Needs the "
        "scopes calendars/events.readonly and calendars/events.write",
    )


def _name_of(hl: HighLevel, calendar_id: str) -> str:
    """A calendar's name; empty when there is none with this id, or it is another sub-account's."""
    try:
        return str(hl.calendars.get(calendar_id).get("name") or calendar_id)
    except (NotFound, ValidationRejected, Forbidden):
        return ""


def _others(hl: HighLevel) -> str:
    try:
        names = [f"{c.get('name')} ({c.get('id')})" for c in hl.calendars.list()]
    except HighLevelError:
        return "the others could not be read"
    return f"known are {few(names)}" if names else "there is none at all"


def _refused(check: str, read: Callable[[], None], scopes: str) -> Line | None:
    """What stands against reading; None when it works."""
    try:
        read()
    except (Unauthorized, Forbidden):
        return failed(check, f"the token lacks a scope: {scopes}", f"{WHERE}: tick {scopes}.")
    except HighLevelError as error:
        return failed(check, f"no usable answer: {error}", "Try again; ask HighLevel's support.")
    return None
