"""The last word: is everything in HighLevel, as it was meant, and nothing else."""

from __future__ import annotations

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.cutover import RECONCILIATION
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.settings import Project


def _everything_reconciled(project: Project, key: str) -> Verdict:
    return verdict(
        services.reconciliation_problems(project),
        "Every record, field and link is as it was meant.",
    )


CHECKS = (
    Check(
        RECONCILIATION,
        "everything_reconciled",
        "Every planned record, field and link is in HighLevel, and nothing nobody planned.",
        _everything_reconciled,
        blocking=True,
    ),
)
