"""What the words of an activity tell: who called or wrote, how a call ended, whether a meeting was.

Belongs here: words to HighLevel's closed vocabularies, with the reason. Does not: what an activity
becomes (`mapping.activity_forms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

INBOUND, OUTBOUND = "inbound", "outbound"
_CLIENT = r"(?:client|customer|homeowner|owner|tenant|lead|they|he|she)"
_FROM_THEM = re.compile(
    r"\b(?:in(?:bound|coming)|received|replied|missed call|entrante|recibid[oa]|re[çc]u[e]?"
    rf"|from (?:the )?{_CLIENT}|{_CLIENT} (?:called|phoned|rang|texted|wrote|e-?mailed|sent|left)"
    r"|called (?:us|me|in)|wrote (?:us|me))\b",
    re.IGNORECASE,
)
_TO_THEM = re.compile(
    r"\b(?:out(?:bound|going)|sent|left (?:a |an )?(?:message|voice ?mail|vm)|saliente|enviad[oa]"
    r"|sortant|envoy[ée]e?|(?:called|phoned|rang|texted|e-?mailed|wrote(?: to)?))\b",
    re.IGNORECASE,
)
_SHORT = {"in": INBOUND, "out": OUTBOUND, "from client": INBOUND, "to client": OUTBOUND}
_DIRECTION_COLUMN = re.compile(
    r"\b(?:direction|in ?/ ?out|inbound|outbound|sent ?/ ?received)\b", re.I
)
_OUTCOME_COLUMN = re.compile(r"\b(?:status|outcome|result|disposition)\b", re.I)
_CALL_STATUSES = (
    (r"\bno[ -]answer|not answered|unanswered|didn'?t answer|missed call\b", "no-answer"),
    (r"\bvoice ?mail|left (?:a |an )?(?:message|vm)\b|\blvm\b", "voicemail"),
    (r"\bbusy\b", "busy"),
    (r"\bfailed|wrong number|disconnected number\b", "failed"),
    (r"\bcancell?ed\b", "canceled"),
)
_MEETING_STATUSES = (
    (r"\bno[ -]?show(?:ed)?\b|did not (?:show|turn) up", "noshow"),
    (r"\bcancell?ed\b", "cancelled"),
    (r"\b(?:showed|attended|held|took place|completed|done)\b", "showed"),
)


@dataclass(frozen=True)
class Direction:
    """Who called or wrote, and what told it; `because` is empty when nothing did."""

    value: str
    because: str = ""


def direction_of(row: Mapping[str, Any]) -> Direction:
    """Inbound or outbound, by the export's words; outbound, HighLevel's default, when it is silent.

    A column about it counts first, then the kind, then the author. Subject and text tell of a call,
    which they describe; those of a text or e-mail are what was written, and only their first words
    may describe it ("Emailed the offer").
    """
    for column, value in _columns(row, _DIRECTION_COLUMN):
        found = _SHORT.get(value.casefold()) or _told(value)
        if found:
            return Direction(found, f"{column}: {value}")
    kind = _told(str(row.get("kind_text") or ""))
    if kind:
        return Direction(kind, f"its kind: {row['kind_text']}")
    author, client = str(row.get("author") or ""), str(row.get("client_name") or "")
    if author and author.casefold() == client.casefold():
        return Direction(INBOUND, "its author is the client")
    is_call = row.get("kind") == "call"
    if not is_call and row.get("owner_key"):
        return Direction(OUTBOUND, "its author is of the team")
    for name in ("subject", "text"):
        words = plain(row.get(name))
        found = _told(words if is_call else " ".join(words.split()[:2]))
        if found:
            return Direction(found, f"its {name}")
    return Direction(OUTBOUND)


def _told(words: str) -> str | None:
    if _FROM_THEM.search(words):
        return INBOUND
    return OUTBOUND if _TO_THEM.search(words) else None


def call_status(row: Mapping[str, Any]) -> str:
    """How a call ended; `completed` unless the export says otherwise."""
    return _status(row, _CALL_STATUSES) or "completed"


def meeting_status(row: Mapping[str, Any]) -> str:
    """What became of a meeting; `confirmed` unless the export says more."""
    return _status(row, _MEETING_STATUSES) or "confirmed"


def _status(row: Mapping[str, Any], known: tuple[tuple[str, str], ...]) -> str | None:
    told = [value for _, value in _columns(row, _OUTCOME_COLUMN)]
    told += [plain(row.get(name)) for name in ("kind_text", "subject", "text")]
    for words in told:
        for pattern, status in known:
            if re.search(pattern, words, re.IGNORECASE):
                return status
    return None


def _columns(row: Mapping[str, Any], wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for column, value in sorted((row.get("custom") or {}).items()):
        if value and wanted.search(column.replace("_", " ")):
            yield column, str(value).strip()


def plain(text: Any) -> str:
    """A text without its HTML."""
    broken = re.sub(r"(?i)<(?:br|/p|/div|/li)\b[^>]*>", "\n", str(text or ""))
    lines = unescape(re.sub(r"<[^>]+>", "", broken)).splitlines()
    return "\n".join(line.strip() for line in lines).strip()
