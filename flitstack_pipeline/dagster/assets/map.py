"""Stage `map`: the proposed field map, and the records HighLevel is to hold."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.assets.clean import CLEAN, RELATIONSHIPS, SOURCE_AUDIT
from flitstack_pipeline.dagster.assets.columns import mapped_columns
from flitstack_pipeline.dagster.assets.step import (
    CUSTOMER,
    ENGINEER,
    Metadata,
    Progress,
    Step,
    declared_asset,
    perform,
    step_asset,
)
from flitstack_pipeline.dagster.partitions import OBJECT_PARTITIONS
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import preconditions
from flitstack_pipeline.settings import Project


class Confirmation(dg.Config):
    """Who confirms every open entry of the map as it stands."""

    confirmed_by: str = Field(
        default="",
        description="Your name confirms every entry of map.yaml that is still `proposed`. Read the "
        "map first. Empty: propose only, and keep what was decided.",
    )
    acknowledged_by: str = Field(
        default="",
        description="Your name acknowledges that the rows and files the audit lists stay behind "
        "(reports/audit.html, `What stays behind`). Empty: those nobody acknowledged hold up the "
        "first write.",
    )
    status_words: list[str] = Field(
        default_factory=list,
        description="Status words nobody declared that you name: `jobs: Parked` accepts the "
        "proposal, `jobs: Parked = On Hold, open` corrects it. The others stay open.",
    )


def _describe(project: Project, key: str, report: StepReport) -> Metadata:
    return mapped_columns(key, MapDocument.load(project.map_path), CLEAN.key)


FIELD_MAP = Step(
    key=dg.AssetKey("field_map"),
    stage="map",
    kinds=frozenset({"yaml"}),
    owners=(ENGINEER, CUSTOMER),
    description="""
        `map.yaml`: source field → HighLevel field, with confidence and evidence per entry.

        Materialize to propose it; read and edit the file; materialize again from the **launchpad**
        (shift-click Materialize) with your name in `confirmed_by` to confirm what is still open.
        Decisions already taken are kept.
        """,
    run=lambda project, key, log: services.propose_map(project),
    source=services.propose_map,
    needs=lambda project, key: preconditions.before_auditing(project),
)

MAPPED = Step(
    key=dg.AssetKey("mapped"),
    stage="map",
    kinds=frozenset({"duckdb", "json"}),
    description="""
        One row per HighLevel record to be: its payload, source key and parents.

        The Columns tab lists the HighLevel fields this object type fills, by the map; the Lineage
        tab says from which clean column.
        """,
    run=lambda project, key, log: services.map_object(project, key),
    source=services.map_object,
    needs=preconditions.before_mapping,
    describe=_describe,
    objects=KEYS,
)


@declared_asset(FIELD_MAP, deps=[SOURCE_AUDIT.key])
def field_map(
    context: dg.AssetExecutionContext, project: MigrationProject, config: Confirmation
) -> Iterator[dg.MaterializeResult[None]]:
    """Propose the map (keeping what a person decided); confirm and acknowledge as names say."""
    name, acknowledged_by = config.confirmed_by.strip(), config.acknowledged_by.strip()
    metadata = perform(FIELD_MAP, project, "", Progress(context, FIELD_MAP.key, ""))
    if acknowledged_by:
        acknowledged = services.acknowledge(project.open(), services.LISTED, acknowledged_by)
        metadata |= {"acknowledged by": acknowledged_by, "acknowledged now": acknowledged.rows or 0}
    if name:
        confirmed = services.confirm_map(project.open(), name, words=config.status_words)
        metadata |= {
            "confirmed by": name,
            "confirmed now": confirmed.rows or 0,
            "open": confirmed.facts["open"],
        }
    yield dg.MaterializeResult(metadata=metadata)


mapped = step_asset(
    MAPPED, deps=[CLEAN.key, RELATIONSHIPS.key, FIELD_MAP.key], partitions_def=OBJECT_PARTITIONS
)
