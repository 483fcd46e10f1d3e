"""Whose turn it is to work on a home of an object store, and the copy to work on.

Belongs here: the lease of a home (a lock in Postgres), and looking at one that others may work on.
Does not: bringing and putting back (`home_store`). Where FLITSTACK_MIGRATIONS is a folder, the home
is that folder: nothing is leased and nothing copied.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flitstack_pipeline import migrations
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.home_store import HomeStore
from flitstack_pipeline.migration.journal.engine import open_engine
from flitstack_pipeline.migration.lock import exclusive, machine_locks
from flitstack_pipeline.warehouse import close_unused

#: For so long a look at a home is not repeated.
FRESH_S = 5.0
_working: set[str] = set()
_looked_at: dict[Path, float] = {}
_listed: dict[str, tuple[float, list[str]]] = {}


@contextmanager
def _store() -> Iterator[tuple[HomeStore, Path]]:
    """The store of the environment, and where its copies lie. Raises BadInput without Postgres."""
    url = migrations.store_url() or ""
    journals = os.environ.get("FLITSTACK_JOURNAL_URL", "")
    if not journals.startswith("postgres"):
        raise BadInput(
            f"{migrations.FOLDER} is {url}: set FLITSTACK_JOURNAL_URL to a Postgres database. It "
            "says whose turn it is, and holds the journals. A folder of this machine needs none."
        )
    engine = open_engine(journals)
    try:
        yield HomeStore(url, machine_locks(engine)), migrations.scratch_of(url)
    finally:
        engine.dispose()


@contextmanager
def working_on(name: str) -> Iterator[Path]:
    """The home of a migration to work on, put back with the block, also when the work fails.

    Blocks nest.

    Raises:
        BadInput: It cannot be a migration's name.
        RunInProgress: Another process works on it, on whichever machine.
        LockLost, HomeTakenOver: This one was silent for too long, and another took it over.
    """
    place = migrations.place_of(name)
    if migrations.store_url() is None or name in _working:
        yield place
        return
    with (
        _store() as (store, _),
        exclusive(store.engine, f"the home of {name}", "work on the home") as lease,
        _alone_here(place),
    ):
        store.make_tables()
        copy = store.pull(name, place)
        _working.add(name)
        try:
            yield place
        finally:
            _working.discard(name)
            close_unused()
            lease.check()
            store.put(name, place, copy)
            _listed.clear()


def names() -> list[str]:
    """Every home of the store, as it was a moment ago."""
    url = migrations.store_url() or ""
    at, found = _listed.get(url, (-FRESH_S, []))
    if time.monotonic() - at >= FRESH_S:
        with _store() as (store, _):
            found = store.names()
        _listed[url] = (time.monotonic(), found)
    return list(found)


def look_at(name: str) -> None:
    """Have the newest generation of a home here, to be read, unless somebody works on it here."""
    place = migrations.place_of(name)
    fresh = time.monotonic() - _looked_at.get(place, -FRESH_S) < FRESH_S
    if name in _working or fresh:
        return
    with _store() as (store, _), _alone_here(place, wait=False) as alone:
        if alone and name in store.names():
            store.make_tables()
            close_unused()
            store.pull(name, place)
    _looked_at[place] = time.monotonic()


@contextmanager
def _alone_here(place: Path, *, wait: bool = True) -> Iterator[bool]:
    """Keep other processes of this machine from the copy of a home; whether that was possible."""
    folder = place.parent / ".copies"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / f"{place.name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
