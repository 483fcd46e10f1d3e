"""Loads of one object type of one stage, behind their guard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from flitstack_pipeline.accounts import Account, unconfigured
from flitstack_pipeline.catalog.objects import ancestors, wave_of, waves
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadResult, load
from flitstack_pipeline.migration.preflight.lines import Verdict
from flitstack_pipeline.migration.preflight.mapped import crowded_contacts
from flitstack_pipeline.migration.preflight.settings import crowded_line
from flitstack_pipeline.migration.progress import LoadProgress, Meter, Watch, log_lines
from flitstack_pipeline.migration.report import Reason, Refused, StepReport
from flitstack_pipeline.migration.rows import SpooledRows, spool_rows
from flitstack_pipeline.services.conflicts import duplicate_decisions
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.delta import delta_refusals, open_window
from flitstack_pipeline.services.delta_plan import current_values
from flitstack_pipeline.services.files import WITH_IMAGES, spool_images, write_file_inventory
from flitstack_pipeline.services.foreign_migrations import refuse_other_journal
from flitstack_pipeline.services.gate import gate_reasons
from flitstack_pipeline.services.load_records import (
    listed_opt_outs,
    publish_journal,
    requests_report,
)
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.open_matters import open_matters
from flitstack_pipeline.services.planning import chosen_keys, plan_lines, plan_stage
from flitstack_pipeline.services.project_context import (
    Log,
    account_catalog,
    accounts,
    accounts_kept_open,
    load_options,
    map_document,
    open_account,
    open_journal,
    silent,
)
from flitstack_pipeline.services.steps_done import note, noted
from flitstack_pipeline.services.workflows import refuse_running_workflows
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: What HighLevel holds of a record, by its key; None when it was not read.
Current = Callable[[str], Any]


def load_refusals(project: Project, stage: str, key: str) -> list[str]:
    """Why this load must not run now; empty when it may."""
    return stage_refusals(project, stage) + _object_refusals(project, stage, key)


def stage_refusals(project: Project, stage: str) -> list[str]:
    """Why no object type of a stage may be loaded now; empty when they may."""
    window = delta_refusals(project) if stage == "delta" else []
    gate = open_matters(project) if stage == "sample" else gate_reasons(project)
    return window + gate + _crowded(project)


def _crowded(project: Project) -> list[str]:
    """Contacts with more opportunities than HighLevel holds: exports after the preflight too."""

    def crowded(alias: str) -> dict[str, int]:
        with project.warehouse.connect() as con:
            return crowded_contacts(con, alias)

    lines = [
        crowded_line(project.warehouse.remembered(f"crowded {a.alias}", partial(crowded, a.alias)))
        for a in accounts(project)
    ]
    return [f"{x.check}: {x.found}. {x.what_to_do}" for x in lines if x.verdict is Verdict.FAIL]


def _object_refusals(project: Project, stage: str, key: str) -> list[str]:
    """What must be there before this object type of a stage; empty when it is."""
    reasons: list[str] = []
    with project.warehouse.connect() as con:
        if not table_exists(con, f"mapped.{key}"):
            press = f"Materialize mapped[{key}] first."
            reasons.append(Reason(f"Not mapped yet: {key}.", run="prepare", press=press))
        if stage == "sample" and not table_exists(con, "mapped.sample"):
            press = "Materialize sample_choice first: it says which records are loaded."
            reasons.append(Reason("The sample is not chosen yet.", run="migrate", press=press))
    with open_journal(project) as journal:
        if journal.get_setting("objects") is None:
            press = "Materialize destination_schema first: the sub-account is not ready."
            reasons.append(Reason("The sub-account is not ready.", run="prepare", press=press))
        done = set(journal.get_setting(f"done:{stage}", []))
        missing = [p for p in _earlier(key) if p not in done]
        if missing:
            reasons.append(
                f"{key} need their parents first: load {', '.join(missing)} "
                f"({stage} waves, from left to right)."
            )
    return reasons


def _earlier(key: str) -> list[str]:
    """Ancestors that load in an earlier wave; within a wave no record waits for another's."""
    return [p for p in ancestors(key) if wave_of(p).rank < wave_of(key).rank]


@noted("stage", "key")
def load_object(
    project: Project,
    stage: str,
    key: str,
    log: Log = silent,
    watch: Watch | None = None,
    *,
    is_asked: bool = False,
) -> StepReport:
    """Load one object type of one stage. Raises Refused when the guard says no.

    `watch` is told twice a second how far it is; without one, `log` gets a line now and then.
    `is_asked` when the caller asked `stage_refusals` for the wave.
    """
    asked = _object_refusals if is_asked else load_refusals
    if reasons := asked(project, stage, key):
        raise Refused(f"{stage} of {key}", reasons)
    chosen = chosen_keys(project, stage, key)
    is_first = key == waves()[0].objects[0]
    with _seen_before(project, stage, again=is_first) as current:
        total = load_keys(project, stage, key, chosen, log, watch, current)
    with open_journal(project) as journal:
        _mark_done(project, journal, stage, key)
    if key == wave_of(key).objects[-1]:
        keep_copy(project, log)
    if key in ("attachments", "activities"):
        write_file_inventory(project)
    facts, tables = listed_opt_outs(project, key)
    facts = total.facts() | facts
    return StepReport(f"{stage} {key}", total.rows, facts, tables, list(total.problems))


