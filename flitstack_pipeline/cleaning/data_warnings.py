"""What looks wrong in a clean row though every value can be read: noted, never changed.

Dates that contradict one another or lie in the future (docs/contractor_plus.md#quirk-36), and
totals that their lines do not add up to (docs/contractor_plus.md#quirk-23: optional items, markup,
discount and tax settings make that legal, so the stated total stands). Whole tables at a time, in
SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import ITEMS_OF, LINES_OF


@dataclass(frozen=True)
class Oddity:
    """One thing that looks wrong: the column shown, the SQL condition, and what the note says."""

    column: str
    condition: str
    note: str


def _future(column: str) -> Oddity:
    return Oddity(column, f'"{column}" > current_date + 1', "lies in the future")


ODDITIES: dict[str, tuple[Oddity, ...]] = {
    "clients": (_future("created"),),
    "leads": (_future("created"),),
    "estimates": (
        _future("created"),
        Oddity("expiration_date", "expiration_date < estimate_date", "expires before its date"),
        Oddity("signed_date", "signed_date < estimate_date", "signed before its date"),
    ),
    "invoices": (
        Oddity("due_date", "due_date < issue_date", "due before it was issued"),
        Oddity("paid_date", "paid_date < issue_date", "paid before it was issued"),
        _future("paid_date"),
        Oddity("balance", "status = 'paid' AND balance > 0", "paid, yet a balance is open"),
        Oddity("balance", "balance > total", "more is open than the total"),
    ),
    "jobs": (
        Oddity("end_date", "end_date < start_date", "ends before it starts"),
        Oddity("completed", "completed < start_date", "completed before it starts"),
        Oddity("status", "status = 'completed' AND start_date IS NULL", "completed, unscheduled"),
        _future("completed"),
    ),
    "payments": (_future("payment_date"),),
}


def note_oddities(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """Note the oddities of one clean table in `clean.notes`."""
    for oddity in ODDITIES.get(dataset, ()):
        con.execute(
            f"""
            INSERT INTO clean.notes
            SELECT ?, ?, source_key, ?, CAST("{oddity.column}" AS VARCHAR), ?
            FROM clean."{dataset}" WHERE {oddity.condition}
            """,
            [object_key, dataset, oddity.column, f"{oddity.note}; left as it is"],
        )
    if dataset in LINES_OF and BY_DATASET[object_key].has("total"):
        _note_totals(con, object_key)


def _note_totals(con: duckdb.DuckDBPyConnection, document: str) -> None:
    """Note documents whose billed lines add up to neither their total nor their subtotal.

    Optional lines nobody chose are not billed, text lines and components of an assembly cost
    nothing of their own; a cent of rounding is no difference.
    """
    lines = ITEMS_OF[document]
    con.execute(
        f"""
        INSERT INTO clean.notes
        WITH added AS (
            SELECT document_key, sum(amount) AS amount FROM clean."{lines}"
            WHERE coalesce(type, '') <> 'text' AND parent_assembly IS NULL
              AND (NOT coalesce(optional, false) OR coalesce(selected, false))
            GROUP BY document_key
        )
        SELECT ?, ?, d.source_key, 'total', CAST(d.total AS VARCHAR),
               'its lines add up to ' || CAST(added.amount AS DECIMAL(18, 2))
               || '; the stated total is kept'
        FROM clean."{document}" d JOIN added ON added.document_key = d.source_key
        WHERE abs(d.total - added.amount) > 0.01
          AND abs(coalesce(d.subtotal, d.total) - added.amount) > 0.01
        """,
        [document, document],
    )
