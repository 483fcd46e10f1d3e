"""Stage `delta`: people's decisions, what changed on either side, the load, what is left open."""

from collections.abc import Iterator
from typing import Literal

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.cutover import FULL_LOADS
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.assets.step import (
    CUSTOMER,
    ENGINEER,
    Step,
    after_a_decision,
    declared_asset,
    refuse,
    step_asset,
)
from flitstack_pipeline.dagster.assets.waves import stage_assets, stage_steps
from flitstack_pipeline.dagster.failures import readable
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import preconditions
from flitstack_pipeline.settings import Project

Choice = Literal["as in decisions/conflicts.csv", "ours", "theirs", "value"]
FROM_FILE: Choice = "as in decisions/conflicts.csv"


class DecisionForm(dg.Config):
    """One decision about a conflict; as it stands, it takes those of the file."""

    record: str = Field(
        default="", description="record_key of the conflict, as the check lists it."
    )
    field: str = Field(default="", description="Its field, as listed.")
    decision: Choice = Field(
        default=FROM_FILE,
        description="ours: the new export. theirs: HighLevel as it is. value: what `value` says. "
        "Left as it is: every decision typed into decisions/conflicts.csv.",
    )
    value: str = Field(default="", description="The value to write, for the decision `value`.")


def _decide(project: Project, form: DecisionForm) -> StepReport:
    if form.decision == FROM_FILE:
        return services.apply_decided(project)
    value = form.value if form.decision == "value" else None
    return services.resolve(project, form.record, form.field, form.decision, value)


def _plan(project: Project) -> StepReport:
    """What changed on either side, with the requests the load will take."""
    report = services.plan_delta(project)
    load = services.plan_stage(project, "delta")
    report.facts |= load.facts
    report.tables |= load.tables
    return report


def _before(project: Project) -> list[str]:
    """The delta's window and its gate: what nobody approved is not even planned."""
    return (
        preconditions.before_reconciling(project)
        + services.delta_refusals(project)
        + services.gate_reasons(project)
    )


CONFLICT_DECISIONS = Step(
    key=dg.AssetKey("conflict_decisions"),
    stage="delta",
    kinds=frozenset({"csv", "approval"}),
    owners=(ENGINEER, CUSTOMER),
    description="""
        What people decided about fields that were changed on both sides, written to HighLevel.

        Type `ours`, `theirs` or `value` into `decisions/conflicts.csv` and press Materialize; or
        decide one in the **launchpad** (shift-click Materialize): its record, field and decision.
        Undecided conflicts stay as HighLevel has them.
        """,
    run=lambda project, key, log: services.apply_decided(project),
    source=services.resolve,
    needs=lambda project, key: preconditions.before_reconciling(project),
    writes=True,
    decides=True,
)

DELTA_PLAN = Step(
    key=dg.AssetKey("delta_plan"),
    stage="delta",
    kinds=frozenset({"api", "html"}),
    description="""
        One look at HighLevel, page by page: what is new, changed, unchanged and gone in the
        exports, what people edited, added and deleted in HighLevel meanwhile. Writes nothing there.
        """,
    run=lambda project, key, log: _plan(project),
    source=services.plan_delta,
    needs=lambda project, key: _before(project),
    touches=True,
)

DELTA_REPORT = Step(
    key=dg.AssetKey("delta_report"),
    stage="delta",
    kinds=frozenset({"html", "csv"}),
    description="""
        What the delta did (reports/delta.html), and the conflicts that wait for a person
        (decisions/conflicts.csv, reports/conflicts.html).
        """,
    run=lambda project, key, log: services.delta_summary(project, services.delta_loads(project)),
    source=services.delta_summary,
    needs=lambda project, key: preconditions.before_reconciling(project),
)

DELTA_LOADS = stage_steps("delta")


@declared_asset(CONFLICT_DECISIONS, [FULL_LOADS[-1]])
def conflict_decisions(
    context: dg.AssetExecutionContext, project: MigrationProject, config: DecisionForm
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
    """Apply the decisions of the file, or the one typed into the launchpad."""
    opened = project.here(context)
    with readable("The decision", "delta"):
        refuse(CONFLICT_DECISIONS, opened, "")
        project.hold_accounts(opened)
        report = _decide(opened, config)
    yield dg.MaterializeResult(metadata=metadata_of(report))
    yield from after_a_decision(opened, context.instance)


delta_plan = step_asset(DELTA_PLAN, [CONFLICT_DECISIONS, MAPPED])
delta_loads = stage_assets(DELTA_LOADS, [DELTA_PLAN])
delta_report = step_asset(DELTA_REPORT, [DELTA_LOADS[-1]])
