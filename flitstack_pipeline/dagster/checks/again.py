"""Checks asked again: about what was made, and those that decisions and other steps may change.

A check on an asset is asked when the asset is made; its answer may change otherwise: the map was
edited, the approval lapsed, a load was taken back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Set

import dagster as dg

# What Dagster shows of one partition's check is told by nothing public (1.13).
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as Status,
)

from flitstack_pipeline.dagster.assets.map import FIELD_MAP
from flitstack_pipeline.dagster.assets.sample import SAMPLE_DIFF
from flitstack_pipeline.dagster.checks import CHECKS, Check, loads
from flitstack_pipeline.dagster.checks.check import evaluation, latest
from flitstack_pipeline.dagster.checks.destination import MAP_CONFIRMED
from flitstack_pipeline.dagster.checks.sample import GATE
from flitstack_pipeline.dagster.partitions import partition_of
from flitstack_pipeline.settings import Project

#: Checks on what a person decides are asked once there is something to decide.
ASKED_AFTER = {GATE: SAMPLE_DIFF, MAP_CONFIRMED: FIELD_MAP}


def asked_again(
    project: Project,
    instance: dg.DagsterInstance,
    told: Set[tuple[dg.AssetKey, str | None]] = frozenset(),
) -> Iterator[dg.AssetCheckEvaluation]:
    """Answers about the partitions that were made (`told`), and those Dagster shows otherwise."""
    asked = [
        (check, key) for check in CHECKS for key in check.step.objects or ("",)
        if (check.step.key, partition_of(project.name, key)) in told
        or _may_differ(project, instance, check, key)
    ]  # fmt: skip
    with project.warehouse.connect():  # held for the answers, not while they are stored
        found = [
            evaluation(check, project, key, instance)
            for check, key in asked if check.ask is not None
        ]  # fmt: skip
    about_instance = (
        evaluation(check, project, key, instance)
        for check, key in asked if check.ask_instance is not None
    )  # fmt: skip
    for one in itertools.chain(found, about_instance):  # the latter once the others are stored
        if (one.asset_key, one.partition) in told or _is_news(instance, one):
            yield one


def _may_differ(project: Project, instance: dg.DagsterInstance, check: Check, key: str) -> bool:
    """Whether what people decide and other steps do can change the answer of a check."""
    if check.step.objects and check not in loads.CHECKS:
        return False
    after = ASKED_AFTER.get(check, check.step)
    return latest(instance, after.key, partition_of(project.name, key)) is not None


def _is_news(instance: dg.DagsterInstance, found: dg.AssetCheckEvaluation) -> bool:
    """Whether Dagster shows another answer of a check: passed or not, or its sentence."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        found.asset_check_key,
        limit=1,
        status={Status.SUCCEEDED, Status.FAILED},
        partition_filter=PartitionKeyFilter(key=found.partition),
    )
    shown = records[0].evaluation if records else None
    return shown is None or (shown.passed, shown.description) != (found.passed, found.description)
