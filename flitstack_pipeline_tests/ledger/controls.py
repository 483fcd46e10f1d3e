"""Harmless changes of the small exports: after them no question, no quarantine, no cell lost.

Several go into one run, at most one a file, because reading everything takes seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop

#: Other words for headers of ours, by file; each means the same to a person.
RENAMED = {
    "clients.csv": {"Client Name": "Name", "Phone": "Phone Number", "Zip": "Postal Code",
                    "Street": "Street Address", "Email": "Email Address", "Notes": "Note",
                    "Created Date": "Date Created", "Assigned To": "Assigned Team Members"},
    "leads.csv": {"Lead Name": "Name", "Phone": "Phone Number", "Email": "E-mail",
                  "Created Date": "Date Created"},
    "jobs.csv": {"Job #": "Job Number", "Title": "Job Title", "Amount": "Job Amount",
                 "Client Name": "Customer Name", "Start Date": "Job Start Date"},
    "estimates.csv": {"Estimate #": "Estimate Number", "Client Name": "Customer Name",
                      "Estimate Date": "Date", "Total": "Estimate Total"},
    "estimate_items.csv": {"Estimate #": "Estimate Number", "Quantity": "Qty"},
    "invoices.csv": {"Invoice #": "Invoice Number", "Client Name": "Customer Name",
                     "Invoice Date": "Issue Date", "Balance Due": "Balance"},
    "payments.csv": {"Invoice #": "Invoice Number", "Payment Date": "Date Paid"},
    "work_orders.csv": {"Work Order #": "Work Order Number", "Client Name": "Customer Name"},
}  # fmt: skip
CUSTOM = {
    "clients.csv": ("Gate Code", "Annual Budget", "Since Day"),
    "jobs.csv": ("Crew Size", "Permit Fee"), "estimates.csv": ("Financing",),
    "invoices.csv": ("PO Number",), "work_orders.csv": ("Truck",),
}  # fmt: skip
#: Columns of free text, to which a word may be added.
TEXTS = ("Title", "Notes", "Text", "Description", "Instructions", "Gate Code", "Job Type", "Unit")
_WORDS = ("Ref", "Extra", "Kind", "Mark")


@dataclass(frozen=True)
class Control:
    """One harmless change: its kind, what it is, the file and its lines after it."""

    kind: str
    name: str
    file: str
    lines: tuple[str, ...]


def kinds() -> dict[str, list[Control]]:
    """Every control by kind."""
    found: dict[str, list[Control]] = {}
    for name, lines in small.FILES.items():
        for control in (*_renamed(name, lines), *_moved(name, lines), *_edited(name, lines)):
            found.setdefault(control.kind, []).append(control)
    return found


def runs(controls: list[Control], seed: int) -> list[list[Control]]:
    """The controls in groups of at most one a file, drawn with a seed."""
    groups: list[list[Control]] = []
    for control in random.Random(seed).sample(controls, len(controls)):
        free = (g for g in groups if all(c.file != control.file for c in g))
        group = next(free, None)
        if group is None:
            groups.append(group := [])
        group.append(control)
    return groups


def alarms(shop: Workshop, group: list[Control]) -> dict[str, str]:
    """The controls of a group after which something is told, with what; by name.

    What cannot be pinned to one file is told of all of them.
    """
    with shop.mutated({c.file: list(c.lines) for c in group}):
        shop.read_all()
        shop.document = propose(shop.con, None, None)
        shop.document.confirm_all("Ann")
        shop.map()
        shop.lost()
        told = _told(shop)
    files = {c.file for c in group}
    return {
        c.name: text
        for c in group
        for file, text in told.items()
        if file == c.file or file not in files
    }


def _told(shop: Workshop) -> dict[str, str]:
    cells = shop.con.execute(
        "SELECT file, line, \"column\", text, rule FROM ledger.cells WHERE fate = 'unaccounted' "
        'UNION ALL SELECT file, line, "column", value, rule FROM quarantine.rows'
    ).fetchall()
    told = {file: str(rest) for file, *rest in cells}
    return told | {q.file: q.text for q in open_questions(shop.con)}


def _renamed(name: str, lines: list[str]) -> Iterator[Control]:
    header = lines[0].split("|")
    words = {**RENAMED.get(name, {})}
    pairs = [*words.items(), *((c, f"{c} {w}") for c in CUSTOM.get(name, ()) for w in _WORDS)]
    for old, new in pairs:
        row = "|".join(new if h == old else h for h in header)
        yield Control("control: column renamed", f"{name} {old} → {new}", name, (row, *lines[1:]))


def _moved(name: str, lines: list[str]) -> Iterator[Control]:
    header = lines[0].split("|")
    for place, column in enumerate(header):
        rows = []
        for line in lines:
            cells = line.split("|")
            cells.append(cells.pop(place))
            rows.append("|".join(cells))
        yield Control("control: column moved", f"{name} {column} to the end", name, tuple(rows))


def _edited(name: str, lines: list[str]) -> Iterator[Control]:
    header = lines[0].split("|")
    for at, line in enumerate(lines[1:], start=1):
        for place, column in enumerate(header):
            cells = line.split("|")
            if column in TEXTS and cells[place]:
                cells[place] += " edited"
                changed = (*lines[:at], "|".join(cells), *lines[at + 1 :])
                yield Control("control: value edited", f"{name}:{at + 1} {column}", name, changed)
