"""The step that takes back what a migration wrote, and the report that proves it."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from flitstack_pipeline.migration.journal.history import resolve_runs
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.rollback.execute import RollbackResult
from flitstack_pipeline.migration.rollback.execute import rollback as undo
from flitstack_pipeline.reports import certificate
from flitstack_pipeline.reports.rollback import SHOWN, record_lines, write_rollback
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.project_context import (
    Log,
    account_catalog,
    accounts,
    forget_catalogs,
    load_options,
    on_the_clock,
    open_account,
    open_journal,
    silent,
)
from flitstack_pipeline.services.publishing import publish_certificate, publish_rollback
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project


@noted()
def rollback(
    project: Project,
    *,
    run_id: str | None = None,
    object_type: str | None = None,
    dry_run: bool = False,
    force: bool | Collection[str] = False,
    log: Log = silent,
) -> StepReport:
    """Undo what we wrote, in reverse order, in every sub-account, and prove it.

    `run_id` is a run or a stage; `force` undoes records edited since: True or `all` for every one,
    else those named by record key, source key, HighLevel id or object type. Writes
    reports/rollback.html and .csv (rollback-dry-run.* for a dry run). Raises UnknownRun.
    """
    stem = "rollback-dry-run" if dry_run else "rollback"
    total: RollbackResult | None = None
    names: list[str] = []
    companies: list[str] = []
    with (
        exclusive_run(project, "rollback"),
        record_lines(project.reports / f"{stem}.csv") as heard,
    ):
        if not dry_run:
            keep_copy(project, log)
        for account in accounts(project):
            with open_account(project, account, purpose="rollback") as (journal, destination):
                names.append(destination.name)
                undone_runs = resolve_runs(journal, destination.location_id, run_id)
                catalog = account_catalog(project, journal, destination)
                companies.append(str(catalog.location.get("name") or destination.location_id))
                with journal.running(destination.location_id, "rollback", object_type or "") as run:
                    result = undo(
                        destination.hl,
                        journal,
                        catalog,
                        run,
                        run_id=run_id,
                        object_key=object_type,
                        dry_run=dry_run,
                        force=force,
                        options=load_options(project, destination),
                        log=log,
                        on_record=heard,
                    )
                if not dry_run:
                    _reopen_stages(journal, undone_runs, object_type)
            total = result if total is None else total + result
    assert total is not None  # there is always the default account
    if not (dry_run or run_id or object_type):
        _begin_anew(project)
    what = what_goes(run_id, object_type)
    if not dry_run:
        keep_copy(project, log)
        now = on_the_clock(project, time.time())
        withdrawn = certificate.withdraw(project.reports, f"{what} was rolled back on {now}")
        if withdrawn is not None:
            publish_certificate(project, withdrawn)
    report = write_rollback(total, names, what, project.reports / f"{stem}.html")
    done = _step_report(total, report, project.reports / f"{stem}.csv")
    told = {"dry run": dry_run, "company": " and ".join(companies), **done.facts}
    publish_rollback(project, told, done.problems)
    return done


def what_goes(run_id: str | None, object_type: str | None) -> str:
    """What a rollback takes back, in words."""
    return " of ".join(filter(None, (run_id and f"run {run_id}", object_type))) or "everything"


def _step_report(result: RollbackResult, report: Path, records: Path) -> StepReport:
    facts: dict[str, Any] = {
        name: getattr(result, name)
        for name in ("deleted", "restored", "kept", "already_gone", "requests")
    }
    facts |= {"left": len(result.left), "failed": len(result.failed)}
    facts |= {"not proven": len(result.not_proven)} if result.not_proven else {}
    facts |= {"stay": len(result.stays)} if result.stays else {}
    facts |= {"report": report, "records": records}
    problems = [
        f"{x['record_key']} was left: {x['why']} {x['fields']}".strip() for x in result.left
    ]
    problems += [f"{x['record_key']} failed: {x['why']}" for x in result.failed]
    problems += result.not_proven
    name = "rollback (dry run)" if result.dry_run else "rollback"
    todo = [{"by hand": line} for line in result.checklist]
    stays = [{"record": x["record_key"], "id": x["hl_id"], "why": x["why"]} for x in result.stays]
    tables = {"at once": [{"what": b} for b in result.bulk], "left to do": todo,
              "stay in HighLevel": stays[:SHOWN]}  # fmt: skip
    return StepReport(name, None, facts, tables, problems[:SHOWN])


def _reopen_stages(journal: Journal, runs: frozenset[str] | None, object_type: str | None) -> None:
    """What was undone in part counts as not done: its load may run again."""
    if runs is None and object_type is None:
        return
    undone = {(r["stage"], r["object_key"]) for r in journal.runs()
              if (runs is None or r["id"] in runs)
              and object_type in (None, r["object_key"])}  # fmt: skip
    for stage in {stage for stage, _ in undone}:
        done = journal.get_setting(f"done:{stage}", None)
        if done:
            left = [key for key in done if (stage, key) not in undone]
            journal.set_setting(f"done:{stage}", left)


def _begin_anew(project: Project) -> None:
    """Nothing of ours is in HighLevel any more: every stage is to be done again."""
    with open_journal(project) as journal:
        for name in ("done:sample", "done:cutover", "done:delta"):
            journal.set_setting(name, [])
        for name in ("sample", "reconciliation", "delta_window", "objects"):
            journal.set_setting(name, None)
    forget_catalogs(project)
