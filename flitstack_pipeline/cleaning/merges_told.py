"""Which records were merged, and which that were merged at the approval are two again: for people.

Belongs here: queries for the certificate. Does not: the merges themselves (`merges`), deciding
them (`decisions`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.frozen import read_frozen
from flitstack_pipeline.warehouse import dicts, table_exists

_PEOPLE = """
    SELECT source_key, name FROM clean.clients UNION ALL SELECT source_key, name FROM clean.leads"""

_MERGED = f"""
WITH person AS ({_PEOPLE})
SELECT k.name || ' (' || m.kept_key || ')' AS kept, g.name || ' (' || m.merged_key || ')' AS merged,
       any_value(r.reason) AS why
FROM clean.merges m
JOIN person k ON k.source_key = m.kept_key JOIN person g ON g.source_key = m.merged_key
LEFT JOIN clean.merge_reasons r ON r.merged_key = m.merged_key
GROUP BY m.kept_key, m.merged_key, k.name, g.name ORDER BY m.kept_key, m.merged_key
"""


def merged_records(con: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """Every record that was merged into another: who is kept, who was merged, and why."""
    if not table_exists(con, "clean.merges"):
        return []
    return _rows(con, _MERGED, [])


def merged_counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many records of each object type were merged into another."""
    if not table_exists(con, "clean.merges"):
        return {}
    return dict(con.execute("SELECT object, count(*) FROM clean.merges GROUP BY ALL").fetchall())


def taken_apart(con: duckdb.DuckDBPyConnection, decisions: Path) -> list[dict[str, str]]:
    """Pairs that were one record when the sample was approved, and that are two now.

    Raises BadInput when the file of what was approved cannot be read.
    """
    pairs = read_frozen(decisions).merged
    if not pairs or not table_exists(con, "clean.merges"):
        return []
    return _rows(con, _APART, [[one for one, _ in pairs], [other for _, other in pairs]])


_APART = f"""
WITH person AS ({_PEOPLE}), now AS (
    SELECT p.source_key, p.name, coalesce(m.kept_key, p.source_key) AS kept_key
    FROM person p LEFT JOIN clean.merges m ON m.merged_key = p.source_key
)
SELECT l.name || ' (' || l.source_key || ')' AS one, r.name || ' (' || r.source_key || ')' AS other
FROM (SELECT unnest(?::VARCHAR[]) AS l, unnest(?::VARCHAR[]) AS r) p
JOIN now l ON l.source_key = p.l JOIN now r ON r.source_key = p.r
WHERE l.kept_key <> r.kept_key ORDER BY ALL
"""


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, values: list[list[str]]
) -> list[dict[str, str]]:
    return [{name: value or "" for name, value in row.items()} for row in dicts(con, sql, values)]
