"""Stage `source`: raw export rows per object type, and the schema sheets."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.metadata import metadata_of
from flitstack_pipeline.partitions import OBJECT_PARTITIONS
from flitstack_pipeline.resources import MigrationProject


@dg.asset(
    group_name="source",
    kinds={"csv", "excel", "duckdb"},
    partitions_def=OBJECT_PARTITIONS,
    description="Rows of every Contractor+ export as read, all text, with file, sheet and line.",
)
def raw(context: dg.AssetExecutionContext, project: MigrationProject) -> dg.MaterializeResult:
    """Read the export files of one object type into `raw.<dataset>`."""
    report = steps.read_object(project.open(), context.partition_key)
    return dg.MaterializeResult(metadata=metadata_of(report))


@dg.asset(
    group_name="source",
    kinds={"csv", "duckdb"},
    description="Custom field definitions and line item templates: schema, not records.",
)
def source_schema(project: MigrationProject) -> dg.MaterializeResult:
    """Read and clean the schema sheets."""
    return dg.MaterializeResult(metadata=metadata_of(steps.read_schema(project.open())))
