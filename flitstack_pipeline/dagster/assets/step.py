"""One step of the graph as data, and the one place that turns it into an asset.

Belongs here: `Step` (what an asset is called, does, needs first), `step_asset` (the asset),
`perform` (guard, run, report), `Progress` (the run log and the asset page). The jobs run the same
steps through the same `perform`, so a button and a job cannot differ. Does not: any business rule.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import dagster as dg

from flitstack_pipeline.dagster.assets.metadata import code_reference, metadata_of, to_do
from flitstack_pipeline.dagster.failures import failure_of, readable, say_what_to_do
from flitstack_pipeline.dagster.partitions import (
    mapping,
    object_in,
    partition_of,
    partitions_of,
)
from flitstack_pipeline.dagster.resources import MigrationProject, partitions_in
from flitstack_pipeline.dagster.values import sentence
from flitstack_pipeline.migration.progress import LoadProgress, budget_sentence, log_lines
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.settings import Project

Metadata = dict[str, Any]

PRECONDITIONS_MET = "preconditions_met"
OBSERVE_EVERY_S = 5.0
ENGINEER, CUSTOMER = "team:data-engineering", "team:customer"
#: Reading and comparing may be tried again; what writes is repeated by a person or after a crash.
RETRY = dg.RetryPolicy(max_retries=1, delay=5)
#: Several partitions of what only reads are one run: a run takes seconds to begin.
ONE_RUN = dg.BackfillPolicy.single_run()


class Progress:
    """A step's log: lines in the run log, and now and then an observation on the asset."""

    def __init__(self, context: Any, key: dg.AssetKey, partition: str) -> None:
        self._context, self._key, self._partition = context, key, partition
        self._lines = log_lines(self)
        self._observed = -OBSERVE_EVERY_S

    def __call__(self, line: str) -> None:
        """Write one line into the run log."""
        self._context.log.info(sentence(line))

    def watch(self, now: LoadProgress) -> None:
        """Say how far a load is: records per second, time left, request budget."""
        self._lines(now)
        moment = time.monotonic()
        if now.finished or moment - self._observed >= OBSERVE_EVERY_S:
            self._observed = moment
            self._context.log_event(
                dg.AssetObservation(self._key, partition=self._partition, metadata=_how_far(now))
            )


def _how_far(now: LoadProgress) -> Metadata:
    found: Metadata = {
        "progress": now.sentence(),
        "records done": now.done,
        "records in all": now.total,
        "records per second": round(now.records_per_s, 1),
        "request budget": budget_sentence(now.budget),
    }
    if now.left_s is not None:
        found["seconds left"] = round(now.left_s)
    return found


def _nothing(project: Project, key: str) -> list[str]:
    return []


def _no_more(project: Project, key: str, report: StepReport) -> Metadata:
    return {}


@dataclass(frozen=True)
class Step:
    """One asset as data.

    `run(project, object type or "", progress)` does the work; `needs` gives reasons against
    running it now; `describe` adds metadata; `guarded` shows `needs` as a blocking check (the
    loads); `of_all` tells that a partition needs every partition of its parents, `touches` that
    it talks to HighLevel, `writes` that it changes something there, `decides` that checks on other
    assets may have another answer afterwards.
    """

    key: dg.AssetKey
    stage: str
    description: str
    kinds: frozenset[str]
    run: Callable[[Project, str, Progress], StepReport]
    source: Callable[..., Any]
    needs: Callable[[Project, str], list[str]] = _nothing
    describe: Callable[[Project, str, StepReport], Metadata] = _no_more
    objects: tuple[str, ...] = ()
    guarded: bool = False
    of_all: bool = False
    touches: bool = False
    writes: bool = False
    decides: bool = False
    owners: tuple[str, ...] = (ENGINEER,)

    @property
    def name(self) -> str:
        """How people call the asset: `clean`, `full_load/deals`."""
        return self.key.to_user_string()

    @property
    def talks(self) -> bool:
        """Whether it talks to HighLevel."""
        return self.touches or self.writes

    @property
    def partitions(self) -> dg.PartitionsDefinition:
        """The partitions of its asset."""
        return partitions_of(self.objects)

    @property
    def retry(self) -> dg.RetryPolicy | None:
        """Only what changes nothing in HighLevel is tried again by itself."""
        return None if self.writes else RETRY

    @property
    def tags(self) -> dict[str, str]:
        """For filters in the UI."""
        effect = "writes" if self.writes else "reads" if self.touches else "none"
        return {"stage": self.stage, "highlevel": effect}

    def holding(self, project: Project) -> AbstractContextManager[Any]:
        """The warehouse held open for the whole step, unless it talks to HighLevel meanwhile."""
        return nullcontext() if self.talks else project.warehouse.connect()

    def called(self, key: str) -> str:
        """The step with its partition: `clean[jobs]`."""
        return f"{self.name}[{key}]" if key else self.name


