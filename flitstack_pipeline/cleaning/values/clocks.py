"""Times of day and time zones as people, spreadsheets and programs write them.

Belongs here: `2:05 PM`, `14h05`, `GMT-0500 (EST)`, `Z`. Does not: the day (`dates`).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flitstack_pipeline.catalog.zone_names import LONG_NAMES, OFFSETS, PLACES

_WORDS = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_TIME = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2})(?:[.,]\d+)?)?\s*(?:uhr|hrs?|h)?\s*([ap])?\.?\s*m?\.?",
    re.I,
)
#: `14 h`, `9 Uhr`, `kl. 9`: an hour alone, with the word for it.
_HOUR = re.compile(r"(\d{1,2})\s?(?:h|uhr)|kl\.?\s?(\d{1,2})", re.I)
_AT = re.compile(r"^kl\.?\s?(?=\d{1,2}[:.])", re.I)
_LONG_ZONE = re.compile(rf"\s+\(?({'|'.join(LONG_NAMES)}) time\)?$", re.I)
#: `-05:00`, `-0500`, `+00`, `GMT-5`, `UTC+05:30`: west is minus, as people mean it.
_OFFSET = re.compile(r"(?:\s*\b(?:GMT|UTC)\s*)?([+\-\u2212])(\d{1,2})(?::?([0-5]\d))?", re.I)
#: `14:05 (GMT-05:00)`, `2:05 PM (EST)`: the zone itself in brackets; behind an offset a remark.
_BRACKETED_ZONE = re.compile(
    r"(?<=[\dapmAPM.])\s*[(\[]((?:GMT|UTC)?\s*[+\-\u2212]\d[\d:]*|[A-Z]{1,4})[)\]]$", re.I
)
_REMARK = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])$")
#: How lists to choose from begin: `(GMT-05:00) Eastern Time`.
_OFFSET_BEFORE = re.compile(r"^\((?:GMT|UTC)[+\-\u2212]?[\d:]*\)\s*(?=\S)", re.I)
_ZONE_WORD = re.compile(r"(?<![^\W\d_])([A-Za-z]{1,4}|[A-Za-z]+(?:/[A-Za-z_\-]+)+)$")


def clock(text: str) -> dt.time | None:
    """A time of day; None when the text is none."""
    found = _WORDS.get(text.strip().casefold(), text.strip())
    found = _AT.sub("", found)
    hour_only = _HOUR.fullmatch(found)
    match = _TIME.fullmatch(f"{hour_only[1] or hour_only[2]}:00" if hour_only else found)
    if not match or (match[2] is None and match[4] is None):
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    half = (match[4] or "").lower()
    if half == "a" and hour > 12:
        return None
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def with_zone(text: str) -> tuple[str, dt.tzinfo | None]:
    """A time of day and the zone that stands behind it, taken off; None when none does."""
    given = text.strip()
    if given.endswith(("ime", "ime)")):
        given = _LONG_ZONE.sub(lambda m: f" {LONG_NAMES[m[1].casefold()]}", given)
    if _offset(_REMARK.sub("", given)) is None:
        given = _BRACKETED_ZONE.sub(r" \1", given)
    bare = _REMARK.sub("", given)
    offset = _offset(bare)
    if offset is None and bare != given:
        return given, None
    if offset:
        return offset
    word = _ZONE_WORD.search(bare)
    if not word:
        return bare, None
    zone = _named(word[1])
    if zone is None:
        return bare, None
    before, further = bare[: word.start()].strip(), None
    if before and _offset(before):  # "+0000 UTC"
        before, further = _offset(before) or (before, None)
    return before, further or zone


def zone_named(word: str) -> dt.tzinfo | None:
    """The zone a text names by itself: `UTC`, `EST`, `Eastern Time`, `GMT-5`, `Europe/London`,
    `(GMT-05:00) Eastern Time (US & Canada)`."""
    bare = _REMARK.sub("", _OFFSET_BEFORE.sub("", word.strip()))
    if bare.casefold() in ("eastern", "central", "mountain", "pacific"):
        bare += " time"
    written, zone = with_zone(f"1:00 {bare}")
    return zone if written == "1:00" else None


def _offset(text: str) -> tuple[str, dt.tzinfo] | None:
    match = re.search(_OFFSET.pattern + r"$", text, re.I)
    if not match or not re.search(r"\d", text[: match.start()]):
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14:
        return None
    length = dt.timedelta(hours=hours, minutes=minutes)
    return text[: match.start()].strip(), dt.timezone(length if match[1] == "+" else -length)


def _named(word: str) -> dt.tzinfo | None:
    if word.upper() in OFFSETS:
        return dt.timezone(dt.timedelta(hours=OFFSETS[word.upper()]))
    if word.upper() in PLACES:
        return ZoneInfo(PLACES[word.upper()])
    known = _iana().get(word.casefold()) if "/" in word else None
    return ZoneInfo(known) if known else None


@cache
def _iana() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}
