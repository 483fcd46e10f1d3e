"""Stage `source`: raw export rows per object type, and the schema sheets."""

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.assets.columns import raw_columns
from flitstack_pipeline.dagster.assets.step import Step, step_asset
from flitstack_pipeline.services import preconditions

RAW = Step(
    key=dg.AssetKey("raw"),
    stage="source",
    kinds=frozenset({"csv", "excel", "duckdb"}),
    description="""
        Rows of every Contractor+ export as read: all text, each with its file, sheet and line.

        One partition per object type, one table `raw.<dataset>` per kind of export. Nothing is
        interpreted here, so every later surprise can be traced back to a cell.
        """,
    run=lambda project, key, log: services.read_object(project, key),
    source=services.read_object,
    needs=lambda project, key: preconditions.before_reading(project),
    describe=lambda project, key, report: raw_columns(key),
    objects=KEYS,
)

SOURCE_SCHEMA = Step(
    key=dg.AssetKey("source_schema"),
    stage="source",
    kinds=frozenset({"csv", "duckdb"}),
    description="""
        Custom field definitions and line item templates: schema, not records.

        They become HighLevel custom fields and products in the stage `destination`. Read last: how
        their numbers and dates are written is told by all exports.
        """,
    run=lambda project, key, log: services.read_schema(project),
    source=services.read_schema,
    needs=lambda project, key: (
        preconditions.before_reading(project) or preconditions.before_cleaning(project, key)
    ),
)

raw = step_asset(RAW)
source_schema = step_asset(SOURCE_SCHEMA, [RAW])
