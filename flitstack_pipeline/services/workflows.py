"""Published workflows before a load: what a person released, and the refusal while one may fire.

What belongs here: keeping the release in the journal, looking once a stage. What does not: the
verdicts (migration/preflight/workflows.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from flitstack_pipeline.destination import Destination
from flitstack_pipeline.errors import Exit
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.checklist import object_name
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.preflight.lines import Verdict
from flitstack_pipeline.migration.preflight.workflows import (
    Released,
    objects_of_others,
    published_line,
    read_automations,
    unlisted_line,
)
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.settings import Project

SETTING = "workflows"


class WorkflowsRunning(Refused):
    """A load that would start somebody's workflows."""

    exit_code = Exit.PREFLIGHT_FAILED


def release_workflows(project: Project, names: Collection[str], checked_by: str = "") -> None:
    """Write into the journal which published workflows may run, and who looked by hand.

    `names` are added to those released before; `checked_by` vouches for what the API does not
    show. Empty arguments change nothing.
    """
    names = {name.strip() for name in names if name.strip()}
    if not names and not checked_by.strip():
        return
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with open_journal(project) as journal:
        kept = dict(journal.get_setting(SETTING) or {})
        may_run = dict(kept.get("may_run") or {})
        kept["may_run"] = {**dict.fromkeys(names, now), **may_run}
        if checked_by.strip():
            kept["checked"] = {"by": checked_by.strip(), "at": now}
        journal.set_setting(SETTING, kept)


def released(journal: Journal) -> Released:
    """What was released so far."""
    kept = journal.get_setting(SETTING) or {}
    checked = kept.get("checked") or {}
    return Released(frozenset(kept.get("may_run") or {}), str(checked.get("by") or ""))


def refuse_running_workflows(
    what: str, wave: str, journal: Journal, destination: Destination, catalog: Catalog
) -> None:
    """Look, once a wave, whether a workflow was published since the preflight.

    `what` names the load for the refusal; the catalogue remembers the waves that were looked at.
    Raises WorkflowsRunning with the names and what to do, HighLevelError.
    """
    if wave in catalog.workflows_looked_at:
        return
    decided = released(journal)
    items = journal.schema_items(destination.location_id)
    wanted = [i["item_key"].split(":", 1)[1] for i in items if i["kind"] == "object"]
    others = objects_of_others(wanted, catalog.all_objects, items)
    lines = [
        published_line(read_automations(destination.hl), decided),
        unlisted_line([object_name(key) for key in others], decided),
    ]
    stops = [f"{x.check}: {x.found}. {x.what_to_do}" for x in lines if x.verdict is Verdict.FAIL]
    if stops:
        raise WorkflowsRunning(what, stops)
    catalog.workflows_looked_at.add(wave)
