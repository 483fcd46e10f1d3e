"""The witness of rows that were put right: is such a row what its line says, cell for cell?

The cells as read and the cells as they stand now come in; a reason comes out, "" when all is well.
Judged by readings of the witness's own and by what the other rows of the column hold.
Belongs here: judging one row. Does not: where rows lie (`put_right`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from flitstack_pipeline.ledger.contact_points import phones_said
from flitstack_pipeline.ledger.moments import clock_said, day_said
from flitstack_pipeline.ledger.numbers import number
from flitstack_pipeline.ledger.readings import EMPTY_WORDS

#: Fewer cells than this say nothing about their column.
FEWEST = 5
#: Share of a column's cells that must be of a kind; the rest are slips.
SHARE = 0.95
TEXT_DIFFERS = "its cells do not say what its line says"
MORE_THAN_ONE = "more than one border between cells was moved"
_ONE_EMAIL = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")


def _is_email(text: str) -> bool:
    return all(_ONE_EMAIL.fullmatch(part) for part in re.split(r"[\s,;/|]+", text))


def _is_date(text: str) -> bool:
    return any(day_said(text, order) is not None for order in ("day first", "month first"))


def _is_phone(text: str) -> bool:
    return bool(phones_said(text, "US")) and not _is_date(text) and "@" not in text


def _is_number(text: str) -> bool:
    return number(text, ".") is not None or number(text, ",") is not None


#: What a column may be, and whether a cell is of it; the names are those of `own_kind`.
KINDS: dict[str, Callable[[str], bool]] = {
    "email": _is_email,
    "phone": _is_phone,
    "date": _is_date,
    "time": lambda text: clock_said(text) is not None,
    "number": _is_number,
    "letters only": lambda text: not re.search(r"\d", text),
    "digits": lambda text: bool(re.search(r"\d", text)),
    "no letters": lambda text: not re.search(r"[^\W\d_]", text),
}


def kinds_of(cells: Sequence[str], declared: str = "") -> frozenset[str]:
    """What nearly all cells of a column are; of a column with few cells, what it is declared as."""
    said = [cell.strip() for cell in cells if not _says_nothing(cell)]
    if len(said) < FEWEST:
        return frozenset({declared}) & KINDS.keys()
    return frozenset(
        kind for kind, is_one in KINDS.items() if sum(map(is_one, said)) >= SHARE * len(said)
    )


def why_wrong(
    read: Sequence[str], right: Sequence[str], separator: str, kinds: Sequence[frozenset[str]]
) -> str:
    """Why a row that was put right is not what its line says, "" when it is.

    Args:
        read: Its cells as they stand in the file.
        right: Its cells as they stand now.
        separator: What parts the cells of the file.
        kinds: What the cells of each column are (`kinds_of`).
    """
    before, after = _trimmed(read), _trimmed(right)
    if _text(before, separator) != _text(after, separator):
        return TEXT_DIFFERS
    if after not in (_trimmed(cells) for cells in _moved_once(before, separator)):
        return MORE_THAN_ONE
    for index, (cell, known) in enumerate(zip(after, kinds, strict=False)):
        moved = index >= len(before) or before[index] != cell
        if moved and not _says_nothing(cell):
            unlike = [kind for kind in sorted(known) if not KINDS[kind](cell.strip())]
            if unlike:
                return f"cell {index + 1} is not like its column ({', '.join(unlike)})"
    return ""


def _says_nothing(cell: str) -> bool:
    return not cell.strip() or cell.strip().casefold() in EMPTY_WORDS


def _trimmed(cells: Sequence[str]) -> list[str]:
    found = list(cells)
    while found and not found[-1].strip():
        found.pop()
    return found


def _text(cells: Sequence[str], separator: str) -> str:
    """The text of a line without borders and white space."""
    return "".join("".join(cells).replace(separator, "").split())


def _moved_once(cells: list[str], separator: str) -> Iterator[list[str]]:
    """The row with two cells made one, or with one cell parted at its white space."""
    for i in range(len(cells) - 1):
        yield [*cells[:i], f"{cells[i]}{separator}{cells[i + 1]}", *cells[i + 2 :]]
    for i, cell in enumerate(cells):
        for gap in re.finditer(r"\s+", cell):
            yield [*cells[:i], cell[: gap.start()], cell[gap.end() :], *cells[i + 1 :]]
