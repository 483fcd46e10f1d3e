"""Is this journal sound, and of a version this program knows? Asked at every opening.

What belongs here: the check and what it says. What does not: its tables (journal/tables.py), copies
and repair (journal/copies.py, repair.py), opening (journal/engine.py).

SQLite keeps the version in `PRAGMA user_version`, Postgres in the table `settings`. A journal of
before versions were kept has none; when it has every table and column, it is noted as version 1.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.copies import newest_copy

VERSION_SETTING = "schema version"
REPAIR = (
    "`flitstack journal repair` rebuilds it from its newest good copy and from HighLevel; nothing "
    "is sent before."
)
#: The journals this process has left sound: path → what the file was like then.
_sound: dict[Path, tuple[int, int, int]] = {}
_open: dict[Path, int] = {}
_guard = threading.Lock()


class JournalUnusable(BadInput):
    """The journal cannot be used as it is; the message says what to do."""


class JournalDamaged(JournalUnusable):
    """Not a database any more, or not whole."""


class JournalNewer(JournalUnusable):
    """Written by a later version of this program."""


class JournalOutdated(JournalUnusable):
    """Written by an earlier version of this program: it is upgraded on demand."""


def refuse_wrong_place(path: Path) -> None:
    """Raise JournalUnusable when the journal's file is a folder, or lost although it has copies."""
    if path.is_dir():
        raise JournalDamaged(
            f"{path} is a folder, and the journal must be a file. Move the folder away; then "
            f"{REPAIR}"
        )
    if path.exists() and path.stat().st_size:
        return
    copy = newest_copy(path)
    if copy is not None:
        how = "empty" if path.exists() else "gone"
        raise JournalDamaged(f"The journal {path} is {how}, and there is a copy, {copy}. {REPAIR}")


def check(engine: sa.Engine, path: Path | None) -> None:
    """Make the tables of a new journal; raise JournalUnusable for one that cannot be used.

    `path` is the file of SQLite. A file that this process has open, or has left as it is now, was
    checked before.
    """
    if path is None:
        _check_version(engine, path)
        return
    with _guard:
        known = _open.get(path, 0) > 0 or _sound.get(path) == _stamp(path)
    if not known:
        _check_file(engine, path)
        _check_version(engine, path)


def opened(path: Path | None) -> None:
    """The journal is in use by this process."""
    if path is not None:
        with _guard:
            _open[path] = _open.get(path, 0) + 1


def closed(path: Path | None) -> None:
    """This process has left the journal; what it left it need not check again."""
    if path is not None:
        with _guard:
            _open[path] -= 1
            _sound[path] = _stamp(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _check_file(engine: sa.Engine, path: Path) -> None:
    try:
        with engine.connect() as con:
            said = [row[0] for row in con.execute(sa.text("PRAGMA quick_check(3)"))]
    except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
        cause = getattr(error, "orig", None) or error
        name = str(getattr(cause, "sqlite_errorname", ""))
        if not name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise
        said = [str(cause)]
    if said != ["ok"]:
        why = "; ".join(" ".join(str(line).split()) for line in said)
        raise JournalDamaged(f"The journal {path} is damaged ({why[:300]}). {REPAIR}")


def _check_version(engine: sa.Engine, path: Path | None) -> None:
    where = path or engine.url.render_as_string()
    if is_new(engine):
        t.metadata.create_all(engine)
        set_version(engine, t.VERSION)
        return
    missing, unknown = layout(engine)
    version = 0 if t.settings.name in missing else version_of(engine)
    if version > t.VERSION:
        raise JournalNewer(
            f"The journal {where} is of version {version}, and this flitstack knows versions up to "
            f"{t.VERSION}. Update flitstack (git pull, make setup); nothing was changed."
        )
    if unknown:
        raise JournalNewer(
            f"The journal {where} has what this flitstack does not know ({', '.join(unknown)}): a "
            "later version wrote it. Update flitstack (git pull, make setup); nothing was changed."
        )
    if missing and version == t.VERSION:
        raise JournalDamaged(f"The journal {where} lacks {', '.join(missing)}. {REPAIR}")
    if missing or 0 < version < t.VERSION:
        raise JournalOutdated(
            f"The journal {where} was written by an earlier flitstack"
            + (f" (it lacks {', '.join(missing)})" if missing else "")
            + ". `flitstack journal migrate` makes a backup of it and upgrades it."
        )
    if version < t.VERSION:
        set_version(engine, t.VERSION)


def is_new(engine: sa.Engine) -> bool:
    """Whether the database holds no journal yet."""
    there = set(sa.inspect(engine).get_table_names())
    return not there & {t.intents.name, t.id_map.name, t.runs.name}


def layout(engine: sa.Engine) -> tuple[list[str], list[str]]:
    """(tables and columns that are missing, columns nobody here knows), by name."""
    inspector = sa.inspect(engine)
    there = set(inspector.get_table_names())
    missing, unknown = [], []
    for table in t.metadata.sorted_tables:
        if table.name not in there:
            missing.append(table.name)
            continue
        names = {c["name"] for c in inspector.get_columns(table.name)}
        wanted = set(table.columns.keys())
        missing += [f"{table.name}.{name}" for name in sorted(wanted - names)]
        unknown += [f"{table.name}.{name}" for name in sorted(names - wanted)]
    return missing, unknown


def version_of(engine: sa.Engine) -> int:
    """The journal's version; 0 when it was made before versions were kept."""
    with engine.connect() as con:
        if engine.dialect.name == "sqlite":
            return int(con.execute(sa.text("PRAGMA user_version")).scalar() or 0)
        kept = con.execute(
            sa.select(t.settings.c.value).where(t.settings.c.key == VERSION_SETTING)
        ).scalar()
    return int(kept or 0)


def set_version(engine: sa.Engine, version: int) -> None:
    """Note the journal's version."""
    with engine.begin() as con:
        if engine.dialect.name == "sqlite":
            con.execute(sa.text(f"PRAGMA user_version = {int(version)}"))
            return
        con.execute(t.settings.delete().where(t.settings.c.key == VERSION_SETTING))
        con.execute(
            t.settings.insert(), {"key": VERSION_SETTING, "value": version, "at": time.time()}
        )
