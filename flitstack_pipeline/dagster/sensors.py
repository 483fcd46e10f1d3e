"""The sensors that pick up the delta and what was done elsewhere, and a nightly proof (optional).

The decision is a plain function (`services.delta_wanted`); a tick that launches nothing says why.
"""

import time

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.failures import summarise
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.services.steps_done import changed_at
from flitstack_pipeline.settings import DataFolderUnusable

#: A person who decides one thing decides the next soon after.
QUIET_S = 60


@dg.sensor(
    job_name=JOB["delta"],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches exports/ inside the window that opens with the cutover. One delta run "
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


@dg.sensor(
    job_name="catch_up",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks whether the map, a decision or the notes of a command changed since the "
    "last run ended: something was done by flitstack, in the review room or by hand, and is "
    "shown.",
)
def done_elsewhere(
    context: dg.SensorEvaluationContext, project: MigrationProject
) -> dg.RunRequest | dg.SkipReason:
    """Launch `catch_up` once for what was done since the last run, after a minute of quiet."""
    try:
        changed = changed_at(project.open())
    except (DataFolderUnusable, OSError) as error:
        return dg.SkipReason(str(error))
    last = next(iter(context.instance.get_run_records(limit=1)), None)
    if last is not None and last.end_time is None:
        return dg.SkipReason("A run is under way.")
    if changed is None or (last is not None and changed < (last.end_time or 0)):
        return dg.SkipReason("Nothing was changed since the last run.")
    if time.time() - changed < QUIET_S:
        return dg.SkipReason("Something was changed within a minute: it may not be all yet.")
    return dg.RunRequest(run_key=str(changed))


nightly_proof = dg.ScheduleDefinition(
    name="nightly_proof",
    job_name=JOB["reconcile"],
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Optional: reads everything back each night at 05:00 UTC while the customer works "
    "in HighLevel, and goes red when something has drifted. Switch it on here.",
)
SENSORS = [new_export_session, done_elsewhere]
SCHEDULES = [nightly_proof]
