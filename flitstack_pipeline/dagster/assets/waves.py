"""The loads: chains of waves in foreign-key order, for sample, cutover and delta, by one factory.

Dagster orders nothing inside one partitioned asset, so each load is a chain of waves, one asset
per tier of the foreign keys (docs/dagster.md#order).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import BY_KEY, Wave, waves
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.step import Step, step_asset

STAGES = {"sample": "sample_load", "cutover": "full_load", "delta": "delta_load"}
WHAT = {
    "sample": "Loads the sample of {labels} for real",
    "cutover": "Loads all {labels}, behind the gate",
    "delta": "Loads what changed in {labels} since the cutover",
}


def wave_key(stage: str, wave: Wave) -> dg.AssetKey:
    """`full_load/people`, `sample_load/deals`, …"""
    return dg.AssetKey([STAGES[stage], wave.name])


def wave_step(stage: str, wave: Wave) -> Step:
    """The load of one wave as a step; its guard is the gate and the order of the parents."""
    labels = ", ".join(BY_KEY[k].label.lower() for k in wave.objects)
    becomes = "\n".join(f"- {BY_KEY[k].label} → {BY_KEY[k].becomes}" for k in wave.objects)
    return Step(
        key=wave_key(stage, wave),
        stage=stage,
        kinds=frozenset({"api", "json"}),
        description=f"{WHAT[stage].format(labels=labels)}, wave {wave.rank + 1} of "
        f"{len(waves())}.\n\n{becomes}\n\nBefore the first request it asks the gate and the "
        "order of the parents; refused, it says what is missing and what to press.",
        run=lambda project, key, log: services.load_object(
            project, stage, key, log=log, watch=log.watch
        ),
        source=services.load_object,
        needs=lambda project, key: services.load_refusals(project, stage, key),
        objects=wave.objects,
        guarded=True,
        writes=True,
    )


def stage_steps(stage: str) -> list[Step]:
    """All waves of one stage, first to last."""
    return [wave_step(stage, wave) for wave in waves()]


def stage_assets(steps: Sequence[Step], after: Sequence[Step]) -> list[dg.AssetsDefinition]:
    """The waves of one stage as assets, one after the other, the first after all of `after`."""
    before = [after, *([step] for step in steps)]
    return [step_asset(step, [MAPPED, *first]) for step, first in zip(steps, before, strict=False)]
