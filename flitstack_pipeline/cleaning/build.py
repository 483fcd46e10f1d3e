"""Fills the clean tables of one object type from its raw tables, and accounts for every row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from flitstack_pipeline.cleaning.dates import UNDECIDED
from flitstack_pipeline.cleaning.evidence import gather
from flitstack_pipeline.cleaning.identity import Identities, columns_needed, identify
from flitstack_pipeline.cleaning.invalid import quarantine_invalid
from flitstack_pipeline.cleaning.oddities import note_oddities
from flitstack_pipeline.cleaning.one_pass import Pass
from flitstack_pipeline.cleaning.tools import (
    MONEY_COLUMNS,
    CleanContext,
    Tools,
    is_numeric_date_column,
)
from flitstack_pipeline.spec.clean import BY_DATASET, LIST, MAP
from flitstack_pipeline.spec.keys import split_source_key
from flitstack_pipeline.spec.objects import BY_KEY, SCHEMA_DATASETS
from flitstack_pipeline.spec.source import BY_KEY as DATASETS
from flitstack_pipeline.warehouse import row_count, table_exists

__all__ = ["CleanContext", "CleanResult", "clean_object", "clean_schema"]

CHUNK = 10_000
_SUPPORT_DDL = (
    """CREATE TABLE IF NOT EXISTS quarantine.rows (
      object VARCHAR, dataset VARCHAR, raw_id VARCHAR, file VARCHAR, sheet VARCHAR, line BIGINT,
      "column" VARCHAR, value VARCHAR, rule VARCHAR, message VARCHAR, what_to_do VARCHAR,
      raw JSON)""",
    """CREATE TABLE IF NOT EXISTS clean.accounting (
      object VARCHAR, dataset VARCHAR, file VARCHAR, rows_read BIGINT, loaded BIGINT,
      merged BIGINT, superseded BIGINT, quarantined BIGINT, excluded BIGINT, excluded_by JSON)""",
    """CREATE TABLE IF NOT EXISTS clean.record_counts (
      object VARCHAR, dataset VARCHAR, workspace VARCHAR, records BIGINT)""",
    """CREATE TABLE IF NOT EXISTS clean.notes (
      object VARCHAR, dataset VARCHAR, source_key VARCHAR, "column" VARCHAR, value VARCHAR,
      note VARCHAR)""",
    """CREATE TABLE IF NOT EXISTS clean.unknown_words (
      object VARCHAR, dataset VARCHAR, "column" VARCHAR, word VARCHAR, count BIGINT)""",
    """CREATE TABLE IF NOT EXISTS clean.questions (
      object VARCHAR, dataset VARCHAR, "column" VARCHAR, question VARCHAR)""",
    "ALTER TABLE clean.questions ADD COLUMN IF NOT EXISTS key VARCHAR",
    """CREATE TABLE IF NOT EXISTS clean.inline_images (
      sha256 VARCHAR, content_type VARCHAR, data BLOB)""",
    "ALTER TABLE clean.inline_images ADD COLUMN IF NOT EXISTS url VARCHAR",
)
_PER_OBJECT = (
    "quarantine.rows",
    "clean.accounting",
    "clean.record_counts",
    "clean.notes",
    "clean.unknown_words",
    "clean.questions",
)


@dataclass
class CleanResult:
    """What one object type came to: rows per dataset, and what needs a person."""

    rows: dict[str, int] = field(default_factory=dict)
    superseded: int = 0
    merged: int = 0
    quarantined: int = 0
    unknown_words: dict[str, int] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)


def clean_object(
    con: duckdb.DuckDBPyConnection, object_key: str, context: CleanContext
) -> CleanResult:
    """Clean every dataset of one object type, replacing its clean tables."""
    return _clean(con, object_key, BY_KEY[object_key].datasets, context)


def clean_schema(con: duckdb.DuckDBPyConnection, context: CleanContext) -> CleanResult:
    """Clean the schema sheets: custom field definitions and line item templates."""
    return _clean(con, "schema", SCHEMA_DATASETS, context)


def _clean(
    con: duckdb.DuckDBPyConnection, object_key: str, datasets: Iterable[str], context: CleanContext
) -> CleanResult:
    for ddl in _SUPPORT_DDL:
        con.execute(ddl)
    for table in _PER_OBJECT:
        con.execute(f"DELETE FROM {table} WHERE object = ?", [object_key])  # noqa: S608
    result = CleanResult()
    properties: list[dict[str, Any]] = []
    for dataset in datasets:
        con.execute(BY_DATASET[dataset].ddl)
        result.rows[dataset] = 0
        if table_exists(con, f"raw.{dataset}"):
            run = _clean_dataset(con, object_key, dataset, context, result)
            properties.extend(run.properties.values())
    if properties:
        _add_properties(con, properties)
        result.rows["properties"] = row_count(con, "clean.properties")
    return result


def _clean_dataset(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    dataset: str,
    context: CleanContext,
    result: CleanResult,
) -> Pass:
    identities = identify(dataset, _raw_rows(con, dataset, columns_needed(dataset)))
    run = Pass(dataset, _tools(con, dataset, context), identities)
    names = [c.name for c in DATASETS[dataset].columns]
    for chunk in _chunks(_raw_rows(con, dataset, [*names, "_extra"])):
        _insert(con, dataset, [clean for row in chunk if (clean := run.clean(row))])
    _write_refused(con, object_key, dataset, run.refused)
    _write_notes(con, object_key, dataset, run, result)
    broken = quarantine_invalid(con, object_key, dataset)
    note_oddities(con, object_key, dataset)
    _account(con, object_key, dataset, identities)
    _count_records(con, object_key, dataset, identities)
    result.rows[dataset] = row_count(con, f"clean.{dataset}")
    result.superseded += len(identities.superseded)
    result.merged += len(identities.merged)
    result.quarantined += len(run.refused) + broken
    return run


def _add_properties(con: duckdb.DuckDBPyConnection, found: list[dict[str, Any]]) -> None:
    """Properties that stood on further rows of a client, unless the export lists them itself."""
    known = {k for (k,) in con.execute("SELECT source_key FROM clean.properties").fetchall()}
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        _insert(con, "properties", [p for p in chunk if p["source_key"] not in known])


def _tools(con: duckdb.DuckDBPyConnection, dataset: str, context: CleanContext) -> Tools:
    """Tools with the evidence of every date and money column, counted over every row."""
    names = [c.name for c in DATASETS[dataset].columns]
    found = gather(
        con,
        dataset,
        [n for n in names if is_numeric_date_column(n)],
        [n for n in names if n in MONEY_COLUMNS],
        context.country,
        context.date_answers,
    )
    return Tools(context, dataset, found)


def _raw_rows(
    con: duckdb.DuckDBPyConnection, dataset: str, columns: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Raw rows, oldest export first, so that the last version of a record is the newest."""
    listed = ", ".join(f'"{c}"' for c in columns)
    cursor = con.cursor().execute(
        f"SELECT _row_id, _workspace, _session, _file, _sheet, _row, {listed} "  # noqa: S608
        f'FROM raw."{dataset}" ORDER BY _exported_at, _file, _sheet, _row'
    )
    names = ["_row_id", "_workspace", "_session", "_file", "_sheet", "_row", *columns]
    while rows := cursor.fetchmany(CHUNK):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _insert(con: duckdb.DuckDBPyConnection, dataset: str, rows: list[dict[str, Any]]) -> None:
    """Insert clean rows through JSON, so that lists, maps and decimals arrive exactly typed."""
    if not rows:
        return
    table = BY_DATASET[dataset]
    shape = {f.name: _json_type(f.type) for f in table.fields}
    frame = pd.DataFrame({"line": [json.dumps({n: r.get(n) for n in shape}) for r in rows]})
    con.register("incoming", frame)
    listed = ", ".join(f'r."{name}"' for name in shape)
    con.execute(
        f"INSERT INTO {table.name} SELECT {listed} FROM "  # noqa: S608
        "(SELECT from_json(line, ?) AS r FROM incoming)",
        [json.dumps(shape)],
    )
    con.unregister("incoming")


