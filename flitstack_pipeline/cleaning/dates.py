"""Dates and moments: the order of day and month is decided per column by evidence, never guessed
per value. Text in, a date and (where the source has a time) an ISO moment out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from flitstack_pipeline.cleaning.words import text

EXCEL_EPOCH = dt.date(1899, 12, 30)
MONTH_FIRST, DAY_FIRST, UNDECIDED = "month first", "day first", "undecided"
_NUMERIC = re.compile(r"^(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[T\s,]+(.+))?$")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")
_ZERO = re.compile(r"^0{1,4}[/.\-]0{1,2}[/.\-]0{1,4}")
_TIME = re.compile(r"^(\d{1,2})(?::(\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*([ap])?\.?\s*m?\.?$", re.I)
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
    """How a column writes its numeric dates, and the evidence in words."""

    order: str
    evidence: str


def decide_order(values: Iterable[str | None], country: str = "US") -> DateOrder:
    """Day or month first, from all values of one column.

    A value above 12 decides. Contradicting values, or none that decide outside the US, leave the
    column undecided: a question for a person. In the US month first is the custom, and said so.
    """
    day = month = ambiguous = 0
    for value in values:
        match = _NUMERIC.match((value or "").strip())
        if not match or len(match.group(1)) == 4:
            continue
        first, second = int(match.group(1)), int(match.group(2))
        day += first > 12 >= second
        month += second > 12 >= first
        ambiguous += first <= 12 and second <= 12
    if day and month:
        return DateOrder(UNDECIDED, f"{day} values only make sense day first, {month} month first")
    if day:
        return DateOrder(DAY_FIRST, f"{day} values have a first number above 12")
    if month:
        return DateOrder(MONTH_FIRST, f"{month} values have a second number above 12")
    if not ambiguous:
        return DateOrder(MONTH_FIRST, "no value depends on the order")
    if country == "US":
        return DateOrder(MONTH_FIRST, f"{ambiguous} values could be either; US custom")
    return DateOrder(UNDECIDED, f"{ambiguous} values could be either; say which in the map")


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
    match = _NUMERIC.match(found)
    day, rest = _numeric(match, order, found) if match else _written(found)
    _check(day, found)
    return Moment(day, _exact(day, rest, zone, found))


def time_of_day(value: str | None) -> str | None:
    """`9:05 PM`, `09:05` or `9 am` as HH:MM; None when empty. Raises NotADate otherwise."""
    found = text(value)
    if found is None:
        return None
    parsed = _time(found)
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
    try:
        parsed = dateutil_parser.parse(found, default=dt.datetime(1, 1, 1))
    except (ValueError, OverflowError) as error:
        raise NotADate(f"{found!r} is not a date") from error
    if parsed.year == 1:
        raise NotADate(f"{found!r} has no year")
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
    offset = re.search(r"(Z|[+-]\d{2}:?\d{2})$", rest.strip())
    clock = _time(rest[: offset.start()].strip() if offset else rest.strip())
    if clock is None:
        raise NotADate(f"{found!r} has a time of day that cannot be read")
    if offset:
        sign = offset.group(1).replace("Z", "+00:00")
        return dt.datetime.fromisoformat(f"{day}T{clock.isoformat()}{sign}").isoformat()
    return _stamp(day, clock, zone)


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
