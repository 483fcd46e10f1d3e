"""Damage done to exports, each with the outcome its maker worked out: asked, realigned, refused.

The maker knows the row as it was and what it did to it; which reading is the only one follows from
types of columns written down here by hand, never from what the product learned of a file.
"""

from __future__ import annotations

import csv
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flitstack_pipeline.ledger.put_right import find_wrong
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline.reading.survey import survey
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop

ASKED, APART = "asked", "two records"
REALIGNED, QUARANTINED, SILENT = "realigned", "quarantined", "in silence"
UNKNOWN = Path(__file__).parents[1] / "reading" / "unknown_headers.txt"


@dataclass(frozen=True)
class Damage:
    """One damaged export: what was done, the files as written, what must come of it.

    `expected` are the outcomes that are right; `truth` the row as it was, by the header's cells;
    `lines` where it stands, `rows` the FILE:LINE of rows that must not become one.
    """

    kind: str
    name: str
    files: dict[str, list[str]]
    expected: tuple[str, ...]
    object: str = ""
    dataset: str = ""
    lines: tuple[int, ...] = ()
    truth: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def kinds() -> dict[str, list[Damage]]:
    """Every damage of exports, by kind."""
    return {
        "file added": list(_files_added()),
        "row shifted": list(_rows_shifted()),
        "ids repeated": list(_ids_repeated()),
    }


def outcome(shop: Workshop, damage: Damage) -> str:
    """What the product makes of a damaged export."""
    judge = {"file added": _of_file, "row shifted": _of_row, "ids repeated": _of_ids}
    with shop.mutated(damage.files):
        return judge[damage.kind](shop, damage)


# --- files ----------------------------------------------------------------------------------------

#: Further headers that are none of ours, with columns of ours that would overwrite real records.
_HEADERS = """
crew notes to self.csv | Job #,Client Name,Reminder,Due Date,Done
punch list.csv | Job #,Title,Punch Item,Assigned To,Completed
callbacks.csv | Client ID,Client Name,Phone,Call Back On,Reason,Done
material order.csv | Job #,Supplier,Material,Qty,Ordered,Delivered
insurance claims.csv | Claim #,Client ID,Client Name,Carrier,Adjuster,Date of Loss,Amount
financing applications.csv | Application ID,Client ID,Client Name,Lender,Amount,Decision,Date
door hangers.csv | Address,City,Zip,Dropped On,Crew
access codes.csv | Client ID,Client Name,Address,Gate Code,Alarm Code
key log.csv | Client Name,Address,Key Tag,Handed Out,Returned
commission.csv | Job #,Salesperson,Sale Date,Contract Price,Commission %,Paid
retainage.csv | Invoice #,Job #,Client Name,Retained,Release Date,Released
collections.csv | Invoice #,Client Name,Days Late,Last Contact,Promise Date
"""
_OWN = {
    "job": ("501", "502"), "client id": ("101", "102"), "customer id": ("101", "102"),
    "client": ("Ann Lee", "Bob Roe"), "customer": ("Ann Lee", "Bob Roe"),
    "name": ("Ann Lee", "Bob Roe"), "invoice": ("I-1", "I-2"), "estimate": ("E-1", "E-2"),
    "work order": ("W-1", "W-2"), "lead id": ("L-1", "L-2"),
    "email": ("ann@mail.net", "bob@roe.com"), "phone": ("(813) 555-0101", "(512) 555-0103"),
    "assigned": ("Luis Ortega", "Dana Whitfield"), "status": ("Open", "Done"),
    "title": ("Call the client", "Order tiles"), "amount": ("18.00", "250.00"),
    "address": ("1 Oak St, Tampa, FL 33602", "2 Elm Ave, Austin, TX 78701"),
}  # fmt: skip


def _files_added() -> Iterator[Damage]:
    """A file of another tool beside the exports; its ids are those of real records."""
    listed = [*UNKNOWN.read_text(encoding="utf-8").splitlines(), *_HEADERS.splitlines()]
    for line in listed:
        if " | " not in line or line.startswith("#"):
            continue
        name, header = line.split(" | ", 1)
        (columns,) = csv.reader([header])
        rows = ["|".join(_filled(c, n) for c in columns) for n in (0, 1)]
        yield Damage("file added", name, {name: ["|".join(columns), *rows]}, (ASKED,))


