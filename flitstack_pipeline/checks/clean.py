"""Checks on every clean partition: the Pandera schemas of its datasets, and the row accounting."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.clean import clean
from flitstack_pipeline.assets.metadata import table
from flitstack_pipeline.partitions import OBJECT_PARTITIONS
from flitstack_pipeline.resources import MigrationProject


@dg.asset_check(
    asset=clean,
    name="pandera_schema",
    blocking=True,
    partitions_def=OBJECT_PARTITIONS,
    description="Every row holds to the Pandera schema of its table (types, vocabularies, forms).",
)
def pandera_schema(
    context: dg.AssetCheckExecutionContext, project: MigrationProject
) -> dg.AssetCheckResult:
    """Validate the clean tables of one object type."""
    failures, count = steps.schema_failures(project.open(), context.partition_key)
    return dg.AssetCheckResult(
        passed=count == 0,
        metadata={"failing rows": table(failures), "failures": dg.MetadataValue.int(count)},
    )


@dg.asset_check(
    asset=clean,
    name="accounting",
    blocking=True,
    partitions_def=OBJECT_PARTITIONS,
    description="Rows read = loaded + merged + superseded + quarantined + excluded, per file.",
)
def accounting(
    context: dg.AssetCheckExecutionContext, project: MigrationProject
) -> dg.AssetCheckResult:
    """Every row that was read is accounted for, per file."""
    lines, problems = steps.accounting(project.open(), context.partition_key)
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={
            "files": table(lines),
            "problems": dg.MetadataValue.md("\n".join(f"- {p}" for p in problems) or "none"),
        },
    )
