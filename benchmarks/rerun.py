"""What a second run costs: processor seconds by step, from nothing and after small changes.

    .venv/bin/python benchmarks/rerun.py [CLIENTS] [--keep]

CLIENTS: that many generated clients; none: the bundled exports. --keep: append the figures to
benchmarks/history.csv.

Five runs of everything before the account: from nothing; nothing changed; one cell of the jobs
changed; one entry of the map changed; one new file with one client. Each is a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measured import Measured, measured
from reading import generate_quietly

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.settings import Project

HISTORY = Path(__file__).parent / "history.csv"
BUNDLED = Path(__file__).parents[1] / "data" / "exports"
COLUMNS = ("at", "commit", "machine", "benchmark", "size", "case", "step", "figure", "value")
STEPS = ("read, clean, relate, audit", "map", "mapping", "ledger", "sample choice")


def run(root: Path) -> dict[str, float]:
    """Everything before the account; processor seconds by step."""
    os.environ |= {"FLITSTACK_DATA": str(root), "FLITSTACK_MEMORY": "off"}
    os.environ.pop("HIGHLEVEL_TOKEN", None)
    project = Project.from_environment().prepare()
    work: tuple[Callable[[], object], ...] = (
        lambda: services.run_audit(project),
        lambda: services.run_map(project, confirm_as="benchmark"),
        lambda: [services.map_object(project, key) for key in KEYS],
        lambda: services.account_cells(project),
        lambda: services.choose(project),
    )
    took = {}
    for name, do in zip(STEPS, work, strict=True):
        began = time.process_time()
        do()
        took[name] = time.process_time() - began
    return took


def change_cell(root: Path) -> None:
    """Another digit in the last row of the jobs."""
    place = next((root / "exports").glob("jobs*.csv"))
    text = bytearray(place.read_bytes())
    at = next(i for i in range(len(text) - 1, 0, -1) if chr(text[i]) in "12345678")
    text[at] += 1
    place.write_bytes(text)


def change_map(root: Path) -> None:
    """The first entry that fills a field of our own is excluded."""
    place = root / "map.yaml"
    text = place.read_text(encoding="utf-8")
    before, _, rest = text.partition("source: custom:")
    place.write_text(
        f"{before}source: custom:{rest.replace('status: confirmed', 'status: excluded', 1)}",
        encoding="utf-8",
    )


def add_file(root: Path) -> None:
    """A later export of one client, with the columns of the earlier ones."""
    first = next((root / "exports").glob("clients*.csv"))
    with first.open(encoding="utf-8-sig", newline="") as source:
        rows = csv.reader(source)
        header, row = next(rows), next(rows)
    with (root / "exports" / "clients_later.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, row])


CASES: dict[str, Callable[[Path], None]] = {
    "from nothing": lambda root: None,
    "nothing changed": lambda root: None,
    "one cell changed": change_cell,
    "one map entry changed": change_map,
    "one new file": add_file,
}


def main() -> None:
    """Measure every case, print the table, keep it where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clients", type=int, nargs="?", help="generated clients; none: bundled")
    parser.add_argument("--keep", action="store_true", help="append to benchmarks/history.csv")
    asked = parser.parse_args()
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        if asked.clients:
            generate_quietly(root / "exports", asked.clients)
        else:
            shutil.copytree(BUNDLED, root / "exports")
        for case, prepare in CASES.items():
            prepare(root)
            found[case] = measured(run, root)
    print(f"{'processor seconds':28}" + "".join(f"{case:>23}" for case in found))
    for step in STEPS:
        print(f"{step:28}" + "".join(f"{m.result[step]:>23.2f}" for m in found.values()))
    print(f"{'in all, with start-up':28}" + "".join(f"{m.cpu:>23.2f}" for m in found.values()))
    print(f"{'peak, MB':28}" + "".join(f"{m.peak_mb:>23.0f}" for m in found.values()))
    if asked.keep:
        keep(f"{asked.clients or 'bundled'}", found)


def keep(size: str, found: dict[str, Measured]) -> None:
    """Append the figures to the history, with machine and commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=True, cwd=HISTORY.parent,
    ).stdout.strip()  # fmt: skip
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    is_new = not HISTORY.exists()
    with HISTORY.open("a", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        if is_new:
            writer.writerow(COLUMNS)
        for case, m in found.items():
            figures = {**m.result, "in all": m.cpu}
            for step, value in figures.items():
                writer.writerow([at, commit, machine, "rerun", size, case, step,
                                 "processor seconds", round(value, 2)])  # fmt: skip


if __name__ == "__main__":
    main()
