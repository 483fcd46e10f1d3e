"""Shows in Dagster what was done elsewhere: by `flitstack`, in the review room, in a file by hand.

Belongs here: the job `catch_up`, which turns the notes of steps (`services.steps_done`) into
materializations and check results, and the program that runs it when a command has ended. Does not:
the notes. A run of its own, because events without a run all share the run id "", under which
Dagster stores a check of a partition once and never again (docs/dagster.md#steps-done-elsewhere).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from flitstack_pipeline.dagster.assets.map import MAP_CONFIRMATION
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.assets.sample import SAMPLE_APPROVAL
from flitstack_pipeline.dagster.assets.step import PRECONDITIONS_MET, Step, guard_result
from flitstack_pipeline.dagster.checks.again import asked_again
from flitstack_pipeline.dagster.checks.check import latest
from flitstack_pipeline.dagster.checks.loads import STILL_IN_PLACE
from flitstack_pipeline.dagster.failures import readable
from flitstack_pipeline.dagster.jobs import STORIES, of_a_migration
from flitstack_pipeline.dagster.partitions import add_migrations, partition_of
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migrations import ALONE
from flitstack_pipeline.services import steps_done
from flitstack_pipeline.services.standing import standing
from flitstack_pipeline.services.steps_done import StepDone
from flitstack_pipeline.settings import Project

STEPS = tuple(
    dict.fromkeys(
        [*(s for story in STORIES for s in story.steps), MAP_CONFIRMATION, SAMPLE_APPROVAL]
    )
)
#: The folder with dagster.yaml.
TOP = Path(__file__).parents[2]

Told = dict[tuple[dg.AssetKey, str], tuple[Step, StepReport]]


def events(
    project: Project, instance: dg.DagsterInstance, notes: list[StepDone]
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation]:
    """What the notes mean in Dagster: what was made, and every check whose answer may be another.

    A step whose inputs had not changed is told only where Dagster never heard of it.
    """
    told: Told = {}
    for done in notes:
        for step in steps_of(done):
            partition = partition_of(project.name, done.key)
            if done.ran or latest(instance, step.key, partition) is None:
                told.pop((step.key, done.key), None)  # the last report, at its place
                told[step.key, done.key] = (step, done.report)
    for (asset, key), (step, report) in told.items():
        metadata = metadata_of(report) | step.describe(project, key, report)
        partition = partition_of(project.name, key)
        yield dg.AssetMaterialization(asset, partition=partition, metadata=metadata)
        if step.guarded:
            yield _guard_passed(instance, step, partition)
    made = {(asset, partition_of(project.name, key)) for asset, key in told}
    for found in asked_again(project, instance, made):
        if found.check_name == STILL_IN_PLACE[0].name and not found.passed:
            back = {"rolled back": found.description or ""}
            yield dg.AssetObservation(found.asset_key, partition=found.partition, metadata=back)
        yield found


def steps_of(done: StepDone) -> list[Step]:
    """The steps of the graph that a note is about."""
    return [
        step for step in STEPS
        if step.source.__name__ == done.step
        and done.key in (step.objects or ("",))
        and done.stage in ("", step.stage)
    ]  # fmt: skip


def _guard_passed(
    instance: dg.DagsterInstance, step: Step, partition: str
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=step.key,
        check_name=PRECONDITIONS_MET,
        partition=partition,
        target_materialization_data=latest(instance, step.key, partition),
        **guard_result([]),
    )


@dg.op(out=dg.Out(dg.Nothing), name="show")
def _show(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
    opened = project.here(context)
    with readable("Looking again", "catch_up"), steps_done.taken(opened) as notes:
        if not is_known(context.instance, opened.name):
            notes = [*standing(opened), *notes]
        yield from events(opened, context.instance, notes)
    yield dg.Output(None)


def is_known(instance: dg.DagsterInstance, migration: str) -> bool:
    """Whether Dagster ever heard of a step of a migration.

    It did not where it is new, and where it knew the steps by the object type alone, as it did
    before there were many migrations in it (docs/dagster.md#several-migrations).
    """
    return any(
        latest(instance, step.key, partition_of(migration, key)) is not None
        for step in STEPS for key in step.objects or ("",)
    )  # fmt: skip


@dg.job(
    config=of_a_migration(),
    description="Shows here what was done elsewhere: by flitstack, in the review room, in a file "
    "by hand. Asks every check again whose answer may be another; changes nothing. A command runs "
    "it when it has ended, the sensor done_elsewhere when a file was changed.",
    executor_def=dg.in_process_executor,
)
def catch_up() -> None:
    """What was done elsewhere, shown."""
    _show()


@contextmanager
def instance_of(project: Project) -> Iterator[dg.DagsterInstance]:
    """The Dagster that `make ui` serves, made if it is missing."""
    if os.environ.get("DAGSTER_HOME"):
        with dg.DagsterInstance.get() as instance:
            yield instance
        return
    assert project.dagster_home is not None  # nothing is noted while it is off
    project.dagster_home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["FLITSTACK_DAGSTER"] = str(project.dagster_home)
    with dg.DagsterInstance.from_config(str(TOP)) as instance:
        yield instance


def show_all(instance: dg.DagsterInstance, migration: str = ALONE) -> None:
    """Run the job here and now, for one migration."""
    add_migrations(instance, [migration])
    catch_up.execute_in_process(
        instance=instance,
        resources={"project": MigrationProject()},
        partition_key=migration,
        raise_on_error=True,
    )


def main() -> None:
    """Tell Dagster of the migrations that the arguments name; without any, of the environment's.

    One that cannot be told stops no other: standard output says why it could not, and the program
    ends with 1. Dagster's own log is on standard error.
    """
    os.umask(0o077)  # what Dagster keeps is about customers
    names = sys.argv[1:] or [Project.from_environment().name]
    told = True
    first = Project.from_environment() if names == [ALONE] else Project.named(names[0])
    with instance_of(first) as instance:
        for name in names:
            try:
                show_all(instance, name)
            except dg.Failure as failure:
                told = False
                print(f"{name}: {failure.description}")
    sys.exit(0 if told else 1)


if __name__ == "__main__":
    main()
