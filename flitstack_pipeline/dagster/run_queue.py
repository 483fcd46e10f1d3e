"""Which migration a run is of, and the queue that lets one run of each migration start at a time.

Belongs here: telling the migration from a run's tags, and the run coordinator that `dagster.yaml`
names. Does not: how a run is started (`celery_launcher`), what it does (`jobs`, `assets`).
"""

from __future__ import annotations

from collections.abc import Mapping

from dagster import DagsterRun, DagsterRunStatus
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migrations import ALONE

#: The tag that `concurrency.runs.tag_concurrency_limits` of every `dagster.yaml` limits to one.
MIGRATION = "flitstack/migration"
_PARTITION = "dagster/partition"
_OF_TWO = "dagster/partition/migration"
_ENDS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def migration_of(tags: Mapping[str, str]) -> str:
    """The migration that a run is of; empty when its tags name none.

    A partition says it, alone (`acme`) or with an object type (`acme|clients`); so do the ends of
    the range of a run over several partitions, which has no partition of its own
    (docs/dagster.md#several-partitions-in-one-run). What a person wrote as a tag counts last.

    Raises:
        BadInput: The range goes over more than one migration.
    """
    of_ends = {_first(tags[end]) for end in _ENDS if tags.get(end)}
    if len(of_ends) > 1:
        raise BadInput(
            "One run works on one migration, and this one would go from "
            f"{' to '.join(sorted(of_ends))}: launch one for each."
        )
    said = (tags.get(_OF_TWO, ""), _first(tags.get(_PARTITION, "")), *of_ends)
    return next((name for name in said if name), tags.get(MIGRATION, ""))


def _first(key: str) -> str:
    """The migration of a key: Dagster joins dimensions by a bar, in the order of their names."""
    return key.split("|", 1)[0]


class MigrationRunCoordinator(QueuedRunCoordinator):
    """Dagster's queue, where every run carries the tag of its migration, whatever launched it.

    No tag of Dagster's own covers both `acme` and `acme|clients`, and two runs of one migration
    must not overlap: DuckDB has one process (docs/dagster.md#duckdb).
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Tag the run, then queue it. Raises BadInput as `migration_of`."""
        run = context.dagster_run
        if run.status == DagsterRunStatus.NOT_STARTED:
            name = migration_of(run.tags) or ALONE
            if run.tags.get(MIGRATION) != name:
                self._instance.add_run_tags(run.run_id, {MIGRATION: name})
        return super().submit_run(context)
