"""Which steps stand, by what they left in warehouse and journal, as the notes of a command.

For a Dagster that never heard of them, because it is new or was turned off. Belongs here: what is
there. Does not: what Dagster makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import field_map
from flitstack_pipeline.services.early_cutoff import UNCHANGED, record
from flitstack_pipeline.services.project_context import location_of, map_document, open_journal
from flitstack_pipeline.services.steps_done import StepDone
from flitstack_pipeline.settings import Project

#: Steps of the warehouse as early cut-off calls them, and their functions, in their order.
_OF_EACH_OBJECT = (("read[{}]", "read_object"), ("clean[{}]", "clean_object"))
_OF_ALL = (("clean[schema]", "read_schema"), ("relate", "relate"), ("audit", "audit"))
_LATER = "when it was done is in the journal"


def standing(project: Project) -> list[StepDone]:
    """A note for each step that stands, in the order of the work; none of them is news."""
    return [*_in_the_warehouse(project), *_in_the_journal(project)]


def _in_the_warehouse(project: Project) -> Iterator[StepDone]:
    with project.warehouse.connect() as con:
        pairs = [(n.format(key), f, key) for n, f in _OF_EACH_OBJECT for key in KEYS]
        pairs += [(name, function, "") for name, function in _OF_ALL]
        for name, function, key in pairs:
            if (last := record(con, name)) is not None:
                yield _note(function, last.reports[0], last.at, key=key)
        yield from _of_the_map(project)
        pairs = [(f"map[{key}]", "map_object", key) for key in KEYS]
        for name, function, key in [*pairs, ("sample choice", "choose", "")]:
            if (last := record(con, name)) is not None:
                yield _note(function, last.reports[0], last.at, key=key)


def _of_the_map(project: Project) -> Iterator[StepDone]:
    document = map_document(project)
    if document is None:
        return
    facts = {"fingerprint": document.fingerprint[: field_map.SHOWN_OF_PRINT]}
    proposed = StepReport("map proposed", len(document.fields), facts)
    yield _note("propose_map", proposed, _LATER)
    if not document.unconfirmed():
        yield _note("confirm_map", StepReport("map confirmed", None, facts), _LATER)


def _in_the_journal(project: Project) -> Iterator[StepDone]:
    with open_journal(project) as journal:
        said = {
            name: journal.get_setting(name)
            for name in ("preflight", "objects", "sample", "plan:cutover", "reconciliation",
                         "done:sample", "done:cutover", "done:delta")
        }  # fmt: skip
        approvals = journal.approvals(location_of(project))
    if said["preflight"] is not None:
        yield _note("preflight", StepReport("preflight", len(said["preflight"])), _LATER)
    if said["objects"] is not None:
        yield _note("provision", StepReport("schema"), _LATER)
    yield from _loads("sample", said["done:sample"])
    if said["sample"] is not None:
        report = StepReport("sample compared", said["sample"]["records"])
        yield _note("verify_sample", report, said["sample"]["at"])
    for approval in approvals[:1]:
        facts = {"by": approval["approved_by"]}
        yield _note("approve", StepReport("sample approved", None, facts), _LATER)
    if said["plan:cutover"] is not None:
        yield _note("plan_stage", StepReport("plan of the cutover"), _LATER, stage="cutover")
    yield from _loads("cutover", said["done:cutover"])
    if said["done:cutover"]:
        yield _note("publish_journal", StepReport("journal published"), _LATER)
    if said["reconciliation"] is not None:
        yield _note("reconcile", StepReport("reconciled"), said["reconciliation"]["at"])
    yield from _loads("delta", said["done:delta"])


def _loads(stage: str, done: list[str] | None) -> Iterator[StepDone]:
    for key in done or ():
        yield _note("load_object", StepReport(f"{stage} {key}"), _LATER, stage=stage, key=key)


def _note(step: str, report: StepReport, at: str, *, stage: str = "", key: str = "") -> StepDone:
    facts = {**report.facts, UNCHANGED: at}
    return StepDone(step, stage, key, replace(report, facts=facts))
