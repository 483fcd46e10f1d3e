"""Whether a delta is wanted: new export sessions inside the window after the cutover."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from flitstack_pipeline.contractor_plus.manifest import export_files, sha256
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import open_journal


@dataclass(frozen=True)
class DeltaDecision:
    """Whether the sensor should launch, with the run key, or the reason why not."""

    run_key: str | None
    reason: str


def delta_wanted(project: Project, cursor: str | None) -> DeltaDecision:
    """Launch once for each new content of the exports folder inside the window."""
    with open_journal(project) as journal:
        window = journal.get_setting("delta_window")
    if not window:
        return DeltaDecision(None, "The cutover has not started; the delta window opens with it.")
    if dt.datetime.now(dt.UTC) > dt.datetime.fromisoformat(window[1]):
        return DeltaDecision(None, f"The delta window closed at {window[1]}.")
    digest = hashlib.sha256()
    for path in export_files(project.exports):
        digest.update(f"{path.name}:{sha256(path)}".encode())
    key = digest.hexdigest()
    if cursor is None:
        with open_journal(project) as journal:
            base = journal.get_setting("delta_base")
            if base is None:
                journal.set_setting("delta_base", key)
                base = key
        cursor = base
    if key == cursor:
        return DeltaDecision(None, f"Nothing new in {project.exports}; window until {window[1]}.")
    return DeltaDecision(key, "new exports")
