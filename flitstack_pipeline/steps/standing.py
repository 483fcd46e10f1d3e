"""What a person asks at any time: how far are we, what is left, where to look."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import KEYS
from flitstack_pipeline.steps.gating import gate_conditions
from flitstack_pipeline.steps.opening import accounts, open_journal
from flitstack_pipeline.steps.source import accounting


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
    """Dead letters, conflicts and missing parents that wait for a person."""
    locations = [account.location_id for account in accounts(project)]
    with open_journal(project) as journal:
        return [
            f"{what} {x['record_key']}"
            for location in locations
            for what, waiting in (
                ("dead letter", journal.dead_letters(location)),
                ("conflict", journal.conflicts(location)),
            )
            for x in waiting
        ]


def status(project: Project) -> dict[str, Any]:
    """Gate, counts per object, and facts, for people and programs."""
    with open_journal(project) as journal:
        facts = {
            "data folder": str(project.root),
            "loaded": {
                s: journal.get_setting(f"done:{s}", []) for s in ("sample", "cutover", "delta")
            },
            "delta window": journal.get_setting("delta_window"),
        }
    return {"gate": gate_conditions(project), "objects": per_object(project), "facts": facts,
            "unfinished": unfinished(project)}  # fmt: skip


def where_to_look(project: Project) -> list[str]:
    """Where the reports, the sandbox page and the UI are."""
    lines = [f"Report:       {project.reports / 'reconciliation.html'}",
             f"Sample:       {project.reports / 'sample.html'}"]  # fmt: skip
    if project.settings.uses_embedded_sandbox:
        lines.append(
            f"Sandbox page: flitstack sandbox --port 8787 --state {project.sandbox_state}  → http://127.0.0.1:8787/"
        )
    return [*lines, "Dagster UI:   make ui  → http://127.0.0.1:3000/"]
