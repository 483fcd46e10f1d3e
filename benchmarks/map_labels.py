"""The labelled header sets of `benchmarks/map_sets`: reading them, and pairing list with list.

A set is one vendor's field list for one kind of record (`vendor.kind.csv`), written from the
vendor's public import and export field lists. `means` names what a header means, the best reading
first; where another list has no field of the first meaning, the next one counts, unless a column
of the source means that first. So every pair of sets of one kind is a labelled problem.

`tune/` and `dev/` are what the weights and the calibration were made with (`dev` has lists of four
foreign domains, too); `test/`, `unseen/` and `fresh/` hold other vendors, `foreign/` and `abroad/`
other domains, to which none of these was fitted. `map_proposal` says what the vocabulary saw.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

SETS = Path(__file__).parent / "map_sets"


@dataclass(frozen=True)
class HeaderSet:
    """One vendor's headers of one kind, and what each means."""

    vendor: str
    kind: str
    headers: tuple[str, ...]
    means: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Problem:
    """A source list, a target list, and for each source header the right targets (or none)."""

    source: HeaderSet
    target: HeaderSet
    right: tuple[frozenset[int], ...]


def read_set(path: Path) -> HeaderSet:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    vendor, kind = path.stem.split(".")
    return HeaderSet(
        vendor,
        kind,
        tuple(row["header"] for row in rows),
        tuple(tuple(row["means"].split("|")) for row in rows),
    )


def sets(split: str) -> list[HeaderSet]:
    return [read_set(path) for path in sorted((SETS / split).glob("*.csv"))]


def problems(sources: list[HeaderSet], targets: list[HeaderSet]) -> Iterator[Problem]:
    """Every source list with every target list of the same kind and another vendor."""
    for source, target in product(sources, targets):
        if source.kind == target.kind and source.vendor != target.vendor:
            yield Problem(source, target, tuple(right_answers(source, target)))


def right_answers(source: HeaderSet, target: HeaderSet) -> Iterator[frozenset[int]]:
    firsts = {means[0] for means in source.means}
    for means in source.means:
        found: frozenset[int] = frozenset()
        for place, meaning in enumerate(means):
            if place and meaning in firsts:
                continue
            by_first = {j for j, theirs in enumerate(target.means) if theirs[0] == meaning}
            by_any = {
                j
                for j, theirs in enumerate(target.means)
                if meaning in theirs and theirs[0] not in firsts - {means[0]}
            }
            found = frozenset(by_first or by_any)
            if found:
                break
        yield found
