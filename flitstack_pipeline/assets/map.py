"""Stage `map`: the proposed field map, and the records HighLevel is to hold."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.clean import clean, relationships, source_audit
from flitstack_pipeline.assets.metadata import metadata_of
from flitstack_pipeline.partitions import OBJECT_PARTITIONS
from flitstack_pipeline.resources import MigrationProject


class Confirmation(dg.Config):
    """Who confirms every entry of the map as proposed; empty leaves the decisions open."""

    confirmed_by: str = ""


@dg.asset(
    group_name="map",
    kinds={"yaml"},
    deps=[source_audit],
    description="`map.yaml`: source field → HighLevel field with evidence; a person confirms it.",
)
def field_map(project: MigrationProject, config: Confirmation) -> dg.MaterializeResult:
    """Propose the map (keeping what a person decided), and confirm it when a name is given."""
    opened = project.open()
    report = steps.propose_map(opened)
    if config.confirmed_by.strip():
        report = steps.confirm_map(opened, config.confirmed_by.strip())
    return dg.MaterializeResult(metadata=metadata_of(report))


@dg.asset(
    group_name="map",
    kinds={"duckdb"},
    partitions_def=OBJECT_PARTITIONS,
    deps=[clean, relationships, field_map],
    description="One row per HighLevel record to be: payload, source key, parents.",
)
def mapped(context: dg.AssetExecutionContext, project: MigrationProject) -> dg.MaterializeResult:
    """Map one object type into `mapped.<object>`."""
    report = steps.map_object(project.open(), context.partition_key)
    return dg.MaterializeResult(metadata=metadata_of(report))
