"""The tables of the `raw` schema and how rows get into them. Text in, text stored.

`raw.<dataset>` holds the rows as read, `raw.excluded` the lines that are none, `raw.files` one
line per file and sheet, `raw.expected_counts` what the modules showed on screen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import duckdb
import pandas as pd

from flitstack_pipeline.contractor_plus.lines import Line
from flitstack_pipeline.contractor_plus.manifest import OnScreen
from flitstack_pipeline.contractor_plus.recognise import Layout
from flitstack_pipeline.contractor_plus.survey import SheetRead
from flitstack_pipeline.spec.source import BY_KEY

EXCEL_CELL = 32_767

FILES_DDL = """CREATE TABLE IF NOT EXISTS raw.files (
  file VARCHAR, sheet VARCHAR, sha256 VARCHAR, session VARCHAR, workspace VARCHAR,
  exported_at TIMESTAMP, dataset VARCHAR, encoding VARCHAR, dialect VARCHAR, header_row BIGINT,
  rows_read BIGINT, columns JSON, unknown_columns JSON, warnings JSON, refused VARCHAR,
  question VARCHAR)"""
EXCLUDED_DDL = """CREATE TABLE IF NOT EXISTS raw.excluded (
  file VARCHAR, sheet VARCHAR, "row" BIGINT, dataset VARCHAR, rule VARCHAR, text VARCHAR)"""
COUNTS_DDL = """CREATE OR REPLACE TABLE raw.expected_counts (
  dataset VARCHAR, workspace VARCHAR, on_screen BIGINT)"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that list files and lines, unless they are there."""
    con.execute(FILES_DDL)
    con.execute(EXCLUDED_DDL)
    con.execute("ALTER TABLE raw.files ADD COLUMN IF NOT EXISTS question VARCHAR")


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
    con.execute(
        f'CREATE OR REPLACE TABLE raw."{dataset}" (_row_id VARCHAR, _workspace VARCHAR, '
        "_session VARCHAR, _file VARCHAR, _sheet VARCHAR, _row BIGINT, _exported_at TIMESTAMP, "
        f"{columns}, _extra MAP(VARCHAR, VARCHAR))"
    )
    con.execute("DELETE FROM raw.files WHERE dataset = ?", [dataset])
    con.execute("DELETE FROM raw.excluded WHERE dataset = ?", [dataset])


def forget_missing(con: duckdb.DuckDBPyConnection, present: list[str]) -> None:
    """Forget files nobody could read or recognise, once they left the folder."""
    con.execute(
        "DELETE FROM raw.files WHERE dataset IS NULL AND NOT list_contains(?::VARCHAR[], file)",
        [present],
    )


def insert_rows(
    con: duckdb.DuckDBPyConnection, read: SheetRead, lines: list[Line], workspace: str
) -> int:
    """Append records that share one layout to their raw table; return how many."""
    layout = lines[0].layout
    dataset = layout.dataset or ""
    width = len(layout.columns)
    names = [c.name for c in BY_KEY[dataset].columns]
    position = {name: i for i, name in enumerate(layout.columns) if name}
    unknown = [i for i, name in enumerate(layout.columns) if name is None]
    frame = _frame(read, lines, width)
    place = position.get("workspace")
    own = f"nullif(trim(c{place}), '')" if place is not None else "NULL"
    values = ", ".join(f"c{position[n]}" if n in position else "NULL" for n in names)
    extra = "MAP(?::VARCHAR[], [" + ", ".join(f"c{i}" for i in unknown) + "]::VARCHAR[])"
    if "more" in frame:
        extra = f"map_concat({extra}, MAP(more::VARCHAR[], cells::VARCHAR[]))"
    con.register("incoming", frame)
    con.execute(
        f'INSERT INTO raw."{dataset}" SELECT ? || _row, coalesce({own}, ?), '  # noqa: S608
        f"?, ?, ?, _row, CAST(? AS TIMESTAMPTZ) AT TIME ZONE 'UTC', {values}, {extra} "
        "FROM incoming",
        [
            _row_prefix(read),
            read.entry.workspace or workspace,
            read.entry.session,
            read.entry.file,
            read.sheet.name,
            read.entry.exported_at,
            [layout.labels[i] for i in unknown],
        ],
    )
    con.unregister("incoming")
    return len(lines)


