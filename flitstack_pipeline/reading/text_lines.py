"""The lines of a delimited file in the one form the reader and its counter know: RFC 4180.

Files of other habits are put right line by line: quotation marks escaped by a backslash (PHP,
MySQL), a lone carriage return inside a cell of a file whose lines end otherwise, spaces between a
separator and a quotation mark. Which habits a file has is told by its bytes (`habits_of`).
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from flitstack_pipeline.cleaning.values.wrapping import INNER_BREAK, has_signs
from flitstack_pipeline.reading.letters import may_be_twice_encoded

BACKSLASH, LONE_RETURN, SPACED, WRAPPED, TWICE_ENCODED = (
    "quotation marks are escaped by a backslash",
    "carriage returns stand inside cells",
    "spaces stand before quotation marks",
    "cells are wrapped",
    "letters are encoded twice, or lost",
)
#: Quotation marks that are none: the number of the line, and where in it the mark stands.
Strays = frozenset[tuple[int, int]]
_BLOCK = 1 << 20
#: Rows by which it is told whether spaces before quotation marks are nothing.
MOST_ROWS = 100_000
_ESCAPED = re.compile(r'\\(["\\])')
#: A backslash and a mark in the middle of a text: neither opens nor closes a cell.
_BACKSLASHED = re.compile(rb'[^,;\t|\r\n"]\\"(?![,;\t|\r\n"]|$)')
_DOUBLED = re.compile(rb'[^,;\t|\r\n"\\]""[^,;\t|\r\n"]')
_ALONE = re.compile(rb"\r(?!\n)")
_SPACE_MARK = re.compile(rb'(?:[,;\t|]|(?<=\n)) +"(?:\\"|[^"\r\n]|"")*"(?=[,;\t|\r\n])')
_TIGHT_MARK = re.compile(rb'[,;\t|]"')


def habits_of(path: Path, encoding: str) -> frozenset[str]:
    """What of a file must be put right before it is read.

    UTF-16 and UTF-32 come from Excel, which has none of these habits but wraps cells.
    """
    if encoding.startswith(("utf-16", "utf-32")):
        return frozenset({WRAPPED, TWICE_ENCODED})
    found: set[str] = set()
    backslashed = doubled = alone = ends = spaced = tight = 0
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            block = tail + block
            if WRAPPED not in found and has_signs(block):
                found.add(WRAPPED)
            if TWICE_ENCODED not in found and _is_spoiled(block, encoding):
                found.add(TWICE_ENCODED)
            if b'\\"' in block:
                backslashed += len(_BACKSLASHED.findall(block))
                doubled += len(_DOUBLED.findall(block))
            if b"\r" in block:
                alone += len(_ALONE.findall(block)) - block.endswith(b"\r")  # the next tells
            ends += block.count(b"\n")
            if b' "' in block:
                spaced += len(_SPACE_MARK.findall(block))
                tight += len(_TIGHT_MARK.findall(block))
            tail = block[-1:]
    if backslashed and not doubled:
        found.add(BACKSLASH)
    if alone and ends and _returns_stand_in_cells(path, encoding):
        found |= {LONE_RETURN, WRAPPED}
    if spaced and (spaced > tight or _fits_without_spaces(path, encoding, found)):
        found.add(SPACED)
    return frozenset(found)


def _is_spoiled(block: bytes, encoding: str) -> bool:
    """Whether bytes of UTF-8 may hold letters encoded twice, or the sign of a lost one."""
    if not encoding.startswith("utf-8"):
        return False
    return may_be_twice_encoded(block) or b"\xef\xbf\xbd" in block


def _fits_without_spaces(path: Path, encoding: str, habits: Set[str]) -> bool:
    """Whether as many rows or more have as many cells as the first where a space before a quotation
    mark is taken for nothing, as some programs write it in a few rows of many."""
    fitting = []
    for skipped in (False, True):
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            first = text.readline()
            separator = max(",;\t|", key=first.count)
            lines = map(_unescaped, text) if BACKSLASH in habits else text
            rows = csv.reader(lines, delimiter=separator, skipinitialspace=skipped)
            width = len(next(csv.reader([first], delimiter=separator), []))
            try:
                fitting.append(sum(len(row) == width for row in itertools.islice(rows, MOST_ROWS)))
            except csv.Error:
                return False  # refused, with the reason, when it is read
    return fitting[1] >= fitting[0]


def _unescaped(line: str) -> str:
    """A line whose quotation marks are doubled instead of escaped."""
    return _ESCAPED.sub(lambda m: '""' if m.group(1) == '"' else "\\", line)


def _returns_stand_in_cells(path: Path, encoding: str) -> bool:
    """Whether some rows end in a lone carriage return, but most in a line feed.

    Those few rows are pieces of cells; a return between quotation marks ends no row at all.
    """
    ends: Counter[bool] = Counter()
    try:
        with path.open(encoding=encoding, newline="") as text:
            lines = _Last(text)
            for _ in csv.reader(lines):
                ends[lines.line.endswith("\r")] += 1
    except (UnicodeError, csv.Error):
        return False  # refused, with the reason, when it is read
    return 0 < ends[True] < ends[False]


class _Last:
    """The lines of a text; `line` is the one given last."""

    def __init__(self, text: TextIO) -> None:
        self._text, self.line = text, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.line = next(self._text)
        return self.line


@contextmanager
def open_lines(
    path: Path,
    encoding: str,
    habits: frozenset[str],
    separator: str = ",",
    strays: Strays = frozenset(),
) -> Iterator[Lines]:
    """The lines of a file, put right; closed on the way out.

    `strays` are quotation marks to be left out (see `stray_marks`).
    """
    newline = "\n" if LONE_RETURN in habits else ""
    with path.open(encoding=encoding, newline=newline) as text:
        yield Lines(text, habits, separator, strays)


class Lines:
    """An open text whose lines are put right as they are read; line breaks are kept."""

    def __init__(
        self,
        text: TextIO,
        habits: frozenset[str],
        separator: str,
        strays: Strays = frozenset(),
    ) -> None:
        self._text, self._habits, self._number = text, habits, 0
        self._strays = dict(strays)
        self._rightens = bool(habits or strays)
        self._spaced = re.compile(rf'(^|{re.escape(separator)})[ ]+(?=")')

    def __iter__(self) -> Iterator[str]:
        return map(self.right, self._text) if self._rightens else iter(self._text)

    def readline(self) -> str:
        """The next line."""
        return self.right(self._text.readline())

    def readlines(self, size: int) -> list[str]:
        """Lines of about so many characters in all."""
        lines = self._text.readlines(size)
        return [self.right(line) for line in lines] if self._rightens else lines

    def read(self, size: int) -> str:
        """The first characters, up to a whole line."""
        return "".join(self.readlines(size)) if size else ""

    def right(self, line: str) -> str:
        """One line in the form of RFC 4180."""
        self._number += 1
        if LONE_RETURN in self._habits and "\r" in line:
            end = "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""
            line = line.removesuffix(end).replace("\r", INNER_BREAK) + end
        if BACKSLASH in self._habits and "\\" in line:
            line = _unescaped(line)
        if SPACED in self._habits and ' "' in line:
            line = self._spaced.sub(r"\1", line)
        if self._number in self._strays:
            at = self._strays[self._number]
            line = line[:at] + line[at + 1 :]
        return line
