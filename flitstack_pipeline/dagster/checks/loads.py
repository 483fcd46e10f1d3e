"""Checks after each load: what HighLevel refused, and what somebody else changed."""

from __future__ import annotations

from collections.abc import Callable

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.cutover import FULL_LOADS
from flitstack_pipeline.dagster.assets.delta import DELTA_LOADS, DELTA_REPORT
from flitstack_pipeline.dagster.assets.sample import SAMPLE_LOADS
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.services import issues
from flitstack_pipeline.settings import Project


def _nothing_rejected(project: Project, key: str) -> Verdict:
    rows = issues.rejected(project, key)
    problems = [f"{r['record_key']}: {r.get('messages') or r['reason_class']}" for r in rows]
    return verdict(problems, "HighLevel took every record.", rejected=rows)


def _still_in_place(step: Step) -> Callable[[Project, str], Verdict]:
    def ask(project: Project, key: str) -> Verdict:
        when = services.rolled_back_on(project, step.stage, key)
        problems = [f"Rolled back on {when}; the next load writes it again."] if when else []
        return verdict(problems, "No rollback took it back.")

    return ask


def _no_conflicts(project: Project, key: str) -> Verdict:
    rows = issues.conflicts(project, key)
    problems = [f"{r['record_key']}, {r['field']}: {r['reason']}" for r in rows]
    return verdict(problems, "Nobody's edit stands against ours.", conflicts=rows)


def _conflicts_decided(project: Project, key: str) -> Verdict:
    rows = [
        {**{k: r.get(k) for k in ("record_key", "field", "reason")},
         "last written": r.get("last_written"), "ours": r.get("wanted"), "theirs": r.get("found")}
        for r in issues.conflicts(project)
    ]  # fmt: skip
    problems = [
        f"Conflicts waiting for a person: {len(rows)}. Type ours, theirs or value into "
        "decisions/conflicts.csv and materialize conflict_decisions; its launchpad takes one."
    ]
    return verdict(problems if rows else [], "No conflict waits for a decision.", conflicts=rows)


LOADS = (*SAMPLE_LOADS, *FULL_LOADS, *DELTA_LOADS)
STILL_IN_PLACE = tuple(
    Check(
        step,
        "still_in_place",
        "What this load wrote was not taken back by a rollback since. A rollback asks it anew.",
        _still_in_place(step),
    )
    for step in LOADS
)
CHECKS = (
    *STILL_IN_PLACE,
    *(
        Check(
            step,
            "nothing_rejected",
            "HighLevel took every record of this object type; refused ones are listed with its "
            "own words and wait as dead letters.",
            _nothing_rejected,
        )
        for step in LOADS
    ),
    *(
        Check(
            step,
            "no_conflicts",
            "No field was changed on both sides. Conflicts are listed; nothing is overwritten "
            "until a person decides.",
            _no_conflicts,
        )
        for step in DELTA_LOADS
    ),
    Check(
        DELTA_REPORT,
        "conflicts_decided",
        "No conflict waits for a person's decision. The open ones are listed with what we last "
        "wrote, what the new export says and what HighLevel has.",
        _conflicts_decided,
    ),
)
