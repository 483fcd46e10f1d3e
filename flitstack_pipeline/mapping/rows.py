"""The row of `mapped.<object>` and how several are written at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import duckdb

from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.mapping.sources import NO_CLIENT

COLUMNS: dict[str, str] = {
    "record_key": "VARCHAR",
    "source_key": "VARCHAR",
    "kind": "VARCHAR",
    "target": "VARCHAR",
    "location": "VARCHAR",
    "phase": "INTEGER",
    "payload": "JSON",
    "parents": "JSON",
    "payload_hash": "VARCHAR",
    "label": "VARCHAR",
    "remark": "VARCHAR",
}
BATCH = 5_000


@dataclass
class Record:
    """One HighLevel record to be; `remark` says why it is what it is, where there was a choice."""

    record_key: str
    source_key: str
    kind: str
    target: str
    location: str
    payload: dict[str, Any]
    parents: list[dict[str, str]] = field(default_factory=list)
    phase: int = 0
    label: str = ""
    remark: str = ""

    def as_row(self) -> tuple[Any, ...]:
        """The values of the table's columns, in order."""
        payload, parents = _json(self.payload), _json(self.parents)
        digest = _json([self.payload, self.parents])
        return (
            self.record_key,
            self.source_key,
            self.kind,
            self.target,
            self.location,
            self.phase,
            payload,
            parents,
            hashlib.sha256(digest.encode()).hexdigest(),
            self.label,
            self.remark,
        )


@dataclass(frozen=True)
class Skipped:
    """A clean row that becomes nothing, and why."""

    source_key: str
    reason: str


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def parent(role: str, key: str) -> dict[str, str]:
    """One parent of a record."""
    return {"role": role, "record_key": key}


def contact_key(row: dict[str, Any]) -> str:
    """The contact a row belongs to: its client's, or the placeholder of its workspace."""
    return record_key("contact", row["client_key"] or f"{row['workspace']}/clients/{NO_CLIENT}")


def relation_record(
    association: str, row: dict[str, Any], first: str, second: str, phase: int, suffix: str = ""
) -> Record:
    """A relation between two records, in the association's order."""
    return Record(
        record_key(f"relation:{association}", row["source_key"] + suffix),
        row["source_key"],
        "relation",
        association,
        row["location"],
        {},
        [parent("first", first), parent("second", second)],
        phase,
        association,
    )


def write(
    con: duckdb.DuckDBPyConnection, object_key: str, found: Iterable[Record | Skipped]
) -> tuple[dict[str, int], list[Skipped]]:
    """Replace `mapped.<object>`, a batch at a time; (rows by kind, what was skipped)."""

    import pandas as pd

    con.execute("CREATE SCHEMA IF NOT EXISTS mapped")
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    con.execute(f'CREATE OR REPLACE TABLE mapped."{object_key}" ({columns})')
    by_kind: dict[str, int] = {}
    skipped: list[Skipped] = []
    stream = iter(found)
    while batch := list(islice(stream, BATCH)):
        records = [r for r in batch if isinstance(r, Record)]
        skipped += [r for r in batch if isinstance(r, Skipped)]
        for record in records:
            by_kind[record.kind] = by_kind.get(record.kind, 0) + 1
        if records:
            frame = pd.DataFrame([r.as_row() for r in records], columns=list(COLUMNS))
            con.register("mapped_batch", frame)
            con.execute(f'INSERT INTO mapped."{object_key}" SELECT * FROM mapped_batch')
            con.unregister("mapped_batch")
    _write_skipped(con, object_key, skipped)
    return by_kind, skipped


def _write_skipped(con: duckdb.DuckDBPyConnection, object_key: str, skipped: list[Skipped]) -> None:
    import pandas as pd

    con.execute(
        "CREATE TABLE IF NOT EXISTS mapped.skipped "
        "(object VARCHAR, source_key VARCHAR, reason VARCHAR)"
    )
    con.execute("DELETE FROM mapped.skipped WHERE object = ?", [object_key])
    if skipped:
        frame = pd.DataFrame([(object_key, s.source_key, s.reason) for s in skipped])
        con.register("skipped_batch", frame)
        con.execute("INSERT INTO mapped.skipped SELECT * FROM skipped_batch")
        con.unregister("skipped_batch")
