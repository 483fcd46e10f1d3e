"""Steps of the stages `source` and `clean`: read, clean, relate."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.cleaning.build import CleanContext, clean_schema
from flitstack_pipeline.cleaning.build import clean_object as clean_tables
from flitstack_pipeline.cleaning.relationships import relate as relate_tables
from flitstack_pipeline.cleaning.relationships import summary
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.contractor_plus.ingest import ingest_object, ingest_schema
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services.answer_effects import DECIMAL
from flitstack_pipeline.services.project_context import as_rows
from flitstack_pipeline.services.questions import answers, answers_about, date_answers
from flitstack_pipeline.services.work_lists import read_review, remember_decisions, write_review
from flitstack_pipeline.settings import Project


def clean_context(project: Project) -> CleanContext:
    """Zone, country and currency of the source account, for the cleaners."""
    s, given = project.settings, answers(project)
    return CleanContext(
        s.time_zone,
        s.country,
        s.currency,
        project.exports,
        date_answers(project),
        answers_about(project, DECIMAL),
        given,
    )


def read_object(project: Project, key: str) -> StepReport:
    """Read the exports of one object type into `raw`."""
    given = answers(project)
    with project.warehouse.connect() as con:
        found = ingest_object(
            con,
            project.exports,
            key,
            default_workspace=project.settings.workspace,
            answers=given,
        )
    facts = {"files": ", ".join(found.files) or "no file", "lines excluded": found.excluded}
    warnings = [{"warning": w} for w in [*found.refused, *found.warnings]]
    return StepReport(f"read {key}", sum(found.rows.values()), facts, {"warnings": warnings})


def read_schema(project: Project) -> StepReport:
    """Read and clean custom field definitions and line item templates."""
    given, context = answers(project), clean_context(project)
    workspace = project.settings.workspace
    with project.warehouse.connect() as con:
        ingest_schema(con, project.exports, default_workspace=workspace, answers=given)
        cleaned = clean_schema(con, context)
    return StepReport("schema sheets", sum(cleaned.rows.values()))


def clean_object(project: Project, key: str) -> StepReport:
    """Clean one object type."""
    context = clean_context(project)
    with project.warehouse.connect() as con:
        found = clean_tables(con, key, context)
        accounting = check_accounting(con, key).lines
        refused = con.execute(
            'SELECT file, line, "column", rule, what_to_do FROM quarantine.rows WHERE object = ? '
            "LIMIT 25",
            [key],
        ).fetchall()
        sample = con.execute(f'SELECT * FROM clean."{BY_KEY[key].dataset}" LIMIT 5').df()  # noqa: S608
    names = ("file", "line", "column", "rule", "what to do")
    return StepReport(
        f"clean {key}",
        sum(found.rows.values()),
        {
            "merged": found.merged,
            "superseded": found.superseded,
            "quarantined": found.quarantined,
        },
        {
            "accounting": accounting,
            "quarantine": [dict(zip(names, row, strict=True)) for row in refused],
            "unknown words": [{"word": w, "rows": n} for w, n in found.unknown_words.items()],
            "sample": as_rows(sample.astype(str)),
        },
    )


def relate(project: Project) -> StepReport:
    """Relate all cleaned records, with the decisions a person made; write what is to decide."""
    remembered = remember_decisions(project)
    with project.warehouse.connect() as con:
        found = relate_tables(con, project.decisions)
        orphans = summary(con)
        review = read_review(con)
    write_review(project, review)
    facts = {**found.counts, **review.facts, "decisions remembered": remembered}
    return StepReport(
        "relationships", found.counts["clean.links"], facts,
        {"orphans": orphans, "duplicates to decide": review.open_pairs[:25]},
    )  # fmt: skip


def schema_failures(project: Project, key: str) -> tuple[list[dict[str, Any]], int]:
    """Cells of one object type that break their Pandera schema (capped), and how many."""
    with project.warehouse.connect() as con:
        results = [validate_clean(con, dataset) for dataset in BY_KEY[key].datasets]
    return [f for r in results for f in r.failures], sum(r.failure_count for r in results)


def accounting(project: Project, key: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The accounting of one object type per file, and what does not add up."""
    with project.warehouse.connect() as con:
        found = check_accounting(con, key)
    return found.lines, found.problems
