"""What must be settled before the first write to the account, its schema included.

One function for every door: the command, the gate, the guards of the Dagster assets and jobs, and
`status`. It reads the warehouse and `decisions/`, and writes nothing.
"""

from __future__ import annotations

from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.acknowledging import unacknowledged_reasons
from flitstack_pipeline.steps.questions import question_reasons


def open_matters(project: Project) -> list[str]:
    """Open questions, and rows and files that stay behind unacknowledged, each with what to do."""
    with project.warehouse.connect():
        return [*question_reasons(project), *unacknowledged_reasons(project)]


def refuse_open_matters(project: Project, what: str) -> None:
    """Raise Refused, with every reason, while something is to be settled first."""
    reasons = open_matters(project)
    if reasons:
        raise Refused(what, reasons)
