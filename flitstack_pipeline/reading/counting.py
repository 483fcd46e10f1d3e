"""Counts the rows of a file without the reader that reads it: the second witness.

Belongs here: scanning raw text or raw XML for where rows end. Does not: cells, meaning.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from flitstack_pipeline.reading.dialect import Dialect
from flitstack_pipeline.reading.text_lines import open_lines

_BREAKS = ("\r\n", "\r", "\n")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row(?=[\s/>])[^>]*>")
_ROW_NUMBER = re.compile(rb'\sr="(\d+)"')
_BLOCK = 1 << 20
#: A line of a note with as many separators as the header, and these at least, may be a row.
FEWEST_COMMAS = 3


@dataclass(frozen=True)
class Count:
    """Rows found, why they cannot be trusted ("" when they can), and cells quoted carelessly.

    `swallowed` counts lines inside of quoted cells that look like rows of their own.
    """

    rows: int
    problem: str = ""
    careless_quotes: int = 0
    swallowed: int = 0


@dataclass
class _Scan:
    """Where a scan of delimited text stands: the reader's state machine, written anew."""

    separator: str
    rows: int = 0
    inside: bool = False  # between quotation marks
    closed: bool = False  # the mark just seen closed a cell
    at_start: bool = True  # nothing of the cell seen yet
    pending: bool = False  # the row has text but has not ended
    spans_lines: bool = False  # a quoted line break came earlier in this row
    careless: int = 0
    problem: str = ""
    opened: int = 0  # the line of the last mark that opened a cell
    commas: int = -1  # separators of the first line
    swallowed: int = 0
    token: re.Pattern[str] = field(init=False)
    whole: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        separator = re.escape(self.separator)
        #: A line that is one well-formed row: nearly every line, judged without a state machine.
        self.whole = whole_row(self.separator)
        self.token = re.compile(rf'"|{separator}|\r\n|\r|\n|[^"\r\n{separator}]+')

    def block(self, lines: list[str], number: int) -> None:
        """Take in physical lines, their line breaks included; `number` is that of the first.

        Lines without a quotation mark are told by their number alone: each ends a row, or, inside
        a quoted cell, none does. Only the last line of a file can lack its line break.
        """
        unfinished = bool(lines) and not lines[-1].endswith(("\r", "\n")) and '"' not in lines[-1]
        plain = lines[:-1] if unfinished else lines
        next_plain, whole = 0, self.whole.fullmatch
        if self.commas < 0 and lines:
            self.commas = lines[0].count(self.separator)
        for index in [i for i, line in enumerate(plain) if '"' in line]:
            if next_plain < index:
                self._plain(plain[next_plain:index])
            if not self.inside and not self.pending and whole(plain[index]):
                self.rows += 1
            else:
                self._line(plain[index], number + index)
            next_plain = index + 1
        self._plain(plain[next_plain:])
        if unfinished:
            self._line(lines[-1], number + len(plain))

    def _plain(self, lines: list[str]) -> None:
        """Whole lines without a quotation mark."""
        if lines and self.inside:
            self.spans_lines = True
            if self.commas >= FEWEST_COMMAS:
                self.swallowed += sum(x.count(self.separator) == self.commas for x in lines)
        elif lines:
            self._end_row()
            self.rows += len(lines) - 1

    def _line(self, line: str, number: int) -> None:
        """One line, piece by piece."""
        for match in self.token.finditer(line):
            self._piece(match.group(), number)

    def _piece(self, piece: str, number: int) -> None:
        if self.inside:
            if piece == '"':
                self.inside, self.closed = False, True
            elif piece in _BREAKS:
                self.spans_lines = True
        elif piece == '"' and (self.at_start or self.closed):
            self.inside, self.at_start, self.closed, self.pending = True, False, False, True
            self.opened = number
        elif piece in _BREAKS:
            self._end_row()
        else:
            self._text(piece, number)

    def _text(self, piece: str, number: int) -> None:
        if self.closed and piece != self.separator:
            self.careless += 1
            if self.spans_lines and not self.problem:
                self.problem = (
                    f"on line {number} text follows a closing quotation mark in a row of several "
                    "lines, so a quotation mark is missing and rows run together"
                )
        self.at_start, self.closed, self.pending = piece == self.separator, False, True

    def _end_row(self) -> None:
        self.rows += 1
        self.at_start, self.closed, self.pending, self.spans_lines = True, False, False, False


def whole_row(separator: str) -> re.Pattern[str]:
    """The pattern of a line that is one well-formed row, its line break included."""
    sign = re.escape(separator)
    quoted = r'"[^"\r\n]*+(?:""[^"\r\n]*+)*+"'
    cell = rf'(?>{quoted}|[^"\r\n{sign}]*+)'
    return re.compile(rf"{cell}(?>{sign}{cell})*+(?:\r\n|\r|\n)")


def count_rows(path: Path, encoding: str, dialect: Dialect) -> Count:
    """Rows of a delimited file, counted without the csv module, in constant memory.

    A quotation mark opens a quoted cell only at the start of a cell; a line break inside quotes
    does not end a row. A mark that never closes, or rows glued by a missing mark, is a problem.
    """
    scan = _Scan(dialect.separator)
    with open_lines(path, encoding, dialect.habits, dialect.separator, dialect.strays) as text:
        for _ in range(dialect.skip_lines):
            text.readline()
        number = dialect.skip_lines + 1
        while lines := text.readlines(_BLOCK):
            scan.block(lines, number)
            number += len(lines)
    if scan.inside:
        problem = scan.problem or f"the quotation mark opened on line {scan.opened} is never closed"
        return Count(scan.rows, problem, scan.careless, scan.swallowed)
    return Count(scan.rows + scan.pending, scan.problem, scan.careless, scan.swallowed)


def last_workbook_row(path: Path, member: str) -> Count:
    """Number of the last row of a sheet, from the raw XML of its part of the workbook.

    `member` is the part's name inside the archive. Rows out of order are a problem: the reader
    would leave them out.
    """
    last, problem, tail = 0, "", b""
    with zipfile.ZipFile(path) as archive, archive.open(member) as part:
        while block := part.read(_BLOCK):
            block = tail + block
            cut = max(block.rfind(b"<"), 0)
            block, tail = block[:cut], block[cut:]
            last, problem = _follow(block, last, problem)
        last, problem = _follow(tail, last, problem)
    return Count(last, problem)


def _follow(block: bytes, last: int, problem: str) -> tuple[int, str]:
    for tag in _ROW_TAG.findall(block):
        number = _ROW_NUMBER.search(tag)
        here = int(number.group(1)) if number else last + 1
        if here <= last and not problem:
            problem = f"row {here} stands after row {last}"
        last = max(last, here)
    return last, problem
