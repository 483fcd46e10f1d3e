"""Stage `map`: the proposed field map, its confirmation, and the records HighLevel is to hold."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.assets.clean import CLEAN, RELATIONSHIPS, SOURCE_AUDIT
from flitstack_pipeline.dagster.assets.columns import mapped_columns
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.assets.step import (
    CUSTOMER,
    ENGINEER,
    Metadata,
    Step,
    after_a_decision,
    declared_asset,
    step_asset,
)
from flitstack_pipeline.dagster.failures import readable
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import preconditions
from flitstack_pipeline.settings import Project


class Confirmation(dg.Config):
    """Who confirms which map."""

    confirmed_by: str = Field(
        description="Your name confirms every entry of map.yaml that is still `proposed`. Read the "
        "map first (reports/field-map.html)."
    )
    fingerprint: str = Field(
        description="Of the map you read, as field_map shows it; the job 03_confirm_map fills in "
        "the last one. Refused when the map, or the exports it was proposed from, changed since."
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
        map.yaml: source field → HighLevel field, with confidence and evidence per entry.

        Proposed anew whenever it is materialized; decisions already taken are kept, and none is
        taken here. Read the file or `reports/field-map.html`, edit the file, then launch the job
        `03_confirm_map`.
        """,
    run=lambda project, key, log: services.propose_map(project),
    source=services.propose_map,
    needs=lambda project, key: preconditions.before_auditing(project),
    decides=True,
)

MAP_CONFIRMATION = Step(
    key=dg.AssetKey("map_confirmation"),
    stage="map",
    kinds=frozenset({"approval"}),
    owners=(ENGINEER, CUSTOMER),
    description="""
        A person's confirmation of the map, by its fingerprint: never in the run that proposed it.

        **To confirm:** read `reports/field-map.html`, then launch the job `03_confirm_map` with
        your name; its launchpad has the fingerprint of the last proposal. Refused when there is
        anything newer.
        """,
    run=lambda project, key, log: services.confirm_map(project, ""),
    source=services.confirm_map,
    decides=True,
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


field_map = step_asset(FIELD_MAP, [SOURCE_AUDIT])


@declared_asset(MAP_CONFIRMATION, [FIELD_MAP])
def map_confirmation(
    context: dg.AssetExecutionContext, project: MigrationProject, config: Confirmation
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
    """Confirm the map that a person read; acknowledge what stays behind where a name says so."""
    opened = project.here(context)
    yield dg.MaterializeResult(metadata=confirm(opened, config))
    yield from after_a_decision(opened, context.instance)


def confirm(project: Project, form: Confirmation) -> Metadata:
    """Do what the form says; what it came to. Raises Failure, readable."""
    with readable("The confirmation", "map"):
        report = services.confirm_map(
            project, form.confirmed_by, words=form.status_words, proposal=form.fingerprint
        )
        metadata: Metadata = dict(metadata_of(report))
        if form.acknowledged_by.strip():
            by = form.acknowledged_by.strip()
            acknowledged = services.acknowledge(project, services.LISTED, by)
            metadata |= {"acknowledged by": by, "acknowledged now": acknowledged.rows or 0}
    return metadata


mapped = step_asset(MAPPED, [CLEAN, RELATIONSHIPS, FIELD_MAP, MAP_CONFIRMATION])
