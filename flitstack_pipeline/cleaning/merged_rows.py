"""Several rows of one session that are one record: they fill one another's empty cells.

The newest row is the record. Its empty cells are filled from the rows merged into it, the newest
first. Of clients, one on several rows is one client with its properties: addresses are left alone,
for a place is not mixed from two places; the place of each other row becomes a property of the
client, and what that row says otherwise than the client is told in the property's notes.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.identity import AGE, identified, source_id
from flitstack_pipeline.cleaning.identity_rules import PLACE_COLUMNS
from flitstack_pipeline.cleaning.values.cell_sql import cell, literal, text

#: What a property has of its own, or what differs between any two rows without meaning anything.
_NOT_TOLD = frozenset({"client_id", "state", "country", "notes", "created", "updated", "workspace"})
#: SQL of the rows of `further` (see `make_further`) that the exports do not list themselves.
FURTHER = "FROM (FROM further WHERE _key NOT IN (SELECT source_key FROM clean.properties)) x"


def completed(dataset: str) -> str:
    """SQL of the rows of a dataset (see `identity.identified`), filled from those merged in."""
    names = [c.name for c in DATASETS[dataset].columns]
    left = PLACE_COLUMNS if dataset == "clients" else ()
    columns = [c for c in names if c not in left]
    filled = ", ".join(f'arg_max(s."{c}", age) FILTER (s."{c}" <> \'\') AS "{c}"' for c in columns)
    replaced = ", ".join(
        f'coalesce(nullif(x."{c}", \'\'), f."{c}", x."{c}") AS "{c}"' for c in columns
    )
    own = "map_from_entries(list_filter(map_entries(x._extra), lambda e: e.value <> ''))"
    return f"""
        SELECT x.* REPLACE ({replaced},
            CASE WHEN f._extra IS NULL THEN x._extra ELSE map_concat(f._extra, {own}) END AS _extra)
        FROM ({identified(dataset)}) x
        LEFT JOIN (
            SELECT key, {filled},
                   arg_max(s._extra, age) FILTER (cardinality(s._extra) > 0) AS _extra
            FROM ({_merged(dataset)}) s GROUP BY key
        ) f ON f.key = x._key"""


def _merged(dataset: str = "clients") -> str:
    """SQL of the merged rows with the key of their record and their age."""
    return f"""SELECT s.*, m.key, row_number() OVER (ORDER BY {AGE}) AS age
            FROM raw."{dataset}" s JOIN marks m ON m.row = s.rowid WHERE m.state = 'merged'"""


def refuse_with_their_record(con: duckdb.DuckDBPyConnection) -> None:
    """A refused record takes the rows merged into it along."""
    con.execute(
        "INSERT INTO refused SELECT m.row, m.key, r.why FROM marks m "
        "JOIN refused r ON r.key = m.key WHERE m.state = 'merged'"
    )
    con.execute(
        "UPDATE marks SET state = 'refused' WHERE state = 'merged' "
        "AND row IN (SELECT row FROM refused)"
    )


def make_further(con: duckdb.DuckDBPyConnection) -> int:
    """Make the temporary table `further`: the merged rows as raw rows of properties; how many."""
    service = text("s.service_address")
    cells = {c.name: _cell(c.name, service) for c in DATASETS["properties"].columns}
    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in cells.items())
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE further AS
        WITH places AS (
            SELECT s._row_id, s._workspace, s._file, MAP {{}}::MAP(VARCHAR, VARCHAR) AS _extra,
                   age, c.source_key AS client, c.workspace AS workspace_of, {listed}
            FROM ({_merged()}) s JOIN clean.clients c ON c.source_key = s.key
            JOIN ({completed("clients")}) w ON w._key = s.key
        ), named AS (
            SELECT *, workspace_of || '/properties/' || _id AS _key
            FROM (SELECT s.*, {source_id("properties")} AS _id FROM places s)
        )
        SELECT *, row_number() OVER () - 1 AS _at, CAST(NULL AS BIGINT) AS _line
        FROM (FROM named QUALIFY row_number() OVER (PARTITION BY _key ORDER BY age DESC) = 1)
        """
    )
    return int(con.execute("SELECT count(*) FROM further").fetchall()[0][0])


def _cell(name: str, service: str) -> str:
    """SQL of one cell of a property; a service address is its place, when there is one."""
    if name == "client_id":
        return "c.source_id"
    if name == "client_name":
        return "c.name"
    if name == "notes":
        return _notes()
    if name not in DATASETS["clients"].by_name:
        return "CAST(NULL AS VARCHAR)"
    if name == "address":
        return f"CASE WHEN {service} IS NOT NULL THEN {service} ELSE s.address END"
    if name in PLACE_COLUMNS:
        return f'CASE WHEN {service} IS NOT NULL THEN NULL ELSE s."{name}" END'
    return cell(name)


def _notes() -> str:
    """The row's own notes, and what else it says otherwise than the client."""
    told = [f"CASE WHEN {text('s.notes')} IS DISTINCT FROM {text('w.notes')} THEN s.notes END"]
    for column in DATASETS["clients"].columns:
        if column.name not in PLACE_COLUMNS and column.name not in _NOT_TOLD:
            mine, theirs = (text(cell(column.name, row)) for row in ("s", "w"))
            label = literal(f"{column.header}: ")
            told.append(f"CASE WHEN {mine} <> {theirs} THEN {label} || {mine} END")
    other = f"list_filter(map_entries(s._extra), lambda e: {_says_otherwise('e')})"
    lines = f"list_transform({other}, lambda e: e.key || ': ' || e.value)"
    told.append(f"nullif(array_to_string({lines}, chr(10)), '')")
    return f"nullif(concat_ws(chr(10), {', '.join(told)}), '')"


def _says_otherwise(entry: str) -> str:
    """Whether an unknown column of a merged row `s` holds what its client `w` does not."""
    return f"{text(f'{entry}.value')} <> coalesce(w._extra[{entry}.key], '')"


def tell_further(con: duckdb.DuckDBPyConnection, object_key: str) -> None:
    """Rows that name no place are no property; the others are noted with their client."""
    con.execute(
        "DELETE FROM clean.properties WHERE address IS NULL "
        "AND raw_id IN (SELECT _row_id FROM further)"
    )
    con.execute(
        "INSERT INTO clean.notes SELECT ?, 'clients', f.client, 'address', p.address, "
        "'a further property of the client' "
        "FROM clean.properties p JOIN further f ON f._row_id = p.raw_id",
        [object_key],
    )
