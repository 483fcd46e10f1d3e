"""The gate of the cutover as plain reasons, and the approval that opens it."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.migration import gate
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import KEYS
from flitstack_pipeline.steps.maps import unconfirmed_entries
from flitstack_pipeline.steps.opening import location_of, map_fingerprint, open_journal
from flitstack_pipeline.warehouse import table_exists


def gate_conditions(project: Project) -> list[dict[str, Any]]:
    """Every condition of the gate with its state."""
    problems, questions = _source_problems(project)
    fingerprint = map_fingerprint(project)
    with open_journal(project) as journal:
        location = location_of(project)
        approvals = journal.approvals(location)
        found = gate.conditions(
            unconfirmed=unconfirmed_entries(project),
            preflight=journal.get_setting("preflight"),
            accounting=problems,
            questions=questions,
            sample=journal.get_setting("sample"),
            approval=approvals[0] if approvals else None,
            fingerprint=fingerprint,
        )
    return [c.as_dict() for c in found]


def _source_problems(project: Project) -> tuple[list[str], list[str]]:
    with project.warehouse.connect() as con:
        problems = [p for key in KEYS for p in check_accounting(con, key).problems]
        questions = (
            [q for (q,) in con.execute("SELECT question FROM clean.questions").fetchall()]
            if table_exists(con, "clean.questions")
            else []
        )
        if table_exists(con, "raw.files"):
            differing = con.execute(
                "SELECT file, rows_read, expected_count FROM raw.files "
                "WHERE expected_count IS NOT NULL AND expected_count <> rows_read"
            ).fetchall()
            problems += [f"{f}: {n} rows read, {e} on screen; explain it" for f, n, e in differing]
    return list(dict.fromkeys(problems)), questions


def sample_problems(project: Project) -> list[str]:
    """Differences of the last sample."""
    with open_journal(project) as journal:
        sample = journal.get_setting("sample")
    return ["there is no sample yet"] if sample is None else list(sample["problems"])


def approve(project: Project, name: str, note: str = "") -> StepReport:
    """Record a person's approval. Raises Refused when the sample does not allow it."""
    reasons = [c["what_to_do"] for c in gate_conditions(project) if not c["ok"]
               and c["condition"] != "sample approved"]  # fmt: skip
    if not name.strip():
        reasons.insert(0, "An approval needs the name of the person who approves.")
    if reasons:
        raise Refused("the approval", reasons)
    with open_journal(project) as journal:
        journal.approve(location_of(project), map_fingerprint(project), name.strip(), note,
                        journal.get_setting("sample"))  # fmt: skip
    return StepReport("sample approved", None, {"by": name, "map": map_fingerprint(project)[:12]})
