"""Stages `cutover`, `delta` and `reconcile`: everything, then what changed, then the proof."""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.sample import SAMPLE_APPROVAL
from flitstack_pipeline.assets.step import Step, step_asset
from flitstack_pipeline.assets.waves import last_wave, stage_assets, stage_steps
from flitstack_pipeline.steps import readiness

FULL_LOADS = stage_steps("cutover")
DELTA_LOADS = stage_steps("delta")

RECONCILIATION = Step(
    key=dg.AssetKey("reconciliation"),
    stage="reconcile",
    kinds=frozenset({"html", "json"}),
    description="""
        **Everything** read back from HighLevel, not a sample, and compared: records, fields, links,
        and records nobody planned. The document is `reports/reconciliation.html`.
        """,
    run=lambda project, key, log: steps.reconcile(project),
    source=steps.reconcile,
    needs=lambda project, key: readiness.before_reconciling(project),
    touches=True,
)

full_loads = stage_assets("cutover", [SAMPLE_APPROVAL.key])
delta_loads = stage_assets("delta", [last_wave("cutover")])
reconciliation = step_asset(RECONCILIATION, deps=[dg.AssetDep(last_wave("cutover"))])
