"""Stages `cutover` and `reconcile`: everything is loaded, then proved."""

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.sample import SAMPLE_APPROVAL
from flitstack_pipeline.dagster.assets.step import Progress, Step, step_asset
from flitstack_pipeline.dagster.assets.waves import stage_assets, stage_steps
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import preconditions
from flitstack_pipeline.settings import Project

FULL_LOADS = stage_steps("cutover")


def _publish(project: Project, key: str, log: Progress) -> StepReport:
    """The journal as tables, with the requests of the cutover beside the fewest possible."""
    attempts = services.publish_journal(project)
    (report,) = services.requests_report(project, "cutover")
    return StepReport("journal published", attempts, report.facts, report.tables)


CUTOVER_PLAN = Step(
    key=dg.AssetKey("cutover_plan"),
    stage="cutover",
    kinds=frozenset({"duckdb"}),
    description="""
        What the cutover will take before it is begun: records to create, to update, to skip;
        requests, hours and days at the allowed pace. Sends nothing.
        """,
    run=lambda project, key, log: services.plan_stage(project, "cutover"),
    source=services.plan_stage,
    needs=lambda project, key: preconditions.before_choosing(project),
)
JOURNAL = Step(
    key=dg.AssetKey("journal"),
    stage="reconcile",
    kinds=frozenset({"duckdb", "sqlite"}),
    description="""
        The journal as tables of DuckDB (schema journal), for analysis: every attempt with its
        outcome, which record became which, what was refused. With the requests sent beside the
        fewest the API allows, and the parents that were missing.
        """,
    run=_publish,
    source=services.publish_journal,
    needs=lambda project, key: preconditions.before_reconciling(project),
)

RECONCILIATION = Step(
    key=dg.AssetKey("reconciliation"),
    stage="reconcile",
    kinds=frozenset({"html", "json"}),
    description="""
        Everything read back from HighLevel, not a sample, and compared: records, fields, links,
        and records nobody planned. The document is reports/reconciliation.html.
        """,
    run=lambda project, key, log: services.reconcile(project, log),
    source=services.reconcile,
    needs=lambda project, key: preconditions.before_reconciling(project),
    touches=True,
)

cutover_plan = step_asset(CUTOVER_PLAN, [SAMPLE_APPROVAL, MAPPED])
full_loads = stage_assets(FULL_LOADS, [CUTOVER_PLAN])
journal = step_asset(JOURNAL, [FULL_LOADS[-1]])
reconciliation = step_asset(RECONCILIATION, [FULL_LOADS[-1]])
