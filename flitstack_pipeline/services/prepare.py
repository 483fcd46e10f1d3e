"""Steps of the stage `destination`: preflight, provisioning, the team of each sub-account."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flitstack_pipeline.accounts import NATIVE, Account, variable
from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.mapping.build import target_schema
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.checklist import Todo, required
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.preflight import Examination, Line, Needs, examine
from flitstack_pipeline.migration.preflight.mapped import (
    astray_links,
    crowded_contacts,
    differing_owners,
    planned,
    recognisable,
)
from flitstack_pipeline.migration.provision import not_unique
from flitstack_pipeline.migration.provision import provision as provision_schema
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.users import Member, Outcome, members_of, resolve_team
from flitstack_pipeline.reports.destination import write_checklist, write_preflight, write_roster
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.foreign_migrations import (
    ADOPT,
    ANSWER,
    CHECK,
    Place,
    adoption_failed,
    others_line,
    refuse_marked,
    workspaces,
)
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.open_matters import refuse_open_matters
from flitstack_pipeline.services.project_context import (
    accounts,
    forget_catalogs,
    map_document,
    open_account,
    open_journal,
)
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.services.workflows import released
from flitstack_pipeline.settings import Project

CHECKLIST = "schema-checklist.html"


@noted()
def preflight(project: Project) -> StepReport:
    """Examine every sub-account, before any write; the lines are stored for the gate."""
    schema, known = wanted_schema(project), accounts(project)
    lines: list[dict[str, Any]] = []
    roster: list[dict[str, Any]] = []
    by_hand: list[dict[str, Any]] = []
    teams: dict[str, Any] = {}
    names = []
    for account in known:
        with open_account(project, account, purpose="prepare") as (journal, destination):
            others = _others(Place(project, account, schema, journal, destination))
            needs = _needs(project, journal, account, schema, len(known) > 1)
            found = examine(destination.hl, journal, needs)
            if others is not None:
                found.lines.append(others)
            names.append(destination.name)
        lines += [_line_of(account, line) for line in found.lines]
        roster += found.team.roster(account.alias)
        by_hand += _rows(account, found.by_hand)
        teams[account.alias] = _remembered(found)
    with open_journal(project) as journal:
        journal.set_setting("preflight", lines)
        journal.set_setting("teams", teams)
        if not any(x["verdict"] == "fail" and x["check"] == CHECK for x in lines):
            journal.set_setting(ANSWER, "")  # carried out
    facts: dict[str, Any] = {
        "account": "; ".join(names),
        "report": write_preflight(lines, names, project.reports / "preflight.html"),
        "roster": write_roster(roster, project.reports / "roster.html"),
    }
    if by_hand:
        facts["checklist"] = write_checklist(by_hand, project.reports / CHECKLIST)
    failed = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    worst_first = sorted(lines, key=lambda x: ("fail", "warn", "pass").index(x["verdict"]))
    unmatched = [x for x in roster if x["records"] and x["outcome"] != Outcome.MATCHED]
    tables = {"lines": worst_first, "team members without a user of their own": unmatched}
    return StepReport("preflight", len(lines), facts, tables, failed)


def _others(place: Place) -> Line | None:
    """The line about other migrations; None where the account does not answer: others say why."""
    try:
        return others_line(place)
    except HighLevelError as error:
        return adoption_failed(error) if place.journal.get_setting(ANSWER) == ADOPT else None


def _needs(
    project: Project, journal: Journal, account: Account, schema: TargetSchema, several: bool
) -> Needs:
    document = map_document(project) or MapDocument()
    with project.warehouse.connect() as con:
        return Needs(
            schema,
            project.settings.time_zone,
            members_of(con, account.alias),
            document.owners,
            document.fallback_owner,
            recognisable(con, account.alias),
            document.duplicates,
            planned(con, journal, account.location_id, account.alias),
            astray_links(con) if several else 0,
            document.activities,
            account.conversation_provider_id,
            account.calendar_id,
            released(journal),
            crowded=crowded_contacts(con, account.alias),
            differing_owners=differing_owners(con, account.alias),
            workspaces=workspaces(project),
        )


def _line_of(account: Account, line: Line) -> dict[str, Any]:
    """A line as a row that names the account's own variables."""
    row = line.as_row(account.alias)
    if not account.is_default:
        for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", *NATIVE):
            row["what_to_do"] = row["what_to_do"].replace(name, variable(name, account.alias))
    return row


def _remembered(found: Examination) -> dict[str, Any]:
    """What the gate needs to resolve the team again after the map has changed."""
    return {
        "users": [{k: u.get(k) for k in ("id", "name", "email")} for u in found.users],
        "members": [asdict(person.member) for person in found.team.people],
    }


def preflight_lines(project: Project) -> list[dict[str, Any]]:
    """The lines of the last preflight; empty when there was none."""
    with open_journal(project) as journal:
        return list(journal.get_setting("preflight", []))


def undecided_owners(project: Project) -> list[str] | None:
    """Team members who own records and whose owner nobody decided, by the map as it is now.

    None before the first preflight. The users of the sub-accounts are those the last preflight saw.
    """
    document = map_document(project) or MapDocument()
    with open_journal(project) as journal:
        teams = journal.get_setting("teams")
    if teams is None:
        return None
    problems = []
    for remembered in teams.values():
        members = [Member(**m) for m in remembered["members"]]
        team = resolve_team(remembered["users"], members, document.owners, document.fallback_owner)
        problems += team.problems()
    return list(dict.fromkeys(problems))


def wanted_schema(project: Project) -> TargetSchema:
    """The schema the confirmed map needs in every sub-account."""
    document = map_document(project) or MapDocument.load(project.map_path)
    with project.warehouse.connect() as con:
        return target_schema(document, con, project.settings.currency)


@noted()
def provision(project: Project) -> StepReport:
    """Make the schema of every sub-account ready; what the token may not do is a checklist.

    Raises Refused while a question or a row that stays behind waits for a person.
    """
    refuse_open_matters(project, "making the schema ready")
    schema = wanted_schema(project)
    todos: list[Todo] = []
    checklist: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    with exclusive_run(project, "prepare"):
        for account in accounts(project):
            catalog = _provision(project, account, schema)
            mine = [*catalog.checklist, *not_unique(schema, catalog)]
            todos += mine
            checklist += _rows(account, mine)
            for name in ("fields", "objects", "pipelines", "products"):
                counts[name] = counts.get(name, 0) + len(getattr(catalog, name))
    forget_catalogs(project)
    keep_copy(project)
    path = write_checklist(checklist, project.reports / CHECKLIST)
    facts: dict[str, Any] = {**counts, "checklist": path}
    problems = [str(todo) for todo in required(todos)]
    return StepReport(
        "destination ready", counts["fields"], facts, {"by hand": checklist}, problems
    )


def _provision(project: Project, account: Account, schema: TargetSchema) -> Catalog:
    """Make one sub-account ready; returns its names and ids."""
    with (
        open_account(project, account, purpose="prepare") as (journal, destination),
        journal.running(destination.location_id, "prepare") as run,
    ):
        refuse_marked(f"the schema of {account.alias}", journal, destination)
        catalog = provision_schema(destination.hl, schema, journal, run, workspaces(project))
        journal.set_setting("objects", [o.key for o in schema.objects])
    return catalog


def _rows(account: Account, todos: list[Todo]) -> list[dict[str, Any]]:
    return [{"sub-account": account.alias, **todo.as_row()} for todo in todos]
