"""The field map as a workbook for people who do not read YAML, and reading their answers back.

Belongs here: cells, colours, drop-down lists, and which cells were changed. Does not: what the
answers mean (`mapping.answers`). Text of the customer's is written as text, never as a formula.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.mapping.answer_sheets import Row, Sheet
from flitstack_pipeline.mapping.answers import Answer
from flitstack_pipeline.mapping.document import SURE
from flitstack_pipeline.reports.workbook_cells import fitting, put_text

START, LISTS, MADE = "Start here", "_lists", "_made"
NAME_CELL, SURE_CELL, YES = "B3", "B4", "yes"
HEADER_ROW = 3
_WIDTHS = {"Evidence": 60, "Runners-up": 40, "Why": 40, "Changed": 40, "About": 60,
           "Confidence": 11, "Kind": 10, "Type": 18, "Decision": 13}  # fmt: skip
_WRAPPED = {"Evidence", "Runners-up", "Why", "Changed", "About"}
_WRAP = Alignment(wrap_text=True, vertical="top")
_FILLS = {
    "sure": PatternFill("solid", fgColor="E3F4E8"),
    "likely": PatternFill("solid", fgColor="FFF6D9"),
    "unsure": PatternFill("solid", fgColor="FBE3E0"),
    "answer": PatternFill("solid", fgColor="EAF2FD"),
    "head": PatternFill("solid", fgColor="1D2733"),
}


def write_workbook(sheets: Sequence[Sheet], path: Path, fingerprint: str, opened: int = 0) -> Path:
    """Write the workbook whole or not at all, for its owner only; return the path.

    Args:
        sheets: The map.
        path: Where it goes.
        fingerprint: The map's.
        opened: How many of its entries wait for a person.
    """
    book = Workbook()
    start = book.active
    assert start is not None
    start.title = START
    lists = book.create_sheet(LISTS)
    made = book.create_sheet(MADE)
    lists.sheet_state = made.sheet_state = "veryHidden"
    _start(start, sheets, opened)
    made.append(["fingerprint", fingerprint])
    known: dict[tuple[str, ...], str] = {}
    for sheet in sheets:
        _sheet(book.create_sheet(sheet.title, len(book.sheetnames) - 2), sheet, lists, known, made)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".field-map-", suffix=".xlsx")
    os.close(handle)
    try:
        book.save(name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _start(sheet: Worksheet, sheets: Sequence[Sheet], opened: int) -> None:
    rows = [
        ("The field map of this migration", ""),
        ("Answer in the blue cells, save the file, then run: flitstack map import FILE", ""),
        ("Your name (it is written beside every decision)", ""),
        (f"Accept every entry that is sure, {SURE:.0%} or more? Write {YES}", ""),
        ("Decision", "proposed: open · confirmed: move it so · excluded: leave it out"),
        ("Colours", "green: very sure · yellow: likely · red: look closely"),
        ("Nothing is moved while a required entry is only proposed.", f"{opened} entries are open"),
        ("", ""),
    ]
    for row in rows:
        sheet.append(row)
    for shown in sheets:
        sheet.append((shown.title, f"{len(shown.rows)} rows"))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet[NAME_CELL].fill = sheet[SURE_CELL].fill = _FILLS["answer"]
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 55, 70


def _sheet(
    out: Worksheet,
    sheet: Sheet,
    lists: Worksheet,
    known: dict[tuple[str, ...], str],
    made: Worksheet,
) -> None:
    out.append([sheet.about])
    out.append([])
    out.append([*sheet.columns, "key"])
    for head in out[HEADER_ROW]:
        head.font, head.fill = Font(bold=True, color="FFFFFF"), _FILLS["head"]
    for number, row in enumerate(sheet.rows, HEADER_ROW + 1):
        _row(out, number, sheet, row)
        made.append([sheet.title, row.key, json.dumps({c: row.cells[c] for c in sheet.answers})])
    for at, column in enumerate(sheet.columns, 1):
        out.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(column, 26)
    out.column_dimensions[get_column_letter(len(sheet.columns) + 1)].hidden = True
    out.freeze_panes = f"B{HEADER_ROW + 1}"
    last = get_column_letter(len(sheet.columns))
    out.auto_filter.ref = f"A{HEADER_ROW}:{last}{HEADER_ROW + len(sheet.rows)}"
    _drop_downs(out, sheet, lists, known)


def _row(out: Worksheet, number: int, sheet: Sheet, row: Row) -> None:
    fill = _FILLS["sure" if row.confidence >= 0.9 else "likely" if row.confidence >= 0.7 else
                  "unsure"]  # fmt: skip
    for at, column in enumerate(sheet.columns, 1):
        cell = out.cell(number, at)
        assert isinstance(cell, Cell)
        _write(cell, row.cells.get(column, ""))
        if column in _WRAPPED:
            cell.alignment = _WRAP
        if column in sheet.answers:
            cell.fill = _FILLS["answer"]
        elif column == "Confidence":
            cell.fill, cell.number_format = fill, "0%"
    key = out.cell(number, len(sheet.columns) + 1)
    assert isinstance(key, Cell)
    _write(key, row.key)


def _write(cell: Cell, value: Any) -> None:
    """The value; text is text even when it begins like a formula."""
    if isinstance(value, str):
        put_text(cell, fitting(value))
    else:
        cell.value = value


def _drop_downs(
    out: Worksheet, sheet: Sheet, lists: Worksheet, known: dict[tuple[str, ...], str]
) -> None:
    """One validation a list; a free column may hold what its list does not."""
    for at, column in enumerate(sheet.columns, 1):
        for choices, ranges in _rows_by_choices(sheet, column, get_column_letter(at)).items():
            found = DataValidation(
                "list", formula1=_list_of(lists, known, choices), allow_blank=True,
                showErrorMessage=column not in sheet.free, sqref=" ".join(ranges),
            )  # fmt: skip
            found.error = "Choose one of the list."
            out.add_data_validation(found)


def _rows_by_choices(sheet: Sheet, column: str, letter: str) -> dict[tuple[str, ...], list[str]]:
    """Where a column's rows have which choices: runs of rows as ranges (`F4:F90`)."""
    found: dict[tuple[str, ...], list[str]] = {}
    numbered = enumerate(sheet.rows, HEADER_ROW + 1)
    for choices, run in groupby(numbered, lambda pair: pair[1].choices.get(column, ())):
        rows = [number for number, _ in run]
        if choices:
            found.setdefault(choices, []).append(f"{letter}{rows[0]}:{letter}{rows[-1]}")
    return found


