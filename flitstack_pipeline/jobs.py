"""The jobs a data engineer launches: audit, prepare, sample, cutover, delta, rollback.

Partitioned assets cannot share one asset job across waves (their partitions differ), so the jobs
that span waves run the steps in order inside one op, with the same guards.
"""

from typing import Any

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.metadata import metadata_of
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.resources import MigrationProject


class RollbackForm(dg.Config):
    """What to take back; everything when empty."""

    run_id: str = ""
    object_type: str = ""
    dry_run: bool = True


def _note(context: dg.OpExecutionContext, reports: list[StepReport]) -> None:
    for report in reports:
        context.log.info(f"{report.step}: {report.rows if report.rows is not None else 'done'}")
    context.add_output_metadata(metadata_of(reports[-1]) if reports else {})


def _refused(refused: Refused) -> dg.Failure:
    return dg.Failure(description=str(refused), allow_retries=False)


def _job(name: str, description: str, run: Any) -> dg.JobDefinition:
    @dg.op(name=f"run_{name}", pool="highlevel")
    def op(context: dg.OpExecutionContext, project: MigrationProject) -> None:
        try:
            _note(context, run(project.open(), context.log.info))
        except Refused as refused:
            raise _refused(refused) from refused

    @dg.job(name=name, description=description)
    def job() -> None:
        op()

    return job


@dg.op(pool="highlevel")
def take_back(
    context: dg.OpExecutionContext, config: RollbackForm, project: MigrationProject
) -> None:
    """Undo what we wrote: delete what we created, restore what we changed."""
    report = steps.rollback(
        project.open(),
        run_id=config.run_id or None,
        object_type=config.object_type or None,
        dry_run=config.dry_run,
        log=context.log.info,
    )
    _note(context, [report])


@dg.job(name="rollback", description="Take everything back (dry run unless told otherwise).")
def rollback() -> None:
    """One button that undoes the migration."""
    take_back()


JOBS = [
    _job("audit", "Read, clean, relate and audit the exports.", steps.run_audit),
    _job("prepare", "Map, examine the sub-account, provision its schema.", steps.run_prepare),
    _job("sample", "Load the sample and compare it field by field.", steps.run_sample),
    _job("cutover", "Load everything in foreign-key order, behind the gate.", steps.run_cutover),
    _job("delta", "Load what changed since the cutover.", steps.run_delta),
    rollback,
]
