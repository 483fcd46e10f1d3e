"""What should exist, in a private file: planned records by HighLevel id, and what was seen of them.

What belongs here: the store a reconciliation compares against, and the sums it collects, on disk so
that memory stays flat however many records there are. What does not: comparing (reconcile.py),
reading back (readback.py). Amounts are whole ten-thousandths, so that sums are exact.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flitstack_pipeline.migration.journal.store import IdMapRow, Journal
from flitstack_pipeline.migration.rows import MappedRow

CHUNK = 500
SCALE = 10_000
PLANNED, FOUND = "planned", "found"

_TABLES = """
CREATE TABLE planned (
    record_key TEXT PRIMARY KEY, source_key TEXT, object TEXT, kind TEXT, target TEXT, label TEXT,
    payload TEXT, parents TEXT, hl_id TEXT, origin TEXT, kept TEXT, created_at TEXT, location TEXT,
    hash TEXT, written_hash TEXT, sent_as TEXT, sent_why TEXT, current TEXT,
    seen INTEGER DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX planned_hl ON planned (kind, hl_id);
CREATE TABLE extra (
    kind TEXT, target TEXT, hl_id TEXT, source_id TEXT, label TEXT, created TEXT, known TEXT,
    PRIMARY KEY (kind, hl_id)
) WITHOUT ROWID;
CREATE TABLE amount (side TEXT, record TEXT, measure TEXT, amount INTEGER);
CREATE TABLE belongs (side TEXT, record TEXT, client TEXT);
CREATE TABLE family (contact TEXT, owner TEXT, PRIMARY KEY (contact, owner)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Planned:
    """A planned record and what the id map knows of it; `hl_id` empty when never written.

    `kept` are values by "part.name" that a person's edit or decision put there since; `changed`:
    the row is another than the one that was written. `sent_as` is the name a file was sent under,
    where it is another than the row's, and `sent_why` the reason.
    """

    row: MappedRow
    hl_id: str
    origin: str
    kept: dict[str, Any]
    changed: bool = False
    sent_as: str = ""
    sent_why: str = ""


class PlannedRecords:
    """The planned records of one comparison, in a file of their own.

    Without `path` the file is a temporary one that goes with the object; with it, an existing file
    is opened again and stays.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._folder = None if path else tempfile.TemporaryDirectory(prefix="flitstack-")
        name = str(path or Path(self._folder.name if self._folder else "") / "planned.sqlite")
        is_new = path is None or not path.exists()
        if path and is_new:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._con = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        self._con.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        if is_new:
            self._con.executescript(_TABLES)
        self._con.execute("BEGIN")

    def close(self) -> None:
        """Close the file; a temporary one is deleted."""
        self._con.execute("COMMIT")
        self._con.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> PlannedRecords:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # --- what should exist ---------------------------------------------------------------------

    def add(self, journal: Journal, location: str, rows: Iterable[MappedRow]) -> int:
        """Add rows with their ids from the id map; how many it was."""
        count = 0
        iterator = iter(rows)
        while chunk := list(itertools.islice(iterator, CHUNK)):
            entries = journal.entries(location, [row.record_key for row in chunk])
            self._con.executemany(
                "INSERT OR REPLACE INTO planned (record_key, source_key, object, kind, target, "
                "label, payload, parents, hl_id, origin, kept, location, "
                "hash, written_hash, sent_as, sent_why) "
                "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [_values(row, entries.get(row.record_key)) for row in chunk],
            )
            self._con.executemany("INSERT OR IGNORE INTO family VALUES (?, ?)", _family(chunk))
            count += len(chunk)
        return count

    def add_family(self, rows: Iterable[MappedRow]) -> None:
        """Note the owners of records that are not compared, but share a contact with some."""
        self._con.executemany("INSERT OR IGNORE INTO family VALUES (?, ?)", _family(rows))

    def family_owners(self, contact_key: str) -> set[str]:
        """The planned owners of a contact and of its opportunities (HighLevel may share them)."""
        query = "SELECT owner FROM family WHERE contact = ?"
        return {owner for (owner,) in self._con.execute(query, [contact_key])}

    def pairs(self) -> set[tuple[str, str]]:
        """The (kind, target) pairs that are planned."""
        return set(self._con.execute("SELECT DISTINCT kind, target FROM planned"))

    def of_ids(self, kind: str, hl_ids: Sequence[str]) -> dict[str, Planned]:
        """The planned records of one kind with these HighLevel ids, by id."""
        return {i: several[0] for i, several in self.all_of_ids(kind, hl_ids).items()}

    def all_of_ids(self, kind: str, hl_ids: Sequence[str]) -> dict[str, list[Planned]]:
        """Likewise with every planned record of an id: files of one content share theirs."""
        found: dict[str, list[Planned]] = {}
        for planned in self._where("kind = ? AND hl_id IN ({})", [kind], hl_ids):
            found.setdefault(planned.hl_id, []).append(planned)
        return found

    def of_keys(self, record_keys: Sequence[str]) -> dict[str, Planned]:
        """The planned records with these record keys, by key."""
        return {p.row.record_key: p for p in self._where("record_key IN ({})", [], record_keys)}

    def ids_of(self, record_keys: Iterable[str]) -> dict[str, str]:
        """HighLevel ids by record key; records never written are left out."""
        found: dict[str, str] = {}
        for part in _chunks(sorted(set(record_keys))):
            marks = ", ".join("?" * len(part))
            query = f"SELECT record_key, hl_id FROM planned WHERE record_key IN ({marks})"  # noqa: S608
            found |= {k: i for k, i in self._con.execute(query, part) if i}
        return found

    def _where(self, condition: str, before: list[str], wanted: Sequence[str]) -> Iterator[Planned]:
        for part in _chunks(list(dict.fromkeys(wanted))):
            where = condition.format(", ".join("?" * len(part)))
            query = f"SELECT {_COLUMNS} FROM planned WHERE {where}"  # noqa: S608
            for values in self._con.execute(query, [*before, *part]).fetchall():
                yield _planned(values)

    # --- what was seen -------------------------------------------------------------------------

    def seen(self, found: Iterable[tuple[str, str]]) -> None:
        """Remember (when HighLevel made it, record key) of records that were read back."""
        self._con.executemany(
            "UPDATE planned SET seen = 1, created_at = ? WHERE record_key = ?", list(found)
        )

    def unseen(self) -> Iterator[Planned]:
        """The planned records that were not read back, in the order of their keys."""
        query = f"SELECT {_COLUMNS} FROM planned WHERE seen = 0 ORDER BY record_key"  # noqa: S608
        yield from map(_planned, self._con.execute(query))

    def counts(self) -> dict[str, int]:
        """Planned records by object type."""
        return dict(self._con.execute("SELECT object, count(*) FROM planned GROUP BY object"))

    def first_created(self) -> str:
        """When HighLevel made the first record that we created; empty when it made none."""
        query = "SELECT min(created_at) FROM planned WHERE origin = 'created' AND created_at <> ''"
        return next(iter(self._con.execute(query)))[0] or ""

    def add_extra(self, rows: Iterable[tuple[str, str, str, str, str, str, str]]) -> None:
        """Remember records that were read back and not planned.

        Each is (kind, target, HighLevel id, source id, label, when it was made, what we know).
        """
        self._con.executemany("INSERT OR REPLACE INTO extra VALUES (?,?,?,?,?,?,?)", list(rows))

    def extras(self, since: str) -> Iterator[dict[str, Any]]:
        """Records nobody planned that carry a source key, or were made at or after `since`."""
        cursor = self._con.execute(
            "SELECT kind, target, hl_id, source_id, label, created, known FROM extra "
            "WHERE source_id <> '' OR created = '' OR (? <> '' AND created >= ?) "
            "ORDER BY kind, created, hl_id",
            [since, since],
        )
        names = ("kind", "target", "hl_id", "source_id", "label", "created", "known")
        for values in cursor:
            yield dict(zip(names, values, strict=True))

    def before(self, since: str) -> dict[str, int]:
        """Records that were there before the migration, by kind."""
        query = (
            "SELECT kind, count(*) FROM extra WHERE source_id = '' AND created <> '' "
            "AND (? = '' OR created < ?) GROUP BY kind"
        )
        return dict(self._con.execute(query, [since, since]))

    # --- for a delta ---------------------------------------------------------------------------

    def changes(self) -> list[dict[str, Any]]:
        """New, changed and unchanged planned records by object type."""
        cursor = self._con.execute(
            """
            SELECT object, count(*) FILTER (WHERE hl_id = ''),
                count(*) FILTER (WHERE hl_id <> '' AND hash <> written_hash),
                count(*) FILTER (WHERE hl_id <> '' AND hash = written_hash)
            FROM planned GROUP BY object"""
        )
        names = ("object", "new", "changed", "unchanged")
        return [dict(zip(names, values, strict=True)) for values in cursor]

    def changed_pairs(self) -> set[tuple[str, str]]:
        """The (kind, target) pairs of records whose row is another than the one written."""
        return set(
            self._con.execute(
                "SELECT DISTINCT kind, target FROM planned "
                "WHERE hl_id <> '' AND hash <> written_hash"
            )
        )

    def keep_current(self, values: Iterable[tuple[str, Any]]) -> None:
        """Keep what HighLevel holds now, by record key."""
        rows = [(json.dumps(value, ensure_ascii=False), key) for key, value in values]
        self._con.executemany("UPDATE planned SET current = ? WHERE record_key = ?", rows)

    def current(self, record_key: str) -> Any:
        """What HighLevel held of a record when it was read; None when it was not seen."""
        query = "SELECT current FROM planned WHERE record_key = ?"
        with self._lock:
            row = self._con.execute(query, [record_key]).fetchone()
        return json.loads(row[0]) if row and row[0] else None

    def not_planned(self, record_keys: Sequence[str]) -> set[str]:
        """Those of these record keys that nobody plans any more."""
        known: set[str] = set()
        for part in _chunks(list(record_keys)):
            marks = ", ".join("?" * len(part))
            query = f"SELECT record_key FROM planned WHERE record_key IN ({marks})"  # noqa: S608
            known |= {key for (key,) in self._con.execute(query, part)}
        return set(record_keys) - known

    # --- sums ------------------------------------------------------------------------------------

    def add_amounts(self, rows: Iterable[tuple[str, str, str, Decimal]]) -> None:
        """Collect (side, record's HighLevel id, measure, amount)."""
        scaled = [(s, r, m, int((a * SCALE).to_integral_value())) for s, r, m, a in rows]
        self._con.executemany("INSERT INTO amount VALUES (?,?,?,?)", scaled)

    def add_owners(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Collect (side, record's HighLevel id, its client's)."""
        self._con.executemany("INSERT INTO belongs VALUES (?,?,?)", list(rows))

    def sums(self) -> list[dict[str, Any]]:
        """Every measure with its planned and found sum and how many amounts went into them."""
        cursor = self._con.execute(
            """
            SELECT measure,
                coalesce(sum(amount) FILTER (WHERE side = 'planned'), 0),
                coalesce(sum(amount) FILTER (WHERE side = 'found'), 0),
                count(*) FILTER (WHERE side = 'planned'), count(*) FILTER (WHERE side = 'found')
            FROM amount GROUP BY measure ORDER BY measure"""
        )
        return [
            {
                "measure": measure, "planned": money(planned), "found": money(found),
                "difference": money(found - planned), "amounts planned": n, "amounts found": m,
            }
            for measure, planned, found, n, m in cursor
        ]  # fmt: skip

    def by_client(self, measures: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Planned and found sums per client and measure, those that differ first."""
        self._con.execute("CREATE INDEX IF NOT EXISTS belongs_record ON belongs (side, record)")
        marks = ", ".join("?" * len(measures))
        cursor = self._con.execute(
            f"""
            WITH totals AS (
                SELECT coalesce(b.client, '') AS client, a.measure AS measure,
                    coalesce(sum(a.amount) FILTER (WHERE a.side = 'planned'), 0) AS planned,
                    coalesce(sum(a.amount) FILTER (WHERE a.side = 'found'), 0) AS found
                FROM amount a LEFT JOIN belongs b ON b.side = a.side AND b.record = a.record
                WHERE a.measure IN ({marks}) GROUP BY 1, 2)
            SELECT t.client, coalesce(p.label, ''), t.measure, t.planned, t.found
            FROM totals t LEFT JOIN planned p ON p.kind = 'contact' AND p.hl_id = t.client
            ORDER BY t.planned = t.found, t.client, t.measure""",  # noqa: S608
            list(measures),
        )
        for client, label, measure, planned, found in cursor:
            yield {
                "client": label or client or "no client", "hl_id": client, "measure": measure,
                "planned": money(planned), "found": money(found),
                "difference": money(found - planned),
            }  # fmt: skip


def money(scaled: int) -> str:
    """A sum in ten-thousandths as text with two places, or four where they matter."""
    amount = Decimal(scaled) / SCALE
    return f"{amount:.2f}" if scaled % 100 == 0 else f"{amount:.4f}"


_COLUMNS = (
    "record_key, source_key, object, kind, target, label, payload, parents, hl_id, origin, kept, "
    "location, hash, written_hash, sent_as, sent_why"
)


def _family(rows: Iterable[MappedRow]) -> Iterator[tuple[str, str]]:
    """(contact's record key, owner) of contacts and opportunities that have an owner."""
    for row in rows:
        owner = row.payload.get("owner")
        if owner and (key := contact_key_of(row)):
            yield key, owner


def contact_key_of(row: MappedRow) -> str:
    """The record key of the contact that a contact or opportunity is or belongs to, else ''."""
    if row.kind == "contact":
        return row.record_key
    parents = row.parents if row.kind == "opportunity" else []
    return next((p["record_key"] for p in parents if p["role"] == "contact"), "")


def _values(row: MappedRow, entry: IdMapRow | None) -> tuple[Any, ...]:
    details = entry.details if entry else {}
    return (
        row.record_key,
        row.source_key,
        row.object_key,
        row.kind,
        row.target,
        row.label,
        json.dumps(row.payload, ensure_ascii=False),
        json.dumps(row.parents, ensure_ascii=False),
        entry.hl_id if entry else "",
        entry.origin if entry else "",
        json.dumps((details or {}).get("kept") or {}, ensure_ascii=False),
        row.location,
        row.payload_hash,
        entry.payload_hash if entry else "",
        details.get("sent_as") or "",
        details.get("sent_why") or "",
    )


def _planned(values: tuple[Any, ...]) -> Planned:
    key, source_key, object_key, kind, target, label, payload, parents, *rest = values
    hl_id, origin, kept, location, new, old, sent_as, sent_why = rest
    row = MappedRow(
        key, source_key, kind, target, json.loads(payload), new, 0, json.loads(parents),
        label or "", location, object_key,
    )  # fmt: skip
    changed = bool(hl_id) and new != old
    kept = json.loads(kept)
    return Planned(row, hl_id or "", origin or "", kept, changed, sent_as or "", sent_why or "")


def _chunks(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
