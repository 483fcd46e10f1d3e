"""Forgetting a closed migration: its partition, its runs, and what Dagster keeps beside them.

Dagster deletes runs, and leaves check results, events without a run and the newest event of each
asset (docs/dagster.md#several-migrations); those go by SQL. Belongs here: what is of one migration
in Dagster's storage. Does not: what else closing does (`services.registry`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

# What Dagster leaves has no public way out (1.13): its own tables, and how it writes an event.
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.legacy_storage import LegacyEventLogStorage
from dagster._serdes import deserialize_value, serialize_value

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.fleet import FLEET
from flitstack_pipeline.dagster.partitions import MIGRATION, partition_of
from flitstack_pipeline.dagster.run_queue import MIGRATION as TAG
from flitstack_pipeline.migration.report import Refused

_EVENTS, _CHECKS = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
MADE = dg.DagsterEventType.ASSET_MATERIALIZATION.value


def refuse_running(instance: dg.DagsterInstance, migration: str) -> None:
    """Raise Refused while Dagster runs or queues anything of a migration."""
    under_way = _runs(instance, migration, list(NOT_FINISHED_STATUSES))
    if under_way:
        raise Refused("closing", [
            f"Dagster has {len(under_way)} runs of {migration} under way: wait for them, or stop "
            "them on the page Runs."
        ])  # fmt: skip


def forget(instance: dg.DagsterInstance, migration: str, home: Path | None) -> int:
    """Delete all that Dagster knows of a migration; how many runs that were.

    Args:
        instance: The Dagster.
        migration: Its name.
        home: Where that Dagster keeps files; None where it keeps none of ours.
    """
    runs = _runs(instance, migration)
    for run_id in runs:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        for shard in home.glob(f"history/runs/{run_id}.db*") if home is not None else ():
            shard.unlink(missing_ok=True)
    storage: Any = instance.event_log_storage  # SQL, with whatever database
    if isinstance(storage, LegacyEventLogStorage):
        storage = storage._storage.event_log_storage
    with storage.index_connection() as con:
        _delete_rows(con, migration, runs)
        _renew_newest(con)
    with storage.run_connection("") as con:  # SQLite has events without a run in a file of its own
        con.execute(SqlEventLogStorageTable.delete().where(_of(_EVENTS, migration)))
    instance.delete_dynamic_partition(MIGRATION, migration)
    return len(runs)


def _runs(
    instance: dg.DagsterInstance, migration: str, statuses: list[dg.DagsterRunStatus] | None = None
) -> list[str]:
    """Ids of the runs of a migration, by any tag that tells whose they are."""
    partitions = [migration, *(partition_of(migration, key) for key in KEYS)]
    asked = {
        TAG: migration,
        "dagster/partition": partitions,
        "dagster/asset_partition_range_start": partitions,
    }
    return list(dict.fromkeys(
        run.run_id
        for tag, value in asked.items()
        for run in instance.get_runs(dg.RunsFilter(tags={tag: value}, statuses=statuses))
    ))  # fmt: skip


def _of(columns: Any, migration: str) -> sa.ColumnElement[bool]:
    """Whether a row of a table is about a migration; the fleet's rows are about every one."""
    partition = columns.partition
    found = sa.or_(partition == migration, partition.startswith(f"{migration}|", autoescape=True))
    return sa.or_(found, columns.asset_key == FLEET.to_string())


def _delete_rows(con: sa.Connection, migration: str, runs: list[str]) -> None:
    """Events without a run, check results and tags of events."""
    gone = sa.select(_EVENTS.id).where(_of(_EVENTS, migration))
    con.execute(AssetEventTagsTable.delete().where(AssetEventTagsTable.c.event_id.in_(gone)))
    con.execute(SqlEventLogStorageTable.delete().where(_of(_EVENTS, migration)))
    ours = sa.or_(_of(_CHECKS, migration), _CHECKS.run_id.in_(runs))
    con.execute(AssetCheckExecutionsTable.delete().where(ours))


def _renew_newest(con: sa.Connection) -> None:
    """What Dagster shows as the newest event of each asset is one that is still there."""
    for (asset,) in con.execute(sa.select(AssetKeyTable.c.asset_key)).fetchall():
        newest = con.execute(
            sa.select(_EVENTS.id, _EVENTS.event)
            .where(_EVENTS.asset_key == asset, _EVENTS.dagster_event_type == MADE)
            .order_by(_EVENTS.id.desc()).limit(1)
        ).first()  # fmt: skip
        values: dict[str, Any] = {"cached_status_data": None, "last_materialization": None,
                                  "last_run_id": None}  # fmt: skip
        if newest is not None:
            entry = deserialize_value(newest.event, EventLogEntry)
            record = dg.EventLogRecord(storage_id=newest.id, event_log_entry=entry)
            values |= {"last_materialization": serialize_value(record),
                       "last_run_id": entry.run_id}  # fmt: skip
        con.execute(AssetKeyTable.update().where(AssetKeyTable.c.asset_key == asset), values)
