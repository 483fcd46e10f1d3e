"""Making, listing and closing migrations of the registry.

Belongs here: what `flitstack new`, `list` and `close` do. Does not: where a home is (`migrations`),
what lies in it (`settings`).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline import migrations
from flitstack_pipeline.accounts import NotConfigured
from flitstack_pipeline.destination import budget_of
from flitstack_pipeline.errors import BadInput, FlitstackError
from flitstack_pipeline.migration.journal.copies import file_of
from flitstack_pipeline.migration.progress import budget_sentence
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.services.delta import delta_window
from flitstack_pipeline.services.journey import journey
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.project_context import open_journal, shown_accounts
from flitstack_pipeline.services.steps_done import nobody_tells
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import close_unused

ARCHIVE = "FLITSTACK_ARCHIVE"
#: What a closed migration leaves; everything else goes.
KEPT = ("reports", "journal.sqlite", "journal-copies", "decisions", "map.yaml", migrations.FILE)


def new(name: str, exports: Path | None, said: dict[str, str]) -> StepReport:
    """Make a migration's home.

    Args:
        name: What it is called.
        exports: A folder of export files to copy; None for an empty one.
        said: What `migration.toml` is to say.

    Raises:
        BadInput: It cannot be called so, there is one already, or the folder is none.
    """
    place = migrations.place_of(name)
    is_store = migrations.store_url() is not None
    if name in migrations.names() or (not is_store and (place.exists() or place.is_symlink())):
        raise BadInput(f"There is something at {place} already.")
    if exports is not None and not exports.is_dir():
        raise BadInput(f"{exports} is no folder.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not is_store:
        return _make_home(place, exports, said)
    from flitstack_pipeline.home_lease import working_on

    with working_on(name):
        return _make_home(place, exports, said)


def _make_home(place: Path, exports: Path | None, said: dict[str, str]) -> StepReport:
    name = place.name
    place.mkdir(mode=0o700, exist_ok=True)
    if exports is not None:
        shutil.copytree(exports, place / "exports")
        (place / "exports").chmod(0o700)
    migrations.write(place, said)
    project = Project.of_home(place).prepare()
    facts = {"home": place, "to choose it": f"flitstack --migration {name} …, or "
             f"{migrations.CHOSEN}={name}"}  # fmt: skip
    files = sum(1 for path in project.exports.rglob("*") if path.is_file())
    return StepReport(f"migration {name} made", files, facts)


def listed() -> list[dict[str, Any]]:
    """A row for each migration (`row_of`), in the order of the alphabet."""
    return [row_of(name) for name in migrations.served()]


def row_of(name: str) -> dict[str, Any]:
    """A migration at a glance: its step, who must do what next, records made, requests of today.

    A home that cannot be opened says why instead. It reads no token.
    """
    try:
        project = Project.named(name)
        way = journey(project)
        known = shown_accounts(project)
        with open_journal(project) as journal:
            records = sum(c["records"] for a in known for c in journal.counts(a.location_id))
            budgets = [budget_of(project, journal.engine, account) for account in known]
        row = {"step": way.here.name, "waits for": way.who, "next": way.what, "records": records,
               "budget": "; ".join(budget_sentence(b) for b in budgets if b),
               "running": way.facts["running"]}  # fmt: skip
    except (FlitstackError, OSError) as error:
        row = {"step": "", "waits for": "engineer", "next": str(error), "records": "",
               "budget": "", "running": ""}  # fmt: skip
    return {"migration": name, **row}


@dataclass(frozen=True)
class Closing:
    """What closing a migration takes away, and where what is kept goes."""

    project: Project
    archive: Path
    kept: list[Path] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)


def closing(name: str) -> Closing:
    """What closing a migration would do. Raises BadInput as `migrations.home_of`."""
    home = migrations.home_of(name)
    project = Project.of_home(home)
    named = os.environ.get(ARCHIVE, "").strip()
    folder = Path(named).expanduser().resolve() if named else home.parent / migrations.CLOSED
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    kept = [home / part for part in KEPT if (home / part).exists()]
    gone = [path for path in sorted(home.iterdir()) if path not in kept]
    return Closing(project, folder / f"{name}-{stamp}", kept, gone)


def close(what: Closing, forget: Callable[[], object] = lambda: None) -> StepReport:
    """Keep reports and journal in the archive, and delete everything else.

    Args:
        what: What goes where.
        forget: Deletes what others keep of it, before the home goes.

    Raises:
        Refused: The delta's window is open, or the journal is no file of the home.
        RunInProgress: A step works on its sub-accounts.
    """
    project = what.project
    if reasons := _closing_refusals(project):
        raise Refused("closing", reasons)
    with suppress(NotConfigured), exclusive_run(project, "close"):
        pass  # nothing works on it; whoever begins now finds the home gone
    with nobody_tells(project):  # what a command's end started may still be reading
        forget()
        close_unused()
        what.archive.mkdir(parents=True, mode=0o700)
        for path in what.kept:
            shutil.move(path, what.archive / path.name)
        for path in what.gone:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)  # SQLite's log goes with the journal's last reader
        shutil.rmtree(project.root)
    facts = {"kept in": what.archive, "no rollback": "nothing can be taken back after this"}
    return StepReport(f"migration {project.root.name} closed", None, facts)


def _closing_refusals(project: Project) -> list[str]:
    if file_of(project.journal_url) is None:
        return ["Its journal is in a database of its own (FLITSTACK_JOURNAL_URL): close it there."]
    with open_journal(project) as journal:
        window = delta_window(project, journal)
    now = dt.datetime.now(dt.UTC)
    if window is not None and window.opens <= now <= window.closes:
        return [f"The delta window is open until {window.closes:%Y-%m-%d %H:%M} UTC: people may "
                "still work in both systems."]  # fmt: skip
    return []
