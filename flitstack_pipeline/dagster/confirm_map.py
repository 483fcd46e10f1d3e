"""The job with which a person confirms the map; it is filled in with the last fingerprint."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from flitstack_pipeline.dagster.assets.map import MAP_CONFIRMATION, Confirmation, confirm
from flitstack_pipeline.dagster.checks.again import asked_again
from flitstack_pipeline.dagster.failures import say_what_to_do
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.services.project_context import map_document
from flitstack_pipeline.settings import Project

OP = "confirm"
#: The one migration of this code location. A job's launchpad is filled in for a partition, and for
#: nothing else, when a person opens it.
MIGRATION = dg.StaticPartitionsDefinition(["main"])


@dg.op(name=OP, out=dg.Out(dg.Nothing))
def _confirm(
    context: dg.OpExecutionContext, config: Confirmation, project: MigrationProject
) -> Iterator[Any]:
    opened = project.open()
    metadata = confirm(opened, config)
    yield dg.AssetMaterialization(MAP_CONFIRMATION.key, metadata=metadata)
    made = {(MAP_CONFIRMATION.key, "")}
    yield from asked_again(opened, context.instance, made)
    yield dg.Output(None)


@dg.static_partitioned_config(MIGRATION.get_partition_keys())
def _last_proposal(partition: str) -> dict[str, Any]:
    """The form as a person finds it: the last proposal's fingerprint, the name left to type."""
    document = map_document(Project.from_environment())
    fingerprint = document.fingerprint[:12] if document else ""
    form = {"confirmed_by": "", "fingerprint": fingerprint, "acknowledged_by": ""}
    return {"ops": {OP: {"config": form}}}


@dg.job(
    name=JOB["confirm_map"],
    description="A person confirms the map they read. In the launchpad choose partition main: it "
    "fills in the fingerprint of the last proposal. Type your name. Refused when the map, or the "
    "exports it was proposed from, changed since.",
    config=_last_proposal,
    hooks={say_what_to_do},
    executor_def=dg.in_process_executor,
)
def confirm_map() -> None:
    """A person's confirmation of the map."""
    _confirm()
