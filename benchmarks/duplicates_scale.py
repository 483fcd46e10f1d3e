"""Time and memory of finding duplicates at several sizes, each in a process of its own.

    .venv/bin/python benchmarks/duplicates_scale.py [--clients 10000 100000 1000000]

The clients are those of `duplicates.py`. They are written to a DuckDB file; a fresh process with
DuckDB limited to `--memory` then relates them. Prints the seconds on the clock and of the
processors, the processor seconds DuckDB alone needs to sort the same table by name and by e-mail
(which any comparison needs at least), the ratio, the process's peak memory, the candidate pairs
per client (bounded blocks: about the same at every size), and the precision of the automatic
merges counted by pairs.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd
from duplicate_people import World
from duplicates import warehouse

from flitstack_pipeline.cleaning.relationships import relate


def main() -> None:
    """Print one line per size."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--memory", default="2GB")
    options.add_argument("--relate", help="internal: relate this file and print the figures")
    chosen = options.parse_args()
    if chosen.relate:
        print(json.dumps(measure(Path(chosen.relate), chosen.memory)))
        return
    print(f"{'clients':>10}{'seconds':>9}{'cpu':>8}{'floor':>8}{'ratio':>7}{'peak MB':>9}"
          f"{'pairs/client':>14}{'merged':>9}{'precision':>11}")  # fmt: skip
    for size in chosen.clients:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "clients.duckdb"
            write(size, chosen.seed, file)
            command = [sys.executable, __file__, "--relate", str(file), "--memory", chosen.memory]
            found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        precision = 1 - found["wrong"] / max(1, found["merged"])
        print(f"{size:>10,}{found['seconds']:>9.1f}{found['cpu']:>8.1f}{found['floor']:>8.2f}"
              f"{found['cpu'] / found['floor']:>6.0f}x{found['peak_mb']:>9,}"
              f"{found['candidates'] / size:>14.2f}{found['merged']:>9,}"
              f"{precision:>11.4%}")  # fmt: skip


def write(size: int, seed: int, file: Path) -> None:
    """The clients, and whose they are, as a DuckDB file."""
    rows = World(random.Random(seed)).rows(size)
    con = warehouse(rows, str(file))
    truth = pd.DataFrame({
        "key": [f"main/clients/{i}" for i in range(len(rows))], "truth": [r.truth for r in rows]
    })  # fmt: skip
    con.register("made", truth)
    con.execute("CREATE TABLE truth AS SELECT * FROM made")
    con.close()


def measure(file: Path, memory: str) -> dict[str, float]:
    """Relate the clients of a file; seconds, peak memory, pairs."""
    con = duckdb.connect(str(file), config={"memory_limit": memory})
    started = time.process_time()
    for column in ("name", "email"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE floor AS SELECT * FROM clean.clients ORDER BY {column}"
        )
    floor = time.process_time() - started
    con.execute("DROP TABLE floor")
    started, cpu_before = time.perf_counter(), time.process_time()
    relate(con, file.parent)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_before
    merged, wrong = con.execute(
        """
        SELECT count(*), count(*) FILTER (l.truth <> r.truth)
        FROM clean.duplicate_pairs p JOIN truth l ON l.key = p.left_key
        JOIN truth r ON r.key = p.right_key WHERE p.decision = 'merge'
        """
    ).fetchall()[0]
    candidates = con.execute("SELECT count(*) FROM candidates").fetchall()[0][0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "cpu": cpu, "floor": floor, "peak_mb": peak, "merged": merged,
            "wrong": wrong, "candidates": candidates}  # fmt: skip


if __name__ == "__main__":
    main()
