"""The sandbox's state: one SQLite file, one writer, a JSON document per thing.

What belongs here: storing, finding by id, by parent and by exact look-up, counting changes.
What does not: searching (search_index.py, the lagging copy) and every rule about what a
document may contain (the routes').

The file is in WAL mode with `synchronous=NORMAL`: what is committed survives the death of the
process, and every answer is sent after its commit.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flitstack_pipeline.sandbox.formats import now_ms
from flitstack_pipeline.sandbox.search_index import SearchIndex
from flitstack_pipeline.sandbox.terms import SEARCHED_KINDS, lookups, term

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    location TEXT NOT NULL,
    parent TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    doc TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_id ON documents (kind, id);
CREATE INDEX IF NOT EXISTS documents_by_place ON documents (kind, location, parent, seq);
CREATE TABLE IF NOT EXISTS lookups (
    term INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (term, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usage (
    key TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (key, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (
    id TEXT PRIMARY KEY,
    mimetype TEXT NOT NULL,
    bytes BLOB NOT NULL
);
"""
_TABLES = ("documents", "lookups", "usage", "contents", "search_docs", "search_terms",
           "search_queue")  # fmt: skip
# Definitions are few and read by nearly every write, so lists of them are kept in memory.
_CACHED_KINDS = frozenset({"contact_field", "object_field", "object", "pipeline", "location"})


@dataclass
class Entry:
    """A stored document with what the server knows about it."""

    seq: int
    kind: str
    id: str
    location: str
    parent: str
    version: int
    created: int
    updated: int
    doc: dict[str, Any]


_COLUMNS = "seq, kind, id, location, parent, version, created, updated, doc"


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, kind, record_id, location, parent, version, created, updated, doc = row
    return Entry(seq, kind, record_id, location, parent, version, created, updated, json.loads(doc))


class State:
    """The documents of every sub-account in one file."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        """Open the file, making it when it is missing; `read_only` opens a snapshot reader."""
        self.path = str(path)
        self.con = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.con.execute("PRAGMA busy_timeout = 5000")
        self.con.execute("PRAGMA cache_size = -65536")
        self.changes: Counter[tuple[str, str]] = Counter()
        self._cache: dict[tuple[str, str, str], list[Entry]] = {}
        self.index = SearchIndex(self.con)
        if read_only:
            self.con.execute("PRAGMA query_only = ON")
            self.con.execute("BEGIN")
            return
        self.con.execute("PRAGMA journal_mode = WAL")
        self.con.execute("PRAGMA synchronous = NORMAL")
        self.con.execute("PRAGMA wal_autocheckpoint = 4000")
        self.con.executescript(_SCHEMA)
        self.index.prepare()
        if self.path != ":memory:":
            Path(self.path).chmod(0o600)

    def snapshot(self) -> State:
        """Return a second, read-only view that stays as it is now; close it after use."""
        return State(self.path, read_only=True)

    def close(self) -> None:
        """Close the file."""
        self.con.close()

    # --- transactions ----------------------------------------------------------------------

    def begin(self) -> None:
        """Start a transaction."""
        self.con.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction durable."""
        self.con.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, also in what is kept in memory."""
        self._cache.clear()
        if self.con.in_transaction:
            self.con.execute("ROLLBACK")

    # --- writing ---------------------------------------------------------------------------

    def create(
        self,
        kind: str,
        location: str,
        doc: dict[str, Any],
        *,
        parent: str = "",
        silent: bool = False,
        created: int | None = None,
    ) -> Entry:
        """Store a new document under `doc["id"]`; `silent` leaves it out of the statistics."""
        moment = created or now_ms()
        row = (kind, doc["id"], location, parent, moment, moment, json.dumps(doc))
        cursor = self.con.execute(
            "INSERT INTO documents (kind, id, location, parent, created, updated, doc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        entry = Entry(
            cursor.lastrowid or 0, kind, doc["id"], location, parent, 1, moment, moment, doc
        )
        self._add_lookups(entry)
        self._changed(entry, "create", silent)
        return entry

    def update(self, entry: Entry, doc: dict[str, Any], *, silent: bool = False) -> Entry:
        """Replace a document; the server's clock sets its time of change."""
        self._drop_lookups(entry)
        entry.doc = doc
        entry.version += 1
        entry.updated = max(now_ms(), entry.updated)
        self.con.execute(
            "UPDATE documents SET doc = ?, version = ?, updated = ? WHERE seq = ?",
            (json.dumps(doc), entry.version, entry.updated, entry.seq),
        )
        self._add_lookups(entry)
        self._changed(entry, "update", silent)
        return entry

    def delete(self, entry: Entry, *, silent: bool = False) -> None:
        """Remove a document."""
        self._drop_lookups(entry)
        self.con.execute("DELETE FROM documents WHERE seq = ?", (entry.seq,))
        self._changed(entry, "delete", silent)

    def _changed(self, entry: Entry, verb: str, silent: bool) -> None:
        if not silent:
            self.changes[verb, entry.kind] += 1
        if entry.kind in _CACHED_KINDS:
            self._cache.clear()
        if entry.kind in SEARCHED_KINDS:
            self.index.follow(entry, deleted=verb == "delete")

    def _terms(self, entry: Entry) -> list[tuple[int, int]]:
        pairs = lookups(entry.kind, entry.doc)
        scope = f"{entry.location}/{entry.parent}" if entry.kind == "record" else entry.location
        return [(term(entry.kind, scope, name, value), entry.seq) for name, value in pairs]

    def _add_lookups(self, entry: Entry) -> None:
        self.con.executemany("INSERT OR IGNORE INTO lookups VALUES (?, ?)", self._terms(entry))

    def _drop_lookups(self, entry: Entry) -> None:
        self.con.executemany("DELETE FROM lookups WHERE term = ? AND seq = ?", self._terms(entry))

    # --- reading ---------------------------------------------------------------------------

    def get(self, kind: str, record_id: str) -> Entry | None:
        """Return a document by id, or None."""
        row = self.con.execute(
            f"SELECT {_COLUMNS} FROM documents WHERE kind = ? AND id = ?",  # noqa: S608
            (kind, record_id),
        ).fetchone()
        return _entry(row) if row else None

    def find(
        self, kind: str, location: str, name: str, value: Any, *, parent: str = ""
    ) -> list[Entry]:
        """Return the documents with this look-up value, oldest first."""
        scope = f"{location}/{parent}" if kind == "record" else location
        rows = self.con.execute(
            f"SELECT {_COLUMNS} FROM documents"  # noqa: S608
            " WHERE seq IN (SELECT seq FROM lookups WHERE term = ?) ORDER BY seq",
            (term(kind, scope, name, value),),
        ).fetchall()
        return [_entry(row) for row in rows]

    def listed(
        self,
        kind: str,
        location: str,
        *,
        parent: str = "",
        limit: int = -1,
        skip: int = 0,
        newest_first: bool = False,
    ) -> list[Entry]:
        """Return the documents of a kind in a place, in order of creation."""
        order = "DESC" if newest_first else "ASC"
        rows = self.con.execute(
            f"SELECT {_COLUMNS} FROM documents"  # noqa: S608
            f" WHERE kind = ? AND location = ? AND parent = ? ORDER BY seq {order}"
            " LIMIT ? OFFSET ?",
            (kind, location, parent, limit, skip),
        ).fetchall()
        return [_entry(row) for row in rows]

    def all(self, kind: str, location: str | None = None) -> Iterator[Entry]:
        """Yield every document of a kind whatever its parent, without loading them at once."""
        last = 0
        while True:
            rows = self.con.execute(
                f"SELECT {_COLUMNS} FROM documents"  # noqa: S608
                " WHERE kind = ? AND (? IS NULL OR location = ?) AND seq > ?"
                " ORDER BY seq LIMIT 500",
                (kind, location, location, last),
            ).fetchall()
            if not rows:
                return
            yield from map(_entry, rows)
            last = rows[-1][0]

    def definitions(self, kind: str, location: str, *, parent: str = "") -> list[Entry]:
        """Return a short list of definitions, kept in memory until one changes."""
        key = (kind, location, parent)
        if key not in self._cache:
            self._cache[key] = self.listed(kind, location, parent=parent)
        return self._cache[key]

    def count(self, kind: str, location: str, *, parent: str | None = None) -> int:
        """Return how many documents of a kind there are in a place."""
        row = self.con.execute(
            "SELECT count(*) FROM documents"
            " WHERE kind = ? AND location = ? AND (? IS NULL OR parent = ?)",
            (kind, location, parent, parent),
        ).fetchone()
        return int(row[0])

    # --- the daily quota and file contents ---------------------------------------------------

    def used_today(self, key: str, day: str) -> int:
        """Return the persisted number of requests of a sub-account on a day."""
        row = self.con.execute(
            "SELECT requests FROM usage WHERE key = ? AND day = ?", (key, day)
        ).fetchone()
        return int(row[0]) if row else 0

    def count_request(self, key: str, day: str) -> None:
        """Add one request to the persisted count."""
        self.con.execute(
            "INSERT INTO usage VALUES (?, ?, 1)"
            " ON CONFLICT (key, day) DO UPDATE SET requests = requests + 1",
            (key, day),
        )

    def keep_content(self, file_id: str, mimetype: str, content: bytes) -> None:
        """Store the bytes of an uploaded file."""
        self.con.execute("INSERT INTO contents VALUES (?, ?, ?)", (file_id, mimetype, content))

    def content(self, file_id: str) -> tuple[str, bytes] | None:
        """Return (mimetype, bytes) of an uploaded file, or None."""
        row = self.con.execute(
            "SELECT mimetype, bytes FROM contents WHERE id = ?", (file_id,)
        ).fetchone()
        return (row[0], row[1]) if row else None

    def wipe(self) -> None:
        """Forget everything."""
        self._cache.clear()
        self.changes.clear()
        for table in _TABLES:
            self.con.execute(f"DELETE FROM {table}")  # noqa: S608
