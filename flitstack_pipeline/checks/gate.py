"""The gate before the cutover, the map's confirmation and the final reconciliation, as checks.

The same plain functions guard the load bodies: a check binds only inside one run (reference:
dagster.md A), the guard binds always.
"""

import dagster as dg

from flitstack_pipeline import steps
from flitstack_pipeline.assets.destination import preflight
from flitstack_pipeline.assets.map import field_map
from flitstack_pipeline.assets.metadata import table
from flitstack_pipeline.assets.waves import reconciliation, sample_approval, sample_diff
from flitstack_pipeline.resources import MigrationProject


def _result(problems: list[str], **tables: list[dict[str, object]]) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {
        "what to do": dg.MetadataValue.md("\n".join(f"- {p}" for p in problems) or "nothing")
    }
    metadata |= {name: table(rows) for name, rows in tables.items() if rows}
    return dg.AssetCheckResult(passed=not problems, metadata=metadata)


@dg.asset_check(asset=field_map, name="map_confirmed", blocking=True)
def map_confirmed(project: MigrationProject) -> dg.AssetCheckResult:
    """Every required entry of the map is confirmed by a person."""
    return _result(steps.unconfirmed_entries(project.open()))


@dg.asset_check(asset=preflight, name="preflight_passed", blocking=True)
def preflight_passed(project: MigrationProject) -> dg.AssetCheckResult:
    """No line of the preflight failed."""
    lines = steps.preflight_lines(project.open())
    return _result([x["what_to_do"] for x in lines if x["verdict"] == "fail"], lines=lines)


@dg.asset_check(asset=sample_diff, name="sample_has_no_differences", blocking=True)
def sample_has_no_differences(project: MigrationProject) -> dg.AssetCheckResult:
    """Every field of the sample is the same, or changed by a named rule."""
    return _result(steps.sample_problems(project.open()))


@dg.asset_check(asset=sample_approval, name="gate", blocking=True)
def gate(project: MigrationProject) -> dg.AssetCheckResult:
    """The gate of the cutover: every condition with its state."""
    conditions = steps.gate_conditions(project.open())
    reasons = [c["what_to_do"] for c in conditions if not c["ok"]]
    return _result(reasons, conditions=conditions)


@dg.asset_check(asset=reconciliation, name="everything_arrived")
def everything_arrived(project: MigrationProject) -> dg.AssetCheckResult:
    """Every planned record, field and link is in HighLevel, and nothing nobody planned."""
    return _result(steps.reconciliation_problems(project.open()))
