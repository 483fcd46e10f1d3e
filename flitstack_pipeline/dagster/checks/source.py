"""Checks on what was read: was every file recognised and understood, is everything there."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.clean import SOURCE_AUDIT
from flitstack_pipeline.dagster.assets.source import RAW
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.services import issues
from flitstack_pipeline.services.acknowledging import unacknowledged_reasons
from flitstack_pipeline.services.questions import question_reasons
from flitstack_pipeline.settings import Project


def _files_read_completely(project: Project, key: str) -> Verdict:
    rows = issues.files_to_look_at(project, key)
    return verdict([_sentence(r) for r in rows], "Every file was understood.", files=rows)


def _files_recognised(project: Project, key: str) -> Verdict:
    rows = issues.files_not_recognised(project)
    problems = [f"{r['file']}: {r['refused'] or r['warnings']}" for r in rows]
    return verdict(problems, "Every file feeds an object type.", files=rows)


def _sentence(row: dict[str, Any]) -> str:
    if row["refused"]:
        return f"{row['file']}: {row['refused']}"
    return f"{row['file']}: {row['question'] or row['warnings']}"


def _questions_answered(project: Project, key: str) -> Verdict:
    rows = services.question_rows(project)
    problems = question_reasons(project)
    shown = [{k: str(v) for k, v in row.items() if v} for row in rows]
    return verdict(problems, "No question is open.", questions=shown)


def _left_behind_acknowledged(project: Project, key: str) -> Verdict:
    rows = [behind.as_row() for behind in services.left_behind(project)]
    shown = [{k: v for k, v in row.items() if k != "row"} for row in rows[: issues.SHOWN]]
    good = f"{len(rows)} rows and files stay behind, each acknowledged." if rows else "Nothing."
    return verdict(unacknowledged_reasons(project), good, left_behind=shown)


CHECKS = (
    Check(
        RAW,
        "files_read_completely",
        "Every file of this object type was read without doubt: none is refused, warned about or "
        "asked about.",
        _files_read_completely,
    ),
    Check(
        SOURCE_AUDIT,
        "files_recognised",
        "Every file in the exports folder feeds an object type; damaged files and files whose "
        "columns nobody knows are listed.",
        _files_recognised,
    ),
    Check(
        SOURCE_AUDIT,
        "questions_answered",
        "Every question about the exports is answered. Nothing is written to HighLevel before: "
        "answer with flitstack answer or in decisions/questions.csv, and read again.",
        _questions_answered,
    ),
    Check(
        SOURCE_AUDIT,
        "left_behind_acknowledged",
        "Quarantined rows, orphans, and files that cannot be moved are acknowledged by a person. "
        "Nothing is written to HighLevel before: mend them, or put your name into "
        "acknowledged_by of 03_confirm_map (or flitstack acknowledge).",
        _left_behind_acknowledged,
    ),
)
