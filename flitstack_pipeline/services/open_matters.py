"""What must be settled before the first write to the account, its schema included.

One function for every door: the command, the gate, the guards of the Dagster assets and jobs, and
`status`. Nothing of it touches the account.
"""

from __future__ import annotations

from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.services.acknowledging import unacknowledged_reasons
from flitstack_pipeline.services.ledger import ledger_reasons
from flitstack_pipeline.services.questions import question_reasons
from flitstack_pipeline.settings import Project


def open_matters(project: Project, *, mapped: bool = True) -> list[str]:
    """Everything that is to be settled before the first write, each with what to do.

    Args:
        project: The migration.
        mapped: Whether the records are mapped as the exports are now; before, cells are not asked
            about, because the ledger is of an earlier mapping.

    Returns:
        Open questions, rows and files that stay behind unacknowledged, unaccounted cells.
    """
    with project.warehouse.connect():
        reasons = [*question_reasons(project), *unacknowledged_reasons(project)]
        return reasons + ledger_reasons(project) if mapped else reasons


def refuse_open_matters(project: Project, what: str, *, mapped: bool = True) -> None:
    """Raise Refused, with every reason, while something is to be settled first."""
    reasons = open_matters(project, mapped=mapped)
    if reasons:
        raise Refused(what, reasons)
