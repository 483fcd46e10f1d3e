"""How a delimited file is written: separator and quoting, from two independent detectors.

The first detector parses the head with every separator and scores how regular the rows are; the
second is clevercsv. Where they disagree, recognised headers decide and the disagreement is told.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, lru_cache

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.source import DATASETS
from flitstack_pipeline.catalog.spelling import alias_table
from flitstack_pipeline.reading.text_lines import Strays

SEPARATORS = (",", ";", "\t", "|")
HEAD_CHARACTERS = 64_000
HEAD_ROWS = 200
_SEP_LINE = re.compile(r"^\s*\"?sep=(.)\"?\s*(\r\n|\r|\n)", re.I)


@dataclass(frozen=True)
class Dialect:
    """Separator, the number of leading lines that only name it, and the evidence.

    `habits` are what must be put right line by line before the file is read (`text_lines`);
    `strays` are the quotation marks too many (`stray_marks`).
    """

    separator: str
    skip_lines: int = 0
    evidence: tuple[str, ...] = field(default=())
    habits: frozenset[str] = frozenset()
    strays: Strays = frozenset()

    @property
    def name(self) -> str:
        """The separator in words."""
        return {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}[self.separator]


@lru_cache(maxsize=512)  # the same files are surveyed once per object type
def detect_dialect(head: str) -> Dialect:
    """The dialect of a file from its first characters (already decoded)."""
    named = _SEP_LINE.match(head)
    if named and named.group(1) in SEPARATORS:
        return Dialect(named.group(1), 1, ("the first line names the separator",))
    head = head[:HEAD_CHARACTERS]
    regular = _by_regularity(head)
    clever = _by_clevercsv(head)
    if clever is None or clever == regular:
        second = "clevercsv found none" if clever is None else "clevercsv agrees"
        return Dialect(regular, 0, (f"rows are most regular with {regular!r}", second))
    chosen = max((regular, clever), key=lambda s: _recognised(head, s))
    return Dialect(
        chosen,
        0,
        (
            f"rows are most regular with {regular!r}",
            f"clevercsv found {clever!r}",
            f"{chosen!r} gives the most known headers",
        ),
    )


def parse_head(head: str, separator: str) -> list[list[str]]:
    """The first rows of a decoded head, with one separator."""
    rows = []
    for row in csv.reader(io.StringIO(head, newline=""), delimiter=separator):
        rows.append(row)
        if len(rows) >= HEAD_ROWS:
            break
    return rows


def _by_regularity(head: str) -> str:
    return max(SEPARATORS, key=lambda s: (_recognised(head, s), _regularity(head, s)))


def _regularity(head: str, separator: str) -> float:
    """Share of rows with the commonest width, times that width; one column scores nothing."""
    widths = Counter(len(row) for row in parse_head(head, separator) if any(row))
    if not widths:
        return 0.0
    width, count = widths.most_common(1)[0]
    return 0.0 if width < 2 else (count / widths.total()) * min(width, 12)


def _recognised(head: str, separator: str) -> int:
    """How many cells of the best of the first rows are known headers."""
    known = _all_aliases()
    rows = parse_head(head, separator)[:30]
    return max((sum(normalise_header(c) in known for c in row if c) for row in rows), default=0)


def _by_clevercsv(head: str) -> str | None:
    import clevercsv

    try:
        found = clevercsv.Sniffer().sniff(head[:8_000], delimiters=list(SEPARATORS))
    except Exception:  # clevercsv raises its own and plain errors on odd text; silence is "none"
        return None
    separator = found.delimiter if found else None
    return separator if separator in SEPARATORS else None


@cache
def _all_aliases() -> frozenset[str]:
    return frozenset().union(*(alias_table(d.key) for d in DATASETS))
