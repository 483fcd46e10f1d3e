"""Which lines of a sheet are records, and by which rule every other line is none.

Sessions pasted below one another may repeat the header with other columns (a person hides and
shows them between exports, docs/contractor_plus.md#quirk-5); from there on the new header counts.
A page break repeats the title, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.other_kinds import KINDS
from flitstack_pipeline.catalog.spelling import alias_table
from flitstack_pipeline.reading.cells import Batch
from flitstack_pipeline.reading.recognise import Layout, layout_of

_TOTALS = re.compile(
    r"(?:(?:report|grand|sub|page|overall)[\s-]*)?totals?\s*[:=]?\s*\(?[\d\s.,$€£]*\)?\s*", re.I
)
#: How the totals begin that the pattern above knows.
_TOTAL_STARTS = {"rep", "gra", "sub", "pag", "ove", "tot"}
#: Characters of a line that tell most records, and how many such beginnings are remembered.
BEGINNING, MOST_BEGINNINGS = 4, 100_000
_CAPS = {100, 200, 250, 300, 500}


@dataclass(frozen=True)
class Excluded:
    """A line that is no record, by the rule that says so."""

    number: int
    cells: list[str]
    rule: str


@dataclass(frozen=True)
class Block:
    """Lines that follow one another under one layout: the records, and those that are none."""

    layout: Layout
    records: Batch
    excluded: list[Excluded]


def blocks(batches: Iterable[Batch], layout: Layout) -> Iterator[Block]:
    """Every line but the header, in order, a block per batch and layout.

    Rules: title_line, blank_line, repeated_header, totals_line.
    """
    first_header = layout.header_row
    rules = _Rules(layout)
    for batch in batches:
        rest = batch
        while rest.rows:
            block, rest = _next_block(rest, rules, first_header)
            if block.records.rows or block.excluded:
                yield block
            if rest.rows:
                layout = layout_of(rest.numbers[0], rest.rows[0], layout.dataset or "")
                rules = _Rules(layout, rules.titles)


def _next_block(batch: Batch, rules: _Rules, first_header: int) -> tuple[Block, Batch]:
    """The lines under one layout, and the rest of the batch from another header on."""
    numbers, rows = batch.numbers, batch.rows
    excluded, out = [], []
    for index in rules.suspects(batch, first_header):
        number, cells = numbers[index], rows[index]
        if number == first_header:
            out.append(index)
            continue
        rule = rules.rule(number, cells, first_header)
        if rule == "repeated_header" and _words(cells) != rules.header:
            rows, rest = rows[:index], Batch(numbers[index:], rows[index:])
            numbers = numbers[:index]
            break
        if rule:
            out.append(index)
            excluded.append(Excluded(number, cells, rule))
    else:
        rest = Batch([], [])
    if out:
        gone = set(out)
        numbers = [number for index, number in enumerate(numbers) if index not in gone]
        rows = [cells for index, cells in enumerate(rows) if index not in gone]
    return Block(rules.layout, Batch(numbers, rows), excluded), rest


class _Beginnings(dict[str, bool]):
    """Whether a line that begins so may be no record, found once for each beginning.

    `words` are the first words of lines that are none.
    """

    def __init__(self, words: Collection[str]) -> None:
        super().__init__()
        self._words = words
        #: The words, cut where a beginning is.
        self.cut = {word[:BEGINNING] for word in words}

    def __missing__(self, beginning: str) -> bool:
        if len(self) > MOST_BEGINNINGS:
            self.clear()
        self[beginning] = self._may_be_none(beginning)
        return self[beginning]

    def _may_be_none(self, beginning: str) -> bool:
        if not beginning.isascii() or not beginning.strip() or beginning[0].isspace():
            return True
        word = beginning.split(None, 1)[0].lower()
        if word[:3] in _TOTAL_STARTS:
            return True
        if len(word) < BEGINNING:  # it ends here
            return word in self._words
        return word in self.cut


class _Rules:
    """The exclusion rules under one layout, with what they need worked out once."""

    def __init__(self, layout: Layout, titles: Iterable[str] = ()) -> None:
        self.layout = layout
        #: What the lines above the first header say, those of one cell.
        self.titles = set(titles)
        self.header = _words(layout.header)
        self.own = frozenset(self.header)
        self.table = alias_table(layout.dataset) if layout.dataset else {}
        self.spellings = _spellings(layout.dataset or "") | self.own
        self.first_words: set[str] = set()
        #: How lines begin, and whether one of these may: nearly every record is told by that.
        self.beginnings = _Beginnings(self.first_words)
        for words in (*self.spellings, *self.titles, *_TOTAL_STARTS):
            self._note_first_word(words)

    def suspects(self, batch: Batch, first_header: int) -> Iterable[int]:
        """Where lines stand that may be none: a look at how they begin spares nearly every row."""
        if batch.numbers[0] <= first_header:
            return range(len(batch.rows))
        beginnings = self.beginnings
        return [
            index
            for index, cells in enumerate(batch.rows)
            if not cells or (beginnings[cells[0][:BEGINNING]] and self._may_be_none(cells[0]))
        ]

    def _note_first_word(self, words: str) -> None:
        if words:
            first = words.split()[0]
            self.first_words.add(first)
            self.beginnings.cut.add(first[:BEGINNING])
            self.beginnings.clear()

    def _may_be_none(self, first: str) -> bool:
        """Whether a line that begins with this cell may be no record."""
        words = first.split(None, 1)
        if not words or not first.isascii():
            return True
        word = words[0].lower()
        return word in self.first_words or word[:3] in _TOTAL_STARTS

    def rule(self, number: int, cells: list[str], first_header: int) -> str:
        """The rule that excludes a line, "" for a record."""
        first = next((word for c in cells if c and (word := _plain(c))), None)
        if first is None:
            return "blank_line"
        if number < first_header:
            self._note_title(cells)
            return "title_line"
        if self.titles and self.titles.issuperset(w for w in _words(cells) if w):
            return "title_line"
        if first in self.spellings and self._is_header(cells):
            return "repeated_header"
        return "totals_line" if _TOTALS.fullmatch(first) else ""

    def _note_title(self, cells: list[str]) -> None:
        words = [w for w in _words(cells) if w]
        if len(words) == 1:
            self.titles.add(words[0])
            self._note_first_word(words[0])

    def _is_header(self, cells: list[str]) -> bool:
        """The same header again, or another of the same kind: at least three known columns."""
        words = _words(cells)
        if words == self.header:
            return True
        filled = [w for w in words if w]
        known = [w for w in filled if self._is_known(w)]
        familiar = [w for w in filled if w in self.own or self._is_known(w)]
        return len(known) >= 3 and len(familiar) >= 0.6 * len(filled)

    def _is_known(self, word: str) -> bool:
        return normalise_header(word) in self.table


def _plain(cell: str) -> str:
    """A cell as it is compared; files copied together leave a byte order mark between them."""
    return " ".join(cell.replace("\ufeff", "").split()).casefold()


def _words(cells: list[str]) -> list[str]:
    words = [_plain(c) for c in cells]
    while words and not words[-1]:
        words.pop()
    return words


@cache
def _spellings(dataset: str) -> frozenset[str]:
    if dataset not in KINDS:
        return frozenset()
    return frozenset(s.casefold() for c in KINDS[dataset].columns for s in c.spellings)


def overlong(block: Block) -> list[int]:
    """Numbers of the lines whose record has text beyond the last column of the header."""
    width, records = len(block.layout.columns), block.records
    if max(map(len, records.rows), default=0) <= width:
        return []
    return [
        number
        for number, cells in zip(records.numbers, records.rows, strict=True)
        if any(map(str.strip, cells[width:]))
    ]


def overlong_warning(numbers: list[int]) -> list[str]:
    """A warning about lines that have more cells than their header."""
    if not numbers:
        return []
    return [
        f"{len(numbers)} rows have more cells than the header, the first on line {numbers[0]}: "
        "a column without a header, kept under its number, or a separator inside a cell without "
        "quotation marks; when the file is read, such a row is put right or goes to quarantine"
    ]


def cap_warning(rows: int) -> list[str]:
    """A warning when a file of so many rows may have been cut at a plan's or a page's cap."""
    if rows not in _CAPS and (rows < 1_000 or rows % 500):
        return []
    return [f"exactly {rows} rows: the export may be cut at a cap; compare the on-screen count"]
