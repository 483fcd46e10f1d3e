"""Chooses the sample: the smallest closed set of records that exercises everything once.

A feature is anything a mapping mistake could hide in (features.py): a field, a choice, a transform,
a kind of link, an extreme. One pass over the mapped rows keeps a few candidates per feature, so
memory stays flat however many rows there are; a greedy cover picks among them by what each brings
against what it costs, parents included; a seeded random share keeps it honest.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.features import Features, Row
from flitstack_pipeline.warehouse import table_exists

MINIMUM, MAXIMUM = 100, 500
RANDOM_SHARE = 0.1
SEED = 7
_MAIN = frozenset({"contact", "opportunity", "record"})
#: What hangs between or on records, and is none for the minimum of a sample; files neither.
_NO_RECORDS = frozenset({"relation", "company_link", "conversation", "media"})


@dataclass
class SampleChoice:
    """The chosen record keys and what they cover."""

    record_keys: set[str]
    features_total: int
    features_covered: int
    by_object: dict[str, int] = field(default_factory=dict)
    uncovered: list[str] = field(default_factory=list)
    random: int = 0
    seed: int = SEED

    @property
    def coverage(self) -> float:
        """Share of all features exercised, 0-1."""
        return self.features_covered / self.features_total if self.features_total else 1.0

    def as_dict(self) -> dict[str, Any]:
        """For storing and showing; record keys are in `mapped.sample`."""
        return {
            "records": len(self.record_keys), "features": self.features_total,
            "covered": self.features_covered, "coverage": self.coverage,
            "uncovered": self.uncovered[:200], "random": self.random, "seed": self.seed,
            "by_object": self.by_object,
        }  # fmt: skip


def choose_sample(
    con: duckdb.DuckDBPyConnection,
    transforms: dict[tuple[str, str], str] | None = None,
    *,
    seed: int = SEED,
    most: int = MAXIMUM,
) -> SampleChoice:
    """Choose the sample from the mapped tables and store it in `mapped.sample`.

    `transforms` names the transform behind (target, field), so that each is exercised. The table
    has one row per record: `record_key`, `object`. The same mapped rows and seed give the same
    sample.
    """
    features = Features(transforms or {})
    main, others = _Lottery(seed, most), _Lottery(seed, most)
    for _, row in mapped_rows(con):
        features.learn(row)
        if _is_record(row):
            (main if row.kind in _MAIN else others).offer(row.record_key)
    wanted = features.wanted()
    pool = _Pool(con, features, wanted)
    chosen = _pruned(pool, *_greedy_cover(pool, wanted, most))
    by_lot = _lots(con, [*main.drawn(), *others.drawn()], chosen, most)
    covered = wanted & pool.features_in(chosen | by_lot)
    by_object = _store(con, chosen | by_lot)
    return SampleChoice(
        chosen | by_lot, len(wanted), len(covered), by_object, sorted(wanted - covered),
        len(by_lot), seed,
    )  # fmt: skip


def sample_keys(con: duckdb.DuckDBPyConnection, object_key: str) -> set[str]:
    """Record keys of the stored sample of one object type; empty when none was chosen."""
    if not table_exists(con, "mapped.sample"):
        return set()
    rows = con.execute("SELECT record_key FROM mapped.sample WHERE object = ?", [object_key])
    return {key for (key,) in rows.fetchall()}


def mapped_rows(
    con: duckdb.DuckDBPyConnection, keys: Iterable[str] | None = None
) -> Iterator[tuple[str, Row]]:
    """(object, row) of every mapped row, or of the named records."""
    wanted = None if keys is None else sorted(keys)
    for object_key in KEYS:
        if not table_exists(con, f"mapped.{object_key}"):
            continue
        sql = f'SELECT record_key, kind, target, payload, parents FROM mapped."{object_key}"'  # noqa: S608
        if wanted is None:
            cursor = con.execute(sql)
        else:
            cursor = con.execute(f"{sql} WHERE record_key IN (SELECT unnest(?))", [wanted])
        while rows := cursor.fetchmany(5_000):
            yield from ((object_key, Row.of(*values)) for values in rows)


class _Lottery:
    """The records a random draw with this seed would take first."""

    def __init__(self, seed: int, most: int) -> None:
        self._seed, self._most = seed, most
        self._heap: list[tuple[int, str]] = []

    def offer(self, key: str) -> None:
        digest = hashlib.blake2b(f"{self._seed}/{key}".encode(), digest_size=8).digest()
        ticket = (-int.from_bytes(digest, "big"), key)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, ticket)
        else:
            heapq.heappushpop(self._heap, ticket)

    def drawn(self) -> list[str]:
        return [key for _, key in sorted(self._heap, reverse=True)]


class _Pool:
    """Candidates with everything they bring along: parents, files, and all their features."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, features: Features, wanted: frozenset[str]
    ) -> None:
        self._features: dict[str, frozenset[str]] = {}
        self._needs: dict[str, frozenset[str]] = {}
        self.roots = sorted(features.holders())
        frontier = set(self.roots)
        while frontier:
            for _, row in mapped_rows(con, frontier):
                self._features[row.record_key] = frozenset(features.of(row)) & wanted
                self._needs[row.record_key] = frozenset(row.needs)
            reached = {k for key in frontier for k in self._needs.get(key, ())}
            frontier = reached - self._needs.keys()
            self._needs |= dict.fromkeys(frontier, frozenset())
        self.closure = {key: self._closed(key) for key in self.roots}
        self.brings = {key: self.features_in(c) for key, c in self.closure.items()}

    def features_in(self, keys: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self._features.get(k, frozenset()) for k in keys))

    def _closed(self, key: str) -> frozenset[str]:
        closed, frontier = {key}, {key}
        while frontier:
            frontier = {n for k in frontier for n in self._needs.get(k, ())} - closed
            closed |= frontier
        return frozenset(closed & self._features.keys())


