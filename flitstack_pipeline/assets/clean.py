"""Stage `clean`: typed tables per object type, their relationships, and the source audit."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.metadata import clean_column_schema, metadata_of
from flitstack_pipeline.assets.source import raw, source_schema
from flitstack_pipeline.partitions import OBJECT_PARTITIONS
from flitstack_pipeline.resources import MigrationProject
from flitstack_pipeline.spec.objects import BY_KEY


@dg.asset(
    group_name="clean",
    kinds={"duckdb", "pandera"},
    partitions_def=OBJECT_PARTITIONS,
    deps=[raw],
    description="Typed, tidy rows of one object type; what cannot be used is in quarantine.",
)
def clean(context: dg.AssetExecutionContext, project: MigrationProject) -> dg.MaterializeResult:
    """Clean one object type into `clean.<dataset>`."""
    key = context.partition_key
    report = steps.clean_object(project.open(), key)
    schema = clean_column_schema(BY_KEY[key].dataset)
    return dg.MaterializeResult(metadata={**metadata_of(report), "dagster/column_schema": schema})


@dg.asset(
    group_name="clean",
    kinds={"duckdb"},
    deps=[dg.AssetDep(clean, partition_mapping=dg.AllPartitionMapping())],
    description="Which records are the same, and which belong together: duplicates, merges, "
    "links, orphans, invoice-to-job links.",
)
def relationships(project: MigrationProject) -> dg.MaterializeResult:
    """Relate all cleaned records to one another."""
    return dg.MaterializeResult(metadata=metadata_of(steps.relate(project.open())))


@dg.asset(
    group_name="clean",
    kinds={"html"},
    deps=[relationships, source_schema],
    description="What the exports hold, what cannot move, what it will take: the source audit.",
)
def source_audit(project: MigrationProject) -> dg.MaterializeResult:
    """Write the audit report."""
    return dg.MaterializeResult(metadata=metadata_of(steps.audit(project.open())))
