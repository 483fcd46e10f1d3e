"""What became of the cells so far: the fates of the ledger up to cleaning, counted by file.

Belongs here: counting, from raw tables and row states. Does not: where cells of clean rows arrive
(`ledger`, once a map is confirmed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import REPORT_ONLY_DATASETS
from flitstack_pipeline.catalog.other_kinds import FED
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.ledger import fates
from flitstack_pipeline.warehouse import filled_tables, table_exists

#: State of a row (`clean.row_states`) -> the fate of its cells.
_FATE_OF_STATE = {
    "repeated": fates.REPEATED, "superseded": fates.SUPERSEDED, "merged": fates.MERGED,
    "quarantined": fates.QUARANTINED, "decided": fates.EXCLUDED, "": fates.READ,
}  # fmt: skip


def cells_so_far(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Filled cells by file and fate, the cells of clean rows as `read`: the map says where to.

    Rows that do not fit their header, and files of which nothing is moved, count like any other.
    """
    rows: Counter[tuple[str, str, str]] = Counter()
    cells: Counter[tuple[str, str, str]] = Counter()
    filled = filled_tables(con, "raw")
    for dataset, file, fate, some_rows, some_cells in (
        *(counted for kind in BY_KEY if kind in filled for counted in _in_table(con, kind)),
        *_misfits(con),
        *_left_out(con),
    ):
        rows[dataset, file, fate] += some_rows
        cells[dataset, file, fate] += some_cells
    return [
        {"export": place[0], "file": place[1], "fate": place[2], "rows": count,
         "cells": cells[place], "means": fates.ABOUT[place[2]]}
        for place, count in rows.items()
    ]  # fmt: skip


#: (kind of export, file, fate, rows, filled cells).
_Counted = tuple[str, str, str, int, int]


def _in_table(con: duckdb.DuckDBPyConnection, dataset: str) -> Iterator[_Counted]:
    """The rows of a raw table, by file and fate."""
    counted = con.execute(_counted(con, dataset)).fetchall()
    yield from sorted(
        (dataset, file, _fate(dataset, state), rows, int(cells))
        for file, state, rows, cells in counted
    )


def _misfits(con: duckdb.DuckDBPyConnection) -> Iterator[_Counted]:
    """The rows that do not fit their header: they left their table."""
    if not table_exists(con, "raw.misfits"):
        return
    counted = con.execute(
        """
        SELECT dataset, file, count(*), sum(len(json_keys(cells)))::BIGINT
        FROM raw.misfits GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    for dataset, file, rows, cells in counted:
        yield dataset, file, _fate(dataset, "quarantined"), rows, cells


def _left_out(con: duckdb.DuckDBPyConnection) -> Iterator[_Counted]:
    """The rows of files of which nothing is moved."""
    if not table_exists(con, "raw.left_out"):
        return
    counted = con.execute(
        """
        SELECT kind, file, declared, count(*),
               sum(len(list_filter(cells, lambda c: trim(c) <> '')))::BIGINT
        FROM raw.left_out GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    for kind, file, declared, rows, cells in counted:
        yield kind or "unknown", file, fates.NOT_MOVED if declared else fates.EXCLUDED, rows, cells


def _fate(dataset: str, state: str) -> str:
    return fates.NOT_MOVED if dataset in REPORT_ONLY_DATASETS else _FATE_OF_STATE[state]


def _counted(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """SQL of (file, state of the row, rows, filled cells)."""
    known = " + ".join(f"(trim(coalesce(r.\"{c.name}\", '')) <> '')::INT"
                       for c in BY_KEY[dataset].columns)  # fmt: skip
    extra = "len(list_filter(map_values(r._extra), lambda v: trim(coalesce(v, '')) <> ''))"
    cells = f"{known} + coalesce({extra}, 0)"
    if dataset in FED:  # of another kind of file its own cells count, not those made of them
        cells = f"CASE WHEN cardinality(r._own) > 0 THEN cardinality(r._own) ELSE {cells} END"
    states = "(SELECT '' AS row_id, '' AS row_state WHERE false)"
    if table_exists(con, "clean.row_states"):
        states = (
            f"(SELECT row_id, state AS row_state FROM clean.row_states WHERE dataset = '{dataset}')"
        )
    return f"""
        SELECT r._file, coalesce(s.row_state, ''), count(*), sum({cells})
        FROM raw."{dataset}" r LEFT JOIN {states} s ON s.row_id = r._row_id GROUP BY ALL
        """