def _greedy_cover(pool: _Pool, wanted: frozenset[str], most: int) -> tuple[list[str], set[str]]:
    """(chosen roots, all records they make) covering what can be covered within `most`."""
    missing, chosen, roots = set(wanted), set[str](), list[str]()
    left = [key for key in pool.roots if pool.brings[key]]
    while missing and left:
        scored = [
            (len(gain) / max(1, len(pool.closure[key] - chosen)), len(gain), key)
            for key in left
            if (gain := pool.brings[key] & missing) and len(chosen | pool.closure[key]) <= most
        ]
        if not scored:
            break
        *_, best = max(scored)
        roots.append(best)
        chosen |= pool.closure[best]
        missing -= pool.brings[best]
        left = [key for _, _, key in scored if key != best]
    return roots, chosen


def _pruned(pool: _Pool, roots: list[str], chosen: set[str]) -> set[str]:
    """The records of the roots that are still needed once all were chosen, the first ones first."""
    covered, kept = pool.features_in(chosen), list(roots)
    for root in list(roots):
        rest = [r for r in kept if r != root]
        records = frozenset().union(*(pool.closure[r] for r in rest))
        if pool.features_in(records) >= covered:
            kept = rest
    return set().union(*(pool.closure[r] for r in kept))


def _is_record(row: Row) -> bool:
    """Whether a row counts as a record of the sample."""
    return row.kind not in _NO_RECORDS and not row.kind.endswith("_file")


def _lots(
    con: duckdb.DuckDBPyConnection, drawn: list[str], chosen: set[str], most: int
) -> set[str]:
    """A random share, and enough records to reach the minimum, with what they need."""
    there = sum(_is_record(row) for _, row in mapped_rows(con, chosen))
    share = max(MINIMUM - there, math.ceil(len(chosen) * RANDOM_SHARE))
    left = [key for key in drawn if key not in chosen]
    added: set[str] = set()
    records = 0
    for start in range(0, len(left), share):
        needs, is_record = _needs_of(con, left[start : start + share])
        for more in needs.values():
            new = more - chosen - added
            if records >= share:
                return added
            if len(chosen) + len(added) + len(new) <= most:
                added |= new
                records += len(new & is_record)
    return added


def _needs_of(
    con: duckdb.DuckDBPyConnection, keys: list[str]
) -> tuple[dict[str, set[str]], set[str]]:
    """(each key with everything it needs of what is mapped, those of them that are records)."""
    direct: dict[str, set[str]] = {}
    is_record: set[str] = set()
    looked, frontier = set[str](), set(keys)
    while frontier:
        looked |= frontier
        needed: set[str] = set()
        for _, row in mapped_rows(con, frontier):
            direct[row.record_key] = set(row.needs)
            needed |= direct[row.record_key]
            if _is_record(row):
                is_record.add(row.record_key)
        frontier = needed - looked
    closed = {}
    for key in keys:
        reached, edge = {key}, {key}
        while edge:
            edge = {n for k in edge for n in direct.get(k, ())} - reached
            reached |= edge
        closed[key] = reached & direct.keys()
    return closed, is_record


def _store(con: duckdb.DuckDBPyConnection, chosen: set[str]) -> dict[str, int]:
    con.execute("CREATE OR REPLACE TABLE mapped.sample (record_key VARCHAR, object VARCHAR)")
    by_object: dict[str, int] = {}
    rows = []
    for object_key, row in mapped_rows(con, chosen):
        by_object[object_key] = by_object.get(object_key, 0) + 1
        rows.append([row.record_key, object_key])
    if rows:
        con.executemany("INSERT INTO mapped.sample VALUES (?, ?)", rows)
    return by_object
