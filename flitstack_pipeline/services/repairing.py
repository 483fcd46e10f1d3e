"""The step that rebuilds a damaged journal: from its newest good copy, and from HighLevel.

What belongs here: the order of it, and what a person must know of what is lost. What does not:
copies (migration/journal/copies.py), what changed since the copy (migration/repair.py).
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.adopted_entries import Lost
from flitstack_pipeline.migration.journal.copies import file_of, newest_copy, put_in_place
from flitstack_pipeline.migration.journal.integrity import (
    JournalDamaged,
    JournalOutdated,
    JournalUnusable,
)
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.journal.versions import upgrade
from flitstack_pipeline.migration.marker import journal_id, read_marks
from flitstack_pipeline.migration.repair import Repaired, catch_up
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.foreign_migrations import Place
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.prepare import wanted_schema
from flitstack_pipeline.services.project_context import (
    Log,
    accounts,
    load_options,
    open_account,
    open_journal,
    silent,
)
from flitstack_pipeline.services.stage_order import rebuild_warehouse
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: Kept in the journal while it is not yet known what happened since the copy.
UNREAD = "repair:unread since"
NAMED = 20


@noted()
def repair(project: Project, log: Log = silent) -> StepReport:
    """Put the newest good copy in a damaged journal's place, and read back what came after it.

    Nothing is written to HighLevel. Stopped in the middle it goes on when started again.
    Raises JournalUnusable when there is nothing to begin with, HighLevelError, RunInProgress.
    """
    path = file_of(project.journal_url)
    if path is None:
        raise JournalUnusable(
            "This journal is on a database server: restore its backup there (pg_restore)."
        )
    facts = _restored(project, path)
    with open_journal(project) as journal:
        since = journal.get_setting(UNREAD)
    if since is None:
        return StepReport("the journal is sound; nothing to repair", None, facts)
    if not _is_mapped(project):
        rebuild_warehouse(project, log)
    with exclusive_run(project, "journal repair"):
        found = _read_back(project, float(since), log)
        with open_journal(project) as journal:
            journal.set_setting(UNREAD, None)
    keep_copy(project, log)
    return _told(found, facts)


def _restored(project: Project, path: Path) -> dict[str, Any]:
    """A sound journal in place; from the newest good copy where it was damaged."""
    try:
        Journal(project.journal_url).close()
        return {"journal": path}
    except JournalDamaged as error:
        why = error
    copy = newest_copy(path)
    if copy is None:
        aside = put_in_place(path, None)
        raise JournalUnusable(
            f"{why}\nThere is no good copy of it, so there is nothing to rebuild it from"
            + (f"; it was set aside as {aside.name}" if aside else "")
            + ". Begin a new journal with `flitstack preflight --adopt`: it reads back by their "
            "marks the records that were made. Approvals, decisions and before-images are gone: "
            "records that were there before are never given back."
        )
    damaged_at = path.stat().st_mtime if path.exists() else time.time()
    made = copy.stat().st_mtime
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unread = _unread(Path(shutil.copy(copy, folder)), damaged_at)
        aside = put_in_place(path, unread)
    return {
        "damaged": " ".join(str(why).split("`flitstack")[0].split()),
        "set aside as": aside or "",
        "restored from": f"{copy.name}, of {datetime.fromtimestamp(made, UTC):%Y-%m-%d %H:%M} UTC",
    }


def _unread(copy: Path, damaged_at: float) -> Path:
    """The copy, of this version, with a note that HighLevel is still to be read back.

    The note is in it before it is in the journal's place: a journal without it counts as sound.
    """
    url = f"sqlite:///{copy}"
    try:
        Journal(url).close()
    except JournalOutdated:
        upgrade(url)
    with Journal(url) as journal:
        journal.set_setting(UNREAD, damaged_at)
    return copy


def _is_mapped(project: Project) -> bool:
    with project.warehouse.connect() as con:
        return all(table_exists(con, f"mapped.{key}") for key in KEYS)


def _read_back(project: Project, since: float, log: Log) -> list[Repaired]:
    """Complete the id map of every sub-account from what HighLevel holds."""
    schema = wanted_schema(project)
    found = []
    for account in accounts(project):
        with open_account(project, account, purpose="repair") as (journal, destination):
            lag = load_options(project, destination).search_lag_s
            time.sleep(max(0.0, since + lag - time.time()))  # searches trail the last writes
            place = Place(project, account, schema, journal, destination)
            own = journal_id(journal)
            marks = read_marks(destination.hl) or []
            mine = next((m for m in marks if m.journal == own), None)
            lost = Lost(mine.since, mine.taken) if mine else Lost()
            elsewhere = {w for m in marks if m.journal != own for w in m.workspaces}
            exports = place.exports(elsewhere - set(mine.workspaces if mine else ()))
            with journal.running(destination.location_id, "repair") as run:
                log(f"reading {account.alias} back")
                found.append(catch_up(place.context(run), exports, lost))
    return found


def _told(found: list[Repaired], facts: dict[str, Any]) -> StepReport:
    """What was completed, and everything of which a person must know that it is lost."""
    lost = [key for one in found for key in one.before_lost]
    gone = [key for one in found for key in one.gone]
    facts |= {
        "made since the copy, taken up": sum(one.adopted for one in found),
        "changed since the copy, brought up to date": sum(one.caught_up for one in found),
        "of other values than the exports (listed as conflicts)": sum(x.differing for x in found),
        "no longer in the journal": "runs, approvals and decisions made since the copy",
    }
    problems = [one.refusal for one in found if one.refusal]
    problems += _few(
        lost, "what it held before us is lost with the journal: rollback leaves it as it is"
    )
    problems += _few(gone, "is in the journal, but not in HighLevel (any more)")
    return StepReport("journal repaired", None, facts, {}, problems)


def _few(keys: Iterable[str], what: str) -> list[str]:
    named = sorted(keys)
    more = [f"and {len(named) - NAMED} more: {what}"] if len(named) > NAMED else []
    return [*(f"{key}: {what}" for key in named[:NAMED]), *more]
