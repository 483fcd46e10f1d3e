"""Export rows about work: jobs, estimates and their lines, invoices, payments, work orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from flitstack_pipeline.examples import mess, people
from flitstack_pipeline.examples.business import ITEMS, Sizes, job
from flitstack_pipeline.examples.dice import Dice

ESTIMATE_WORDS = ("Draft", "Sent", "Approved", "Declined", "Expired", "Invoiced")
JOB_TYPES = ("Install", "Repair", "Inspection", "Warranty")


def jobs(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Jobs; the header stands again in the middle, as where two sessions were pasted."""
    header = ["Job #", "Title", "Client Name", "Client ID", "Estimate #", "Invoice #",
              "Service Address", "Status", "Instructions", "Amount", "Start Date", "End Date",
              "Start Time", "End Time", "Anytime", "Assigned To", "Completion Signature",
              "Created Date", "Completed Date", "In Progress At", "Crew Size",
              "Permit Needed"]  # fmt: skip
    yield header
    for number in range(1, sizes.jobs + 1):
        j, rng = job(seed, number, sizes), Dice(f"{seed}/jobrow/{number}")
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


def estimates(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Estimates; some name their job, most are named by it."""
    yield ["Estimate #", "Client Name", "Client ID", "Title", "Estimate Date", "Expiration Date",
           "Status", "Subtotal", "Tax", "Total", "Deposit", "Job #", "Created By", "Notes",
           "Financing"]  # fmt: skip
    for number in range(1, sizes.estimates + 1):
        j, rng = job(seed, min(number, sizes.jobs), sizes), Dice(f"{seed}/est/{number}")
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


def items(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Lines of the estimates; they need not add up to the total."""
    yield ["Estimate #", "Line #", "Type", "Optional", "Name", "Description", "Quantity", "Unit",
           "Unit Price", "Amount"]  # fmt: skip
    for number in range(1, sizes.estimates + 1):
        rng = Dice(f"{seed}/items/{number}")
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


def invoice(seed: int, number: int, sizes: Sizes) -> list[str]:
    """Most name their job, some only their estimate, some nothing but client, amount and date.

    Every fiftieth is the second bill of the job before it; a few name a job or client that is gone.
    """
    rng = Dice(f"{seed}/inv/{number}")
    second = number % 50 == 0
    j = job(seed, min(number - second, sizes.jobs), sizes)
    cents = j.cents // 2 if second or number % 50 == 49 else j.cents
    issued = j.start + dt.timedelta(days=rng.randint(0, 12))
    status = rng.weighted(("Paid", "Unpaid", "Overdue", "Partially Paid"), (60, 18, 12, 10))
    paid = {"Paid": cents, "Partially Paid": cents // 2}.get(status, 0)
    by_estimate = number % 6 == 0 and j.has_estimate
    silent = number % 7 == 0
    lost_job, lost_client = number % 95 == 0, number % 125 == 60
    job_shown = f"#{j.id}" if number % 23 == 0 else j.id
    if lost_client:
        by_estimate, silent, job_shown = False, True, ""
    return [
        f"INV-{number:04d}",
        j.estimate_id if by_estimate else "",
        "99999" if lost_job else "" if by_estimate or silent else job_shown,
        "Walk-in customer" if lost_client else j.client.name,
        "77777" if lost_client else "" if silent and number % 2 else j.client.id,
        j.title,
        issued.isoformat(),
        (issued + dt.timedelta(days=30)).isoformat(),
        mess.word(rng, status),
        mess.money(rng, cents - cents * 7 // 107),
        mess.money(rng, cents * 7 // 107),
        "see attached" if number == 13 else mess.money(rng, cents),
        mess.money(rng, paid),
        mess.money(rng, cents - paid),
        (issued + dt.timedelta(days=rng.randint(1, 28))).isoformat() if status == "Paid" else "",
        rng.choice(("Check", "Card", "Cash", "ACH")) if paid else "",
    ]


def invoices(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """All invoices, header first."""
    yield INVOICE_HEADER
    for number in range(1, sizes.invoices + 1):
        yield invoice(seed, number, sizes)


def payments(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """One payment for each invoice that was paid, in full or in part."""
    yield [
        "Invoice #",
        "Payment ID",
        "Payment Date",
        "Amount",
        "Payment Method",
        "Payment Category",
    ]
    for number in range(1, sizes.invoices + 1):
        row = invoice(seed, number, sizes)
        if row[15]:
            paid_on = dt.date.fromisoformat(row[14] or row[6])
            yield [row[0], f"PAY-{number:05d}", mess.us_date(paid_on), row[12], row[15], "Invoice"]


def work_orders(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Work orders, a third without job; the last one stands twice."""
    yield ["Work Order #", "Title", "Client Name", "Client ID", "Service Address",
           "Work Order Date", "Scheduled Date", "Start", "End", "Assigned To",
           "Job Type", "Status", "Description", "Job #"]  # fmt: skip
    last: list[str] = []
    for number in range(1, sizes.work_orders + 1):
        rng = Dice(f"{seed}/wo/{number}")
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