def _filled(column: str, n: int) -> str:
    word = re.sub(r"\s*(#|number|no\.?)$", "", column.casefold())
    if re.search(r"date|due|deadline|issued|expires|\bon$|start|end$", word):
        return ("8:00 AM", "9:30 AM")[n] if "time" in word else ("6/14/2024", "7/25/2024")[n]
    for known, values in _OWN.items():
        if word == known or known in word.split() or word == f"{known} name":
            return values[n]
    return (f"{column} one", f"{column} two")[n]


def _of_file(shop: Workshop, damage: Damage) -> str:
    (name,) = damage.files
    reads = [r for r in survey(shop.exports) if r.entry.file == name]
    asked = [q for r in reads if (q := r.question(2)) is not None]
    waits = all(r.dataset is None for r in reads)
    return ASKED if waits and any(q.file == name for q in asked) else SILENT


# --- rows -----------------------------------------------------------------------------------------

_EMAIL = r"[\w.]+@[\w.]+"
_PHONE = r"[\d() -]+"
_DATE = r"\d{1,2}/\d{1,2}/\d{4}"
_MONEY = r"-?[\d,]+\.\d\d"
_TOWNS = (
    ("Tampa", "FL", "33602"), ("Austin", "TX", "78701"), ("Denver", "CO", "80202"),
    ("Boise", "ID", "83702"), ("Provo", "UT", "84601"), ("Macon", "GA", "31201"),
)  # fmt: skip
_FIRST = ("Ann", "Bob", "Cy", "Dee", "Eve", "Gus", "Hal", "Ida")
_LAST = ("Lee", "Roe", "Fox", "Hay", "Orr", "Pym", "Ray", "Sax")


@dataclass(frozen=True)
class _Sheet:
    """An export of 24 rows: header, rows, and the types of its columns by hand ("" for any text).

    `text` are the columns whose cells may hold a comma.
    """

    name: str
    object: str
    columns: tuple[str, ...]
    header: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: tuple[int, ...]


def _person(n: int) -> str:
    return f"{_FIRST[n % 8]} {_LAST[n // 3]}"


def _client(n: int) -> tuple[str, ...]:
    town, state, code = _TOWNS[n % 6]
    return (
        str(201 + n), _person(n), f"c{n}@mail.net", f"(813) 555-{1000 + 7 * n}",
        f"{n + 2} Oak St, Apt {n + 1}", town, state, code, ("Google", "Web", "Truck")[n % 3],
        f"{n % 12 + 1}/{n + 3}/2024", f"Gate on the left, dog {n}",
    )  # fmt: skip


def _job(n: int) -> tuple[str, ...]:
    return (
        str(701 + n), f"Deck, part {n}", _person(n), str(201 + n), f"{n + 1},{n + 300}.50",
        f"{n % 12 + 1}/{n + 2}/2024", f"{n % 12 + 1}/{n + 4}/2024", "Scheduled",
        f"Mind the step, bell {n}",
    )  # fmt: skip


def _invoice(n: int) -> tuple[str, ...]:
    return (
        str(901 + n), str(701 + n), _person(n), f"{n % 12 + 1}/{n + 2}/2024",
        f"{n % 12 + 1}/{n + 4}/2024", "Unpaid", f"{n + 2},{n + 200}.25", f"Thanks, see page {n}",
    )  # fmt: skip


_SHEETS = (
    _Sheet(
        "clients.csv", "clients",
        ("client_id", "name", "email", "phone", "address", "city", "state", "zip", "lead_source",
         "created", "notes"),
        ("Client ID", "Client Name", "Email", "Phone", "Address", "City", "State", "Zip",
         "Lead Source", "Date Created", "Notes"),
        (r"\d{3}", "", _EMAIL, _PHONE, "", "", "[A-Z]{2}", r"\d{5}", "", _DATE, ""),
        tuple(_client(n) for n in range(24)), (4, 10),
    ),
    _Sheet(
        "jobs.csv", "jobs",
        ("job_number", "title", "client_name", "client_id", "amount", "start_date", "end_date",
         "status", "instructions"),
        ("Job #", "Title", "Client Name", "Client ID", "Amount", "Start Date", "End Date",
         "Status", "Instructions"),
        (r"\d{3}", "", "", r"\d{3}", _MONEY, _DATE, _DATE, "", ""),
        tuple(_job(n) for n in range(24)), (1, 8),
    ),
    _Sheet(
        "invoices.csv", "invoices",
        ("invoice_number", "job_number", "client_name", "invoice_date", "due_date", "status",
         "total", "notes"),
        ("Invoice #", "Job #", "Client Name", "Invoice Date", "Due Date", "Status", "Total",
         "Notes"),
        (r"\d{3}", r"\d{3}", "", _DATE, _DATE, "", _MONEY, ""),
        tuple(_invoice(n) for n in range(24)), (7,),
    ),
)  # fmt: skip


