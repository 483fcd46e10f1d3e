"""From clean values to payload values: text, decimal strings, ISO dates, labels, lists.

A transform returns None for "nothing to say" and raises Unfit when the value does not fit the
field's type; the caller then keeps the text in Original_Values__c, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


class Unfit(ValueError):
    """The value does not fit the type of the field it is mapped to."""


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


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, Decimal | int):
        return None if value is None else Decimal(value)
    cleaned = re.sub(r"[,$\s]", "", str(value))
    if not cleaned:
        return None
    if cleaned.startswith("(") and cleaned.endswith(")"):
        cleaned = "-" + cleaned[1:-1]
    try:
        amount = Decimal(cleaned)
    except InvalidOperation as error:
        raise Unfit(f"{value!r} is not a number") from error
    if not amount.is_finite():
        raise Unfit(f"{value!r} is not a number")
    return amount


def iso_date(value: Any) -> str | None:
    """A day as YYYY-MM-DD."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    return _parsed_date(value, ("%Y-%m-%d", "%Y/%m/%d"))


def date_mdy(value: Any) -> str | None:
    """A day written month first (or ISO) as YYYY-MM-DD."""
    return _parsed_date(value, ("%Y-%m-%d", "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", *_LONG))


def date_dmy(value: Any) -> str | None:
    """A day written day first (or ISO) as YYYY-MM-DD."""
    return _parsed_date(value, ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", *_LONG))


_LONG = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y")


def _parsed_date(value: Any, formats: tuple[str, ...]) -> str | None:
    if value is None or not str(value).strip():
        return None
    cleaned = re.sub(r"(?<=\d)[T ]\d{1,2}:\d{2}.*$", "", str(value).strip())
    for form in formats:
        try:
            return datetime.strptime(cleaned, form).date().isoformat()
        except ValueError:
            continue
    raise Unfit(f"{value!r} is not a date")


_YES, _NO = {"yes", "y", "true", "1", "x", "on", "checked"}, {"no", "n", "false", "0", "off"}


def yes_no(value: Any) -> str | None:
    """Yes or No; nothing when unknown."""
    if value is None or str(value).strip() == "":
        return None
    word = str(value).strip().casefold()
    if word in _YES:
        return "Yes"
    if word in _NO:
        return "No"
    raise Unfit(f"{value!r} is neither yes nor no")


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
    cell = str(value or "")
    mark = next((m for m in (";", "|", "\n", ",") if m in cell), None)
    parts = cell.split(mark) if mark else [cell]
    return [p.strip() for p in parts if p.strip()]


#: Transforms by the name map.yaml uses; choice and multi need the value map and live in `apply`.
TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "money": money,
    "number": number,
    "date": iso_date,
    "date_mdy": date_mdy,
    "date_dmy": date_dmy,
    "yes_no": yes_no,
    "list": items,
    "joined": joined,
    "lines": lines,
    "choice": text,
    "multi": split_values,
}
