"""Whole stages in order, for the command line and the jobs."""

from __future__ import annotations

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.progress import Watch
from flitstack_pipeline.migration.report import Reason, Refused, StepReport
from flitstack_pipeline.services.auditing import audit
from flitstack_pipeline.services.caches import hold_caches_down
from flitstack_pipeline.services.conflicts import apply_decided
from flitstack_pipeline.services.delta import delta_refusals
from flitstack_pipeline.services.delta_plan import delta_summary
from flitstack_pipeline.services.early_cutoff import ran_or_not
from flitstack_pipeline.services.field_map import BECOME, map_object, map_once
from flitstack_pipeline.services.gate import gate_reasons
from flitstack_pipeline.services.ledger import account_cells, refuse_unaccounted
from flitstack_pipeline.services.load_records import publish_journal
from flitstack_pipeline.services.loading import load_stage
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.open_matters import refuse_open_matters
from flitstack_pipeline.services.prepare import preflight, provision
from flitstack_pipeline.services.project_context import (
    Log,
    accounts_kept_open,
    map_document,
    open_journal,
    silent,
)
from flitstack_pipeline.services.questions import answers
from flitstack_pipeline.services.sampling import choose
from flitstack_pipeline.services.source import clean_object, read_object, read_schema, relate
from flitstack_pipeline.services.table_prints import at_rest
from flitstack_pipeline.services.verify import LOADS, reconcile, standing_sample, verify_sample
from flitstack_pipeline.settings import Project


def run_audit(project: Project, log: Log = silent) -> list[StepReport]:
    """Read, clean, relate, audit, each where something has changed since it last did.

    Raises BadInput, before all else, for answers that are none.
    """
    answers(project)
    with project.warehouse.connect(), at_rest(project):
        for key in KEYS:  # all before the first is cleaned: one may say how another is written
            read_object(project, key)
        read_schema(project)
        for key in KEYS:
            report = clean_object(project, key)
            log(f"{key}: {report.rows} rows, {report.facts['quarantined']} in quarantine"
                f" ({ran_or_not(report)})")  # fmt: skip
        relate(project)
        hold_caches_down(project)
        return [audit(project)]


def run_map(project: Project, log: Log = silent, confirm_as: str = "") -> list[StepReport]:
    """Propose the map, and confirm it when a name is given."""
    with at_rest(project):
        return map_once(project, confirm_as)


def run_prepare(project: Project, log: Log = silent) -> list[StepReport]:
    """Map every object type, examine the account, provision its schema.

    Raises Refused while a question or a row that stays behind waits for a person.
    """
    refuse_open_matters(project, "preparing the account", mapped=False)
    with project.warehouse.connect(), at_rest(project):
        reports = [map_object(project, key) for key in KEYS]
        for report in reports:
            log(f"{report.step}: {report.rows} records ({ran_or_not(report)})")
            for line in report.tables.get(BECOME, ()):
                log(f"  {line['records']:,} {line['what']}")
        reports.append(account_cells(project))
        refuse_unaccounted(project, "preparing the account")
    with accounts_kept_open(project):
        checked = preflight(project)
        return [checked] if checked.problems else [checked, provision(project)]


def run_sample(project: Project, log: Log = silent, watch: Watch | None = None) -> list[StepReport]:
    """Choose the sample, load it and compare it, unless its comparison stands."""
    chosen = choose(project)
    if (standing := standing_sample(project)) is not None:
        return [chosen, standing]
    with accounts_kept_open(project):
        load_stage(project, "sample", log, watch)
        return [chosen, verify_sample(project)]


def run_cutover(
    project: Project, log: Log = silent, watch: Watch | None = None
) -> list[StepReport]:
    """Load everything, behind the gate."""
    return load_stage(project, "cutover", log, watch)


def run_delta(project: Project, log: Log = silent, watch: Watch | None = None) -> list[StepReport]:
    """Read, clean and map again, look at HighLevel, apply decisions, load what changed.

    Raises Refused outside the window, or when new exports brought something for the map: the
    approval lapses with the map.
    """
    reasons = delta_refusals(project)
    if reasons:
        raise Refused("the delta", reasons)
    run_audit(project, log)
    run_map(project, log)
    reasons = gate_reasons(project, mapped=False)
    if reasons:
        raise Refused("the delta", reasons)
    with project.warehouse.connect():
        for key in KEYS:
            map_object(project, key)
        refuse_unaccounted(project, "the delta")
    with accounts_kept_open(project), exclusive_run(project, "delta"):
        provision(project)  # new options and columns need their place first
        decided = apply_decided(project)
        loads = load_stage(project, "delta", log, watch)
        return [*([decided] if decided.rows else []), *loads, delta_summary(project, loads)]


def rebuild_warehouse(project: Project, log: Log = silent) -> None:
    """Make the warehouse again from exports, decisions, map and journal, as far as it had come.

    Nothing is proposed or decided anew. Raises Refused without exports.
    """
    run_audit(project, log)
    if map_document(project) is None:
        return
    with project.warehouse.connect():
        for key in KEYS:
            map_object(project, key)
        account_cells(project)
    with open_journal(project) as journal:
        chosen, begun = journal.get_setting("sample:choice"), bool(journal.runs())
    if chosen:
        choose(project)
    if begun:
        publish_journal(project)


def run_reconcile(project: Project, log: Log = silent) -> list[StepReport]:
    """Reconcile. Raises Refused before anything was loaded: there would be nothing to compare."""
    with open_journal(project) as journal:
        loaded = any(run["stage"] in LOADS for run in journal.runs())
    if not loaded:
        why = "Nothing was loaded yet, so there is nothing to compare."
        press = f"{why} Launch the job {JOB['cutover']} first."
        raise Refused("the reconciliation", [Reason(why, run="migrate", press=press)])
    return [reconcile(project)]
