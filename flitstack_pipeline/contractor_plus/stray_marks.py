"""Lines that end in a quotation mark too many, where the rest of the file proves it.

Such a mark opens a cell that swallows the lines below, so that a whole file would be refused. It is
left out only where then every line of the file is one whole row of as many cells as the header.
Belongs here: finding those lines. Does not: what their cells say (`misfits` holds every row against
its columns).
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

from flitstack_pipeline.contractor_plus.counting import count_rows, whole_row
from flitstack_pipeline.contractor_plus.dialect import Dialect
from flitstack_pipeline.contractor_plus.text_lines import open_lines, without_last_mark

#: More such lines than these are no slips.
MOST = 20


def find_strays(path: Path, encoding: str, dialect: Dialect) -> frozenset[int]:
    """Numbers of the lines whose last quotation mark is to be left out; none without proof.

    Args:
        path: A delimited file that cannot be read as it is.
        encoding: Its encoding.
        dialect: How it is written.
    """
    whole = whole_row(dialect.separator)
    found: dict[int, int] = {}
    widths: Counter[int] = Counter()
    with open_lines(path, encoding, dialect.habits, dialect.separator) as lines:
        for number, line in enumerate(lines, start=1):
            if number <= dialect.skip_lines:
                continue
            ended = line if line.endswith(("\r", "\n")) else f"{line}\n"
            if whole.fullmatch(ended):
                widths[_width(ended, dialect)] += 1
            elif ended.rstrip("\r\n").endswith('"') and whole.fullmatch(without_last_mark(ended)):
                found[number] = _width(without_last_mark(ended), dialect)
    usual = widths.most_common(1)[0][0] if widths else 0
    strays = frozenset(number for number, width in found.items() if width == usual)
    if not 0 < len(strays) <= MOST or usual < 2:
        return frozenset()
    proved = _is_proved(path, encoding, replace(dialect, strays=strays), usual)
    return strays if proved else frozenset()


def _is_proved(path: Path, encoding: str, dialect: Dialect, width: int) -> bool:
    """Whether every row of the file then is whole: counted twice, each as wide as the header."""
    counted = count_rows(path, encoding, dialect)
    if counted.problem or counted.careless_quotes:
        return False
    rows = 0
    with open_lines(path, encoding, dialect.habits, dialect.separator, dialect.strays) as lines:
        for _ in range(dialect.skip_lines):
            lines.readline()
        for cells in csv.reader(lines, delimiter=dialect.separator):
            rows += 1
            if cells and len(cells) != width:
                return False
    return rows == counted.rows


def _width(line: str, dialect: Dialect) -> int:
    return len(next(csv.reader([line], delimiter=dialect.separator), []))
