"""The source audit as a page: grade and price, what is there, what to do before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flitstack_pipeline.audit import advice
from flitstack_pipeline.audit.result import NOTHING_READ, Audit
from flitstack_pipeline.migration.progress import duration
from flitstack_pipeline.reports.document import Document, Section


def audit_document(audit: Audit) -> Document:
    """The page; `audit.blocking` says whether something must be mended first."""
    effort, grade = audit.effort, audit.grade
    return Document(
        "Source audit",
        _verdict(audit),
        not audit.blocking,
        {
            "complexity": str(grade) if audit.files else NOTHING_READ,
            "quote": str(audit.quote) if audit.files else NOTHING_READ,
            "time to load": f"{duration(effort.hours * 3600)} of requests at the allowed pace"
            + (f", over {effort.days} days" if effort.days > 1 else ""),
            "exported": audit.facts.exported or "",
            "last activity": audit.facts.last_activity or "",
        },
        _sections(audit),
        figures={
            "records": audit.facts.records,
            "records and links in HighLevel": effort.records,
            "requests": effort.requests,
            "in quarantine": audit.facts.quarantined,
            "left behind in all": len(audit.left_behind),
        },
    )


def _verdict(audit: Audit) -> str:
    if not audit.blocking:
        return f"{len(audit.files)} files read; nothing stands in the way of the map."
    return f"{len(audit.files)} files read; first: {'; '.join(audit.blocking)}."


def _sections(audit: Audit) -> list[Section]:
    return [
        Section("Warnings", audit.warnings, "What the data of this account warns of."),
        Section("Questions", audit.questions, "What the exports leave open for you."),
        Section("Why this grade", _grade(audit), "Four things, scored 0 to 3 each."),
        *([Section("What it costs", _quote(audit), str(audit.quote))] if audit.files else []),
        Section(
            "What it becomes, and the requests it takes",
            audit.effort.rows(),
            "By the built-in map, written and read back; the plan before the cutover counts "
            "exactly. 100 requests per 10 seconds and 200,000 a day are allowed.",
        ),
        Section("Records by object", audit.counts),
        Section("By workspace and session", audit.sessions, "Rows read, and records they gave."),
        Section("On-screen counts", audit.on_screen, "Distinct records read, all sessions."),
        Section("Files", audit.files, "Every file as it was understood."),
        Section("Columns", audit.columns, "Known, custom fields to be, and how full they are."),
        Section(
            "Cells so far",
            audit.cells,
            "Filled cells by what became of their row in reading and cleaning; where each of the "
            "cells read arrives is in reports/ledger.html once the map is confirmed.",
        ),
        Section("Custom fields", audit.custom_fields, "Types by definition and values."),
        Section("Dates", audit.dates, "First and last day of every date."),
        Section("Control totals", audit.totals, "Both systems must agree on them afterwards."),
        Section(
            "What stays behind",
            audit.left_behind,
            "Rows we could not use, records whose parent is in no export, files that cannot be "
            "moved. Mend them and export again, or acknowledge that they stay behind: "
            "flitstack acknowledge RULE, FILE:LINE or all.",
        ),
        Section(
            "Values to look at",
            audit.oddities,
            "Kept as they are and told; reports/odd-values.csv lists every one.",
        ),
        Section("Orphans", audit.orphans, "References that lead nowhere, counted."),
        Section("Duplicates", audit.duplicates, "Rows that were the same record."),
        Section("Duplicates to decide", audit.open_pairs, "Decide in reports/duplicates.csv."),
        Section("Invoices to link", audit.open_links, "Decide in reports/invoice_links.csv."),
        Section("Attachments", audit.attachments, "What can be moved, and what cannot."),
        Section("What cannot move", advice.CANNOT_MOVE),
        Section("What to fetch by hand", advice.BY_HAND, "No export holds it."),
        Section("What to know about HighLevel", advice.HIGHLEVEL),
    ]


def _grade(audit: Audit) -> list[Mapping[str, Any]]:
    return [
        {"about": score.about, "points": score.points, "because": "; ".join(score.reasons)}
        for score in audit.grade.scores
    ]


def _quote(audit: Audit) -> list[Mapping[str, Any]]:
    return [
        {"line": line, f"amount ({audit.quote.currency})": f"{amount:.2f}"}
        for line, amount in audit.quote.lines
    ]
