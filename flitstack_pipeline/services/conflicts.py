"""Conflicts and people's decisions: the list, the file they decide in, applying what they decided.

`decisions/conflicts.csv` lists every open conflict; a person writes `ours`, `theirs` or `value`
(with the value) into it, and the next delta or `flitstack resolve` applies it. Duplicates waiting
for a decision stand there too: `match` (use the existing record) or `create`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.decision_tables import read_text
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.conflict_resolution import (
    CHOICES,
    VALUE,
    Applied,
    Resolution,
    apply_resolutions,
)
from flitstack_pipeline.migration.journal.pending import KEPT_ASIDE
from flitstack_pipeline.migration.journal.records import IdMapRow
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.reports.conflicts import write_conflict_page
from flitstack_pipeline.reports.document import FORMULA_STARTS, shown, write_csv
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.project_context import (
    account_catalog,
    accounts,
    open_account,
    open_journal,
)
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.services.workflows import refuse_running_workflows
from flitstack_pipeline.settings import Project

COLUMNS = (
    "record_key", "field", "label", "reason", "last_written", "ours", "theirs", "decision", "value",
    "message",
)  # fmt: skip
DUPLICATE_CHOICES = ("match", "create")


def open_conflicts(project: Project) -> list[dict[str, Any]]:
    """Every open conflict of every sub-account."""
    with open_journal(project) as journal:
        return [c for a in accounts(project) for c in journal.conflicts(a.location_id)]


def write_conflicts(project: Project) -> list[dict[str, Any]]:
    """Write decisions/conflicts.csv and reports/conflicts.html; typed decisions are kept."""
    rows = conflict_rows(project)
    path = project.decisions / "conflicts.csv"
    if rows:
        write_csv(rows, path)
    elif path.exists():
        path.unlink()
    write_conflict_page(project.reports, rows)
    return rows


def decide(
    project: Project, record_key: str, field: str, choice: str, value: str = ""
) -> dict[str, Any]:
    """Write one decision into decisions/conflicts.csv, to be applied by `resolve` or the delta.

    Args:
        project: The migration.
        record_key: The conflict's record.
        field: Its field; empty for a deleted record and a duplicate.
        choice: ours, theirs, value; match or create for a duplicate; "" takes it back.
        value: The value, for the choice value.

    Returns:
        The conflict's row as the file has it now.

    Raises:
        BadInput: No such open conflict, or no such choice.
    """
    (row,) = decide_all(project, [(record_key, field)], choice, value)
    return row


def decide_all(
    project: Project, places: Collection[tuple[str, str]], choice: str, value: str = "",
    known: Sequence[Account] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Write one decision about several conflicts, each named by record and field, as `decide`.

    Raises BadInput when one of them is not open or cannot be decided so; then none is decided.
    """
    rows = conflict_rows(project, known)
    meant = [r for r in rows if (r["record_key"], r["field"]) in places]
    if len(meant) < len(places):
        raise BadInput("This conflict is not open any more.")
    for row in meant:
        allowed = DUPLICATE_CHOICES if row["reason"] == "duplicate" else CHOICES
        if choice and choice not in allowed:
            raise BadInput(f"{choice!r} is no decision; choose of: {', '.join(allowed)}")
    for row in meant:
        row |= {"decision": choice, "value": value if choice == VALUE else ""}
    write_csv(rows, project.decisions / "conflicts.csv")
    write_conflict_page(project.reports, rows)
    return meant


def conflict_rows(project: Project, known: Sequence[Account] | None = None) -> list[dict[str, Any]]:
    """Every open conflict as the file shows it, with what was decided so far; those that wait for
    a person stand first. `known`: the sub-accounts, where the map should not be read for them.
    """
    typed = {(r["record_key"], r["field"]): r for r in _typed(project)}
    rows = []
    with open_journal(project) as journal:
        for account in accounts(project) if known is None else known:
            found = journal.conflicts(account.location_id)
            entries = journal.entries(account.location_id, {c["record_key"] for c in found})
            rows += [
                _row(c, typed.get((c["record_key"], c["field"]), {}), entries.get(c["record_key"]))
                for c in found
            ]
    return sorted(rows, key=lambda row: row["reason"] == KEPT_ASIDE)


def waits(row: Mapping[str, Any]) -> bool:
    """Whether a person has to decide a row; else the value was kept elsewhere, and it is listed."""
    return bool(row["reason"] != KEPT_ASIDE)


def duplicate_decisions(project: Project) -> dict[str, str]:
    """match or create by record key, as people decided about records that were there before."""
    return {
        r["record_key"]: r["decision"]
        for r in _typed(project)
        if r["decision"] in DUPLICATE_CHOICES
    }


