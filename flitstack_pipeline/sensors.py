"""The sensor that picks up the delta: new export sessions inside the window after the cutover."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.resources import MigrationProject


@dg.sensor(
    job_name="delta",
    minimum_interval_seconds=30,
    description="Watches exports/ for 24-48 h after the cutover; one run per new content.",
)
def new_export_session(
    context: dg.SensorEvaluationContext, project: MigrationProject
) -> dg.SensorResult | dg.SkipReason:
    """Launch the delta job once for each new state of the exports folder."""
    decision = steps.delta_wanted(project.open(), context.cursor)
    if not decision.run_key:
        return dg.SkipReason(decision.reason)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=decision.run_key)], cursor=decision.run_key
    )
