"""Lines with a quotation mark too many, where the rest of the file proves it.

Such a mark opens a cell that swallows the lines below, so that a whole file would be refused. It is
left out only where then every line of the file is one whole row, as wide as the others; a row that
has one cell more because of a comma that the mark was to quote is left to its columns. Where the
file ends in the open cell, it may be cut off.
Belongs here: finding those marks. Does not: what the cells say (`misfits` holds every row against
its columns).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from flitstack_pipeline.reading.counting import FEWEST_COMMAS, count_rows, whole_row
from flitstack_pipeline.reading.dialect import Dialect
from flitstack_pipeline.reading.text_lines import Strays, open_lines

#: More such lines than these are no slips.
MOST = 20
#: Lines with more marks than these are not tried.
_MOST_MARKS = 200


@dataclass(frozen=True)
class Found:
    """Marks that are to be left out, none without proof; lines that a mark too many may be on.

    Of `strays`, `opening` are the lines on which it opens a cell that nothing closes.
    """

    strays: Strays = frozenset()
    opening: frozenset[int] = frozenset()
    suspects: tuple[int, ...] = ()


@dataclass
class _Seen:
    """What a first look at the lines found: widths of whole ones, readings of the others."""

    widths: Counter[int] = field(default_factory=Counter)
    #: Line → its text, and its readings with one mark left out: width → where the mark stood.
    broken: dict[int, tuple[str, dict[int, set[int]]]] = field(default_factory=dict)
    last: int = 0


def find_strays(path: Path, encoding: str, dialect: Dialect) -> Found:
    """The marks of a delimited file that cannot be read as it is which are to be left out.

    Args:
        path: The file.
        encoding: Its encoding.
        dialect: How it is written.
    """
    seen = _look(path, encoding, dialect)
    usual = seen.widths.most_common(1)[0][0] if seen.widths else 0
    chosen: dict[int, int] = {}
    for number, (text, readings) in seen.broken.items():
        places = readings.get(usual) or _openings(text, readings.get(usual + 1, set()), dialect)
        if len(places) == 1:
            chosen[number] = places.pop()
    opening = {n for n, at in chosen.items() if _openings(seen.broken[n][0], {at}, dialect)}
    cut = seen.last in opening and _is_last_cell(
        seen.broken[seen.last][0], chosen[seen.last], dialect
    )
    suspects = tuple(sorted(chosen))
    fewest = FEWEST_COMMAS if opening else 1
    if not 0 < len(chosen) <= MOST or usual <= fewest or cut or _is_a_cell(chosen, opening):
        return Found(suspects=suspects)
    strays = frozenset(chosen.items())
    if not _is_proved(path, encoding, replace(dialect, strays=strays), usual, opening):
        return Found(suspects=suspects)
    return Found(strays, frozenset(opening), suspects)


def _look(path: Path, encoding: str, dialect: Dialect) -> _Seen:
    whole, seen = whole_row(dialect.separator), _Seen()
    with open_lines(path, encoding, dialect.habits, dialect.separator) as lines:
        for number, line in enumerate(lines, start=1):
            if number <= dialect.skip_lines:
                continue
            seen.last = number
            ended = line if line.endswith(("\r", "\n")) else f"{line}\n"
            if whole.fullmatch(ended):
                seen.widths[_width(ended, dialect)] += 1
            elif len(seen.broken) <= MOST and '"' in ended:
                seen.broken[number] = (ended, _readings(ended, whole, dialect))
    return seen


def _readings(line: str, whole: re.Pattern[str], dialect: Dialect) -> dict[int, set[int]]:
    """Where a mark can be left out so that a line is one whole row, by the width it then has.

    A mark may be a slip that begins a cell, or ends the line; of several side by side one is tried.
    """
    found: dict[int, set[int]] = {}
    tried: set[str] = set()
    for at in [m for m in _marks(line) if _begins(line, m, dialect) or not line[m + 1 :].strip()]:
        without = line[:at] + line[at + 1 :]
        if without not in tried and whole.fullmatch(without):
            found.setdefault(_width(without, dialect), set()).add(at)
        tried.add(without)
    return found


def _marks(line: str) -> list[int]:
    places = [at for at, letter in enumerate(line) if letter == '"']
    return places if len(places) <= _MOST_MARKS else []


def _begins(line: str, at: int, dialect: Dialect) -> bool:
    return at == 0 or line[at - 1] == dialect.separator


def _openings(line: str, places: set[int], dialect: Dialect) -> set[int]:
    """Of these marks those that open a cell with text behind them."""
    return {at for at in places if _begins(line, at, dialect) and line[at + 1] not in "\r\n"}


def _is_last_cell(line: str, at: int, dialect: Dialect) -> bool:
    """Whether a mark opens the last cell: at the end of a file that may be cut off there."""
    return dialect.separator not in line[at:]


def _is_a_cell(chosen: dict[int, int], opening: set[int]) -> bool:
    """Whether two of the marks may be the ends of one cell of several lines."""
    return bool(opening) and max(chosen) > min(opening) and not opening.issuperset(chosen)


def _is_proved(path: Path, encoding: str, dialect: Dialect, width: int, opening: set[int]) -> bool:
    """Whether every row of the file then is whole: counted twice, each as wide as the header.

    On the lines `opening` a row may have one cell more.
    """
    counted = count_rows(path, encoding, dialect)
    if counted.problem or counted.careless_quotes:
        return False
    rows = 0
    with open_lines(path, encoding, dialect.habits, dialect.separator, dialect.strays) as lines:
        for _ in range(dialect.skip_lines):
            lines.readline()
        reader = csv.reader(lines, delimiter=dialect.separator)
        for cells in reader:
            rows += 1
            more = dialect.skip_lines + reader.line_num in opening
            if cells and len(cells) not in (width, width + more):
                return False
    return rows == counted.rows


def _width(line: str, dialect: Dialect) -> int:
    return len(next(csv.reader([line], delimiter=dialect.separator), []))
