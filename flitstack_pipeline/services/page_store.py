"""What the review room shows: one small SQLite file per migration, written by the steps.

Belongs here: the file, replacing a section of it, reading a page of a section. Does not: what a
section says (`services.publishing`). The room never opens the warehouse, which one process at a
time may and which steps hold; each step publishes what pages show, and a page says as of when it
is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.settings import Project

_DDL = """
CREATE TABLE IF NOT EXISTS sections (
  name TEXT PRIMARY KEY, at TEXT NOT NULL, fingerprint TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
  section TEXT NOT NULL, part TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL,
  rank INTEGER NOT NULL, digest TEXT NOT NULL, words TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (section, key));
CREATE INDEX IF NOT EXISTS in_order ON rows (section, part, rank, number);
"""


@dataclass(frozen=True)
class PageRow:
    """One line of a page: its key, what it shows, and the digest of what it shows.

    `part` is the tab it stands on, `rank` its place before all others (0 first).
    """

    key: str
    data: Mapping[str, Any]
    part: str = ""
    rank: int = 0

    @property
    def digest(self) -> str:
        """SHA-256 of the row as shown: a form carries it, so that nobody decides unseen things."""
        text = json.dumps(self.data, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(f"{self.key}\n{text}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Section:
    """A section as published: when, of which state, and its few facts."""

    name: str
    at: str = ""
    fingerprint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def pages_path(project: Project) -> Path:
    """The file of a migration's pages, `review/pages.sqlite`."""
    return project.root / "review" / "pages.sqlite"


def publish(
    project: Project,
    name: str,
    rows: Iterable[PageRow],
    facts: Mapping[str, Any] | None = None,
    fingerprint: str = "",
) -> None:
    """Put the rows in place of those the section had; readers see the old ones or the new ones.

    Args:
        project: The migration.
        name: The section: `questions`, `map`, `duplicates`, `links`, `sample`.
        rows: What it shows now, in order.
        facts: A few values for the page's head.
        fingerprint: Of the state that is shown; none: the digest of all rows.
    """
    listed = list(rows)
    sealed = fingerprint or hashlib.sha256("".join(r.digest for r in listed).encode()).hexdigest()
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with _open(project) as con, con:
        con.execute("DELETE FROM rows WHERE section = ?", [name])
        con.executemany(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (name, r.part, number, r.key, r.rank, r.digest, _words(r.data), _json(r.data))
                for number, r in enumerate(listed)
            ),
        )
        con.execute(
            "INSERT OR REPLACE INTO sections VALUES (?, ?, ?, ?)",
            [name, now, sealed, _json(facts or {})],
        )


def replace_row(project: Project, name: str, row: PageRow) -> None:
    """Put one row in place of the one of the same key, in its place on the page."""
    with _open(project) as con, con:
        con.execute(
            "UPDATE rows SET part = ?, digest = ?, words = ?, data = ? "
            "WHERE section = ? AND key = ?",
            [row.part, row.digest, _words(row.data), _json(row.data), name, row.key],
        )


def count_open(project: Project, name: str, change: int) -> None:
    """So many more (fewer) rows of a section wait for a person."""
    with _open(project) as con, con:
        con.execute(
            "UPDATE sections SET facts = json_set(facts, '$.open', "
            "max(0, coalesce(json_extract(facts, '$.open'), 0) + ?)) WHERE name = ?",
            [change, name],
        )


def section(project: Project, name: str) -> Section | None:
    """A section's head; None before it was published."""
    return sections(project).get(name)


def sections(project: Project) -> dict[str, Section]:
    """The heads of all sections that were published, by name."""
    with _read(project) as con:
        found = con.execute("SELECT * FROM sections").fetchall() if con is not None else []
    return {name: Section(name, at, sealed, json.loads(facts)) for name, at, sealed, facts in found}


def parts(project: Project, name: str) -> dict[str, int]:
    """How many rows stand on each tab of a section, in the order of their first rows."""
    with _read(project) as con:
        if con is None:
            return {}
        rows = con.execute(
            "SELECT part, count(*) FROM rows WHERE section = ? GROUP BY part ORDER BY min(number)",
            [name],
        ).fetchall()
    return dict(rows)


def rows(
    project: Project, name: str, part: str | None = None, words: str = "",
    first: int = 0, most: int = 50,
) -> tuple[list[PageRow], int]:  # fmt: skip
    """(a page of rows, how many there are in all): of one tab, with all words somewhere in them."""
    where, values = ["section = ?"], [name]
    if part is not None:
        where.append("part = ?")
        values.append(part)
    for word in words.casefold().split():
        where.append("words LIKE ? ESCAPE '\\'")
        values.append(f"%{_like(word)}%")
    chosen = " AND ".join(where)
    with _read(project) as con:
        if con is None:
            return [], 0
        (count,) = con.execute(f"SELECT count(*) FROM rows WHERE {chosen}", values).fetchone()  # noqa: S608
        found = con.execute(
            f"SELECT key, data, part, rank FROM rows WHERE {chosen} "  # noqa: S608
            "ORDER BY part, rank, number LIMIT ? OFFSET ?",
            [*values, most, first],
        ).fetchall()
    return [PageRow(key, json.loads(data), part, rank) for key, data, part, rank in found], count


def row(project: Project, name: str, key: str) -> PageRow | None:
    """One row by its key."""
    found = rows_of(project, name, [key])
    return found[0] if found else None


def rows_of(project: Project, name: str, keys: Sequence[str]) -> list[PageRow]:
    """The rows of these keys, in the order of the keys; those that are not there are left out."""
    with _read(project) as con:
        if con is None:
            return []
        found = con.execute(
            "SELECT key, data, part, rank FROM rows "
            "WHERE section = ? AND key IN (SELECT value FROM json_each(?))",
            [name, json.dumps(list(keys))],
        ).fetchall()
    there = {key: PageRow(key, json.loads(data), part, rank) for key, data, part, rank in found}
    return [there[key] for key in keys if key in there]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _words(data: Mapping[str, Any]) -> str:
    """What a search looks in: every text of the row."""
    return json.dumps(list(data.values()), ensure_ascii=False, default=str).casefold()


def _like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@contextmanager
def _open(project: Project) -> Iterator[sqlite3.Connection]:
    path = pages_path(project)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=30)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.executescript(_DDL)
        yield con


@contextmanager
def _read(project: Project) -> Iterator[Any]:
    """The file to read from, or None while no step has published anything."""
    path = pages_path(project)
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(path, timeout=30)) as con:
        made = con.execute("SELECT 1 FROM sqlite_master WHERE name = 'rows'").fetchone()
        yield con if made else None