def refusal(step: Step, key: str, reasons: list[str]) -> dg.Failure:
    """The Failure of a step whose guard said no."""
    return failure_of(step.called(key), step.stage, Refused(step.called(key), reasons))


def refuse(step: Step, project: Project, key: str) -> None:
    """Raise Refused when the step must not run now."""
    reasons = step.needs(project, key)
    if reasons:
        raise Refused(step.called(key), reasons)


def perform(step: Step, resource: MigrationProject, key: str, context: Any) -> Metadata:
    """Ask the guard, run the step, return its metadata.

    Args:
        step: What to do.
        resource: Opens the migration of the run.
        key: The object type; empty for the whole migration.
        context: Dagster's, of the run.

    Raises:
        Failure: Readable, in any case.
    """
    started = time.monotonic()
    project = resource.here(context)
    log = Progress(context, step.key, partition_of(project.name, key))
    with readable(step.called(key), step.stage), step.holding(project):
        refuse(step, project, key)
        if step.talks:
            resource.hold_accounts(project)
        report = step.run(project, key, log)
        described = step.describe(project, key, report)
    seconds = round(time.monotonic() - started, 2)
    return {**metadata_of(report), **described, "seconds": dg.MetadataValue.float(seconds)}


def guard_result(reasons: list[str]) -> Metadata:
    """A guard's answer, as the arguments of a check result."""
    sentence = f"Nothing was sent: {len(reasons)} reasons." if reasons else "It may run."
    metadata: Metadata = {"reasons": len(reasons)}
    if reasons:
        metadata["to do"] = to_do(reasons)
    return {"passed": not reasons, "description": sentence, "metadata": metadata}


def guard_spec(step: Step) -> dg.AssetCheckSpec:
    """The blocking check that shows a load's guard."""
    return dg.AssetCheckSpec(
        PRECONDITIONS_MET,
        asset=step.key,
        blocking=True,
        partitions_def=step.partitions,
        description="The gate and the order of the foreign keys, asked at the moment of the load. "
        "Red: nothing was sent; the metadata says what is missing and what to press.",
    )


def step_asset(step: Step, after: Sequence[Step] = ()) -> dg.AssetsDefinition:
    """The asset of a step, which depends on those of the steps of `after`."""

    @declared_asset(
        step,
        after,
        check_specs=[guard_spec(step)] if step.guarded else None,
        output_required=not step.guarded,
        backfill_policy=ONE_RUN if step.objects and not step.writes else None,
    )
    def run(context: dg.AssetExecutionContext, project: MigrationProject) -> Iterator[Any]:
        opened = project.here(context)
        keys = [object_in(partition) for partition in partitions_in(context)] or [""]
        if step.guarded:
            (key,) = keys
            reasons = step.needs(opened, key)
            yield dg.AssetCheckResult(
                check_name=PRECONDITIONS_MET,
                asset_key=step.key,
                **guard_result(reasons),
            )
            if reasons:
                raise refusal(step, key, reasons)
        for key in keys:
            metadata = perform(step, project, key, context)
            made = partition_of(opened.name, key)
            context.add_asset_metadata(metadata, asset_key=step.key, partition_key=made)
        yield dg.MaterializeResult(asset_key=step.key)
        if step.decides:
            yield from after_a_decision(opened, context.instance)

    return run


def after_a_decision(
    project: Project, instance: dg.DagsterInstance
) -> Iterator[dg.AssetCheckEvaluation]:
    """The checks on any asset that have another answer now."""
    from flitstack_pipeline.dagster.checks.again import asked_again  # checks are about assets

    return asked_again(project, instance)


def declared_asset(
    step: Step, after: Sequence[Step], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The decorator that makes an asset of a step, with what every asset of the graph has.

    Args:
        step: What the asset is called, its stage, object types and description.
        after: The steps whose assets it depends on.
        more: Further arguments of `dagster.asset`.
    """
    deps = [
        dg.AssetDep(
            one.key, partition_mapping=mapping(one.objects, step.objects, of_all=step.of_all)
        )
        for one in after
    ]
    decorator: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=step.key,
        group_name=step.stage,
        kinds=set(step.kinds),
        owners=list(step.owners),
        tags=step.tags,
        description=inspect.cleandoc(step.description),
        metadata=code_reference(step.source),
        partitions_def=step.partitions,
        deps=deps,
        retry_policy=step.retry,
        hooks={say_what_to_do},
        **more,
    )
    return decorator
