"""Precision and recall of merged clients on people whose truth is known, beside two baselines.

    .venv/bin/python benchmarks/duplicates.py [--clients 20000] [--seed 1] [--peer]

Makes households, couples, siblings, fathers and sons, firms, branches, office lines, placeholder
contacts and namesakes of our own invention, enters some of them twice the way people do (typing
errors, nicknames, married names, moves, new phones, missing cells), and relates them for real.
Counts pairs of rows: a pair is right when both rows are one person or firm. The baselines merge
what shares an e-mail or phone, and what shares a name and a postcode; the peer is Splink trained
on these rows by the recipe of its documentation. Also prints the time, the peak memory and the
candidate pairs per client. No public test set is involved.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import duckdb
import pandas as pd
from duplicate_people import Row, World
from splink_by_the_book import trained_pairs

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.cleaning.relationships import relate


def warehouse(rows: list[Row], path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Clean clients of the rows; the number of a row is its source id."""
    con = duckdb.connect(path)
    for schema in ("raw", "clean"):
        con.execute(f"CREATE SCHEMA {schema}")
    for table in BY_DATASET.values():
        con.execute(table.ddl)
    frame = pd.DataFrame(
        [(i, r.name, r.first, r.last, r.firm, r.email, r.phone, r.street, r.city, r.postal)
         for i, r in enumerate(rows)],
        columns=["i", "n", "f", "l", "b", "e", "p", "s", "c", "z"], dtype=object,
    )  # fmt: skip
    con.register("made", frame)
    con.execute(
        """
        INSERT INTO clean.clients BY NAME
        SELECT 'main/clients/' || i AS source_key, 'main' AS workspace, i::VARCHAR AS source_id,
               i::VARCHAR AS raw_id, n AS name, nullif(f, '') AS first_name,
               nullif(l, '') AS last_name, nullif(b, '') AS business_name, b <> '' AS is_business,
               e AS email, p AS phone, s AS address1, c AS city, z AS postal_code FROM made
        """
    )
    con.unregister("made")
    return con


Pairs = set[tuple[int, int]]


def pairs_of(groups: dict[object, list[int]], largest: int = 400) -> Pairs:
    """All pairs within groups; a group larger than `largest` is cut (a placeholder's)."""
    return {p for rows in groups.values() for p in combinations(sorted(rows[:largest]), 2)}


def grouped(keys: list[object | None]) -> dict[object, list[int]]:
    """Row numbers by key; rows without a key are left out."""
    found: dict[object, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        if key is not None:
            found[key].append(i)
    return found


def merged_pairs(con: duckdb.DuckDBPyConnection) -> Pairs:
    """Pairs of rows that became one record, through whichever chain."""
    kept: dict[object, list[int]] = defaultdict(list)
    for one, other in con.execute("SELECT kept_key, merged_key FROM clean.merges").fetchall():
        kept[one].append(int(other.rpartition("/")[2]))
    for one in kept:
        kept[one].append(int(str(one).rpartition("/")[2]))
    return pairs_of(kept)


def review_pairs(con: duckdb.DuckDBPyConnection) -> Pairs:
    """Pairs on the review list."""
    rows = con.execute(
        "SELECT left_key, right_key FROM clean.duplicate_pairs WHERE decision = 'review'"
    ).fetchall()
    return {tuple(sorted(int(k.rpartition("/")[2]) for k in row)) for row in rows}  # type: ignore[misc]


def show(name: str, found: Pairs, truth: Pairs) -> float:
    """One line of the table; returns the precision."""
    right = len(found & truth)
    precision = right / len(found) if found else 1.0
    recall = right / len(truth) if truth else 1.0
    print(f"{name:<34}{len(found):>9,}{len(found) - right:>8,}{precision:>11.4%}{recall:>10.2%}")
    return precision


def explain(con: duckdb.DuckDBPyConnection, rows: list, wrong: Pairs, count: int) -> None:
    """Print pairs with the evidence they were merged (or not) by."""
    for left, right in sorted(wrong)[:count]:
        keys = sorted((f"main/clients/{left}", f"main/clients/{right}"))
        found = con.execute(
            "SELECT score, decision, evidence FROM clean.duplicate_pairs "
            "WHERE left_key = ? AND right_key = ?", keys,
        ).fetchall()  # fmt: skip
        print(f"    {rows[left]}\n    {rows[right]}\n    {found}")


def explain_pairs(
    con: duckdb.DuckDBPyConnection, rows: list, merged: Pairs, review: Pairs, truth: Pairs, n: int
) -> None:
    """Print what pairs were merged by, and mistakes of each kind."""
    why = Counter(e for (e,) in con.execute(
        "SELECT evidence FROM clean.duplicate_pairs WHERE decision = 'merge'"
    ).fetchall())  # fmt: skip
    print("\nmerged by:", *(f"\n  {n:>7,} {e}" for e, n in why.most_common(25)))
    for what, pairs in (
        ("wrongly merged", merged - truth),
        ("listed and right", review & truth - merged),
        ("listed and wrong", review - truth),
        ("missed altogether", truth - merged - review),
    ):
        print(f"\n{what}:")
        explain(con, rows, pairs, n)


def main() -> int:
    """Print the table; 1 when the automatic merges miss the precision they promise."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--peer", action="store_true", help="train Splink on these rows, too")
    options.add_argument(
        "--examples", type=int, default=0, help="show so many mistakes of each kind"
    )
    chosen = options.parse_args()
    rows = World(random.Random(chosen.seed)).rows(chosen.clients)
    con = warehouse(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as nowhere:
        relate(con, Path(nowhere))
    took = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    candidates = con.execute("SELECT count(*) FROM candidates").fetchall()[0][0]
    people = len({r.truth for r in rows})
    print(f"{len(rows):,} clients of {people:,} people and firms: {took:.1f} s, "
          f"memory {before // 1024} MB before and {peak // 1024} MB at its peak, "
          f"{candidates / len(rows):.2f} candidate pairs per client")  # fmt: skip

    truth = pairs_of(grouped([r.truth for r in rows]))
    merged, review = merged_pairs(con), review_pairs(con)
    print(f"\n{'':<34}{'pairs':>9}{'wrong':>8}{'precision':>11}{'recall':>10}")
    precision = show("automatic merges", merged, truth)
    show("review list", review - merged, truth)
    show("merged or listed", merged | review, truth)
    by_email, by_phone = (grouped([getattr(r, k) for r in rows]) for k in ("email", "phone"))
    show("baseline: same e-mail or phone", pairs_of(by_email) | pairs_of(by_phone), truth)
    by_name = [(r.name.lower(), r.postal) if r.postal else None for r in rows]
    show("baseline: same name and postcode", pairs_of(grouped(by_name)), truth)

    if chosen.peer:
        show("peer: Splink trained by itself", trained_pairs(rows, 0.99, chosen.seed), truth)

    if chosen.examples:
        explain_pairs(con, rows, merged, review, truth, chosen.examples)
    return 0 if precision >= 0.999 else 1


if __name__ == "__main__":
    sys.exit(main())
