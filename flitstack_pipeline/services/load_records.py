"""What is kept and shown of a load: the audit log, requests beside the floor, missing parents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flitstack_pipeline.migration.journal.export import export_operations, write_operations
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.reports.document import write_csv
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline.settings import Project

MISSING_PARENTS = "missing-parents.csv"
OPT_OUTS = "opt-outs-brought.csv"
BROUGHT = "opt-outs brought to contacts that were there before"
SHOWN = 25


def publish_journal(project: Project) -> int:
    """Copy the journal into the schema `journal` of DuckDB; returns the number of attempts."""
    with open_journal(project) as journal, project.warehouse.connect() as con:
        return export_operations(journal, con)


def export_journal(project: Project, path: Path, form: str) -> int:
    """Write the audit log of every operation to a file, csv or parquet; returns its rows.

    Raises BadInput for another form.
    """
    with open_journal(project) as journal, project.warehouse.connect() as con:
        count = export_operations(journal, con)
        write_operations(con, path, form)
    return count


def brought_opt_outs(project: Project, object_key: str | None = None) -> list[dict[str, Any]]:
    """Opt-outs we brought to contacts that were there before, by contact; of one object type.

    The stricter of both wins, so nobody is asked; a person must see it all the same.
    """
    found = []
    with open_journal(project) as journal:
        for place in (account.location_id for account in accounts(project)):
            for entry in journal.iterate_entries(
                place, kind="contact", object_key=object_key, origin="matched"
            ):
                ours = (entry.last_written or {}).get("dnd") or {}
                theirs = (entry.before_image or {}).get("dnd") or {}
                brought = sorted(ours.keys() - theirs.keys())
                if brought:
                    found.append({"record": entry.source_key, "id": entry.hl_id,
                                  "opt-outs we brought": ", ".join(brought)})  # fmt: skip
    return found


def listed_opt_outs(
    project: Project, object_key: str | None = None
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Those opt-outs as facts and a table of a report, and all of them in a file; of one type."""
    brought = brought_opt_outs(project, object_key)
    if not brought:
        return {}, {}
    if object_key is None:
        write_csv(brought, project.reports / OPT_OUTS)
    return {BROUGHT: len(brought)}, {BROUGHT: brought[:SHOWN]}


def requests_report(project: Project, stage: str) -> list[StepReport]:
    """Requests of a stage beside the fewest the API allows, and parents that were missing."""
    with open_journal(project) as journal:
        places = [account.location_id for account in accounts(project)]
        runs = [
            run["summary"] or {} for place in places for run in journal.runs(place)
            if run["stage"] == stage and run["state"] == "done"
        ]  # fmt: skip
        missing = [row for place in places for row in journal.missing_parents(place)]
    total = {name: sum(s.get(name, 0) for s in runs) for name in ("requests", "floor", "throttled")}
    written = sum(s.get(n, 0) for s in runs for n in ("created", "updated", "matched"))
    facts: dict[str, Any] = {"records written": written, "requests": total["requests"]}
    if total["floor"]:
        facts["fewest possible"] = total["floor"]
        facts["requests per possible"] = round(total["requests"] / total["floor"], 3)
        facts["requests per record"] = round(total["requests"] / max(written, 1), 3)
    facts["answered 429"] = total["throttled"]
    lines = missing_parent_lines(missing)
    path = project.reports / MISSING_PARENTS
    path.unlink(missing_ok=True)
    if lines:
        facts["missing parents are in"] = write_csv(lines, path)
    return [StepReport(f"requests of the {stage}", None, facts, {"missing parents": lines})]


def missing_parent_lines(missing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The report of missing parents: which record lacks which, in which field."""
    return [
        {
            "object": row["object_key"],
            "child": row["record_key"],
            "field": row["parent_key"].partition(":")[0],
            "wanted parent": row["parent_key"],
            "policy": row["policy"],
        }
        for row in missing
    ]
