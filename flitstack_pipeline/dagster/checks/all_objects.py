"""One verdict per stage over all object types of a migration.

Dagster's badge on a partitioned asset is that of the last evaluation, whatever its partition: green
clients hide red invoices. So each stage ends in an asset without object types, whose check
`all_objects_passed` reads what every object type was last told, and names the worst.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from flitstack_pipeline.dagster.assets.clean import CLEAN, SOURCE_AUDIT
from flitstack_pipeline.dagster.assets.cutover import FULL_LOADS, RECONCILIATION
from flitstack_pipeline.dagster.assets.delta import DELTA_LOADS, DELTA_REPORT
from flitstack_pipeline.dagster.assets.destination import PREFLIGHT
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.sample import SAMPLE_DIFF, SAMPLE_LOADS
from flitstack_pipeline.dagster.assets.source import RAW
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.dagster.partitions import partition_of
from flitstack_pipeline.settings import Project

#: The asset a stage ends in, and the partitioned steps it answers for.
ENDS: tuple[tuple[Step, tuple[Step, ...]], ...] = (
    (SOURCE_AUDIT, (RAW, CLEAN)),
    (PREFLIGHT, (MAPPED,)),
    (SAMPLE_DIFF, tuple(SAMPLE_LOADS)),
    (RECONCILIATION, tuple(FULL_LOADS)),
    (DELTA_REPORT, tuple(DELTA_LOADS)),
)


def all_objects_checks(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The check `all_objects_passed` of each stage, over these checks of its partitions."""
    return tuple(_check(end, [c for c in checks if c.step in steps]) for end, steps in ENDS)


def _check(end: Step, asked: list[Check]) -> Check:
    names = ", ".join(dict.fromkeys(check.step.name for check in asked))
    return Check(
        end,
        "all_objects_passed",
        f"Every check of every object type of {names} passed when it was last asked; the worst is "
        "named first. The badges of those assets show one object type alone.",
        ask_instance=lambda project, instance: _verdict(project, instance, asked),
    )


def _verdict(project: Project, instance: dg.DagsterInstance, asked: list[Check]) -> Verdict:
    found: list[tuple[int, str]] = []
    for check in asked:
        key = dg.AssetCheckKey(check.step.key, check.name)
        ours = [partition_of(project.name, name) for name in check.step.objects]
        told = {
            info.partition_key: info
            for info in instance.event_log_storage.get_asset_check_partition_info(
                [key], partition_keys=ours
            )
        }
        for name, partition in zip(check.step.objects, ours, strict=True):
            info = told.get(partition)
            if info is None:
                found.append((2, f"{check.step.called(name)}: {check.name} was not asked yet"))
            elif info.latest_execution_status.value != "SUCCEEDED":
                worst = 0 if check.blocking else 1
                found.append((worst, f"{check.step.called(name)}: {check.name} did not pass"))
            elif not info.is_current:
                found.append((2, f"{check.step.called(name)}: {check.name} is of an older run"))
    problems = [sentence for _, sentence in sorted(found, key=lambda pair: pair[0])]
    return verdict(problems, "Every check of every object type passed.")
