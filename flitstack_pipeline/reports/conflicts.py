"""The list of conflicts a person decides: ours, theirs, and what stands in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.reports.document import Document, Section, write_html

_SHOWN = ("label", "field", "reason", "last_written", "ours", "theirs", "decision", "value")


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
        "Each row is a value that changed in Contractor+ and in HighLevel since it was last "
        "written. Write ours (the export), theirs (HighLevel) or value (with the value) into "
        "decisions/conflicts.csv, or run `flitstack resolve RECORD FIELD ours`. It is applied by "
        "`flitstack resolve` and by the next delta."
    )
    listed = [
        {k.replace("_", " "): r[k] for k in _SHOWN} | {"record": r["record_key"]} for r in rows
    ]
    return Document("Conflicts", verdict, not rows, {}, [Section("Open conflicts", listed, how)])
