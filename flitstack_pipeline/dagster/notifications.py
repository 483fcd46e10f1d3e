"""Sensors that tell people that a run ended; off unless the environment names whom to tell."""

import dagster as dg

from flitstack_pipeline.dagster.catch_up import catch_up
from flitstack_pipeline.dagster.run_queue import MIGRATION as TAG
from flitstack_pipeline.services.notifying import Notifications, tell_people
from flitstack_pipeline.settings import Project

_ABOUT = "Off unless FLITSTACK_NOTIFY_WEBHOOK or FLITSTACK_NOTIFY_EMAIL is set."


def notification_sensors() -> list[dg.SensorDefinition]:
    """One sensor for runs that failed, one for those that succeeded."""
    status = dg.DefaultSensorStatus
    wanted = status.RUNNING if Notifications.from_environment().wanted else status.STOPPED

    @dg.run_failure_sensor(
        default_status=wanted, description=f"Tells people that a run failed, and where. {_ABOUT}"
    )
    def tell_of_failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        steps = [event.step_key for event in context.get_step_failure_events()]
        return _told(context.dagster_run, f"failed in {steps[0]}" if steps else "failed")

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=wanted,
        description=f"Tells people that a run succeeded. {_ABOUT}",
    )
    def tell_of_successes(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        return _told(context.dagster_run, "succeeded")

    return [tell_of_failures, tell_of_successes]


def _told(run: dg.DagsterRun, how: str) -> dg.SkipReason | None:
    """Tell of a run; None when it was told. What repeats what others did is not worth telling."""
    if run.job_name == catch_up.name:
        return dg.SkipReason("It only showed what was done elsewhere.")
    to = Notifications.from_environment()
    if not to.wanted:
        return dg.SkipReason("Nobody is named: set FLITSTACK_NOTIFY_WEBHOOK or _EMAIL.")
    what = "Materialize" if run.job_name.startswith("__") else run.job_name
    migration = run.tags.get(TAG) or Project.from_environment().root.name
    tell_people(to, f"{migration}: {what} {how}. See {to.ui}/runs/{run.run_id}")
    return None
