"""Checks on what was read: was every file recognised and understood, is everything there."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.assets.clean import SOURCE_AUDIT
from flitstack_pipeline.assets.source import RAW
from flitstack_pipeline.checks.check import Check, Verdict, verdict
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps import findings


def _files_understood(project: Project, key: str) -> Verdict:
    rows = findings.files_to_look_at(project, key)
    return verdict([_sentence(r) for r in rows], "Every file was understood.", files=rows)


def _files_recognised(project: Project, key: str) -> Verdict:
    rows = findings.files_not_recognised(project)
    problems = [f"{r['file']}: {r['refused'] or r['warnings']}" for r in rows]
    return verdict(problems, "Every file feeds an object type.", files=rows)


def _sentence(row: dict[str, Any]) -> str:
    if row["refused"]:
        return f"{row['file']}: {row['refused']}"
    return f"{row['file']}: {row['question'] or row['warnings']}"


CHECKS = (
    Check(
        RAW,
        "files_understood",
        "Every file of this object type was read without doubt: none is refused, warned about or "
        "asked about.",
        _files_understood,
    ),
    Check(
        SOURCE_AUDIT,
        "files_recognised",
        "Every file in the exports folder feeds an object type; damaged files and files whose "
        "columns nobody knows are listed.",
        _files_recognised,
    ),
)
