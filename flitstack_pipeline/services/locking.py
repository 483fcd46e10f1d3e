"""Nobody else writes to a migration's sub-accounts while a step does.

What belongs here: which locks a step takes, for all its sub-accounts. What does not: one lock
(migration/lock.py). Two locks per sub-account: one of this machine, whatever the data folder, kept
beside the shared pace, and one in the journal, which on Postgres holds on every machine of a team.
Where each migration has a schema of its own there, a third holds across the migrations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from sqlalchemy import Engine

from flitstack_pipeline.highlevel.pace_store import pace_engine
from flitstack_pipeline.migration.journal.engine import open_engine
from flitstack_pipeline.migration.lock import exclusive, machine_locks
from flitstack_pipeline.services.project_context import accounts, journal_kept_open
from flitstack_pipeline.settings import Project


@contextmanager
def exclusive_run(project: Project, what: str) -> Iterator[None]:
    """Hold every sub-account of the migration during the block; blocks nest.

    `what` says what runs (`cutover`), for whoever is refused. Raises RunInProgress with the
    process, its data folder, since when, and what to do; NotConfigured.
    """
    named = f"{what}, data folder {project.root}"
    with ExitStack() as stack:
        journal = stack.enter_context(journal_kept_open(project))
        across = [stack.enter_context(_machine(project)), stack.enter_context(_team(project))]
        for account in accounts(project):
            beside = None
            for engine in filter(None, across):
                place = f"{_host(project)}/{account.location_id}"
                beside = stack.enter_context(exclusive(engine, place, named, beside))
            stack.enter_context(exclusive(journal.engine, account.location_id, named, beside))
        yield


@contextmanager
def _machine(project: Project) -> Iterator[Engine | None]:
    """The database of this machine's locks; None for an embedded sandbox, which is the folder's.

    Without a home to write to, the journal's locks alone must do.
    """
    if project.settings.uses_embedded_sandbox:
        yield None
        return
    try:
        engine = pace_engine(project.settings.machine_pace)
    except OSError:
        yield None
        return
    try:
        yield machine_locks(engine)
    finally:
        engine.dispose()


@contextmanager
def _team(project: Project) -> Iterator[Engine | None]:
    """The part of the journals' database that all migrations share; None where there is none."""
    if not project.shares_database:
        yield None
        return
    engine = open_engine(str(project.settings.journal_url))
    try:
        yield machine_locks(engine)
    finally:
        engine.dispose()


def _host(project: Project) -> str:
    """Which HighLevel: stand-ins on different ports are different accounts."""
    address = urlsplit(project.settings.base_url)
    host = (address.hostname or "").replace("localhost", "127.0.0.1")
    return f"{host}:{address.port}" if address.port else host
