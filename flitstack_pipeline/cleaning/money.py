"""Money and quantities, exact: text in, Decimal out, never a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from flitstack_pipeline.cleaning.words import text

_KEEP = re.compile(r"[^\d.,\-]")
LARGEST = Decimal("99999999999999")


class NotAnAmount(ValueError):
    """Text that is neither empty nor an amount."""


def decimal_comma(values: Iterable[str | None]) -> bool:
    """Whether a column writes 1.234,50 (True) or 1,234.50 (False), by its own evidence."""
    european = american = 0
    for value in values:
        digits = _KEEP.sub("", value or "")
        if re.search(r",\d{2}$", digits) and not re.search(r"\.\d{2}$", digits):
            european += 1
        elif re.search(r"\.\d{1,2}$", digits) or re.search(r",\d{3}(\D|$)", digits):
            american += 1
    return european > american


def amount(value: str | None, *, comma: bool = False) -> Decimal | None:
    """One amount; brackets and a trailing minus are negative; None when empty.

    `comma` says that the column writes its decimals after a comma (see `decimal_comma`).
    Raises NotAnAmount for words, percentages and amounts beyond any contractor's books.
    """
    found = text(value)
    if found is None:
        return None
    if "%" in found:
        raise NotAnAmount(f"{found!r} is a percentage, not an amount")
    negative = bool(re.search(r"^\s*\(.*\)\s*$", found)) or found.endswith("-") or "-" in found[:2]
    digits = _KEEP.sub("", found).replace("-", "")
    if not re.search(r"\d", digits) or re.search(r"[A-Za-z]{4,}", found):
        raise NotAnAmount(f"{found!r} is not an amount of money")
    digits = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        raise NotAnAmount(f"{found!r} is not an amount of money") from error
    if number > LARGEST:
        raise NotAnAmount(f"{found!r} is larger than any amount we store")
    return -number if negative else number
