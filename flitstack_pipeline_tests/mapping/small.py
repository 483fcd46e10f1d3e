"""Small clean tables, built from the specification's own DDL."""

from __future__ import annotations

import json

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, RELATIONSHIP_DDL, TABLES


def warehouse(con: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyConnection:
    con = con or duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for schema in ("raw", "clean", "mapped"):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in TABLES:
        con.execute(table.ddl)
    for name, columns in RELATIONSHIP_DDL.items():
        con.execute(f"CREATE TABLE {name} ({columns})")
    return con


def put(con, dataset, source_id, **values):
    """One clean row; keys made from the id, required booleans false."""
    workspace = values.pop("workspace", "main")
    key = f"{workspace}/{dataset}/{source_id}"
    row = {
        "source_key": key,
        "workspace": workspace,
        "source_id": source_id,
        "raw_id": f"raw-{dataset}-{source_id}",
    } | values
    for field in BY_DATASET[dataset].fields:
        if field.required and field.type == "BOOLEAN":
            row.setdefault(field.name, False)
        if field.type.startswith("MAP") and isinstance(row.get(field.name), dict):
            pairs = row.pop(field.name)
            row[field.name] = {"key": list(pairs), "value": list(pairs.values())}
    columns = ", ".join(f'"{c}"' for c in row)
    marks = ", ".join("map(?, ?)" if isinstance(v, dict) else "?" for v in row.values())
    bound = []
    for value in row.values():
        bound += [value["key"], value["value"]] if isinstance(value, dict) else [value]
    con.execute(f"INSERT INTO clean.{dataset} ({columns}) VALUES ({marks})", bound)
    return key


def link(con, child, role, parent, position=0):
    con.execute(
        "INSERT INTO clean.links VALUES (?, ?, ?, ?, ?, 'test', 1.0, ?)",
        [child, child.split("/")[1], role, parent, parent, position],
    )


def mapped(con, object_key):
    """record_key → row, payload and parents parsed."""
    con.execute(f"SELECT * FROM mapped.{object_key}")
    names = [d[0] for d in con.description]
    found = {}
    for values in con.fetchall():
        row = dict(zip(names, values, strict=True))
        row["payload"], row["parents"] = json.loads(row["payload"]), json.loads(row["parents"])
        found[row["record_key"]] = row
    return found
