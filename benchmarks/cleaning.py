"""Rows a second our cleaning takes, beside what DuckDB needs to copy and type the same tables.

    .venv/bin/python benchmarks/cleaning.py [--clients 100000 1000000] [--objects …]
        [--read WAREHOUSE]

The exports are made and read first, which is not measured. The floor writes every raw row to a new
table with its cells trimmed and its winner chosen by id, in SQL: no parsing, no evidence, no
accounting. Prints seconds, rows a second, peak memory and the ratio.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from measured import measured
from reading import OBJECTS, generate_quietly, ours, show

from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.parse_workers import stop_workers
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.warehouse import Warehouse, table_exists


def floor(database: Path, objects: tuple[str, ...]) -> int:
    """Trim every cell and keep the newest row of each id, in SQL; return the rows looked at."""
    rows = 0
    with Warehouse(database).connect() as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS floor")
        for dataset in (d for o in objects for d in BY_KEY[o].datasets):
            if not table_exists(con, f"raw.{dataset}"):
                continue
            cells = ", ".join(f'trim("{c.name}") AS "{c.name}"' for c in DATASETS[dataset].columns)
            ids = ", ".join(f'"{c}"' for c in DATASETS[dataset].id_columns)
            con.execute(
                f"CREATE OR REPLACE TABLE floor.{dataset} AS SELECT _row_id, {cells} "
                f"FROM raw.{dataset} QUALIFY row_number() OVER "
                f"(PARTITION BY {ids} ORDER BY _exported_at DESC, _row DESC) = 1"
            )
            rows += con.execute(f"SELECT count(*) FROM raw.{dataset}").fetchall()[0][0]
        con.execute("DROP SCHEMA floor CASCADE")
    return rows


def cleaned(database: Path, exports: Path, objects: tuple[str, ...]) -> int:
    """Our cleaning; return the rows it accounted for."""
    rows = 0
    for key in objects:
        with Warehouse(database).connect() as con:
            clean_object(con, key, CleanContext(exports=exports))
            accounting = check_accounting(con, key)
            if accounting.problems:
                raise SystemExit(f"accounting: {accounting.problems}")
            rows += sum(int(x["rows_read"]) - int(x["excluded"]) for x in accounting.lines)
    stop_workers()  # so that their processor time is counted
    return rows


def compare(database: Path, exports: Path, objects: tuple[str, ...]) -> None:
    """Print one table: the floor, our cleaning, and our cleaning once everything was parsed."""
    alone = measured(floor, database, objects)
    show("DuckDB alone", alone)
    first = measured(cleaned, database, exports, objects)
    show("our cleaning", first)
    show("cleaned again", measured(cleaned, database, exports, objects))
    print(f"our cleaning takes {first.cpu / alone.cpu:.1f} times the floor's CPU time")


def main() -> None:
    """Print a table for each number of clients."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--objects", nargs="*", default=list(OBJECTS), choices=OBJECTS)
    options.add_argument("--read", type=Path, help="a warehouse read before; a copy is cleaned")
    chosen = options.parse_args()
    objects = tuple(chosen.objects)
    with tempfile.TemporaryDirectory() as name:
        exports, database = Path(name) / "exports", Path(name) / "w.duckdb"
        if chosen.read:
            shutil.copy(chosen.read, database)
            compare(database, exports, objects)
            return
        for clients in chosen.clients:
            generate_quietly(exports, clients)
            measured(ours, exports, database, objects)
            print(f"{clients:,} clients with {', '.join(objects)}")
            compare(database, exports, objects)


if __name__ == "__main__":
    main()
