"""What is planned for one sub-account, taken out of the warehouse before any HTTP."""

from __future__ import annotations

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.rows import spool_rows
from flitstack_pipeline.migration.sample import sample_keys
from flitstack_pipeline.settings import Project

#: Whose owners HighLevel may share: a contact's and its opportunities'.
_SHARED = ("clients", "leads", "jobs", "estimates", "invoices")


def plan_into(
    planned: PlannedRecords,
    project: Project,
    alias: str,
    location: str,
    journal: Journal,
    sample_only: bool = False,
) -> None:
    """Add the mapped records (or the sample's) of one sub-account with their HighLevel ids."""
    for key in KEYS:
        with project.warehouse.connect() as con:
            chosen = sample_keys(con, key) if sample_only else None
            rows = spool_rows(con, key, chosen, alias)
            others = spool_rows(con, key, None, alias) if sample_only and key in _SHARED else None
        try:
            planned.add(journal, location, rows)
            if others is not None:
                planned.add_family(others)
        finally:
            rows.close()
            if others is not None:
                others.close()
