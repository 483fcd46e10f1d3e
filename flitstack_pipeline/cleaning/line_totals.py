"""Totals of documents that were exported with one row per line: the sum of their lines.

Only documents of such files (`raw.line_rows`) that state no total of their own; any other stated
total stands, and a missing one stays missing.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import ITEMS_OF, LINES_OF
from flitstack_pipeline.reading.line_rows import has_line_rows
from flitstack_pipeline.warehouse import row_count, table_exists


def add_line_totals(con: duckdb.DuckDBPyConnection, object_key: str) -> None:
    """Fill the totals of one object type, with the tax where paid and open amounts say so.

    Args:
        con: The warehouse; documents and lines of the object type are cleaned.
        object_key: The object type.
    """
    if not has_line_rows(object_key) or not table_exists(con, "raw.line_rows"):
        return
    if not row_count(con, "raw.line_rows") or not table_exists(con, f"raw.{object_key}"):
        return
    items, table = ITEMS_OF[object_key], BY_DATASET[object_key]
    number = LINES_OF[items]
    computed = ", computed = ['total']" if table.has("computed") else ""
    settled = "i.amount_paid + i.balance" if table.has("balance") else "NULL"
    con.execute(
        f"""
        UPDATE {table.name} i SET total = CASE
            WHEN {settled} = t.amount + coalesce(i.tax, 0) + t.tax
            THEN t.amount + coalesce(i.tax, 0) + t.tax ELSE t.amount END{computed}
        FROM (
            SELECT document_key, coalesce(sum(tax), 0) AS tax,
                   sum(coalesce(amount, CAST(quantity * unit_price AS DECIMAL(18, 4)))) AS amount
            FROM clean."{items}" GROUP BY document_key
        ) t
        WHERE t.document_key = i.source_key AND i.total IS NULL AND t.amount IS NOT NULL
          AND i.raw_id IN (
            SELECT s._row_id FROM raw."{object_key}" s JOIN raw.line_rows l
            ON l.dataset = ? AND l.file = s._file AND l.sheet = s._sheet
               AND l."number" = lower(ltrim(trim(s."{number}"), '# ')))
        """,
        [object_key],
    )
