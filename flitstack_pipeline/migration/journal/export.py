"""Publishes the journal for analysis: tables in DuckDB, and the audit log as CSV and Parquet.

What belongs here: copying. What does not: the journal itself (journal/store.py), reports.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.store import Journal, operations_query

CHUNK = 20_000
_TIMES = {"at", "sent_at", "answered_at", "started_at", "ended_at", "written_at"}


FORMS = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet"}


def export_operations(journal: Journal, con: duckdb.DuckDBPyConnection) -> int:
    """Publish the journal into DuckDB.

    Makes or replaces journal.operations (the audit log: one row per attempt), journal.id_map,
    journal.dead_letters, journal.conflicts, journal.missing_parents, journal.approvals,
    journal.decisions, journal.runs. Returns the number of attempts.
    """
    journal.flush()
    count = _publish(journal.engine, con, "operations", operations_query())
    for table in (t.id_map, t.dead_letters, t.conflicts, t.missing_parents, t.approvals,
                  t.decisions, t.runs):  # fmt: skip
        _publish(journal.engine, con, table.name, sa.select(table))
    return count


def write_operations(con: duckdb.DuckDBPyConnection, path: Path, form: str) -> None:
    """Write journal.operations to a file its owner alone can read; `form` is csv or parquet.

    Raises BadInput for another form.
    """
    if form not in FORMS:
        raise BadInput(f"the audit log is written as {' or '.join(FORMS)}, not as {form!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".audit-") as folder:
        written = Path(folder) / "operations"  # DuckDB makes a file anew, readable by everybody
        quoted = str(written).replace("'", "''")
        query = "SELECT * FROM journal.operations ORDER BY sent_at, id"
        con.execute(f"COPY ({query}) TO '{quoted}' ({FORMS[form]})")
        written.chmod(0o600)
        written.replace(path)


def _publish(engine: sa.Engine, con: duckdb.DuckDBPyConnection, name: str, query: Any) -> int:
    import pandas as pd

    columns = [c.name for c in query.selected_columns]
    types = {c.name: _type(c.name, c.type) for c in query.selected_columns}
    listed = ", ".join(f'"{c}" {types[c]}' for c in columns)
    con.execute("CREATE SCHEMA IF NOT EXISTS journal")
    con.execute(f'CREATE OR REPLACE TABLE journal."{name}" ({listed})')
    count = 0
    with engine.connect().execution_options(stream_results=True) as source:
        for part in source.execute(query).mappings().partitions(CHUNK):
            frame = pd.DataFrame([[_cell(types[c], row[c]) for c in columns] for row in part])
            frame.columns = pd.Index(columns)
            con.register("_part", frame)
            casts = ", ".join(_cast(c, types[c]) for c in columns)
            con.execute(f'INSERT INTO journal."{name}" SELECT {casts} FROM _part')  # noqa: S608
            con.unregister("_part")
            count += len(frame)
    return count


def _type(name: str, kind: Any) -> str:
    if name in _TIMES:
        return "TIMESTAMP"
    if isinstance(kind, sa.Float):
        return "DOUBLE"
    if isinstance(kind, sa.Integer):
        return "BIGINT"
    return "JSON" if isinstance(kind, sa.JSON) else "VARCHAR"


def _cast(column: str, kind: str) -> str:
    if kind == "TIMESTAMP":
        return f'make_timestamp(CAST(CAST("{column}" AS DOUBLE) * 1000000 AS BIGINT))'
    return f'CAST("{column}" AS {kind})'


def _cell(kind: str, value: Any) -> Any:
    if value is not None and kind == "JSON":
        return json.dumps(value, default=str, ensure_ascii=False)
    return value
