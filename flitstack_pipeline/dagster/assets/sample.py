"""Stage `sample`: chosen, loaded, compared field by field, approved by a person."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.destination import DESTINATION_SCHEMA
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.assets.step import CUSTOMER, Step, declared_asset, step_asset
from flitstack_pipeline.dagster.assets.waves import stage_assets, stage_steps
from flitstack_pipeline.dagster.failures import readable
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.services import preconditions


class ApprovalForm(dg.Config):
    """Filled in by the person who approves the sample."""

    approved_by: str = Field(
        description="Your name. It is recorded with the fingerprints of map and sample."
    )
    note: str = Field(default="", description="Why, or under which condition.")
    acknowledged_by: str = Field(
        default="",
        description="Your name acknowledges that the rows and files the audit lists stay behind. "
        "Needed here only when exports came after the preparation.",
    )


SAMPLE_CHOICE = Step(
    key=dg.AssetKey("sample_choice"),
    stage="sample",
    kinds=frozenset({"duckdb"}),
    description="""
        Chosen, not random: the smallest closed set of records that exercises every mapped field,
        picklist value, link kind and extreme, plus a random share for honesty.
        """,
    run=lambda project, key, log: services.choose(project),
    source=services.choose,
    needs=lambda project, key: preconditions.before_choosing(project),
)

SAMPLE_DIFF = Step(
    key=dg.AssetKey("sample_diff"),
    stage="sample",
    kinds=frozenset({"html"}),
    description="""
        The sample read back and compared field by field: source → expected → found, with a
        verdict each. The document for the person who approves is reports/sample.html.
        """,
    run=lambda project, key, log: services.verify_sample(project),
    source=services.verify_sample,
    needs=lambda project, key: preconditions.before_comparing_sample(project),
    touches=True,
)

SAMPLE_APPROVAL = Step(
    key=dg.AssetKey("sample_approval"),
    stage="sample",
    kinds=frozenset({"approval"}),
    owners=(CUSTOMER,),
    description="""
        A person's approval of the sample, bound to the fingerprint of map and sample.

        **To approve:** read `reports/sample.html`, press Materialize; the launchpad asks for
        `approved_by`. Refused while any other condition of the gate is open. Change the map, and
        the approval lapses. Dagster has no login: the name is what was typed.
        """,
    run=lambda project, key, log: services.approve(project, ""),
    source=services.approve,
)

SAMPLE_LOADS = stage_steps("sample")

sample_choice = step_asset(SAMPLE_CHOICE, [MAPPED])
sample_loads = stage_assets(SAMPLE_LOADS, [DESTINATION_SCHEMA, SAMPLE_CHOICE])
sample_diff = step_asset(SAMPLE_DIFF, [SAMPLE_LOADS[-1]])


@declared_asset(SAMPLE_APPROVAL, [SAMPLE_DIFF])
def sample_approval(
    context: dg.AssetExecutionContext, project: MigrationProject, config: ApprovalForm
) -> Iterator[dg.MaterializeResult[None]]:
    """Record the approval; refused when the sample shows differences."""
    opened = project.here(context)
    with readable("The approval", "sample"):
        if config.acknowledged_by.strip():
            services.acknowledge(opened, "all", config.acknowledged_by)
        report = services.approve(opened, config.approved_by, config.note)
    yield dg.MaterializeResult(metadata=metadata_of(report))
