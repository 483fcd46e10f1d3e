"""Puts the rows of a sheet into their raw table, many at a time, while the next are being read."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from flitstack_pipeline.catalog.other_kinds import CONTACT, FED, OTHER
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.reading.cells import Batch
from flitstack_pipeline.reading.column_kinds import NO_AMOUNT, TO_COME
from flitstack_pipeline.reading.lines import Block, Excluded
from flitstack_pipeline.reading.misfits import CellCounts
from flitstack_pipeline.reading.other_rows import (
    HANGING,
    activity_values,
    contact_values,
    parent_values,
)
from flitstack_pipeline.reading.recognise import Layout, label_key
from flitstack_pipeline.reading.survey import SheetRead
from flitstack_pipeline.warehouse import literal

#: Rows in one INSERT: enough that DuckDB's work a statement does not count, few enough to hold.
ROWS = 60_000


@dataclass(frozen=True)
class _Part:
    """What one INSERT takes: records that share a layout, and the lines that are none."""

    layout: Layout
    labels: list[str]
    records: list[pa.Table]
    excluded: list[Excluded]


class RowWriter:
    """Writes the blocks of one sheet, in order, in a thread beside the reader.

    `labels` names custom columns by `label_key`: one that another file spells otherwise goes by
    the spelling listed; new ones are added. The connection belongs to the writer until its `with`
    block is left; whatever an INSERT raises comes out of `add` or `close`. `loaded` and `excluded`
    count what was taken; `counts` are the rows that have another number of cells than their header;
    `stored_labels` tells, by the line of a header, under which labels its columns are stored.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        read: SheetRead,
        workspace: str,
        labels: dict[str, str],
    ) -> None:
        self.loaded = self.excluded = 0
        self.counts = CellCounts()
        self.stored_labels: dict[int, list[str]] = {}
        self._con, self._read, self._workspace, self._labels = con, read, workspace, labels
        self._part: _Part | None = None
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="raw rows")
        self._under_way: Future[None] | None = None

    def add(self, block: Block) -> None:
        """Take a block of lines."""
        if self._part and (self._part.layout is not block.layout or self._waiting >= ROWS):
            self._send()
        if self._part is None:
            labels = _named(block.layout, self._labels)
            self.stored_labels[block.layout.header_row] = labels
            self._part = _Part(block.layout, labels, [], [])
        if block.records.rows:
            self._part.records.append(_table(block.records, block.layout, self.counts))
        self._part.excluded.extend(block.excluded)
        self.loaded += len(block.records.rows)
        self.excluded += len(block.excluded)
        self._waiting += len(block.records.rows) + len(block.excluded)

    def close(self) -> None:
        """Write what is left, and wait for it."""
        self._send()
        self._settle()
        self.counts.rows = self.loaded

    def put_back(self, layout: Layout, numbers: list[int], rows: list[list[str]]) -> None:
        """Write rows that were written before and taken out; they are counted already."""
        table = _table(Batch(numbers, rows), layout, CellCounts())
        part = _Part(layout, self.stored_labels[layout.header_row], [table], [])
        _insert_rows(self._con, self._read, self._workspace, part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        """Hand the part over, once the one before it is written: two are held at most."""
        self._settle()
        if self._part:
            self._under_way = self._thread.submit(
                _write, self._con, self._read, self._workspace, self._part
            )
        self._part, self._waiting = None, 0

    def _settle(self) -> None:
        if self._under_way:
            self._under_way.result()
            self._under_way = None


def _write(con: duckdb.DuckDBPyConnection, read: SheetRead, workspace: str, part: _Part) -> None:
    if part.records:
        _insert_rows(con, read, workspace, part)
    if part.excluded:
        _insert_excluded(con, read, part)


def _insert_rows(
    con: duckdb.DuckDBPyConnection, read: SheetRead, workspace: str, part: _Part
) -> None:
    """Append records that share one layout to their raw table."""
    layout, dataset = part.layout, read.dataset or ""
    position = {name: i for i, name in enumerate(layout.columns) if name}
    cells, unknown = _cells(layout, part.labels)
    values = ", ".join(cells.get(column.name, "NULL") for column in BY_KEY[dataset].columns)
    rows = pa.concat_tables(part.records, promote_options="default")
    place = position.get("workspace")
    own = f"nullif(trim(c{place}), '')" if place is not None else "NULL"
    extra = "MAP(?::VARCHAR[], [" + ", ".join(f"c{i}" for i in unknown) + "]::VARCHAR[])"
    if "more" in rows.column_names:  # NULL where all rows of a table fit; that adds nothing
        extra = f"map_concat({extra}, MAP(more, cells))"
    for name, others in layout.stand_ins:
        replaced = _replaced(f"c{position[name]}", [f"c{i}" for i in others])
        extra = f"map_concat({extra}, {replaced})"
    written = _as_written(layout, part.labels, rows) if dataset in FED else ""
    con.register("incoming", rows)
    con.execute(
        f'INSERT INTO raw."{dataset}" SELECT ? || _row, coalesce({own}, ?), '
        f"?, ?, ?, _row, CAST(? AS TIMESTAMPTZ) AT TIME ZONE 'UTC', {values}, {extra}{written} "
        "FROM incoming",
        [
            _row_prefix(read),
            read.entry.workspace or workspace,
            read.entry.session,
            read.entry.file,
            read.sheet.name,
            read.entry.exported_at,
            [part.labels[i] for i in unknown],
            *(part.labels[position[name]] for name, _ in layout.stand_ins),
        ],
    )
    con.unregister("incoming")


def _as_written(layout: Layout, labels: list[str], rows: pa.Table) -> str:
    """SQL of `_own`: the filled cells under their headers where the columns are made of them."""
    if layout.dataset not in OTHER:
        return ", NULL"
    pairs = ", ".join(
        f"{{'key': {literal(label)}, 'value': c{i}}}" for i, label in enumerate(labels)
    )
    own = f"map_from_entries(list_filter([{pairs}], lambda e: trim(e.value) <> ''))"
    return f", map_concat({own}, MAP(more, cells))" if "more" in rows.column_names else f", {own}"


def _cells(layout: Layout, labels: list[str]) -> tuple[dict[str, str], list[int]]:
    """The SQL of the columns of the raw table, and the cells that are custom columns."""
    kind = OTHER.get(layout.dataset or "")
    if kind and kind.becomes == CONTACT:
        return contact_values(kind.key, layout.columns)
    if kind:
        return activity_values(kind.key, layout.columns, labels), []
    cells = {name: f"c{i}" for i, name in enumerate(layout.columns) if name}
    if layout.dataset in HANGING and not cells.keys() & {"record_type", "record_number"}:
        cells |= parent_values(labels)
    for name, others in layout.stand_ins:
        several = [cells[name], *(f"c{i}" for i in others)]
        firm = [f"CASE WHEN {_firm(cell)} THEN {cell} END" for cell in several]
        said = [f"CASE WHEN {_filled(cell)} THEN {cell} END" for cell in several]
        cells[name] = f"coalesce({', '.join(firm + said)}, {cells[name]})"
    return cells, [i for i, name in enumerate(layout.columns) if name is None]


def _filled(cell: str) -> str:
    """SQL of whether an amount's cell holds anything but a word for nothing."""
    return f"NOT regexp_full_match(trim({cell}), '{NO_AMOUNT}', 'i')"


def _firm(cell: str) -> str:
    """SQL of whether it holds an amount that is not still to come."""
    return f"NOT regexp_full_match(trim({cell}), '{NO_AMOUNT}|{TO_COME}', 'i')"


def _replaced(own: str, others: list[str]) -> str:
    """SQL of a map, its label to be given: the cell that another stands in for, if it says a word.

    Where nothing firm stands in for it, it stays where it is.
    """
    firm = " OR ".join(map(_firm, others))
    taken = f"{_filled(own)} AND NOT {_firm(own)} AND ({firm})"
    return (
        f"MAP(CASE WHEN {taken} THEN [?] ELSE [] END::VARCHAR[], "
        f"CASE WHEN {taken} THEN [{own}] ELSE [] END::VARCHAR[])"
    )


def _insert_excluded(con: duckdb.DuckDBPyConnection, read: SheetRead, part: _Part) -> None:
    """Record the lines that are no records, each with its rule and text."""
    lines = {
        "row": [line.number for line in part.excluded],
        "rule": [line.rule for line in part.excluded],
        "text": [" | ".join(c for c in line.cells if c)[:500] for line in part.excluded],
    }
    con.register("incoming", pa.table(lines))
    con.execute(
        'INSERT INTO raw.excluded SELECT ?, ?, "row", ?, rule, text FROM incoming',
        [read.entry.file, read.sheet.name, read.dataset],
    )
    con.unregister("incoming")


def _named(layout: Layout, known: dict[str, str]) -> list[str]:
    """The labels of a layout, unknown columns by the spelling first met; all stay different."""
    named, taken = list(layout.labels), set(layout.labels)
    for index, (label, column) in enumerate(zip(layout.labels, layout.columns, strict=True)):
        name = known.setdefault(label_key(label), label) if column is None else label
        if name not in taken:
            named[index] = name
            taken.add(name)
    return named


def _row_prefix(read: SheetRead) -> str:
    """What makes a row id unique: bytes and name of the file, the sheet, then the row."""
    entry = read.entry
    file = hashlib.sha256(f"{entry.sha256}/{entry.file}".encode()).hexdigest()[:12]
    return f"{file}-{read.number}-"


def _table(records: Batch, layout: Layout, counts: CellCounts) -> pa.Table:
    """Cells by column; the cells a ragged row has beyond the header stand under "cells"."""
    width, rows = len(layout.columns), records.rows
    beyond = None
    if set(map(len, rows)) != {width}:
        counts.note(records.numbers, rows, width)
        beyond = [_beyond(cells, layout) for cells in rows]
        rows = [_fitted(cells, width) for cells in rows]
    columns = {
        f"c{i}": pa.array(column, pa.string()) for i, column in enumerate(zip(*rows, strict=True))
    }
    columns["_row"] = pa.array(records.numbers, pa.int64())
    if beyond and any(beyond):
        several = pa.list_(pa.string())
        columns["more"] = pa.array([[name for name, _ in pairs] for pairs in beyond], several)
        columns["cells"] = pa.array([[cell for _, cell in pairs] for pairs in beyond], several)
    return pa.table(columns)


def _fitted(cells: list[str], width: int) -> list[str]:
    missing = width - len(cells)
    return cells + [""] * missing if missing >= 0 else cells[:width]


def _beyond(cells: list[str], layout: Layout) -> list[tuple[str, str]]:
    """Cells beyond the header of a ragged row, under names of their own."""
    found = []
    for number, cell in enumerate(cells[len(layout.columns) :], start=len(layout.columns) + 1):
        name = f"(column {number})"
        while name in layout.labels:
            name += "'"
        if cell.strip():
            found.append((name, cell))
    return found