def _rows_shifted() -> Iterator[Damage]:
    """A comma that was not quoted, two cells run together, either with cells lost at the end."""
    for sheet in _SHEETS:
        for n in range(0, 24, 3):
            row = sheet.rows[n]
            for at in sheet.text:
                left, _, right = row[at].partition(",")
                cut = (*row[:at], left, right, *row[at + 1 :])
                yield from _shifted(sheet, n, cut, row, f"{sheet.header[at]} cut at its comma")
                for lost in (1, 2):
                    if at < len(row) - lost:
                        short = (*row[: len(row) - lost], *[""] * lost)
                        what = f"{sheet.header[at]} cut at its comma, the last {lost} lost"
                        yield from _shifted(sheet, n, cut[: len(cut) - lost], short, what)
            at = n % (len(row) - 1)
            joined = (*row[:at], f"{row[at]} {row[at + 1]}", *row[at + 2 :])
            yield from _shifted(
                sheet, n, joined, row, f"{sheet.header[at]} and {sheet.header[at + 1]} run together"
            )


def _shifted(
    sheet: _Sheet, n: int, broken: tuple[str, ...], truth: tuple[str, ...], what: str
) -> Iterator[Damage]:
    right = {_padded(r, sheet) for r in _readings(broken, sheet) if _fits(r, sheet)}
    if _fits(broken, sheet) and len(broken) <= len(sheet.header):
        return  # nothing shows that the row is broken
    expected = (REALIGNED,) if right == {truth} else (QUARANTINED, REALIGNED)
    lines = ["|".join(sheet.header), *("|".join(r) for r in sheet.rows)]
    lines[n + 1] = "|".join(broken)
    yield Damage(
        "row shifted", f"{sheet.name}:{n + 2} {what}", {sheet.name: lines}, expected,
        sheet.object, sheet.object, (n + 2,), truth, sheet.columns,
    )  # fmt: skip


def _readings(row: Sequence[str], sheet: _Sheet) -> Iterator[tuple[str, ...]]:
    """The row with one comma taken back or one space made a border, no wider than the header."""
    for i in range(len(row) - 1):
        if len(row) - 1 <= len(sheet.header):
            yield (*row[:i], f"{row[i]},{row[i + 1]}", *row[i + 2 :])
    for i, cell in enumerate(row):
        for gap in re.finditer(" ", cell):
            if len(row) < len(sheet.header):
                yield (*row[:i], cell[: gap.start()], cell[gap.end() :], *row[i + 1 :])


def _fits(row: Sequence[str], sheet: _Sheet) -> bool:
    typed = zip(row, sheet.types, strict=False)
    return all(not t or not cell or re.fullmatch(t, cell) for cell, t in typed)


def _padded(row: Sequence[str], sheet: _Sheet) -> tuple[str, ...]:
    return (*row, *[""] * (len(sheet.header) - len(row)))


def _of_row(shop: Workshop, damage: Damage) -> str:
    shop.read(damage.object)
    (line,) = damage.lines
    refused = shop.con.execute(
        "SELECT count(*) FROM quarantine.rows WHERE dataset = ? AND line = ?",
        [damage.dataset, line],
    ).fetchall()[0][0]
    if refused:
        return QUARANTINED
    columns = ", ".join(f"coalesce(\"{c}\", '')" for c in damage.columns)
    rows = shop.con.execute(
        f"SELECT {columns} FROM raw.{damage.dataset} WHERE _row = ?", [line]
    ).fetchall()
    if list(find_wrong(shop.con)):
        return "realigned, and the witness does not agree"
    return REALIGNED if rows == [damage.truth] else SILENT


