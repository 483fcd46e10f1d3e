"""Rows a second our reader takes in, beside what DuckDB alone needs for the same files.

    .venv/bin/python benchmarks/reading.py [--clients 100000] [--exports FOLDER] [--objects …]

The floor is DuckDB's reader told everything (separator, quoting, all text) and writing the rows to
its tables: no recognition, no line numbers, no independent count, no accounting. DuckDB cannot read
Windows-1252, so the floor gets that file as UTF-8, made beforehand. Both run in processes of their
own, one after the other. Prints seconds, rows a second, peak memory and the ratio.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from measured import Measured, measured

from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.sandbox_process import module_command
from flitstack_pipeline.warehouse import Warehouse

OBJECTS = ("clients", "jobs", "estimates", "invoices")
FILES = {
    "clients": ("clients_1.csv", "clients_2.csv"),
    "jobs": ("jobs.csv",),
    "estimates": ("estimates.csv", "estimate_items.csv"),
    "invoices": ("invoices.csv", "payments.csv"),
}


def floor(exports: Path, database: Path, objects: tuple[str, ...]) -> int:
    """DuckDB alone: every file as text into a table of its own; return the rows."""
    rows = 0
    with duckdb.connect(str(database)) as con:
        con.execute("SET enable_progress_bar = false")
        for number, name in enumerate(n for o in objects for n in FILES[o]):
            con.execute(
                f"CREATE TABLE t{number} AS SELECT * FROM read_csv(?, header=true, "
                "all_varchar=true, delim=',', quote='\"', escape='\"', null_padding=true, "
                "strict_mode=false, parallel=false)",
                [str(_utf8(exports, name, database.parent))],
            )
            rows += con.execute(f"SELECT count(*) FROM t{number}").fetchall()[0][0]
    return rows


def _utf8(exports: Path, name: str, folder: Path) -> Path:
    """The file itself, or its copy in UTF-8 where it is Windows-1252."""
    copy = folder / f"utf8-{name}"
    return copy if copy.exists() else exports / name


def make_utf8(exports: Path, folder: Path) -> None:
    """Copy the Windows-1252 export as UTF-8, line by line."""
    with (
        (exports / "estimates.csv").open(encoding="cp1252", newline="") as source,
        (folder / "utf8-estimates.csv").open("w", encoding="utf-8", newline="") as target,
    ):
        target.writelines(source)


def ours(exports: Path, database: Path, objects: tuple[str, ...]) -> int:
    """Our reader: recognised, counted twice, with file and line, into `raw`; return the rows."""
    warehouse, rows = Warehouse(database, exports=exports), 0
    for key in objects:
        with warehouse.connect() as con:
            found = ingest_object(con, exports, key)
            if found.refused:
                raise SystemExit(f"refused: {found.refused}")
            rows += sum(found.rows.values())
    return rows


def show(name: str, found: Measured) -> None:
    """One line of the table."""
    rate = found.result / found.seconds
    print(
        f"{name:<16}{found.result:>12,} rows{found.seconds:>9.1f} s{found.cpu:>9.1f} s cpu"
        f"{rate:>12,.0f} rows/s{found.peak_mb:>8.0f} MB"
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, default=100_000)
    options.add_argument("--exports", type=Path, help="a folder made before, for --clients")
    options.add_argument("--objects", nargs="*", default=list(OBJECTS), choices=OBJECTS)
    chosen = options.parse_args()
    objects = tuple(chosen.objects)
    with tempfile.TemporaryDirectory() as name:
        exports = chosen.exports or Path(name) / "exports"
        if chosen.exports is None:
            made = measured(generate_quietly, exports, chosen.clients)
            show("generator", made)
        make_utf8(exports, Path(name))
        alone = measured(floor, exports, Path(name) / "floor.duckdb", objects)
        show("DuckDB alone", alone)
        found = measured(ours, exports, Path(name) / "ours.duckdb", objects)
        show("our reader", found)
        print(f"our reader takes {found.cpu / alone.cpu:.1f} times the floor's processor time")
        if found.result < alone.result * 0.99:
            sys.exit("our reader read fewer rows than the floor")


def generate_quietly(exports: Path, clients: int) -> int:
    """Make the exports; return their rows."""
    command = module_command("examples", str(exports), "--clients", str(clients))
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sum(int(line.rpartition(":")[2]) for line in said.splitlines())


if __name__ == "__main__":
    main()
