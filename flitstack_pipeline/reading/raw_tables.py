"""The tables of the `raw` schema, and what they say of each file. Rows get in by `raw_rows`.

`raw.<dataset>` holds the rows as read (`_own`: the cells of a row of another kind of file, as they
stand under its own headers, because the columns are made of them), `raw.excluded` the lines that
are none, `raw.misfits` the rows that do not stand under their header, `raw.realigned` those that
were put right, as they were, `raw.left_out` the rows of files of which nothing is moved,
`raw.files` one line per file and sheet, `raw.expected_counts` what the modules showed on screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb

from flitstack_pipeline.catalog.other_kinds import FED
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.reading.manifest import OnScreen
from flitstack_pipeline.reading.misfits import MISFITS_DDL, REALIGNED_DDL
from flitstack_pipeline.reading.survey import SheetRead

EXCEL_CELL = 32_767

FILES_DDL = """CREATE TABLE IF NOT EXISTS raw.files (
  file VARCHAR, sheet VARCHAR, sha256 VARCHAR, session VARCHAR, workspace VARCHAR,
  exported_at TIMESTAMP, dataset VARCHAR, encoding VARCHAR, dialect VARCHAR, header_row BIGINT,
  rows_read BIGINT, columns JSON, unknown_columns JSON, warnings JSON, refused VARCHAR)"""
EXCLUDED_DDL = """CREATE TABLE IF NOT EXISTS raw.excluded (
  file VARCHAR, sheet VARCHAR, "row" BIGINT, dataset VARCHAR, rule VARCHAR, text VARCHAR)"""
HEADERS_DDL = """CREATE TABLE IF NOT EXISTS raw.headers (
  file VARCHAR, sheet VARCHAR, dataset VARCHAR, name VARCHAR, header VARCHAR)"""
COUNTS_DDL = """CREATE OR REPLACE TABLE raw.expected_counts (
  dataset VARCHAR, workspace VARCHAR, on_screen BIGINT)"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that list files and lines, unless they are there."""
    con.execute(FILES_DDL)
    con.execute(EXCLUDED_DDL)
    con.execute("ALTER TABLE raw.files DROP COLUMN IF EXISTS question")  # of older versions
    con.execute(HEADERS_DDL)
    con.execute(MISFITS_DDL)
    con.execute(REALIGNED_DDL)


def replace_counts(con: duckdb.DuckDBPyConnection, counts: Iterable[OnScreen]) -> None:
    """Record the on-screen counts, in place of all that were known."""
    con.execute(COUNTS_DDL)
    for told in counts:
        con.execute(
            "INSERT INTO raw.expected_counts VALUES (?, ?, ?)",
            [told.dataset, told.workspace, told.count],
        )


def replace_table(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """An empty raw table for one kind of export; what was recorded of its files is forgotten."""
    columns = ", ".join(f'"{c.name}" VARCHAR' for c in BY_KEY[dataset].columns)
    own = ", _own MAP(VARCHAR, VARCHAR)" if dataset in FED else ""
    con.execute("BEGIN")  # one commit of five small changes
    con.execute(
        f'CREATE OR REPLACE TABLE raw."{dataset}" (_row_id VARCHAR, _workspace VARCHAR, '
        "_session VARCHAR, _file VARCHAR, _sheet VARCHAR, _row BIGINT, _exported_at TIMESTAMP, "
        f"{columns}, _extra MAP(VARCHAR, VARCHAR){own})"
    )
    for listed in ("files", "excluded", "misfits", "realigned"):
        con.execute(f"DELETE FROM raw.{listed} WHERE dataset = ?", [dataset])
    con.execute("COMMIT")


def forget_missing(con: duckdb.DuckDBPyConnection, present: list[str]) -> None:
    """Forget files nobody could read or recognise, once they left the folder."""
    con.execute(
        "DELETE FROM raw.files WHERE dataset IS NULL AND NOT list_contains(?::VARCHAR[], file)",
        [present],
    )


def cut_cells(con: duckdb.DuckDBPyConnection, read: SheetRead) -> list[str]:
    """A warning for cells as long as Excel allows: cut (docs/contractor_plus.md#quirk-33)."""
    # Bytes are counted at once, characters one by one: hardly a cell has bytes enough.
    full = " + ".join(
        f'count(*) FILTER (strlen("{c.name}") >= {EXCEL_CELL} '
        f'AND length("{c.name}") = {EXCEL_CELL})'
        for c in BY_KEY[read.dataset or ""].columns
    )
    found = con.execute(
        f'SELECT {full} FROM raw."{read.dataset}" WHERE _file = ? AND _sheet = ?',
        [read.entry.file, read.sheet.name],
    ).fetchall()[0][0]
    if not found:
        return []
    return [
        f"{found} cells have exactly {EXCEL_CELL:,} characters, the most Excel keeps: their end "
        "is probably cut off; export them as CSV"
    ]


def record_file(
    con: duckdb.DuckDBPyConnection, read: SheetRead, rows_read: int, warnings: list[str]
) -> None:
    """One line in `raw.files` for a sheet, in place of what was known of it before."""
    entry, sheet = read.entry, read.sheet
    layouts = [x for x in (read.layout, *read.layouts) if x]
    known = dict.fromkeys(c for x in layouts for c in x.columns if c)
    unknown = dict.fromkeys(
        label for x in layouts for c, label in zip(x.columns, x.labels, strict=True) if c is None
    )
    _record_headers(con, read)
    con.execute("DELETE FROM raw.files WHERE file = ? AND sheet = ?", [entry.file, sheet.name])
    con.execute(
        "INSERT INTO raw.files (file, sheet, sha256, session, workspace, exported_at, dataset, "
        "encoding, dialect, header_row, rows_read, columns, unknown_columns, warnings, refused) "
        "VALUES (?, ?, ?, ?, ?, CAST(? AS TIMESTAMPTZ) AT TIME ZONE 'UTC', "
        "?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            entry.file,
            sheet.name,
            entry.sha256,
            entry.session,
            entry.workspace,
            entry.exported_at,
            read.dataset,
            sheet.encoding.name,
            sheet.dialect.name if sheet.dialect else "workbook",
            read.layout.header_row if read.layout else None,
            rows_read,
            json.dumps(list(known)),
            json.dumps(list(unknown), ensure_ascii=False),
            json.dumps(warnings, ensure_ascii=False),
            None if read.left_out else read.refused or None,
        ],
    )


def _record_headers(con: duckdb.DuckDBPyConnection, read: SheetRead) -> None:
    """Known columns with the header they have in the file: `raw.headers`."""
    layout, sheet = read.layout, read.sheet.name
    con.execute("DELETE FROM raw.headers WHERE file = ? AND sheet = ?", [read.entry.file, sheet])
    if layout is None:
        return
    for name, header in zip(layout.columns, layout.header, strict=False):
        if name:
            con.execute(
                "INSERT INTO raw.headers VALUES (?, ?, ?, ?, ?)",
                [read.entry.file, sheet, read.dataset, name, " ".join(header.split())],
            )
