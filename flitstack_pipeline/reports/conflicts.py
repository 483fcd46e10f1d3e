"""The list of conflicts a person decides: the new export, HighLevel, and what was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.reports.document import Document, Section, write_html

#: Columns of the page, by those of decisions/conflicts.csv.
_SHOWN = {
    "label": "what", "field": "field", "reason": "why it waits",
    "last_written": "as we last wrote it", "ours": "in the new export",
    "theirs": "in HighLevel now", "decision": "decision", "value": "value",
}  # fmt: skip


def write_conflict_page(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write reports/conflicts.html; return its path."""
    return write_html(conflict_page(rows), folder / "conflicts.html")


def conflict_page(rows: Sequence[Mapping[str, Any]]) -> Document:
    """The open conflicts as a document."""
    undecided = sum(not r["decision"] for r in rows)
    verdict = (
        "No conflict is open."
        if not rows
        else f"{len(rows)} open, {undecided} of them undecided. Nothing was overwritten."
    )
    how = (
        f"Each row is a value that changed in {SOURCE.name} and in HighLevel since it was last "
        "written. To decide: in the review room; or write ours (take the new export), theirs "
        "(keep HighLevel) or value (with the value) into decisions/conflicts.csv; or run "
        "flitstack resolve RECORD FIELD ours. What was decided is applied by flitstack resolve and "
        "by the next delta."
    )
    listed = [
        {shown: r[k] for k, shown in _SHOWN.items()} | {"record": r["record_key"]} for r in rows
    ]
    return Document("Conflicts", verdict, not rows, {}, [Section("Open conflicts", listed, how)])
