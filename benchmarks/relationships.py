"""Rows a second our relating takes, beside what DuckDB needs to copy the same tables.

    .venv/bin/python benchmarks/relationships.py [--clients 100000 1000000]

Relating is everything between the clean tables and the map: duplicates and their merges, leads that
are clients, every reference to another record, invoices and work orders to their jobs. The floor
reads every clean table and writes it again. Prints seconds, rows a second, peak memory, the ratio.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from measured import measured
from reading import show
from related_tables import make

from flitstack_pipeline.catalog.clean import TABLES
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline.warehouse import Warehouse, row_count

MEMORY = "2GB"


def floor(database: Path) -> int:
    """Copy every clean table; return the rows copied."""
    with Warehouse(database, memory_limit=MEMORY).connect() as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS floor")
        for table in TABLES:
            con.execute(f"CREATE OR REPLACE TABLE floor.{table.dataset} AS FROM {table.name}")
        rows = sum(row_count(con, table.name) for table in TABLES)
        con.execute("DROP SCHEMA floor CASCADE")
    return rows


def related(database: Path, decisions: Path) -> int:
    """Our relating; return the rows related."""
    with Warehouse(database, memory_limit=MEMORY).connect() as con:
        relate(con, decisions)
        return sum(row_count(con, table.name) for table in TABLES)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, nargs="+", default=[100_000, 1_000_000])
    for clients in options.parse_args().clients:
        with tempfile.TemporaryDirectory() as name:
            database = Path(name) / "w.duckdb"
            measured(make, database, clients)
            print(f"{clients:,} clients")
            alone = measured(floor, database)
            show("DuckDB alone", alone)
            found = measured(related, database, Path(name))
            show("our relating", found)
            print(f"our relating takes {found.cpu / alone.cpu:.1f} times the floor's CPU time")


if __name__ == "__main__":
    main()
