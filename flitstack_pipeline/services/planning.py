"""What a load will take before it is begun: records, requests, hours, days; shown and stored."""

from __future__ import annotations

import time
from typing import Any

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.catalog.objects import waves
from flitstack_pipeline.destination import budget_of
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.plan import Plan, plan_load
from flitstack_pipeline.migration.progress import duration
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.rows import SpooledRows, spool_rows
from flitstack_pipeline.migration.sample import sample_keys
from flitstack_pipeline.services.field_map import remarks
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists


@noted("stage")
def plan_stage(project: Project, stage: str) -> StepReport:
    """Count what loading every object type would take; the plan is stored for `status`."""
    total = Plan()
    lines: list[dict[str, Any]] = []
    with open_journal(project) as journal:
        for wave in waves():
            for key in wave.objects:
                plan = _plan_object(project, journal, stage, key)
                total += plan
                lines.append(_line(key, plan))
        stored = {"total": total.as_dict(), "objects": lines, "at": time.time()}
        journal.set_setting(f"plan:{stage}", stored)
    facts = {"requests": total.requests, "time": _time(total), "days": total.days}
    facts["allowance"] = f"{total.rate_per_s:.1f} requests/s, {total.daily_limit:,} a day"
    facts["more reads at most"] = total.more_reads
    if total.continued:
        facts["long texts continued in notes"] = total.continued
    rows = total.create + total.update + total.skip
    shown = [line for line in lines if line["records"]]
    tables = {
        "requests per object": shown,
        "what activities become": remarks(project, "activities"),
    }
    return StepReport(f"plan of the {stage}", rows, facts, tables)


def plan_lines(planned: StepReport) -> list[str]:
    """The plan as lines of a log: the whole, then each object type that takes requests."""
    facts = planned.facts
    days = f" over {facts['days']} days" if facts["days"] > 1 else ""
    return [
        f"{planned.step}: {facts['requests']:,} requests, {facts['time']}{days} at most "
        f"{facts['allowance']}",
        f"  and up to {facts['more reads at most']:,} reads where HighLevel's searches show "
        "records in part",
        *(
            f"  {line['object']}: {line['create']:,} to create, {line['update']:,} to update, "
            f"{line['write requests']:,} requests, {line['time']}"
            for line in planned.tables["requests per object"]
            if line["write requests"]
        ),
    ]


def plan_rows(project: Project, journal: Journal, account: Account, rows: SpooledRows) -> Plan:
    """What loading these rows into one sub-account takes at its pace."""
    budget = budget_of(project, journal.engine, account)
    if budget is None or budget.unlimited:
        return plan_load(journal, account.location_id, rows)
    return plan_load(
        journal,
        account.location_id,
        rows,
        rate_per_s=budget.rate_per_s,
        daily_limit=budget.daily_limit,
    )


def chosen_keys(project: Project, stage: str, key: str) -> set[str] | None:
    """The record keys of the sample; None, which is all of them, for the other stages."""
    if stage != "sample":
        return None
    with project.warehouse.connect() as con:
        if not table_exists(con, "mapped.sample"):
            return set()
        return sample_keys(con, key)


def _plan_object(project: Project, journal: Journal, stage: str, key: str) -> Plan:
    total = Plan()
    chosen = chosen_keys(project, stage, key)
    for account in accounts(project):
        with project.warehouse.connect() as con:
            rows = spool_rows(con, key, chosen, account.alias)
        try:
            total += plan_rows(project, journal, account, rows)
        finally:
            rows.close()
    return total


def _line(key: str, plan: Plan) -> dict[str, Any]:
    return {
        "object": key,
        "records": plan.create + plan.update + plan.skip,
        "create": plan.create,
        "update": plan.update,
        "unchanged": plan.skip,
        "write requests": plan.write_requests,
        "read requests": plan.read_requests,
        "time": _time(plan),
    }


def _time(plan: Plan) -> str:
    return duration(plan.hours * 3600)
