"""Brings a journal of an earlier version to this one, with a backup first.

What belongs here: one step per version. What does not: telling the version (journal/integrity.py).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.copies import file_of
from flitstack_pipeline.migration.journal.engine import open_engine
from flitstack_pipeline.migration.journal.integrity import (
    REPAIR,
    JournalDamaged,
    JournalNewer,
    JournalOutdated,
    check,
    is_new,
    layout,
    refuse_wrong_place,
    set_version,
    version_of,
)


@dataclass(frozen=True)
class Upgrade:
    """What was done: the version before, where the backup is ("" when nothing was to do)."""

    before: int
    backup: str = ""
    added: tuple[str, ...] = ()


def upgrade(url: str) -> Upgrade:
    """Back up an older journal and bring it to this version; nothing to do for one of today.

    Raises JournalUnusable when it is damaged, newer, or lacks what cannot be added.
    """
    path = file_of(url)
    if path is not None:
        refuse_wrong_place(path)
    engine = open_engine(url)
    try:
        try:
            check(engine, path)
        except JournalOutdated:
            return _upgrade(engine, path)
        return Upgrade(t.VERSION)
    finally:
        engine.dispose()


def _upgrade(engine: sa.Engine, path: Path | None) -> Upgrade:
    missing, _ = layout(engine)
    before = 0 if t.settings.name in missing or is_new(engine) else version_of(engine)
    backup = _back_up_file(path) if path is not None else _back_up_schema(engine)
    for version in range(before, t.VERSION):
        _STEPS[version](engine)
    missing_now, unknown = layout(engine)
    if missing_now or unknown:
        kind = JournalDamaged if missing_now else JournalNewer
        raise kind(f"The journal still lacks {', '.join(missing_now or unknown)}. {REPAIR}")
    set_version(engine, t.VERSION)
    return Upgrade(before, backup, tuple(missing))


def _complete(engine: sa.Engine) -> None:
    """Add what is missing: tables (requests and originals to 1, decisions to 2), columns that may
    be empty."""
    missing, _ = layout(engine)
    columns = [t.metadata.tables[name.split(".")[0]].c[name.split(".")[1]]
               for name in missing if "." in name]  # fmt: skip
    needed = [f"{c.table.name}.{c.name}" for c in columns if not c.nullable]
    if needed:
        raise JournalDamaged(f"The journal lacks {', '.join(needed)}. {REPAIR}")
    t.metadata.create_all(engine)
    with engine.begin() as con:
        for column in columns:
            kind = column.type.compile(engine.dialect)
            con.execute(
                sa.text(f'ALTER TABLE {column.table.name} ADD COLUMN "{column.name}" {kind}')
            )


#: From each version to the next.
_STEPS: dict[int, Callable[[sa.Engine], None]] = {0: _complete, 1: _complete}


def _back_up_file(path: Path) -> str:
    """A copy beside the journal, for its owner only."""
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    made = path.with_name(f"{path.stem}.before-upgrade-{moment}{path.suffix}")
    os.close(os.open(made, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(made)) as target:
        source.backup(target)
    return str(made)


def _back_up_schema(engine: sa.Engine) -> str:
    """Copies of the tables in a schema of their own (Postgres)."""
    schema = f"flitstack_backup_{time.strftime('%Y%m%dt%H%M%S', time.gmtime())}"
    there = [x for x in sa.inspect(engine).get_table_names() if x in t.metadata.tables]
    with engine.begin() as con:
        con.execute(sa.text(f"CREATE SCHEMA {schema}"))
        for name in there:
            con.execute(sa.text(f"CREATE TABLE {schema}.{name} AS TABLE {name}"))
    return f"schema {schema} of {engine.url.render_as_string()}"
