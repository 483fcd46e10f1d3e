"""The fates again after everything was read back: what HighLevel holds witnesses the cells.

Belongs here: cells of records and fields that were not read back as they were meant, and the totals
after. Does not: reading back and comparing (`migration.reconcile`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.ledger import fates
from flitstack_pipeline.warehouse import dicts, table_exists

#: A whole record, a note's text, a relation: in place of the name of a field.
WHOLE, BODY, LINK = "", "body", "link"
NOT_READ_BACK = "not read back from HighLevel as it was meant"
SEE = "See reports/reconciliation.html; load again, or decide the conflict, and reconcile again."
_THERE = (fates.ARRIVED, fates.BY_RULE, fates.LINKED, fates.MERGED)
_LOST = f"""
CREATE OR REPLACE TABLE ledger.lost AS
SELECT DISTINCT c.object, c.file, c.sheet, c.line, c."column", c.text, c.fate, c.field, c.record,
       '{NOT_READ_BACK}' AS rule, '{SEE}' AS what_to_do
FROM ledger.cells c JOIN ledger_wrong w ON w.source_key = c.record
WHERE c.fate IN {_THERE}
  AND (w.field = '{WHOLE}'
       OR (w.field = '{BODY}' AND starts_with(c.field, 'all:'))
       OR (starts_with(w.field, '{LINK}') AND starts_with(c.field, 'near:'))
       OR list_contains(string_split(split_part(c.field, ': ', 2), ' + '), w.field))"""


def read_back(
    con: duckdb.DuckDBPyConnection, wrong: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Make `ledger.lost`, the cells that HighLevel does not hold; cells by object and fate after.

    Args:
        con: The warehouse, with a ledger of the records as they are mapped.
        wrong: (record key, field) of what was not read back as meant; `WHOLE`, `BODY` and names
            that begin with `LINK` stand for the record, a note's text and its relations.
    """
    pairs = list(dict.fromkeys(wrong))
    columns = [pa.array(column, pa.string()) for column in zip(*pairs, strict=True)] or [
        pa.array([], pa.string()), pa.array([], pa.string()),
    ]  # fmt: skip
    con.register("incoming", pa.table(columns, names=["record_key", "field"]))
    keys = " UNION ALL ".join(
        f'SELECT record_key, source_key FROM mapped."{k}"'
        for k in KEYS if table_exists(con, f"mapped.{k}")
    )  # fmt: skip
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ledger_wrong AS SELECT DISTINCT m.source_key, i.field "
        f"FROM incoming i JOIN ({keys}) m USING (record_key)"
    )
    con.unregister("incoming")
    con.execute(_LOST if pairs else f"{_LOST} AND false")
    return dicts(
        con,
        f"""
        SELECT object, fate, sum(cells)::BIGINT AS cells FROM (
            SELECT object, fate, cells FROM ledger.counts
            UNION ALL SELECT object, fate, -count(*) FROM ledger.lost GROUP BY ALL
            UNION ALL SELECT object, '{fates.UNACCOUNTED}', count(*) FROM ledger.lost GROUP BY ALL
        ) GROUP BY ALL HAVING sum(cells) > 0 ORDER BY ALL
        """,
    )
