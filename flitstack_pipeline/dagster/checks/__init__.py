"""Asset checks: each asks one plain function for its verdict; one factory makes them.

`CHECKS` lists them all; the jobs evaluate the same ones as they go.
"""

from flitstack_pipeline.dagster.checks import clean, destination, loads, reconcile, sample, source
from flitstack_pipeline.dagster.checks.check import Check
from flitstack_pipeline.dagster.checks.check import definition as definition_of

CHECKS: tuple[Check, ...] = (
    *source.CHECKS,
    *clean.CHECKS,
    *destination.CHECKS,
    *sample.CHECKS,
    *loads.CHECKS,
    *reconcile.CHECKS,
)

__all__ = ["CHECKS", "Check", "definition_of"]
