"""Writes one folder of example exports, and a later session of changes for the delta."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from flitstack_pipeline.contractor_plus.examples import mess, people
from flitstack_pipeline.contractor_plus.examples.people import ANCHOR, Client

EXPORTED = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
JOB_WORDS = ("New", "Scheduled", "In Progress", "On Hold", "Completed", "Cancelled", "Unscheduled")
JOB_WEIGHTS = (8, 14, 12, 5, 50, 8, 3)
ESTIMATE_WORDS = ("Draft", "Sent", "Approved", "Declined", "Expired", "Invoiced")
WORK = ("Kitchen remodel", "Roof repair", "Deck build", "Bath refresh", "Gutter install",
        "Fence replacement", "Water heater", "Panel upgrade", "Tile floor", "Drywall patch")  # fmt: skip
ITEMS = (
    ("Labor", "Carpenter hours", "hours", 6_500),
    ("Labor", "Helper hours", "hours", 3_800),
    ("Material", "Architectural shingles", "sq ft", 425),
    ("Material", "2x6 lumber", "ln ft", 310),
    ("Material", "Porcelain tile", "sq ft", 780),
    ("Material", "Interior door", "ea", 18_500),
    ("Equipment", "Dumpster rental", "ea", 42_000),
    ("Permit", "City permit", "ea", 12_500),
    ("Material", "Gutter, 6 inch", "ft", 1_150),
)
JOB_TYPES = ("Install", "Repair", "Inspection", "Warranty")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass(frozen=True)
class Sizes:
    """How many records of each kind; everything scales with the clients."""

    clients: int
    leads: int
    jobs: int
    estimates: int
    invoices: int
    work_orders: int
    attachments: int
    activities: int

    @classmethod
    def of(cls, clients: int) -> Sizes:
        """The proportions of the bundled example: 250 clients, 400 jobs, 380 invoices, …"""
        shares = (0.32, 1.6, 1.4, 1.52, 0.8, 0.48, 1.0)
        return cls(clients, *(max(1, round(clients * s)) for s in shares))


@dataclass(frozen=True)
class Job:
    """One job as the truth has it, derived from its number alone."""

    number: int
    client: Client
    title: str
    cents: int
    status: str
    start: dt.date
    has_estimate: bool

    @property
    def id(self) -> str:
        """The job number shown."""
        return str(300 + self.number)

    @property
    def estimate_id(self) -> str:
        """Number of the estimate it came from."""
        return f"EST-{self.number:05d}"


def generate(folder: Path, *, clients: int = 250, seed: int = 7) -> dict[str, int]:
    """Write a whole set of exports into `folder`; return rows written by file.

    Raises ValueError for fewer than one client.
    """
    if clients < 1:
        raise ValueError(f"--clients must be at least 1, not {clients}")
    folder.mkdir(parents=True, exist_ok=True)
    sizes, written = Sizes.of(clients), {}
    cut = clients * 3 // 5
    every = _clients(seed, 1, clients)
    written["clients_1.csv"] = _csv(folder / "clients_1.csv", _head(every, cut + 1))
    second = _clients(seed, max(1, cut - clients // 25), clients, later=True)
    written["clients_2.csv"] = _csv(folder / "clients_2.csv", second, encoding="utf-8-sig")
    written["leads.csv"] = _csv(
        folder / "leads.csv", _leads(seed, sizes), separator=";", sep_line=True
    )
    written["team_members.csv"] = _csv(folder / "team_members.csv", _team())
    written["jobs.csv"] = _csv(folder / "jobs.csv", _jobs(seed, sizes))
    written["estimates.csv"] = _csv(
        folder / "estimates.csv", _estimates(seed, sizes), encoding="cp1252"
    )
    written["estimate_items.csv"] = _csv(folder / "estimate_items.csv", _items(seed, sizes))
    if clients <= 5_000:
        written["invoices.xlsx"] = _xlsx(folder / "invoices.xlsx", _invoices(seed, sizes))
    else:
        written["invoices.csv"] = _csv(folder / "invoices.csv", _invoices(seed, sizes))
    written["payments.csv"] = _csv(folder / "payments.csv", _payments(seed, sizes))
    written["work_orders.csv"] = _csv(folder / "work_orders.csv", _work_orders(seed, sizes))
    written["notes.csv"] = _csv(folder / "notes.csv", _activities(seed, sizes))
    written["custom_fields.csv"] = _csv(folder / "custom_fields.csv", _definitions())
    written["items.csv"] = _csv(folder / "items.csv", _templates())
    written["attachments.csv"] = _csv(folder / "attachments.csv", _attachments(seed, sizes, folder))
    _manifest(folder, written)
    return written


def generate_delta(folder: Path, *, clients: int = 250, seed: int = 7) -> dict[str, int]:
    """Write a later session into the same folder: changed, new and (by absence) vanished rows."""
    written: dict[str, int] = {}
    rows = [next(_clients(seed, 1, 1))]
    rows += [_changed_client(seed, n) for n in range(2, min(7, clients + 1))]
    rows += list(_clients(seed, clients + 1, clients + 3))[1:]
    written["clients_delta1.csv"] = _csv(folder / "clients_delta1.csv", iter(rows))
    jobs = list(_jobs(seed, Sizes.of(clients)))
    changed = [[*jobs[i][:7], "Completed", *jobs[i][8:]] for i in range(1, min(6, len(jobs)))]
    written["jobs_delta1.csv"] = _csv(folder / "jobs_delta1.csv", iter([jobs[0], *changed]))
    _manifest(folder, written, EXPORTED + dt.timedelta(hours=26))
    return written


def job(seed: int, number: int, sizes: Sizes) -> Job:
    """Job `number` (from 1)."""
    rng = random.Random(f"{seed}/job/{number}")
    owner = people.client(seed, rng.randint(1, sizes.clients))
    start = max(owner.created, ANCHOR - dt.timedelta(days=rng.randint(-40, 700)))
    return Job(
        number,
        owner,
        rng.choice(WORK),
        rng.randint(150, 28_000) * 100 + rng.choice((0, 0, 50, 95)),
        rng.choices(JOB_WORDS, JOB_WEIGHTS)[0],
        start,
        number <= sizes.estimates * 24 // 25,
    )


CLIENT_HEADER = ["Client ID", "Client Name", "Business Name", "Website", "Email", "Phone", "Mobile",
                 "Billing Address", "Street", "City", "State", "Zip", "Country", "Lead Source", "Tags",
                 "Status", "Notes", "Assigned To", "Created Date", "Roof Type", "Gate Code",
                 "Annual Budget", "Warranty Until"]  # fmt: skip


def _clients(seed: int, first: int, last: int, *, later: bool = False) -> Iterator[list[str]]:
    yield CLIENT_HEADER
    for number in range(first, last + 1):
        yield _client_row(seed, number, later)
        if number % 33 == 0:
            twin = _client_row(seed, number, later)
            twin[0] = str(90_000_000 + number)
            twin[1], twin[16] = twin[1].strip(), "entered twice"
            yield twin
    if later and last > 20:
        yield [
            "",
            "",
            "",
            "",
            "",
            "",
            *([""] * 9),
            "Active",
            "a row with nothing in it",
            *([""] * 6),
        ]


def _client_row(seed: int, number: int, later: bool) -> list[str]:
    c, rng = people.client(seed, number), random.Random(f"{seed}/row/{number}")
    city, code, state, postcode, area = c.city
    joined = rng.random() < 0.3
    digits = c.phone if not (number % 47 == 0) else f"{area}5550100"
    mobile = (
        mess.phone(rng, f"{area}{rng.randint(2000000, 8999999)}") if rng.random() < 0.25 else ""
    )
    shown_zip = postcode.lstrip("0") if rng.random() < 0.5 else postcode
    notes = rng.choice(
        ("", "", "", f"Gate {rng.randint(1000, 9999)}\nDog in yard", "=call first", "Pays late")
    )
    return [
        c.id,
        mess.name(rng, c),
        c.business,
        f"www.{c.business.split()[0].lower()}.com" if c.business and rng.random() < 0.4 else "",
        mess.email(rng, c),
        mess.phone(rng, digits if not later or number % 9 else digits[:-1] + "7"),
        mobile,
        f"{c.street}, {city}, {code} {postcode}" if joined else "",
        "" if joined else c.street,
        "" if joined else city,
        "" if joined else (state if rng.random() < 0.3 else code),
        "" if joined else shown_zip,
        rng.choice(("USA", "United States", "US", "")),
        rng.choice(people.SOURCES),
        ", ".join(rng.sample(people.TAGS, rng.randint(0, 2))),
        "Archived" if rng.random() < 0.06 else "Active",
        notes,
        people.owner(rng) if rng.random() < 0.6 else "",
        mess.us_date(c.created),
        rng.choice((*people.ROOFS, "", "shingle")),
        str(rng.randint(1000, 9999)) if rng.random() < 0.2 else "",
        mess.money(rng, rng.randint(10, 900) * 10_000) if rng.random() < 0.3 else "",
        mess.us_date(c.created + dt.timedelta(days=730)) if rng.random() < 0.25 else "",
    ]


def _changed_client(seed: int, number: int) -> list[str]:
    row = _client_row(seed, number, True)
    row[5], row[16] = f"813-444-{1000 + number}", "moved office in the delta"
    return row


def _leads(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield ["Lead ID", "Lead Name", "Email", "Phone", "Address", "Lead Source", "Lead Status",
           "Estimated Value", "Converted", "Converted Client ID", "Follow-up Date", "Assigned To",
           "Created Date", "Notes"]  # fmt: skip
    for number in range(1, sizes.leads + 1):
        rng = random.Random(f"{seed}/lead/{number}")
        converted = number % 5 == 0
        source = rng.randint(1, sizes.clients) if converted else 10_000_000 + number
        c = people.client(seed, source)
        status = "Won" if converted else rng.choice(("New", "Contacted", "Estimate Sent", "Lost"))
        created = c.created if converted else ANCHOR - dt.timedelta(days=rng.randint(1, 200))
        yield [
            f"L-{number:04d}",
            c.name,
            c.email,
            mess.phone(rng, c.phone),
            f"{c.street}, {c.city[0]}, {c.city[1]} {c.city[3]}",
            rng.choice(people.SOURCES),
            mess.word(rng, status),
            mess.money(rng, rng.randint(5, 300) * 10_000),
            "Yes" if converted else "No",
            c.id if converted and number % 10 == 0 else "",
            mess.us_date(ANCHOR + dt.timedelta(days=rng.randint(1, 60))),
            people.owner(rng),
            mess.us_date(created),
            rng.choice(("", "Wants a call in the morning", "Saw our truck")),
        ]


def _team() -> Iterator[list[str]]:
    yield ["First Name", "Last Name", "Email", "Phone", "Role", "Status", "Type"]
    for i, (first, last, email, role, status, kind) in enumerate(people.TEAM):
        yield [first, last, email, f"(813) 200-{1200 + i}", role, status, kind]


def _jobs(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    header = ["Job #", "Title", "Client Name", "Client ID", "Estimate #", "Invoice #",
              "Service Address", "Status", "Instructions", "Amount", "Start Date", "End Date",
              "Start Time", "End Time", "Anytime", "Assigned To", "Completion Signature",
              "Created Date", "Completed Date", "In Progress At", "Crew Size", "Permit Needed"]  # fmt: skip
    yield header
    for number in range(1, sizes.jobs + 1):
        j, rng = job(seed, number, sizes), random.Random(f"{seed}/jobrow/{number}")
        if number == sizes.jobs // 2 and number > 3:
            yield header
        done = j.status == "Completed"
        end = j.start + dt.timedelta(days=rng.randint(0, 6))
        started = done or j.status == "In Progress"
        yield [
            j.id,
            j.title,
            j.client.name,
            j.client.id,
            j.estimate_id if j.has_estimate and number % 7 else "",
            "",
            f"{j.client.street}, {j.client.city[0]}, {j.client.city[1]} {j.client.city[3]}",
            mess.word(
                rng, "En Progreso" if j.status == "In Progress" and number % 11 == 0 else j.status
            ),
            rng.choice(("", "Ring the bell", "Park on the street; mind the dog")),
            mess.money(rng, j.cents),
            "" if j.status in ("New", "Unscheduled") else mess.us_date(j.start),
            "" if j.status in ("New", "Unscheduled") else mess.us_date(end),
            rng.choice(("8:00 AM", "09:30", "")),
            rng.choice(("4:30 PM", "17:00", "")),
            rng.choice(("Yes", "No", "")),
            rng.choice((people.owner(rng), f"{people.owner(rng)}, {people.owner(rng)}", "")),
            rng.choice(("TRUE", "FALSE")),
            mess.us_date(j.start - dt.timedelta(days=rng.randint(1, 20))),
            mess.us_date(end) if done else "",
            f"{mess.us_date(j.start)} 8:{rng.randint(10, 59)} AM" if started else "",
            str(rng.randint(1, 6)) if rng.random() < 0.7 else "",
            rng.choice(("Yes", "No", "x", "")),
        ]


def _estimate_cents(seed: int, number: int, sizes: Sizes) -> int:
    """Mostly the job's amount; every ninth estimate says something else."""
    j = job(seed, number, sizes)
    return j.cents if number % 9 else j.cents + 125_00