def _json_type(duckdb_type: str) -> Any:
    if duckdb_type == LIST:
        return ["VARCHAR"]
    return "MAP(VARCHAR,VARCHAR)" if duckdb_type == MAP else duckdb_type


def _write_refused(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, refused: list[list[Any]]
) -> None:
    if not refused:
        return
    names = ["i", "f", "s", "l", "c", "v", "r", "m", "w", "j"]
    con.register("incoming", pd.DataFrame(refused, columns=names, dtype=object))
    con.execute(
        "INSERT INTO quarantine.rows SELECT ?, ?, i, f, s, l, c, v, r, m, w, j FROM incoming",
        [object_key, dataset],
    )
    con.unregister("incoming")


def _write_notes(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    dataset: str,
    run: Pass,
    result: CleanResult,
) -> None:
    tools = run.tools
    if run.notes:
        frame = pd.DataFrame(run.notes, columns=["k", "c", "v", "n"], dtype=object)
        con.register("incoming", frame)
        con.execute(
            "INSERT INTO clean.notes SELECT ?, ?, k, c, v, n FROM incoming", [object_key, dataset]
        )
        con.unregister("incoming")
    for (column, word), count in tools.unknown_words.items():
        con.execute(
            "INSERT INTO clean.unknown_words VALUES (?, ?, ?, ?, ?)",
            [object_key, dataset, column, word, count],
        )
        result.unknown_words[f"{dataset}.{column}: {word}"] = count
    for (file, column), order in tools.evidence.date_orders.items():
        if order.order == UNDECIDED:
            key = f"dates:{dataset}.{column}"
            question = (
                f"Day or month first in {column} of {file}? {order.evidence}. Answer with: "
                f"flitstack answer {key} 'month first' (or 'day first')"
            )
            con.execute(
                'INSERT INTO clean.questions (object, dataset, "column", question, key) '
                "VALUES (?, ?, ?, ?, ?)",
                [object_key, dataset, column, question, key],
            )
            result.questions.append(question)
    for image in tools.images.values():
        con.execute("DELETE FROM clean.inline_images WHERE sha256 = ?", [image.sha256])
        con.execute(
            "INSERT INTO clean.inline_images VALUES (?, ?, ?, ?)",
            [image.sha256, image.content_type, image.data, image.url or None],
        )


