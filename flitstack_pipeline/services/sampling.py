"""The step that chooses the sample: which records a person will be shown before the cutover."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.sample import choose_sample
from flitstack_pipeline.services.project_context import map_document, open_journal
from flitstack_pipeline.settings import Project


def choose(project: Project) -> StepReport:
    """Choose the smallest closed set of records that exercises everything once.

    The coverage is stored for the report and the gate; a new choice needs loading and comparing.
    """
    document = map_document(project)
    entries = document.fields if document else []
    transforms = {(e.target, e.field): e.transform for e in entries if e.active}
    with project.warehouse.connect() as con:
        choice = choose_sample(con, transforms)
    with open_journal(project) as journal:
        journal.set_setting("sample:choice", choice.as_dict())
    facts = {
        "coverage": f"{choice.coverage:.1%} of {choice.features_total} features",
        "features": choice.features_total,
        "features covered": choice.features_covered,
        "at random": choice.random,
    }
    tables: dict[str, list[dict[str, Any]]] = {
        "by object": [{"object": k, "records": n} for k, n in choice.by_object.items()],
        "not exercised": [{"feature": name} for name in choice.uncovered],
    }
    return StepReport("sample chosen", len(choice.record_keys), facts, tables)