def _estimates(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield ["Estimate #", "Client Name", "Client ID", "Title", "Estimate Date", "Expiration Date",
           "Status", "Subtotal", "Tax", "Total", "Deposit", "Job #", "Created By", "Notes",
           "Financing"]  # fmt: skip
    for number in range(1, sizes.estimates + 1):
        j, rng = job(seed, min(number, sizes.jobs), sizes), random.Random(f"{seed}/est/{number}")
        cents = _estimate_cents(seed, min(number, sizes.jobs), sizes)
        day = j.start - dt.timedelta(days=rng.randint(10, 40))
        tax = cents * 7 // 107
        status = "Approved" if j.has_estimate else rng.choice(ESTIMATE_WORDS)
        yield [
            f"EST-{number:05d}",
            j.client.name,
            j.client.id,
            j.title,
            mess.us_date(day),
            mess.us_date(day + dt.timedelta(days=30)),
            mess.word(rng, status),
            mess.money(rng, cents - tax),
            mess.money(rng, tax),
            mess.money(rng, cents),
            rng.choice(("25%", "$500.00", "")),
            j.id if j.has_estimate and number % 3 == 0 else "",
            people.owner(rng),
            rng.choice(("", "Includes cleanup – résumé of works attached")),
            rng.choice(("Cash", "Financed", "")),
        ]


def _items(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield ["Estimate #", "Line #", "Type", "Optional", "Name", "Description", "Quantity", "Unit",
           "Unit Price", "Amount"]  # fmt: skip
    for number in range(1, sizes.estimates + 1):
        rng = random.Random(f"{seed}/items/{number}")
        for line in range(1, rng.randint(2, 6) + 1):
            kind, name, unit, cents = rng.choice(ITEMS)
            quantity = rng.choice((1, 2, 3, 8, 12.5, 40))
            if line == 5:
                yield [
                    f"EST-{number:05d}",
                    str(line),
                    "Text",
                    "No",
                    "Please note",
                    "Colours may vary",
                    "",
                    "",
                    "",
                    "",
                ]
                continue
            yield [
                f"EST-{number:05d}",
                str(line),
                kind,
                "Yes" if rng.random() < 0.1 else "No",
                name,
                rng.choice(("", f"{name}, standard grade")),
                f"{quantity:g}",
                unit,
                mess.money(rng, cents),
                mess.money(rng, round(cents * quantity)),
            ]


INVOICE_HEADER = ["Invoice #", "Estimate #", "Job #", "Client Name", "Client ID", "Title",
                  "Invoice Date", "Due Date", "Status", "Subtotal", "Tax", "Total", "Amount Paid",
                  "Balance Due", "Paid Date", "Payment Method"]  # fmt: skip


def _invoice(seed: int, number: int, sizes: Sizes) -> list[str]:
    """Most name their job, some only their estimate, some nothing but client, amount and date."""
    rng = random.Random(f"{seed}/inv/{number}")
    j = job(seed, min(number, sizes.jobs), sizes)
    issued = j.start + dt.timedelta(days=rng.randint(0, 12))
    status = rng.choices(("Paid", "Unpaid", "Overdue", "Partially Paid"), (60, 18, 12, 10))[0]
    paid = {"Paid": j.cents, "Partially Paid": j.cents // 2}.get(status, 0)
    by_estimate = number % 6 == 0 and j.has_estimate
    silent = number % 7 == 0
    orphan = number % 95 == 0
    return [
        f"INV-{number:04d}",
        j.estimate_id if by_estimate else "",
        "99999" if orphan else "" if by_estimate or silent else j.id,
        j.client.name,
        "" if silent and number % 2 else j.client.id,
        j.title,
        issued.isoformat(),
        (issued + dt.timedelta(days=30)).isoformat(),
        mess.word(rng, status),
        mess.money(rng, j.cents - j.cents * 7 // 107),
        mess.money(rng, j.cents * 7 // 107),
        "see attached" if number == 13 else mess.money(rng, j.cents),
        mess.money(rng, paid),
        mess.money(rng, j.cents - paid),
        (issued + dt.timedelta(days=rng.randint(1, 28))).isoformat() if status == "Paid" else "",
        rng.choice(("Check", "Card", "Cash", "ACH")) if paid else "",
    ]


def _invoices(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield INVOICE_HEADER
    for number in range(1, sizes.invoices + 1):
        yield _invoice(seed, number, sizes)


def _payments(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield [
        "Invoice #",
        "Payment ID",
        "Payment Date",
        "Amount",
        "Payment Method",
        "Payment Category",
    ]
    for number in range(1, sizes.invoices + 1):
        row = _invoice(seed, number, sizes)
        if row[15]:
            paid_on = dt.date.fromisoformat(row[14] or row[6])
            yield [row[0], f"PAY-{number:05d}", mess.us_date(paid_on), row[12], row[15], "Invoice"]


def _work_orders(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield ["Work Order #", "Title", "Client Name", "Client ID", "Service Address", "Work Order Date",
           "Scheduled Date", "Start", "End", "Assigned To", "Job Type", "Status", "Description",
           "Job #"]  # fmt: skip
    last: list[str] = []
    for number in range(1, sizes.work_orders + 1):
        rng = random.Random(f"{seed}/wo/{number}")
        j = job(seed, rng.randint(1, sizes.jobs), sizes)
        last = [
            f"WO-{number:04d}",
            f"{j.title} visit",
            j.client.name,
            j.client.id,
            f"{j.client.street}, {j.client.city[0]}, {j.client.city[1]}",
            mess.us_date(j.start - dt.timedelta(days=2)),
            mess.us_date(j.start),
            "8:00 AM",
            "12:00 PM",
            people.owner(rng),
            rng.choice(JOB_TYPES),
            mess.word(rng, rng.choice(("Scheduled", "Completed", "In Progress", "Cancelled"))),
            rng.choice(("Bring the long ladder", "2 x Interior door", "")),
            j.id if rng.random() < 0.65 else "",
        ]
        yield last
    yield list(last)


def _activities(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    yield ["Activity ID", "Record Type", "Record #", "Date", "Author", "Kind", "Text"]
    for number in range(1, sizes.activities + 1):
        rng = random.Random(f"{seed}/act/{number}")
        kind = rng.choices(("Note", "Call", "Email", "Meeting"), (50, 25, 18, 7))[0]
        j = job(seed, rng.randint(1, sizes.jobs), sizes)
        where = rng.choice(
            (
                ("Client", j.client.id),
                ("Job", j.id),
                ("Invoice", f"INV-{min(j.number, sizes.invoices):04d}"),
            )
        )
        text = rng.choice((
            "Left a message about the start date.",
            "<p>Customer <b>approved</b> the colour.</p>",
            "Discussed deposit, will pay by check\nNext step: schedule",
            "Site walk: east wall needs flashing",
        ))  # fmt: skip
        if number % 83 == 0:
            text = f'<p>Photo <img src="data:image/png;base64,{_png64()}"> of the leak</p>'
        day = ANCHOR - dt.timedelta(days=rng.randint(1, 600))
        moment = f"{mess.us_date(day)} {rng.randint(1, 12)}:{rng.randint(10, 59)} {rng.choice(('AM', 'PM'))}"
        yield [f"A-{number:05d}", *where, moment, people.owner(rng), kind, text]


def _definitions() -> Iterator[list[str]]:
    yield ["Module", "Label", "Type", "Options", "Transferable"]
    yield ["Clients", "Roof Type", "Dropdown", "; ".join(people.ROOFS), "Yes"]
    yield ["Clients", "Gate Code", "Text", "", "No"]
    yield ["Clients", "Annual Budget", "Number", "", "No"]
    yield ["Clients", "Warranty Until", "Date", "", "No"]
    yield ["Jobs", "Crew Size", "Number", "", "No"]
    yield ["Jobs", "Permit Needed", "Checkbox", "", "No"]
    yield ["Estimates", "Financing", "Dropdown", "Cash; Financed", "Yes"]


def _templates() -> Iterator[list[str]]:
    yield ["Name", "Type", "Description", "Unit", "Cost", "Price", "SKU"]
    for number, (kind, name, unit, cents) in enumerate(ITEMS, start=1):
        yield [
            name,
            kind,
            f"{name}, standard grade",
            unit,
            f"{cents * 0.6 / 100:.2f}",
            f"{cents / 100:.2f}",
            f"SKU-{number:03d}",
        ]


def _attachments(seed: int, sizes: Sizes, folder: Path) -> Iterator[list[str]]:
    yield [
        "Record Type",
        "Record #",
        "File Name",
        "Path or URL",
        "Caption",
        "Date",
        "Uploaded By",
        "SHA-256",
    ]
    target = folder / "attachments"
    target.mkdir(exist_ok=True)
    for number in range(1, sizes.attachments + 1):
        rng = random.Random(f"{seed}/file/{number}")
        j = job(seed, rng.randint(1, sizes.jobs), sizes)
        suffix, data = rng.choice(
            (
                ("png", PNG + bytes([number % 251])),
                ("txt", f"Notes on job {j.id}, page {number}\n".encode()),
            )
        )
        if number % 40 == 0:
            suffix, data = "png", PNG
        if number == 17:
            data = b""
        name = f"photo {number:04d}.{suffix}" if number % 5 else f"firma-ñ-{number:04d}.{suffix}"
        if number != 23:
            (target / name).write_bytes(data)
        record = ("Job", j.id) if number % 4 else ("Client", j.client.id)
        digest = hashlib.sha256(data).hexdigest() if number % 2 else ""
        yield [
            *record,
            name,
            f"attachments/{name}",
            rng.choice(("Before", "After", "")),
            mess.us_date(j.start),
            people.owner(rng),
            digest,
        ]


def _png64() -> str:
    import base64

    return base64.b64encode(PNG).decode()


def _head(rows: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    for row, _ in zip(rows, range(most), strict=False):
        yield row


def _csv(
    path: Path,
    rows: Iterable[list[str]],
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    sep_line: bool = False,
) -> int:
    """Write rows as they come; return the rows after the header."""
    count = -1
    with path.open("w", newline="", encoding=encoding, errors="replace") as file:
        if sep_line:
            file.write(f"sep={separator}\r\n")
        writer = csv.writer(file, delimiter=separator)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _xlsx(path: Path, rows: Iterable[list[str]]) -> int:
    """A workbook as reports make it: title lines above the header, a totals line below."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = EXPORTED.replace(tzinfo=None)
    sheet = book.create_sheet("Invoices")
    sheet.append(["Sunbelt Contracting - Invoice report"])
    sheet.append(["All dates"])
    count = -1
    for row in rows:
        sheet.append([_typed(cell) if count >= 0 else cell for cell in row])
        count += 1
    sheet.append(["Total", "", "", f"{count} invoices"])
    book.save(path)
    _fix_zip_times(path)
    return count


def _typed(cell: str) -> Any:
    """ISO days become real dates, as Excel would store them."""
    if len(cell) == 10 and cell[4:5] == "-" and cell[7:8] == "-":
        return dt.date.fromisoformat(cell)
    return cell


def _fix_zip_times(path: Path) -> None:
    """The same bytes for the same seed: a workbook is a zip, and zips carry the clock."""
    import re
    import zipfile

    with zipfile.ZipFile(path) as old:
        parts = [(name, old.read(name)) for name in old.namelist()]
    stamp = EXPORTED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts:
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, data)
            new.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 9, 0, 0)), data)


def _manifest(folder: Path, written: dict[str, int], start: dt.datetime = EXPORTED) -> None:
    path = folder / "export_manifest.json"
    known = json.loads(path.read_text())["files"] if path.exists() else []
    entries = {e["file"]: e for e in known}
    for minute, name in enumerate(written):
        when = (start + dt.timedelta(minutes=minute)).isoformat()
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        entries[name] = {
            "file": name,
            "session": start.date().isoformat(),
            "exported_at": when,
            "sha256": digest,
        }
    path.write_text(json.dumps({"files": list(entries.values())}, indent=2))
