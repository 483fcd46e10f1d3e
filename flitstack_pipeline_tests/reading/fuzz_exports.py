"""Damages example exports and reads and cleans what is left: nothing crashes, every row is told.

    python -m flitstack_pipeline_tests.reading.fuzz_exports \\
        [--folders 2000] [--rewritten 200] [--seed 1]

Then writes undamaged exports in other ways that say the same: what comes out must be the same.
Prints what became of the files, and every folder that broke a promise with the seed to make it
again; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.objects import BY_KEY, SCHEMA_DATASETS, object_of_dataset
from flitstack_pipeline.cleaning.build import CleanContext, clean_object, clean_schema
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.reading.survey import survey
from flitstack_pipeline.warehouse import SCHEMAS
from flitstack_pipeline_tests.reading.damage import damaged_folder
from flitstack_pipeline_tests.reading.rewriting import (
    plain_folder,
    rewritten_folder,
    tables,
)


def broken_promises(folder: Path, figures: Counter[str]) -> list[str]:
    """Read and clean a folder of exports; every promise it breaks, in words."""
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_schema(con, folder)
        clean_schema(con, CleanContext(exports=folder))
        broken = _unaccounted(con, "schema", SCHEMA_DATASETS, figures)
        for key in _objects(folder):
            ingest_object(con, folder, key)
            clean_object(con, key, CleanContext(exports=folder))
            broken += _unaccounted(con, key, BY_KEY[key].datasets, figures)
        broken += _silent_files(con, folder)
        for name, count in con.execute(
            "SELECT CASE WHEN refused IS NOT NULL THEN 'files refused' WHEN dataset IS NULL THEN "
            "'files nobody knows' ELSE 'files read' END, count(*) FROM raw.files GROUP BY ALL"
        ).fetchall():
            figures[name] += count
    return broken


def _objects(folder: Path) -> list[str]:
    found = {object_of_dataset(read.dataset) for read in survey(folder) if read.dataset}
    return [key for key in BY_KEY if key in found]


def _unaccounted(
    con: duckdb.DuckDBPyConnection, key: str, datasets: Iterable[str], figures: Counter[str]
) -> list[str]:
    accounting = check_accounting(con, key)
    refused = {r for (r,) in con.execute("SELECT refused FROM raw.files").fetchall()}
    broken = [p for p in accounting.problems if p not in refused]
    for line in accounting.lines:
        for part in ("rows_read", "loaded", "merged", "superseded", "quarantined", "excluded"):
            figures[part.replace("_", " ")] += int(line[part])
    for dataset in datasets:
        broken += [str(f) for f in validate_clean(con, dataset).failures]
    blank = con.execute(
        "SELECT count(*) FROM quarantine.rows WHERE object = ? AND (raw IS NULL OR file IS NULL "
        'OR line IS NULL OR "column" IS NULL OR rule IS NULL OR what_to_do IS NULL)',
        [key],
    ).fetchall()[0][0]
    return [*broken, *([f"{blank} quarantined rows lack their reason"] if blank else [])]


def _silent_files(con: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Files that are not listed, or gave no row and about which nobody is told anything."""
    listed = {file for (file,) in con.execute("SELECT file FROM raw.files").fetchall()}
    missing = [f"{p.name} is not listed" for p in folder.iterdir() if p.name not in listed]
    rows = con.execute(
        "SELECT file FROM raw.files WHERE rows_read = 0 AND refused IS NULL "
        "AND file NOT IN (SELECT file FROM questions.asked) "
        "AND json_array_length(warnings) = 0 AND header_row IS NULL"
    ).fetchall()
    return [*missing, *(f"{file} vanished without a word" for (file,) in rows)]


def run(folders: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Damage, read and clean so many folders; figures, and the promises broken."""
    figures: Counter[str] = Counter()
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        generate(source, clients=8, seed=seed)
        for number in range(folders):
            target = Path(name) / str(number)
            target.mkdir()
            done = damaged_folder(source, target, random.Random(f"{seed}/{number}"))
            try:
                found = broken_promises(target, figures)
            except Exception:
                found = [traceback.format_exc(limit=-4)]
            figures["folders"] += 1
            broken += [f"folder {number} ({'; '.join(done)}): {text}" for text in found]
    return figures, broken


#: Exports that are cleaned together; each folder of rewritten exports holds one such group.
GROUPS = (
    ("team_members.csv", "clients_1.csv", "clients_2.csv"),
    ("leads.csv", "custom_fields.csv"),
    ("jobs.csv",),
    ("estimates.csv", "estimate_items.csv"),
    ("invoices.csv", "payments.csv"),
    ("work_orders.csv", "items.csv"),
    ("notes.csv", "attachments.csv"),
)


def run_rewritten(folders: int, seed: int) -> tuple[int, list[str]]:
    """Write so many folders in other ways, clean each; files written, what came out otherwise."""
    written, broken = 0, []
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        generate(source, clients=12, seed=seed)
        whole = tables(source)
        expected: dict[tuple[str, ...], dict[str, list[str]]] = {}
        for number in range(folders):
            group = GROUPS[number % len(GROUPS)]
            ours = {file: whole[file] for file in group}
            if group not in expected:
                plain = Path(name) / group[0]
                plain.mkdir()
                plain_folder(ours, plain)
                expected[group] = cleaned(plain)
            target = Path(name) / str(number)
            target.mkdir()
            done = rewritten_folder(ours, target, random.Random(f"{seed}/{number}"))
            written += len(group)
            broken += [
                f"rewritten folder {number} ({'; '.join(done)}): {text}"
                for text in _differences(expected[group], cleaned(target))
            ]
    return written, broken


def cleaned(folder: Path) -> dict[str, list[str]]:
    """The rows of every clean table that a folder of exports gives, without where they stood."""
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        context = CleanContext(exports=folder)
        ingest_schema(con, folder)
        clean_schema(con, context)
        found = dict.fromkeys(SCHEMA_DATASETS)
        for key in _objects(folder):
            ingest_object(con, folder, key)
            clean_object(con, key, context)
            found |= dict.fromkeys(BY_KEY[key].datasets)
        return {
            dataset: sorted(
                repr([dict(sorted(v.items())) if isinstance(v, dict) else v for v in row])
                for row in con.execute(
                    f'SELECT * EXCLUDE (raw_id) FROM clean."{dataset}"'
                ).fetchall()
            )
            for dataset in found
        }


def _differences(expected: dict[str, list[str]], found: dict[str, list[str]]) -> Iterator[str]:
    for dataset in expected.keys() | found.keys():
        ours, theirs = set(expected.get(dataset, [])), set(found.get(dataset, []))
        if ours != theirs or len(expected.get(dataset, [])) != len(found.get(dataset, [])):
            missing, new = sorted(ours - theirs), sorted(theirs - ours)
            yield f"{dataset} lacks {missing[:1]} and has {new[:1]} ({len(missing)}/{len(new)})"


def main() -> None:
    """Print the figures; exit 1 when a promise was broken."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--folders", type=int, default=2000)
    options.add_argument("--rewritten", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    start = time.monotonic()
    figures, broken = run(chosen.folders, chosen.seed)
    figures["files rewritten"], otherwise = run_rewritten(chosen.rewritten, chosen.seed)
    broken += otherwise
    for name, count in figures.items():
        print(f"{name:<20}{count:>10,}")
    print(f"{'promises broken':<20}{len(broken):>10,}   in {time.monotonic() - start:.0f} s")
    for text in broken[:20]:
        print(text)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
