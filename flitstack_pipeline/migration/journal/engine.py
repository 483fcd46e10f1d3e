"""Opens the journal's database: SQLite for one data folder, Postgres for a team.

What belongs here: how it is opened. What does not: what is in it (journal/tables.py).
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.migration.journal.copies import file_of
from flitstack_pipeline.migration.journal.integrity import check, refuse_wrong_place

#: Postgres ends a session that is silent inside a transaction for so long: a machine whose network
#: was cut would else hold what it locked, the run lock among it, until somebody ends it by hand.
IDLE_MS = 60_000


def open_engine(url: str) -> sa.Engine:
    """An engine on the journal's URL; SQLite in WAL mode, durable, for its owner only.

    `postgres://` and `postgresql://` mean the driver that is installed, psycopg.

    `?most_pages=N` in a SQLite URL bounds the file to N pages of 4 KiB: a small disk, for trying
    out what happens when it is full. `?schema=NAME` in one of Postgres keeps the tables in a schema
    of their own, made if missing (`settings.Project.journal_url`).
    """
    address = sa.make_url(url)
    most_pages, schema = address.query.get("most_pages"), address.query.get("schema")
    address = address.difference_update_query(["most_pages", "schema"])
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    is_sqlite = address.get_backend_name() == "sqlite"
    if is_sqlite and address.database:
        path = Path(address.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # touching one that is there would make it look changed
            path.touch(mode=0o600)
    if not is_sqlite:
        address = _with_options(address, str(schema or ""))
    engine = sa.create_engine(
        address,
        json_serializer=lambda v: json.dumps(v, default=str, ensure_ascii=False),
        pool_pre_ping=not is_sqlite,
    )
    if is_sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
    if is_sqlite and most_pages:
        bound = f"PRAGMA max_page_count = {int(str(most_pages))}"
        sa.event.listen(engine, "connect", lambda con, record: con.execute(bound).close())
    return engine


def open_sound_engine(url: str) -> sa.Engine:
    """An engine on a journal that was checked; a new one has its tables.

    Raises JournalUnusable when it is damaged or of another version, sqlalchemy's errors when it
    cannot be opened.
    """
    path = file_of(url)
    if path is not None:
        refuse_wrong_place(path)
    engine = open_engine(url)
    try:
        check(engine, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _with_options(address: sa.URL, schema: str) -> sa.URL:
    """An address of Postgres with what its sessions are to have; what it says itself counts."""
    options = [f"-cidle_in_transaction_session_timeout={IDLE_MS}"]
    if said := address.query.get("options"):
        options.append(str(said))
    if schema:
        _make_schema(address, schema)
        options.append(f"-csearch_path={schema}")
    return address.update_query_dict({"options": " ".join(options)})


def _make_schema(address: sa.URL, name: str) -> None:
    """Make a schema of Postgres, which another process may be making at this moment."""
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    if name in sa.inspect(engine).get_schema_names():
        return
    with suppress(sa.exc.IntegrityError), engine.begin() as con:
        con.execute(sa.schema.CreateSchema(name, if_not_exists=True))


def _prepare_sqlite(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
