"""Small clean tables for the tests here: real DuckDB, real DDL, only the columns named."""

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.cleaning.relationships import relate


def empty_warehouse():
    con = duckdb.connect(config={"threads": 1})
    for schema in ("raw", "clean"):
        con.execute(f"CREATE SCHEMA {schema}")
    for table in BY_DATASET.values():
        con.execute(table.ddl)
    return con


def add(con, dataset, source_id, workspace="main", **values):
    """Insert one clean row and return its source key."""
    key = f"{workspace}/{dataset}/{source_id}"
    row = {"source_key": key, "workspace": workspace, "source_id": source_id, "raw_id": key}
    if dataset in ("clients", "leads"):
        row |= {"name": "Someone", "is_business": False}
    if dataset in ("jobs", "estimates", "invoices", "work_orders"):
        row["number"] = source_id
    row |= values
    columns = ", ".join(f'"{c}"' for c in row)
    places = ", ".join("?" for _ in row)
    con.execute(f'INSERT INTO clean."{dataset}" ({columns}) VALUES ({places})', list(row.values()))
    return key


def related(con, tmp_path):
    relate(con, tmp_path)
    return con


def links(con, role, child=None):
    """{child key: parent key} of one role, first position first."""
    rows = con.execute(
        "SELECT child_key, parent_key FROM clean.links WHERE role = ? ORDER BY position DESC",
        [role],
    ).fetchall()
    return {c: p for c, p in rows if child is None or c == child}


def rows(con, sql):
    return con.execute(sql).fetchall()
