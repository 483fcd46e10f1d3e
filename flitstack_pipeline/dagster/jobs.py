"""The jobs a data engineer launches: audit, prepare, sample, cutover, delta, rollback.

Assets whose partitions differ cannot share an asset job, so each job is a graph of ops, one per
(asset, partition), derived from the asset graph: same steps, same guards, same order. Each op
reports the materialization and the check results of its partition as it completes, so the asset
pages show the truth, a failed job can be re-executed from where it stopped, and the run page reads
as a timeline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import dagster as dg
from pydantic import Field

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets import (
    clean,
    cutover,
    delta,
    destination,
    map,
    sample,
    source,
)
from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.assets.step import (
    POOL,
    PRECONDITIONS_MET,
    Progress,
    Step,
    guard_result,
    perform,
    refusal,
)
from flitstack_pipeline.dagster.checks import CHECKS, Check
from flitstack_pipeline.dagster.checks.check import evaluation, latest
from flitstack_pipeline.dagster.checks.loads import STILL_IN_PLACE
from flitstack_pipeline.dagster.checks.sample import GATE
from flitstack_pipeline.dagster.failures import Incomplete, failure_of, readable, say_what_to_do
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.settings import Project

#: The asset graph: the assets each asset depends on.
Parents = Mapping[dg.AssetKey, set[dg.AssetKey]]

#: Runs with this tag never overlap (dagster.yaml limits it to one).
WRITES = {"flitstack/writes": "highlevel"}


@dataclass(frozen=True)
class Story:
    """One job: the steps it runs, with every partition of each, behind the gate or not."""

    name: str
    description: str
    steps: tuple[Step, ...]
    gated: bool = False
    writes: bool = True


STORIES = (
    Story(
        "audit",
        "Read, clean, relate and audit the exports. Writes nothing to HighLevel. Afterwards read "
        "`reports/audit.html`.",
        (
            source.RAW,
            source.SOURCE_SCHEMA,
            clean.CLEAN,
            clean.RELATIONSHIPS,
            clean.SOURCE_AUDIT,
        ),
        writes=False,
    ),
    Story(
        "prepare",
        "Propose the map, map every object type, examine the sub-account, make its schema ready. "
        "Stops, and says how to go on, while a person has not confirmed the map.",
        (map.FIELD_MAP, map.MAPPED, destination.PREFLIGHT, destination.DESTINATION_SCHEMA),
    ),
    Story(
        "sample",
        "Choose the sample, load it for real, read it back, compare it field by field. Afterwards "
        "read `reports/sample.html` and materialize `sample_approval`.",
        (sample.SAMPLE_CHOICE, *sample.SAMPLE_LOADS, sample.SAMPLE_DIFF),
    ),
    Story(
        "cutover",
        "Behind the gate: load everything in foreign-key order, then reconcile. Continues where an "
        "earlier run stopped.",
        (cutover.CUTOVER_PLAN, *cutover.FULL_LOADS, cutover.JOURNAL, cutover.RECONCILIATION),
        gated=True,
    ),
    Story(
        "reconcile",
        "Read everything back from HighLevel and compare it with what was meant. Changes nothing.",
        (cutover.RECONCILIATION,),
        writes=False,
    ),
    Story(
        "delta",
        "Read, clean and map the exports again, apply people's decisions, look at HighLevel, load "
        "what changed since the cutover. Nobody's edit is overwritten. The sensor "
        "`new_export_session` launches it.",
        (
            source.RAW,
            source.SOURCE_SCHEMA,
            clean.CLEAN,
            clean.RELATIONSHIPS,
            clean.SOURCE_AUDIT,
            map.FIELD_MAP,
            map.MAPPED,
            destination.DESTINATION_SCHEMA,
            delta.CONFLICT_DECISIONS,
            delta.DELTA_PLAN,
            *delta.DELTA_LOADS,
            delta.DELTA_REPORT,
            cutover.JOURNAL,
        ),
    ),
)


# --- one op ------------------------------------------------------------------------------------


def op_name(step: Step, key: str = "") -> str:
    """`clean__jobs`, `full_load__deals__jobs`, `source_audit__whole`."""
    return "__".join([*step.key.path, key or "whole"])


def checks_of(step: Step) -> list[Check]:
    """The checks on a step's asset, in the order they are asked."""
    return [check for check in CHECKS if check.step.key == step.key]


def run_step(context: Any, step: Step, resource: MigrationProject, key: str) -> Iterator[Any]:
    """Guard, materialization and checks of one partition, as events of a job's run."""
    project = resource.open()
    if step.guarded:
        reasons = step.needs(project, key)
        yield dg.AssetCheckEvaluation(
            asset_key=step.key,
            check_name=PRECONDITIONS_MET,
            partition=key or None,
            target_materialization_data=latest(context.instance, step.key, key),
            **guard_result(reasons),
        )
        if reasons:
            raise refusal(step, key, reasons)
    metadata = perform(step, resource, key, Progress(context, step.key, key))
    yield dg.AssetMaterialization(step.key, metadata=metadata, partition=key or None)
    stopped = []
    for check in checks_of(step):
        found = evaluation(check, project, key, context.instance)
        yield found
        if not found.passed:
            context.log.warning(f"check {check.name} of {step.called(key)}: {found.description}")
        if check.blocking and not found.passed:
            stopped.append(f"Check {check.name}: {found.description}")
    if stopped:
        raise refusal(step, key, stopped)


