"""The partitions of the Dagster shell: migrations, and the object types of each.

Belongs here: which partitions an asset has, how those of two assets belong together, and keys of
partitions. Does not: which migrations there are (`migrations`), object types (`catalog.objects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import dagster as dg

from flitstack_pipeline.migrations import served

MIGRATION, OBJECT = "migration", "object"
MIGRATIONS = dg.DynamicPartitionsDefinition(name=MIGRATION)
_SAME = dg.DimensionPartitionMapping(MIGRATION, dg.IdentityPartitionMapping())


@cache
def partitions_of(objects: tuple[str, ...]) -> dg.PartitionsDefinition:
    """The partitions of an asset: migrations; with object types, each of each migration."""
    if not objects:
        return MIGRATIONS
    of_each = dg.StaticPartitionsDefinition(list(objects))
    return dg.MultiPartitionsDefinition({MIGRATION: MIGRATIONS, OBJECT: of_each})


def mapping(
    above: tuple[str, ...], below: tuple[str, ...], *, of_all: bool = False
) -> dg.PartitionMapping:
    """What a partition of an asset needs of one it depends on: never another migration's.

    Args:
        above: Object types of the asset depended on.
        below: Object types of the asset that depends on it.
        of_all: A partition needs every object type of `above`, not only its own.
    """
    if bool(above) != bool(below):
        return dg.MultiToSingleDimensionPartitionMapping(MIGRATION)
    if above == below and not of_all:
        return dg.IdentityPartitionMapping()
    shared = {key: key for key in below if key in above}
    inner = (
        dg.StaticPartitionMapping(shared)
        if len(shared) == len(below) and not of_all
        else dg.AllPartitionMapping()
    )
    return dg.MultiPartitionMapping(
        {MIGRATION: _SAME, OBJECT: dg.DimensionPartitionMapping(OBJECT, inner)}
    )


def partition_of(migration: str, key: str = "") -> str:
    """The key of a partition: `acme`; of an object type `acme|jobs`."""
    return dg.MultiPartitionKey({MIGRATION: migration, OBJECT: key}) if key else migration


def migration_in(partition: str) -> str:
    """Whose partition it is: `acme` of `acme|jobs`."""
    return partition.partition("|")[0]


def object_in(partition: str) -> str:
    """The object type of a partition: `jobs` of `acme|jobs`; empty for a whole migration."""
    return partition.partition("|")[2]


def add_migrations(instance: dg.DagsterInstance, names: Iterable[str] | None = None) -> None:
    """Make a partition for each migration there is (or for `names`), where Dagster has none."""
    wanted = served() if names is None else names
    if missing := sorted(set(wanted) - set(instance.get_dynamic_partitions(MIGRATION))):
        instance.add_dynamic_partitions(MIGRATION, missing)
