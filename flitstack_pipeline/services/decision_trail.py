"""Who decided what in the review room, kept in the journal.

Belongs here: noting a decision before it is carried out, listing what was decided. Does not: what a
decision does (`services.clicks`, `review.forms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.settings import Project

NOT_YET = "not yet"


def note(
    project: Project, by: str, kind: str, what: str, decided: Mapping[str, Any], seen: str = ""
) -> None:
    """Write down in the journal who decides what, having seen what; before it is carried out.

    Args:
        project: The migration.
        by: Who decides.
        kind: `map`, `question`, `duplicate`, `link`, `approval`, `not yet`, `conflict`, …
        what: What it is about, in a person's words.
        decided: What was decided, by name.
        seen: Digest of what the page showed.

    Raises:
        JournalUnusable: The journal cannot be opened; nothing is decided then.
    """
    with Journal(project.journal_url) as journal:
        journal.note_decision(by, kind, what, decided, seen)


def trail(project: Project, most: int = 200) -> list[dict[str, Any]]:
    """What was decided, newest first; the keys are the columns of the journal's table."""
    with Journal(project.journal_url) as journal:
        return journal.decisions(most)
