"""A column that the newest export lacks keeps the value of the last export that had it.

Exports are often partial: one with fewer columns says nothing of the others, so what an older row
of the record says in them stays. An empty cell is different: it says that the value is gone.

Columns that make one value together (`TOGETHER`) are taken together: where the newer row has any
of them, nothing older is mixed in. A kept cell is read as its own file is written (day or month
first, comma or point); where older files are written in two ways, those like the newest count.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.cleaning.identity import AGE
from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.cleaning.values.columns import CUSTOM
from flitstack_pipeline.cleaning.values.evidence import Evidence

NOTE = "kept from an older export: the newer one has no such column"
TOGETHER = (
    ("name", "first_name", "last_name"),
    ("address", "street", "street2", "city", "state", "zip", "country"),
    ("status", "total", "amount_paid", "balance", "paid_date"),
)


def with_older_columns(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    dataset: str,
    source: str,
    evidence: Evidence,
) -> str:
    """SQL of the rows of a dataset, their absent columns filled from older versions.

    Args:
        con: The warehouse, with the marks of the dataset made.
        object_key: The object type, for the notes of what was kept.
        dataset: The raw table.
        source: SQL of its rows that are records: cells, `_key` and `_extra`.
        evidence: How each file is written; what a file lacks is added as the older ones have it.

    Returns:
        `source` itself where every file has the same columns.
    """
    if dataset in LINES_OF:
        return source
    lacking = _lacking(con, dataset)
    if not lacking or not _is_any_superseded(con):
        return source
    columns = [c for c in lacking if c != "_extra"]
    unlike = _borrow_formats(con, dataset, evidence)
    old = "".join(f"{_last(c, unlike.get(c, []))}, " for c in columns)
    doubtful = [c.removeprefix(CUSTOM) for c in unlike if c.startswith(CUSTOM)]
    told = f"list_filter(map_entries(s._extra), lambda e: e.key NOT IN ({_listed(doubtful)}))"
    extras = (
        f"list_reduce(list(map_from_entries({told}) ORDER BY age), lambda a, b: map_concat(a, b))"
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE older_columns AS
        SELECT key, {old}{extras} AS _extra FROM (
            SELECT s.*, m.key, row_number() OVER (ORDER BY {AGE}) AS age
            FROM raw."{dataset}" s JOIN marks m ON m.row = s.rowid WHERE m.state = 'superseded') s
        GROUP BY key"""
    )
    filled = {c: f'CASE WHEN {_is_absent(dataset, c)} THEN o."{c}" END' for c in columns}
    _note(con, object_key, dataset, source, filled)
    replaced = [f'coalesce(x."{c}", {sql}) AS "{c}"' for c, sql in filled.items()]
    replaced.append(
        "CASE WHEN o._extra IS NULL THEN x._extra ELSE map_concat(o._extra, x._extra) END AS _extra"
    )
    return (
        f"SELECT x.* REPLACE ({', '.join(replaced)}) FROM ({source}) x "
        "LEFT JOIN older_columns o ON o.key = x._key"
    )


def _last(column: str, unlike: list[str]) -> str:
    """The last cell of a column among older rows, files that are written otherwise left out."""
    told = f's."{column}" IS NOT NULL AND s._file NOT IN ({_listed(unlike)})'
    return f'arg_max(s."{column}", age) FILTER ({told}) AS "{column}"'


def _listed(texts: list[str]) -> str:
    return ", ".join(literal(t) for t in texts) or "''"


def _borrow_formats(
    con: duckdb.DuckDBPyConnection, dataset: str, evidence: Evidence
) -> dict[str, list[str]]:
    """Let files without a column have its format from the newest that has it.

    Returns:
        By column the files that are written otherwise than the newest that has it.
    """
    asked = f'SELECT _file FROM raw."{dataset}" GROUP BY _file ORDER BY max(_exported_at), _file'
    files = [file for (file,) in con.execute(asked).fetchall()]
    formats = evidence.formats()
    unlike: dict[str, list[str]] = {}
    for column in {column for _, column in formats}:
        having = [file for file in files if (file, column) in formats]
        if not having:
            continue
        newest = formats[having[-1], column]
        unlike[column] = [file for file in having if formats[file, column] != newest]
        for file in files:
            if file not in having:
                evidence.borrowed[file, column] = (having[-1], column)
    return {column: others for column, others in unlike.items() if others}


def _lacking(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    """The columns that some file has and another has not; `_extra` for unknown ones."""
    names = [c.name for c in DATASETS[dataset].columns]
    counts = ", ".join(f'count("{n}") > 0' for n in names)
    files = con.execute(
        f"SELECT any_value(list_sort(map_keys(_extra))), {counts} "
        f'FROM raw."{dataset}" GROUP BY _file, _sheet'
    ).fetchall()
    if len(files) < 2:
        return []
    found = [n for i, n in enumerate(names, 1) if len({file[i] for file in files}) > 1]
    return found + ["_extra"] * (len({tuple(file[0] or ()) for file in files}) > 1)


def _is_any_superseded(con: duckdb.DuckDBPyConnection) -> bool:
    asked = "SELECT 1 FROM marks WHERE state = 'superseded' AND NOT repeated LIMIT 1"
    return bool(con.execute(asked).fetchall())


def _is_absent(dataset: str, column: str) -> str:
    """Whether a row's file has neither a column nor one that makes its value with it."""
    group = next((g for g in TOGETHER if column in g), (column,))
    known = DATASETS[dataset].by_name
    return " AND ".join(f'x."{c}" IS NULL' for c in group if c in known)


def _note(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    dataset: str,
    source: str,
    filled: dict[str, str],
) -> None:
    """Note each value that was kept, by record and column."""
    for column, sql in filled.items():
        con.execute(
            f"INSERT INTO clean.notes SELECT ?, ?, _key, ?, value, {literal(NOTE)} FROM ("
            f"SELECT x._key, {sql} AS value FROM ({source}) x "
            "JOIN older_columns o ON o.key = x._key) WHERE value <> ''",
            [object_key, dataset, column],
        )
