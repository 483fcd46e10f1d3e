"""Dates and moments: the order of day and month is decided per column by evidence, never guessed
per value. Text in, a date and (where the source has a time) an ISO moment out.

A moment that names its zone is converted to the account's; its day is the account's day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from flitstack_pipeline.cleaning.values.clocks import clock, with_zone, zone_named
from flitstack_pipeline.cleaning.values.words import text
from flitstack_pipeline.cleaning.values.written_dates import full_year, taken_apart, without_weekday

EXCEL_EPOCH = dt.date(1899, 12, 30)
MONTH_FIRST, DAY_FIRST, UNDECIDED = "month first", "day first", "undecided"
NOTHING_DECIDES = "no date of any export says which"
#: What is appended to the order where midnight in UTC is how the column writes a bare day.
UTC_DAYS = ", UTC days"
#: What is appended, with a zone, where times that name none are not of the account's.
IN_ZONE = ", in "
_NUMERIC = re.compile(
    r"^(\d{1,4})\s?[/.\-]\s?(\d{1,2})\s?[/.\-]\s?(\d{1,4})\.?(?:(?:T|[\s,]+)(.+))?$", re.A | re.I
)
_CJK = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日")
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$", re.A)
_COMPACT = re.compile(
    r"^((?:19|20|21)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?)?$", re.A
)
_FRACTION = re.compile(r"^0?\.\d+$", re.A)
_ZERO = re.compile(r"^0{1,4}[/.\-]0{1,2}[/.\-]0{1,4}")
_AT = re.compile(r",?\s+(?:at|um|à|às|as|a las?|alle|om|kl\.?|-|–)\s+(?=\d)", re.I)
_TWO_CLOCKS = re.compile(r"\d{1,2}:\d{2}\s*[-\u2013]\s*\d{1,2}:\d{2}.*", re.A)
#: Hours in which clocks are changed (docs/contractor_plus.md#quirk-27).
SKIPPED = "clocks were set forward over this time of day: there is none; kept as it is written"
TWICE = "clocks were set back and showed this time twice: taken as the first, of summer time"
EARLIEST, LATEST = dt.date(1950, 1, 1), dt.date(2100, 12, 31)


class NotADate(ValueError):
    """Text that is neither empty nor a date we can be sure of."""


class DoubtfulDate(NotADate):
    """A date that could be day or month first, or of two time zones, where nothing decides."""


@dataclass(frozen=True)
class Moment:
    """A day and, when the source has a time of day, the exact moment in ISO 8601.

    `doubt` says in words why the moment is not certain, or is none.
    """

    day: dt.date
    exact: str | None = None
    doubt: str = ""


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
    """One date or date-time.

    Args:
        value: The cell as read.
        order: Day or month first, or undecided; with `UTC_DAYS` where midnight in UTC is a day,
            with `IN_ZONE` and a zone (or undecided) where times that name none are of that one.
        zone: The account's; a time that names no zone is of it.

    Returns:
        The account's day and, where the cell has a time of day, the moment; None when the cell is
        empty or all zeros.

    Raises:
        NotADate: The text is not certainly a date ("3 days ago", 31 February, years before 1950).
    """
    found = text(value)
    if found is None or _ZERO.match(found):
        return None
    found = " ".join(found.split())  # browsers write narrow and no-break spaces before PM
    order, _, local = order.partition(IN_ZONE)
    if _SERIAL.match(found):
        made = _from_serial(float(found), zone, local)
    else:
        day, rest = _taken_apart(found, order.removesuffix(UTC_DAYS))
        _check(day, found)
        made = _moment(day, rest, Zones(zone, local, order.endswith(UTC_DAYS)), found)
    _check(made.day, found)
    return made


def is_day(value: str) -> bool:
    """Whether a text is a date or a moment, also where day and month could be either."""
    try:
        return moment(value) is not None
    except DoubtfulDate:
        return True
    except NotADate:
        return False


def time_of_day(value: str | None) -> str | None:
    """`9:05 PM`, `09:05` or `9 am` as HH:MM; None when empty. Raises NotADate otherwise."""
    found = text(value)
    if found is None:
        return None
    if _FRACTION.match(found):  # Excel's part of a day
        seconds = round(float(found) * 86_400) % 86_400
        return (dt.datetime.min + dt.timedelta(seconds=seconds)).strftime("%H:%M")
    parsed = clock(found)
    if parsed is None:
        raise NotADate(f"{found!r} is not a time of day")
    return parsed.strftime("%H:%M")


def names_zone(value: str) -> bool:
    """Whether a text is a time of day and its zone: `2:05 PM EST`."""
    written, zone = with_zone(" ".join(value.split()))
    return zone is not None and clock(written) is not None


def _taken_apart(found: str, order: str) -> tuple[dt.date, str | None]:
    """(day, time of day as written) of a date in any form."""
    compact = _COMPACT.match(found)
    if compact:
        year, month, day, hour, minute, second, zone = compact.groups()
        rest = f"{hour}:{minute}:{second or '00'}{zone or ''}" if hour else None
        return _day(int(year), int(month), int(day), found), rest
    spaced = _AT.sub(" ", _CJK.sub(r"\1-\2-\3 ", found)).strip()
    match = _NUMERIC.match(spaced) or _NUMERIC.match(without_weekday(spaced))
    if match:
        return _numeric(match, order, found)
    written = taken_apart(spaced)
    if written is None:
        raise NotADate(f"{found!r} is not a date")
    year, month, day, rest = written
    return _day(year, month, day, found), rest


def _numeric(match: re.Match[str], order: str, found: str) -> tuple[dt.date, str | None]:
    a, b, c, rest = match.groups()
    if len(a) == 4:
        return _day(int(a), int(b), int(c), found), rest
    if len(a) > 2 or len(c) == 3:
        raise NotADate(f"{found!r} is not a date")
    if order == UNDECIDED and int(a) <= 12 and int(b) <= 12 and int(a) != int(b):
        raise DoubtfulDate(f"{found!r} could be day or month first; decide the column in the map")
    day_first = order == DAY_FIRST or (order == UNDECIDED and int(a) > 12)
    month, day = (int(b), int(a)) if day_first else (int(a), int(b))
    return _day(full_year(c), month, day, found), rest


def _day(year: int, month: int, day: int, found: str) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise NotADate(f"{found!r} is not a day of the calendar") from error


def _from_serial(serial: float, zone: str, local: str) -> Moment:
    day = EXCEL_EPOCH + dt.timedelta(days=int(serial))
    _check(day, str(serial))
    seconds = round((serial % 1) * 86_400)
    if not seconds:
        return Moment(day)
    exact = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=seconds)
    return Zones(zone, local).moment(exact, str(serial))


def _check(day: dt.date, found: str) -> None:
    if not EARLIEST <= day <= LATEST:
        raise NotADate(f"{found!r} lies outside {EARLIEST.year}-{LATEST.year}")


@dataclass(frozen=True)
class Zones:
    """The account's zone, and that of times that name none ("" is the account's).

    `utc_days` says that midnight in UTC stands for a bare day.
    """

    account: str
    local: str = ""
    utc_days: bool = False

    def moment(self, wall: dt.datetime, found: str) -> Moment:
        """A time that names no zone, as the account's. Raises DoubtfulDate for an open zone."""
        stated = zone_named(self.local) if self.local else ZoneInfo(self.account)
        if stated is None:
            raise DoubtfulDate(f"{found!r} names no time zone; say which its column is in")
        return self.converted(wall.replace(tzinfo=stated), midnight=not self.local)

    def converted(self, moment: dt.datetime, midnight: bool = False) -> Moment:
        """A moment of any zone as the account's.

        Args:
            moment: With its zone.
            midnight: Whether midnight in the account's zone is a moment, and no bare day.
        """
        doubt = changed_clock(moment)
        if doubt == SKIPPED:
            return Moment(moment.date(), None, doubt)
        local = moment.astimezone(ZoneInfo(self.account))
        exact = local.isoformat() if midnight or local.time() != dt.time() else None
        return Moment(local.date(), exact, doubt)


