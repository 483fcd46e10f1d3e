"""Which raw row is which record: source ids, superseded versions, merged rows.

Where an export has no id, a stable one is derived from documented business keys
(contractor_plus.md §7.9); several versions of one record keep the newest, the rest are counted.
One client on several rows of one file, one per property, is one client (§7.11).

Nearly every row is the only one of its record and needs no word. What is told of the others lies in
the temporary table `marks (row, key, state, repeated, nth, line)`: `row` is the raw table's rowid,
`state` NULL for a row that is loaded, else `superseded` or `merged`; `repeated` says that the
successor stands in the same file; `nth` tells equal rows apart that are records of their own;
`line` is the line's position (see `lines`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.lines import LINES_OF, line_number, mark_lines
from flitstack_pipeline.cleaning.values.cell_sql import (
    cell,
    document_number,
    literal,
    stripped,
    text,
    workspace,
)

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
#: Two equal rows of one file are two records here: paying 500 in cash twice a day is legal.
EQUAL_ROWS_ARE_TWO = frozenset({"payments", "change_orders", "visits"})
#: What tells the rows of one client apart when there is one row per property.
PLACE_COLUMNS = ("address", "street", "street2", "city", "zip", "service_address")
#: Oldest export first, so that the last version of a record is the newest.
AGE = "s._exported_at, s._file, s._sheet, s._row"
MARKS_DDL = (
    "CREATE OR REPLACE TEMP TABLE marks (row BIGINT, key VARCHAR, state VARCHAR, "
    "repeated BOOLEAN, nth BIGINT, line BIGINT)"
)


def source_id(dataset: str) -> str:
    """SQL of the id of a raw row `s`: as shown, or derived from its business keys.

    A derived id is `~` and 16 hexadecimal digits: the SHA-256 of the keys, trimmed, in lower case,
    joined by the unit separator. One payment reference may settle several invoices: there the
    invoice is part of the id. A row without any key is known by its place in its file.
    """
    own = "'~row-' || s._row_id"
    keys = BUSINESS_KEYS.get(dataset, ())
    if keys:
        any_key = ", ".join(text(cell(k)) for k in keys)
        joined = " || chr(31) || ".join(f"coalesce(lower({stripped(cell(k))}), '')" for k in keys)
        derived = f"'~' || left(sha256({joined}), 16)"
        own = f"CASE WHEN coalesce({any_key}) IS NULL THEN {own} ELSE {derived} END"
    column = ID_COLUMN.get(dataset)
    if column is None:
        return own
    shown = document_number(text(cell(column)))
    if dataset == "payments":
        shown += f" || coalesce('@' || {document_number(text('s.invoice_number'))}, '')"
    return f"coalesce({shown}, {own})"


def identified(dataset: str) -> str:
    """SQL of the raw rows that are records: their cells, `_id`, `_key`, `_line`, `_at` (rowid).

    Reads the marks that `mark` made.
    """
    if dataset in LINES_OF:
        number = document_number(text(cell(LINES_OF[dataset])))
        shown = f"coalesce({number}, '~row-' || s._row_id) || '#' || _line"
    else:
        shown = f"{source_id(dataset)} || coalesce('.' || m.nth, '')"
    return f"""
        SELECT *, {workspace("x")} || '/{dataset}/' || _id AS _key FROM (
            SELECT s.*, s.rowid AS _at, coalesce(m.line, {_line(dataset)}) AS _line, {shown} AS _id
            FROM raw."{dataset}" s LEFT JOIN marks m ON m.row = s.rowid WHERE m.state IS NULL) x"""


def _line(dataset: str) -> str:
    return line_number() if dataset in LINES_OF else "CAST(NULL AS BIGINT)"


def mark(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Make the marks of a raw table."""
    con.execute(MARKS_DDL)
    if dataset in LINES_OF:
        mark_lines(con, dataset)
    else:
        _mark_versions(con, dataset)


def _mark_versions(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Find the rows that have a key in common, by its hash, and mark them."""
    key = f"{workspace('s')} || '/{dataset}/' || {source_id(dataset)}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE hashes AS "
        f'SELECT s.rowid AS row, hash({key}) AS h FROM raw."{dataset}" s'
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE several AS "
        "SELECT h FROM hashes GROUP BY h HAVING count(*) > 1"
    )
    if con.execute("SELECT h FROM several LIMIT 1").fetchall():
        _tell_versions_apart(con, dataset, key)
    con.execute("DROP TABLE hashes; DROP TABLE several")


def _tell_versions_apart(con: duckdb.DuckDBPyConnection, dataset: str, key: str) -> None:
    """Mark the rows whose hash others have too, as what they are of their record."""
    place = "''"
    if dataset == "clients":
        cells = [f"coalesce(lower({stripped(cell(c))}), '')" for c in PLACE_COLUMNS]
        place = " || chr(31) || ".join(cells)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE versions AS
        SELECT s.rowid AS row, {key} AS key, s._file AS file, {place} AS place,
               row_number() OVER (ORDER BY {AGE}) AS age, CAST(NULL AS BIGINT) AS nth
        FROM raw."{dataset}" s JOIN hashes x ON x.row = s.rowid
        WHERE x.h IN (SELECT h FROM several)
        """
    )
    if dataset in EQUAL_ROWS_ARE_TWO:
        _tell_equal_rows_apart(con, dataset)
    con.execute(
        """
        INSERT INTO marks
        SELECT row, key, CASE WHEN next_file IS NULL THEN NULL
                              WHEN next_file = file AND file = last_file AND next_place <> place
                              THEN 'merged' ELSE 'superseded' END,
               coalesce(next_file = file AND next_place = place, false), nth, NULL
        FROM (SELECT *, lead(file) OVER w AS next_file, lead(place) OVER w AS next_place,
                     arg_max(file, age) OVER (PARTITION BY key) AS last_file
              FROM versions WINDOW w AS (PARTITION BY key ORDER BY age))
        """
    )
    con.execute("DROP TABLE versions")


def _tell_equal_rows_apart(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Number the rows of one file that have one derived key; from the second on it shows."""
    con.execute(
        f"""
        UPDATE versions v SET nth = n.nth, key = v.key || '.' || n.nth
        FROM (SELECT row, row_number() OVER (PARTITION BY file, key ORDER BY age) AS nth
              FROM versions WHERE key LIKE {literal(f"%/{dataset}/~%")}) n
        WHERE n.row = v.row AND n.nth > 1
        """
    )
