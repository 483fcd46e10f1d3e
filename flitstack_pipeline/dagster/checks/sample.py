"""The gate before the cutover, and the sample's comparison, as checks.

The same plain functions guard the load bodies: a check binds only inside one run
(docs/dagster.md#checks), the guard binds always.
"""

from __future__ import annotations

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.sample import SAMPLE_APPROVAL, SAMPLE_DIFF
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.dagster.failures import said_here
from flitstack_pipeline.settings import Project


def _no_differences(project: Project, key: str) -> Verdict:
    return verdict(services.sample_problems(project), "The sample arrived as meant.")


def _gate(project: Project, key: str) -> Verdict:
    conditions = services.gate_conditions(project)
    shown = [
        {
            "condition": c["condition"],
            "state": "met" if c["ok"] else "open",
            "what to do": said_here(c["what_to_do"]),
        }
        for c in conditions
    ]
    reasons = [c["what_to_do"] or c["condition"] for c in conditions if not c["ok"]]
    return verdict(reasons, "The gate is open: the cutover may run.", conditions=shown)


CHECKS = (
    Check(
        SAMPLE_DIFF,
        "sample_has_no_differences",
        "Every field of the sample is the same, or changed by a named rule.",
        _no_differences,
        blocking=True,
    ),
    Check(
        SAMPLE_APPROVAL,
        "gate",
        "The gate of the cutover: map confirmed, preflight passed, rows accounted for, sample "
        "verified, approval valid; each with its state and what to do.",
        _gate,
        blocking=True,
    ),
)
GATE = CHECKS[-1]
