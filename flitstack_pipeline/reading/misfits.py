"""Finds the rows of a loaded sheet that do not stand under their header, and settles each.

DuckDB looks at every row with the patterns of the columns; only rows that contradict one, or have
another number of cells than the header, are judged one by one (`alignment`). What one reading
explains is put right and told; every other such row leaves `raw.<dataset>` for `raw.misfits`, from
where cleaning takes it to quarantine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flitstack_pipeline.catalog.other_kinds import OTHER
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.reading.alignment import REALIGNED, REFUSED, Shape, judge
from flitstack_pipeline.reading.column_kinds import Columns, Kind, learn
from flitstack_pipeline.reading.recognise import Layout
from flitstack_pipeline.reading.survey import SheetRead
from flitstack_pipeline.warehouse import literal

#: Rows whose cells are looked at to learn what the columns are.
SAMPLE = 4_000
#: Suspects fetched at a time.
_PIECE = 50_000
#: Beyond this share of rows, short rows are how the file is written and no sign of damage.
_SHORT_SHARE = 0.05

MISFITS_DDL = """CREATE TABLE IF NOT EXISTS raw.misfits (
  file VARCHAR, sheet VARCHAR, "row" BIGINT, dataset VARCHAR, raw_id VARCHAR, workspace VARCHAR,
  why VARCHAR, cells JSON)"""
#: `read` are all cells as read, `stands` as they stand right, `columns` where each of those is
#: stored: a known column, or the label of another (`own:` before it where the row keeps its cells
#: as written); "" where another column may stand in for it.
REALIGNED_DDL = """CREATE TABLE IF NOT EXISTS raw.realigned (
  file VARCHAR, sheet VARCHAR, "row" BIGINT, dataset VARCHAR, raw_id VARCHAR,
  how VARCHAR, cells JSON);
