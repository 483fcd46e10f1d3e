"""What became of the cells so far: the fates of the ledger up to cleaning, counted by file.

Belongs here: counting, from raw tables and row states. Does not: where cells of clean rows arrive
(`ledger`, once a map is confirmed).
"""

from __future__ import annotations

from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import REPORT_ONLY_DATASETS
from flitstack_pipeline.catalog.other_kinds import FED
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.ledger import fates
from flitstack_pipeline.warehouse import table_exists

#: State of a row (`clean.row_states`) -> the fate of its cells.
_FATE_OF_STATE = {
    "repeated": fates.REPEATED, "superseded": fates.SUPERSEDED, "merged": fates.MERGED,
    "quarantined": fates.QUARANTINED, "decided": fates.EXCLUDED, "": fates.READ,
}  # fmt: skip


def cells_so_far(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Filled cells by file and fate, the cells of clean rows as `read`: the map says where to."""
    found: list[dict[str, Any]] = []
    for dataset in BY_KEY:
        if table_exists(con, f"raw.{dataset}"):
            counted = con.execute(_counted(con, dataset)).fetchall()
            found += [
                {"export": dataset, "file": file, "fate": fate, "rows": rows, "cells": int(cells),
                 "means": fates.ABOUT[fate]}
                for file, fate, rows, cells in sorted(
                    (file, _fate(dataset, state), rows, cells)
                    for file, state, rows, cells in counted
                )
            ]  # fmt: skip
    return found + _left_out(con)


def _left_out(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The cells of files of which nothing is moved."""
    if not table_exists(con, "raw.left_out"):
        return []
    counted = con.execute(
        """
        SELECT kind, file, declared, count(*),
               sum(len(list_filter(cells, lambda c: trim(c) <> '')))::BIGINT
        FROM raw.left_out GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    return [
        {"export": kind or "unknown", "file": file, "fate": fate, "rows": rows, "cells": cells,
         "means": fates.ABOUT[fate]}
        for kind, file, declared, rows, cells in counted
        for fate in (fates.NOT_MOVED if declared else fates.EXCLUDED,)
    ]  # fmt: skip


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
