"""Every cell of a file as text, with the number of the line it stands on. Meaning comes later.

Delimited text is read with Python's csv on an explicit dialect, streaming; a second, independent
counter must find the same number of rows, or the file is refused. Workbooks are read by openpyxl.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from csv import field_size_limit
from csv import reader as csv_reader
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from flitstack_pipeline.contractor_plus.dialect import HEAD_CHARACTERS, Dialect, detect_dialect
from flitstack_pipeline.contractor_plus.encoding import Encoding, detect_encoding

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls")
field_size_limit(2**31 - 1)

Row = tuple[int, list[str]]


class UnreadableFile(ValueError):
    """A file that is refused as a whole, with the reason and what to do."""

    def __init__(self, path: Path, reason: str, what_to_do: str) -> None:
        self.path, self.reason, self.what_to_do = path, reason, what_to_do
        super().__init__(f"{path.name}: {reason}. {what_to_do}")


@dataclass(frozen=True)
class Sheet:
    """One table of cells inside a file; a delimited file is one sheet without a name."""

    path: Path
    name: str
    encoding: Encoding
    dialect: Dialect | None

    def rows(self) -> Iterator[Row]:
        """(line number from 1, cells as text) in order.

        Raises UnreadableFile when the independent row count differs, at the end of the file.
        """
        if self.dialect is None:
            yield from _workbook_rows(self.path, self.name)
        else:
            yield from _text_rows(self.path, self.encoding, self.dialect)


def sheets(path: Path) -> list[Sheet]:
    """The sheets of an export file. Raises UnreadableFile for formats nobody can read."""
    with path.open("rb") as file:
        magic = file.read(512)
    if magic.startswith(b"PK\x03\x04"):
        return _workbook_sheets(path)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            path, "it is an old binary Excel file (.xls)", "Save it as .xlsx or CSV and stage that."
        )
    if magic.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table")):
        raise UnreadableFile(path, "it is a web page, not a table", "Export again as CSV or Excel.")
    encoding = detect_encoding(path)
    with path.open(encoding=encoding.name, errors="replace", newline="") as text:
        dialect = detect_dialect(text.read(HEAD_CHARACTERS))
    return [Sheet(path, "", encoding, dialect)]


def _text_rows(path: Path, encoding: Encoding, dialect: Dialect) -> Iterator[Row]:
    read = 0
    try:
        with path.open(encoding=encoding.name, newline="") as text:
            for _ in range(dialect.skip_lines):
                text.readline()
            lines = csv_reader(text, delimiter=dialect.separator)
            start = dialect.skip_lines + 1
            for cells in lines:
                read += 1
                yield start, cells
                start = dialect.skip_lines + lines.line_num + 1
    except UnicodeError as error:
        raise UnreadableFile(
            path, f"it is not {encoding.name} throughout ({error})", "Export it again as UTF-8 CSV."
        ) from error
    counted = count_rows(path, encoding, dialect)
    if counted != read:
        raise UnreadableFile(
            path,
            f"{read} rows were read but an independent count finds {counted}; a quotation mark is "
            "probably never closed",
            "Open it in a spreadsheet, look at the last rows, and export it again.",
        )


def count_rows(path: Path, encoding: Encoding, dialect: Dialect) -> int:
    """Rows of a delimited file, counted without the csv module.

    A quotation mark opens a quoted cell only at the start of a cell; a line break inside quotes
    does not end a row. An unclosed quotation mark makes the count differ from the reader's.
    """
    separator = re.escape(dialect.separator)
    token = re.compile(rf'"|{separator}|\r\n|\r|\n|[^"\r\n{separator}]+')
    rows, inside, at_start, row_has_text, just_closed = 0, False, True, False, False
    with path.open(encoding=encoding.name, newline="") as text:
        for _ in range(dialect.skip_lines):
            text.readline()
        for line in text:
            for match in token.finditer(line):
                piece = match.group()
                row_has_text = row_has_text or piece not in ("\r\n", "\r", "\n")
                if inside:
                    if piece == '"':
                        inside, just_closed = False, True
                    continue
                if piece == '"' and (at_start or just_closed):
                    inside, at_start, just_closed = True, False, False
                elif piece in ("\r\n", "\r", "\n"):
                    rows, at_start, row_has_text, just_closed = rows + 1, True, False, False
                else:
                    at_start, just_closed = piece == dialect.separator, False
    if inside:
        return -1
    return rows + (1 if row_has_text else 0)


def _workbook_sheets(path: Path) -> list[Sheet]:
    encoding = Encoding("xlsx", "Excel workbook")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UnreadableFile(
            path, f"the workbook is damaged ({error})", "Open it in Excel and save it again."
        ) from error
    names = [ws.title for ws in book.worksheets if ws.sheet_state == "visible"]
    book.close()
    return [Sheet(path, name, encoding, None) for name in names]


def _workbook_rows(path: Path, name: str) -> Iterator[Row]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for number, row in enumerate(book[name].iter_rows(), start=1):
            cells = [cell_text(cell.value, getattr(cell, "number_format", "")) for cell in row]
            while cells and cells[-1] == "":
                cells.pop()
            yield number, cells
    finally:
        book.close()


def cell_text(value: Any, number_format: str = "") -> str:
    """One workbook cell as the text a person sees: dates ISO, no `.0`, percent as percent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, float):
        if "%" in (number_format or ""):
            return f"{round(value * 100, 10):g}%"
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
