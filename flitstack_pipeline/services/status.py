"""What a person asks at any time: how far are we, what is left, where to look."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from flitstack_pipeline import summary
from flitstack_pipeline.accounts import Account
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.destination import budget_of
from flitstack_pipeline.highlevel.window import next_midnight
from flitstack_pipeline.migration.journal.history import rolled_back, taken_back
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.lock import holder_of
from flitstack_pipeline.migration.progress import budget_sentence, duration
from flitstack_pipeline.services.acknowledging import acknowledged_files
from flitstack_pipeline.services.delta import delta_refusals, delta_window
from flitstack_pipeline.services.gate import approval_refusals, gate_conditions
from flitstack_pipeline.services.open_matters import open_matters
from flitstack_pipeline.services.project_context import accounts, on_the_clock, open_journal
from flitstack_pipeline.services.source import accounting
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import close_unused

RATE_SPAN_S = 60.0


def per_object(project: Project) -> list[dict[str, Any]]:
    """Read, merged, quarantined, loaded, verified per object type."""
    with open_journal(project) as journal:
        found = (journal.get_setting("reconciliation") or {}).get("by_object", {})
        loaded: dict[str, int] = {}
        for account in accounts(project):
            for row in journal.counts(account.location_id):
                key = str(row["object_key"])
                loaded[key] = loaded.get(key, 0) + int(row["records"])
    lines = []
    for key in KEYS:
        parts, _ = accounting(project, key)
        total = {
            n: sum(int(p[n]) for p in parts)
            for n in ("rows_read", "merged", "superseded", "quarantined", "excluded")
        }
        checked = found.get(key, {})
        lines.append({
            "object": key, "read": total["rows_read"], "merged": total["merged"],
            "superseded": total["superseded"], "quarantined": total["quarantined"],
            "excluded": total["excluded"], "records": checked.get("planned", 0),
            "loaded": loaded.get(key, 0), "verified": checked.get("verified", 0),
            "mismatch": checked.get("wrong", 0),
        })  # fmt: skip
    return lines


def unfinished(project: Project) -> list[str]:
    """Dead letters, conflicts, and what is to be settled about the exports."""
    acknowledged = acknowledged_files(project)
    locations = [account.location_id for account in accounts(project)]
    with open_journal(project) as journal:
        found = [
            f"{what} {x['record_key']}"
            for location in locations
            for what, waiting in (
                ("dead letter", journal.dead_letters(location)),
                ("conflict", journal.conflicts(location, waiting=True)),
            )
            for x in waiting
            if x["record_key"] not in acknowledged
        ]
    return found + open_matters(project)


def status(project: Project) -> dict[str, Any]:
    """Gate, counts per object, the load's progress and budget, for people and programs."""
    with open_journal(project) as journal:
        facts = {
            "data folder": str(project.root),
            "loaded": {
                s: journal.get_setting(f"done:{s}", []) for s in ("sample", "cutover", "delta")
            },
            "delta window": journal.get_setting("delta_window"),
        }
        facts |= load_facts(project, journal)
        undone = [rolled_back(journal, account.location_id) for account in accounts(project)]
        for run in filter(None, undone):
            facts["rolled back on"] = on_the_clock(project, run["ended_at"])
    return {"gate": gate_conditions(project), "objects": per_object(project), "facts": facts,
            "unfinished": unfinished(project)}  # fmt: skip


def rolled_back_on(project: Project, stage: str, key: str) -> str:
    """When a rollback took the load of an object type back; empty while it stands, or never was."""
    with open_journal(project) as journal:
        for account in accounts(project):
            run = taken_back(journal, account.location_id, stage, key)
            if run:
                return on_the_clock(project, run["ended_at"] or run["started_at"])
    return ""


def keep_status(project: Project) -> dict[str, Any]:
    """The status as of now, kept with the refusals that follow, until something of it changes.

    While a load has something left, or the journal is no file of the folder, nothing is kept.
    """
    with open_journal(project) as journal:  # what lies in its log goes into its file
        window = delta_window(project, journal)
    before = summary.stamps(project.root)
    found = status(project)
    close_unused()
    depends = summary.stamps(project.root)
    settled = {**before, "warehouse": ""} == {**depends, "warehouse": ""}
    if settled and not found["facts"].get("left") and not project.settings.journal_url:
        refused = {"the approval": approval_refusals(found["gate"]),
                   "the delta": delta_refusals(project)}  # fmt: skip
        moments = [window.opens.timestamp()] if window else []
        if isinstance(found["facts"].get("budget used"), list):
            moments.append(next_midnight(time.time()))
        until = min((moment for moment in moments if moment > time.time()), default=None)
        summary.keep(project.root, {"status": found, "refused": refused}, depends, until)
    return found


