"""Excel workbooks: which sheets there are, and every cell as the text a person sees.

Cells are read by openpyxl; the number of rows is checked against the raw XML (`counting`).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import Any

from flitstack_pipeline.reading.counting import last_workbook_row
from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.workbook_forms import readable

Row = tuple[int, list[str]]
_ZEROS = re.compile(r'^(?:"([^"]*)")?(0{2,})(?:"([^"]*)")?$')
_SAVE_AGAIN = "Open it in Excel, save it again as .xlsx or CSV, and stage that."


def sheet_names(path: Path) -> list[str]:
    """Every sheet with cells, hidden ones too. Raises UnreadableFile."""
    with _opened(path, data_only=True) as book:
        names = [sheet.title for sheet in book.worksheets]
    if not names:
        raise UnreadableFile(path, "no sheet with cells is found in it", _SAVE_AGAIN)
    return names


def workbook_rows(path: Path, name: str, limit: int | None = None) -> Iterator[Row]:
    """(row number, cells) of one sheet, without the empty rows at its end.

    Raises UnreadableFile when the file is damaged or, read to the end, when the raw XML holds
    another number of rows. `limit` stops early, without that check.
    """
    read, blank = 0, 0
    with _opened(path, data_only=True) as book, _opened(path, data_only=False) as formulas:
        sheet, source = book[name], formulas[name]
        # A workbook states its own size, and writers get it wrong; believed, rows would vanish.
        sheet.reset_dimensions()
        source.reset_dimensions()
        for row, written in _pairs(path, sheet, source):
            read += 1
            cells = [_shown(cell, formula) for cell, formula in zip(row, written, strict=False)]
            while cells and cells[-1] == "":
                cells.pop()
            if not cells:
                blank += 1
                continue
            yield from ((read - n, []) for n in range(blank, 0, -1))
            blank = 0
            yield read, cells
            if limit is not None and read >= limit:
                return
        member = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    _check_count(path, name, member, read)


def _check_count(path: Path, name: str, member: str, read: int) -> None:
    with _refusing(path):
        counted = last_workbook_row(readable(path), member)
    if counted.problem or counted.rows != read:
        why = counted.problem or f"{read} rows were read but its XML holds {counted.rows}"
        raise UnreadableFile(path, f"sheet {name!r} is damaged: {why}", _SAVE_AGAIN)


def _pairs(path: Path, sheet: Any, source: Any) -> Iterator[tuple[Any, Any]]:
    """Rows with their values, beside the same rows with their formulas where a sheet has any."""
    with _refusing(path):
        formulas = source.iter_rows() if _has_empty_formula(path, sheet) else repeat(())
        for row, written in zip(sheet.iter_rows(), formulas, strict=False):
            yield row, (written or (None,) * len(row))


def _has_empty_formula(path: Path, sheet: Any) -> bool:
    """Whether a formula was saved without its result, as programs other than Excel do."""
    member = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    pattern = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
    tail = b""
    with zipfile.ZipFile(readable(path)) as archive, archive.open(member) as part:
        while block := part.read(1 << 20):
            block = tail + block
            if pattern.search(block):
                return True
            tail = block[-200:]
    return False


def _shown(cell: Any, formula: Any) -> str:
    """A cell's text; a formula saved without its result is shown as the formula."""
    if cell.value is None and formula is not None and formula.value is not None:
        return str(formula.value)
    return cell_text(cell.value, getattr(cell, "number_format", "") or "")


@contextmanager
def _opened(path: Path, *, data_only: bool) -> Iterator[Any]:
    """The workbook, opened by its bytes and not by its name."""

    import openpyxl

    with readable(path).open("rb") as file:
        with _refusing(path):
            book = openpyxl.load_workbook(file, read_only=True, data_only=data_only)
        try:
            yield book
        finally:
            book.close()


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever the workbook library raises on damaged bytes becomes one refusal."""
    try:
        yield
    except (UnreadableFile, GeneratorExit, MemoryError):
        raise
    except Exception as error:  # zip, zlib, XML and plain errors, by where the damage is
        reason = f"the workbook is damaged ({type(error).__name__}: {error})"
        raise UnreadableFile(path, reason, _SAVE_AGAIN) from error


def cell_text(value: Any, number_format: str = "") -> str:
    """One workbook cell as the text a person sees: dates ISO, no `.0`, percent as percent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number_text(value, number_format)
    if isinstance(value, dt.datetime):
        moment: dt.datetime = (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        midnight = moment.time() == dt.time(0)
        return moment.date().isoformat() if midnight else moment.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def _number_text(value: float, number_format: str) -> str:
    """Fifteen digits, as Excel shows them; leading zeros and prefixes of the format kept.

    ZIP codes ("00000") and numbers ("INV-"0000) are stored as plain numbers under a format.
    """
    if "%" in number_format:
        return _plain(value * 100) + "%"
    text = _plain(value)
    padded = _ZEROS.match(number_format)
    if padded and text.isdigit():
        before, zeros, after = padded.groups()
        return (before or "") + text.zfill(len(zeros)) + (after or "")
    return text


def _plain(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text