def _moment(day: dt.date, rest: str | None, zones: Zones, found: str) -> Moment:
    """The day and moment of the account; midnight is how programs write a bare day."""
    if not rest:
        return Moment(day)
    if _TWO_CLOCKS.fullmatch(rest) and not re.match(r"\d{4}", found):
        raise NotADate(f"{found!r} has two times of day")
    written, stated = with_zone(rest)
    time = clock(written)
    if time is None:
        raise NotADate(f"{found!r} has a time of day that cannot be read")
    if time == dt.time() and (stated is None or (zones.utc_days and is_utc(stated))):
        return Moment(day)
    wall = dt.datetime.combine(day, time)
    if stated is None:
        return zones.moment(wall, found)
    return zones.converted(wall.replace(tzinfo=stated))


def changed_clock(moment: dt.datetime) -> str:
    """Why a wall time is none, or two, of its zone's: clocks are set forward and back; else ""."""
    if moment.utcoffset() == moment.replace(fold=1).utcoffset():
        return ""
    back = moment.astimezone(dt.UTC).astimezone(moment.tzinfo)
    return TWICE if back.replace(tzinfo=None) == moment.replace(tzinfo=None) else SKIPPED


def is_utc(zone: dt.tzinfo) -> bool:
    """Whether a zone is UTC itself."""
    return zone.utcoffset(None) == dt.timedelta(0)
