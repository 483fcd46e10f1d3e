"""Which lines of a sheet are records, and by which rule every other line is none.

Sessions pasted below one another may repeat the header with other columns (a person hides and
shows them between exports, contractor_plus.md §7.5); from there on the new header counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from flitstack_pipeline.contractor_plus.recognise import Layout, layout_of
from flitstack_pipeline.contractor_plus.workbooks import Row
from flitstack_pipeline.spec.source import BY_KEY, alias_table, normalise_header

_TOTALS = re.compile(
    r"(?:(?:report|grand|sub|page|overall)[\s-]*)?totals?\s*[:=]?\s*\(?[\d\s.,$€£]*\)?\s*", re.I
)
_CAPS = {100, 200, 250, 300, 500}


@dataclass(frozen=True)
class Line:
    """One line of a sheet: a record when `rule` is "", else excluded by that rule."""

    number: int
    cells: list[str]
    layout: Layout
    rule: str


def lines(rows: Iterable[Row], layout: Layout) -> Iterator[Line]:
    """Every line but the header, with the layout that holds for it and the rule that excludes it.

    Rules: title_line, blank_line, repeated_header, totals_line.
    """
    first_header = layout.header_row
    rules = _Rules(layout)
    for number, cells in rows:
        if number == first_header:
            continue
        rule = rules.rule(number, cells, first_header)
        if rule == "repeated_header" and _words(cells) != rules.header:
            layout = layout_of(number, cells, layout.dataset or "")
            rules = _Rules(layout)
        yield Line(number, cells, layout, rule)


class _Rules:
    """The exclusion rules under one layout, with what they need worked out once."""

    def __init__(self, layout: Layout) -> None:
        self.header = _words(layout.header)
        self.own = frozenset(self.header)
        self.table = alias_table(layout.dataset) if layout.dataset else {}
        self.spellings = _spellings(layout.dataset or "") | self.own

    def rule(self, number: int, cells: list[str], first_header: int) -> str:
        """The rule that excludes a line, "" for a record."""
        first = next((c for c in cells if c and not c.isspace()), None)
        if first is None:
            return "blank_line"
        if number < first_header:
            return "title_line"
        # A cheap look at the first filled cell spares nearly every record the full comparison.
        if " ".join(first.split()).casefold() in self.spellings and self._is_header(cells):
            return "repeated_header"
        return "totals_line" if _TOTALS.fullmatch(first.strip()) else ""

    def _is_header(self, cells: list[str]) -> bool:
        """The same header again, or another of the same kind: at least three known columns."""
        words = _words(cells)
        if words == self.header:
            return True
        filled = [w for w in words if w]
        known = [w for w in filled if normalise_header(w) in self.table]
        familiar = [w for w in filled if w in self.own or normalise_header(w) in self.table]
        return len(known) >= 3 and len(familiar) >= 0.6 * len(filled)


def _words(cells: list[str]) -> list[str]:
    words = [" ".join(c.split()).casefold() for c in cells]
    while words and not words[-1]:
        words.pop()
    return words


@cache
def _spellings(dataset: str) -> frozenset[str]:
    if dataset not in BY_KEY:
        return frozenset()
    return frozenset(s.casefold() for c in BY_KEY[dataset].columns for s in c.spellings)


def cap_warning(rows: int) -> list[str]:
    """A warning when a file of so many rows may have been cut at a plan's or a page's cap."""
    if rows not in _CAPS and (rows < 1_000 or rows % 500):
        return []
    return [f"exactly {rows} rows: the export may be cut at a cap; compare the on-screen count"]
