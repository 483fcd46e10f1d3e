"""Money and quantities, exact: text in, Decimal out, never a float.

A cell that is not one number of a known shape is refused, because a misread separator would be a
silent factor of a hundred: "1,5" is never 15 and "1.234,50" never 1.2345.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from flitstack_pipeline.cleaning.values.words import text

LARGEST = Decimal("99999999999999")
_AMERICAN = re.compile(
    r"\d{1,3}(?:(?P<group>[,' ])\d{3})(?:(?P=group)\d{3})*(?:\.\d*)?"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?"
    r"|\d+(?:\.\d*)?|\.\d+",
    re.A,
)
_EUROPEAN = re.compile(
    r"\d{1,3}(?:(?P<group>[.' ])\d{3})(?:(?P=group)\d{3})*(?:,\d*)?|\d+(?:,\d*)?|,\d+", re.A
)
_CODES = (
    "USD|CAD|AUD|NZD|EUR|GBP|MXN|CRC|COP|PEN|CHF|BRL|INR|ZAR|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|"
    "JPY|CNY|HKD|SGD|ILS|AED|SAR|TRY|PHP|THB|MYR|IDR|KRW|CLP|ARS|UYU|DOP|GTQ|HNL|JMD|TTD|KES|NGN"
)
#: Signs and words for money; a single R is South Africa's, before a digit only.
_CURRENCY = (
    rf"(?:[A-Z]{{0,2}}\$(?:US|CA|AU|NZ|MX)?|£GB|[€£¥₡₱₲₴₹₦₩₪₫₺₽฿]|(?:{_CODES})(?![A-Z])"
    r"|(?-i:R)(?=\s?-?\(?\s?\d)|kr\.?|zł|Kč|lei|Rs\.?|S/\.?|Fr\.)"
)
_MONEY = re.compile(
    rf"(?P<before>[-+]?)\s*{_CURRENCY}?\s*(?P<inside>[-+]?)\s*"
    rf"(?P<number>[\d.,' ]*\d[\d.,' ]*?)\s*{_CURRENCY}?\s*(?P<after>-?)",
    re.I | re.A,
)
_HAS_CURRENCY = re.compile(_CURRENCY, re.I | re.A)
#: How accountants and spreadsheets write nothing owed: a dash where the number would stand.
_DASH_FOR_ZERO = re.compile(
    rf"{_CURRENCY}?\s*(?:-|-\s?0(?:\.00?)?\s?-)\s*{_CURRENCY}?", re.I | re.A
)
_BRACKETED = re.compile(
    rf"(?P<before>{_CURRENCY}?)\s*\((?P<inside>[^()]*)\)\s*(?P<after>{_CURRENCY}?)", re.I | re.A
)
#: `3.00 CR`, `50.00 (DR)`: an account's credit side, which is negative, and its debit side.
_SIDE = re.compile(r"(?P<amount>.*[\d)])\s?\(?(?P<side>CR|DR)\.?\)?", re.I | re.A)
#: `1.250,- €`, Swedish `12 500:-`, Indian `12,345/-`: a dash where the cents would stand.
_NO_CENTS = re.compile(r"(?<=\d)[.,:/]\s?(?:--?|=)(?=\D*$)", re.A)
_PART_OF_ONE = re.compile(r"0([.,])\d{3}", re.A)
_WITH_UNIT = re.compile(r"([-+]?[\d.,]+)\s*([^\W\d_][\w.²³/ ]*)", re.A)


class NotAnAmount(ValueError):
    """Text that is neither empty nor an amount."""


class DoubtfulAmount(NotAnAmount):
    """A number that comma or point could divide, in a column that nothing decides."""


def decimal_sign(value: str | None) -> str | None:
    """`,` or `.` when a cell can only be read with that decimal sign, else None."""
    mark = mark_of(value)
    return mark if mark in (",", ".") else None


def mark_of(value: str | None) -> str | None:
    """What a cell says of the decimal sign.

    `,` or `.` when it can only be read with that one, `either comma` or `either point` when its one
    mark could also stand between thousands ("1.250"), None when it has none or is no number.
    """
    match = _MONEY.fullmatch(_bare(value or ""))
    if not match:
        return None
    number = match.group("number").strip()
    american, european = _ways(number)
    if american and european:
        mark = next((m for m in (",", ".") if m in number), None)
        return {",": "either comma", ".": "either point", None: None}[mark]
    return "." if american else "," if european else None


def has_currency(value: str) -> bool:
    """Whether an amount is written with a sign or a word of money."""
    return bool(_HAS_CURRENCY.search(value)) and _MONEY.fullmatch(_bare(value)) is not None


def _bare(value: str) -> str:
    return _without_brackets(_without_side(_plain(value))[0])[0]


def decimal_comma(values: Iterable[str | None]) -> bool:
    """Whether a column writes 1.234,50 (True) or 1,234.50 (False), by its own evidence."""
    signs = [decimal_sign(value) for value in values]
    return signs.count(",") > signs.count(".")


@lru_cache(maxsize=200_000)
def amount(value: str | None, *, comma: bool | None = False) -> Decimal | None:
    """One amount; brackets, a trailing minus and CR are negative, a lone dash is zero.

    None when empty.

    `comma` says that the column writes its decimals after a comma (see `decimal_comma`), None that
    nobody knows; it decides only what the cell leaves open ("1.234"). Raises NotAnAmount for words,
    percentages, ranges, scientific notation, amounts beyond any contractor's books, and
    DoubtfulAmount for what only `comma` could decide.
    """
    plain = _plain(value or "")
    if _DASH_FOR_ZERO.fullmatch(plain):
        return Decimal(0)
    found = text(value)
    if found is None:
        return None
    if "%" in found:
        raise NotAnAmount(f"{found!r} is a percentage, not an amount")
    unsided, side = _without_side(plain)
    inner, bracketed = _without_brackets(unsided)
    match = _MONEY.fullmatch(inner)
    number = _decimal(match.group("number").strip(), comma) if match else None
    if match is None or number is None:
        raise NotAnAmount(f"{found!r} is not an amount of money")
    if number > LARGEST:
        raise NotAnAmount(f"{found!r} is larger than any amount we store")
    minus = (match.group("before") + match.group("inside") + match.group("after")).count("-")
    if minus + bracketed + bool(side) > 1:
        raise NotAnAmount(f"{found!r} has two signs")
    return -number if minus or bracketed or side == "CR" else number


#: How nearly every amount is written: needs no further look where the point is the decimal sign.
_EVERYDAY = re.compile(r"\$?((?!0,\d{3}$)\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(\.\d{1,4})?", re.A)


@lru_cache(maxsize=200_000)
def stored(value: str, comma: bool | None, places: int) -> tuple[str | None, bool]:
    """(an amount as decimal text for a column of so many decimals, whether it must be rounded).

    Raises NotAnAmount, also for what such a column (18 digits) cannot hold.
    """
    everyday = None if comma is not False else _EVERYDAY.fullmatch(value)
    if everyday:
        return everyday[1].replace(",", "") + (everyday[2] or ""), False
    found = amount(value, comma=comma)
    if found is None:
        return None, False
    if abs(found) >= Decimal(10) ** (18 - places):
        raise NotAnAmount(f"{value!r} is larger than we store with {places} decimals")
    return format(found, "f"), found != round(found, places)


@lru_cache(maxsize=50_000)
def quantity_and_unit(value: str | None) -> tuple[str | None, str | None]:
    """`3.5 hrs` as ("3.5", "hrs"); (the value, None) when no unit follows the number."""
    match = _WITH_UNIT.fullmatch((value or "").strip())
    return (match.group(1), match.group(2).strip()) if match else (value, None)


def _plain(value: str) -> str:
    """One kind of space, minus (dashes are minus signs too) and apostrophe."""
    value = re.sub(r"[\u2212\u2013\u2014]", "-", value).replace("\u2019", "'")
    return _NO_CENTS.sub("", re.sub(r"\s+", " ", value).strip())


def _without_side(plain: str) -> tuple[str, str]:
    """(the amount, CR or DR where it is told to stand on a side of an account)."""
    match = _SIDE.fullmatch(plain)
    return (match["amount"], match["side"].upper()) if match else (plain, "")


def _without_brackets(plain: str) -> tuple[str, bool]:
    """(the amount, whether it stood in brackets); the currency may stand outside of them."""
    match = _BRACKETED.fullmatch(plain)
    if not match:
        return plain, False
    return f"{match['before']}{match['inside'].strip()}{match['after']}", True


def _ways(number: str) -> tuple[bool, bool]:
    """Whether a number can be read with a point, and with a comma; no thousands begin with 0."""
    american, european = _AMERICAN.fullmatch(number), _EUROPEAN.fullmatch(number)
    part = _PART_OF_ONE.fullmatch(number)
    if part:
        return part[1] == ".", part[1] == ","
    return bool(american), bool(european)


def _decimal(number: str, comma: bool | None) -> Decimal | None:
    american, european = _ways(number)
    with_comma = Decimal(re.sub(r"[.' ]", "", number).replace(",", ".")) if european else None
    with_point = Decimal(re.sub(r"[,' ]", "", number)) if american else None
    if with_comma is None or with_point is None:
        return with_comma if with_point is None else with_point
    if comma is None and with_comma != with_point:
        raise DoubtfulAmount(
            f"{number!r} could be {with_point} or {with_comma}; say whether comma or point divides"
        )
    return with_comma if comma else with_point
