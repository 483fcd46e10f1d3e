"""The step that takes back what a migration wrote."""

from __future__ import annotations

from dataclasses import asdict

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.rollback import rollback as undo
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import (
    Log,
    account_catalog,
    load_options,
    open_account,
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
    """Undo what we wrote, in reverse order."""
    with open_account(project) as (journal, destination):
        run = journal.start_run(destination.location_id, "rollback", object_type or "")
        result = undo(
            destination.hl, journal, account_catalog(project, journal, destination), run, run_id=run_id,
            object_key=object_type, dry_run=dry_run, force=force, options=load_options(project, destination),
            log=log,
        )  # fmt: skip
        journal.end_run(run, "done")
        if not (dry_run or run_id or object_type):
            for name in ("done:sample", "done:cutover", "done:delta"):
                journal.set_setting(name, [])
            for name in ("sample", "reconciliation", "delta_window", "objects"):
                journal.set_setting(name, None)
    facts = {k: v for k, v in asdict(result).items() if isinstance(v, int | str | dict)}
    problems = [] if result.clean else ["some records were left; see the facts"]
    return StepReport("rollback (dry run)" if dry_run else "rollback", None, facts, {}, problems)
