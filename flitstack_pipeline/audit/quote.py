"""What the migration costs, by the rules of a table a person edits; never by the record.

A rule adds its amount when its measure is at least `from` and below `below` (empty: no limit). Our
table is `prices.csv` beside this module; another one is named by FLITSTACK_PRICES. Above two
million records there is no price: the migration is scoped by hand
(docs/contractor_plus.md#promises).

Amounts stand in the column `amount (CUR)` of the account's currency; a plain column `amount` is in
whatever currency the account has. A table with neither is in the currency it names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import ceil
from pathlib import Path

from flitstack_pipeline.audit.effort import A_DAY
from flitstack_pipeline.audit.facts import Facts
from flitstack_pipeline.audit.grade import BY_HAND, Grade
from flitstack_pipeline.decision_tables import read_text
from flitstack_pipeline.errors import BadInput

OURS = Path(__file__).with_name("prices.csv")
_AMOUNT = re.compile(r"amount(?: \(([A-Z]{3})\))?")


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    measure: str
    least: Decimal
    below: Decimal | None
    amount: Decimal
    line: str

    def holds(self, value: int) -> bool:
        """Whether the rule applies to a measure of this value."""
        return self.least <= value and (self.below is None or value < self.below)


@dataclass(frozen=True)
class Quote:
    """The lines that apply with their amounts; `total` is None when it is scoped by hand."""

    currency: str
    lines: tuple[tuple[str, Decimal], ...]
    total: Decimal | None

    def __str__(self) -> str:
        if self.total is None:
            return f"scoped by hand: more than {BY_HAND:,} records"
        return f"{self.total:,} {self.currency}"


def measures(facts: Facts, grade: Grade, activities: int) -> dict[str, int]:
    """What rules may ask about, by the name they use."""
    return {
        "points": grade.points,
        "object types": facts.objects,
        "custom fields": facts.custom_fields,
        "workspaces": facts.workspaces,
        "sessions": facts.sessions,
        "attachments": facts.attachments,
        "activities": activities,
        "days": max(1, ceil(facts.requests / A_DAY)),
    }


def quote(
    values: Mapping[str, int], records: int, table: Path = OURS, currency: str = "USD"
) -> Quote:
    """What the migration costs.

    Args:
        values: The measures, by name.
        records: Records to move, files apart; above `BY_HAND` there is no price.
        table: The table of prices.
        currency: The account's currency.

    Raises:
        BadInput: naming the row of the table that cannot be followed.
    """
    currency, rules = read_prices(table, values, currency)
    if records > BY_HAND:
        return Quote(currency, (), None)
    lines = tuple((r.line, r.amount) for r in rules if r.holds(values[r.measure]))
    return Quote(currency, lines, sum((amount for _, amount in lines), Decimal(0)))


def read_prices(
    table: Path, known: Mapping[str, int], wanted_currency: str = "USD"
) -> tuple[str, list[Rule]]:
    """(currency, rules) of a table of prices, in the wanted currency where the table has it."""
    reader = csv.DictReader(io.StringIO(read_text(table), newline=""))
    names = reader.fieldnames or []
    priced, currency = _amount_column(names, wanted_currency)
    wanted = {"measure", "from", "below", "line"}
    if not priced or not wanted <= set(names):
        raise BadInput(
            f"{table}: its columns must be measure, from, below, amount (USD) and line, with "
            "the currency of the amounts in brackets"
        )
    return currency, [_rule(table, reader.line_num, row, priced, known) for row in reader]


def _amount_column(names: Iterable[str], wanted: str) -> tuple[str, str]:
    """(the column of amounts, its currency); ("", "") when there is none."""
    found = {m[1] or wanted: n for n in names if (m := _AMOUNT.fullmatch(n.strip()))}
    currency = wanted if wanted in found else next(iter(found), "")
    return found.get(currency, ""), currency


def _rule(
    table: Path, number: int, row: Mapping[str, str], priced: str, known: Mapping[str, int]
) -> Rule:
    measure = (row["measure"] or "").strip()
    if measure not in known:
        raise BadInput(
            f"{table}, line {number}, column measure: {measure!r} is none of {', '.join(known)}"
        )

    def number_of(column: str, otherwise: Decimal | None) -> Decimal | None:
        text = (row[column] or "").strip()
        try:
            return Decimal(text) if text else otherwise
        except InvalidOperation as error:
            raise BadInput(
                f"{table}, line {number}, column {column}: {text!r} is no number"
            ) from error

    amount = number_of(priced, None)
    if amount is None:
        raise BadInput(f"{table}, line {number}, column {priced}: an amount is missing")
    least = number_of("from", Decimal(0)) or Decimal(0)
    return Rule(measure, least, number_of("below", None), amount, (row["line"] or "").strip())
