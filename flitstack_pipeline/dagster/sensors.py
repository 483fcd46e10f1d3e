"""The sensor that picks up the delta, and an optional schedule for the nightly proof.

The decision is a plain function (`services.delta_wanted`); a tick that launches nothing says why.
"""

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.failures import summarise
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.settings import DataFolderUnusable


@dg.sensor(
    job_name="delta",
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches `exports/` inside the window that opens with the cutover. One delta run "
    "per new content: a touched file changes nothing, a file still being copied waits. Each tick "
    "that launches nothing says what it saw and when the window closes.",
)
def new_export_session(
    context: dg.SensorEvaluationContext, project: MigrationProject
) -> dg.RunRequest | dg.SkipReason:
    """Launch the delta job once for each new state of the exports folder."""
    try:
        decision = services.delta_wanted(project.open(), context.cursor)
    except DataFolderUnusable as error:
        return dg.SkipReason(str(error))
    except OSError as error:
        # A folder that cannot be read is not an empty folder (docs/dagster.md#sensors).
        return dg.SkipReason(summarise("Looking for exports", "delta", error).failed)
    context.update_cursor(decision.cursor)
    if not decision.run_key:
        return dg.SkipReason(decision.reason)
    context.log.info(decision.reason)
    return dg.RunRequest(run_key=decision.run_key, tags={"flitstack/exports": "new content"})


nightly_proof = dg.ScheduleDefinition(
    name="nightly_proof",
    job_name="reconcile",
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Optional: reads everything back each night at 05:00 UTC while the customer works "
    "in HighLevel, and goes red when something has drifted. Switch it on here.",
)
SENSORS = [new_export_session]
SCHEDULES = [nightly_proof]
