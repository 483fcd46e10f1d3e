"""Writes one folder of example exports, and a later session of changes for the delta.

Belongs here: which files there are and how each is dressed (encoding, separator, session).
Does not: their rows (`contacts`, `work`, `history`) or the writing itself (`write`).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flitstack_pipeline.contractor_plus.examples import contacts, history, work
from flitstack_pipeline.contractor_plus.examples.business import Sizes
from flitstack_pipeline.contractor_plus.examples.write import (
    EXPORTED,
    head,
    write_csv,
    write_manifest,
    write_xlsx,
)

#: A workbook is built in memory; beyond this many clients the invoices are a CSV file.
WORKBOOK_CLIENTS = 5_000
DELTA = EXPORTED + dt.timedelta(hours=26)


def generate(
    folder: Path, *, clients: int = 250, seed: int = 7, leads: int | None = None
) -> dict[str, int]:
    """Write a whole set of exports into `folder`; return lines after the header by file.

    Everything else scales with `clients`; `leads` may be set apart. Raises ValueError for fewer
    than one client.
    """
    if clients < 1:
        raise ValueError(f"--clients must be at least 1, not {clients}")
    folder.mkdir(parents=True, exist_ok=True)
    sizes = Sizes.of(clients)
    sizes = sizes if leads is None else replace(sizes, leads=max(1, leads))
    written = _people(folder, seed, sizes) | _business(folder, seed, sizes)
    write_manifest(
        folder, written, {"": EXPORTED, "clients_1.csv": EXPORTED - dt.timedelta(days=3)}
    )
    return written


def _people(folder: Path, seed: int, sizes: Sizes) -> dict[str, int]:
    """Clients in two overlapping sessions, leads with semicolons, the team."""
    cut = sizes.clients * 3 // 5
    first = head(contacts.clients(seed, 1, sizes.clients), cut + 1)
    again = max(1, cut - sizes.clients // 25)
    second = contacts.clients(seed, again, sizes.clients, later=True)
    leads = contacts.leads(seed, sizes)
    return {
        "clients_1.csv": write_csv(folder / "clients_1.csv", first),
        "clients_2.csv": write_csv(folder / "clients_2.csv", second, encoding="utf-8-sig"),
        "leads.csv": write_csv(folder / "leads.csv", leads, separator=";", sep_line=True),
        "team_members.csv": write_csv(folder / "team_members.csv", contacts.team()),
    }


def _business(folder: Path, seed: int, sizes: Sizes) -> dict[str, int]:
    """Everything that is not a person."""
    tables: dict[str, Iterator[list[str]]] = {
        "jobs.csv": work.jobs(seed, sizes),
        "estimates.csv": work.estimates(seed, sizes),
        "estimate_items.csv": work.items(seed, sizes),
        "invoices": work.invoices(seed, sizes),
        "payments.csv": work.payments(seed, sizes),
        "work_orders.csv": work.work_orders(seed, sizes),
        "notes.csv": history.activities(seed, sizes),
        "custom_fields.csv": history.definitions(),
        "items.csv": history.templates(),
        "attachments.csv": history.attachments(seed, sizes, folder),
    }
    written: dict[str, int] = {}
    for name, rows in tables.items():
        if name == "invoices" and sizes.clients <= WORKBOOK_CLIENTS:
            written["invoices.xlsx"] = write_xlsx(folder / "invoices.xlsx", rows)
        else:
            file = "invoices.csv" if name == "invoices" else name
            encoding = "cp1252" if file == "estimates.csv" else "utf-8"
            written[file] = write_csv(folder / file, rows, encoding=encoding)
    return written


def generate_delta(folder: Path, *, clients: int = 250, seed: int = 7) -> dict[str, int]:
    """Write a later session into the folder of `generate`; return lines after the header by file.

    Of clients, jobs and invoices it holds what changed (an address book moved, jobs completed,
    invoices paid) and three new clients; its work orders are a whole export without the second
    one, which has vanished.
    """
    sizes = Sizes.of(clients)
    tables = {
        "clients_delta1.csv": _changed_clients(seed, clients),
        "jobs_delta1.csv": _changed_jobs(seed, sizes),
        "invoices_delta1.csv": _paid_invoices(seed, sizes),
        "work_orders_delta1.csv": _without(work.work_orders(seed, sizes), "WO-0002"),
    }
    written = {name: write_csv(folder / name, rows) for name, rows in tables.items()}
    write_manifest(folder, written, {"": DELTA})
    return written


def _changed_clients(seed: int, clients: int) -> Iterator[list[str]]:
    yield contacts.CLIENT_HEADER
    for number in range(2, min(7, clients + 1)):
        yield contacts.changed_client(seed, number)
    for number in range(clients + 1, clients + 4):
        yield contacts.client_row(seed, number, later=True)


def _changed_jobs(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Jobs 2 to 6, completed since."""
    rows = work.jobs(seed, sizes)
    header = next(rows)
    status = header.index("Status")
    yield header
    for row in itertools.islice((r for r in rows if r != header), 1, 6):
        yield [*row[:status], "Completed", *row[status + 1 :]]


def _paid_invoices(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """The first three invoices that were open, paid in full the day before the delta."""
    yield work.INVOICE_HEADER
    at = {name: n for n, name in enumerate(work.INVOICE_HEADER)}
    rows = (work.invoice(seed, n, sizes) for n in range(14, sizes.invoices + 1))
    unpaid = (r for r in rows if not r[at["Paid Date"]])
    for row in itertools.islice(unpaid, 3):
        row[at["Status"]], row[at["Amount Paid"]] = "Paid", row[at["Total"]]
        row[at["Balance Due"]], row[at["Payment Method"]] = "$0.00", "Check"
        row[at["Paid Date"]] = (DELTA.date() - dt.timedelta(days=1)).isoformat()
        yield row


def _without(rows: Iterator[list[str]], gone: str) -> Iterator[list[str]]:
    return (row for row in rows if row[0] != gone)
