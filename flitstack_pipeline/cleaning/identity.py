"""Which raw row is which record: source ids, superseded versions, merged rows, line numbers.

Where an export has no id, a stable one is derived from documented business keys
(contractor_plus.md §7.9); several versions of one record keep the newest, the rest are counted.
One client on several rows of one file, one per property, is one client (§7.11).
"""

from __future__ import annotations

import re
from collections import Counter
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
#: Two equal rows of one file are two records here: paying 500 in cash twice a day is legal.
EQUAL_ROWS_ARE_TWO = frozenset({"payments", "change_orders", "visits"})
#: What tells the rows of one client apart when there is one row per property.
PLACE_COLUMNS = ("address", "street", "street2", "city", "zip", "service_address")


@dataclass
class Identities:
    """The winning raw row of each record, the versions it supersedes, the rows merged into it.

    `repeated` are superseded rows whose successor stands in the same file: worth a note.
    """

    key_of: dict[str, str] = field(default_factory=dict)
    line_of: dict[str, int] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def lose(self, raw_id: str, key: str) -> None:
        """A newer version took this row's place."""
        self.key_of.pop(raw_id, None)
        self.superseded[raw_id] = key


def columns_needed(dataset: str) -> tuple[str, ...]:
    """The canonical columns `identify` reads."""
    names = [ID_COLUMN.get(dataset), LINES_OF.get(dataset), *BUSINESS_KEYS.get(dataset, ())]
    if dataset in LINES_OF:
        names.append("line_number")
    if dataset == "payments":
        names.append("invoice_number")
    if dataset == "clients":
        names += PLACE_COLUMNS
    return tuple(dict.fromkeys(n for n in names if n))


def identify(dataset: str, rows: Iterable[RawRow]) -> Identities:
    """Winners, superseded and merged rows of the raw rows, which must come oldest export first."""
    if dataset in LINES_OF:
        return _Lines(dataset).identify(rows)
    return _Records(dataset).identify(rows)


@dataclass(frozen=True)
class _Version:
    raw_id: str
    file: str
    place: int


class _Records:
    """Records with a key of their own."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self.found = Identities()
        self.newest: dict[str, _Version] = {}
        self.merged_into: dict[str, list[str]] = {}
        self.equal_rows: Counter[tuple[str, str]] = Counter()

    def identify(self, rows: Iterable[RawRow]) -> Identities:
        for row in rows:
            version = _Version(str(row["_row_id"]), str(row.get("_file")), self._place(row))
            key = self._key(row, version.file)
            older = self.newest.get(key)
            if older:
                self._replace(key, older, version)
            self.newest[key] = version
            self.found.key_of[version.raw_id] = key
        return self.found

    def _key(self, row: RawRow, file: str) -> str:
        shown = source_id(self.dataset, row)
        key = source_key(str(row["_workspace"]), self.dataset, shown)
        if self.dataset not in EQUAL_ROWS_ARE_TWO or not shown.startswith("~"):
            return key
        self.equal_rows[file, key] += 1
        count = self.equal_rows[file, key]
        return key if count == 1 else f"{key}.{count}"

    def _place(self, row: RawRow) -> int:
        if self.dataset != "clients":
            return 0
        return hash(tuple((_text(row.get(c)) or "").strip().casefold() for c in PLACE_COLUMNS))

    def _replace(self, key: str, older: _Version, newer: _Version) -> None:
        """The older version is superseded, or merged when it is another property's row."""
        same_file = older.file == newer.file
        if same_file and older.place != newer.place:
            self.found.key_of.pop(older.raw_id, None)
            self.found.merged[older.raw_id] = key
            self.merged_into.setdefault(key, []).append(older.raw_id)
            return
        self.found.lose(older.raw_id, key)
        if same_file:
            self.found.repeated.add(older.raw_id)
            return
        for raw_id in self.merged_into.pop(key, ()):
            del self.found.merged[raw_id]
            self.found.lose(raw_id, key)


@dataclass
class _Document:
    """The lines of one document met so far."""

    session: str
    file: str
    rows: dict[int, tuple[str, str]] = field(default_factory=dict)


class _Lines:
    """Lines of documents: a newer file's lines replace a document's older lines as a whole.

    Only when the same session goes on with line numbers not yet met are they added, because then
    the document was cut between two files.
    """

    def __init__(self, dataset: str) -> None:
        self.dataset, self.column = dataset, LINES_OF[dataset]
        self.found = Identities()
        self.documents: dict[tuple[str, str], _Document] = {}

    def identify(self, rows: Iterable[RawRow]) -> Identities:
        for row in rows:
            raw_id, workspace = str(row["_row_id"]), str(row["_workspace"])
            number = words.text(_text(row.get(self.column)))
            name = words.document_number(number) if number else f"~row-{raw_id}"
            document = self._document((workspace, name), row)
            shown = _line_number(row)
            line = shown if shown and shown not in document.rows else _next_line(document)
            key = source_key(workspace, self.dataset, f"{name}#{line}")
            document.rows[line] = (raw_id, key)
            self.found.key_of[raw_id] = key
            self.found.line_of[raw_id] = line
        return self.found

    def _document(self, place: tuple[str, str], row: RawRow) -> _Document:
        session, file = str(row.get("_session")), str(row.get("_file"))
        known = self.documents.get(place)
        if known and known.file != file:
            shown = _line_number(row)
            goes_on = known.session == session and shown is not None and shown not in known.rows
            known.file = file
            if not goes_on:
                for raw_id, key in known.rows.values():
                    self.found.lose(raw_id, key)
                known = None
        if known is None:
            known = self.documents[place] = _Document(session, file)
        return known


def _next_line(document: _Document) -> int:
    return max(document.rows, default=0) + 1


def _line_number(row: RawRow) -> int | None:
    """The line number as exported, when it is a plausible one."""
    shown = words.text(_text(row.get("line_number"))) or ""
    match = re.fullmatch(r"([0-9]{1,6})(?:\.0)?", shown)
    return int(match.group(1)) if match else None


def source_id(dataset: str, row: RawRow) -> str:
    """The id of a row as shown, or one derived from its business keys.

    One payment reference may settle several invoices: there the invoice is part of the id.
    """
    column = ID_COLUMN.get(dataset)
    shown = words.text(_text(row.get(column))) if column else None
    if shown:
        number = words.document_number(shown)
        invoice = words.text(_text(row.get("invoice_number"))) if dataset == "payments" else None
        return f"{number}@{words.document_number(invoice)}" if invoice else number
    keys = BUSINESS_KEYS.get(dataset)
    if keys is None or not any(words.text(_text(row.get(k))) for k in keys):
        return f"~row-{row['_row_id']}"
    return derived_id(*(_text(row.get(k)) for k in keys))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
