"""Ways to write the same export differently: what a person or Excel does and that says the same.

One function per way: the rows of a table (header first) in, rows out; `rewritten_folder` also picks
a dialect, an encoding, a workbook, several files. Cleaned, all of it must be what it was.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import openpyxl

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.source import DATASETS
from flitstack_pipeline.catalog.spelling import alias_table
from flitstack_pipeline.reading.lines import blocks
from flitstack_pipeline.reading.survey import survey

Rows = list[list[str]]
Rewrite = Callable[[Rows, random.Random], Rows]


def columns_moved(rows: Rows, rng: random.Random) -> Rows:
    """The columns stand in another order."""
    order = list(range(len(rows[0])))
    rng.shuffle(order)
    return [[row[i] for i in order] for row in rows]


def header_spelled_otherwise(rows: Rows, rng: random.Random) -> Rows:
    """Known columns in another case, with other spaces and punctuation."""
    ways = (
        str.upper, str.lower, lambda h: h.replace(" ", "_"), lambda h: h.replace(" ", "  "),
        lambda h: f" {h} ", lambda h: h.replace(" ", "-"), lambda h: h.replace(" ", "\n"),
    )  # fmt: skip
    way = rng.choice(ways)
    return [[way(h) if normalise_header(h) in _KNOWN else h for h in rows[0]], *rows[1:]]


def titles_above(rows: Rows, rng: random.Random) -> Rows:
    """A title and a blank line stand above the header."""
    return [[rng.choice(["Export", "Report of November 2026"])], [], *rows]


def blank_lines_between(rows: Rows, rng: random.Random) -> Rows:
    """Blank lines, and lines of empty cells, stand among the records."""
    out = list(rows)
    for _ in range(rng.randint(1, 3)):
        blank = rng.choice([[], [""] * len(rows[0]), [" "] * len(rows[0])])
        out.insert(rng.randrange(1, len(out) + 1), blank)
    return out


def header_repeated(rows: Rows, rng: random.Random) -> Rows:
    """A page break repeated the header, in another case perhaps, or files were copied together."""
    marked = [f"\ufeff{rows[0][0]}", *rows[0][1:]]
    again = rng.choice([rows[0], [h.upper() for h in rows[0]], marked])
    at = rng.randrange(1, len(rows) + 1)
    return [*rows[:at], list(again), *rows[at:]]


def totals_below(rows: Rows, rng: random.Random) -> Rows:
    """A line of totals ends the table."""
    return [*rows, [rng.choice(["Total", "Grand total:", "TOTALS"]), *[""] * (len(rows[0]) - 1)]]


def empty_columns_beside(rows: Rows, rng: random.Random) -> Rows:
    """Excel wrote empty columns at the right, as a sheet that once held more."""
    return [[*row, *[""] * 2] for row in rows]


def trailing_cells_missing(rows: Rows, rng: random.Random) -> Rows:
    """Empty cells at the end of a row are not written."""
    out = [rows[0]]
    for row in rows[1:]:
        kept = list(row)
        while len(kept) > 1 and kept[-1] == "":
            kept.pop()
        out.append(kept)
    return out


#: In the order they are applied: what stands above the table comes last.
REWRITES: tuple[Rewrite, ...] = (
    columns_moved,
    header_spelled_otherwise,
    blank_lines_between,
    header_repeated,
    totals_below,
    empty_columns_beside,
    trailing_cells_missing,
    titles_above,
)
_KNOWN = frozenset().union(*(alias_table(d.key) for d in DATASETS))


def tables(source: Path) -> dict[str, Rows]:
    """Header and records of every table of an exports folder, by file name."""
    found = {}
    for read in survey(source):
        assert read.layout is not None
        rows = [read.layout.header]
        for block in blocks(read.sheet.batches(), read.layout):
            assert block.layout is read.layout, "one header holds for a whole example"
            rows += [row + [""] * (len(rows[0]) - len(row)) for row in block.records.rows]
        name = Path(read.entry.file).with_suffix(".csv").name
        found[name] = [[cell.replace("\r\n", "\n") for cell in row] for row in rows]
    return found


def plain_folder(whole: dict[str, Rows], target: Path) -> None:
    """Write tables as UTF-8 with commas."""
    for name, rows in whole.items():
        (target / name).write_bytes(_written(rows, ",", "\r\n", csv.QUOTE_MINIMAL).encode())


def rewritten_folder(whole: dict[str, Rows], target: Path, rng: random.Random) -> list[str]:
    """Write the same tables, each in another way; what was done, in words."""
    done = []
    for name, rows in whole.items():
        ways = sorted(rng.sample(REWRITES, rng.randint(0, 3)), key=REWRITES.index)
        for way in ways:
            rows = way(rows, rng)
        kind = _store(target / name, rows, rng)
        done.append(f"{name}: {', '.join([w.__name__ for w in ways] + [kind])}")
    return done


def _store(path: Path, rows: Rows, rng: random.Random) -> str:
    if rng.random() < 0.25 and _fits_a_workbook(rows):
        _write_workbook(path.with_suffix(".xlsx"), rows)
        return "workbook"
    separator, end = rng.choice(",,;\t|"), rng.choice(["\r\n", "\n", "\r"])
    quoting = csv.QUOTE_ALL if end == "\r" else rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    text = _written(rows, separator, end, quoting)
    if rng.random() < 0.2:
        text = f"sep={separator}{end}{text}"
    encodings = ["utf-8", "utf-8-sig", "utf-16"]
    try:
        text.encode("cp1252")
        encodings.append("cp1252")
    except UnicodeEncodeError:
        pass
    encoding = rng.choice(encodings)
    path.write_bytes(text.encode(encoding))
    return f"{separator!r} {end!r} {encoding}"


def _written(rows: Rows, separator: str, end: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


def _fits_a_workbook(rows: Rows) -> bool:
    return not any("\r" in cell or len(cell) > 32_767 for row in rows for cell in row)


def _write_workbook(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value:
                cell = sheet.cell(number, column, value)
                cell.data_type = "s"  # also what begins with "="
    book.save(path)
