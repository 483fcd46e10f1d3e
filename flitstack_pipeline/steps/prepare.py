"""Steps of the stage `destination`: preflight and provisioning."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.mapping.build import TargetSchema, target_schema
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.provision import provision as provision_schema
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.users import match_users
from flitstack_pipeline.reports.document import Document, Section, write_html
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import open_account, open_journal


def preflight(project: Project) -> StepReport:
    """Examine the sub-account, before any write; the lines are stored for the gate."""
    with open_account(project) as (journal, destination):
        location = destination.hl.locations.get()
        settings = location.get("settings") or {}
        with project.warehouse.connect() as con:
            team = match_users(destination.hl, con, str(location.get("companyId", "")))
        lines = [
            _line("sub-account", "pass", f"{location.get('name')} ({destination.location_id})"),
            _line("time zone", "pass", str(location.get("timezone") or "")),
            _line("duplicate opportunities allowed", "pass")
            if settings.get("allowDuplicateOpportunity")
            else _line("duplicate opportunities allowed", "fail", "", "Switch on “Allow duplicate opportunity” "
                       "in the sub-account's settings: a client has many jobs."),
            _line("users", "warn" if team.unmatched else "pass", ", ".join(team.unmatched) or "all matched",
                  "Invite them in HighLevel, or their records stay without an owner." if team.unmatched else ""),
        ]  # fmt: skip
        journal.set_setting("preflight", lines)
        journal.set_setting("roster", team.roster)
    failed = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    return StepReport("preflight", len(lines), {"account": destination.name},
                      {"lines": lines, "users": team.roster}, failed)  # fmt: skip


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
    with open_account(project) as (journal, destination):
        run = journal.start_run(destination.location_id, "prepare")
        catalog = provision_schema(destination.hl, schema, journal, run)
        journal.end_run(run, "done")
        journal.set_setting("objects", [o.key for o in schema.objects])
    checklist = [{"to do in HighLevel": line} for line in catalog.checklist]
    if checklist:
        write_html(
            Document("Schema setup checklist", f"{len(checklist)} steps by hand.", False, {},
                     [Section("Steps", checklist)]),
            project.reports / "schema-checklist.html",
        )  # fmt: skip
    facts = {"fields": len(catalog.fields), "objects": len(catalog.objects), "pipelines": len(catalog.pipelines),
             "products": len(catalog.products)}  # fmt: skip
    return StepReport("destination ready", len(catalog.fields), facts, {"checklist": checklist},
                      [x["to do in HighLevel"] for x in checklist])  # fmt: skip