def _count_records(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, identities: Identities
) -> None:
    """Distinct source records by workspace, those in quarantine included."""
    counted = Counter(split_source_key(key)[0] for key in identities.key_of.values())
    for workspace, records in counted.items():
        con.execute(
            "INSERT INTO clean.record_counts VALUES (?, ?, ?, ?)",
            [object_key, dataset, workspace, records],
        )


def _account(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, identities: Identities
) -> None:
    """Rows read = loaded + merged + superseded + quarantined + excluded, per file."""
    for name, raw_ids in (("superseded", identities.superseded), ("merged", identities.merged)):
        con.register(name, pd.DataFrame({"raw_id": list(raw_ids)}, dtype="str"))
    con.execute(
        f"""
        INSERT INTO clean.accounting
        WITH excluded AS (
            SELECT file, rule, count(*) AS n FROM raw.excluded WHERE dataset = ? GROUP BY ALL
        ), excluded_by_file AS (
            SELECT file, sum(n) AS n, json_group_object(rule, n) AS rules
            FROM excluded GROUP BY file
        ), rows_by_file AS (
            SELECT r._file AS file, count(*) AS n,
                   count(*) FILTER (r._row_id IN (SELECT raw_id FROM clean."{dataset}")) AS loaded,
                   count(*) FILTER (r._row_id IN (SELECT raw_id FROM superseded)) AS superseded,
                   count(*) FILTER (r._row_id IN (SELECT raw_id FROM merged)) AS merged,
                   count(*) FILTER (r._row_id IN
                       (SELECT raw_id FROM quarantine.rows WHERE dataset = ?)) AS quarantined
            FROM raw."{dataset}" r GROUP BY r._file
        ), read_by_file AS (
            SELECT file, sum(rows_read) AS n FROM raw.files WHERE dataset = ? GROUP BY file
        )
        SELECT ?, ?, f.file, f.n, coalesce(r.loaded, 0), coalesce(r.merged, 0),
               coalesce(r.superseded, 0),
               coalesce(r.quarantined, 0), coalesce(e.n, 0), coalesce(e.rules, '{{}}')
        FROM read_by_file f
        LEFT JOIN rows_by_file r USING (file)
        LEFT JOIN excluded_by_file e USING (file)
        """,  # noqa: S608
        [dataset, dataset, dataset, object_key, dataset],
    )
    con.unregister("superseded")
    con.unregister("merged")
