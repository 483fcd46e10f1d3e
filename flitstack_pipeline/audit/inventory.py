"""What the exports hold, counted from the raw and the clean tables.

Belongs here: questions to the warehouse, answered as rows. Does not: what follows from the answers
(`effort`, `grade`, `advice`).
"""

from __future__ import annotations

import json
from typing import Any

import duckdb

from flitstack_pipeline.catalog.clean import TABLES
from flitstack_pipeline.catalog.model import DATE, MONEY
from flitstack_pipeline.catalog.objects import object_of_dataset
from flitstack_pipeline.catalog.source import BY_KEY, DATASETS
from flitstack_pipeline.mapping.custom_columns import infer_type
from flitstack_pipeline.mapping.custom_proposals import definitions_of
from flitstack_pipeline.mapping.profiles import custom_profiles
from flitstack_pipeline.warehouse import filled_tables, table_exists

Rows = list[dict[str, Any]]
_RANGE = 'count("{0}"), min("{0}"), max("{0}")'


def sessions(con: duckdb.DuckDBPyConnection) -> Rows:
    """Rows read and records kept, by kind of export, workspace and session."""
    found: Rows = []
    for dataset in _read(con):
        kept = (
            f'_row_id IN (SELECT raw_id FROM clean."{dataset}")'
            if table_exists(con, f"clean.{dataset}")
            else "false"
        )
        rows = con.execute(
            f"""
            SELECT _workspace, _session, min(_exported_at), count(*), count(*) FILTER (WHERE {kept})
            FROM raw."{dataset}" GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        found += [
            {
                "object": object_of_dataset(dataset) or "",
                "export": BY_KEY[dataset].label,
                "workspace": workspace,
                "session": session,
                "exported": exported.date().isoformat() if exported else "",
                "rows read": read,
                "records": records,
            }
            for workspace, session, exported, read, records in rows
        ]
    return found


def columns(con: duckdb.DuckDBPyConnection) -> Rows:
    """Every column of every kind of export that was read: known or not, and how full it is.

    Columns that no file of the kind has are left out; one that is there and empty says so.
    """
    found: Rows = []
    for dataset in _read(con):
        present = _columns_in_files(con, dataset)
        known = [c for c in BY_KEY[dataset].columns if c.name in present]
        filled = ", ".join(f"count(nullif(trim(\"{c.name}\"), ''))" for c in known)
        counts = con.execute(
            f'SELECT count(*){", " if filled else ""}{filled} FROM raw."{dataset}"'
        ).fetchall()[0]
        total = counts[0]
        found += [
            _column(dataset, c.header, "known", n, total)
            for c, n in zip(known, counts[1:], strict=True)
        ]
        unknown = con.execute(
            f"""
            SELECT e.key, count(nullif(trim(e.value), ''))
            FROM (SELECT unnest(map_entries(_extra)) AS e FROM raw."{dataset}")
            GROUP BY e.key ORDER BY e.key
            """
        ).fetchall()
        found += [_column(dataset, label, "custom field", n, total) for label, n in unknown]
    return found


def custom_fields(con: duckdb.DuckDBPyConnection) -> Rows:
    """Every custom field with the type its values (and definition) say, and its common values."""
    found: Rows = []
    filled = filled_tables(con, "clean")
    for table in TABLES:
        if not table.has("custom") or table.dataset not in filled:
            continue
        defined = definitions_of(con, table.dataset)
        for label, seen in custom_profiles(con, table.dataset).items():
            fits = infer_type(label, seen, defined.get(label.strip().casefold()))
            found.append(
                {
                    "object": table.dataset,
                    "field": label,
                    "type": fits.data_type,
                    "values": seen.filled,
                    "distinct": seen.distinct,
                    "most common": seen.common(),
                    "confidence": fits.confidence,
                    "why": fits.evidence,
                }
            )
    return found


def date_ranges(con: duckdb.DuckDBPyConnection) -> Rows:
    """First and last day of every date column that has one."""
    return [
        {"object": dataset, "date": name, "first": str(low), "last": str(high), "dates": n}
        for dataset, name, (n, low, high) in _over(
            con, DATE, 'count("{0}"), min("{0}"), max("{0}")'
        )
        if n
    ]


def control_totals(con: duckdb.DuckDBPyConnection) -> Rows:
    """Sums of every amount: what the reports of both systems must agree on afterwards."""
    return [
        {"object": dataset, "amount": name, "sum": str(total), "records": n}
        for dataset, name, (n, total) in _over(con, MONEY, 'count("{0}"), round(sum("{0}"), 2)')
        if n
    ]


def duplicates(con: duckdb.DuckDBPyConnection) -> Rows:
    """Rows that were the same record: by newer version, by merge, and pairs that wait."""
    found: Rows = []
    if table_exists(con, "clean.accounting"):
        found += [
            {"object": o, "what": "older versions of a record", "rows": int(n)}
            for o, n in con.execute(
                "SELECT object, sum(superseded) FROM clean.accounting GROUP BY ALL "
                "HAVING sum(superseded) > 0 ORDER BY ALL"
            ).fetchall()
        ]
    for sql, what in (
        ("SELECT object, count(*) FROM clean.merges", "merged into another record"),
        (
            "SELECT object, count(*) FROM clean.duplicate_pairs WHERE decision = 'review'",
            "pairs for a person to decide",
        ),
    ):
        found += [
            {"object": o, "what": what, "rows": n}
            for o, n in con.execute(f"{sql} GROUP BY ALL ORDER BY ALL").fetchall()
        ]
    return found


def files(con: duckdb.DuckDBPyConnection) -> Rows:
    """Every file and sheet as it was understood."""
    rows = con.execute(
        "SELECT file, sheet, dataset, rows_read, encoding, dialect, warnings, refused "
        "FROM raw.files ORDER BY dataset NULLS LAST, file, sheet"
    ).fetchall()
    return [
        {
            "file": file,
            "sheet": sheet,
            "holds": BY_KEY[dataset].label if dataset else "not known",
            "rows": read,
            "encoding": encoding,
            "dialect": dialect,
            "remarks": ". ".join([*([refused] if refused else []), *json.loads(warnings or "[]")]),
        }
        for file, sheet, dataset, read, encoding, dialect, warnings, refused in rows
    ]


def attachments(con: duckdb.DuckDBPyConnection) -> Rows:
    """Files of records: how many, how large, and those that cannot be moved, by reason."""
    if not table_exists(con, "clean.attachments"):
        return []
    rows = con.execute(
        "SELECT coalesce(problem, ''), count(*), sum(size_bytes) FROM clean.attachments "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        {"files": n, "megabytes": round((size or 0) / 1e6, 1), "cannot move because": problem}
        for problem, n, size in rows
    ]


def _read(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Kinds of export with rows, in the order of the source."""
    return [
        d.key
        for d in DATASETS
        if table_exists(con, f"raw.{d.key}")
        and con.execute(f'SELECT 1 FROM raw."{d.key}" LIMIT 1').fetchall()
    ]


def _columns_in_files(con: duckdb.DuckDBPyConnection, dataset: str) -> set[str]:
    rows = con.execute("SELECT columns FROM raw.files WHERE dataset = ?", [dataset]).fetchall()
    return {name for (listed,) in rows for name in json.loads(listed or "[]")}


def _column(dataset: str, header: str, kind: str, filled: int, total: int) -> dict[str, Any]:
    return {
        "export": BY_KEY[dataset].label,
        "column": header,
        "is": kind if filled else f"{kind}, empty",
        "filled": filled,
        "share": f"{filled / total:.0%}" if total else "",
    }


def _over(
    con: duckdb.DuckDBPyConnection, kind: str, asked: str
) -> list[tuple[str, str, tuple[Any, ...]]]:
    """(dataset, column, answer) for every column of one type in the clean tables with rows."""
    found = []
    filled = filled_tables(con, "clean")
    for table in TABLES:
        names = [f.name for f in table.fields if f.type == kind]
        if names and table.dataset in filled:
            parts = ", ".join(f"ROW({asked.format(name)})" for name in names)
            row = con.execute(f"SELECT {parts} FROM {table.name}").fetchall()[0]
            found += [(table.dataset, n, tuple(v)) for n, v in zip(names, row, strict=True)]
    return found
