"""Runs the declaration of a dataset over its raw rows, a batch of rows at a time.

Of each batch: the cells are trimmed, the parsers read what is new to them, and one statement makes
the clean rows, what is kept of them, and why a row is refused. Memory holds one batch, however
long the table.

Belongs here: the statements. Does not: what a row is made of (`rows`), which row is which record
(`identity`), accounting (`build`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.cells import KEPT_TYPE, Cells, Row
from flitstack_pipeline.cleaning.note_images import (
    keep_custom_images,
    keep_note_images,
    read_custom_notes,
)
from flitstack_pipeline.cleaning.parsing import Parsing
from flitstack_pipeline.cleaning.values.cell_sql import cell, without_tags, workspace

BATCH = 250_000
REFUSAL_TYPE = 'STRUCT("column" VARCHAR, value VARCHAR, rule VARCHAR, what_to_do VARCHAR)'
REFUSED_DDL = f"CREATE OR REPLACE TEMP TABLE refused (row BIGINT, key VARCHAR, why {REFUSAL_TYPE})"
#: The cells that are kept of a row as they were, and of several notes on one cell the first.
_MADE = """
    (SELECT *, list_filter(_kept, lambda k: k.original AND k.value <> '') AS _cells,
            list_transform(_cells, lambda k: k."column") AS _names
     FROM made WHERE _refusal IS NULL)"""
_ORIGINALS = """
    CASE WHEN _cells IS NULL THEN MAP {} ELSE map_from_entries(list_transform(
        list_filter(_cells, lambda k, i: list_position(_names, k."column") = i),
        lambda k: {'key': k."column", 'value': k.value})) END"""


@dataclass(frozen=True)
class Batches:
    """One dataset's declaration, compiled: `run` cleans the rows of a source."""

    con: duckdb.DuckDBPyConnection
    object_key: str
    dataset: str
    cells: Cells
    row: Row
    parsing: Parsing
    #: Columns in which angle brackets stand, and whether custom columns hold any.
    marked: frozenset[str] = frozenset()

    def run(self, source: str, rows: int) -> None:
        """Clean every row of `source` into the clean table; refused rows go to `refused`.

        `source` is SQL whose rows have the cells of the raw table, `_id`, `_key`, `_line` and
        `_at`, which counts from 0 to `rows` - 1.
        """
        for start in range(0, rows, BATCH):
            self._take(f"FROM ({source}) WHERE _at BETWEEN {start} AND {start + BATCH - 1}")
            has_images = read_custom_notes(self.con, self.parsing)
            self.parsing.look_up(self.cells.lookups.values())
            self._make()
            self._put()
            if has_images:
                keep_custom_images(self.con, self.object_key, self.dataset)

    def _take(self, source: str) -> None:
        """The batch: cells as read, trimmed texts, and what the parsers are asked with."""
        notes = {x.columns[0] for x in self.cells.lookups.values() if x.parser.name == "note"}
        tagged = sorted(self.marked - notes)
        if tagged:
            shown = ", ".join(f'{without_tags(cell(c, "t"))} AS "{c}"' for c in tagged)
            source = f"SELECT * REPLACE ({shown}) FROM ({source}) t"
        columns = ["_id", "_key", "_line", "_at", "_row_id", "_workspace", "_file", "_extra"]
        columns += [c.name for c in DATASETS[self.dataset].columns if c.name in self.cells.present]
        taken = [f's."{c}"' for c in columns]
        taken += [f'{sql} AS "{name}"' for name, sql in self.cells.texts.items()]
        taken += [f'{look.key} AS "{look.name}"' for look in self.cells.lookups.values()]
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE batch AS SELECT {', '.join(taken)} FROM ({source}) s"
        )

    def _make(self) -> None:
        """The clean rows of the batch, with what is kept (`_kept`) and why one is refused."""
        row = {
            "source_key": "r._key",
            "workspace": workspace("r"),
            "source_id": "r._id",
            "raw_id": "r._row_id",
            "custom": self.cells.custom(),
            "custom_formats": self.cells.custom_formats(),
            **self.row,
        }
        made = [
            f'CAST({row.get(f.name, "NULL")} AS {f.type}) AS "{f.name}"'
            for f in BY_DATASET[self.dataset].fields
            if f.name != "originals"
        ]
        joins = "".join(
            f' LEFT JOIN {look.parser.table} "{look.name}" ON "{look.name}".cell = r."{look.name}"'
            for look in self.cells.lookups.values()
        )
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE made AS SELECT {', '.join(made)}, r._at AS _at, "
            f"{self._kept()} AS _kept, {self._refusal()} AS _refusal FROM batch r{joins}"
        )

    def _kept(self) -> str:
        if not self.cells.kept:
            return f"CAST(NULL AS {KEPT_TYPE}[])"
        any_ = " OR ".join(f"({condition})" for condition, _ in self.cells.kept)
        lists = ", ".join(
            f"CASE WHEN {condition} THEN CAST({found} AS {KEPT_TYPE}[]) END"
            for condition, found in self.cells.kept
        )
        met = f"list_filter([{lists}], lambda l: l IS NOT NULL)"
        return f"CASE WHEN {any_} THEN flatten({met}) END"

    def _refusal(self) -> str:
        if not self.cells.refusals:
            return f"CAST(NULL AS {REFUSAL_TYPE})"
        cases = " ".join(f"WHEN {condition} THEN {why}" for condition, why in self.cells.refusals)
        return f"CAST(CASE {cases} END AS {REFUSAL_TYPE})"

    def _put(self) -> None:
        """The rows of the batch to the clean table, their notes and refusals where they belong."""
        table = BY_DATASET[self.dataset]
        columns = ", ".join(
            _ORIGINALS if f.name == "originals" else f'"{f.name}"' for f in table.fields
        )
        self.con.execute(f"INSERT INTO {table.name} SELECT {columns} FROM {_MADE}")
        self.con.execute(
            'INSERT INTO clean.notes SELECT ?, ?, source_key, k."column", k.value, k.note FROM '
            "(SELECT source_key, unnest(_kept) AS k FROM made "
            "WHERE _kept IS NOT NULL AND _refusal IS NULL) WHERE k.note IS NOT NULL",
            [self.object_key, self.dataset],
        )
        self.con.execute(
            "INSERT INTO refused SELECT _at, source_key, _refusal FROM made "
            "WHERE _refusal IS NOT NULL"
        )
        notes = [x for x in self.cells.lookups.values() if x.parser.name == "note" and x.key]
        for look in notes:
            keep_note_images(self.con, self.object_key, self.dataset, look.columns[0], look.name)
