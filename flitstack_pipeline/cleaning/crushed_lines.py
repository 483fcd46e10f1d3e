"""Line items that stand in one cell of their document (contractor_plus.md §7.25).

The cell stays as it is. It also becomes lines when every part of it can be read and the lines add
up, to the cent, to the subtotal or total the document states: nothing less proves the reading. A
document whose lines stand in an export of their own is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

from flitstack_pipeline.cleaning.money import NotAnAmount, amount

if TYPE_CHECKING:
    from flitstack_pipeline.cleaning.parsing import Parsing

ITEMS_OF = {"estimates": "estimate_items", "invoices": "invoice_items"}
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
        # Door install - 2 x $350.00 [= $700.00]; Door install (2 x $350.00) [$700.00]
        rf"(?P<name>.+?)\s*[-–:(]?\s*\(?(?P<quantity>{_COUNT}){_UNIT}\s*(?:[x×*@]|at)\s*"
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


def split_crushed_lines(con: duckdb.DuckDBPyConnection, object_key: str, parsing: Parsing) -> int:
    """Give the documents of a clean table the lines of their cells; how many lines there are."""
    items = ITEMS_OF[object_key]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE batch AS
        SELECT *, line_items AS "crushed(line_items)" FROM clean."{object_key}" d
        WHERE line_items IS NOT NULL
          AND source_key NOT IN (SELECT document_key FROM clean."{items}")
        """  # noqa: S608
    )
    parsing.find("crushed", ["crushed(line_items)"])
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE uncrushed AS
        SELECT b.*, f.found.lines AS lines,
               list_sum(list_transform(f.found.lines, lambda l: l.amount)) AS added
        FROM batch b JOIN found_crushed f ON f.cell = b."crushed(line_items)"
        """
    )
    proved = "coalesce(added = subtotal OR added = total, false)"
    con.execute(
        f"""
        INSERT INTO clean."{items}" BY NAME
        SELECT workspace || '/{items}/' || source_id || '#' || n AS source_key, workspace,
               source_id || '#' || n AS source_id, raw_id, source_key AS document_key,
               n AS line_number, l.name AS name, l.quantity AS quantity, l.unit AS unit,
               l.unit_price AS unit_price, l.amount AS amount, MAP {{}} AS custom,
               MAP {{}} AS originals
        FROM (SELECT *, unnest(lines) AS l, generate_subscripts(lines, 1) AS n
              FROM uncrushed WHERE {proved})
        """  # noqa: S608
    )
    con.execute(
        f"""
        INSERT INTO clean.notes
        SELECT ?, ?, source_key, 'line_items', line_items, CASE
            WHEN {proved} THEN 'read as ' || len(lines) || ' lines, which add up to what is stated'
            WHEN lines IS NULL THEN 'line items in one cell that cannot be taken apart stay text'
            ELSE 'line items in one cell that do not add up to what is stated stay text' END
        FROM uncrushed
        """,  # noqa: S608
        [object_key, object_key],
    )
    counted = con.execute(f"SELECT coalesce(sum(len(lines)), 0) FROM uncrushed WHERE {proved}")  # noqa: S608
    return int(counted.fetchall()[0][0])