@noted()
def resolve(
    project: Project,
    key: str | None = None,
    field: str = "",
    choice: str = "",
    value: str | None = None,
) -> StepReport:
    """Apply one decision, or every decision of decisions/conflicts.csv when no key is given.

    `key` is a record key or source key, `field` the field's name (empty for a deleted record),
    `choice` ours, theirs or value. Raises BadInput naming what is wrong with the decision.
    """
    wanted = _from_file(project) if key is None else [_one(project, key, field, choice, value)]
    applied = _apply(project, wanted)
    rows = write_conflicts(project)
    table = [
        {"record": a.resolution.record_key, "field": a.resolution.field,
         "decision": a.resolution.choice, "applied": a.done, "outcome": a.message}
        for a in applied
    ]  # fmt: skip
    open_rows = [r for r in rows if waits(r)]
    facts: dict[str, Any] = {"applied": sum(a.done for a in applied), "still open": len(open_rows)}
    if open_rows:
        facts["decide in"] = project.decisions / "conflicts.csv"
    problems = [f"{t['record']} {t['field']}: {t['outcome']}" for t in table if not t["applied"]]
    listed = [{k: r[k] for k in ("record_key", "field", "ours", "theirs")} for r in open_rows]
    return StepReport("conflicts resolved", len(applied), facts,
                      {"decisions": table, "still open": listed}, problems)  # fmt: skip


def apply_decided(project: Project) -> StepReport:
    """Apply what people decided in the file; decisions that do not fit are said so."""
    return resolve(project)


def _apply(project: Project, wanted: Iterable[Resolution]) -> list[Applied]:
    waiting, applied = list(wanted), []
    for account in accounts(project):
        with open_journal(project) as journal:
            here = {c["record_key"] for c in journal.conflicts(account.location_id)}
        mine = [r for r in waiting if r.record_key in here]
        if not mine:
            continue
        waiting = [r for r in waiting if r not in mine]
        with (
            exclusive_run(project, "resolve"),
            open_account(project, account) as (journal, destination),
            journal.running(destination.location_id, "resolve") as run,
        ):
            catalog = account_catalog(project, journal, destination)
            refuse_running_workflows("resolve", "resolve", journal, destination, catalog)
            done = apply_resolutions(Context(destination.hl, catalog, journal, run), mine)
            run.summary["applied"] = sum(a.done for a in done)
            applied += done
    return [*applied, *(Applied(r, False, "there is no such open conflict") for r in waiting)]


def _one(project: Project, key: str, field: str, choice: str, value: str | None) -> Resolution:
    chosen = VALUE if value is not None else choice.strip().lower()
    if chosen not in CHOICES:
        raise BadInput(
            f"{choice!r} is no decision. Say ours (the export), theirs (HighLevel), or --value X."
        )
    known = [
        c for c in open_conflicts(project) if key in (c["record_key"], _source(c["record_key"]))
    ]
    if not known:
        raise BadInput(f"{key} has no open conflict; `flitstack resolve` lists them.")
    named = [c for c in known if c["field"] == field]
    if not named:
        fields = ", ".join(repr(c["field"]) for c in known)
        raise BadInput(f"{key} has no open conflict in {field!r}, only in {fields}.")
    return Resolution(named[0]["record_key"], field, chosen, value)


def _from_file(project: Project) -> list[Resolution]:
    wrong, found = [], []
    for row in _typed(project):
        decision = row["decision"]
        if not decision or decision in DUPLICATE_CHOICES:
            continue
        if decision not in CHOICES:
            wrong.append(f"{row['record_key']} {row['field']}: {decision!r}")
        found.append(Resolution(row["record_key"], row["field"], decision, row["value"]))
    if wrong:
        raise BadInput(
            f"{project.decisions / 'conflicts.csv'}: a decision is one of ours, theirs, value "
            f"(match, create for duplicates). Not: {'; '.join(wrong)}"
        )
    return found


def _typed(project: Project) -> list[dict[str, str]]:
    """The rows of the file, as a person left them."""
    path = project.decisions / "conflicts.csv"
    if not path.exists():
        return []
    rows = list(csv.DictReader(io.StringIO(read_text(path), newline="")))
    found = []
    for number, row in enumerate(rows, start=2):
        if not row.get("record_key"):
            raise BadInput(f"{path}, line {number}: the column record_key is empty or missing.")
        clean = {k: _unquoted(row.get(k) or "") for k in COLUMNS}
        found.append({**clean, "decision": clean["decision"].strip().lower()})
    return found


def _unquoted(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _label(conflict: Mapping[str, Any], entry: IdMapRow | None) -> str:
    """The record by its name, as we last wrote it; else as the message begins."""
    wrote = (entry.last_written or {}).get("fields", {}) if entry else {}
    person = f"{wrote.get('firstName') or ''} {wrote.get('lastName') or ''}".strip()
    name = wrote.get("name") or person or wrote.get("companyName")
    return str(name or str(conflict["message"] or "").split(":")[0])[:120]


def _row(
    conflict: dict[str, Any], decided: dict[str, str], entry: IdMapRow | None
) -> dict[str, Any]:
    deleted = conflict["reason"] in ("deleted", "duplicate")
    return {
        "record_key": conflict["record_key"],
        "field": conflict["field"],
        "label": _label(conflict, entry),
        "reason": conflict["reason"],
        "last_written": shown(conflict["last_written"]),
        "ours": "" if deleted else shown(conflict["wanted"]),
        "theirs": "" if deleted else shown(conflict["found"]),
        "decision": decided.get("decision", ""),
        "value": decided.get("value", ""),
        "message": conflict["message"],
    }


def _source(record_key: str) -> str:
    return record_key.split(":", 1)[-1]
