"""The jobs that run steps: audit, propose_map, prepare, sample, cutover, reconcile, delta.

Assets whose partitions differ cannot share an asset job, so each job is a graph of ops, one per
(asset, object type), derived from the asset graph: same steps, same guards, same order; its
partitions are the migrations. Each op reports the materialization and the check results of its
partition as it completes, so the asset pages show the truth, a failed job can be re-executed from
where it stopped, and the run page reads as a timeline.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import dagster as dg

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
from flitstack_pipeline.dagster.assets.step import (
    PRECONDITIONS_MET,
    Step,
    guard_result,
    perform,
    refusal,
)
from flitstack_pipeline.dagster.checks import CHECKS, Check
from flitstack_pipeline.dagster.checks.again import asked_again
from flitstack_pipeline.dagster.checks.check import evaluation, latest
from flitstack_pipeline.dagster.checks.sample import GATE
from flitstack_pipeline.dagster.failures import failure_of, say_what_to_do
from flitstack_pipeline.dagster.partitions import MIGRATIONS, partition_of
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.run_queue import MIGRATION as TAG
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.report import Refused

#: The asset graph: the assets each asset depends on.
Parents = Mapping[dg.AssetKey, set[dg.AssetKey]]


@dataclass(frozen=True)
class Story:
    """One job: the steps it runs, with every object type of each, behind the gate or not."""

    name: str
    description: str
    steps: tuple[Step, ...]
    gated: bool = False


def of_a_migration(form: Callable[[str], dict[str, Any]] = lambda migration: {}) -> Any:
    """The config of a job whose partitions are the migrations; its runs carry their names.

    `form` says what a migration's launchpad is filled in with.
    """
    return dg.PartitionedConfig(
        partitions_def=MIGRATIONS,
        run_config_for_partition_key_fn=form,
        tags_for_partition_key_fn=lambda migration: {TAG: migration},
    )


STORIES = (
    Story(
        JOB["audit"],
        "Read, clean, relate and audit the exports. Writes nothing to HighLevel. Afterwards read "
        "reports/audit.html.",
        (
            source.RAW,
            source.SOURCE_SCHEMA,
            clean.CLEAN,
            clean.RELATIONSHIPS,
            clean.SOURCE_AUDIT,
        ),
    ),
    Story(
        JOB["propose_map"],
        "Propose the map, keeping what was decided. Read reports/field-map.html, edit "
        f"map.yaml, then launch {JOB['confirm_map']}.",
        (map.FIELD_MAP,),
    ),
    Story(
        JOB["prepare"],
        "Propose the map again, map every object type, examine the sub-account, make its schema "
        "ready. Stops, and says how to go on, while a person has not confirmed the map.",
        (map.FIELD_MAP, map.MAPPED, destination.PREFLIGHT, destination.DESTINATION_SCHEMA),
    ),
    Story(
        JOB["sample"],
        "Choose the sample, load it for real, read it back, compare it field by field. Afterwards "
        "read reports/sample.html and materialize sample_approval.",
        (sample.SAMPLE_CHOICE, *sample.SAMPLE_LOADS, sample.SAMPLE_DIFF),
    ),
    Story(
        JOB["cutover"],
        "Behind the gate: load everything in foreign-key order, then reconcile. Continues where an "
        "earlier run stopped.",
        (cutover.CUTOVER_PLAN, *cutover.FULL_LOADS, cutover.JOURNAL, cutover.RECONCILIATION),
        gated=True,
    ),
    Story(
        JOB["reconcile"],
        "Read everything back from HighLevel and compare it with what was meant. Changes nothing.",
        (cutover.RECONCILIATION,),
    ),
    Story(
        JOB["delta"],
        "Read, clean and map the exports again, apply people's decisions, look at HighLevel, load "
        "what changed since the cutover. Nobody's edit is overwritten. The sensor "
        "new_export_session launches it.",
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
    project = resource.here(context)
    partition = partition_of(project.name, key)
    if step.guarded:
        reasons = step.needs(project, key)
        yield dg.AssetCheckEvaluation(
            asset_key=step.key,
            check_name=PRECONDITIONS_MET,
            partition=partition,
            target_materialization_data=latest(context.instance, step.key, partition),
            **guard_result(reasons),
        )
        if reasons:
            raise refusal(step, key, reasons)
    metadata = perform(step, resource, key, context)
    yield dg.AssetMaterialization(step.key, metadata=metadata, partition=partition)
    stopped = []
    for check in checks_of(step):
        found = evaluation(check, project, key, context.instance)
        yield found
        if not found.passed:
            context.log.warning(f"check {check.name} of {step.called(key)}: {found.description}")
        if check.blocking and not found.passed:
            stopped.append(f"Check {check.name}: {found.description}")
    if step.decides:
        yield from asked_again(project, context.instance)
    if stopped:
        raise refusal(step, key, stopped)


@cache
def _step_op(step: Step, key: str) -> dg.OpDefinition:
    @dg.op(
        name=op_name(step, key),
        description=step.description,
        ins={"after": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=step.retry,
        tags=dict.fromkeys([f"dagster/kind/{k}" for k in sorted(step.kinds)[:3]], ""),
    )
    def run(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
        with step.holding(project.here(context)):
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
    opened = project.here(context)
    found = evaluation(GATE, opened, "", context.instance)
    yield found
    if not found.passed:
        raise failure_of(
            "The cutover", "cutover", Refused("The cutover", services.gate_reasons(opened))
        )
    yield dg.Output(None)


@dg.op(
    name="look_again",
    description="Asks the checks again that this job may have given another answer.",
    ins={"after": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
)
def look_again_op(context: dg.OpExecutionContext, project: MigrationProject) -> Iterator[Any]:
    """The last op of every job."""
    yield from asked_again(project.here(context), context.instance)
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
    before_last = [dg.DependencyDefinition(op.name) for op in ops]
    dependencies[look_again_op.name] = {"after": dg.MultiDependencyDefinition(before_last)}
    ops.append(look_again_op)
    body = dg.GraphDefinition(
        name=story.name,
        description=story.description,
        node_defs=ops,
        dependencies=dependencies,
    )
    return body.to_job(
        name=story.name,
        description=story.description,
        config=of_a_migration(),
        hooks={say_what_to_do},
        executor_def=dg.in_process_executor,
    )


def build_jobs(parents: Parents) -> list[dg.JobDefinition]:
    """The jobs of the stories; `parents` is the asset graph."""
    return [build_job(story, parents) for story in STORIES]
