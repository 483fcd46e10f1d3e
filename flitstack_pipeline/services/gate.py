"""The gate of the cutover as plain reasons, and the approval that opens it."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cleaning.frozen import freeze
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.migration import gate
from flitstack_pipeline.migration.fingerprints import PARTS, combined
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.services.acknowledging import unacknowledged_reasons
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.field_map import unconfirmed_entries
from flitstack_pipeline.services.fingerprints import fingerprints
from flitstack_pipeline.services.ledger import ledger_reasons
from flitstack_pipeline.services.prepare import undecided_owners
from flitstack_pipeline.services.project_context import location_of, open_journal
from flitstack_pipeline.services.questions import count_checks, question_reasons
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project

APPROVED = "sample approved"


def gate_conditions(project: Project, *, mapped: bool = True) -> list[dict[str, Any]]:
    """Every condition of the gate with its state.

    `mapped` is False where the exports were read since they were mapped: the ledger would look for
    new cells in old records.
    """
    with open_journal(project) as journal:
        state = _state(project, journal, mapped=mapped)
    return [c.as_dict() for c in gate.conditions(state)]


def gate_reasons(project: Project, *, mapped: bool = True) -> list[str]:
    """What to do before the gate of the cutover, and of every delta, opens; empty when it is open.

    The delta has no other gate: a map that changed since (new exports bring new columns and words)
    is a map nobody approved. `mapped` as for `gate_conditions`.
    """
    return [c["what_to_do"] for c in gate_conditions(project, mapped=mapped) if not c["ok"]]


def _state(project: Project, journal: Journal, *, mapped: bool) -> gate.GateState:
    def accounting() -> list[str]:
        with project.warehouse.connect() as con:
            return check_accounting(con, *KEYS).problems

    remembered = project.warehouse.remembered
    approvals = journal.approvals(location_of(project))
    return gate.GateState(
        unconfirmed=unconfirmed_entries(project),
        preflight=journal.get_setting("preflight"),
        unresolved_users=undecided_owners(project),
        accounting=list(dict.fromkeys(remembered("accounting", accounting))),
        counts=[c.problem for c in count_checks(project) if c.problem],
        questions=question_reasons(project),
        left_behind=unacknowledged_reasons(project),
        cells=ledger_reasons(project) if mapped else [],
        sample=journal.get_setting("sample"),
        approval=approvals[0] if approvals else None,
        prints=fingerprints(project),
    )


def approval_refusals(conditions: list[dict[str, Any]]) -> list[str]:
    """Why the gate would not open even with an approval, from its conditions."""
    return [c["what_to_do"] for c in conditions if not c["ok"] and c["condition"] != APPROVED]


def sample_problems(project: Project) -> list[str]:
    """Differences of the last sample."""
    with open_journal(project) as journal:
        sample = journal.get_setting("sample")
    return ["there is no sample yet"] if sample is None else list(sample["problems"])


@noted()
def approve(project: Project, name: str, note: str = "") -> StepReport:
    """Record a person's approval with the fingerprints of map, schema and sample result.

    Raises Refused with every reason when the gate would not open even with it.
    """
    reasons = approval_refusals(gate_conditions(project))
    if not name.strip():
        reasons.insert(0, "An approval needs the name of the person who approves.")
    if reasons:
        raise Refused("the approval", reasons)
    with open_journal(project) as journal:
        sample = journal.get_setting("sample")
        prints = {**fingerprints(project), "result": sample["result"]}
        details = {**prints, "records": sample["records"], "coverage": sample["coverage"]}
        journal.approve(location_of(project), combined(prints), name.strip(), note, details)
    with project.warehouse.connect() as con:
        freeze(con, project.decisions, combined(prints))
    keep_copy(project)
    facts = {"by": name.strip(), **{PARTS[k]: v[:12] for k, v in prints.items()}}
    return StepReport(APPROVED, None, facts, {"gate": gate_conditions(project)})
