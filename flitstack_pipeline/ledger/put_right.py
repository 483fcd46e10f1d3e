"""Rows that were put right when they were read: witnessed by their lines.

Belongs here: the rows as read (`raw.realigned`) beside the rows as they stand, and what becomes of
their cells where the witness (`realignment`) does not agree: all of the line are unaccounted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import duckdb

from flitstack_pipeline.catalog.objects import object_of_dataset
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.ledger import fates, store
from flitstack_pipeline.ledger.provenance import own_kind
from flitstack_pipeline.ledger.realignment import kinds_of, why_wrong
from flitstack_pipeline.warehouse import literal, table_exists

WHAT_TO_DO = (
    "Put quotation marks around the cell that holds a separator in the export, or export again."
)
#: Cells of a column that are looked at.
_SAMPLE = 200


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """Make the cells of rows that were put right wrongly unaccounted, as their lines have them.

    Expects the view `ledger.cells`; the counts are to be made after it.
    """
    wrong = defaultdict(list)
    for dataset, raw_id, why in find_wrong(con):
        wrong[dataset].append((raw_id, why))
    for dataset, rows in wrong.items():
        _tell(con, dataset, rows)


def find_wrong(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """(kind of export, raw id, reason) of every row that was put right wrongly."""
    if not _has_lines(con):
        return
    found = con.execute(
        "SELECT DISTINCT dataset, file, sheet FROM raw.realigned WHERE columns IS NOT NULL"
    ).fetchall()
    for dataset, file, sheet in found:
        for raw_id, why in _wrong(con, dataset, file, sheet):
            yield dataset, raw_id, why


def _has_lines(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the lines of such rows were kept; older versions did not."""
    found = con.execute(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'raw' "
        "AND table_name = 'realigned' AND column_name = 'columns'"
    ).fetchall()
    return bool(found[0][0])


def _wrong(
    con: duckdb.DuckDBPyConnection, dataset: str, file: str, sheet: str
) -> Iterator[tuple[str, str]]:
    """(raw id, reason) of the rows of one sheet that were put right wrongly."""
    place = [dataset, file, sheet]
    told = (
        "SELECT DISTINCT columns FROM raw.realigned "
        "WHERE dataset = ? AND file = ? AND sheet = ? AND columns IS NOT NULL"
    )
    headers = con.execute(told, place).fetchall()
    for (columns,) in headers:
        sqls = [_cell(dataset, column, n) for n, column in enumerate(columns, start=1)]
        kinds = [
            kinds_of(_sample(con, place, sql), _declared(dataset, column))
            if column
            else frozenset()
            for column, sql in zip(columns, sqls, strict=True)
        ]
        rows = con.execute(
            f"""
            SELECT m.raw_id, m.read, m.separator, r._row_id IS NOT NULL, [{", ".join(sqls)}]
            FROM raw.realigned m LEFT JOIN raw."{dataset}" r ON r._row_id = m.raw_id
            WHERE m.dataset = ? AND m.file = ? AND m.sheet = ? AND m.columns = ?
            """,
            [*place, columns],
        ).fetchall()
        for raw_id, read, separator, is_there, right in rows:
            why = why_wrong(read, [c or "" for c in right], separator, kinds)
            if not is_there or why:
                yield raw_id, why if is_there else "it is not there"


def _cell(dataset: str, column: str, number: int) -> str:
    """SQL of the cell of a column of a raw row `r` that was put right, as told by `m`."""
    if not column:
        return f"m.stands[{number}]"
    if column.startswith("own:"):
        return f"r._own[{literal(column.removeprefix('own:'))}]"
    if column in {c.name for c in BY_KEY[dataset].columns}:
        return f'r."{column}"'
    return f"r._extra[{literal(column)}]"


def _declared(dataset: str, column: str) -> str:
    known = column in {c.name for c in BY_KEY[dataset].columns}
    return own_kind(dataset, column).partition(":")[0] if known else ""


def _sample(con: duckdb.DuckDBPyConnection, place: list[str], sql: str) -> list[str]:
    """Cells of a column in other rows than those that were put right."""
    dataset, file, sheet = place
    rows = con.execute(
        f"""
        SELECT {sql} AS cell FROM raw."{dataset}" r
        WHERE _file = ? AND _sheet = ? AND trim(coalesce(cell, '')) <> ''
          AND _row_id NOT IN (SELECT raw_id FROM raw.realigned)
        LIMIT {_SAMPLE}
        """,
        [file, sheet],
    ).fetchall()
    return [cell for (cell,) in rows]


def _tell(con: duckdb.DuckDBPyConnection, dataset: str, wrong: list[tuple[str, str]]) -> None:
    ids, reasons = zip(*wrong, strict=True)
    store.make_temporary(con, "ledger_wrong", {"row_id": ids, "why": reasons})
    gone = "row_id IN (SELECT row_id FROM ledger_wrong)"
    con.execute(f"DELETE FROM ledger.looked WHERE dataset = {literal(dataset)} AND {gone}")
    if table_exists(con, f"ledger.rows_{dataset}"):
        con.execute(f"DELETE FROM {store.table_of(dataset)} WHERE {gone}")
    con.execute(
        f"""
        INSERT INTO ledger.looked
        SELECT {literal(object_of_dataset(dataset) or dataset)}, {literal(dataset)}, raw_id, file,
               sheet, "row", e.label, e.text, '{fates.UNACCOUNTED}',
               'the row was put right wrongly: ' || why, '', '', {literal(WHAT_TO_DO)}
        FROM (SELECT m.*, w.why, unnest(list_transform(list_zip(m.columns, m.read),
                  lambda x, i: {{'label': coalesce(x[1], 'column ' || i), 'text': x[2]}})) AS e
              FROM raw.realigned m JOIN ledger_wrong w ON w.row_id = m.raw_id)
        WHERE trim(e.text) <> ''
        """
    )