def _seen_before(project: Project, stage: str, again: bool) -> AbstractContextManager[Any]:
    """What HighLevel holds, looked at before a load that comes after the cutover.

    A sample of a changed map comes after it too: what people edited since stays, and is theirs.
    """
    with open_journal(project) as journal:
        people_work_in_it = bool(journal.get_setting("done:cutover"))
    if stage == "delta" or (stage == "sample" and people_work_in_it):
        return current_values(project, again)
    return nullcontext()


def load_keys(
    project: Project,
    stage: str,
    key: str,
    chosen: set[str] | None,
    log: Log = silent,
    watch: Watch | None = None,
    current: Current | None = None,
) -> LoadResult:
    """Load some rows of one object type (None: all), each into the sub-account it is routed to."""
    total = LoadResult()
    with exclusive_run(project, f"{stage} of {key}"):
        for account in accounts(project):
            with project.warehouse.connect() as con:
                if key in WITH_IMAGES:
                    spool_images(project, con)
                rows = spool_rows(con, key, chosen, account.alias)
            try:
                watching = watch or log_lines(log)
                total += _load_into(project, account, stage, key, rows, log, watching, current)
            finally:
                rows.close()
    return total


def _load_into(
    project: Project,
    account: Account,
    stage: str,
    key: str,
    rows: SpooledRows,
    log: Log,
    watch: Watch,
    current: Current | None,
) -> LoadResult:
    """Load the rows routed to one sub-account; returns what became of them."""
    with open_account(project, account, purpose=stage) as (journal, destination):
        catalog = account_catalog(project, journal, destination)
        _refuse_drift(f"{stage} of {key}", account, catalog)
        if len(rows):
            what = f"{stage} of {key} into {account.alias}"
            wave = f"{stage}, wave {wave_of(key).rank}"
            refuse_running_workflows(what, wave, journal, destination, catalog)
            refuse_other_journal(what, stage, journal, destination, catalog)
        if key == "activities":
            _refuse_unconfigured(project, f"{stage} of {key}", account)
        for line in catalog.changed:
            log(f"{account.alias}: {line}; still written, by its id")
        pacer, meter = destination.hl.client.pacer, Meter(len(rows))

        def tell(done: int, result: LoadResult) -> None:
            per_s, left_s = meter.read(done)
            now = LoadProgress(stage, key, done, len(rows), per_s, left_s, result, pacer.snapshot())
            watch(now)

        with journal.running(destination.location_id, stage, key) as run:
            result = load(
                destination.hl,
                journal,
                catalog,
                rows,
                run,
                options=replace(
                    load_options(project, destination),
                    decisions=duplicate_decisions(project),
                    current=current,
                ),
                on_progress=tell if len(rows) else None,
            )
            run.summary.update({k: v for k, v in vars(result).items() if k != "problems"})
    return result


def _refuse_drift(what: str, account: Account, catalog: Catalog) -> None:
    """Raise Refused when the sub-account's schema is no longer what the map needs."""
    if catalog.unready:
        why = f"The schema of {account.alias} must be made ready again."
        press = f"{why} Materialize preflight and destination_schema."
        again = Reason(why, run="prepare", press=press)
        raise Refused(what, [*catalog.unready, again])


def _refuse_unconfigured(project: Project, what: str, account: Account) -> None:
    """Raise Refused when the map wants messages or appointments and nobody said where."""
    document = map_document(project)
    missing = unconfigured(account, set(document.activities.values())) if document else []
    if missing:
        raise Refused(what, missing)


def _mark_done(project: Project, journal: Journal, stage: str, key: str) -> None:
    done = list(dict.fromkeys([*journal.get_setting(f"done:{stage}", []), key]))
    journal.set_setting(f"done:{stage}", done)
    open_window(project, journal, stage)


def load_stage(
    project: Project, stage: str, log: Log, watch: Watch | None = None
) -> list[StepReport]:
    """Load every object type of one stage in foreign-key order; its plan is logged before."""
    with accounts_kept_open(project), exclusive_run(project, stage):
        for line in plan_lines(plan_stage(project, stage)):
            log(line)
        reports = {}
        for wave in waves():
            if reasons := stage_refusals(project, stage):
                raise Refused(f"{stage} of {wave.objects[0]}", reasons)
            for key in wave.objects:
                reports[key] = load_object(project, stage, key, log, watch, is_asked=True)
    attempts = publish_journal(project)
    requests = requests_report(project, stage)
    if stage != "sample":
        report = StepReport("journal published", attempts, requests[0].facts, requests[0].tables)
        note(project, publish_journal.__name__, report)
    return [_stage_report(stage, reports), *requests]


def _stage_report(stage: str, reports: dict[str, StepReport]) -> StepReport:
    """One table of what became of every object type."""
    shown = ("created", "updated", "unchanged", "matched", "adopted", "rejected", "conflicts",
             "missing parents", "requests")  # fmt: skip
    lines = [
        {"object": key, **{name: report.facts[name] for name in shown}}
        for key, report in reports.items()
        if report.rows
    ]
    total = {name: sum(line[name] for line in lines) for name in shown}
    facts = {name: value for name, value in total.items() if value}
    problems = [problem for report in reports.values() for problem in report.problems]
    rows = sum(report.rows or 0 for report in reports.values())
    return StepReport(stage, rows, facts, {"per object": lines}, problems)
