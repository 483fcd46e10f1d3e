"""Whether a row stands under its header, and how it stands right: a pure function of its cells.

A separator that was not quoted cuts one cell in two, a lost one makes two cells run together; every
cell after it then stands under the wrong header. The kinds of the columns tell. One cut or one join
is undone, and only when exactly one reading fits every column; every other such row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flitstack_pipeline.reading.column_kinds import Kind, contradicted

FITS, REALIGNED, REFUSED = "fits", "realigned", "refused"
#: How far from its column a value is looked for when a row may be shifted.
_NEAR = 3


@dataclass(frozen=True)
class Shape:
    """A header as rows are judged by it: per column its name, its kind, its words where few.

    `told` are the kinds that a row that is put right must follow, where they are stricter.
    `short_is_odd` says that rows of this file seldom lack cells, so that one that does is looked at
    at the first contradiction.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind | None, ...]
    words: tuple[frozenset[str], ...]
    separator: str
    short_is_odd: bool = False
    told: tuple[Kind | None, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a row is: it fits, it was realigned (`cells`), or it is refused; `why` in words."""

    outcome: str
    cells: tuple[str, ...]
    why: str = ""


def judge(cells: Sequence[str], count: int, shape: Shape) -> Judgement:
    """Judge one row by the evidence of its columns.

    Args:
        cells: The row as read.
        count: How many cells it was written with, empty ones at its end included.
        shape: The header.

    Returns:
        The judgement; its cells are those of the right reading.
    """
    row = _trimmed(cells)
    against = contradicted(row, shape.kinds)
    if count == len(shape.names):  # `5 de enero de 2024` is odd here, and a date all the same
        against = [i for i in against if not _is_read(row[i], shape.kinds[i])]
    overlong = len(row) > len(shape.names)
    if not overlong and not _suspicious(against, count, shape):
        return _judged_by_words(row, count, shape)
    found = _narrowed([r for r in _readings(row, shape) if _holds(r.cells, shape)], shape)
    if len(found) == 1:
        return found[0]
    if not overlong and not found and not _displaced(row, against, shape):
        return Judgement(FITS, row)  # odd values, each told by its own parser
    return Judgement(REFUSED, row, _reason(row, against, len(found), shape))


def _is_read(cell: str, kind: Kind | None) -> bool:
    return kind is not None and kind.is_read(cell)


def _judged_by_words(row: tuple[str, ...], count: int, shape: Shape) -> Judgement:
    """A row that lacks a cell and holds a word its column never held: two cells ran together when
    exactly one reading gives words that are known."""
    if not shape.short_is_odd or count >= len(shape.names) or _words_known(row, shape):
        return Judgement(FITS, row)
    found = [r for r in _readings(row, shape) if _holds(r.cells, shape)]
    known = [r for r in found if _words_known(r.cells, shape)]
    return known[0] if len(known) == 1 else Judgement(FITS, row)


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return tuple(cells[:end])


def _suspicious(against: list[int], count: int, shape: Shape) -> bool:
    strong = sum(bool(kind and kind.strong) for kind in (shape.kinds[i] for i in against))
    if shape.short_is_odd and count < len(shape.names):
        return bool(against)
    return strong >= 1 and len(against) >= 2


def _readings(row: tuple[str, ...], shape: Shape) -> Iterator[Judgement]:
    """Every reading that one cut or one join explains."""
    width = len(shape.names)
    if len(row) - 1 <= width:
        spaced = _after_a_space(row)
        for i in range(len(row) - 1):
            if row[i].strip() and row[i + 1].strip() and spaced in (None, i + 1):
                joined = f"{row[i]}{shape.separator}{row[i + 1]}"
                why = f"{_name(shape, i)} holds a separator without quotation marks: {joined!r}"
                yield Judgement(REALIGNED, (*row[:i], joined, *row[i + 2 :]), why)
    if len(row) + 1 <= width:
        for i, cell in enumerate(row):
            for gap in re.finditer(r"(?<=\S)\s+(?=\S)", cell):
                left, right = cell[: gap.start()], cell[gap.end() :]
                if not (_tells(left, i, shape) or _tells(right, i + 1, shape)):
                    continue  # nothing but a space parts the two
                why = f"{_name(shape, i)} and {_name(shape, i + 1)} ran together: {cell!r}"
                yield Judgement(REALIGNED, (*row[:i], left, right, *row[i + 1 :]), why)


def _after_a_space(row: tuple[str, ...]) -> int | None:
    """The only cell of a row that begins with a space, as text behind a comma does."""
    found = [i for i, cell in enumerate(row) if i and cell[:1] == " " and cell.strip()]
    return found[0] if len(found) == 1 else None


def _tells(part: str, index: int, shape: Shape) -> bool:
    """Whether a part of a cell shows by itself that it belongs into a column."""
    kind = shape.kinds[index]
    if kind and kind.strong and kind.is_value(part):
        return True
    return part.strip().casefold() in shape.words[index]


def _name(shape: Shape, index: int) -> str:
    return repr(shape.names[index]) if index < len(shape.names) else f"column {index + 1}"


def _holds(cells: tuple[str, ...], shape: Shape) -> bool:
    return not contradicted(cells, shape.told or shape.kinds)


def _narrowed(found: list[Judgement], shape: Shape) -> list[Judgement]:
    """Of several readings those whose cells are words their columns of few words hold elsewhere."""
    distinct = list({f.cells: f for f in found}.values())
    if len(distinct) < 2:
        return distinct
    return [f for f in distinct if _words_known(f.cells, shape)] or distinct


def _words_known(cells: tuple[str, ...], shape: Shape) -> bool:
    return all(
        not words or not cell.strip() or cell.strip().casefold() in words
        for cell, words in zip(cells, shape.words, strict=False)
    )


def _displaced(row: tuple[str, ...], against: list[int], shape: Shape) -> bool:
    """Whether a value that contradicts its column belongs to a column nearby."""
    for index in against:
        near = range(max(0, index - _NEAR), min(len(shape.kinds), index + _NEAR + 1))
        own = shape.kinds[index]
        for other in (shape.kinds[j] for j in near if j != index):
            if other and other.strong and other != own and other.is_value(row[index]):
                return True
    return False


def _reason(row: tuple[str, ...], against: list[int], readings: int, shape: Shape) -> str:
    told = [f"{_name(shape, i)} holds {row[i]!r}" for i in against[:3]]
    width = len(shape.names)
    if len(row) > width:
        told.insert(0, f"{len(row)} cells under {width} headers")
    several = f"{readings} readings fit it" if readings else "no reading fits it"
    return f"its cells do not stand under their headers ({'; '.join(told)}), and {several}"
