"""Step of the stage `clean` that ends it: the source audit, as a page, as JSON, as metadata."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.audit import inventory, oddities
from flitstack_pipeline.audit.advice import warnings
from flitstack_pipeline.audit.cell_fates import cells_so_far
from flitstack_pipeline.audit.effort import estimate_effort
from flitstack_pipeline.audit.facts import gather
from flitstack_pipeline.audit.grade import grade
from flitstack_pipeline.audit.quote import OURS, measures, quote
from flitstack_pipeline.audit.result import NOTHING_READ, Audit
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.cleaning.relationships import summary
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.questions import Question
from flitstack_pipeline.reading import manifest
from flitstack_pipeline.reports.audit import audit_document
from flitstack_pipeline.reports.document import write_csv, write_html, write_json
from flitstack_pipeline.services.acknowledging import left_behind
from flitstack_pipeline.services.early_cutoff import (
    Prints,
    Step,
    perform,
    prints_of_files,
    surroundings,
)
from flitstack_pipeline.services.page_store import pages_path
from flitstack_pipeline.services.publishing import publish_left_behind
from flitstack_pipeline.services.questions import answers, count_checks, list_questions, questions
from flitstack_pipeline.services.source import records_left
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.services.table_prints import print_of, print_of_tables
from flitstack_pipeline.services.work_lists import read_review
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import row_count

#: Decisions about HighLevel's records, which no audit looks at.
CONFLICTS = "conflicts.csv"
#: Every value that a person may want to look at.
ODD = "odd-values.csv"


@noted()
def audit(project: Project) -> StepReport:
    """Write the source audit: what the exports hold, what moving it takes, what a person must do.

    It is written anew where rows, records, decisions or prices have changed. Raises BadInput
    when the table of prices cannot be followed.
    """

    def inputs() -> Prints:
        prices = project.settings.prices
        return {
            **surroundings(project),
            "rows": print_of_tables(project, "raw"),
            "records": records_left(project),
            "questions": print_of_tables(project, "questions"),
            "counts on screen": print_of(manifest.read(project.exports).counts),
            "prices": print_of(prices and prices.read_bytes()),
        }

    def rewrites() -> Prints:
        asked = sorted(p for p in project.decisions.glob("*.csv") if p.name != CONFLICTS)
        told = {"answers of an earlier map": print_of(sorted(answers(project).items()))}
        return {**told, **prints_of_files(project.decisions, asked)}

    def left() -> str:
        names = ("audit.html", "audit.json", "left-behind.csv", ODD)
        pages = prints_of_files(project.reports, [project.reports / name for name in names])
        return print_of(pages, pages_path(project).exists())

    step = Step("audit", inputs, lambda: [_write_audit(project)], left, frozenset(), rewrites)
    return perform(project, step)[0]


def _write_audit(project: Project) -> StepReport:
    found = _audited(project)
    list_questions(project)
    write_csv(found.left_behind, project.reports / "left-behind.csv")
    with project.warehouse.connect() as con:
        write_csv(oddities.values(con), project.reports / ODD)
    publish_left_behind(project, found.left_behind)
    page = write_html(audit_document(found), project.reports / "audit.html")
    write_json(found.as_dict(), project.reports / "audit.json")
    return StepReport(
        "audit",
        len(found.files),
        {
            "report": page,
            "complexity": str(found.grade) if found.files else NOTHING_READ,
            "quote": str(found.quote) if found.files else NOTHING_READ,
            "HighLevel records": found.effort.records,
            "requests": found.effort.requests,
            "hours": round(found.effort.hours, 2),
            "days": found.effort.days,
            "first": "; ".join(found.blocking) or "nothing",
        },
        {"records": found.counts, "warnings": found.warnings},
    )


def _audited(project: Project) -> Audit:
    on_screen = [check.as_dict() for check in count_checks(project)]
    asked = [_as_row(question) for question in questions(project)]
    behind = left_behind(project)
    with project.warehouse.connect() as con:
        fields = inventory.custom_fields(con)
        effort = estimate_effort(con)
        facts = gather(con, fields, effort, len(asked))
        complexity = grade(facts)
        activities = row_count(con, "clean.activities")
        review = read_review(con)
        return Audit(
            facts,
            effort,
            complexity,
            quote(
                measures(facts, complexity, activities),
                facts.weighed,
                project.settings.prices or OURS,
                project.settings.currency,
            ),
            counts=[
                {"object": key, "rows": row_count(con, f"clean.{BY_KEY[key].dataset}")}
                for key in KEYS
            ],
            sessions=inventory.sessions(con),
            files=inventory.files(con),
            columns=inventory.columns(con),
            cells=cells_so_far(con),
            custom_fields=fields,
            dates=inventory.date_ranges(con),
            totals=inventory.control_totals(con),
            duplicates=inventory.duplicates(con),
            attachments=inventory.attachments(con),
            oddities=oddities.kinds(con),
            orphans=summary(con),
            left_behind=[behind.as_row() for behind in behind],
            on_screen=on_screen,
            questions=asked,
            warnings=warnings(facts, counts_told=bool(on_screen)),
            open_pairs=review.open_pairs,
            open_links=review.rows["invoice_links.csv"],
        )


def _as_row(question: Question) -> dict[str, Any]:
    """A question as a line of the audit."""
    return {
        "question": question.text,
        "answer": f"flitstack answer {question.key!r} WORD",
        "words": ", ".join(c.word for c in question.choices),
        "evidence": "; ".join(question.evidence),
        "rows": ", ".join(question.lines[:5]) + (", …" if len(question.lines) > 5 else ""),
    }
