"""One check as data, and what Dagster makes of it: an asset check, or an evaluation in a job.

Belongs here: `Verdict`, `Check`, the factory. Does not: what is asked (the stage modules), rules.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

# Dagster shows this class nowhere public (1.13), and its Partitions tab needs it.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from flitstack_pipeline.dagster.assets.metadata import table, to_do
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.failures import said_here
from flitstack_pipeline.dagster.partitions import object_in, partition_of
from flitstack_pipeline.dagster.resources import MigrationProject, partitions_in
from flitstack_pipeline.dagster.values import sentence
from flitstack_pipeline.settings import Project


@dataclass(frozen=True)
class Verdict:
    """Passed or not, in one sentence, with the evidence."""

    passed: bool
    sentence: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A question about the result of a step; `blocking` stops what comes after in the same run.

    `ask` answers from the migration, `ask_instance` from what Dagster itself remembers of it.
    """

    step: Step
    name: str
    about: str
    ask: Callable[[Project, str], Verdict] | None = None
    blocking: bool = False
    ask_instance: Callable[[Project, dg.DagsterInstance], Verdict] | None = None

    def answer(self, project: Project, key: str, instance: dg.DagsterInstance) -> Verdict:
        """The verdict on one partition (or, without partitions, on the whole)."""
        if self.ask_instance is not None:
            return self.ask_instance(project, instance)
        assert self.ask is not None
        return self.ask(project, key)

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """What blocks is an error; the rest is something to look at, unless it says otherwise."""
        return dg.AssetCheckSeverity.ERROR if self.blocking else dg.AssetCheckSeverity.WARN


def verdict(problems: list[str], good: str, **tables: Iterable[Mapping[str, Any]]) -> Verdict:
    """A verdict from problems; `good` is the sentence when there are none."""
    metadata: dict[str, Any] = {"problems": len(problems)}
    if problems:
        metadata["to do"] = to_do(problems)
    for name, rows in tables.items():
        listed = list(rows)
        if listed:
            metadata[name.replace("_", " ")] = table(listed)
    return Verdict(not problems, said_here(problems[0]) if problems else good, metadata)


def definition(check: Check) -> dg.AssetChecksDefinition:
    """The asset check."""

    @dg.asset_check(
        asset=check.step.key,
        name=check.name,
        description=check.about,
        blocking=check.blocking,
        partitions_def=check.step.partitions,
    )
    def run(context: dg.AssetCheckExecutionContext, project: MigrationProject) -> Any:
        opened, blocking = project.here(context), check.blocking
        # an evaluation a partition: a run may have several, and an AssetCheckResult knows of none
        for partition in partitions_in(context) or [""]:
            key = object_in(partition)
            yield evaluation(check, opened, key, context.instance, blocking=blocking)
        (output,) = context.op_execution_context.op_def.output_dict
        yield dg.Output(None, output_name=output)

    return run


def latest(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """What an evaluation is about: the newest materialization of a partition (`acme|jobs`), if any.

    Without it the check's Partitions tab says "Missing" (docs/dagster.md#checks).
    """
    wanted = dg.AssetRecordsFilter(asset, asset_partitions=[partition])
    records = instance.fetch_materializations(wanted, limit=1).records
    if not records:
        return None
    newest = records[0]
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=newest.storage_id, run_id=newest.run_id, timestamp=newest.timestamp
    )


def evaluation(
    check: Check,
    project: Project,
    key: str,
    instance: dg.DagsterInstance,
    *,
    blocking: bool = False,
) -> dg.AssetCheckEvaluation:
    """The answer about one object type of a migration (none: about the whole).

    `blocking` fails the step that yields it when it is no.
    """
    found = check.answer(project, key, instance)
    partition = partition_of(project.name, key)
    return dg.AssetCheckEvaluation(
        asset_key=check.step.key,
        check_name=check.name,
        passed=found.passed,
        description=sentence(found.sentence),
        severity=check.severity,
        metadata=found.metadata,
        partition=partition,
        target_materialization_data=latest(instance, check.step.key, partition),
        blocking=blocking,
    )