def _list_of(lists: Worksheet, known: dict[tuple[str, ...], str], choices: tuple[str, ...]) -> str:
    """The range of the hidden sheet that holds these choices, written once."""
    if choices not in known:
        at = len(known) + 1
        for row, choice in enumerate(choices, 1):
            cell = lists.cell(row, at)
            assert isinstance(cell, Cell)
            _write(cell, choice)
        letter = get_column_letter(at)
        known[choices] = f"'{LISTS}'!${letter}$1:${letter}${len(choices)}"
    return known[choices]


class NotOurWorkbook(BadInput):
    """The file is not a field map workbook of this migration; the message says what to do."""


class Answered(NamedTuple):
    """What a person wrote into the workbook; `accepts_sure`: whether all sure entries hold."""

    name: str
    answers: list[Answer]
    accepts_sure: bool


def read_answers(path: Path) -> Answered:
    """The person's name, and every answer that differs from what the workbook was made with.

    Raises NotOurWorkbook, BadInput when it is not there, or says neither yes nor nothing about
    sure entries.
    """
    if not path.exists():
        raise BadInput(f"{path} does not exist; `flitstack map workbook` makes one.")
    try:
        book = load_workbook(path)
        made = {
            (str(title), str(key)): json.loads(str(answers))
            for title, key, answers in book[MADE].iter_rows(min_row=2, max_col=3, values_only=True)
            if answers
        }
    except Exception as error:  # openpyxl raises many kinds on what is no workbook
        raise NotOurWorkbook(
            f"{path} is not a field map workbook ({type(error).__name__}); make one with "
            "`flitstack map workbook` and answer in that."
        ) from error
    start = book[START] if START in book.sheetnames else None
    name, sure = (_text_of(start, cell) for cell in (NAME_CELL, SURE_CELL))
    if sure.casefold() not in ("", "no", YES):
        raise BadInput(f"{START}!{SURE_CELL}: {sure!r} is neither {YES} nor no")
    answers = [a for title in dict.fromkeys(t for t, _ in made)
               for a in _answers_of(book, title, made, path)]  # fmt: skip
    return Answered(name, answers, sure.casefold() == YES)


def _text_of(start: Any, cell: str) -> str:
    return str(start[cell].value or "").strip() if start else ""


def _answers_of(
    book: Any, title: str, made: dict[tuple[str, str], dict[str, Any]], path: Path
) -> Iterator[Answer]:
    if title not in book.sheetnames:
        raise NotOurWorkbook(f"{path} has lost its sheet {title!r}; start from a new workbook.")
    sheet = book[title]
    heads = {str(c.value): c.column for c in sheet[HEADER_ROW] if c.value}
    if "key" not in heads:
        raise NotOurWorkbook(f"{path}, {title!r}: the header row {HEADER_ROW} was changed.")
    seen: set[str] = set()
    for row in sheet.iter_rows(min_row=HEADER_ROW + 1):
        key = row[heads["key"] - 1].value
        if key is None:
            continue
        before = made.get((title, str(key)))
        if before is None or key in seen:
            continue
        seen.add(str(key))
        for column, was in before.items():
            if column not in heads:
                raise NotOurWorkbook(f"{path}, {title!r}: the column {column!r} is gone.")
            cell = row[heads[column] - 1]
            now = "" if cell.value is None else str(cell.value).strip()
            if now != str(was or "").strip():
                yield Answer(f"{title}!{cell.coordinate}", title, str(key), column, now)
