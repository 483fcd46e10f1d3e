"""Copies of a journal in SQLite, made after every wave; the last three are kept.

What belongs here: making, finding and judging copies. What does not: rebuilding a journal from one
(repair.py). A journal on Postgres is copied by whoever runs Postgres.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

FOLDER = "journal-copies"
KEPT = 3


def file_of(url: str) -> Path | None:
    """The file of a journal in SQLite; None for another database, or one in memory."""
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return None
    return Path(str(address.database))


def copies(journal: Path) -> list[Path]:
    """The copies of a journal, newest first."""
    return sorted((journal.parent / FOLDER).glob(f"{journal.stem}-*.sqlite"), reverse=True)


def is_sound(path: Path) -> bool:
    """Whether a file is a whole SQLite database with something in it."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            return con.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)] and bool(
                con.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            )
    except sqlite3.Error:
        return False


def newest_copy(journal: Path) -> Path | None:
    """The newest copy that is sound, or None."""
    return next((copy for copy in copies(journal) if is_sound(copy)), None)


def copy_journal(journal: Path) -> Path | None:
    """Copy a journal beside itself, for its owner only; the oldest copies go.

    Returns the new copy; None when nothing was written since the newest one. Raises OSError or
    sqlite3.Error when there is no room: then no copy was lost.
    """
    folder = journal.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    known = copies(journal)
    with closing(sqlite3.connect(journal, timeout=30)) as con:
        # In WAL mode a write changes the file's header only when the log is written back.
        last = con.execute(
            "SELECT max(at) FROM (SELECT max(at) AS at FROM outcomes UNION ALL"
            " SELECT max(at) FROM intents UNION ALL SELECT max(at) FROM approvals UNION ALL"
            " SELECT max(at) FROM settings UNION ALL SELECT max(coalesce(ended_at, started_at))"
            " FROM runs)"
        ).fetchone()[0]
        if known and (last is None or known[0].stat().st_mtime > last):
            return None
        moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        made = folder / f"{journal.stem}-{moment}-{time.time_ns() % 10**9:09d}.sqlite"
        partial = made.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        try:
            con.execute("VACUUM INTO ?", (str(partial),))
            partial.replace(made)
        finally:
            partial.unlink(missing_ok=True)
    for old in copies(journal)[KEPT:]:
        old.unlink()
    return made


def put_in_place(journal: Path, copy: Path | None) -> Path | None:
    """Set a broken journal aside, and put a copy in its place (None: nothing).

    Returns where the broken one is now; None when there was none.
    """
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    aside = journal.with_name(f"{journal.stem}.damaged-{moment}{journal.suffix}")
    there = journal.exists()
    for end in ("", "-wal", "-shm"):
        file = journal.with_name(f"{journal.name}{end}")
        if file.exists():
            file.replace(aside.with_name(f"{aside.name}{end}"))
    if copy is not None:
        partial = journal.with_name(f"{journal.name}.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as out:
            out.write(copy.read_bytes())
        partial.replace(journal)
    return aside if there else None
