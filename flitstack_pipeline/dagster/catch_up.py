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
from flitstack_pipeline.dagster.jobs import STORIES
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.migration.report import StepReport
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
            if done.ran or latest(instance, step.key, done.key) is None:
                told.pop((step.key, done.key), None)  # the last report, at its place
                told[step.key, done.key] = (step, done.report)
    for (asset, key), (step, report) in told.items():
        metadata = metadata_of(report) | step.describe(project, key, report)
        yield dg.AssetMaterialization(asset, partition=key or None, metadata=metadata)
        if step.guarded:
            yield _guard_passed(instance, step, key)
    for found in asked_again(project, instance, set(told)):
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


def _guard_passed(instance: dg.DagsterInstance, step: Step, key: str) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=step.key,
        check_name=PRECONDITIONS_MET,
        partition=key or None,
        target_materialization_data=latest(instance, step.key, key),
        **guard_result([]),
    )


@dg.op(out=dg.Out(dg.Nothing), name="show")
def _show(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
    opened = project.open()
    with readable("Looking again", "catch_up"), steps_done.taken(opened) as notes:
        if not context.instance.all_asset_keys():  # a new one is told what stands
            notes = [*standing(opened), *notes]
        yield from events(opened, context.instance, notes)
    yield dg.Output(None)


@dg.job(
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


def show_all(instance: dg.DagsterInstance) -> None:
    """Run the job here and now, for the migration that the environment names."""
    catch_up.execute_in_process(
        instance=instance, resources={"project": MigrationProject()}, raise_on_error=True
    )


def main() -> None:
    """Tell the Dagster of the migration that the environment names.

    Says on standard output why it could not, and ends with 1; Dagster's own log is on the other.
    """
    os.umask(0o077)  # what Dagster keeps is about customers
    try:
        with instance_of(Project.from_environment()) as instance:
            show_all(instance)
    except dg.Failure as failure:
        print(failure.description)
        sys.exit(1)


if __name__ == "__main__":
    main()
