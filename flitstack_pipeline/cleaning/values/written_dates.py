"""Dates whose month is a word: `Jan 15, 2026`, `15 de enero de 2026`, `Tue Mar 05 2024 14:05`.

Belongs here: the words of fifteen languages for months and days of the week, and the orders in
which day, month and year stand. Does not: numeric dates and the time of day (`dates`).
"""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from flitstack_pipeline.cleaning.values.accents import without_accents

_LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "nb", "ru")
#: Languages whose short names of months are words of others (`led`, `sub`, `lip`): only in full.
_IN_FULL = ("pl", "fi", "cs", "tr")
#: Spellings that CLDR has not: without accent or point, or older.
_MORE_MONTHS = {"sept": 9, "setiembre": 9, "set": 9, "sepbre": 9, "febr": 2, "jun": 6, "jul": 7,
                "фев": 2, "сен": 9, "ноя": 11}  # fmt: skip
_WORD = r"[^\W\d_]{3,}"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|°)?"
_JOINT = r"(?:\s+(?:de|del|of)\s+|[\s.,/\-]+)"
_YEAR = r"(?P<year>\d{4}|'?\d{2})"
_REST = r"(?:(?:T|[\s,]+)(?P<rest>\S.*))?"
_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)"
_FORMS = tuple(
    re.compile(form, re.I)
    for form in (
        rf"{_DAY}{_JOINT}?(?P<month>{_WORD})\.?{_JOINT}?{_YEAR}(?!\d|:){_REST}",
        rf"(?P<month>{_WORD})\.?[\s.\-/]*{_DAY}[\s.,/\-]+{_YEAR}(?!\d|:){_REST}",
        rf"(?P<year>\d{{4}})[\s.,/\-]*(?P<month>{_WORD})\.?[\s.,/\-]*{_DAY}{_REST}",
        rf"(?P<month>{_WORD})\.?\s+{_DAY}\s+{_CLOCK}\s+(?:(?P<zone>[A-Z]{{1,4}})\s+)?(?P<year>\d{{4}})",
    )
)
#: Words before the day of a date: `le 13 janvier`, `el 13 de enero`, `am 13. Januar`.
_ARTICLE = re.compile(r"^(?:le|el|am|il|den|on)\s+(?=\d)", re.I)
#: The word for year behind it: `5 января 2024 г.`, `5 stycznia 2024 r.`
_YEAR_WORD = re.compile(r"(?<=\d{4})\s?(?:г|год|года|r|roku)\b\.?(?=$|[,\s])", re.I)
_FIRST_WORD = re.compile(r"^([^\W\d_]{2,})\.?(?:-feira)?\s*,?\s+", re.I)


def taken_apart(text: str) -> tuple[int, int, int, str | None] | None:
    """(year, month, day, what follows) of a date with a written month; None when it is none."""
    bare = _YEAR_WORD.sub("", " ".join(text.split()))
    return _apart(without_weekday(bare)) or _apart(bare)


def _apart(text: str) -> tuple[int, int, int, str | None] | None:
    for form in _FORMS:
        match = form.fullmatch(text)
        month = _months().get(plain(match["month"])) if match else None
        if match and month:
            parts = match.groupdict()
            rest = parts.get("rest")
            if parts.get("clock"):
                rest = " ".join(p for p in (parts["clock"], parts["zone"]) if p)
            return full_year(parts["year"]), month, int(parts["day"]), rest
    return None


def without_weekday(text: str) -> str:
    """A text without the day of the week, and the article, at its beginning."""
    first = _FIRST_WORD.match(text)
    rest = text[first.end() :] if first and plain(first[1]) in _weekdays() else text
    return _ARTICLE.sub("", rest)


def full_year(text: str) -> int:
    """A year of two digits in full: 00 to 69 are 2000 to 2069, 70 to 99 are 1970 to 1999."""
    year = int(text.lstrip("'"))
    if len(text.lstrip("'")) > 2:
        return year
    return 2000 + year if year < 70 else 1900 + year


def plain(word: str) -> str:
    """A word in lower case, without accents and point."""
    return without_accents(word.casefold()).rstrip(".")


@cache
def _months() -> dict[str, int]:
    return _words("months") | _MORE_MONTHS


@cache
def _weekdays() -> frozenset[str]:
    return frozenset(_words("days"))


def _words(kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for language in reversed((*_LANGUAGES, *_IN_FULL)):
        listed = getattr(Locale(language), kind)
        for use in ("stand-alone", "format"):
            for width in ("wide",) if language in _IN_FULL else ("abbreviated", "wide"):
                found |= {plain(word): n for n, word in listed[use][width].items()}
    return {word.removesuffix("-feira"): n for word, n in found.items()}
