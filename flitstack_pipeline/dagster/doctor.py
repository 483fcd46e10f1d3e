"""Where Dagster and the migration say different things.

Belongs here: finding the differences. Does not: mending them, which `catch_up` does.
"""

from __future__ import annotations

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.catch_up import STEPS, steps_of
from flitstack_pipeline.dagster.checks.again import asked_again
from flitstack_pipeline.dagster.checks.check import latest
from flitstack_pipeline.dagster.partitions import partition_of
from flitstack_pipeline.services.standing import standing
from flitstack_pipeline.services.steps_done import waiting
from flitstack_pipeline.settings import Project


def differences(project: Project, instance: dg.DagsterInstance) -> list[dict[str, str]]:
    """A row for each asset or check of which Dagster shows something else than is."""
    stands = {(step, done.key) for done in standing(project) for step in steps_of(done)}
    rows = [
        _row(f"{len(notes)} steps", "not told yet", "done")
        for notes in [[n for n in waiting(project) if n.ran]] if notes
    ]  # fmt: skip
    for step in STEPS:
        for key in step.objects or ("",):
            partition, is_there = partition_of(project.name, key), (step, key) in stands
            shown = latest(instance, step.key, partition) is not None
            if is_there and not shown:
                rows.append(_row(step.called(key), "never made", "made"))
            elif shown and not is_there and _stands_in_dagster(project, step, key):
                rows.append(_row(step.called(key), "loaded", "not loaded, by the journal"))
    for found in asked_again(project, instance):
        name = f"{found.asset_key.to_user_string()}: {found.check_name}"
        rows.append(_row(f"{name} of {found.partition}", "another answer", found.description or ""))
    return rows


def _stands_in_dagster(project: Project, step: Step, key: str) -> bool:
    """Whether Dagster shows a load as one that was not taken back."""
    return step.guarded and not services.rolled_back_on(project, step.stage, key)


def _row(what: str, shown: str, real: str) -> dict[str, str]:
    return {"what": what, "Dagster shows": shown, "it is": real}
