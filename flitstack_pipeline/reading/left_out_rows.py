"""Keeps the rows of files of which nothing is moved, so that their cells are accounted for.

Belongs here: `raw.left_out`, one line a row, with its cells under their headers. Does not: whether
a file is moved (`survey`), what is said of its cells (`ledger.own_cells`).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from flitstack_pipeline.catalog.other_kinds import is_left_behind
from flitstack_pipeline.reading.cells import UnreadableFile
from flitstack_pipeline.reading.lines import Block, blocks
from flitstack_pipeline.reading.survey import SheetRead

_DDL = """
CREATE TABLE IF NOT EXISTS raw.left_out (
  file VARCHAR, sheet VARCHAR, sha256 VARCHAR, kind VARCHAR, declared BOOLEAN, reason VARCHAR,
  line BIGINT, labels VARCHAR[], cells VARCHAR[])"""
_THERE = "SELECT DISTINCT file, sheet, sha256, kind, reason FROM raw.left_out"
_FORGET = """DELETE FROM raw.left_out
WHERE file = ? AND sheet = ? AND sha256 = ? AND kind = ? AND reason = ?"""


def keep_left_out(con: duckdb.DuckDBPyConnection, surveyed: Iterable[SheetRead]) -> None:
    """Make `raw.left_out` hold the rows of the sheets that are left out, of no others.

    A sheet is read once: what is there of it already stays.
    """
    con.execute(_DDL)
    wanted = {_place(read): read for read in surveyed if read.left_out and read.layout}
    there = set(con.execute(_THERE).fetchall())
    for place in there - set(wanted):
        con.execute(_FORGET, place)
    for place, read in wanted.items():
        if place not in there and not read.refused:
            _insert(con, read, place)


def _place(read: SheetRead) -> tuple[str, ...]:
    kind = (read.layout.dataset if read.layout else "") or ""
    return read.entry.file, read.sheet.name, read.entry.sha256, kind, read.why_left_out


def _insert(con: duckdb.DuckDBPyConnection, read: SheetRead, place: tuple[str, ...]) -> None:
    assert read.layout is not None
    try:
        for block in blocks(read.sheet.batches(), read.layout):
            if block.records.rows:
                con.register("incoming", _table(block))
                con.execute(
                    "INSERT INTO raw.left_out SELECT ?, ?, ?, ?, ?, ?, line, labels, cells "
                    "FROM incoming",
                    [*place[:4], is_left_behind(place[3]), place[4]],
                )
                con.unregister("incoming")
    except UnreadableFile:
        return  # what could be read of it is kept; nothing of it is moved anyway


def _table(block: Block) -> pa.Table:
    """Lines with their cells, each under its header or, beyond it, its number."""
    width = max(len(block.layout.labels), *map(len, block.records.rows))
    labels = [*block.layout.labels]
    labels += [f"(column {n})" for n in range(len(labels) + 1, width + 1)]
    texts = pa.list_(pa.string())
    return pa.table(
        {
            "line": pa.array(block.records.numbers, pa.int64()),
            "labels": pa.array([labels[: len(r)] for r in block.records.rows], texts),
            "cells": pa.array(block.records.rows, texts),
        }
    )
