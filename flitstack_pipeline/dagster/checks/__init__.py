"""Asset checks: each asks one plain function for its verdict; one factory makes them.

`CHECKS` lists them all; the jobs evaluate the same ones as they go.
"""

from flitstack_pipeline.dagster.checks import clean, destination, loads, reconcile, sample, source
from flitstack_pipeline.dagster.checks.all_objects import all_objects_checks
from flitstack_pipeline.dagster.checks.check import Check
from flitstack_pipeline.dagster.checks.check import definition as definition_of

_OF_STEPS: tuple[Check, ...] = (
    *source.CHECKS,
    *clean.CHECKS,
    *destination.CHECKS,
    *sample.CHECKS,
    *loads.CHECKS,
    *reconcile.CHECKS,
)
CHECKS: tuple[Check, ...] = (*_OF_STEPS, *all_objects_checks(_OF_STEPS))

__all__ = ["CHECKS", "Check", "definition_of"]
