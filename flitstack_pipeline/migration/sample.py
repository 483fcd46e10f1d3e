"""Chooses the sample: the smallest closed set of records that exercises everything once.

A feature is anything a mapping mistake could hide in: a kind of record, a field of a target, a
value of a picklist, a link kind, an extreme (longest, biggest, non-ASCII). One pass over the
mapped rows keeps a few candidates per feature, so memory stays flat however many rows there are;
a greedy cover picks among them, parents come along, and a random share keeps it honest.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flitstack_pipeline.spec.objects import KEYS
from flitstack_pipeline.warehouse import table_exists

MINIMUM, MAXIMUM = 100, 500
PICKLIST_LIMIT = 30
CANDIDATES_PER_FEATURE = 3
RANDOM_SHARE = 0.2


@dataclass(frozen=True)
class Candidate:
    """A record that could stand in the sample, and what it would exercise."""

    record_key: str
    object_key: str
    features: frozenset[str]


@dataclass
class SampleChoice:
    """The chosen record keys and what they cover."""

    record_keys: set[str]
    features_total: int
    features_covered: int
    by_object: dict[str, int] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Share of all features exercised, 0-1."""
        return self.features_covered / self.features_total if self.features_total else 1.0


def choose_sample(con: duckdb.DuckDBPyConnection) -> SampleChoice:
    """Choose the sample from the mapped tables and store it in `mapped.sample`.

    The table has one row per record: `record_key`, `object`. The choice is deterministic for the
    same mapped rows.
    """
    collector = _Collector()
    for object_key, row in _mapped_rows(con):
        collector.add(object_key, row)
    candidates = collector.candidates()
    wanted = set().union(*(c.features for c in candidates)) if candidates else set()
    chosen = _closed(con, _greedy_cover(candidates, wanted))
    chosen = _topped_up(con, chosen)
    by_object = _store(con, chosen)
    covered = wanted & set().union(*(c.features for c in candidates if c.record_key in chosen))
    return SampleChoice(chosen, len(wanted), len(covered), by_object)


def features_of(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(field name, value) pairs of a mapped row, `fields` and `custom` alike."""
    payload = row["payload"]
    for part in ("fields", "custom"):
        yield from payload.get(part, {}).items()
    if payload.get("owner"):
        yield "owner", "set"


class _Collector:
    """One pass over mapped rows: candidates per feature, picklist values, extremes."""

    def __init__(self) -> None:
        self.by_feature: dict[str, list[str]] = defaultdict(list)
        self.values: dict[str, dict[Any, list[str]] | None] = {}
        self.longest: dict[str, tuple[int, str]] = {}
        self.object_of: dict[str, str] = {}

    def add(self, object_key: str, row: dict[str, Any]) -> None:
        if row["kind"] == "opportunity_file":
            return  # a job's file is nothing without its opportunity, which brings it along
        key, target = row["record_key"], f"{row['kind']}:{row['target']}"
        if row["payload"].get("files"):
            self._offer(f"{target} with files", key, object_key)
        self._offer(target, key, object_key)
        size = len(json.dumps(row["payload"]))
        if size > self.longest.get(target, (0, ""))[0]:
            self.longest[target] = (size, key)
            self.object_of[key] = object_key
        for name, value in features_of(row):
            feature = f"{target}.{name}"
            self._offer(feature, key, object_key)
            self._value(feature, value, key, object_key)
            if isinstance(value, str) and not value.isascii():
                self._offer(f"{feature} (non-ASCII)", key, object_key)

    def _offer(self, feature: str, key: str, object_key: str) -> None:
        holders = self.by_feature[feature]
        if len(holders) < CANDIDATES_PER_FEATURE:
            holders.append(key)
            self.object_of[key] = object_key

    def _value(self, feature: str, value: Any, key: str, object_key: str) -> None:
        """Remember distinct values while the field still looks like a picklist."""
        for one in value if isinstance(value, list) else [value]:
            seen = self.values.setdefault(feature, {})
            if seen is None or not isinstance(one, str) or len(one) > 60:
                self.values[feature] = None
                return
            if one not in seen and len(seen) >= PICKLIST_LIMIT:
                self.values[feature] = None
                return
            holders = seen.setdefault(one, [])
            if len(holders) < CANDIDATES_PER_FEATURE:
                holders.append(key)
                self.object_of[key] = object_key

    def candidates(self) -> list[Candidate]:
        features: dict[str, set[str]] = defaultdict(set)
        for feature, keys in self.by_feature.items():
            for key in keys:
                features[key].add(feature)
        for feature, values in self.values.items():
            for value, keys in (values or {}).items():
                for key in keys:
                    features[key].add(f"{feature} = {value}")
        for target, (_, key) in self.longest.items():
            features[key].add(f"{target} (longest)")
        return [
            Candidate(key, self.object_of[key], frozenset(found))
            for key, found in sorted(features.items())
        ]


def _greedy_cover(candidates: list[Candidate], wanted: set[str]) -> set[str]:
    """Fewest candidates (greedily) that cover every wanted feature."""
    missing, chosen, pool = set(wanted), set(), list(candidates)
    while missing and pool:
        best = max(pool, key=lambda c: (len(c.features & missing), c.record_key))
        gained = best.features & missing
        if not gained:
            break
        missing -= gained
        chosen.add(best.record_key)
        pool.remove(best)
        pool = [c for c in pool if c.features & missing]
    return chosen


def _mapped_rows(
    con: duckdb.DuckDBPyConnection, keys: Iterable[str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(object, row) of every mapped row, or of the named records, payloads decoded."""
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
            for record_key, kind, target, payload, parents in rows:
                yield (
                    object_key,
                    {
                        "record_key": record_key,
                        "kind": kind,
                        "target": target,
                        "payload": json.loads(payload),
                        "parents": json.loads(parents or "[]"),
                    },
                )


def _closed(con: duckdb.DuckDBPyConnection, chosen: set[str]) -> set[str]:
    """The chosen records with all their parents and the files written with them."""
    closed, frontier = set(chosen), set(chosen)
    while frontier:
        found: set[str] = set()
        for _, row in _mapped_rows(con, frontier):
            found |= {p["record_key"] for p in row["parents"]}
            found |= set(row["payload"].get("files", []))
        frontier = found - closed
        closed |= frontier
    return closed


def _topped_up(con: duckdb.DuckDBPyConnection, chosen: set[str]) -> set[str]:
    """A random share for honesty, and enough records to reach the minimum."""
    main = [
        row["record_key"]
        for _, row in _mapped_rows(con)
        if row["kind"] in {"contact", "opportunity", "record"} and row["record_key"] not in chosen
    ]
    main.sort(key=lambda key: hashlib.sha256(key.encode()).digest())
    wanted = max(MINIMUM - len(chosen), int(len(chosen) * RANDOM_SHARE))
    room = max(0, MAXIMUM - len(chosen))
    for key in main[: min(wanted, room)]:
        if len(chosen) >= MAXIMUM:
            break
        if key not in chosen:
            chosen = chosen | _closed(con, {key})
    return chosen


def _store(con: duckdb.DuckDBPyConnection, chosen: set[str]) -> dict[str, int]:
    con.execute("CREATE OR REPLACE TABLE mapped.sample (record_key VARCHAR, object VARCHAR)")
    by_object: dict[str, int] = {}
    rows = []
    for object_key, row in _mapped_rows(con, chosen):
        by_object[object_key] = by_object.get(object_key, 0) + 1
        rows.append([row["record_key"], object_key])
    if rows:
        con.executemany("INSERT INTO mapped.sample VALUES (?, ?)", rows)
    return by_object
