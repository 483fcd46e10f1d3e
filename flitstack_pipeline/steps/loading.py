"""Loads of one object type of one stage, behind their guard."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.load import LoadResult, load
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.migration.rows import spool_rows
from flitstack_pipeline.migration.sample import sample_keys
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import ancestors, wave_of, waves
from flitstack_pipeline.steps.gating import gate_conditions
from flitstack_pipeline.steps.opening import (
    Log,
    account_catalog,
    accounts,
    accounts_kept_open,
    load_options,
    open_account,
    open_journal,
    silent,
)
from flitstack_pipeline.warehouse import table_exists

WINDOW_HOURS = 48


def load_refusals(project: Project, stage: str, key: str) -> list[str]:
    """Why this load must not run now; empty when it may."""
    reasons = []
    with project.warehouse.connect() as con:
        if not table_exists(con, f"mapped.{key}"):
            reasons.append(f"Materialize mapped[{key}] first.")
        if stage == "sample" and not table_exists(con, "mapped.sample"):
            reasons.append("Materialize sample_choice first: it says which records are loaded.")
    if stage != "sample":
        reasons += [c["what_to_do"] for c in gate_conditions(project) if not c["ok"]]
    with open_journal(project) as journal:
        if journal.get_setting("objects") is None:
            reasons.append("Materialize destination_schema first: the sub-account is not ready.")
        done = set(journal.get_setting(f"done:{stage}", []))
        missing = [p for p in _earlier(key) if p not in done]
        if missing:
            reasons.append(
                f"{key} need their parents first: load {', '.join(missing)} "
                f"({stage} waves, from left to right)."
            )
        if stage == "delta" and not journal.get_setting("delta_window"):
            reasons.append("The delta opens with the cutover; run the cutover first.")
    return reasons


def _earlier(key: str) -> list[str]:
    """Ancestors that load in an earlier wave; within a wave no record waits for another's."""
    return [p for p in ancestors(key) if wave_of(p).rank < wave_of(key).rank]


def load_object(project: Project, stage: str, key: str, log: Log = silent) -> StepReport:
    """Load one object type of one stage. Raises Refused when the guard says no."""
    reasons = load_refusals(project, stage, key)
    if reasons:
        raise Refused(f"{stage} of {key}", reasons)
    with project.warehouse.connect() as con:
        chosen = sample_keys(con, key) if stage == "sample" else None
    total, count = LoadResult(), 0
    for account in accounts(project):
        result, loaded = _load_into(project, account, stage, key, chosen, log)
        total, count = total + result, count + loaded
    with open_journal(project) as journal:
        _mark_done(journal, stage, key)
    facts = {k: v for k, v in asdict(total).items() if k not in ("problems", "seconds")}
    return StepReport(f"{stage} {key}", count, facts, {}, list(total.problems))


def _load_into(
    project: Project, account: Account, stage: str, key: str, chosen: set[str] | None, log: Log
) -> tuple[LoadResult, int]:
    """Load the rows routed to one sub-account; what became of them, and how many they are."""
    with project.warehouse.connect() as con:
        rows = spool_rows(con, key, chosen, account.alias)
    try:
        with open_account(project, account) as (journal, destination):
            run = journal.start_run(destination.location_id, stage, key)
            result = load(
                destination.hl,
                journal,
                account_catalog(project, journal, destination),
                rows,
                run,
                options=load_options(project, destination),
                on_progress=lambda n, r: log(f"{key}: {n} of {len(rows)}, {r.created} created"),
            )
            summary = {k: v for k, v in asdict(result).items() if k != "problems"}
            journal.end_run(run, "done", summary)
    finally:
        rows.close()
    return result, len(rows)


def _mark_done(journal: Journal, stage: str, key: str) -> None:
    done = list(dict.fromkeys([*journal.get_setting(f"done:{stage}", []), key]))
    journal.set_setting(f"done:{stage}", done)
    if stage == "cutover" and not journal.get_setting("delta_window"):
        opened = dt.datetime.now(dt.UTC)
        closes = opened + dt.timedelta(hours=WINDOW_HOURS)
        journal.set_setting("delta_window", [opened.isoformat(), closes.isoformat()])


def load_stage(project: Project, stage: str, log: Log) -> list[StepReport]:
    """Load every object type of one stage, in foreign-key order."""
    with accounts_kept_open(project):
        return [load_object(project, stage, key, log) for wave in waves() for key in wave.objects]
