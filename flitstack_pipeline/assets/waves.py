"""Stages `sample`, `cutover` and `delta`: loads in foreign-key order, built by one factory.

Dagster orders nothing inside one partitioned asset, so each load is a chain of waves, one asset
per tier of the foreign keys (reference: dagster.md B).
"""

from typing import Any

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.destination import destination_schema
from flitstack_pipeline.assets.map import mapped
from flitstack_pipeline.assets.metadata import metadata_of
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.partitions import OBJECT_PARTITIONS, WAVE_PARTITIONS, mapped_to_wave
from flitstack_pipeline.resources import MigrationProject
from flitstack_pipeline.spec.objects import Wave, waves

STAGES = {"sample": "sample_load", "cutover": "full_load", "delta": "delta_load"}


class ApprovalForm(dg.Config):
    """Filled in by the person who approves the sample."""

    approved_by: str
    note: str = ""


def wave_key(stage: str, wave: Wave) -> dg.AssetKey:
    """`full_load/people`, `sample_load/deals`, …"""
    return dg.AssetKey([STAGES[stage], wave.name])


def build_wave(stage: str, wave: Wave, upstream: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """One load asset: the object types of one wave, after `upstream`.

    The first thing it does is ask the guard; refused, it yields the failed check and raises
    without materializing, so no button walks past the gate.
    """
    key = wave_key(stage, wave)
    partitions = WAVE_PARTITIONS[wave.name]
    deps: list[Any] = [
        dg.AssetDep(mapped, partition_mapping=mapped_to_wave(wave)),
        *(dg.AssetDep(k) for k in upstream),
    ]
    check = dg.AssetCheckSpec(
        "may_run",
        asset=key,
        blocking=True,
        partitions_def=partitions,
        description="The gate and the order of the foreign keys, asked at the moment of the load.",
    )

    @dg.asset(
        key=key,
        group_name=stage,
        kinds={"api"},
        partitions_def=partitions,
        deps=deps,
        check_specs=[check],
        pool="highlevel",
        output_required=False,
        description=f"{stage.title()}: {', '.join(wave.objects)} into HighLevel.",
    )
    def load(context: dg.AssetExecutionContext, project: MigrationProject) -> Any:
        opened, object_key = project.open(), context.partition_key
        reasons = steps.load_refusals(opened, stage, object_key)
        yield dg.AssetCheckResult(
            check_name="may_run",
            asset_key=key,
            passed=not reasons,
            metadata={"reasons": dg.MetadataValue.md("\n".join(f"- {r}" for r in reasons))},
        )
        if reasons:
            raise _failure(Refused(f"{stage} of {object_key}", reasons))
        report = steps.load_object(opened, stage, object_key, log=context.log.info)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata_of(report))

    return load


def _failure(refused: Refused) -> dg.Failure:
    return dg.Failure(
        description=str(refused),
        metadata={"what to do": dg.MetadataValue.md("\n".join(f"- {r}" for r in refused.reasons))},
        allow_retries=False,
    )


def build_stage(stage: str, first: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """All waves of one stage, each after the one before."""
    built, upstream = [], first
    for wave in waves():
        built.append(build_wave(stage, wave, upstream))
        upstream = [wave_key(stage, wave)]
    return built


_LAST = waves()[-1]
sample_waves = build_stage("sample", [destination_schema.key])


@dg.asset(
    group_name="sample",
    kinds={"html"},
    deps=[dg.AssetDep(wave_key("sample", _LAST))],
    description="The sample read back and compared field by field: source, expected, found.",
)
def sample_diff(project: MigrationProject) -> dg.MaterializeResult:
    """Compare the sample and write the document for the person who approves."""
    return dg.MaterializeResult(metadata=metadata_of(steps.verify_sample(project.open())))


@dg.asset(
    group_name="sample",
    kinds={"approval"},
    deps=[sample_diff],
    description="A person's approval of the sample, bound to the fingerprint of map and sample.",
)
def sample_approval(project: MigrationProject, config: ApprovalForm) -> dg.MaterializeResult:
    """Record the approval; refused when the sample shows differences."""
    try:
        report = steps.approve(project.open(), config.approved_by, config.note)
    except Refused as refused:
        raise _failure(refused) from refused
    return dg.MaterializeResult(metadata=metadata_of(report))


cutover_waves = build_stage("cutover", [sample_approval.key])
delta_waves = build_stage("delta", [wave_key("cutover", _LAST)])


@dg.asset(
    group_name="reconcile",
    kinds={"html"},
    deps=[dg.AssetDep(wave_key("cutover", _LAST))],
    pool="highlevel",
    description="Everything read back from HighLevel and compared: records, fields, links.",
)
def reconciliation(project: MigrationProject) -> dg.MaterializeResult:
    """Reconcile the whole sub-account against the mapped records."""
    return dg.MaterializeResult(metadata=metadata_of(steps.reconcile(project.open())))


__all__ = ["OBJECT_PARTITIONS", "build_stage", "cutover_waves", "delta_waves", "sample_waves"]
