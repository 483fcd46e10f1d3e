"""Phones to E.164 and e-mails to their normal form; several in a cell keep their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from flitstack_pipeline.cleaning.words import text

_PHONE_SPLIT = re.compile(r"\s*(?:[;,/|\n]|\bor\b|\band\b)\s*", re.I)
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?E\+\d+$", re.I)
_EXTENSION = re.compile(r"\s*(?:x|ext\.?|extension)\s*\.?\s*(\d{1,6})\s*$", re.I)
_LABEL = re.compile(
    r"^\s*(?:cell|mobile|home|work|office|main|fax|tel|phone|m|h|w|o)\s*[:.]\s*", re.I
)
_EMAIL_SPLIT = re.compile(r"[\s;,|<>]+")
_PLACEHOLDER = re.compile(
    r"^(none|no|na|n/a|noemail|no-?reply|test|unknown|x+|null)@|@(none|noemail|example|test|na)\.",
    re.I,
)


@dataclass(frozen=True)
class Phone:
    """One phone: E.164 when it is certain, else only as read; the extension apart."""

    e164: str | None
    extension: str | None
    as_read: str

    @property
    def shown(self) -> str:
        """E.164 with ` x12` for an extension, or the text as read."""
        if self.e164 is None:
            return self.as_read
        return f"{self.e164} x{self.extension}" if self.extension else self.e164


@lru_cache(maxsize=200_000)
def phones(value: str | None, region: str = "US") -> tuple[Phone, ...]:
    """Every phone of a cell, in order, without repeats. Numbers Excel damaged stay as read."""
    found = text(value)
    if found is None:
        return ()
    parts = [p for p in _PHONE_SPLIT.split(found) if p.strip()]
    return tuple(dict.fromkeys(_phone(part, region) for part in parts))


def _phone(part: str, region: str) -> Phone:
    shown = " ".join(part.split())
    if _SCIENTIFIC.match(shown):
        return Phone(None, None, shown)
    bare = _LABEL.sub("", shown)
    extension = _EXTENSION.search(bare)
    number = bare[: extension.start()] if extension else bare
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return Phone(None, None, shown)
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return Phone(None, None, shown)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, extension.group(1) if extension else parsed.extension or None, shown)


@lru_cache(maxsize=200_000)
def emails(value: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(valid e-mails in lower case, in order; what was dropped) of one cell, without any DNS."""
    found = text(value)
    if found is None:
        return (), ()
    good: list[str] = []
    dropped: list[str] = []
    for part in _EMAIL_SPLIT.split(found):
        candidate = part.strip().strip("\"'()[]").removeprefix("mailto:").rstrip(".")
        if not candidate:
            continue
        address = None if _PLACEHOLDER.search(candidate) else _valid(candidate)
        (good if address else dropped).append(address or part)
    return tuple(dict.fromkeys(good)), tuple(dropped)


def _valid(candidate: str) -> str | None:
    try:
        found = validate_email(candidate, check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        return None
    return found.normalized.lower()
