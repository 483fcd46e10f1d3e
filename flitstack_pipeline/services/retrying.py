"""Tries rejected records again: the rows as they are mapped now, through the same load."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.catalog.objects import KEYS, waves
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.progress import Watch
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.services.gate import gate_conditions
from flitstack_pipeline.services.load_records import publish_journal
from flitstack_pipeline.services.loading import load_keys
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.project_context import (
    Log,
    accounts,
    accounts_kept_open,
    open_journal,
    silent,
)
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project

CLASSES = ("credentials", "validation", "conflict", "missing_parent", "unknown")


@noted()
def retry(
    project: Project,
    object_type: str = "",
    reason_class: str = "",
    log: Log = silent,
    watch: Watch | None = None,
) -> StepReport:
    """Send dead letters again, of one object type or class when given; returns what became of them.

    Rows are taken as they are mapped now, so mend the export or the map first. Raises Refused when
    the gate is shut for what the cutover rejected, ValueError for an unknown object or class.
    """
    wanted = _asked(object_type, reason_class)
    letters = _letters(project, object_type, wanted)
    _guard(project, letters)
    left: list[dict[str, Any]] = []
    counts = {"tried": len(letters), "created": 0, "updated": 0, "rejected again": 0}
    with accounts_kept_open(project), exclusive_run(project, "retry"):
        for key in (key for wave in waves() for key in wave.objects):
            keys = {x["record_key"] for x in letters if x["object_key"] == key}
            if keys:
                result = load_keys(project, "retry", key, keys, log, watch)
                counts["created"] += result.created + result.matched + result.adopted
                counts["updated"] += result.updated
    again = {x["record_key"]: x for x in _letters(project, object_type, wanted)}
    left = [_line(again[x["record_key"]]) for x in letters if x["record_key"] in again]
    counts["rejected again"] = len(left)
    publish_journal(project)
    problems = [f"{len(left)} records are still rejected"] if left else []
    return StepReport("retry", len(letters), counts, {"still rejected": left}, problems)


def _asked(object_type: str, reason_class: str) -> str:
    if object_type and object_type not in KEYS:
        raise BadInput(f"--object {object_type!r} is none of {', '.join(KEYS)}")
    wanted = reason_class.strip().lower().replace(" ", "_").replace("-", "_")
    if wanted and wanted not in CLASSES:
        raise BadInput(f"--class {reason_class!r} is none of {', '.join(CLASSES)}")
    return wanted


def _letters(project: Project, object_type: str, reason_class: str) -> list[dict[str, Any]]:
    with open_journal(project) as journal:
        return [
            letter
            for account in accounts(project)
            for letter in journal.dead_letters(
                account.location_id, object_type or None, reason_class or None
            )
        ]


def _guard(project: Project, letters: list[dict[str, Any]]) -> None:
    """What the cutover rejected may only be sent again through the gate."""
    with open_journal(project) as journal:
        stages = {run["id"]: run["stage"] for run in journal.runs()}
        begun = bool(journal.get_setting("done:cutover"))
    before_the_gate = ("sample", "retry")
    if begun or any(stages.get(x["run_id"]) not in before_the_gate for x in letters):
        reasons = [c["what_to_do"] for c in gate_conditions(project) if not c["ok"]]
        if reasons:
            raise Refused("retry", reasons)


def _line(letter: dict[str, Any]) -> dict[str, Any]:
    return {
        "record": letter["label"] or letter["record_key"],
        "class": letter["reason_class"].replace("_", " "),
        "status": letter["status"],
        "attempts": letter["attempts"],
        "messages": "; ".join(letter["messages"] or []),
    }