ALTER TABLE raw.realigned ADD COLUMN IF NOT EXISTS read VARCHAR[];
ALTER TABLE raw.realigned ADD COLUMN IF NOT EXISTS stands VARCHAR[];
ALTER TABLE raw.realigned ADD COLUMN IF NOT EXISTS columns VARCHAR[];
ALTER TABLE raw.realigned ADD COLUMN IF NOT EXISTS separator VARCHAR"""


@dataclass
class CellCounts:
    """The rows of a sheet that have fewer or more cells than their header, by line."""

    short: dict[int, int] = field(default_factory=dict)
    long: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    #: So many rows were short that they are no longer listed.
    short_is_usual: bool = False

    def note(self, numbers: Iterable[int], rows: Iterable[list[str]], width: int) -> None:
        """Take in rows of which some have another number of cells than the header."""
        for number, cells in zip(numbers, rows, strict=True):
            if len(cells) > width and any(map(str.strip, cells[width:])):
                self.long[number] = len(cells)
            elif len(cells) < width and not self.short_is_usual:
                self.short[number] = len(cells)
        if len(self.short) > 50_000:
            self._forget_short()

    def finish(self) -> None:
        """Decide, once every row was seen, whether short rows are how the file is written."""
        most = self.rows / 2 if self.rows < 40 else self.rows * _SHORT_SHARE
        if len(self.short) > most:
            self._forget_short()
        if len(self.long) > self.rows / 2:
            self.long = {}

    def _forget_short(self) -> None:
        self.short, self.short_is_usual = {}, True


@dataclass
class Settled:
    """What became of the rows that were judged: (line, how) of realigned and refused ones."""

    realigned: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """What a person is told."""
        told = []
        if self.realigned:
            line, how = self.realigned[0]
            told.append(
                f"{len(self.realigned)} rows had a cell too few or too many and were put right, "
                f"the first on line {line}: {how}"
            )
        if self.refused:
            line, why = self.refused[0]
            told.append(
                f"{len(self.refused)} rows are in quarantine, the first on line {line}: {why}"
            )
        return told


#: Puts rows back: line numbers and cells of rows that share a layout.
PutBack = Callable[[Layout, list[int], list[list[str]]], None]


def settle_rows(
    con: duckdb.DuckDBPyConnection,
    read: SheetRead,
    labels: Mapping[int, list[str]],
    counts: CellCounts,
    put_back: PutBack,
) -> Settled:
    """Judge the rows of a sheet that was just loaded, within the same transaction.

    Args:
        con: The warehouse.
        read: The sheet; its layouts tell the order of the columns.
        labels: By the line of a layout's header, the labels its columns are stored under.
        counts: The rows that have another number of cells than their header.
        put_back: Inserts rows that were taken out, as they stand right.

    Returns:
        What was put right and what was refused.
    """
    layouts = sorted((x for x in (read.layout, *read.layouts) if x), key=lambda x: x.header_row)
    counts.finish()
    stored = _Stored(read, layouts, labels)
    columns = _learned(con, read, stored)
    suspects = _suspects(con, read, stored, columns, [*counts.short, *counts.long])
    settled = Settled()
    for place, layout in enumerate(layouts):
        last = layouts[place + 1].header_row if place + 1 < len(layouts) else None
        lines = [n for n in suspects if n > layout.header_row and (last is None or n < last)]
        if lines:
            work = _Work(con, read, layout, labels[layout.header_row], columns, counts)
            work.settle(lines, settled, put_back)
    return settled


class _Stored:
    """Where the cells of a sheet stand in its raw table: in columns, or as written in `_own`.

    `known` are the columns with a canonical name.
    """

    def __init__(
        self, read: SheetRead, layouts: Iterable[Layout], labels: Mapping[int, list[str]]
    ) -> None:
        self.kind = (read.layout.dataset if read.layout else "") or ""
        self.as_written = self.kind in OTHER
        self.known = frozenset(c.name for c in BY_KEY[read.dataset or ""].columns)
        self.labels: dict[str, str] = {}
        if self.as_written:
            for layout in layouts:
                named = zip(layout.columns, labels[layout.header_row], strict=True)
                self.labels |= {c or label: label for c, label in named}
            self.known = frozenset(c for x in layouts for c in x.columns if c)

    def cell(self, column: str) -> str:
        """SQL of a cell of a column, which goes by its canonical name or its label."""
        if self.as_written:
            return f"coalesce(_own[{literal(self.labels[column])}], '')"
        return f'"{column}"' if column in self.known else f"_extra[{literal(column)}]"


@dataclass
class _Work:
    """The judging of the rows below one header."""

    con: duckdb.DuckDBPyConnection
    read: SheetRead
    layout: Layout
    labels: list[str]
    columns: Columns
    counts: CellCounts

    def settle(self, lines: list[int], settled: Settled, put_back: PutBack) -> None:
        """Judge the rows on these lines, and put back or refuse those that do not fit."""
        shape = self._shape()
        numbers, rows = [], []
        for line, raw_id, workspace, cells in self._rows(lines):
            count = self.counts.short.get(line, self.counts.long.get(line, len(cells)))
            found = judge(cells, count, shape)
            if found.outcome == REALIGNED:
                self._take_out(raw_id)
                numbers.append(line)
                rows.append(list(found.cells))
                settled.realigned.append((line, found.why))
                more = [cells, list(found.cells), self._places(), shape.separator]
                self._tell("raw.realigned", line, [raw_id, found.why], cells, more)
            elif found.outcome == REFUSED:
                self._take_out(raw_id)
                settled.refused.append((line, found.why))
                self._tell("raw.misfits", line, [raw_id, workspace, found.why], cells)
        if numbers:
            put_back(self.layout, numbers, rows)

    def _shape(self) -> Shape:
        keys = [c or label for c, label in zip(self.layout.columns, self.labels, strict=True)]
        dialect = self.read.sheet.dialect
        return Shape(
            tuple(h.strip() or k for h, k in zip(self.layout.header, keys, strict=True)),
            tuple(self.columns.kinds.get(k) for k in keys),
            tuple(self.columns.choices.get(k, frozenset()) for k in keys),
            dialect.separator if dialect else ",",
            not self.counts.short_is_usual,
            tuple(self.columns.told.get(k) for k in keys),
        )

    def _rows(self, lines: list[int]) -> list[tuple[int, str, str, list[str]]]:
        """(line, raw id, workspace, cells in the order of the file)."""
        found = []
        names = [] if self._is_as_written else [c for c in self.layout.columns if c]
        listed = "".join(f', "{c}"' for c in names)
        cells = "_own" if self._is_as_written else "_extra"
        for start in range(0, len(lines), _PIECE):
            found += self.con.execute(
                f"SELECT _row, _row_id, _workspace, {cells}{listed} "
                f'FROM raw."{self.read.dataset}" WHERE _file = ? AND _sheet = ? '
                "AND _row IN (SELECT unnest(?::BIGINT[])) ORDER BY _row",
                [self.read.entry.file, self.read.sheet.name, lines[start : start + _PIECE]],
            ).fetchall()
        return [
            (
                line,
                raw_id,
                workspace,
                self._in_order(dict(extra or {}), dict(zip(names, own, strict=True))),
            )
            for line, raw_id, workspace, extra, *own in found
        ]

    @property
    def _is_as_written(self) -> bool:
        return self.layout.dataset in OTHER

    def _in_order(self, stored: dict[str, str] | None, known: dict[str, str]) -> list[str]:
        """A row's cells by position, from its known and its further columns."""
        extra = dict(stored or {})
        cells = [
            (known[c] if c in known else extra.pop(label, "")) or ""
            for c, label in zip(self.layout.columns, self.labels, strict=True)
        ]
        beyond = {number: cell for name, cell in extra.items() if (number := _number(name))}
        last = max(beyond, default=0)
        return cells + [beyond.get(n, "") for n in range(len(cells) + 1, last + 1)]

    def _take_out(self, raw_id: str) -> None:
        self.con.execute(
            f'DELETE FROM raw."{self.read.dataset}" WHERE _row_id = ?',
            [raw_id],
        )

    def _places(self) -> list[str]:
        """Where the cells of a row are stored, in the order of the header."""
        if self._is_as_written:
            return [f"own:{label}" for label in self.labels]
        loose = {name for name, _ in self.layout.stand_ins}
        return [
            "" if c in loose else c or label
            for c, label in zip(self.layout.columns, self.labels, strict=True)
        ]

    def _tell(
        self, table: str, line: int, told: list[Any], cells: list[str], more: Iterable[Any] = ()
    ) -> None:
        beyond = range(len(self.labels) + 1, len(cells) + 1)
        headers = [*self.labels, *(f"(column {n})" for n in beyond)]
        shown = {h: c for h, c in zip(headers, cells, strict=False) if c.strip()}
        place = [self.read.entry.file, self.read.sheet.name, line, self.read.dataset]
        values = [*place, *told, json.dumps(shown, ensure_ascii=False), *more]
        marks = ", ".join("?" * len(values))
        self.con.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def _number(name: str) -> int:
    """The number of a column beyond the header, 0 for another label."""
    inside = name.rstrip("'").removeprefix("(column ").removesuffix(")")
    return int(inside) if inside.isdigit() and name.startswith("(column ") else 0


