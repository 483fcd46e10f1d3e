"""What became of every raw row, counted per file: the table `clean.accounting`.

What is loaded and what is quarantined is counted where it lies now, not where it was put; only
superseded (or decided) and merged rows are nowhere else than in the marks.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.keys import DEFAULT_WORKSPACE
from flitstack_pipeline.cleaning.values.cell_sql import literal, workspace
from flitstack_pipeline.warehouse import table_exists


def account(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """Rows read = loaded + merged + superseded + quarantined + excluded, per file.

    Rows that do not stand under their header never came into the raw table; they are quarantined.
    """
    con.execute(
        f"""
        INSERT INTO clean.accounting
        WITH excluded AS (
            SELECT file, rule, count(*) AS n FROM raw.excluded WHERE dataset = $dataset GROUP BY ALL
        ), excluded_by_file AS (
            SELECT file, sum(n) AS n, json_group_object(rule, n) AS rules
            FROM excluded GROUP BY file
        ), rows_by_file AS (
            SELECT r._file AS file,
                   count(*) FILTER (r._row_id IN (SELECT raw_id FROM clean."{dataset}")) AS loaded,
                   count(*) FILTER (m.state IN ('superseded', 'decided')) AS superseded,
                   count(*) FILTER (m.state = 'merged') AS merged,
                   count(*) FILTER (r._row_id IN
                       (SELECT raw_id FROM quarantine.rows WHERE dataset = $dataset)) AS quarantined
            FROM raw."{dataset}" r LEFT JOIN marks m ON m.row = r.rowid GROUP BY r._file
        ), misfits AS (
            SELECT file, count(*) AS n FROM {_misfits(con)} WHERE dataset = $dataset GROUP BY file
        ), read_by_file AS (
            SELECT file, sum(rows_read) AS n FROM raw.files WHERE dataset = $dataset GROUP BY file
        )
        SELECT $object, $dataset, f.file, f.n, coalesce(r.loaded, 0), coalesce(r.merged, 0),
               coalesce(r.superseded, 0),
               coalesce(r.quarantined, 0) + coalesce(m.n, 0), coalesce(e.n, 0),
               coalesce(e.rules, '{{}}')
        FROM read_by_file f
        LEFT JOIN rows_by_file r USING (file)
        LEFT JOIN misfits m USING (file)
        LEFT JOIN excluded_by_file e USING (file)
        """,
        {"object": object_key, "dataset": dataset},
    )


def count_records(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """Distinct source records by workspace, those in quarantine included."""
    con.execute(
        f"""
        INSERT INTO clean.record_counts
        SELECT ?, ?, workspace, count(*) FROM (
            SELECT {workspace("s")} AS workspace
            FROM raw."{dataset}" s LEFT JOIN marks m ON m.row = s.rowid WHERE m.state IS NULL
            UNION ALL BY NAME
            SELECT coalesce(nullif(workspace, ''), {literal(DEFAULT_WORKSPACE)}) AS workspace
            FROM {_misfits(con)} WHERE dataset = ?)
        GROUP BY ALL
        """,
        [object_key, dataset, dataset],
    )


def _misfits(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of the rows the reader put aside; none in a warehouse that was read without them."""
    if table_exists(con, "raw.misfits"):
        return "raw.misfits"
    return "(SELECT '' AS file, '' AS workspace, '' AS dataset LIMIT 0)"


def state_count(con: duckdb.DuckDBPyConnection, *states: str) -> int:
    """How many rows of the dataset at hand the marks say are in one of these states."""
    found = con.execute(
        "SELECT count(*) FROM marks WHERE list_contains(?::VARCHAR[], state)", [list(states)]
    ).fetchall()
    return int(found[0][0])
