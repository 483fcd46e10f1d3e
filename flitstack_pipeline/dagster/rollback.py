"""The jobs that take back what a migration wrote, and say first what would go."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.checks.check import evaluation
from flitstack_pipeline.dagster.checks.loads import STILL_IN_PLACE
from flitstack_pipeline.dagster.failures import Incomplete, failure_of, readable, say_what_to_do
from flitstack_pipeline.dagster.jobs import of_a_migration
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.values import sentence
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.settings import Project


class RollbackForm(dg.Config):
    """What to take back; everything, when nothing is said."""

    run_id: str = Field(
        default="",
        description="Only what this run wrote: a run's id in the journal, or a stage such as "
        "delta. Empty: everything.",
    )
    object_type: str = Field(
        default="", description="Only this object type, such as jobs. Empty: all."
    )
    force: list[str] = Field(
        default=[],
        description="Records to undo although somebody edited them since: record keys, source "
        "keys or HighLevel ids, with #FIELD for one field; an object type such as jobs for all of "
        "its records; all for every one; opt-outs lifts those we brought. Empty: they are left, "
        "and listed.",
    )


def _rolled_back(
    context: dg.OpExecutionContext, form: RollbackForm, project: Project, *, dry_run: bool
) -> StepReport:
    with readable("The rollback", "rollback"):
        report = services.rollback(
            project,
            run_id=form.run_id or None,
            object_type=form.object_type or None,
            dry_run=dry_run,
            force=tuple(form.force),
            log=lambda line: context.log.info(sentence(line)),
        )
    context.add_output_metadata(metadata_of(report))
    return report


@dg.op
def say_what_would_go(
    context: dg.OpExecutionContext, config: RollbackForm, project: MigrationProject
) -> None:
    """Look the account over: what a rollback would delete, give back and leave."""
    _rolled_back(context, config, project.here(context), dry_run=True)
    context.log.info(f"Dry run: nothing was changed. The job {JOB['rollback']} takes this back.")


@dg.op(out=dg.Out(dg.Nothing))
def take_back(
    context: dg.OpExecutionContext, config: RollbackForm, project: MigrationProject
) -> Iterator[Any]:
    """Undo what we wrote: delete what we created, restore what we changed."""
    opened = project.here(context)
    report = _rolled_back(context, config, opened, dry_run=False)
    for check in STILL_IN_PLACE:
        for key in check.step.objects:
            found = evaluation(check, opened, key, context.instance)
            if not found.passed:
                told = {"rolled back": found.description or ""}
                partition = found.partition
                yield dg.AssetObservation(check.step.key, partition=partition, metadata=told)
                yield found
    if report.facts["failed"] or report.facts.get("not proven"):
        reasons = [*report.problems, "Everything else was taken back; see reports/rollback.html."]
        raise failure_of("The rollback", "rollback", Incomplete(reasons))
    for problem in report.problems:
        context.log.warning(sentence(problem))
    yield dg.Output(None)


_ROLLBACK: dict[str, Any] = {
    "config": of_a_migration(),
    "hooks": {say_what_to_do},
    "executor_def": dg.in_process_executor,
}


@dg.job(
    name=JOB["rollback_dry_run"],
    description=f"What the job {JOB['rollback']} would delete, give back and leave. Changes "
    "nothing; afterwards read reports/rollback-dry-run.html.",
    **_ROLLBACK,
)
def rollback_dry_run() -> None:
    """The rollback, told and not done."""
    say_what_would_go()


@dg.job(
    name=JOB["rollback"],
    description="Take everything back: delete what we created, restore what we changed, leave "
    f"what somebody edited since, and say so. {JOB['rollback_dry_run']} says first what would "
    "go. In the launchpad, run_id or object_type take a part of it back; force names records "
    "(or object types, or all) to undo although somebody edited them.",
    **_ROLLBACK,
)
def rollback() -> None:
    """One button that undoes the migration."""
    take_back()
