"""The step that chooses the sample: which records a person will be shown before the cutover."""

from __future__ import annotations

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.sample import choose_sample
from flitstack_pipeline.settings import Project


def choose(project: Project) -> StepReport:
    """Choose the smallest closed set of records that exercises everything once."""
    with project.warehouse.connect() as con:
        choice = choose_sample(con)
        labels = con.execute(
            "SELECT object, count(*) FROM mapped.sample GROUP BY object ORDER BY object"
        ).fetchall()
    facts = {
        "coverage": f"{choice.coverage:.1%} of {choice.features_total} features",
        "features": choice.features_total,
        "features covered": choice.features_covered,
    }
    by_object = [{"object": name, "records": count} for name, count in labels]
    return StepReport("sample chosen", len(choice.record_keys), facts, {"by object": by_object})
