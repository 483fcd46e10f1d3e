"""Writes one folder of example exports, and a later session of changes for the delta.

Belongs here: which files there are and how each is dressed (encoding, separator, session).
Does not: their rows (`contacts`, `work`, `history`) or the writing itself (`write`).
"""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flitstack_pipeline.examples import contacts, history, work
from flitstack_pipeline.examples.business import Sizes
from flitstack_pipeline.examples.write import (
    EXPORTED,
    head,
    write_csv,
    write_manifest,
    write_xlsx,
)

#: A workbook is built in memory; beyond this many clients the invoices are a CSV file.
WORKBOOK_CLIENTS = 5_000
#: Beyond this many clients a second process costs less to start than it saves.
PROCESS_CLIENTS = 5_000
#: So many attachment files are enough to try everything that can be wrong with a file.
MOST_FILES = 1_000
DELTA = EXPORTED + dt.timedelta(hours=26)


@dataclass(frozen=True)
class Export:
    """One export file: where its rows come from, and how it is dressed."""

    name: str
    rows: Callable[..., Iterator[list[str]]]
    arguments: tuple[Any, ...] = ()
    encoding: str = "utf-8"
    separator: str = ","
    sep_line: bool = False

    def write(self, folder: Path) -> tuple[str, int]:
        """Write the file; its name and its rows after the header."""
        path, rows = folder / self.name, self.rows(*self.arguments)
        if path.suffix == ".xlsx":
            return self.name, write_xlsx(path, rows)
        return self.name, write_csv(
            path, rows, encoding=self.encoding, separator=self.separator, sep_line=self.sep_line
        )


def generate(
    folder: Path,
    *,
    clients: int = 250,
    seed: int = 7,
    leads: int | None = None,
    files: int = MOST_FILES,
) -> dict[str, int]:
    """Write a whole set of exports into `folder`; return lines after the header by file.

    Everything else scales with `clients`; `leads` may be set apart. At most `files` attachment
    files are written, and further rows name them again; with 0 there is no list of files either.
    Raises ValueError for fewer than one client or a negative number of files.
    """
    if clients < 1:
        raise ValueError(f"--clients must be at least 1, not {clients}")
    if files < 0:
        raise ValueError(f"--files must be at least 0, not {files}")
    folder.mkdir(parents=True, exist_ok=True)
    sizes = Sizes.of(clients)
    sizes = sizes if leads is None else replace(sizes, leads=max(1, leads))
    exports = [*_people(seed, sizes), *_business(seed, sizes)]
    if files:
        exports.append(Export("attachments.csv", history.attachments, (seed, sizes, folder, files)))
    written = _write_all(folder, exports, apart=clients > PROCESS_CLIENTS)
    write_manifest(
        folder, written, {"": EXPORTED, "clients_1.csv": EXPORTED - dt.timedelta(days=3)}
    )
    return written


def _write_all(folder: Path, exports: list[Export], *, apart: bool) -> dict[str, int]:
    """Write every export, many at once in processes of their own where that pays (`apart`)."""
    if not apart:
        return dict(export.write(folder) for export in exports)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return dict(pool.map(Export.write, exports, itertools.repeat(folder)))


def _people(seed: int, sizes: Sizes) -> Iterator[Export]:
    """Clients in two overlapping sessions, leads with semicolons, the team."""
    cut = sizes.clients * 3 // 5
    again = max(1, cut - sizes.clients // 25)
    yield Export("clients_1.csv", _first_clients, (seed, sizes.clients, cut + 1))
    yield Export("clients_2.csv", _last_clients, (seed, again, sizes.clients), encoding="utf-8-sig")
    yield Export("leads.csv", contacts.leads, (seed, sizes), separator=";", sep_line=True)
    yield Export("team_members.csv", contacts.team)


def _first_clients(seed: int, clients: int, rows: int) -> Iterator[list[str]]:
    return head(contacts.clients(seed, 1, clients), rows)


def _last_clients(seed: int, first: int, last: int) -> Iterator[list[str]]:
    return contacts.clients(seed, first, last, later=True)


def _business(seed: int, sizes: Sizes) -> Iterator[Export]:
    """Everything that is neither a person nor a file."""
    all_of = (seed, sizes)
    suffix = "xlsx" if sizes.clients <= WORKBOOK_CLIENTS else "csv"
    yield Export("jobs.csv", work.jobs, all_of)
    yield Export("estimates.csv", work.estimates, all_of, encoding="cp1252")
    yield Export("estimate_items.csv", work.items, all_of)
    yield Export(f"invoices.{suffix}", work.invoices, all_of)
    yield Export("payments.csv", work.payments, all_of)
    yield Export("work_orders.csv", work.work_orders, all_of)
    yield Export("notes.csv", history.activities, all_of)
    yield Export("custom_fields.csv", history.definitions)
    yield Export("items.csv", history.templates)


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
