"""One row's way: from its line in a file to the records it became, and back from a source key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.warehouse import dicts, table_exists

_CELLS = """
    SELECT file || CASE WHEN sheet <> '' THEN '#' || sheet ELSE '' END || ':' || line AS row,
           "column", text, fate, rule, field, record, what_to_do
    FROM ledger.cells"""


def cells_of(con: duckdb.DuckDBPyConnection, what: str) -> list[dict[str, Any]]:
    """The cells of a row named as `FILE:LINE` or `FILE#SHEET:LINE`, or of a source key's rows."""
    if not table_exists(con, "ledger.counts"):
        return []
    place = re.fullmatch(r"(?P<file>[^#]+?)(?:#(?P<sheet>.*))?:(?P<line>\d+)", what)
    if place:
        rows = dicts(
            con,
            f"{_CELLS} WHERE file = ? AND line = ? AND ? IN ('', sheet) ORDER BY sheet, row_id",
            [place["file"], int(place["line"]), place["sheet"] or ""],
        )
        if rows:
            return rows
    return dicts(con, f"{_CELLS} WHERE record = ? ORDER BY file, line", [what])


def cells_of_records(
    con: duckdb.DuckDBPyConnection, keys: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(source key, cell with its place, fate and field) of the rows of several records."""
    if not table_exists(con, "ledger.counts"):
        return
    found = dicts(
        con,
        f"{_CELLS} WHERE record IN (SELECT unnest(?::VARCHAR[])) ORDER BY file, sheet, line",
        [sorted(keys)],
    )
    for cell in found:
        yield str(cell["record"]), cell


def records_of(
    con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], what: str
) -> list[dict[str, Any]]:
    """The mapped records of those rows' source keys, with the records they lead to."""
    keys = sorted({row["record"] for row in rows if row["record"]} or {what})
    found: list[dict[str, Any]] = []
    for key in KEYS:
        if table_exists(con, f"mapped.{key}"):
            found += dicts(
                con,
                "SELECT record_key AS record, kind, label, coalesce(remark, '') AS remark, "
                "array_to_string(json_extract_string(parents, '$[*].record_key'), ', ') AS "
                f'"leads to" FROM mapped."{key}" WHERE list_contains(?::VARCHAR[], source_key) '
                "ORDER BY record_key",
                [keys],
            )
    return found