def _row_prefix(read: SheetRead) -> str:
    """What makes a row id unique: bytes and name of the file, the sheet, then the row."""
    entry = read.entry
    file = hashlib.sha256(f"{entry.sha256}/{entry.file}".encode()).hexdigest()[:12]
    return f"{file}-{read.number}-"


def _frame(read: SheetRead, lines: list[Line], width: int) -> pd.DataFrame:
    """Cells by column; the cells a ragged row has beyond the header stand under "cells"."""
    rows = [_fitted(line.cells, width) for line in lines]
    frame = pd.DataFrame({f"c{i}": column for i, column in enumerate(zip(*rows, strict=True))})
    frame = frame.astype(object)
    frame["_row"] = [line.number for line in lines]
    if any(len(line.cells) > width for line in lines):
        beyond = [_beyond(line.cells, line.layout) for line in lines]
        frame["more"] = [[name for name, _ in pairs] for pairs in beyond]
        frame["cells"] = [[cell for _, cell in pairs] for pairs in beyond]
    return frame


def _fitted(cells: list[str], width: int) -> list[str]:
    missing = width - len(cells)
    if missing == 0:
        return cells
    return cells + [""] * missing if missing > 0 else cells[:width]


def _beyond(cells: list[str], layout: Layout) -> list[tuple[str, str]]:
    """Cells beyond the header of a ragged row, under names of their own."""
    found = []
    for number, cell in enumerate(cells[len(layout.columns) :], start=len(layout.columns) + 1):
        name = f"(column {number})"
        while name in layout.labels:
            name += "'"
        if cell.strip():
            found.append((name, cell))
    return found


def cut_cells(con: duckdb.DuckDBPyConnection, read: SheetRead) -> list[str]:
    """A warning for cells exactly as long as Excel allows: what came after is lost (§7.33)."""
    full = " + ".join(
        f'count(*) FILTER (length("{c.name}") = {EXCEL_CELL})'
        for c in BY_KEY[read.dataset or ""].columns
    )
    found = con.execute(
        f'SELECT {full} FROM raw."{read.dataset}" WHERE _file = ? AND _sheet = ?',  # noqa: S608
        [read.entry.file, read.sheet.name],
    ).fetchall()[0][0]
    if not found:
        return []
    return [
        f"{found} cells have exactly {EXCEL_CELL:,} characters, the most Excel keeps: their end "
        "is probably cut off; export them as CSV"
    ]


def insert_excluded(con: duckdb.DuckDBPyConnection, read: SheetRead, lines: list[Line]) -> None:
    """Record the lines that are no records, each with its rule and text."""
    if not lines:
        return
    frame = pd.DataFrame(
        {
            "row": [line.number for line in lines],
            "dataset": [line.layout.dataset for line in lines],
            "rule": [line.rule for line in lines],
            "text": [" | ".join(c for c in line.cells if c)[:500] for line in lines],
        }
    )
    con.register("incoming", frame.astype({"dataset": object, "rule": object, "text": object}))
    con.execute(
        'INSERT INTO raw.excluded SELECT ?, ?, "row", dataset, rule, text FROM incoming',
        [read.entry.file, read.sheet.name],
    )
    con.unregister("incoming")


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
    con.execute("DELETE FROM raw.files WHERE file = ? AND sheet = ?", [entry.file, sheet.name])
    con.execute(
        "INSERT INTO raw.files (file, sheet, sha256, session, workspace, exported_at, dataset, "
        "encoding, dialect, header_row, rows_read, columns, unknown_columns, warnings, refused, "
        "question) VALUES (?, ?, ?, ?, ?, CAST(? AS TIMESTAMPTZ) AT TIME ZONE 'UTC', "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            read.question(rows_read) or None,
        ],
    )
