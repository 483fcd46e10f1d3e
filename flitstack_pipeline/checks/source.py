"""Checks on the raw partitions: was every file understood, is everything there."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.assets.source import RAW
from flitstack_pipeline.checks.check import Check, Verdict, verdict
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps import findings


def _files_understood(project: Project, key: str) -> Verdict:
    rows = findings.files_to_look_at(project, key)
    return verdict([_sentence(r) for r in rows], "Every file was understood.", files=rows)


def _sentence(row: dict[str, Any]) -> str:
    if row["refused"]:
        return f"{row['file']}: {row['refused']}"
    if row["on screen"] not in (None, row["rows_read"]):
        return f"{row['file']}: {row['rows_read']} rows read, {row['on screen']} on screen"
    return f"{row['file']}: {row['warnings']}"


CHECKS = (
    Check(
        RAW,
        "files_understood",
        "Every file of this object type was read without doubt, and holds as many rows as "
        "Contractor+ shows on screen (where that number was given with `flitstack stage`).",
        _files_understood,
    ),
)
