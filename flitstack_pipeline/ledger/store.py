"""How the fates lie in DuckDB: a small number per cell, and what each number means.

`ledger.cells` (a view: one line per cell) puts together `ledger.rows_<dataset>` (one line per row
and a number per column), `ledger.outcomes` (what the numbers mean), the texts in the raw tables,
and `ledger.looked` (cells that needed a second look, and rows with one fate as a whole; all that
are not accounted for are here). `ledger.counts` counts them. So millions of cells cost a byte or
two each, and nothing is copied.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from flitstack_pipeline.warehouse import literal, table_exists

COLUMNS = """object VARCHAR, dataset VARCHAR, row_id VARCHAR, file VARCHAR, sheet VARCHAR,
  line BIGINT, "column" VARCHAR, text VARCHAR, fate VARCHAR, rule VARCHAR, field VARCHAR,
  record VARCHAR, what_to_do VARCHAR"""
_TABLES = f"""
CREATE OR REPLACE TABLE ledger.looked ({COLUMNS});
CREATE OR REPLACE TABLE ledger.outcomes (object VARCHAR, dataset VARCHAR, number SMALLINT,
  "column" VARCHAR, fate VARCHAR, rule VARCHAR, field VARCHAR, what_to_do VARCHAR);
CREATE OR REPLACE TABLE ledger.kinds (object VARCHAR, dataset VARCHAR, columns VARCHAR[]);
CREATE OR REPLACE TABLE ledger.counts (object VARCHAR, dataset VARCHAR, file VARCHAR,
  "column" VARCHAR, fate VARCHAR, rule VARCHAR, field VARCHAR, cells BIGINT)"""


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables anew, empty; those of the last ledger go."""
    rows = con.execute(
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_schema = 'ledger' AND (table_name = 'cells' OR table_name LIKE 'rows_%')"
    ).fetchall()
    for name, kind in rows:
        con.execute(f'DROP {"VIEW" if kind == "VIEW" else "TABLE"} ledger."{name}"')
    con.execute(_TABLES)


def table_of(dataset: str) -> str:
    """The table of the rows of one kind of export."""
    return f'ledger."rows_{dataset}"'


def make_table(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    dataset: str,
    cells: list[str],
    found: list[tuple[int, str, str, str, str, str]],
) -> None:
    """Make the table of one kind of export, empty, and note what its numbers mean.

    Args:
        con: The warehouse.
        object_key: The object type of the kind of export.
        dataset: The kind of export.
        cells: SQL of each column's cell of a raw row `r`, in the order of the numbers.
        found: (number, column, fate, rule, field, what to do) of every number.
    """
    numbers = ", ".join(f'"c{n}" SMALLINT' for n in range(len(cells)))
    con.execute(
        f"CREATE OR REPLACE TABLE {table_of(dataset)} (row_id VARCHAR, file VARCHAR, "
        f"sheet VARCHAR, line BIGINT, record VARCHAR, {numbers})"
    )
    names = ["number", "column", "fate", "rule", "field", "what_to_do"]
    told = dict(zip(names, zip(*found, strict=True), strict=True))
    same = {"object": [object_key] * len(found), "dataset": [dataset] * len(found)}
    insert(con, "ledger.outcomes", same | told)
    con.execute("INSERT INTO ledger.kinds VALUES (?, ?, ?)", [object_key, dataset, cells])


def insert(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, Any]) -> None:
    """Insert rows, given as columns by name, into a table."""
    _put(con, f"INSERT INTO {table} BY NAME", columns)


def make_temporary(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, Any]) -> None:
    """Make a temporary table of rows that are given as columns by name."""
    _put(con, f"CREATE OR REPLACE TEMP TABLE {table} AS", columns)


def _put(con: duckdb.DuckDBPyConnection, where: str, columns: dict[str, Any]) -> None:
    con.register("incoming", pa.table({name: pa.array(held) for name, held in columns.items()}))
    con.execute(f"{where} SELECT * FROM incoming")
    con.unregister("incoming")


def make_view(con: duckdb.DuckDBPyConnection) -> None:
    """Make the view `ledger.cells` over all tables."""
    kinds = con.execute("SELECT object, dataset, columns FROM ledger.kinds").fetchall()
    selects = ["SELECT * FROM ledger.looked", *(_cells(*kind) for kind in kinds)]
    con.execute(f"CREATE VIEW ledger.cells AS {' UNION ALL '.join(selects)}")


def _cells(object_key: str, dataset: str, cells: list[str]) -> str:
    """SELECT of the cells of one kind of export that needed no second look."""
    listed = ", ".join(f"{{'number': f.\"c{n}\", 'text': {cell}}}" for n, cell in enumerate(cells))
    return f"""
        SELECT {literal(object_key)}, {literal(dataset)}, x.row_id, x.file, x.sheet, x.line,
               o."column", x.c.text, o.fate, o.rule, o.field, x.record, o.what_to_do
        FROM (
            SELECT f.row_id, f.file, f.sheet, f.line, coalesce(f.record, '') AS record,
                   unnest([{listed}]) AS c
            FROM {table_of(dataset)} f JOIN raw."{dataset}" r ON r._row_id = f.row_id
        ) x JOIN ledger.outcomes o ON o.number = x.c.number AND o.dataset = {literal(dataset)}
        WHERE x.c.number > 0"""


def count(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `ledger.counts`."""
    con.execute(
        'INSERT INTO ledger.counts SELECT object, dataset, file, "column", fate, rule, field, '
        "count(*) FROM ledger.looked GROUP BY ALL"
    )
    for object_key, dataset, cells in con.execute(
        "SELECT object, dataset, columns FROM ledger.kinds"
    ).fetchall():
        each = " UNION ALL ".join(
            f'SELECT file, "c{n}" AS number, count(*) AS cells FROM {table_of(dataset)} '
            f'WHERE "c{n}" > 0 GROUP BY ALL'
            for n in range(len(cells))
        )
        con.execute(
            f"""
            INSERT INTO ledger.counts
            SELECT ?, ?, x.file, o."column", o.fate, o.rule, o.field, sum(x.cells)
            FROM ({each}) x
            JOIN ledger.outcomes o ON o.number = x.number AND o.dataset = ?
            GROUP BY ALL
            """,
            [object_key, dataset, dataset],
        )


def has_cells(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a ledger was made."""
    return table_exists(con, "ledger.counts")