@cache
def _step_op(step: Step, key: str) -> dg.OpDefinition:
    @dg.op(
        name=op_name(step, key),
        description=step.description,
        ins={"after": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        pool=step.pool,
        retry_policy=step.retry,
        tags=dict.fromkeys([f"dagster/kind/{k}" for k in sorted(step.kinds)[:3]], ""),
    )
    def run(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
        with step.holding(project.open()):
            yield from run_step(context, step, project, key)
        yield dg.Output(None)

    return run


@dg.op(
    name="gate",
    description=GATE.about,
    out=dg.Out(dg.Nothing),
)
def gate_op(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
    """Ask the gate first; shut, nothing of the job runs."""
    opened = project.open()
    found = evaluation(GATE, opened, "", context.instance)
    yield found
    if not found.passed:
        raise failure_of(
            "The cutover", "cutover", Refused("The cutover", services.gate_reasons(opened))
        )
    yield dg.Output(None)


# --- one job -----------------------------------------------------------------------------------


def _partitions(step: Step) -> tuple[str, ...]:
    return step.objects or ("",)


def _before(story: Story, step: Step, key: str, parents: Parents) -> list[tuple[Step, str]]:
    """The (step, partition) pairs of the same job that must be done before this one.

    From the asset graph: the same partition of a parent with the same partitions, all of any
    other parent, and of every parent of a step that needs them all. A step without a parent in
    the story follows the step before it. Inside a wave, the partitions follow one another.
    """
    position = story.steps.index(step)
    known = [s for s in story.steps if s.key in parents[step.key]]
    pairs: list[tuple[Step, str]] = []
    for parent in known or story.steps[max(position - 1, 0) : position]:
        same = not step.of_all and step.objects and set(step.objects) <= set(parent.objects)
        pairs += [(parent, key)] if same else [(parent, k) for k in _partitions(parent)]
    earlier = _partitions(step)[: _partitions(step).index(key)]
    if step.guarded and earlier:
        pairs.append((step, earlier[-1]))
    return pairs


def build_job(story: Story, parents: Parents) -> dg.JobDefinition:
    """The job of one story."""
    ops: list[dg.OpDefinition] = [gate_op] if story.gated else []
    dependencies: dict[str, dict[str, dg.MultiDependencyDefinition]] = {}
    for step in story.steps:
        for key in _partitions(step):
            names = [op_name(s, k) for s, k in _before(story, step, key, parents)]
            if story.gated and not names:
                names = [gate_op.name]
            ops.append(_step_op(step, key))
            if names:
                after = [dg.DependencyDefinition(name) for name in names]
                dependencies[op_name(step, key)] = {"after": dg.MultiDependencyDefinition(after)}
    body = dg.GraphDefinition(
        name=story.name,
        description=story.description,
        node_defs=ops,
        dependencies=dependencies,
    )
    return body.to_job(
        name=story.name,
        description=story.description,
        tags=WRITES if story.writes else {},
        hooks={say_what_to_do},
        executor_def=dg.in_process_executor,
    )


# --- rollback ----------------------------------------------------------------------------------


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
            log=context.log.info,
        )
    context.add_output_metadata(metadata_of(report))
    return report


@dg.op(pool=POOL)
def say_what_would_go(
    context: dg.OpExecutionContext, config: RollbackForm, project: MigrationProject
) -> None:
    """Look the account over: what a rollback would delete, give back and leave."""
    _rolled_back(context, config, project.open(), dry_run=True)
    context.log.info("Dry run: nothing was changed. The job `rollback` takes this back.")


@dg.op(pool=POOL, out=dg.Out(dg.Nothing))
def take_back(
    context: dg.OpExecutionContext, config: RollbackForm, project: MigrationProject
) -> Iterator[Any]:
    """Undo what we wrote: delete what we created, restore what we changed."""
    opened = project.open()
    report = _rolled_back(context, config, opened, dry_run=False)
    for check in STILL_IN_PLACE:
        for key in check.step.objects:
            found = evaluation(check, opened, key, context.instance)
            if not found.passed:
                told = {"rolled back": found.description or ""}
                yield dg.AssetObservation(check.step.key, partition=key, metadata=told)
                yield found
    if report.facts["failed"] or report.facts.get("not proven"):
        reasons = [*report.problems, "Everything else was taken back; see reports/rollback.html."]
        raise failure_of("The rollback", "rollback", Incomplete(reasons))
    for problem in report.problems:
        context.log.warning(problem)
    yield dg.Output(None)


_ROLLBACK: dict[str, Any] = {
    "tags": WRITES,
    "hooks": {say_what_to_do},
    "executor_def": dg.in_process_executor,
}


@dg.job(
    description="What the job `rollback` would delete, give back and leave. Changes nothing; "
    "afterwards read `reports/rollback-dry-run.html`.",
    **_ROLLBACK,
)
def rollback_dry_run() -> None:
    """The rollback, told and not done."""
    say_what_would_go()


@dg.job(
    description="Take everything back: delete what we created, restore what we changed, leave what "
    "somebody edited since, and say so. `rollback_dry_run` says first what would go. In the "
    "launchpad, `run_id` or `object_type` take a part of it back; `force` names records (or object "
    "types, or `all`) to undo although somebody edited them.",
    **_ROLLBACK,
)
def rollback() -> None:
    """One button that undoes the migration."""
    take_back()


def build_jobs(parents: Parents) -> list[dg.JobDefinition]:
    """All jobs of the code location; `parents` is its asset graph."""
    return [*(build_job(story, parents) for story in STORIES), rollback_dry_run, rollback]
