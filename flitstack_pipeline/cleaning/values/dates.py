"""Dates and moments: the order of day and month is decided per column by evidence, never guessed
per value. Text in, a date and (where the source has a time) an ISO moment out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from flitstack_pipeline.cleaning.values.words import text

EXCEL_EPOCH = dt.date(1899, 12, 30)
MONTH_FIRST, DAY_FIRST, UNDECIDED = "month first", "day first", "undecided"
NOTHING_DECIDES = "no date of any export says which"
_NUMERIC = re.compile(r"^(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[T\s,]+(.+))?$")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")
_COMPACT = re.compile(r"^((?:19|20|21)\d{2})(\d{2})(\d{2})$", re.A)
_FRACTION = re.compile(r"^0?\.\d+$", re.A)
_CLOCK_WORDS = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
#: Time zone words that exports of American accounts carry; others are not guessed.
_ZONE_WORDS = {
    "UTC": "+00:00", "GMT": "+00:00", "EST": "-05:00", "EDT": "-04:00", "CST": "-06:00",
    "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
}  # fmt: skip
_MONTH_WORDS = {
    "enero": "jan", "febrero": "feb", "marzo": "mar", "abril": "apr", "mayo": "may",
    "junio": "jun", "julio": "jul", "agosto": "aug", "septiembre": "sep", "setiembre": "sep",
    "octubre": "oct", "noviembre": "nov", "diciembre": "dec", "janvier": "jan",
    "février": "feb", "fevrier": "feb", "mars": "mar", "avril": "apr", "mai": "may",
    "juin": "jun", "juillet": "jul", "août": "aug", "aout": "aug", "septembre": "sep",
    "octobre": "oct", "novembre": "nov", "décembre": "dec", "decembre": "dec",
}  # fmt: skip
_ZERO = re.compile(r"^0{1,4}[/.\-]0{1,2}[/.\-]0{1,4}")
_TIME = re.compile(r"^(\d{1,2})(?::(\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*([ap])?\.?\s*m?\.?$", re.I)
_MIDNIGHT = re.compile(r"^00:00(:00(\.0+)?)?$", re.A)
EARLIEST, LATEST = dt.date(1950, 1, 1), dt.date(2100, 12, 31)


class NotADate(ValueError):
    """Text that is neither empty nor a date we can be sure of."""


@dataclass(frozen=True)
class Moment:
    """A day and, when the source has a time of day, the exact moment in ISO 8601."""

    day: dt.date
    exact: str | None = None


@dataclass(frozen=True)
class DateOrder:
    """How a column writes its numeric dates, and the evidence in words.

    `certain` says that the values allow no other reading, so that nobody need be asked.
    """

    order: str
    evidence: str
    certain: bool = False


def decide_order(values: Iterable[str | None]) -> DateOrder:
    """Day or month first, from all values of one column.

    A value above 12 decides. Contradicting values, or none that decide, leave the column undecided:
    a question for a person, whatever the custom of the country.
    """
    return order_from_counts(*count_orders(Counter(leading_pair(v) for v in values)))


def leading_pair(value: str | None) -> tuple[int, int] | None:
    """The first two numbers of a numeric date without leading year: (13, 2) of 13/2/2024."""
    match = _NUMERIC.match((value or "").strip())
    if not match or len(match.group(1)) > 2:
        return None
    return int(match.group(1)), int(match.group(2))


def count_orders(pairs: Mapping[tuple[int, int] | None, int]) -> tuple[int, int, int]:
    """How many values make sense day first only, month first only, and either way."""
    day = month = ambiguous = 0
    for pair, count in pairs.items():
        if pair is None or pair[0] == pair[1]:
            continue
        first, second = pair
        day += count * (first > 12 >= second)
        month += count * (second > 12 >= first)
        ambiguous += count * (first <= 12 and second <= 12)
    return day, month, ambiguous


def order_from_counts(day: int, month: int, ambiguous: int) -> DateOrder:
    """The order that counted evidence decides (see `decide_order`)."""
    if day and month:
        return DateOrder(UNDECIDED, f"{day} values only make sense day first, {month} month first")
    if day:
        return DateOrder(DAY_FIRST, f"{day} values have a first number above 12", certain=True)
    if month:
        return DateOrder(MONTH_FIRST, f"{month} values have a second number above 12", certain=True)
    if not ambiguous:
        return DateOrder(MONTH_FIRST, "no value depends on the order")
    return DateOrder(UNDECIDED, NOTHING_DECIDES)


@lru_cache(maxsize=200_000)
def moment(value: str | None, order: str = MONTH_FIRST, zone: str = "UTC") -> Moment | None:
    """One date or date-time; None when empty or all zeros.

    A time without zone is local to `zone`. Raises NotADate for anything that is not certainly a
    date ("3 days ago", 31 February, years before 1950).
    """
    found = text(value)
    if found is None or _ZERO.match(found):
        return None
    if _SERIAL.match(found):
        return _from_serial(float(found), zone)
    compact = _COMPACT.match(found)
    found = "-".join(compact.groups()) if compact else found
    match = _NUMERIC.match(found)
    day, rest = _numeric(match, order, found) if match else _written(found)
    _check(day, found)
    return Moment(day, _exact(day, rest, zone, found))


def time_of_day(value: str | None) -> str | None:
    """`9:05 PM`, `09:05` or `9 am` as HH:MM; None when empty. Raises NotADate otherwise."""
    found = text(value)
    if found is None:
        return None
    if _FRACTION.match(found):  # Excel's part of a day
        seconds = round(float(found) * 86_400) % 86_400
        return (dt.datetime.min + dt.timedelta(seconds=seconds)).strftime("%H:%M")
    parsed = _time(_CLOCK_WORDS.get(found.casefold(), found))
    if parsed is None:
        raise NotADate(f"{found!r} is not a time of day")
    return parsed.strftime("%H:%M")


def _numeric(match: re.Match[str], order: str, found: str) -> tuple[dt.date, str | None]:
    a, b, c, rest = match.groups()
    if len(a) == 4:
        return _day(int(a), int(b), int(c), found), rest
    if order == UNDECIDED and int(a) <= 12 and int(b) <= 12 and a != b:
        raise NotADate(f"{found!r} could be day or month first; decide the column in the map")
    year = int(c) if len(c) > 2 else 2000 + int(c) if int(c) < 70 else 1900 + int(c)
    day_first = order == DAY_FIRST or (order == UNDECIDED and int(a) > 12)
    month, day = (int(b), int(a)) if day_first else (int(a), int(b))
    return _day(year, month, day, found), rest


def _day(year: int, month: int, day: int, found: str) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise NotADate(f"{found!r} is not a day of the calendar") from error


def _written(found: str) -> tuple[dt.date, str | None]:
    """ISO date-times and written months ("Jan 15, 2026"); both name the month, so order is moot."""
    if not re.search(r"[A-Za-z]{3}", found) and not re.match(r"^\d{4}-\d{2}-\d{2}", found):
        raise NotADate(f"{found!r} is not a date")
    words = re.sub(r"[^\W\d_]+", lambda m: _MONTH_WORDS.get(m[0].casefold(), m[0]), found)
    words = re.sub(r"\bde\b", " ", _numeric_zone(words))
    try:
        parsed = dateutil_parser.parse(words, default=dt.datetime(1, 1, 1))
        again = dateutil_parser.parse(words, default=dt.datetime(1, 1, 2))
    except (ValueError, OverflowError, TypeError) as error:
        raise NotADate(f"{found!r} is not a date") from error
    if parsed.year == 1:
        raise NotADate(f"{found!r} has no year")
    if parsed.date() != again.date():
        raise NotADate(f"{found!r} has no day of the month")
    rest = parsed.timetz().isoformat() if re.search(r"\d:\d", found) else None
    return parsed.date(), rest


def _from_serial(serial: float, zone: str) -> Moment:
    day = EXCEL_EPOCH + dt.timedelta(days=int(serial))
    _check(day, str(serial))
    seconds = round((serial % 1) * 86_400)
    if not seconds:
        return Moment(day)
    clock = (dt.datetime.min + dt.timedelta(seconds=seconds)).time()
    return Moment(day, _stamp(day, clock, zone))


def _check(day: dt.date, found: str) -> None:
    if not EARLIEST <= day <= LATEST:
        raise NotADate(f"{found!r} lies outside {EARLIEST.year}-{LATEST.year}")


def _exact(day: dt.date, rest: str | None, zone: str, found: str) -> str | None:
    if not rest:
        return None
    rest = _numeric_zone(rest.strip())
    if _MIDNIGHT.match(rest):  # how Excel and databases write a bare date
        return None
    offset = re.search(r"(Z|[+-]\d{2}:?\d{2})$", rest)
    clock = _time(rest[: offset.start()].strip() if offset else rest.strip())
    if clock is None:
        raise NotADate(f"{found!r} has a time of day that cannot be read")
    if offset:
        sign = offset.group(1).replace("Z", "+00:00")
        return dt.datetime.fromisoformat(f"{day}T{clock.isoformat()}{sign}").isoformat()
    return _stamp(day, clock, zone)


def _numeric_zone(found: str) -> str:
    """A time zone word at the end as an offset."""
    word = re.search(r"\s([A-Za-z]{3})$", found)
    zone = _ZONE_WORDS.get(word.group(1).upper()) if word else None
    return f"{found[: word.start()]}{zone}" if word and zone else found


def _stamp(day: dt.date, clock: dt.time, zone: str) -> str:
    return dt.datetime.combine(day, clock, ZoneInfo(zone)).isoformat()


def _time(found: str) -> dt.time | None:
    match = _TIME.match(found.strip())
    if not match or (match.group(2) is None and match.group(4) is None):
        return None
    hour, minute, second = int(match.group(1)), int(match.group(2) or 0), int(match.group(3) or 0)
    half = (match.group(4) or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
