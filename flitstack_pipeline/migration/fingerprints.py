"""What an approval approves, as fingerprints: the map, the cleaned schema, the sample's result.

What belongs here: computing the schema's, putting the three together, naming what changed. What
does not: the map's own (mapping/document.py), the sample's (reports/sample.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import duckdb

from flitstack_pipeline.warehouse import filled_tables

PARTS = {
    "map": "the map",
    "schema": "the schema of the cleaned data",
    "result": "the result of the sample",
}


def schema_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 of the columns and types of the clean tables and the labels of custom fields."""
    columns = con.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'clean' ORDER BY ALL"
    ).fetchall()
    labels = []
    filled = filled_tables(con, "clean")
    for table in [t for t, column, _ in columns if column == "custom" and t in filled]:
        found = con.execute(
            f'SELECT DISTINCT unnest(map_keys(custom)) AS label FROM clean."{table}" ORDER BY 1'  # noqa: S608
        ).fetchall()
        labels += [[table, label] for (label,) in found]
    return digest([columns, labels])


def combined(prints: Mapping[str, str]) -> str:
    """One fingerprint of all three parts."""
    return digest([prints.get(part) or "" for part in PARTS])


def changed(approved: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which parts are others than those approved, in words."""
    return [word for part, word in PARTS.items() if approved.get(part) != now.get(part)]


def digest(value: object) -> str:
    """SHA-256 of a value's JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
