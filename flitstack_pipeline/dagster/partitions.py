"""The partitions of the Dagster shell: object types, and the object types of each wave.

Both are derived from `catalog.objects`; nothing is listed twice.
"""

from __future__ import annotations

import dagster as dg

from flitstack_pipeline.catalog.objects import KEYS, Wave, waves

OBJECT_PARTITIONS = dg.StaticPartitionsDefinition(list(KEYS))

WAVE_PARTITIONS: dict[str, dg.StaticPartitionsDefinition] = {
    wave.name: dg.StaticPartitionsDefinition(list(wave.objects)) for wave in waves()
}


def mapped_to_wave(wave: Wave) -> dg.StaticPartitionMapping:
    """Each partition of a wave reads the mapped partition of the same name, and no other."""
    return dg.StaticPartitionMapping({key: key for key in wave.objects})


def partitions_of(objects: tuple[str, ...]) -> dg.StaticPartitionsDefinition | None:
    """The partitions of an asset over these object types; None for an unpartitioned asset."""
    if not objects:
        return None
    if objects == KEYS:
        return OBJECT_PARTITIONS
    return next(WAVE_PARTITIONS[w.name] for w in waves() if w.objects == objects)
