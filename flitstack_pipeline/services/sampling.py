"""The step that chooses the sample: which records a person will be shown before the cutover."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.sample import choose_sample
from flitstack_pipeline.services.early_cutoff import (
    Prints,
    Step,
    perform,
    surroundings,
)
from flitstack_pipeline.services.ledger import mapped_records
from flitstack_pipeline.services.project_context import map_document, open_journal
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.services.table_prints import print_of, print_of_tables
from flitstack_pipeline.settings import Project


@noted()
def choose(project: Project) -> StepReport:
    """Choose the smallest closed set of records that exercises everything once.

    The coverage is stored for the report and the gate; a new choice needs loading and comparing.
    The choice stays while the mapped records and the transforms of their fields do.
    """

    def inputs() -> Prints:
        how = print_of(sorted(_transforms(project).items()))
        mapped = mapped_records(project)
        return {**surroundings(project), "mapped records": mapped, "transforms": how}

    def left() -> str:
        with open_journal(project) as journal:
            stored = journal.get_setting("sample:choice")
        return print_of(print_of_tables(project, "mapped", ["sample"]), stored)

    step = Step("sample choice", inputs, lambda: [_choose(project)], left, frozenset({"mapped"}))
    return perform(project, step)[0]


def _transforms(project: Project) -> dict[tuple[str, str], str]:
    document = map_document(project)
    entries = document.fields if document else []
    return {(e.target, e.field): e.transform for e in entries if e.active}


def _choose(project: Project) -> StepReport:
    with project.warehouse.connect() as con:
        choice = choose_sample(con, _transforms(project))
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
