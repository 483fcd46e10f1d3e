"""Ids, clocks and the re-formatting HighLevel does to what it is given.

What belongs here: pure functions on single values (a phone, a date, an id). What does not:
which field wants which format. Written anew on purpose: the project's cleaning has its own
phone rules, and a shared mistake would pass unseen.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from datetime import UTC, date, datetime

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EMAIL = re.compile(r"^[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]{2,}$")
_EXTENSION = re.compile(r"\s*(?:ext\.?|extension|x|#)\s*\d+\s*$", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
# Ten orders and separators are accepted for a date of birth; these are the unambiguous ones.
_BIRTHDAYS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m-%d-%Y", "%Y.%m.%d", "%m.%d.%Y", "%Y %m %d")


def short_id() -> str:
    """Return a 20 character alphanumeric id, as contacts, opportunities and pipelines have."""
    return "".join(ALPHABET[byte % 62] for byte in os.urandom(20))


def mongo_id() -> str:
    """Return a 24 character hexadecimal id, as companies, records and products have."""
    return f"{int(time.time()):08x}{os.urandom(8).hex()}"


def uuid_id() -> str:
    """Return a UUID, as pipeline stages and traces have."""
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


def now_ms() -> int:
    """Return the server's time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """Return a timestamp the way HighLevel prints one, e.g. `2026-11-24T10:00:00.123Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def parse_moment(text: object) -> int | None:
    """Return milliseconds for an ISO 8601 text or a number of milliseconds; None if neither."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return int(text)
    if not isinstance(text, str) or not text.strip():
        return None
    if text.strip().isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def is_date(text: object) -> bool:
    """Tell whether the value is a calendar date `YYYY-MM-DD` without a time."""
    if not isinstance(text, str) or not _DATE.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def birthday(text: str) -> str | None:
    """Return a date of birth as `YYYY-MM-DD`, or None when it cannot be read."""
    for pattern in _BIRTHDAYS:
        try:
            return datetime.strptime(text.strip(), pattern).date().isoformat()
        except ValueError:
            continue
    return None


def is_email(text: str) -> bool:
    """Tell whether the text looks like one e-mail address."""
    return bool(_EMAIL.match(text.strip()))


def e164(text: str, country: str = "US") -> str | None:
    """Return the phone in E.164, an extension dropped; None when it is no phone number.

    Numbers without a leading plus are read in the sub-account's country; only the North
    American plan is known, other countries need the plus.
    """
    bare = _EXTENSION.sub("", text.strip())
    if re.search(r"[A-Za-z]", bare):
        return None
    digits = re.sub(r"\D", "", bare)
    if bare.startswith("+"):
        return f"+{digits}" if 8 <= len(digits) <= 15 else None
    if country in ("US", "CA"):
        if len(digits) == 10:
            return f"+1{digits}"
        if len(digits) == 11 and digits[0] == "1":
            return f"+{digits}"
        return None
    return f"+{digits}" if 8 <= len(digits) <= 15 else None


def slug(name: str) -> str:
    """Return the key HighLevel makes of a name: lower case, other characters become `_`."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_") or "field"


def field_slug(name: str) -> str:
    """Return the key of a custom field, which keeps the underscores of the name."""
    return re.sub(r"[^a-z0-9_]", "", re.sub(r"[\s\-/.]+", "_", name.strip().lower())) or "field"
