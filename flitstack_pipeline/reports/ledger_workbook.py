"""The cells that did not arrive verbatim as a workbook that a person filters and sorts.

Belongs here: the sheets and the filter. Does not: text that stays text (`workbook_cells`), the page
and the CSV beside it (`ledger`).
"""

# ruff: noqa: S608 - the fates in the SQL are our own words

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

#: Cells in the workbook (14,000 take a second to write): what a spreadsheet still filters at once,
#: far from the million rows of a sheet. The CSV is whole.
MOST_ROWS = 100_000
#: So many cells of each fate are in it, if there are as many, before those of one fill it.
OF_EACH = 5_000
PIECE = 5_000
#: What a person must look at stands first, then what is worth a look.
_WORST_FIRST = (
    fates.UNACCOUNTED, fates.QUARANTINED, fates.EXCLUDED, fates.NOT_MOVED, fates.MERGED,
    fates.EMPTY_WORD, fates.SUPERSEDED, fates.REPEATED, fates.BY_RULE, fates.LINKED,
)  # fmt: skip
_WIDTHS = {"text": 45, "rule": 45, "field": 40, "what_to_do": 60, "record": 32, "file": 26}


def write_ledger_workbook(
    con: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str], most: int = MOST_ROWS
) -> Path:
    """Write a summary, and the cells with a filter over them, the worst fates first.

    For the owner only. The summary says of each fate how many cells are in the CSV alone.

    Args:
        con: The warehouse, with a ledger.
        path: The workbook to write, whole or not at all.
        columns: The columns of `ledger.cells` to show.
        most: How many cells it holds.
    """
    counted = con.execute("SELECT fate, sum(cells)::BIGINT FROM ledger.counts GROUP BY fate")
    total = {fate: count for fate, count in counted.fetchall() if fate != fates.ARRIVED}
    here = _shares(total, most)
    book = Workbook(write_only=True)
    _summarise(book.create_sheet("Summary"), total, here)
    sheet = book.create_sheet("Cells")
    for at, name in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(name, 16)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{sum(here.values()) + 1}"
    sheet.append([_bold(sheet, name.replace("_", " ")) for name in columns])
    for row in _cells(con, columns, here):
        sheet.append([_text(sheet, value) for value in row])
    with replacing_bytes(path) as file:
        book.save(file)
    return path


def _shares(total: Mapping[str, int], most: int) -> dict[str, int]:
    """How many cells of each fate the workbook holds: some of each, then the worst."""
    here = {fate: min(total[fate], OF_EACH, most // len(total)) for fate in total}
    for fate in _WORST_FIRST:
        if fate in total:
            here[fate] += min(total[fate] - here[fate], most - sum(here.values()))
    return here


def _summarise(sheet: Any, total: Mapping[str, int], here: Mapping[str, int]) -> None:
    """What did not arrive verbatim, by fate, and how much of it is not in this workbook."""
    for letter, width in zip("ABCDE", (18, 70, 12, 18, 20), strict=True):
        sheet.column_dimensions[letter].width = width
    missing = sum(total.values()) - sum(here.values())
    told = f"{sum(total.values()):,} cells did not arrive verbatim."
    if missing:
        told += f" {missing:,} of them are only in ledger.csv, which has all."
    sheet.append([_bold(sheet, told)])
    header = ("fate", "means", "cells", "in this workbook", "only in ledger.csv")
    sheet.append([_bold(sheet, name) for name in header])
    for fate in (f for f in _WORST_FIRST if f in total):
        left = total[fate] - here[fate]
        sheet.append([fate, fates.ABOUT[fate], total[fate], here[fate], left])


def _cells(
    con: duckdb.DuckDBPyConnection, columns: Sequence[str], here: Mapping[str, int]
) -> Iterable[tuple[Any, ...]]:
    """So many cells of each fate, the worst first; nothing is sorted as a whole."""
    listed = ", ".join(f'"{name}"' for name in columns)
    for fate in (f for f in _WORST_FIRST if here.get(f)):
        found = con.execute(
            f"SELECT {listed} FROM ledger.cells WHERE fate = {literal(fate)} LIMIT {here[fate]}"
        )
        while piece := found.fetchmany(PIECE):
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