def load_facts(
    project: Project, journal: Journal, known: Sequence[Account] | None = None
) -> dict[str, Any]:
    """Done, left, rate, budget used and time left of the stage under way, or of the last one.

    `known`: the sub-accounts, where the map should not be read for them.
    """
    stage, plan = _newest_plan(journal)
    if plan is None:
        return {"plan": "none yet: it is made when a load begins"}
    planned = sum(line["create"] + line["update"] for line in plan["objects"])
    known = accounts(project) if known is None else known
    places = [account.location_id for account in known]
    done = sum(journal.done_since(place, stage, plan["at"]) for place in places)
    per_s = sum(journal.rate(place, RATE_SPAN_S) for place in places)
    left = max(0, planned - done)
    requests = int(plan["total"]["requests"] * left / planned) if planned else 0
    budgets = [
        budget for account in known
        if (budget := budget_of(project, journal.engine, account)) is not None
    ]  # fmt: skip
    allowed = sum(b.rate_per_s for b in budgets) or plan["total"]["rate_per_s"]
    return {
        "stage": stage,
        "planned requests": plan["total"]["requests"],
        "planned time": f"{duration(plan['total']['hours'] * 3600)}, {plan['total']['days']} days",
        "done": done,
        "left": left,
        "rate": f"{per_s:.1f} requests/s over the last {RATE_SPAN_S:.0f} s" if left else "none",
        "budget used": [budget_sentence(b) for b in budgets] or "no request limit",
        "time left": duration(requests / (per_s or allowed)) if left else "none",
    }


def _newest_plan(journal: Journal) -> tuple[str, dict[str, Any] | None]:
    """The stage whose plan was made last, and the plan; None before the first."""
    plans = [(s, journal.get_setting(f"plan:{s}")) for s in ("sample", "cutover", "delta")]
    made = [(stage, plan) for stage, plan in plans if plan]
    return max(made, key=lambda x: float(x[1]["at"]), default=("", None))


def under_way(journal: Journal, known: Sequence[Account]) -> tuple[str, float]:
    """(what works on the sub-accounts now, since when), wherever it began; ("", 0): nothing."""
    holders = [holder_of(journal.engine, account.location_id) for account in known]
    found = next(filter(None, holders), None)
    return (str(found["what"]).partition(",")[0], found["acquired_at"]) if found else ("", 0.0)


def progress_line(
    project: Project, journal: Journal, known: Sequence[Account], running: str, since: float
) -> str:
    """How far the step under way is, in one sentence; "" where that is not known.

    Args:
        project: The migration.
        journal: Its journal.
        known: Its sub-accounts.
        running: What runs, as its lock says: migrate, delta, rollback, …
        since: When it began, seconds of the Unix epoch.
    """
    if running == "rollback":
        count = sum(
            int(row["records"]) for account in known for row in journal.counts(account.location_id)
        )
        return f"{count:,} records of this migration are in HighLevel."
    _, plan = _newest_plan(journal)
    if plan is None or float(plan["at"]) < since:
        return ""
    facts = load_facts(project, journal, known)
    budget = facts["budget used"]
    told = [
        f"{str(facts['stage']).capitalize()}: {facts['done']:,} records done, "
        f"{facts['left']:,} left",
        *([f"time left {facts['time left']}", str(facts["rate"])] if facts["left"] else []),
        *([budget] if isinstance(budget, str) else budget),
    ]
    return "; ".join(told) + "."


def where_to_look(project: Project) -> list[str]:
    """Where the reports, the sandbox page and the UI are; only those that exist."""
    places = {
        "Report": "reconciliation.html",
        "Certificate": "certificate.html",
        "Sample": "sample.html",
        "Delta": "delta.html",
        "Conflicts": "conflicts.html",
    }
    lines = [
        f"{name + ':':<13} {project.reports / file}"
        for name, file in places.items()
        if (project.reports / file).exists()
    ]
    if project.settings.uses_embedded_sandbox:
        state = project.sandbox_state
        lines.append(f"Sandbox page: flitstack sandbox --port 8787 --state {state}")
        lines.append("              then http://127.0.0.1:8787/")
    return [*lines, "Dagster UI:   flitstack ui, then http://127.0.0.1:3000/"]
