"""Object types of the source: the partition keys, their parents, and the waves derived from them.

Belongs here: names, parents, datasets. Does not: columns (`source`), clean types (`clean`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flitstack_pipeline.catalog.declared import BY_KEY, OBJECT_TYPES
from flitstack_pipeline.catalog.not_moved import NOT_MOVED
from flitstack_pipeline.catalog.source import BY_KEY as EXPORTS

__all__ = ["BY_KEY", "OBJECT_TYPES"]

KEYS: tuple[str, ...] = tuple(BY_KEY)

#: Kinds of export that describe the schema rather than records (the `destination` group).
SCHEMA_DATASETS: tuple[str, ...] = ("custom_fields", "items")

#: Kinds of export that are understood and counted, and declared as not migrated.
REPORT_ONLY_DATASETS: tuple[str, ...] = tuple(n.key for n in NOT_MOVED if n.key in EXPORTS)

#: The first waves and the last; what lies between is `documents`, `documents_2`, ….
_FIRST_WAVES, _LAST_WAVE = ("people", "deals", "documents"), "history"


@dataclass(frozen=True)
class Wave:
    """Object types that may load together, because all their parents loaded before."""

    rank: int
    name: str
    objects: tuple[str, ...]


def object_of_dataset(dataset: str) -> str | None:
    """The object type a kind of export file feeds, or None for schema and report-only files."""
    return next((o.key for o in OBJECT_TYPES if dataset in o.datasets), None)


@cache
def tier(key: str) -> int:
    """How many generations of parents stand before an object type (users: 0)."""
    return 1 + max((tier(parent) for parent in BY_KEY[key].parents), default=-1)


@cache
def waves() -> tuple[Wave, ...]:
    """The load waves, derived from the parents: people, deals, documents, history.

    Users load nothing (they are matched), so they share the first wave with the people
    whose owners they are.
    """
    ranks = sorted({max(tier(k), 1) for k in KEYS})
    return tuple(
        Wave(i, _wave_name(i, len(ranks)), tuple(k for k in KEYS if max(tier(k), 1) == rank))
        for i, rank in enumerate(ranks)
    )


def _wave_name(rank: int, waves: int) -> str:
    if rank == waves - 1:
        return _LAST_WAVE
    names = (*_FIRST_WAVES, *(f"{_FIRST_WAVES[-1]}_{n}" for n in range(2, waves)))
    return names[rank]


def wave_of(key: str) -> Wave:
    """The wave an object type loads in."""
    return next(w for w in waves() if key in w.objects)


def ancestors(key: str) -> tuple[str, ...]:
    """All object types that must be loaded before this one, in load order."""
    found = {p for p in BY_KEY[key].parents}
    for parent in BY_KEY[key].parents:
        found |= set(ancestors(parent))
    return tuple(k for k in KEYS if k in found)
