"""Reads line items that stand together in one cell: `2 x Door @ $350.00; Permit - $75.00`.

Belongs here: the ways people write such a cell. Does not: whether its lines are believed
(`packed_line_items`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from flitstack_pipeline.cleaning.values.money import NotAnAmount, amount

_SEPARATOR = re.compile(r"\s*(?:[;|\n]|\s/\s)\s*")
_PRICE = r"-?\s*\$?\s*-?[\d.,]+"
_COUNT = r"\d+(?:\.\d+)?"
_UNIT = r"(?:\s*(?P<unit>hrs?|hours?|ea|each|pcs?|sq ?ft|lf|ft|days?|units?))?"
#: How one line may be written, the most telling first.
_FORMS = tuple(
    re.compile(form, re.I)
    for form in (
        # 2 x Door install @ $350.00 [= $700.00]
        rf"(?P<quantity>{_COUNT}){_UNIT}\s*[x×*]\s*(?P<name>.+?)\s*(?:@|at)\s*"
        rf"(?P<price>{_PRICE})(?:\s*(?:each|ea))?(?:\s*=\s*(?P<amount>{_PRICE}))?",
        # Door install - 2 x $350.00 [= $700.00]; Door install (2 x $350.00) [$700.00];
        # Door install x 2 @ $350.00
        rf"(?P<name>.+?)(?:\s+[x×])?\s*[-–:(]?\s*\(?(?P<quantity>{_COUNT}){_UNIT}\s*(?:[x×*@]|at)\s*"
        rf"(?P<price>{_PRICE})\)?(?:\s*[-–:=]?\s*(?P<amount>{_PRICE}))?",
        # Door install x2 - $700.00; Door install (2) $700.00
        rf"(?P<name>.+?)\s*(?:[x×]\s*|\()(?P<quantity>{_COUNT}){_UNIT}\)?\s*[-–:=]?\s*"
        rf"(?P<amount>\$\s*[\d.,]+)",
        # Door install - $700.00; Door install: 700.00; Door install ($700.00)
        r"(?P<name>.+?)(?:\s+[-–]\s*|\s*[:=]\s*|\s*\(|\s+(?=\$))(?P<amount>\$?\s*[\d.,]+)\)?",
    )
)


@dataclass(frozen=True)
class CrushedLine:
    """One line that stood in a cell with others."""

    name: str
    quantity: Decimal | None
    unit: str | None
    unit_price: Decimal | None
    amount: Decimal


def split(cell: str) -> list[CrushedLine] | None:
    """The lines of a cell, or None when one of them cannot be read with certainty."""
    parts = [part for part in _SEPARATOR.split(cell.strip()) if part]
    lines = [_line(part) for part in parts]
    known = [line for line in lines if line is not None]
    return known if known and len(known) == len(lines) else None


def _line(part: str) -> CrushedLine | None:
    for form in _FORMS:
        match = form.fullmatch(part)
        if match:
            return _read(match.groupdict())
    return None


def _read(found: dict[str, str | None]) -> CrushedLine | None:
    """The line of a match; None when its numbers contradict one another."""
    try:
        price, stated = amount(found.get("price")), amount(found.get("amount"))
    except NotAnAmount:
        return None
    quantity = Decimal(found["quantity"] or "") if found.get("quantity") else None
    reckoned = quantity * price if quantity is not None and price is not None else None
    total = stated if stated is not None else reckoned
    name = (found["name"] or "").strip(" -–:")
    if total is None or not name:
        return None
    if stated is not None and reckoned is not None and abs(stated - reckoned) > Decimal("0.01"):
        return None
    return CrushedLine(name, quantity, found.get("unit"), price, total)
