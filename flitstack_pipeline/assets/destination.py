"""Stage `destination`: the sub-account is examined, made ready, and its users matched."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.map import mapped
from flitstack_pipeline.assets.metadata import metadata_of
from flitstack_pipeline.resources import MigrationProject

_ALL_MAPPED = dg.AssetDep(mapped, partition_mapping=dg.AllPartitionMapping())


@dg.asset(
    group_name="destination",
    kinds={"api"},
    deps=[_ALL_MAPPED],
    description="Token, settings, objects, fields, quota: pass, warn or fail, before any write",
)
def preflight(project: MigrationProject) -> dg.MaterializeResult:
    """Examine the sub-account; writes nothing."""
    return dg.MaterializeResult(metadata=metadata_of(steps.preflight(project.open())))


@dg.asset(
    group_name="destination",
    kinds={"api"},
    deps=[preflight],
    pool="highlevel",
    description="Custom fields, objects, associations, pipeline, products: made once, journalled.",
)
def destination_schema(project: MigrationProject) -> dg.MaterializeResult:
    """Provision the schema and match the users."""
    return dg.MaterializeResult(metadata=metadata_of(steps.provision(project.open())))
