"""Mapped rows as the loader takes them, spooled out of DuckDB.

What belongs here: the row, and getting rows out of the warehouse before any HTTP, so that no load
holds the DuckDB file. What does not: making them (mapping/) or sending them (load.py).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.migration.long_texts import FIELD_MOST, REST, cut, long_texts, note_body
from flitstack_pipeline.warehouse import table_exists

COLUMNS = (
    "record_key", "source_key", "kind", "target", "location", "phase", "payload", "parents",
    "payload_hash", "label",
)  # fmt: skip
SOURCE_ID_LABEL = "Source_System_ID__c"


@dataclass(frozen=True)
class MappedRow:
    """One HighLevel record to be: a row of `mapped.<object>`.

    `payload` holds logical values by field name or label; `parents` are dicts of role,
    record_key and policy (skip, stub, stop).
    """

    record_key: str
    source_key: str
    kind: str
    target: str
    payload: dict[str, Any]
    payload_hash: str
    phase: int = 0
    parents: list[dict[str, Any]] = field(default_factory=list)
    label: str = ""
    location: str = "main"
    object_key: str = ""

    @property
    def source_id(self) -> str:
        """The value of `Source_System_ID__c` by which the record is found again."""
        part = "fields" if self.kind == "record" else "custom"
        return str(self.payload.get(part, {}).get(SOURCE_ID_LABEL) or self.source_key)


def payload_hash(payload: dict[str, Any], parents: list[dict[str, Any]]) -> str:
    """The hash of what a record should be; equal hashes mean nothing to write."""
    text = json.dumps([payload, parents], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class SpooledRows:
    """The mapped rows of one object type in a private file: iterate as often as needed."""

    def __init__(self, path: Path, object_key: str, count: int) -> None:
        self._path, self._object_key, self.count = path, object_key, count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[MappedRow]:
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                yield row_from(json.loads(line), self._object_key)

    def close(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)


def row_from(record: dict[str, Any], object_key: str) -> MappedRow:
    """A MappedRow from a row of `mapped.<object>` (JSON columns as text or parsed)."""
    values: dict[str, Any] = {name: record.get(name) for name in COLUMNS}
    empties: dict[str, Any] = {"payload": {}, "parents": []}
    for name, empty in empties.items():
        value = values[name]
        values[name] = json.loads(value) if isinstance(value, str) else (value or empty)
    values["label"] = values["label"] or ""
    values["phase"] = int(values["phase"] or 0)
    values["location"] = values["location"] or "main"
    return MappedRow(**values, object_key=object_key)


def spool_rows(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    record_keys: Collection[str] | None = None,
    location: str | None = None,
) -> SpooledRows:
    """Copy `mapped.<object>` in load order to a private file.

    Only `record_keys` when given, and only the rows routed to `location` (its name in the map).
    Returns rows that no longer need the connection; close them when done.
    """
    handle, name = tempfile.mkstemp(prefix=f"flitstack-{object_key}-", suffix=".jsonl")
    path = Path(name)
    with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123 - the private handle
        args = (con, object_key, record_keys, location)
        count = _write(*args, out, path) if _has(con, object_key) else 0
    return SpooledRows(path, object_key, count)


def _has(con: duckdb.DuckDBPyConnection, object_key: str) -> bool:
    return table_exists(con, f"mapped.{object_key}")


def _write(
    con: duckdb.DuckDBPyConnection,
    object_key: str,
    record_keys: Collection[str] | None,
    location: str | None,
    out: Any,
    path: Path,
) -> int:
    wanted = None if record_keys is None else set(record_keys)
    listed = ", ".join(f'"{name}"' for name in COLUMNS)
    cursor = con.execute(
        f'SELECT {listed} FROM mapped."{object_key}" '  # noqa: S608
        "WHERE ?::VARCHAR IS NULL OR location = ? ORDER BY phase, record_key",
        [location, location],
    )
    count = phase = 0
    too_long: list[dict[str, Any]] = []
    while rows := cursor.fetchmany(2000):
        for values in rows:
            if wanted is not None and values[0] not in wanted:
                continue
            row = dict(zip(COLUMNS, values, strict=True))
            phase = int(row["phase"] or 0)
            if len(str(row["payload"])) > FIELD_MOST and _has_long_text(row):
                too_long.append(row)
                continue
            _put(out, row)
            count += 1
    made = [part for row in too_long for part in _parted(con, object_key, row, phase)]
    if not made:
        return count
    _insert(out, path, made)
    return count + len(made)


def _put(out: Any, row: dict[str, Any]) -> None:
    out.write(json.dumps(row, default=str) + "\n")


def _has_long_text(row: dict[str, Any]) -> bool:
    return bool(long_texts(row["kind"], json.loads(row["payload"])))


def _insert(out: Any, path: Path, made: list[dict[str, Any]]) -> None:
    """Put the rows with cut texts and their notes where their phases belong."""
    out.flush()
    with path.open(encoding="utf-8") as lines:
        rows = [*map(json.loads, lines), *made]
    rows.sort(key=lambda row: int(row["phase"] or 0))  # stable: the order of keys stays
    out.seek(0)
    out.truncate()
    for row in rows:
        _put(out, row)


def _parted(
    con: duckdb.DuckDBPyConnection, object_key: str, row: dict[str, Any], last_phase: int
) -> list[dict[str, Any]]:
    """A row whose texts are cut, and notes with what is left of them on its contact.

    A record of no contact keeps its text: HighLevel refuses it, and a person sees why.
    """
    contact = _contact_of(con, object_key, row)
    if not contact:
        return [row]
    payload, rest = cut(row["kind"], json.loads(row["payload"]))
    parents = json.loads(row["parents"] or "[]")
    cut_row = {**row, "payload": payload, "payload_hash": payload_hash(payload, parents)}
    notes = []
    for name, pieces in rest.items():
        for number, piece in enumerate(pieces, 1):
            key = f"{row['source_key']}/{name}/{number}"
            label = row["label"] or row["source_key"]
            body = note_body(label, name, piece, number, len(pieces), key)
            note, ends = {"body": body}, [{"role": "contact", "record_key": contact}]
            notes.append(
                {
                    "record_key": f"{REST}{row['record_key']}/{name}/{number}",
                    "source_key": key, "kind": "note", "target": "note",
                    "location": row["location"], "phase": last_phase + 1, "payload": note,
                    "parents": ends, "payload_hash": payload_hash(note, ends), "label": label,
                }
            )  # fmt: skip
    return [cut_row, *notes]


def _contact_of(con: duckdb.DuckDBPyConnection, object_key: str, row: dict[str, Any]) -> str:
    """The record key of the contact a row is, hangs on, or is linked to; empty when of none."""
    if row["kind"] == "contact":
        return str(row["record_key"])
    parents = [json.loads(row["parents"] or "[]")]
    linked = con.execute(
        f"""SELECT parents FROM mapped."{object_key}" WHERE kind IN ('relation', 'company_link')
        AND contains(parents::VARCHAR, ?) ORDER BY record_key""",  # noqa: S608
        [json.dumps(row["record_key"], ensure_ascii=False)],
    ).fetchall()
    parents += [json.loads(found) for (found,) in linked]
    keys = [str(p["record_key"]) for several in parents for p in several]
    return next((key for key in keys if key.startswith("contact:")), "")
