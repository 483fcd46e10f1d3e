"""What became of the raw rows that are not loaded as they are: the table `clean.row_states`.

One line per such row: `repeated` (its twin, loaded, says the same in every cell), `superseded` (its
twin is a later version of the record), `decided` (likewise, of its own session, as a person said),
`merged` (one record on several rows, see `merged_rows`) or `quarantined`. `twin_row_id` is the
`_row_id` of the row that stands for it; NULL where none does. A row that is not listed is loaded.
Made from the marks (see `identity`), so only rows whose key others have too cost anything.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.cleaning.values.cell_sql import (
    cell,
    document_number,
    stripped,
    text,
    workspace,
)

DDL = """CREATE TABLE IF NOT EXISTS clean.row_states (
  object VARCHAR, dataset VARCHAR, row_id VARCHAR, source_key VARCHAR, state VARCHAR,
  twin_row_id VARCHAR)"""


def record_states(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """List the rows of one dataset that are not loaded, with their state and twin.

    Args:
        con: The warehouse; the temporary tables `marks` and `refused` are those of the dataset.
        object_key: The object type that is being cleaned.
        dataset: One of its datasets.
    """
    con.execute(
        f"""
        INSERT INTO clean.row_states
        WITH rows AS (
            SELECT s._row_id AS row_id, {_record_key(dataset)} AS key, m.state, m.line,
                   {same_cells(dataset)} AS cells
            FROM marks m JOIN raw."{dataset}" s ON s.rowid = m.row
        ), loaded AS (
            SELECT key, line, cells, row_id FROM rows WHERE state IS NULL
        ), equal AS (
            SELECT r.row_id, min(l.row_id) AS twin FROM rows r
            JOIN loaded l ON l.key = r.key AND l.cells = r.cells
            WHERE r.state IN ('superseded', 'decided') GROUP BY r.row_id
        ), newer AS (
            SELECT r.row_id, min(l.row_id) AS twin FROM rows r
            JOIN loaded l ON l.key = r.key AND l.line IS NOT DISTINCT FROM r.line
            WHERE r.state IN ('superseded', 'merged', 'decided') GROUP BY r.row_id
        )
        SELECT $object, $dataset, r.row_id, r.key,
               CASE WHEN e.twin IS NOT NULL THEN 'repeated' ELSE r.state END,
               coalesce(e.twin, n.twin)
        FROM rows r LEFT JOIN equal e USING (row_id) LEFT JOIN newer n USING (row_id)
        WHERE r.state IN ('superseded', 'merged', 'decided')
        """,
        {"object": object_key, "dataset": dataset},
    )
    _record_quarantined(con, object_key, dataset)


def _record_quarantined(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    con.execute(
        f"""
        INSERT INTO clean.row_states
        SELECT DISTINCT q.object, q.dataset, q.raw_id, x.key, 'quarantined', NULL
        FROM quarantine.rows q
        LEFT JOIN (
            SELECT s._row_id AS raw_id, f.key FROM refused f
            JOIN raw."{dataset}" s ON s.rowid = f.row
        ) x USING (raw_id)
        WHERE q.object = ? AND q.dataset = ?
        """,
        [object_key, dataset],
    )


def same_cells(dataset: str, row: str = "s") -> str:
    """SQL of a hash of all cells of a raw row: equal where every cell says the same text.

    An absent column and an empty cell are the same; white space at a cell's ends does not count.
    """
    known = ", ".join(
        f"coalesce({stripped(cell(c.name, row))}, '')" for c in DATASETS[dataset].columns
    )
    extra = (
        f"list_sort(list_filter(list_transform(map_entries({row}._extra), "
        f"lambda e: e.key || chr(31) || coalesce({stripped('e.value')}, '')), "
        "lambda t: t NOT LIKE '%' || chr(31)))"
    )
    return f"sha256(concat_ws(chr(30), {known}, array_to_string({extra}, chr(30))))"


def _record_key(dataset: str) -> str:
    """SQL of what rows of one record have in common: its key; of lines, their document."""
    if dataset not in LINES_OF:
        return "m.key"
    number = document_number(text(cell(LINES_OF[dataset])))
    return f"{workspace('s')} || '/{dataset}/' || coalesce({number}, '~row-' || s._row_id)"
