"""Steps of the stage `destination`: preflight and provisioning."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.destination import Destination
from flitstack_pipeline.mapping.build import TargetSchema, target_schema
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.provision import provision as provision_schema
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.users import match_users
from flitstack_pipeline.reports.document import Document, Section, write_html
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import accounts, forget_catalogs, open_account, open_journal


def preflight(project: Project) -> StepReport:
    """Examine every sub-account, before any write; the lines are stored for the gate."""
    lines: list[dict[str, Any]] = []
    roster: list[dict[str, Any]] = []
    names = []
    for account in accounts(project):
        with open_account(project, account) as (_, destination):
            found, team = _examine(project, destination)
            names.append(destination.name)
        lines += found
        roster += team
    with open_journal(project) as journal:
        journal.set_setting("preflight", lines)
        journal.set_setting("roster", roster)
    failed = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    return StepReport("preflight", len(lines), {"account": "; ".join(names)},
                      {"lines": lines, "users": roster}, failed)  # fmt: skip


def _examine(
    project: Project, destination: Destination
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    location = destination.hl.locations.get()
    settings = location.get("settings") or {}
    with project.warehouse.connect() as con:
        team = match_users(destination.hl, con, str(location.get("companyId", "")))
    lines = [
        _line("sub-account", "pass", f"{location.get('name')} ({destination.location_id})"),
        _line("time zone", "pass", str(location.get("timezone") or "")),
        _line("duplicate opportunities allowed", "pass")
        if settings.get("allowDuplicateOpportunity")
        else _line(
            "duplicate opportunities allowed",
            "fail",
            "",
            "Switch on “Allow duplicate opportunity” "
            "in the sub-account's settings: a client has many jobs.",
        ),
        _line(
            "users",
            "warn" if team.unmatched else "pass",
            ", ".join(team.unmatched) or "all matched",
            "Invite them in HighLevel, or their records stay without an owner."
            if team.unmatched
            else "",
        ),
    ]
    return lines, team.roster


def _line(name: str, verdict: str, found: str = "", what_to_do: str = "") -> dict[str, Any]:
    return {"check": name, "verdict": verdict, "found": found, "what_to_do": what_to_do}


def preflight_lines(project: Project) -> list[dict[str, Any]]:
    """The lines of the last preflight; empty when there was none."""
    with open_journal(project) as journal:
        return list(journal.get_setting("preflight", []))


def _wanted_schema(project: Project) -> TargetSchema:
    """The schema the confirmed map needs in the sub-account."""
    document = MapDocument.load(project.map_path)
    with project.warehouse.connect() as con:
        return target_schema(document, con)


def provision(project: Project) -> StepReport:
    """Make the sub-account's schema ready; what the token may not do is a checklist."""
    schema = _wanted_schema(project)
    checklist: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    for account in accounts(project):
        with open_account(project, account) as (journal, destination):
            run = journal.start_run(destination.location_id, "prepare")
            catalog = provision_schema(destination.hl, schema, journal, run)
            journal.end_run(run, "done")
            journal.set_setting("objects", [o.key for o in schema.objects])
        checklist += [
            {"sub-account": account.alias, "to do in HighLevel": x} for x in catalog.checklist
        ]
        for name in ("fields", "objects", "pipelines", "products"):
            counts[name] = counts.get(name, 0) + len(getattr(catalog, name))
    forget_catalogs(project)
    if checklist:
        write_html(
            Document("Schema setup checklist", f"{len(checklist)} steps by hand.", False, {},
                     [Section("Steps", checklist)]),
            project.reports / "schema-checklist.html",
        )  # fmt: skip
    problems = [x["to do in HighLevel"] for x in checklist]
    return StepReport(
        "destination ready", counts["fields"], dict(counts), {"checklist": checklist}, problems
    )
