"""Which raw row is which record: source ids, superseded versions, line numbers.

Where an export has no id, a stable one is derived from documented business keys
(contractor_plus.md §7.9); several versions of one record keep the newest, the rest are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from flitstack_pipeline.cleaning import words
from flitstack_pipeline.cleaning.tools import RawRow
from flitstack_pipeline.spec.keys import derived_id, source_key

#: Columns a derived id is made of, when the export has no id column of its own.
BUSINESS_KEYS: dict[str, tuple[str, ...]] = {
    "users": ("email", "name", "first_name", "last_name"),
    "clients": ("name", "first_name", "last_name", "email", "phone", "address", "street"),
    "leads": ("name", "first_name", "last_name", "email", "phone", "created"),
    "properties": ("client_id", "client_name", "property_name", "address", "street"),
    "visits": ("job_number", "visit_date", "start_time"),
    "payments": ("invoice_number", "payment_date", "amount", "method"),
    "change_orders": ("invoice_number", "date", "amount"),
    "attachments": ("record_type", "record_number", "file_name", "location"),
    "activities": ("record_type", "record_number", "date", "kind", "author", "text"),
    "custom_fields": ("module", "label"),
    "items": ("name", "unit"),
}
ID_COLUMN: dict[str, str] = {
    "users": "user_id",
    "clients": "client_id",
    "leads": "lead_id",
    "properties": "property_id",
    "jobs": "job_number",
    "estimates": "estimate_number",
    "invoices": "invoice_number",
    "payments": "payment_id",
    "change_orders": "change_order_number",
    "work_orders": "work_order_number",
    "activities": "activity_id",
}
LINES_OF = {"estimate_items": "estimate_number", "invoice_items": "invoice_number"}


@dataclass
class Identities:
    """The winning raw row of each record, and the versions it supersedes."""

    key_of: dict[str, str] = field(default_factory=dict)
    line_of: dict[str, int] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)


def identify(dataset: str, rows: Iterable[RawRow]) -> Identities:
    """Winners and superseded versions of the raw rows, which must come oldest export first."""
    found = Identities()
    newest: dict[str, str] = {}
    counters: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        raw_id = str(row["_row_id"])
        if dataset in LINES_OF:
            key, line = _line_key(dataset, row, counters)
            found.line_of[raw_id] = line
        else:
            key = source_key(str(row["_workspace"]), dataset, source_id(dataset, row))
        if key in newest:
            loser = newest[key]
            found.superseded[loser] = key
            found.key_of.pop(loser, None)
        newest[key] = raw_id
        found.key_of[raw_id] = key
    return found


def source_id(dataset: str, row: RawRow) -> str:
    """The id of a row as shown, or one derived from its business keys."""
    column = ID_COLUMN.get(dataset)
    shown = words.text(_text(row.get(column))) if column else None
    if shown:
        return words.document_number(shown)
    keys = BUSINESS_KEYS.get(dataset)
    if keys is None or not any(words.text(_text(row.get(k))) for k in keys):
        return f"~row-{row['_row_id']}"
    return derived_id(*(_text(row.get(k)) for k in keys))


def _line_key(
    dataset: str, row: RawRow, counters: dict[tuple[str, str, str], int]
) -> tuple[str, int]:
    """Lines are numbered inside their document and session: as exported, else by position."""
    number = words.text(_text(row.get(LINES_OF[dataset])))
    document = words.document_number(number) if number else f"~row-{row['_row_id']}"
    counter = (str(row["_workspace"]), str(row["_file"]), document)
    counters[counter] += 1
    shown = words.text(_text(row.get("line_number"))) or ""
    digits = shown.removesuffix(".0")
    line = int(digits) if digits.isdigit() else counters[counter]
    return source_key(str(row["_workspace"]), dataset, f"{document}#{line}"), line


def _text(value: object) -> str | None:
    return None if value is None else str(value)
