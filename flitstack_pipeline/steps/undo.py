"""The step that takes back what a migration wrote."""

from __future__ import annotations

from dataclasses import asdict

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.rollback import RollbackResult
from flitstack_pipeline.migration.rollback import rollback as undo
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import (
    Log,
    account_catalog,
    accounts,
    forget_catalogs,
    load_options,
    open_account,
    open_journal,
    silent,
)


def rollback(
    project: Project,
    *,
    run_id: str | None = None,
    object_type: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    log: Log = silent,
) -> StepReport:
    """Undo what we wrote, in reverse order, in every sub-account."""
    total: RollbackResult | None = None
    for account in accounts(project):
        with open_account(project, account) as (journal, destination):
            run = journal.start_run(destination.location_id, "rollback", object_type or "")
            result = undo(
                destination.hl,
                journal,
                account_catalog(project, journal, destination),
                run,
                run_id=run_id,
                object_key=object_type,
                dry_run=dry_run,
                force=force,
                options=load_options(project, destination),
                log=log,
            )
            journal.end_run(run, "done")
        total = result if total is None else total + result
    assert total is not None  # there is always the default account
    if not (dry_run or run_id or object_type):
        _begin_anew(project)
    facts = {k: v for k, v in asdict(total).items() if isinstance(v, int | str | dict)}
    problems = [] if total.clean else ["some records were left; see the facts"]
    return StepReport("rollback (dry run)" if dry_run else "rollback", None, facts, {}, problems)


def _begin_anew(project: Project) -> None:
    """Nothing of ours is in HighLevel any more: every stage is to be done again."""
    with open_journal(project) as journal:
        for name in ("done:sample", "done:cutover", "done:delta"):
            journal.set_setting(name, [])
        for name in ("sample", "reconciliation", "delta_window", "objects"):
            journal.set_setting(name, None)
    forget_catalogs(project)
