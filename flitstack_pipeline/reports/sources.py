"""Where the values of some records came from: the column and the cell of the export, as read.

What belongs here: looking up raw and cleaned values for the few hundred records of a report. What
does not: anything for all records: this holds its rows in memory.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.keys import split_source_key
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.warehouse import table_exists

#: Clean columns that are read from several or other columns of the export.
READ_FROM = {
    "first_name": ("first_name", "name"),
    "last_name": ("last_name", "name"),
    "display_name": ("name", "title", "estimate_number", "invoice_number", "work_order_number"),
    "company_name": ("business_name", "name"),
    "original_name": ("name",),
    "address1": ("street", "address"),
    "city": ("city", "address"),
    "state": ("state", "address"),
    "postal_code": ("zip", "address"),
    "phone": ("phone", "mobile"),
    "extra_phones": ("phone", "mobile"),
    "extra_emails": ("email",),
    "all_tags": ("tags",),
    "created_at": ("created",),
    "updated_at": ("updated",),
    "issue_date": ("invoice_date",),
    "value": ("amount",),
}


class SourceValues:
    """The source cells of some mapped rows."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        document: MapDocument | None,
        rows: Iterable[MappedRow],
    ) -> None:
        self._entries: dict[tuple[str, str], FieldEntry] = {}
        for entry in document.fields if document else ():
            if entry.active:
                self._entries.setdefault((entry.dataset, f"{entry.target}.{entry.field}"), entry)
        self._raw: dict[str, dict[str, Any]] = {}
        self._clean: dict[str, dict[str, Any]] = {}
        wanted: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            for key in _keys(row):
                wanted[_dataset(key)].add(key)
        for dataset, keys in wanted.items():
            self._read(con, dataset, sorted(keys))

    def of(self, row: MappedRow, field: str) -> tuple[str, Any]:
        """(column of the export, its cell as read) of a field; empty when it was made by us."""
        target = _target(row)
        for key in _keys(row):
            dataset = _dataset(key)
            entry = self._entries.get((dataset, f"{target}.{field}"))
            if entry is not None:
                return self._cell(dataset, key, entry.source)
        if field == "body" and row.kind in ("note", "task", "message", "appointment"):
            return self._cell(_dataset(row.source_key), row.source_key, "text")
        if field == "owner":
            return self._cell(_dataset(row.source_key), row.source_key, "assigned_to")
        if field in ("stage", "status"):
            return self._cell(_dataset(row.source_key), row.source_key, "status")
        if field in ("file_name", "size_bytes"):
            return self._cell(_dataset(row.source_key), row.source_key, "file_name")
        return "", None

    def _cell(self, dataset: str, key: str, source: str) -> tuple[str, Any]:
        raw, clean = self._raw.get(key, {}), self._clean.get(key, {})
        if source.startswith("custom:"):
            label = source.removeprefix("custom:")
            return label, (raw.get("_extra") or {}).get(label)
        column = source.split(".", 1)[0] if source.startswith("stage_times") else source
        if source.startswith("stage_times."):
            column = f"entered_{source.split('.', 1)[1]}"
        declared = (c.name for c in BY_KEY[dataset].columns if c.read and c.cleaned == column)
        for name in (*READ_FROM.get(column, ()), *declared, column):
            if raw.get(name) not in (None, ""):
                return _header(dataset, name), raw[name]
        value = clean.get(column)
        return (
            (_header(dataset, column), _text(value)) if value not in (None, "", []) else ("", None)
        )

    def _read(self, con: duckdb.DuckDBPyConnection, dataset: str, keys: list[str]) -> None:
        if not dataset or not table_exists(con, f"clean.{dataset}"):
            return  # made by us: no export has it
        clean = con.execute(
            f'SELECT * FROM clean."{dataset}" WHERE source_key IN (SELECT unnest(?))',  # noqa: S608
            [keys],
        )
        names = [d[0] for d in clean.description or ()]
        for values in clean.fetchall():
            row = dict(zip(names, values, strict=True))
            self._clean[row["source_key"]] = row
        by_raw = {
            row["raw_id"]: key for key, row in self._clean.items() if _dataset(key) == dataset
        }
        if not table_exists(con, f"raw.{dataset}"):
            return
        raw = con.execute(
            f'SELECT * FROM raw."{dataset}" WHERE _row_id IN (SELECT unnest(?))',  # noqa: S608
            [list(by_raw)],
        )
        names = [d[0] for d in raw.description or ()]
        for values in raw.fetchall():
            row = dict(zip(names, values, strict=True))
            self._raw[by_raw[row["_row_id"]]] = row


def _keys(row: MappedRow) -> list[str]:
    """The source records that feed a row: its own, and its main estimate's."""
    estimate = row.payload.get("custom", {}).get("Estimate_Source_ID__c")
    return [row.source_key, *([estimate] if estimate and estimate != row.source_key else [])]


def _target(row: MappedRow) -> str:
    return {"contact": t.CONTACT, "company": t.BUSINESS, "opportunity": t.OPPORTUNITY}.get(
        row.kind, row.target
    )


def _dataset(key: str) -> str:
    try:
        return split_source_key(key)[1]
    except ValueError:
        return ""


def _header(dataset: str, column: str) -> str:
    known = BY_KEY.get(dataset)
    named = next((c.header for c in known.columns if c.name == column), "") if known else ""
    return named or column.replace("_", " ")


def _text(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str | list | dict | bool | int) else str(value)
