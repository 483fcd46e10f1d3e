"""Steps that read HighLevel back: the sample's comparison and the reconciliation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.migration.reconcile import reconcile as compare_all
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.rows import MappedRow, spool_rows
from flitstack_pipeline.reports.document import Document, Section, write_csv, write_html, write_json
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import KEYS
from flitstack_pipeline.steps.opening import (
    account_catalog,
    accounts,
    map_fingerprint,
    open_account,
    open_journal,
)


def _all_rows(project: Project, sample_only: bool) -> list[MappedRow]:
    rows: list[MappedRow] = []
    for key in KEYS:
        with project.warehouse.connect() as con:
            chosen = None
            if sample_only:
                sql = "SELECT record_key FROM mapped.sample WHERE object = ?"
                chosen = {k for (k,) in con.execute(sql, [key]).fetchall()}
            spooled = spool_rows(con, key, chosen)
        rows += list(spooled)
        spooled.close()
    return rows


def _compared(project: Project, sample_only: bool) -> tuple[Reconciliation, int, str]:
    """Every sub-account compared with the rows routed to it, as one result."""
    rows = _all_rows(project, sample_only)
    total, names = Reconciliation(), []
    for account in accounts(project):
        mine = [r for r in rows if r.location == account.alias]
        with open_account(project, account) as (journal, destination):
            catalog = account_catalog(project, journal, destination)
            found = read_back(destination.hl, catalog, journal, {(r.kind, r.target) for r in mine})
            result = compare_all(journal, destination.location_id, mine, found, catalog.users)
        total.add(result)
        names.append(destination.name)
    if sample_only:
        total.extra = []
    return total, len(rows), "; ".join(names)


def verify_sample(project: Project) -> StepReport:
    """Read the sample back, compare field by field, write the document for the approver."""
    result, count, name = _compared(project, sample_only=True)
    with open_journal(project) as journal:
        journal.set_setting(
            "sample",
            {
                "fingerprint": map_fingerprint(project),
                "problems": result.problems[:200],
                "records": count,
            },
        )
    path = _write_report(project, "sample", "Sample: source, expected, found", result, name)
    return StepReport("sample compared", count, {"report": path, **result.verdicts},
                      {"by object": _by_object(result)}, result.problems)  # fmt: skip


def _by_object(result: Reconciliation) -> list[dict[str, Any]]:
    return [{"object": k, **v} for k, v in result.by_object.items()]


def _write_report(
    project: Project, stem: str, title: str, result: Reconciliation, account: str
) -> Any:
    rows = [{k: str(v) for k, v in asdict(d).items()} for d in result.diffs]
    problems = result.problems
    verdict = "Everything arrived as meant." if not problems else f"{len(problems)} differences."
    path = write_html(
        Document(title, verdict, not problems, {"account": account, **result.verdicts}, [
            Section("Missing", result.missing),
            Section("Nobody planned these", result.extra),
            Section("Fields that differ or were changed by a rule", rows, status_column="verdict"),
            Section("By object", _by_object(result)),
        ]),
        project.reports / f"{stem}.html",
    )  # fmt: skip
    write_csv(rows, project.reports / f"{stem}.csv")
    write_json(asdict(result), project.reports / f"{stem}.json")
    return path


def reconcile(project: Project) -> StepReport:
    """Read everything back and compare."""
    result, count, name = _compared(project, sample_only=False)
    with open_journal(project) as journal:
        journal.set_setting(
            "reconciliation", {"problems": result.problems[:500], "by_object": result.by_object}
        )
    path = _write_report(project, "reconciliation", "Reconciliation", result, name)
    return StepReport("reconciled", count, {"report": path, **result.verdicts},
                      {"by object": _by_object(result)}, result.problems)  # fmt: skip


def reconciliation_problems(project: Project) -> list[str]:
    """What the last reconciliation found."""
    with open_journal(project) as journal:
        found = journal.get_setting("reconciliation")
    return ["nothing was reconciled yet"] if found is None else list(found["problems"])
