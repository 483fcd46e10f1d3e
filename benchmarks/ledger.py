"""Seconds the ledger of cells takes, beside what cleaning took of the same rows in the same run.

    .venv/bin/python benchmarks/ledger.py [--clients 100000] [--keep FOLDER] [--mapped FOLDER]

The exports are made, read, cleaned (measured), related and mapped first. The ledger then finds the
fate of every cell with its witness. Prints seconds, rows a second, peak memory, the ratio to
cleaning, and what the tables of the ledger take on disk. `--keep` leaves the mapped warehouse and
its map in a folder, where `--mapped` takes them up again: a copy with nothing but the rows read is
cleaned first then. `--memory` lets DuckDB hold less than the ledger's own limit.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from cleaning import cleaned
from measured import measured
from reading import OBJECTS, generate_quietly, ours, show

from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline.ledger import cells
from flitstack_pipeline.ledger.fates import UNACCOUNTED
from flitstack_pipeline.mapping.build import map_object
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.warehouse import SCHEMAS, Warehouse

MAP = "map.yaml"
#: Bytes of a block of DuckDB's file.
BLOCK = 262_144


def mapped(database: Path) -> int:
    """Relate, propose the map, confirm it and map every object; return the records."""
    with Warehouse(database).connect() as con:
        relate(con, database.parent)
        document = propose(con, None, None)
        document.confirm_all("benchmark")
        document.save(database.parent / MAP)
        return sum(map_object(con, key, document).rows for key in OBJECTS)


def only_read(database: Path) -> Path:
    """A copy of a warehouse with nothing but the rows read."""
    copied = database.with_name("read.duckdb")
    shutil.copy(database, copied)
    with Warehouse(copied).connect() as con:
        for schema in (name for name in SCHEMAS if name != "raw"):
            con.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    return copied


def accounted(database: Path, memory: str) -> int:
    """Our ledger; return the cells. Ends the program when one is not accounted for."""
    cells.MEMORY = memory
    document = MapDocument.load(database.parent / MAP)
    with Warehouse(database).connect() as con:
        found = cells.build(con, cells.Surroundings(document))
    print(", ".join(f"{count:,} {fate}" for fate, count in found.items()))
    if found.get(UNACCOUNTED):
        sys.exit("not every cell is accounted for")
    return sum(found.values())


def size(database: Path) -> float:
    """Megabytes of the blocks that hold tables of the ledger."""
    blocks: set[int] = set()
    with Warehouse(database).connect() as con:
        con.execute("CHECKPOINT")
        for (table,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'ledger'"
        ).fetchall():
            found = con.execute(
                "SELECT DISTINCT block_id FROM pragma_storage_info(?) WHERE block_id >= 0",
                [f"ledger.{table}"],
            ).fetchall()
            blocks |= {block for (block,) in found}
    return len(blocks) * BLOCK / 1e6


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, default=100_000)
    options.add_argument("--keep", type=Path, help="a folder to leave the mapped warehouse in")
    options.add_argument("--mapped", type=Path, help="such a folder, to go on from")
    options.add_argument("--memory", default=cells.MEMORY, help="what DuckDB may hold")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        database, exports = Path(name) / "w.duckdb", Path(name) / "exports"
        if chosen.mapped:
            shutil.copytree(chosen.mapped, name, dirs_exist_ok=True)
            first = measured(cleaned, only_read(database), exports, OBJECTS)
            show("our cleaning", first)
        else:
            generate_quietly(exports, chosen.clients)
            measured(ours, exports, database, OBJECTS)
            first = measured(cleaned, database, exports, OBJECTS)
            show("our cleaning", first)
            show("relate and map", measured(mapped, database))
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            for kept in (database, database.parent / MAP):
                shutil.copy(kept, chosen.keep)
        found = measured(accounted, database, chosen.memory)
        print(
            f"{'our ledger':<16}{found.result:>12,} cells{found.seconds:>8.1f} s"
            f"{found.cpu:>9.1f} s cpu{found.result / found.seconds:>11,.0f} cells/s"
            f"{found.peak_mb:>7.0f} MB"
        )
        print(f"the ledger takes {size(database):,.0f} MB of disk")
        print(
            f"our ledger takes {found.seconds / first.seconds:.2f} times the seconds of "
            f"cleaning, {found.cpu / first.cpu:.2f} times its processor time"
        )


if __name__ == "__main__":
    main()
