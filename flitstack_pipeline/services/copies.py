"""A copy of the journal after every wave, and before a rollback.

What belongs here: when, and what is said when there is no room. What does not: copying
(migration/journal/copies.py), rebuilding from a copy (services/repairing.py).
"""

from __future__ import annotations

import sqlite3

from flitstack_pipeline.migration.journal.copies import copy_journal, file_of
from flitstack_pipeline.services.project_context import Log, silent
from flitstack_pipeline.settings import Project


def keep_copy(project: Project, log: Log = silent) -> None:
    """Copy the journal beside itself, unless nothing was written since the newest copy.

    A copy that fails stops nothing: it is said. On Postgres copies are whoever's who runs it.
    """
    path = file_of(project.journal_url)
    if path is None or not path.exists():
        return
    try:
        copy_journal(path)
    except (OSError, sqlite3.Error) as error:
        log(f"! The journal could not be copied to {path.parent / 'journal-copies'}: {error}. "
            "Earlier copies are kept; make room.")  # fmt: skip
