"""Every cell of a file as text, with the number of the line it stands on. Meaning comes later.

Delimited text is read with Python's csv on an explicit dialect, in batches; a second, independent
counter must find the same number of rows, or the file is refused. Other forms:
`workbooks`, `web_tables`, `json_records`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from csv import Error as CsvError
from csv import field_size_limit
from csv import reader as csv_reader
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from flitstack_pipeline.cleaning.values.wrapping import unwrapped_row
from flitstack_pipeline.reading.counting import Count, count_rows
from flitstack_pipeline.reading.dialect import HEAD_CHARACTERS, Dialect, detect_dialect
from flitstack_pipeline.reading.encoding import Encoding, detect_encoding
from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.formats import JSON, PAGE, WORKBOOK, kind_of_table, refuse_binary
from flitstack_pipeline.reading.json_records import record_lists, record_rows
from flitstack_pipeline.reading.letters import CANDIDATES, Letters
from flitstack_pipeline.reading.stray_marks import find_strays
from flitstack_pipeline.reading.text_lines import (
    TWICE_ENCODED,
    WRAPPED,
    Lines,
    habits_of,
    open_lines,
)
from flitstack_pipeline.reading.web_tables import page_notes, page_rows, page_tables
from flitstack_pipeline.reading.workbooks import Row, sheet_names, workbook_rows

__all__ = ["Row", "Sheet", "UnreadableFile", "sheets"]

#: Rows at a time: few enough that they stay in the processor's cache until they are stored.
BATCH = 2_000
LONGEST_CELL = 64_000_000
field_size_limit(LONGEST_CELL)
#: Files that are no lines of text: what they are, their sheets, the rows of one.
_FORMS = {
    WORKBOOK: ("Excel workbook", sheet_names, workbook_rows),
    PAGE: ("web page", page_tables, page_rows),
    JSON: ("JSON", record_lists, record_rows),
}
_LEFT_OUT = (
    "which was left out: with it the lines below would be one cell; without it every line is a "
    "whole row"
)
_ENDING = f"ends in a quotation mark too many, {_LEFT_OUT}"
_OPENING = f"opens a cell with a quotation mark that nothing closes, {_LEFT_OUT}"
_LOOK = "Open it in a spreadsheet, look at the last rows, and export it again."


@dataclass(frozen=True)
class Batch:
    """Rows that follow one another: the line each begins on, counted from 1, and its cells."""

    numbers: list[int]
    rows: list[list[str]]


@dataclass(frozen=True)
class Sheet:
    """One table of cells inside a file; a delimited file is one sheet without a name.

    `notes` fills while the rows are read: what a person should know, but that refuses nothing.
    """

    path: Path
    name: str
    encoding: Encoding
    dialect: Dialect | None
    notes: list[str] = field(default_factory=list, compare=False)

    def batches(self) -> Iterator[Batch]:
        """Every row in order, `BATCH` at a time, in constant memory.

        Raises UnreadableFile when the independent count finds damage (before the first row) or
        another number of rows (after the last).
        """
        letters = Letters()
        yield from self._right_letters(self._batches(), letters)
        how = "were encoded twice" if self._spoiled else f"are {self.encoding.name}'s"
        self.notes.extend(letters.notes(how))

    @property
    def _spoiled(self) -> bool:
        """Whether letters may be encoded twice; of a workbook only its cells tell."""
        return self.dialect is None or TWICE_ENCODED in self.dialect.habits

    def _right_letters(self, batches: Iterator[Batch], letters: Letters) -> Iterator[Batch]:
        """The batches with their letters put right."""
        usual, name = CANDIDATES[0], self.encoding.name
        for batch in batches:
            if self._spoiled:
                batch = Batch(batch.numbers, letters.rows(batch.numbers, batch.rows))
            elif name in CANDIDATES[1:]:
                letters.tell(batch.numbers, batch.rows, usual, name)
            yield batch

    def _batches(self) -> Iterator[Batch]:
        if self.dialect is None:
            yield from _in_batches(self._form_rows())
            self.notes.extend(page_notes(self.path) if self.encoding.name == PAGE else [])
            return
        dialect, counted = self._trusted(self.dialect)
        if counted.careless_quotes:
            self.notes.append(
                f"{counted.careless_quotes} cells hold quotation marks that were not doubled; "
                "compare them with the screen"
            )
        read = 0
        for batch in _text_batches(self.path, self.encoding, dialect, BATCH):
            read += len(batch.rows)
            yield batch
        if read != counted.rows:
            raise UnreadableFile(
                self.path,
                f"{read} rows were read but an independent count finds {counted.rows}",
                _LOOK,
            )

    def _trusted(self, dialect: Dialect) -> tuple[Dialect, Count]:
        """The independent count, and the dialect under which it finds no damage.

        Lines with a quotation mark that is proved to be none are told. Raises UnreadableFile.
        """
        counted = _count(self.path, self.encoding, dialect)
        if not counted.problem and not counted.swallowed:
            return dialect, counted
        found = find_strays(self.path, self.encoding.name, dialect)
        if not found.strays and counted.problem:
            raise UnreadableFile(self.path, counted.problem, _where(found.suspects))
        if not found.strays:
            return dialect, counted
        ending = sorted({number for number, _ in found.strays} - found.opening)
        for lines, what in ((ending, _ENDING), (sorted(found.opening), _OPENING)):
            if lines:
                self.notes.append(f"line {', '.join(map(str, lines))} {what}")
        dialect = replace(dialect, strays=found.strays)
        return dialect, _count(self.path, self.encoding, dialect)

    def _form_rows(self, limit: int | None = None) -> Iterator[Row]:
        """The rows of a file that is no lines of text."""
        rows = _FORMS[self.encoding.name][2](self.path, self.name, limit)
        return ((number, unwrapped_row(cells)) for number, cells in rows)

    def rows(self) -> Iterator[Row]:
        """(line number, cells) one by one; see `batches`."""
        for batch in self.batches():
            yield from zip(batch.numbers, batch.rows, strict=True)

    def head(self, limit: int) -> list[Row]:
        """The first rows, without counting the rest."""
        if self.dialect is None:
            batches = _in_batches(islice(self._form_rows(limit), limit))
        else:
            batches = _text_batches(self.path, self.encoding, self.dialect, limit)
        first = next(self._right_letters(batches, Letters()), Batch([], []))
        return list(zip(first.numbers, first.rows, strict=True))


def sheets(path: Path) -> list[Sheet]:
    """The sheets of an export file. Raises UnreadableFile for formats nobody can read."""
    if not path.exists() and not path.is_symlink():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if form := kind_of_table(path):
        what, names, _ = _FORMS[form]
        return [Sheet(path, name, Encoding(form, what), None) for name in names(path)]
    encoding = detect_encoding(path)
    refuse_binary(path, encoding.name)
    habits = habits_of(path, encoding.name)
    with open_lines(path, encoding.name, habits) as lines:
        dialect = detect_dialect(_head_of(path, encoding, lines))
    return [Sheet(path, "", encoding, replace(dialect, habits=habits))]


def _head_of(path: Path, encoding: Encoding, lines: Lines) -> str:
    try:
        return lines.read(HEAD_CHARACTERS)
    except UnicodeError as error:
        raise _wrong_encoding(path, encoding, error) from error


def _count(path: Path, encoding: Encoding, dialect: Dialect) -> Count:
    try:
        return count_rows(path, encoding.name, dialect)
    except UnicodeError as error:
        raise _wrong_encoding(path, encoding, error) from error


def _where(suspects: Sequence[int]) -> str:
    """What to do about a quotation mark, with the lines that one too many may be on."""
    if not suspects:
        return _LOOK
    lines = ", ".join(map(str, suspects))
    return (
        f"A quotation mark too many, or one that is missing, is probably on line {lines}. {_LOOK}"
    )


def _in_batches(rows: Iterator[Row]) -> Iterator[Batch]:
    while taken := list(islice(rows, BATCH)):
        yield Batch([number for number, _ in taken], [cells for _, cells in taken])


def _text_batches(path: Path, encoding: Encoding, dialect: Dialect, size: int) -> Iterator[Batch]:
    try:
        unwrap = WRAPPED in dialect.habits
        habits, separator, strays = dialect.habits, dialect.separator, dialect.strays
        with open_lines(path, encoding.name, habits, separator, strays) as text:
            for _ in range(dialect.skip_lines):
                text.readline()
            lines = csv_reader(text, delimiter=dialect.separator)
            start = first = dialect.skip_lines + 1
            while True:
                rows, ends = [], [start]
                for cells in islice(lines, size):
                    rows.append(cells)
                    ends.append(first + lines.line_num)
                if unwrap:
                    rows = list(map(unwrapped_row, rows))
                if not rows:
                    return
                start = ends.pop()
                yield Batch(ends, rows)
    except UnicodeError as error:
        raise _wrong_encoding(path, encoding, error) from error
    except CsvError as error:
        reason = f"a row cannot be read ({error}); a quotation mark is probably never closed"
        raise UnreadableFile(path, reason, _LOOK) from error


def _wrong_encoding(path: Path, encoding: Encoding, error: UnicodeError) -> UnreadableFile:
    reason = f"it is not {encoding.name} throughout ({error})"
    return UnreadableFile(path, reason, "Export it again as UTF-8 CSV.")
