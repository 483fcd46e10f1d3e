"""The job with which a person confirms the map; it is filled in with the last fingerprint."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from flitstack_pipeline.dagster.assets.map import MAP_CONFIRMATION, Confirmation, confirm
from flitstack_pipeline.dagster.checks.again import asked_again
from flitstack_pipeline.dagster.failures import say_what_to_do
from flitstack_pipeline.dagster.jobs import of_a_migration
from flitstack_pipeline.dagster.partitions import partition_of
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.services.project_context import map_document
from flitstack_pipeline.settings import Project

OP = "confirm"


@dg.op(name=OP, out=dg.Out(dg.Nothing))
def _confirm(
    context: dg.OpExecutionContext, config: Confirmation, project: MigrationProject
) -> Iterator[Any]:
    opened = project.here(context)
    metadata = confirm(opened, config)
    partition = partition_of(opened.name)
    yield dg.AssetMaterialization(MAP_CONFIRMATION.key, metadata=metadata, partition=partition)
    yield from asked_again(opened, context.instance, {(MAP_CONFIRMATION.key, partition)})
    yield dg.Output(None)


def _last_proposal(migration: str) -> dict[str, Any]:
    """The form as a person finds it: the last proposal's fingerprint, the name left to type."""
    document = map_document(Project.named(migration))
    fingerprint = document.fingerprint[:12] if document else ""
    form = {"confirmed_by": "", "fingerprint": fingerprint, "acknowledged_by": ""}
    return {"ops": {OP: {"config": form}}}


@dg.job(
    name=JOB["confirm_map"],
    description="A person confirms the map they read. In the launchpad choose the migration as "
    "partition (main, where there is one alone): it fills in the fingerprint of the last proposal. "
    "Type your name. Refused when the map, or the exports it was proposed from, changed since.",
    config=of_a_migration(_last_proposal),
    hooks={say_what_to_do},
    executor_def=dg.in_process_executor,
)
def confirm_map() -> None:
    """A person's confirmation of the map."""
    _confirm()
