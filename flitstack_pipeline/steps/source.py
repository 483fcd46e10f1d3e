"""Steps of the stages `source` and `clean`: read, clean, relate, audit."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.cleaning.build import CleanContext, clean_schema
from flitstack_pipeline.cleaning.build import clean_object as clean_tables
from flitstack_pipeline.cleaning.relationships import relate as relate_tables
from flitstack_pipeline.cleaning.relationships import summary
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.contractor_plus.ingest import ingest_object, ingest_schema
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.reports.document import Document, Section, write_html, write_json
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import BY_KEY, KEYS
from flitstack_pipeline.steps.opening import as_rows
from flitstack_pipeline.steps.questions import answers, count_checks, date_answers, questions
from flitstack_pipeline.steps.review import read_review, remember_decisions, write_review
from flitstack_pipeline.warehouse import row_count


def clean_context(project: Project) -> CleanContext:
    """Zone, country and currency of the source account, for the cleaners."""
    s = project.settings
    return CleanContext(s.time_zone, s.country, s.currency, project.exports, date_answers(project))


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


_CANNOT_MOVE = [
    {"what": "Automations and scheduling rules", "instead": "rebuilt by hand as workflows"},
    {"what": "Roles and permissions", "instead": "set per user in HighLevel"},
    {"what": "Client portal settings, branding", "instead": "not in HighLevel's API"},
    {"what": "Group and client chats", "instead": "no export exists"},
]


def audit(project: Project) -> StepReport:
    """Write the source audit: what the exports hold, what needs a person, what cannot move."""
    checks = [c.as_dict() for c in count_checks(project)]
    asked = [{"question": q} for q in questions(project)]
    with project.warehouse.connect() as con:
        files = con.execute(
            "SELECT file, sheet, dataset, rows_read, encoding, dialect, warnings, refused "
            "FROM raw.files ORDER BY dataset, file"
        ).df()
        quarantine = con.execute(
            'SELECT object, file, line, "column", value, rule, what_to_do FROM quarantine.rows'
        ).df()
        orphans = summary(con)
        counts = [{"object": k, "rows": row_count(con, f"clean.{BY_KEY[k].dataset}")} for k in KEYS]
        review = read_review(con)
    sections = [
        Section("Records by object", counts),
        Section("Files", as_rows(files), "Every file as it was understood."),
        Section("On-screen counts", checks, "Distinct records read, all sessions together."),
        Section("Questions", asked, "What the exports leave open for you."),
        Section("Quarantine", as_rows(quarantine), "Rows we could not use, and what to do."),
        Section("Orphans", orphans, "References that lead nowhere."),
        Section("Duplicates to decide", review.open_pairs, "Decide in reports/duplicates.csv."),
        Section("Invoices to link", review.rows["invoice_links.csv"], "Decide in that file."),
        Section("What cannot move", _CANNOT_MOVE),
    ]
    path = write_html(
        Document("Source audit", f"{len(files)} files read, {len(quarantine)} rows in quarantine.",
                 quarantine.empty, {}, sections),
        project.reports / "audit.html",
    )  # fmt: skip
    write_json(
        {"counts": counts, "orphans": orphans, "on_screen": checks, "questions": asked},
        project.reports / "audit.json",
    )
    return StepReport("audit", len(files), {"report": path}, {"records": counts})
