"""From clean values to payload values: text, decimal strings, ISO dates, labels, lists.

A transform returns None for "nothing to say" and raises Unfit when the value does not fit the
field's type; the caller then keeps the text in Original_Values__c, so that nothing is lost.

Text goes through the parsers of `cleaning.values`, with how its file writes dates and numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.cleaning.values import dates, numbers, words
from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST, UNDECIDED
from flitstack_pipeline.cleaning.values.formats import Format, comma_of
from flitstack_pipeline.cleaning.values.yes_no import NeitherYesNorNo, yes_or_no
from flitstack_pipeline.warehouse import table_exists

#: Characters of an ISO moment before its offset.
_WALL = len("2024-11-03T01:30:00")


class Unfit(ValueError):
    """The value does not fit the type of the field it is mapped to."""


class SkippedTime(Unfit):
    """A day with a time of day over which clocks were set forward."""


@dataclass(frozen=True)
class Account:
    """What the transforms know of the account: its zone, how its known columns are written."""

    time_zone: str = "UTC"
    formats: Mapping[tuple[str, str], Format] = field(default_factory=dict)

    @classmethod
    def load(cls, con: duckdb.DuckDBPyConnection) -> Account:
        """What cleaning found out; columns that two files write in two ways are undecided."""
        if not table_exists(con, "clean.account"):
            return cls()
        zone = str(con.execute("SELECT time_zone FROM clean.account").fetchall()[0][0])
        found: dict[tuple[str, str], set[str]] = {}
        for dataset, column, word in con.execute(
            'SELECT dataset, "column", format FROM clean.formats'
        ).fetchall():
            found.setdefault((dataset, column), set()).add(word)
        formats = {
            place: Format.of(next(iter(ways))) if len(ways) == 1 else Format(UNDECIDED, UNDECIDED)
            for place, ways in found.items()
        }
        return cls(zone, formats)

    def format_of(self, dataset: str, source: str, row: Mapping[str, Any]) -> Format:
        """How the cell of a row is written."""
        if source.startswith("custom:"):
            told = row.get("custom_formats") or {}
            return Format.of(told.get(source.removeprefix("custom:")))
        return self.formats.get((dataset, source), Format())


def read_as(transform: str, value: Any, how: Format, zone: str = "UTC") -> Any:
    """A value as a field takes it.

    Args:
        transform: Its name in map.yaml.
        value: A clean value; text is parsed.
        how: How its column is written.
        zone: The account's time zone.

    Raises:
        Unfit: The value is none of the field's type, or how to read it is not decided.
    """
    if isinstance(value, str) and transform in _PARSED:
        if words.pending(value):
            raise Unfit(f"{value!r}: not known yet in {SOURCE.name}")
        return _PARSED[transform](value, how, zone)
    return TRANSFORMS[transform](value)


def text(value: Any) -> str | None:
    """Text without surrounding blanks; nothing when empty."""
    return str(value).strip() or None if value is not None else None


def money(value: Any) -> str | None:
    """An amount as a decimal string with at least two places: `1234.50`."""
    amount = _decimal(value)
    if amount is None:
        return None
    plain = f"{amount:.4f}"
    return plain[:-2] if plain.endswith("00") else plain.rstrip("0")


def number(value: Any) -> str | None:
    """A number as a decimal string without trailing zeros: `2.5`."""
    amount = _decimal(value)
    if amount is None:
        return None
    plain = f"{amount:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _decimal(value: Any, how: Format = Format()) -> Decimal | None:  # noqa: B008 - frozen
    if value is None or isinstance(value, Decimal | int):
        return None if value is None else Decimal(value)
    try:
        return numbers.number(str(value), comma=comma_of(how.sign))
    except numbers.NotANumber as error:
        raise Unfit(str(error)) from error


def rate(value: Any, how: Format = Format()) -> str | None:  # noqa: B008 - frozen
    """A rate in percent as a decimal string: `7.5` of `7,5 %`."""
    if value is None or isinstance(value, Decimal | int):
        return number(value)
    try:
        return number(numbers.rate(str(value), comma=comma_of(how.sign)))
    except numbers.NotANumber as error:
        raise Unfit(str(error)) from error


def iso_date(value: Any) -> str | None:
    """A day as YYYY-MM-DD, read month first."""
    return value.isoformat()[:10] if isinstance(value, date) else _day(value, MONTH_FIRST)


def date_mdy(value: Any) -> str | None:
    """A day written month first (or ISO) as YYYY-MM-DD."""
    return _day(value, MONTH_FIRST)


def date_dmy(value: Any) -> str | None:
    """A day written day first (or ISO) as YYYY-MM-DD."""
    return _day(value, DAY_FIRST)


def moment(value: Any, order: str = MONTH_FIRST, zone: str = "UTC") -> str | None:
    """The whole moment of a cell that has a time of day, ISO 8601 in the account's zone.

    Without an offset where the clock showed the time twice. Raises SkippedTime where it skipped it.
    """
    found = _moment(value, order, zone)
    if found and found.doubt and not found.exact:
        raise SkippedTime(f"{value!r}: {found.doubt}")
    return (found.exact or "")[: _WALL if found.doubt else None] or None if found else None


def _day(value: Any, order: str, zone: str = "UTC") -> str | None:
    found = _moment(value, order, zone)
    return found.day.isoformat() if found else None


def _moment(value: Any, order: str, zone: str) -> dates.Moment | None:
    try:
        return dates.moment(None if value is None else str(value), order, zone)
    except dates.NotADate as error:
        raise Unfit(str(error)) from error


def yes_no(value: Any) -> str | None:
    """Yes or No; nothing when unknown."""
    try:
        found = yes_or_no(None if value is None else str(value))
    except NeitherYesNorNo as error:
        raise Unfit(str(error)) from error
    return None if found is None else "Yes" if found else "No"


def items(value: Any) -> list[str] | None:
    """A list of texts, each once, in order."""
    found = [t for t in (text(v) for v in value or ()) if t]
    return list(dict.fromkeys(found)) or None


def joined(value: Any) -> str | None:
    """A list in one text, `a; b`."""
    found = items(value)
    return "; ".join(found) if found else None


def lines(value: Any) -> str | None:
    """A map as `name: text` lines in the order of the names."""
    found = [f"{k}: {v}" for k, v in sorted((value or {}).items()) if v not in (None, "")]
    return "\n".join(found) or None


def split_values(value: Any) -> list[str]:
    """The parts of a multi-choice cell: separated by `;`, `|`, a new line, else by commas."""
    return words.split_list(None if value is None else str(value))


#: Transforms by the name map.yaml uses; choice and multi need the value map and live in `apply`.
TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "money": money,
    "number": number,
    "date": iso_date,
    "date_mdy": date_mdy,
    "date_dmy": date_dmy,
    "moment": moment,
    "rate": rate,
    "yes_no": yes_no,
    "list": items,
    "joined": joined,
    "lines": lines,
    "choice": text,
    "multi": split_values,
}

#: Transforms of text that depend on how its file is written.
_PARSED: dict[str, Callable[[str, Format, str], Any]] = {
    "money": lambda value, how, _: money(_decimal(value, how)),
    "number": lambda value, how, _: number(_decimal(value, how)),
    "rate": lambda value, how, _: rate(value, how),
    "date": lambda value, how, zone: _day(value, how.date_order, zone),
    "date_mdy": lambda value, _, zone: _day(value, MONTH_FIRST, zone),
    "date_dmy": lambda value, _, zone: _day(value, DAY_FIRST, zone),
    "moment": lambda value, how, zone: moment(value, how.date_order, zone),
}