# --- ids ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Numbered:
    """An export of records with a number of their own: what else says who or what a record is.

    `others` gives, by what is changed, the columns and their cells in the row that is added.
    """

    file: str
    object: str
    others: dict[str, dict[str, str]]


_CLIENT_CELLS = {"Client Name": "Zoe Quill", "Client ID": "199"}
_NUMBERED = (
    _Numbered("clients.csv", "clients", {
        "name": {"Client Name": "Zoe Quill"},
        "name, e-mail and phone": {"Client Name": "Zoe Quill", "Email": "zoe@quill.net",
                                   "Phone": "(702) 555-0190"}}),
    _Numbered("leads.csv", "leads", {
        "name": {"Lead Name": "Zoe Quill"},
        "name, e-mail and phone": {"Lead Name": "Zoe Quill", "Email": "zoe@quill.net",
                                   "Phone": "(702) 555-0190"}}),
    _Numbered("jobs.csv", "jobs", {
        "client": _CLIENT_CELLS, "title": {"Title": "Garage door"}, "amount": {"Amount": "77.70"},
        "everything": {**_CLIENT_CELLS, "Title": "Garage door", "Amount": "77.70",
                       "Created Date": "5/29/2024 9:00 AM"}}),
    _Numbered("estimates.csv", "estimates", {
        "client": _CLIENT_CELLS, "title": {"Title": "Garage offer"}, "amount": {"Total": "77.70"},
        "date": {"Estimate Date": "5/29/2024"},
        "everything": {**_CLIENT_CELLS, "Title": "Garage offer", "Total": "77.70",
                       "Estimate Date": "5/29/2024"}}),
    _Numbered("invoices.csv", "invoices", {
        "client": _CLIENT_CELLS, "title": {"Title": "Garage bill"}, "amount": {"Total": "77.70"},
        "date": {"Invoice Date": "5/29/2024"},
        "everything": {**_CLIENT_CELLS, "Title": "Garage bill", "Total": "77.70",
                       "Invoice Date": "5/29/2024"}}),
    _Numbered("work_orders.csv", "work_orders", {
        "client": _CLIENT_CELLS, "title": {"Title": "Garage visit"},
        "date": {"Work Order Date": "5/29/2024"}}),
    _Numbered("payments.csv", "invoices", {
        "amount": {"Amount": "77.70"}, "date": {"Payment Date": "5/29/2024"}}),
    _Numbered("notes.csv", "activities", {"text": {"Text": "Something else altogether"}}),
)  # fmt: skip
_DATASET_OF = {"notes.csv": "activities"}


def _ids_repeated() -> Iterator[Damage]:
    """A row of another record under the number of one, in its file or in one beside it."""
    for export in _NUMBERED:
        lines = small.FILES[export.file]
        header = lines[0].split("|")
        for (what, cells), at in itertools.product(export.others.items(), range(1, len(lines))):
            old = lines[at].split("|")
            new = "|".join(cells.get(h, c) for h, c in zip(header, old, strict=True))
            number, beside = f"{export.file}:{at + 1}", f"{export.file[:-4]} export.csv"
            places = {
                "in the file": ({export.file: [*lines, new]}, f"{export.file}:{len(lines) + 1}"),
                "in a file beside it": ({beside: [lines[0], new]}, f"{beside}:2"),
            }
            for place, (files, other) in places.items():
                yield Damage(
                    "ids repeated", f"{number} with another {what} {place}", files,
                    (ASKED, APART), export.object,
                    _DATASET_OF.get(export.file, export.file[:-4]), rows=(number, other),
                )  # fmt: skip


def _of_ids(shop: Workshop, damage: Damage) -> str:
    shop.read(damage.object)
    named = {line for q in open_questions(shop.con) for line in q.lines}
    if named.issuperset(damage.rows):
        return ASKED
    kept = shop.con.execute(
        f"SELECT count(DISTINCT c.source_key) FROM clean.{damage.dataset} c "
        f"JOIN raw.{damage.dataset} r ON r._row_id = c.raw_id "
        "WHERE list_contains(?, r._file || ':' || r._row)",
        [list(damage.rows)],
    ).fetchall()[0][0]
    return APART if kept == len(damage.rows) else SILENT


def shuffled(damages: list[Damage], seed: int) -> list[Damage]:
    """The damages in an order drawn with a seed."""
    return random.Random(seed).sample(damages, len(damages))
