"""The cells that did not arrive verbatim as a workbook that a person filters and sorts.

Belongs here: the sheet and its filter. Does not: text that stays text (`workbook_cells`), the page
and the CSV beside it (`ledger`).
"""

# ruff: noqa: S608 - the fates in the SQL are our own words

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from flitstack_pipeline.ledger import fates
from flitstack_pipeline.private_files import replacing_bytes
from flitstack_pipeline.reports.workbook_cells import fitting, needs_care, put_text
from flitstack_pipeline.warehouse import literal

#: Rows of the workbook; of more cells the CSV has the rest (Excel opens no more than a million).
MOST_ROWS = 50_000
PIECE = 5_000
#: What a person looks for stands first.
_WORST_FIRST = tuple(reversed(fates.FATES))
_WIDTHS = {"text": 45, "rule": 45, "field": 40, "what_to_do": 60, "record": 32, "file": 26}


def write_ledger_workbook(
    con: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str], most: int = MOST_ROWS
) -> Path:
    """Write the cells with a filter over them, the worst fates first, for the owner only.

    Args:
        con: The warehouse, with a ledger.
        path: The workbook to write, whole or not at all.
        columns: The columns of `ledger.cells` to show.
        most: How many cells it holds; when there are more, its first line says where the rest is.
    """
    total = con.execute(
        f"SELECT coalesce(sum(cells), 0)::BIGINT FROM ledger.counts WHERE fate <> '{fates.ARRIVED}'"
    ).fetchall()[0][0]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Cells")
    for at, name in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(name, 16)
    sheet.freeze_panes = "A3"
    rows = min(total, most)
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(columns))}{rows + 2}"
    sheet.append([_bold(sheet, _about(total, rows))])
    sheet.append([_bold(sheet, name.replace("_", " ")) for name in columns])
    for row in _cells(con, columns, rows):
        sheet.append([_text(sheet, value) for value in row])
    with replacing_bytes(path) as file:
        book.save(file)
    return path


def _about(total: int, rows: int) -> str:
    told = f"{total:,} cells did not arrive verbatim; filter by fate, file or column."
    if rows < total:
        told += f" The first {rows:,} are here, the worst fates first; ledger.csv has all."
    return told


def _cells(
    con: duckdb.DuckDBPyConnection, columns: Sequence[str], most: int
) -> Iterable[tuple[Any, ...]]:
    """The cells, the worst fates first; a fate at a time, so that nothing is sorted as a whole."""
    listed = ", ".join(f'"{name}"' for name in columns)
    left = most
    for fate in _WORST_FIRST:
        if fate == fates.ARRIVED or left <= 0:
            continue
        found = con.execute(
            f"SELECT {listed} FROM ledger.cells WHERE fate = {literal(fate)} LIMIT {left}"
        )
        while piece := found.fetchmany(PIECE):
            left -= len(piece)
            yield from piece


def _text(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    """A value; text is text even where it begins like a formula or reads like an error."""
    if not isinstance(value, str):
        return value
    value = fitting(value)
    if not needs_care(value):
        return value
    cell = WriteOnlyCell(sheet)
    put_text(cell, value)
    return cell


def _bold(sheet: WriteOnlyWorksheet, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell
