"""What a sub-account holds and what the exports plan, by mark, in a private file.

What belongs here: the store an adoption looks things up in, on disk so that memory stays flat. What
does not: deciding what is whose (adoption.py), the entries that follow (adopted_entries.py).
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from flitstack_pipeline.migration.inflight_recovery import SEARCHED
from flitstack_pipeline.migration.record_types.base import Found
from flitstack_pipeline.migration.rows import MappedRow

MARKED, PLANNED, LINKED, FILED, NAMED, JOB_OF = "marked", "planned", "link", "file", "name", "job"
STANDING = "standing"
CHUNK = 2000
Line = tuple[str, str, str]


class Held:
    """Looks up by kind and mark. Close it; the file goes with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="flitstack-")
        self._lock = threading.Lock()
        path = Path(self._folder.name) / "held.sqlite"
        self._con = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._con.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            "CREATE TABLE held (space TEXT, key TEXT, value TEXT); "
            "CREATE INDEX by_key ON held (space, key)"
        )

    def close(self) -> None:
        """Delete the file."""
        self._con.close()
        self._folder.cleanup()

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # --- taking in -----------------------------------------------------------------------------

    def plan(self, rows: Iterable[MappedRow]) -> set[tuple[str, str]]:
        """Note what the exports plan; the (kind, target) pairs of it."""
        pairs: set[tuple[str, str]] = set()

        def lines() -> Iterator[Line]:
            for row in rows:
                pairs.add((row.kind, row.target))
                if row.kind in SEARCHED:
                    yield PLANNED, mark(row.kind, row.target, row.source_id), ""
                for parent in row.parents:  # a placeholder may stand for a client nobody exported
                    kind, _, key = str(parent["record_key"]).partition(":")
                    if kind == "contact":
                        yield STANDING, mark("contact", "", key), ""
                if row.kind == "opportunity":
                    for name in row.payload.get("files") or ():
                        yield JOB_OF, name, json.dumps(row.source_id)

        self._put(lines())
        return pairs

    def take(self, found: Iterable[Found]) -> None:
        """Note what the sub-account holds."""
        self._put(line for one in found for line in _lines(one))

    def _put(self, lines: Iterable[Line]) -> None:
        iterator = iter(lines)
        while chunk := list(itertools.islice(iterator, CHUNK)):
            self._con.execute("BEGIN")
            self._con.executemany("INSERT INTO held VALUES (?, ?, ?)", chunk)
            self._con.execute("COMMIT")

    # --- looking up ----------------------------------------------------------------------------

    def marked_count(self) -> int:
        """How many records carry a source key."""
        query = "SELECT count(DISTINCT key) FROM held WHERE space = ?"
        return int(self._con.execute(query, [MARKED]).fetchone()[0])

    def unplanned(self) -> list[Found]:
        """The marked records that no planned row stands for, placeholders of clients left out."""
        query = (
            "SELECT value FROM held WHERE space = ? AND key NOT IN "
            "(SELECT key FROM held WHERE space IN (?, ?)) GROUP BY key"
        )
        return [_found(value) for (value,) in self._con.execute(query, [MARKED, PLANNED, STANDING])]

    def marked(self, row: MappedRow) -> Found | None:
        """The record that carries a row's source key."""
        found = self._values(MARKED, mark(row.kind, row.target, row.source_id))
        return _found(found[0]) if found else None

    def job_with(self, file_key: str) -> Found | None:
        """The opportunity that names a planned file."""
        for source_id in self._values(JOB_OF, file_key):
            held = self._values(MARKED, mark("opportunity", "", json.loads(source_id)))
            if held:
                return _found(held[0])
        return None

    def company_of(self, contact_id: str) -> str:
        """The company a contact is in; empty when in none."""
        found = self._values(LINKED, mark("company_link", "", contact_id))
        return str(json.loads(found[0])) if found else ""

    def link(self, association: str, first: str, second: str) -> str:
        """The relation of two records; empty when they are not linked."""
        found = self._values(LINKED, mark(association, first, second))
        return str(json.loads(found[0])) if found else ""

    def files(self, kind: str, record_id: str) -> list[Found]:
        """The files of one record."""
        return [_found(value) for value in self._values(FILED, mark(kind, "", record_id))]

    def named(self, kind: str, name: str) -> Found | None:
        """A thing found by its name alone (an image of the media library)."""
        found = self._values(NAMED, mark(kind, "", name))
        return _found(found[0]) if found else None

    def _values(self, space: str, key: str) -> list[str]:
        query = "SELECT value FROM held WHERE space = ? AND key = ?"
        with self._lock:
            return [value for (value,) in self._con.execute(query, [space, key]).fetchall()]


def mark(kind: str, target: str, key: str) -> str:
    """How a record is looked up: by kind, object (of records) or first end (of links), and key."""
    return json.dumps([kind, "" if kind in SEARCHED - {"record"} else target, key])


def _lines(one: Found) -> Iterator[Line]:
    value = json.dumps(
        [one.kind, one.target, one.hl_id, one.logical, one.source_id, one.details], default=str
    )
    if one.kind in SEARCHED and one.source_id:
        yield MARKED, mark(one.kind, one.target, one.source_id), value
    elif one.kind == "company_link":
        yield LINKED, mark(one.kind, "", one.hl_id), json.dumps(one.logical["company"])
    elif one.kind == "relation":
        ends = one.logical["first"], one.logical["second"]
        yield LINKED, mark(one.target, *ends), json.dumps(one.hl_id)
    elif one.kind in ("contact_file", "opportunity_file"):
        yield FILED, mark(one.kind, "", one.details["record"]), value
    elif one.kind == "media":
        yield NAMED, mark(one.kind, "", str(one.logical.get("file_name"))), value


def _found(value: str) -> Found:
    return Found(*json.loads(value))
