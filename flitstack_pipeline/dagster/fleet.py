"""The fleet at a glance: an asset with a row for each migration, kept current by a sensor.

Belongs here: how Dagster shows the rows. Does not: what is in them (`services.registry`).
"""

import json
from typing import Any

import dagster as dg

from flitstack_pipeline import migrations
from flitstack_pipeline.dagster.assets.metadata import code_reference, table
from flitstack_pipeline.dagster.assets.step import ENGINEER
from flitstack_pipeline.services import registry

FLEET = dg.AssetKey("fleet")


@dg.asset(
    key=FLEET,
    group_name="fleet",
    kinds={"table"},
    owners=[ENGINEER],
    tags={"stage": "fleet", "highlevel": "none"},
    metadata=code_reference(registry.listed),
    description="A row for each migration: the step it stands at, who must do what next, records "
    "in HighLevel, requests of today, what runs now. A sensor renews it when a row has changed; "
    "Materialize does at once.",
)
def fleet() -> dg.MaterializeResult[None]:
    """Every migration, at a glance."""
    return dg.MaterializeResult(metadata=_shown(registry.listed()))


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Renews the asset fleet when a migration took a step, came or was closed. Launches "
    "nothing.",
)
def fleet_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Report the rows of all migrations once any is another than before."""
    kept = json.loads(context.cursor or "{}")
    rows = {name: registry.row_of(name) for name in migrations.served()}
    if rows == kept:
        return dg.SensorResult(skip_reason=f"{len(rows)} migrations, none another than before.")
    event = dg.AssetMaterialization(FLEET, metadata=_shown(list(rows.values())))
    return dg.SensorResult(asset_events=[event], cursor=json.dumps(rows, default=str))


def _shown(rows: list[dict[str, Any]]) -> dict[str, dg.MetadataValue]:
    waiting = sum(row["waits for"] == "customer" for row in rows)
    return {
        "migrations": table(rows, limit=len(rows)),
        "dagster/row_count": dg.MetadataValue.int(len(rows)),
        "waiting for a customer": dg.MetadataValue.int(waiting),
    }
