"""Numbers and rates of any column: text in, exact Decimal out.

Belongs here: what makes digits a number rather than the name of something. Does not: separators
and signs (`money`).
"""

from __future__ import annotations

import re
from decimal import Decimal

from flitstack_pipeline.cleaning.values.money import (
    DoubtfulAmount,
    NotAnAmount,
    amount,
    has_currency,
)
from flitstack_pipeline.cleaning.values.words import text

#: A double, which HighLevel's number fields are, keeps as many digits and no more.
DIGITS = 15
_ZEROS_FIRST = re.compile(r"[-+(]*0\d", re.A)
_RATE = re.compile(
    r"(?P<minus>[-+\u2212]?|\()\s*(?:"
    r"(?P<number>[\d.,]+)\s*(?:%|percent|pct\.?|per cent|por ciento|pour cent|prozent)\)?"
    r"|%\s?(?P<behind>[\d.,]+))",
    re.I,
)


class NotANumber(ValueError):
    """Text that is neither empty nor a number that a number field can hold."""


class DoubtfulNumber(NotANumber):
    """A number that can be read in two ways, which only the whole column could decide."""


def number(value: str | None, *, comma: bool | None = False) -> Decimal | None:
    """One number; None when empty.

    Args:
        value: The cell as read.
        comma: Whether the column writes decimals after a comma; None when nobody knows.

    Raises:
        NotANumber: for words, for ids and serial numbers (leading zeros, more digits than a double
            keeps), and for what only `comma` could decide.
    """
    found = text(value)
    if found is None:
        return None
    if _ZEROS_FIRST.match(found):
        raise NotANumber(f"{found!r} begins with zeros, which a number would lose")
    try:
        made = amount(found, comma=comma)
    except DoubtfulAmount as error:
        raise DoubtfulNumber(str(error)) from error
    except NotAnAmount as error:
        raise NotANumber(str(error)) from error
    if made is not None and len(made.as_tuple().digits) > DIGITS:
        raise NotANumber(f"{found!r} has more digits than a number field keeps")
    return made


def rate(value: str | None, *, comma: bool | None = False) -> Decimal | None:
    """A rate in percent: `7.5%`, `7,5 %` and `7.5` are 7.5; None when empty.

    Raises NotANumber for what is no number, and DoubtfulNumber for a bare part of one ("0.07"): it
    could be 7 %, as spreadsheets keep it, or 0.07 %.
    """
    found = text(value)
    if found is None:
        return None
    match = _RATE.fullmatch(found)
    if has_currency(found):
        raise NotANumber(f"{found!r} is an amount of money, not a rate")
    made = number((match["number"] or match["behind"]) if match else found, comma=comma)
    if made and match is None and abs(made) < 1:
        raise DoubtfulNumber(f"{found!r} could be {made * 100:f} % or {made} %")
    return -made if made and match and match["minus"] in ("-", "\u2212", "(") else made