def _learned(con: duckdb.DuckDBPyConnection, read: SheetRead, stored: _Stored) -> Columns:
    """What the columns of a sheet are, from rows spread over all of it."""
    place = [read.entry.file, read.sheet.name]
    table = f'raw."{read.dataset}" WHERE _file = ? AND _sheet = ?'
    ((first, last, rows),) = con.execute(
        f"SELECT min(_row), max(_row), count(*) FROM {table}",
        place,
    ).fetchall()
    if not rows:
        return Columns({})
    step = max(1, (last - first) // SAMPLE)
    known = [*stored.labels] if stored.as_written else sorted(stored.known - {"workspace"})
    listed = ", ".join(map(stored.cell, known))
    found = con.execute(
        f"SELECT _extra, {listed} FROM {table} AND (_row - ?) % ? = 0",
        [*place, first, step],
    ).fetchall()
    cells = {c: [row[i] for row in found] for i, c in enumerate(known, start=1)}
    for extra, *_ in () if stored.as_written else found:
        for label, cell in (extra or {}).items():
            if not _number(label):
                cells.setdefault(label, []).append(cell)
    return learn(cells, stored.known, stored.kind)


def _suspects(
    con: duckdb.DuckDBPyConnection,
    read: SheetRead,
    stored: _Stored,
    columns: Columns,
    counted: list[int],
) -> list[int]:
    """Lines that contradict a strong kind of a known column and one more, or counted as odd.

    Every row is looked at with the strong kinds of known columns only; what the other columns say
    is asked of the few rows that contradict one.
    """
    strong: list[tuple[str, Kind]] = []
    others: list[tuple[str, Kind]] = []
    for column, kind in columns.kinds.items():
        is_strong = column in stored.known and kind.strong
        (strong if is_strong else others).append((stored.cell(column), kind))
    if not strong:
        return sorted(counted)
    found = con.execute(
        f"SELECT _row FROM (SELECT *, {_sum(strong)} AS against "
        f'FROM raw."{read.dataset}" WHERE _file = ? AND _sheet = ?) '
        f"WHERE against > 1 OR against = 1 AND {_sum(others)} > 0",
        [read.entry.file, read.sheet.name],
    ).fetchall()
    return sorted({*counted, *(line for (line,) in found)})


def _sum(kinds: list[tuple[str, Kind]]) -> str:
    """SQL of how many cells contradict these kinds."""
    return " + ".join(f"CASE WHEN {_against(c, k)} THEN 1 ELSE 0 END" for c, k in kinds) or "0"


def _against(column: str, kind: Kind) -> str:
    """SQL of whether a cell contradicts a kind."""
    fits = f"regexp_matches({column}, {literal(kind.expression)})"
    if kind.unlike:
        unlike = literal(rf"(?is)^\s*(?:{kind.unlike})\s*$")
        fits = f"({fits} AND NOT regexp_matches({column}, {unlike}))"
    return f"({column} <> '' AND NOT {fits})"
